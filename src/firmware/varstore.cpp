// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore.hpp"

#include "firmware/varstore_bytes.hpp"
#include "firmware/varstore_flash.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::firmware {
namespace {

// What the firmware's builds take for one variable: PcdMaxVariableSize and PcdMaxAuthVariableSize of OVMF's 2 MiB and
// 4 MiB builds. Larger ones it cannot hand out.
constexpr std::size_t small_limit = 0x2800, large_limit = 0x8400;
constexpr std::uint64_t small_volume = 131072;
constexpr std::size_t json_capacity = 256u << 10;  // QEMU's default for uefi-vars

std::size_t header_size(bool authenticated) noexcept {
    return authenticated ? authenticated_record : plain_record;
}

std::string display(const Variable& variable) {
    return fmt::format("variable \"{}\" of {}", variable.name, variable.vendor.to_string());
}

Failure damaged(const StoreDamage& damage) {
    return Failure(Error(Errc::invalid_state, "the variable store is damaged: " + damage.what)
                       .with_hint("compact the store, which keeps what is readable, or reset or restore it"));
}

}  // namespace

VariableStore VariableStore::empty_json() {
    VariableStore store;
    store.kind_ = Kind::json;
    return store;
}

std::uint64_t VariableStore::file_size() const noexcept {
    if (kind_ == Kind::json) return 0;
    return flash_.volume.size() + flash_.rest.size() + flash_.padding;
}

std::size_t VariableStore::index_of(const Guid& vendor, std::string_view name) const noexcept {
    auto found = std::ranges::find_if(variables_, [&](auto& v) { return v.name == name && v.vendor == vendor; });
    return static_cast<std::size_t>(found - variables_.begin());
}

const Variable* VariableStore::find(const Guid& vendor, std::string_view name) const noexcept {
    auto index = index_of(vendor, name);
    return index < variables_.size() ? &variables_[index] : nullptr;
}

Result<> VariableStore::check_new(const Variable& variable, std::string_view ucs2_name) const {
    if (ucs2_name.empty()) return fail(Errc::invalid_argument, "a variable must have a name");
    if (ucs2_name.size() / 2 > max_name_units)
        return fail(Errc::limit_exceeded, fmt::format("the name of a variable has {} characters; {} are the most",
                                                      ucs2_name.size() / 2, max_name_units));
    if (kind_ == Kind::json && !printable_ascii(variable.name))
        return fail(Errc::unsupported, display(variable), ": QEMU's variable store takes ASCII names only");
    if (variable.data.empty())
        return fail(Errc::invalid_argument, display(variable),
                    " has no data: to the firmware a variable without data does not exist");
    auto a = variable.attributes;
    if (!(a & attribute::non_volatile) || !(a & attribute::boot_service) || (a & attribute::append) ||
        (a & ~(attribute::usual | attribute::hardware_error | attribute::authenticated |
               attribute::time_based_authenticated)))
        return fail(Errc::invalid_argument,
                    fmt::format("{} has attributes 0x{:x}; a stored one is non-volatile, has boot-service access and "
                                "is not to be appended",
                                display(variable), a));
    if ((a & (attribute::authenticated | attribute::time_based_authenticated)) && !authenticated())
        return fail(Errc::unsupported, display(variable),
                    " is authenticated, but this store is of a build of the firmware without Secure Boot");
    return {};
}

Result<> VariableStore::set(Variable variable) {
    auto name = name_to_ucs2(variable.name);
    if (!name) return fail(Errc::invalid_argument, "the name of a variable is not UTF-8 or has a wrong \\ escape");
    for (std::size_t at = 0; at < name->size(); at += 2)
        if (load<std::uint16_t>(*name, at) == 0)
            return fail(Errc::invalid_argument, "the name of a variable holds a zero");
    if (damage_) return damaged(*damage_);
    if (auto ok = check_new(variable, *name); !ok) return ok;
    forget_what_has_no_place(variable);
    auto index = index_of(variable.vendor, variable.name);
    if (index < variables_.size() && variables_[index] == variable) return {};
    if (index == variables_.size() && index == max_variables)
        return fail(Errc::limit_exceeded, fmt::format("the store holds {} variables already", max_variables));
    if (kind_ == Kind::flash) return set_flash(index, std::move(variable), *name);

    auto used = statistics().used + name->size() + 2 + variable.data.size();
    if (index < variables_.size()) used -= (name->size() + 2 + variables_[index].data.size());
    if (used > json_capacity)
        return fail(Errc::limit_exceeded, fmt::format("{} does not fit: the store would hold {} bytes of {}",
                                                      display(variable), used, json_capacity));
    touch();
    if (index < variables_.size())
        variables_[index] = std::move(variable);
    else
        variables_.push_back(std::move(variable));
    return {};
}

// So that what is compared and shown is what will be read again.
void VariableStore::forget_what_has_no_place(Variable& variable) const {
    bool in_json = kind_ == Kind::json, timed = variable.attributes & attribute::time_based_authenticated;
    if (in_json || !flash_.authenticated) variable.monotonic_count = variable.public_key = 0;
    if (in_json ? !timed : !flash_.authenticated) variable.time = {};
    if (!in_json || !timed) variable.digest.clear();
}

// The firmware's order (Universal/Variable/RuntimeDxe, UpdateVariable): the old record is marked as in transition, the
// new one is written, the old one is marked as deleted. Here the result counts, nobody can see what is between.
Result<> VariableStore::set_flash(std::size_t index, Variable variable, std::string_view ucs2_name) {
    auto size = header_size(flash_.authenticated) + ucs2_name.size() + 2 + variable.data.size();
    auto limit = flash_.volume.size() <= small_volume ? small_limit : large_limit;
    if (size > limit)
        return fail(Errc::limit_exceeded,
                    fmt::format("{} needs {} bytes; the firmware takes {} at most", display(variable), size, limit));
    if (aligned(size) > flash_.end - flash_.tail) {
        auto figures = statistics();
        auto replaced =
            index < variables_.size()
                ? aligned(header_size(flash_.authenticated) + ucs2_name.size() + 2 + variables_[index].data.size())
                : 0;
        if (figures.used - replaced + aligned(size) > figures.capacity)
            return Failure(
                Error(Errc::limit_exceeded, fmt::format("{} needs {} bytes, but of the store's {} bytes {} are in use",
                                                        display(variable), size, figures.capacity, figures.used))
                    .with_hint("remove variables that are not needed, crash dumps above all"));
        touch();
        if (index < variables_.size()) {  // what is replaced need not survive the compaction
            variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(index));
            flash_.offsets.erase(flash_.offsets.begin() + static_cast<std::ptrdiff_t>(index));
            index = variables_.size();
        }
        compact();
    }
    touch();
    append_record(variable, ucs2_name);
    auto place = flash_.offsets.back();
    if (index < variables_.size()) {
        flash_.volume[flash_.offsets[index] + 2] &=
            static_cast<char>(record_state::clear_transition & record_state::clear_deleted);
        variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(index));
        flash_.offsets.erase(flash_.offsets.begin() + static_cast<std::ptrdiff_t>(index));
    }
    flash_.offsets.back() = place;
    variables_.push_back(std::move(variable));
    return {};
}

void VariableStore::append_record(const Variable& variable, std::string_view ucs2_name) {
    std::string record;
    append(record, record_start);
    append(record, record_state::added);
    append(record, std::uint8_t{0});
    append(record, variable.attributes);
    if (flash_.authenticated) {
        append(record, variable.monotonic_count);
        record.append(reinterpret_cast<const char*>(variable.time.data()), variable.time.size());
        append(record, variable.public_key);
    }
    append(record, static_cast<std::uint32_t>(ucs2_name.size() + 2));
    append(record, static_cast<std::uint32_t>(variable.data.size()));
    record.append(variable.vendor.bytes());
    record.append(ucs2_name).append(2, '\0').append(variable.data);
    flash_.volume.replace(flash_.tail, record.size(), record);
    flash_.offsets.push_back(flash_.tail);
    flash_.tail += aligned(record.size());
}

Result<bool> VariableStore::unset(const Guid& vendor, std::string_view name) {
    if (damage_) return damaged(*damage_);
    auto index = index_of(vendor, name);
    if (index == variables_.size()) return false;
    touch();
    variables_.erase(variables_.begin() + static_cast<std::ptrdiff_t>(index));
    if (kind_ == Kind::flash) {
        flash_.volume[flash_.offsets[index] + 2] &= static_cast<char>(record_state::clear_deleted);
        flash_.offsets.erase(flash_.offsets.begin() + static_cast<std::ptrdiff_t>(index));
    }
    return true;
}

void VariableStore::compact() {
    if (kind_ == Kind::json) {
        if (damage_) touch();
        damage_.reset();
        return;
    }
    if (!damage_ && !interrupted() && statistics().dead == 0) return;
    touch();
    auto to = flash_.first;
    for (auto& offset : flash_.offsets) {  // in ascending order: nothing is overwritten before it was moved
        auto size = static_cast<std::size_t>(read_record_head(flash_.volume, offset, flash_.authenticated).size);
        std::memmove(&flash_.volume[to], &flash_.volume[offset], size);
        flash_.volume[to + 2] = static_cast<char>(record_state::added);
        std::fill_n(flash_.volume.begin() + static_cast<std::ptrdiff_t>(to + size), aligned(size) - size, '\xff');
        offset = to;
        to += aligned(size);
    }
    std::fill(flash_.volume.begin() + static_cast<std::ptrdiff_t>(to),
              flash_.volume.begin() + static_cast<std::ptrdiff_t>(flash_.end), '\xff');
    flash_.tail = to;
    damage_.reset();
}

void VariableStore::clear() {
    variables_.clear();
    flash_.offsets.clear();
    if (kind_ == Kind::json) touch();
    compact();
}

StoreStatistics VariableStore::statistics() const noexcept {
    StoreStatistics figures;
    if (kind_ == Kind::json) {
        figures.capacity = json_capacity;
        for (auto& v : variables_) {
            auto name = name_to_ucs2(v.name);
            figures.used += (name ? name->size() : 0) + 2 + v.data.size();
        }
        figures.free = figures.capacity > figures.used ? figures.capacity - figures.used : 0;
        return figures;
    }
    figures.capacity = flash_.end - flash_.first;
    for (auto offset : flash_.offsets)
        figures.used +=
            aligned(static_cast<std::size_t>(read_record_head(flash_.volume, offset, flash_.authenticated).size));
    figures.dead = flash_.tail - flash_.first - figures.used;
    figures.free = flash_.end - flash_.tail;
    return figures;
}

// Before the first change: from now on the model is written, not what was read. A write that the firmware had not
// finished is done as it would do it itself.
void VariableStore::touch() {
    original_.clear();
    original_.shrink_to_fit();
    if (flash_.pending_write == 0) return;
    flash_.volume[flash_.pending_record] &= '\xfb';  // written to its place
    flash_.volume[flash_.pending_write] &= '\xfb';   // complete
    flash_.pending_write = flash_.pending_record = 0;
}

}  // namespace vireo::firmware
