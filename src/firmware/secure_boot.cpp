// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/secure_boot.hpp"

#include "firmware/varstore_bytes.hpp"
#include "firmware/varstore_decode.hpp"
#include "firmware/varstore_meaning.hpp"

#include <algorithm>
#include <ctime>

namespace vireo::firmware {
namespace {

constexpr std::string_view switch_name = "SecureBootEnable";
constexpr std::size_t header_size = 28;  // of a signature list; UEFI specification, 32.4.1

struct Database {
    const Guid& vendor;
    std::string_view name;
};
constexpr std::array databases{
    Database{guids::global, "PK"},          Database{guids::global, "KEK"},
    Database{guids::image_security, "db"},  Database{guids::image_security, "dbx"},
    Database{guids::image_security, "dbt"}, Database{guids::image_security, "dbr"},
    Database{guids::shim, "MokList"},       Database{guids::shim, "MokListX"},
};

std::string content_of(const VariableStore& store, const Database& database) {
    auto* variable = store.find(database.vendor, database.name);
    return variable ? variable->data : std::string();
}

// EFI_TIME (UEFI specification, 8.3), in UTC. Authenticated variables have neither nanoseconds nor a time zone.
std::array<std::uint8_t, 16> efi_time(std::int64_t usec) {
    auto seconds = static_cast<std::time_t>(usec / 1'000'000);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<std::uint8_t, 16> time{};
    auto year = static_cast<unsigned>(utc.tm_year + 1900);
    time[0] = static_cast<std::uint8_t>(year);
    time[1] = static_cast<std::uint8_t>(year >> 8);
    time[2] = static_cast<std::uint8_t>(utc.tm_mon + 1);
    time[3] = static_cast<std::uint8_t>(utc.tm_mday);
    time[4] = static_cast<std::uint8_t>(utc.tm_hour);
    time[5] = static_cast<std::uint8_t>(utc.tm_min);
    time[6] = static_cast<std::uint8_t>(std::min(utc.tm_sec, 59));
    return time;
}

// The lists of a database one by one, each as it is; what is no list ends it.
std::vector<std::string_view> lists_of(std::string_view bytes) {
    std::vector<std::string_view> lists;
    while (bytes.size() >= header_size) {
        auto size = load<std::uint32_t>(bytes, 16);
        if (size < header_size || size > bytes.size()) break;
        lists.push_back(bytes.substr(0, size));
        bytes.remove_prefix(size);
    }
    return lists;
}

bool of_microsoft(std::string_view list) {
    auto read = read_signatures(list);
    return std::ranges::any_of(read.certificates, [](auto& certificate) {
        return certificate.owner == guids::microsoft || certificate.subject.find("Microsoft") != std::string::npos;
    });
}

std::string only_microsoft(std::string_view bytes) {
    std::string out;
    for (auto list : lists_of(bytes))
        if (of_microsoft(list)) out += list;
    return out;
}

// Adds the lists that are not there yet.
std::string joined(std::string old, std::string_view more) {
    for (auto list : lists_of(more)) {
        auto have = lists_of(old);
        if (std::ranges::find(have, list) == have.end()) old += list;
    }
    return old;
}

Result<std::string> certificates(const Guid& owner, const std::vector<std::string>& all, std::string_view what) {
    std::string bytes;
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto binary = from_hex(all[i]);
        auto der = certificate_der(binary && !binary->empty() ? *binary : all[i]);
        auto list = der ? certificate_list(owner, *der) : der;
        if (!list)
            return Failure(list.error().wrap("the certificate " + std::string(what) + "[" + std::to_string(i) + "]"));
        bytes += *list;
    }
    return bytes;
}

Result<std::string> hashes(const Guid& owner, const std::vector<std::string>& all, std::string_view what) {
    if (all.empty()) return std::string();
    std::vector<std::string> binary;
    for (auto& text : all) {
        auto bytes = from_hex(text);
        if (!bytes || bytes->size() != 32)
            return fail(Errc::invalid_argument, what, ": '", text.substr(0, 100),
                        "' is no SHA-256 of 64 hexadecimal digits");
        binary.push_back(std::move(*bytes));
    }
    return hash_list(owner, binary);
}

Result<> put(VariableStore& store, const Database& database, std::string data, std::int64_t time_usec) {
    if (data == content_of(store, database)) return {};
    if (data.empty()) {
        auto gone = store.unset(database.vendor, database.name);
        return gone ? Result<>() : Failure(gone.error());
    }
    Variable variable(database.vendor, std::string(database.name), std::move(data),
                      usual_attributes(database.vendor, database.name));
    variable.time = efi_time(time_usec);
    if (auto* old = store.find(database.vendor, database.name)) variable.digest = old->digest;
    return store.set(std::move(variable));
}

Result<> put_switch(VariableStore& store, bool on) {
    return store.set(Variable(guids::secure_boot_enable, std::string(switch_name), std::string(1, on ? '\1' : '\0'),
                              usual_attributes(guids::secure_boot_enable, switch_name)));
}

}  // namespace

SecureBootState secure_boot_state(const VariableStore& store) noexcept {
    SecureBootState state;
    auto* pk = store.find(guids::global, "PK");
    state.setup_mode = !pk || pk->data.empty();
    auto* enable = store.find(guids::secure_boot_enable, switch_name);
    // EDK2 switches Secure Boot on by itself when keys are enrolled and the switch is not there.
    state.switched_off = !state.setup_mode && enable && enable->data.size() == 1 && enable->data[0] == 0;
    return state;
}

std::vector<EnrolledDatabase> enrolled_databases(const VariableStore& store) {
    std::vector<EnrolledDatabase> all;
    for (auto& database : databases)
        if (auto* variable = store.find(database.vendor, database.name))
            all.push_back({std::string(database.name), read_signatures(variable->data)});
    return all;
}

KeySet key_set_of(const VariableStore& store) {
    KeySet keys;
    keys.pk = content_of(store, databases[0]);
    keys.kek = content_of(store, databases[1]);
    keys.db = content_of(store, databases[2]);
    keys.dbx = content_of(store, databases[3]);
    return keys;
}

KeySet microsoft_keys(const KeySet& keys) {
    KeySet only;
    only.db = only_microsoft(keys.db);
    only.kek = only_microsoft(keys.kek);
    if (only.db.empty()) return {};
    only.pk = keys.pk;
    only.dbx = keys.dbx;
    return only;
}

Result<KeySet> key_set_of(const CustomKeys& custom) {
    auto owner = custom.owner.value_or(vireo_keys);
    KeySet keys;
    auto add = [](std::string& out, Result<std::string> bytes) -> Result<> {
        if (!bytes) return Failure(bytes.error());
        out += *bytes;
        return {};
    };
    if (custom.pk)
        if (auto ok = add(keys.pk, certificates(owner, {*custom.pk}, "pk")); !ok) return Failure(ok.error());
    if (auto ok = add(keys.kek, certificates(owner, custom.kek, "kek")); !ok) return Failure(ok.error());
    if (auto ok = add(keys.db, certificates(owner, custom.db, "db")); !ok) return Failure(ok.error());
    if (auto ok = add(keys.db, hashes(owner, custom.db_hashes, "db-hashes")); !ok) return Failure(ok.error());
    if (auto ok = add(keys.dbx, certificates(owner, custom.dbx, "dbx")); !ok) return Failure(ok.error());
    if (auto ok = add(keys.dbx, hashes(owner, custom.dbx_hashes, "dbx-hashes")); !ok) return Failure(ok.error());
    return keys;
}

Result<> enrol(VariableStore& store, const Enrolment& enrolment) {
    if (!store.authenticated())
        return fail(Errc::unsupported,
                    "this store has no place for keys: its variables are not of the authenticated kind");
    auto keys = enrolment.keys;
    auto old = key_set_of(store);
    if (keys.empty()) return fail(Errc::invalid_argument, "there are no keys to enrol");
    if (keys.pk.empty()) keys.pk = old.pk;
    if (keys.pk.empty() && !keys.kek.empty()) keys.pk = std::string(lists_of(keys.kek).front());
    if (keys.pk.empty())
        return Failure(Error(Errc::invalid_argument, "no platform key (PK) is given, and none is enrolled")
                           .with_hint("give one: any certificate of yours will do"));
    if (enrolment.add) {
        keys.kek = joined(old.kek, keys.kek);
        keys.db = joined(old.db, keys.db);
        keys.dbx = joined(old.dbx, keys.dbx);
    }
    // PK last: a firmware that found the store half-written would still be in setup mode
    const std::string* contents[] = {&keys.pk, &keys.kek, &keys.db, &keys.dbx};
    for (std::size_t i : {1, 2, 3, 0})
        if (auto ok = put(store, databases[i], *contents[i], enrolment.time_usec); !ok) return ok;
    if (enrolment.leave_switched_off) return {};
    return put_switch(store, true);
}

Result<> clear_keys(VariableStore& store) {
    for (auto& database : databases)
        if (is_secure_boot_database(database.vendor, database.name))
            if (auto gone = store.unset(database.vendor, database.name); !gone) return Failure(gone.error());
    auto gone = store.unset(guids::secure_boot_enable, switch_name);
    return gone ? Result<>() : Failure(gone.error());
}

Result<> set_secure_boot(VariableStore& store, bool enabled) {
    if (secure_boot_state(store).setup_mode) {
        if (!enabled) return {};
        return Failure(Error(Errc::invalid_state, "no keys are enrolled, so Secure Boot cannot be switched on")
                           .with_hint("enrol some: vireo nvram secure-boot enroll DOMAIN"));
    }
    return put_switch(store, enabled);
}

}  // namespace vireo::firmware
