// SPDX-License-Identifier: LGPL-2.1-or-later
// Flash → model, and back to the whole file.
#include "firmware/varstore_bytes.hpp"
#include "firmware/varstore_flash.hpp"

#include <fmt/format.h>
#include <unordered_map>

namespace vireo::firmware {
namespace {

Variable variable_at(std::string_view volume, std::size_t at, const RecordHead& head, bool authenticated) {
    auto header = authenticated ? authenticated_record : plain_record;
    Variable variable(Guid::read(volume, at + header - 16),
                      name_from_ucs2(volume.substr(at + header, head.name_size - 2)),
                      std::string(volume.substr(at + header + head.name_size, head.data_size)), head.attributes);
    if (authenticated) {
        variable.monotonic_count = load<std::uint64_t>(volume, at + 8);
        std::memcpy(variable.time.data(), volume.data() + at + 16, variable.time.size());
        variable.public_key = load<std::uint32_t>(volume, at + 32);
    }
    return variable;
}

bool sound_name(std::string_view volume, std::size_t at, std::uint32_t size) {
    return size >= 2 && size % 2 == 0 && load<std::uint16_t>(volume, at + size - 2) == 0;
}

// Nothing, or the first byte of a record whose writing was interrupted.
bool erased_flash(std::string_view rest) {
    if (rest.empty() || uniform(rest, '\xff')) return true;
    return rest.front() == '\xaa' && uniform(rest.substr(1), '\xff');
}

struct Candidate {
    std::size_t at;
    RecordHead head;
};

// Of several records of one variable the firmware takes the first that is wholly added, or else the last that was
// being replaced when the machine stopped (FindVariableEx).
class Candidates {
public:
    explicit Candidates(std::string_view volume, bool authenticated)
        : volume_(volume), header_(authenticated ? authenticated_record : plain_record) {}

    void add(std::size_t at, const RecordHead& head) {
        auto identity = volume_.substr(at + header_ - 16, 16 + head.name_size);  // GUID and name
        auto [entry, is_new] = by_identity_.try_emplace(identity, list_.size());
        if (is_new) {
            list_.push_back({at, head});
            return;
        }
        auto& known = list_[entry->second];
        if (known.head.state == record_state::added) return;
        known.head.state = 0;  // superseded
        entry->second = list_.size();
        list_.push_back({at, head});
    }
    std::size_t count() const { return by_identity_.size(); }
    const std::vector<Candidate>& all() const { return list_; }

private:
    std::string_view volume_;
    std::size_t header_;
    std::unordered_map<std::string_view, std::size_t> by_identity_;
    std::vector<Candidate> list_;
};

}  // namespace

void VariableStore::scan_flash() {
    std::string_view volume = flash_.volume;
    auto header = flash_.authenticated ? authenticated_record : plain_record;
    Candidates candidates(volume, flash_.authenticated);
    auto broken = [this](std::size_t at, std::string what) {
        if (!damage_) damage_ = StoreDamage{at, std::move(what)};
    };
    auto at = flash_.first;
    while (within(at, header, flash_.end) && load<std::uint16_t>(volume, at) == record_start) {
        auto head = read_record_head(volume, at, flash_.authenticated);
        if (!within(at, head.size, flash_.end)) {
            broken(at, fmt::format("the record at offset 0x{:x} says it has {} bytes, but the store ends {} bytes "
                                   "behind its start",
                                   at, head.size, flash_.end - at));
            break;
        }
        if (head.state == record_state::added || head.state == record_state::in_transition) {
            if (!sound_name(volume, at + header, head.name_size))
                broken(at, fmt::format("the record at offset 0x{:x} has no proper name", at));
            else if (candidates.count() == max_variables)
                broken(at, fmt::format("it holds more than {} variables", max_variables));
            else
                candidates.add(at, head);
        }
        at += aligned(static_cast<std::size_t>(head.size));
    }
    if (at > flash_.end) at = flash_.end;
    flash_.tail = at;
    if (!damage_ && !erased_flash(volume.substr(at, flash_.end - at)))
        broken(at, fmt::format("there is something behind the last record, at offset 0x{:x}, where flash should be "
                               "erased",
                               at));
    for (auto& candidate : candidates.all()) {
        if (candidate.head.state == 0) continue;
        variables_.push_back(variable_at(volume, candidate.at, candidate.head, flash_.authenticated));
        flash_.offsets.push_back(candidate.at);
    }
}

Result<VariableStore> read_flash_store(std::string_view bytes) {
    VariableStore store;
    store.kind_ = VariableStore::Kind::flash;
    std::string completed;
    auto pending = find_pending_write(bytes);
    auto effective = bytes;
    if (pending) {
        completed = bytes;
        completed.replace(pending->target, pending->length, bytes.substr(pending->source, pending->length));
        effective = completed;
    }
    auto layout = flash_layout(effective);
    if (!layout) {
        auto& health = layout.error();
        auto code = health.state == HealthState::blank ? Errc::invalid_state : Errc::invalid_config;
        return Failure(Error(code, health.sentence).with_hint(health.hint));
    }
    auto& flash = store.flash_;
    auto length = static_cast<std::size_t>(layout->volume);
    flash.volume = effective.substr(0, length);
    auto rest = effective.substr(length);
    if (!rest.empty() && uniform(rest, rest.front())) {
        flash.padding = rest.size();
        flash.padding_byte = rest.front();
    } else {
        flash.rest = rest;
    }
    flash.first = layout->first;
    flash.end = layout->end;
    flash.authenticated = layout->authenticated;
    if (pending) {
        store.original_ = bytes;
        if (pending->header < length) {
            flash.pending_write = pending->header;
            flash.pending_record = pending->record;
        }
    }
    store.scan_flash();
    return store;
}

Result<VariableStore> read_store(std::string_view bytes) {
    auto first = bytes.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && bytes[first] == '{') return read_json_store(bytes);
    return read_flash_store(bytes);
}

}  // namespace vireo::firmware
