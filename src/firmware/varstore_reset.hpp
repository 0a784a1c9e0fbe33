// SPDX-License-Identifier: LGPL-2.1-or-later
// Whole stores: what differs, resetting to a template by classes of variables, moving to another form or size.
#pragma once
#include "firmware/varstore.hpp"
#include "model/names.hpp"

#include <boost/json/array.hpp>

#include <optional>
#include <vector>

namespace vireo::firmware {

enum class VariableClass {
    boot_entries,      // Boot####, BootOrder, BootNext, drivers, hot keys, systemd's and the recovery's entries
    secure_boot_keys,  // PK, KEK, db, dbx …, whether Secure Boot is on, shim's lists
    settings,          // of the firmware: Timeout, Lang, consoles, network, iSCSI, TPM, memory types
    crash_dumps,       // dump-*
    other,             // what an operating system keeps, counters, what is not known
};
VariableClass classify(const Guid& vendor, std::string_view name) noexcept;
inline VariableClass classify(const Variable& variable) noexcept {
    return classify(variable.vendor, variable.name);
}

class VariableClasses {  // a set
public:
    constexpr VariableClasses() = default;
    constexpr VariableClasses(std::initializer_list<VariableClass> list) {
        for (auto c : list) bits_ |= bit(c);
    }
    static constexpr VariableClasses all() { return VariableClasses((1u << 5) - 1); }
    constexpr bool contains(VariableClass c) const { return bits_ & bit(c); }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr VariableClasses operator-(VariableClasses other) const { return VariableClasses(bits_ & ~other.bits_); }
    constexpr VariableClasses operator|(VariableClasses other) const { return VariableClasses(bits_ | other.bits_); }
    constexpr bool operator==(const VariableClasses&) const = default;

private:
    constexpr explicit VariableClasses(unsigned bits) : bits_(bits) {}
    static constexpr unsigned bit(VariableClass c) { return 1u << static_cast<unsigned>(c); }
    unsigned bits_ = 0;
};

struct VariableChange {
    std::optional<Variable> before, after;  // absent: added, removed
    const Variable& variable() const { return after ? *after : *before; }
};
using VariableChanges = std::vector<VariableChange>;
// From one to the other, in the order of `from`, then what `to` has besides. Data, attributes and time count.
VariableChanges diff(const VariableStore& from, const VariableStore& to);
// [{change: "added"|"removed"|"changed", class, guid, name, before?: text, after?: text}], texts as describe() has them
boost::json::array to_json(const VariableChanges& changes);

struct Reset {
    VariableStore store;
    VariableChanges changes;  // from the old store
};
// A store in which the variables of `classes`, but not those of `keep`, are as in the template. Everything: the
// template itself, byte for byte. Otherwise the old store stays what it is (size, form), compacted. `old` may be
// damaged: what is readable in it counts. Errors: those of VariableStore::set(), for what is kept and does not fit.
Result<Reset> reset_store(const VariableStore& old, const VariableStore& pristine, VariableClasses classes,
                          VariableClasses keep = {});

struct Migration {
    struct Left {
        Variable variable;
        std::string reason;  // a sentence
    };
    VariableStore store;
    std::vector<Left> left;  // what could not move
};
// The variables of one store in a store of the form and size of a template, and nothing else. When not all of them fit,
// keys go first, then boot entries, settings, others, crash dumps.
Migration migrate_store(const VariableStore& from, const VariableStore& pristine);

}  // namespace vireo::firmware

template <>
inline constexpr auto vireo::model::names<vireo::firmware::VariableClass> =
    vireo::model::words("boot-entries", "secure-boot-keys", "settings", "crash-dumps", "other");
