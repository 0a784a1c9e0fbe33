// SPDX-License-Identifier: LGPL-2.1-or-later
// Secure Boot as a variable store has it: PK, KEK, db, dbx (UEFI specification, 32.3), and EDK2's own switch,
// SecureBootEnable (SecurityPkg/Include/Guid/AuthenticatedVariableFormat.h). No I/O.
//
// Whoever can write the store needs no signature: what the firmware finds enrolled when it starts is what counts.
#pragma once
#include "firmware/signature_list.hpp"
#include "firmware/varstore.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vireo::firmware {

struct SecureBootState {
    bool setup_mode = true;     // no PK: anybody may enrol keys, nothing is refused
    bool switched_off = false;  // by SecureBootEnable, although there is a PK
    bool enabled() const noexcept { return !setup_mode && !switched_off; }
};
SecureBootState secure_boot_state(const VariableStore& store) noexcept;

struct EnrolledDatabase {
    std::string name;  // "PK", "KEK", "db", "dbx", "dbt", "dbr", "MokList" …
    SignatureDatabase signatures;
};
std::vector<EnrolledDatabase> enrolled_databases(const VariableStore& store);  // in this order, those that are there

// What is enrolled: signature lists, as they are in the variables. Empty: none.
struct KeySet {
    KeySet() = default;
    std::string pk, kek, db, dbx;
    bool empty() const noexcept { return pk.empty() && kek.empty() && db.empty() && dbx.empty(); }
};
KeySet key_set_of(const VariableStore& store);
// Only what Microsoft vouches for in KEK and db; PK and dbx as they are. Empty when there is nothing of Microsoft's.
KeySet microsoft_keys(const KeySet& keys);

struct CustomKeys {
    CustomKeys() = default;
    std::optional<std::string> pk;  // certificates: PEM, DER, or DER in hexadecimal
    std::vector<std::string> kek, db, dbx;
    std::vector<std::string> db_hashes, dbx_hashes;  // SHA-256 in hexadecimal
    std::optional<Guid> owner;                       // Vireo's own when absent
};
// Errors: invalid_argument naming the key.
Result<KeySet> key_set_of(const CustomKeys& keys);

inline constexpr Guid vireo_keys = Guid::of("d438f08b-3992-4ad1-ae53-78961bd6ccdf");  // who enrolled what has no owner

struct Enrolment {
    Enrolment() = default;
    KeySet keys;
    bool add = false;  // keep what is in KEK, db and dbx; without it they are replaced
    bool leave_switched_off = false;
    std::int64_t time_usec = 0;  // now, microseconds since the epoch: the variables' time of authentication
};
// Errors: invalid_argument (no PK and none enrolled), unsupported (a store without authenticated variables), and those
// of VariableStore::set().
Result<> enrol(VariableStore& store, const Enrolment& enrolment);
Result<> clear_keys(VariableStore& store);  // to setup mode; shim's own lists stay
// Error: invalid_state when no key is enrolled.
Result<> set_secure_boot(VariableStore& store, bool enabled);

}  // namespace vireo::firmware
