// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore_reset.hpp"

#include "firmware/load_option.hpp"
#include "firmware/varstore_decode.hpp"
#include "firmware/varstore_meaning.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>

namespace vireo::firmware {
namespace {

bool is_boot_entry(const Guid& vendor, std::string_view name) {
    if (vendor == guids::systemd_loader) return name.starts_with("LoaderEntry");
    if (vendor != guids::global) return false;
    for (std::string_view prefix : {"Boot", "Driver", "SysPrep", "Key", "PlatformRecovery", "OsRecovery"})
        if (option_number(name, prefix)) return true;
    constexpr std::array names{"BootOrder",   "BootNext",     "BootCurrent",
                               "DriverOrder", "SysPrepOrder", "OsRecoveryOrder"};
    return std::ranges::find(names, name) != names.end();
}

bool is_key(const Guid& vendor, std::string_view name) {
    if (is_secure_boot_database(vendor, name) || vendor == guids::shim || vendor == guids::secure_boot_enable ||
        vendor == guids::custom_mode || vendor == guids::vendor_keys)
        return true;
    constexpr std::array names{"SecureBoot", "SetupMode", "AuditMode", "DeployedMode", "VendorKeys"};
    return vendor == guids::global && std::ranges::find(names, name) != names.end();
}

bool is_setting(const Guid& vendor) {
    constexpr std::array vendors{guids::global,         guids::memory_types,     guids::iscsi,
                                 guids::iscsi_settings, guids::ovmf_settings,    guids::ip4_settings,
                                 guids::ip6_settings,   guids::tls_certificates, guids::tls_ciphers,
                                 guids::tcg2_settings,  guids::tcg2_requests,    guids::boot_maintenance,
                                 guids::variable_error};
    return std::ranges::find(vendors, vendor) != vendors.end();
}

using Index = std::map<std::pair<Guid, std::string_view>, const Variable*>;
Index index(const VariableStore& store) {
    Index result;
    for (auto& v : store.variables()) result.emplace(std::pair(v.vendor, std::string_view(v.name)), &v);
    return result;
}

// What a person would call the same.
bool same(const Variable& a, const Variable& b) {
    return a.data == b.data && a.attributes == b.attributes && a.time == b.time;
}

// In which order they go when there is not room for all.
int precedence(VariableClass c) {
    switch (c) {
        case VariableClass::secure_boot_keys:
            return 0;
        case VariableClass::boot_entries:
            return 1;
        case VariableClass::settings:
            return 2;
        case VariableClass::other:
            return 3;
        case VariableClass::crash_dumps:
            break;
    }
    return 4;
}

// Why this variable means nothing in a store of the other form; empty when it does.
std::string bound_to_form(const Variable& v, VariableStore::Kind from, VariableStore::Kind to) {
    if (from == to) return {};
    if (v.vendor == guids::certificates)
        return "it says who may write which variables in flash; QEMU's store keeps that with each variable";
    if ((v.attributes & attribute::time_based_authenticated) && !is_secure_boot_database(v.vendor, v.name) &&
        v.vendor != guids::vendor_keys)
        return "it belongs to whoever signed it, and the two forms of store keep that differently";
    return {};
}

// An owners' list without owners: every firmware makes one.
bool is_empty_owner_list(const Variable& v) {
    return v.vendor == guids::certificates && v.data == std::string_view("\4\0\0\0", 4);
}

Result<> remove_classes(VariableStore& store, VariableClasses classes) {
    std::vector<std::pair<Guid, std::string>> gone;
    for (auto& v : store.variables())
        if (classes.contains(classify(v))) gone.emplace_back(v.vendor, v.name);
    for (auto& [vendor, name] : gone)
        if (auto ok = store.unset(vendor, name); !ok) return Failure(ok.error());
    return {};
}

Result<> copy_classes(VariableStore& to, const VariableStore& from, VariableClasses classes) {
    for (auto& v : from.variables())
        if (classes.contains(classify(v)))
            if (auto ok = to.set(v); !ok) return ok;
    return {};
}

std::vector<Migration::Left> move_all(VariableStore& to, const VariableStore& from, bool by_precedence) {
    std::vector<Migration::Left> left;
    std::vector<std::pair<int, const Variable*>> order;
    for (auto& v : from.variables()) order.emplace_back(by_precedence ? precedence(classify(v)) : 0, &v);
    std::ranges::sort(order);  // within one class as in the store: variables lie one behind the other in memory
    for (auto& [_, v] : order) {
        if (from.kind() != to.kind() && is_empty_owner_list(*v)) continue;
        if (auto reason = bound_to_form(*v, from.kind(), to.kind()); !reason.empty())
            left.push_back({*v, std::move(reason)});
        else if (auto ok = to.set(*v); !ok)
            left.push_back({*v, ok.error().message()});
    }
    return left;
}

}  // namespace

VariableClass classify(const Guid& vendor, std::string_view name) noexcept {
    if (name.starts_with("dump-")) return VariableClass::crash_dumps;
    if (is_boot_entry(vendor, name)) return VariableClass::boot_entries;
    if (is_key(vendor, name)) return VariableClass::secure_boot_keys;
    return is_setting(vendor) ? VariableClass::settings : VariableClass::other;
}

VariableChanges diff(const VariableStore& from, const VariableStore& to) {
    VariableChanges changes;
    auto old = index(from), fresh = index(to);
    for (auto& v : from.variables()) {
        auto found = fresh.find({v.vendor, v.name});
        if (found == fresh.end())
            changes.push_back({v, std::nullopt});
        else if (!same(v, *found->second))
            changes.push_back({v, *found->second});
    }
    for (auto& v : to.variables())
        if (!old.contains({v.vendor, v.name})) changes.push_back({std::nullopt, v});
    return changes;
}

boost::json::array to_json(const VariableChanges& changes) {
    boost::json::array list;
    for (auto& change : changes) {
        auto& v = change.variable();
        boost::json::object object{
            {"change", !change.before  ? "added"
                       : !change.after ? "removed"
                                       : "changed"},
            {"class", model::to_string(classify(v))},
            {"guid", v.vendor.to_string()},
            {"name", v.name},
        };
        if (change.before) object["before"] = describe(*change.before);
        if (change.after) object["after"] = describe(*change.after);
        list.emplace_back(std::move(object));
    }
    return list;
}

Result<Reset> reset_store(const VariableStore& old, const VariableStore& pristine, VariableClasses classes,
                          VariableClasses keep) {
    auto effective = classes - keep;
    if (effective.empty()) return Reset{old, {}};
    auto everything = classes == VariableClasses::all();
    auto store = everything ? pristine : old;
    if (!everything || effective != classes) store.compact();
    // Start from the template and bring what is kept, or start from the old one and bring what is reset.
    auto moved = everything ? classes - effective : effective;
    if (!moved.empty()) {
        if (auto ok = remove_classes(store, moved); !ok) return Failure(ok.error());
        if (auto ok = copy_classes(store, everything ? old : pristine, moved); !ok) return Failure(ok.error());
        store.compact();
    }
    auto changes = diff(old, store);
    return Reset{std::move(store), std::move(changes)};
}

Migration migrate_store(const VariableStore& from, const VariableStore& pristine) {
    auto empty = pristine;
    empty.clear();
    Migration migration{empty, {}};
    migration.left = move_all(migration.store, from, false);
    auto no_room = [&](auto& left) { return bound_to_form(left.variable, from.kind(), empty.kind()).empty(); };
    if (std::ranges::any_of(migration.left, no_room)) {
        migration.store = empty;
        migration.left = move_all(migration.store, from, true);
    }
    return migration;
}

}  // namespace vireo::firmware
