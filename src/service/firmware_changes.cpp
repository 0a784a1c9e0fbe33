// SPDX-License-Identifier: LGPL-2.1-or-later
// org.vireo1.Domain.Firmware: boot entries, Secure Boot, backups, reset.
#include "domain/domain.hpp"
#include "firmware/boot_entries.hpp"
#include "firmware/secure_boot.hpp"
#include "firmware/varstore_bytes.hpp"
#include "model/domain_xml.hpp"
#include "service/firmware_service.hpp"
#include "service/firmware_translate.hpp"
#include "support/clock.hpp"

#include <ctime>

namespace vireo::service {
namespace {

const firmware::VariableStore& readable(const domain::Nvram::Looked& looked) {
    static const auto none = firmware::VariableStore::empty_json();
    auto& view = looked.view;
    if (view.variables) return *view.variables;
    if (!view.exists || view.health.state == firmware::HealthState::blank) return none;
    throw Error(Errc::invalid_state, "the variables cannot be read: " + view.health.sentence)
        .with_object(looked.site.store.path.string())
        .with_hint("see what can be done: vireo nvram check DOMAIN");
}

std::string bytes_of(const std::optional<std::string>& hex, const char* what) {
    if (!hex) return {};
    auto bytes = firmware::from_hex(*hex);
    if (!bytes) throw Error(Errc::invalid_argument, std::string(what) + " must be hexadecimal");
    return std::move(*bytes);
}

api::BootEntry translate(const firmware::BootEntry& entry) {
    api::BootEntry out;
    out.name = entry.name;
    out.description = entry.description;
    out.device_path = entry.device_path;
    out.active = entry.active;
    out.hidden = entry.hidden;
    if (entry.position) out.position = static_cast<std::uint32_t>(*entry.position);
    if (!entry.optional_data.empty()) out.optional_data = firmware::to_hex(entry.optional_data);
    if (!entry.problem.empty()) out.problem = entry.problem;
    return out;
}

std::string today() {  // as certificates have it, so that texts compare
    auto now = static_cast<std::time_t>(now_usec() / 1'000'000);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

api::KeyDatabase translate(const firmware::EnrolledDatabase& database, const std::string& now) {
    api::KeyDatabase out;
    out.name = database.name;
    auto& signatures = database.signatures;
    for (auto& certificate : signatures.certificates) {
        auto& one = out.certificates.emplace_back();
        one.subject = certificate.subject;
        one.issuer = certificate.issuer;
        one.not_before = certificate.not_before;
        one.not_after = certificate.not_after;
        one.expired = !certificate.not_after.empty() && certificate.not_after < now;
        one.sha256 = certificate.sha256;
        one.owner = certificate.owner.to_string();
    }
    out.hashes = static_cast<std::uint32_t>(signatures.sha256_hashes + signatures.certificate_hashes);
    out.other = static_cast<std::uint32_t>(signatures.other);
    out.complete = signatures.complete;
    return out;
}

firmware::CustomKeys custom_keys(const api::EnrollOptions& options) {
    firmware::CustomKeys keys;
    keys.pk = options.pk;
    keys.kek = options.kek.value_or(std::vector<std::string>());
    keys.db = options.db.value_or(std::vector<std::string>());
    keys.dbx = options.dbx.value_or(std::vector<std::string>());
    keys.db_hashes = options.db_hashes.value_or(std::vector<std::string>());
    keys.dbx_hashes = options.dbx_hashes.value_or(std::vector<std::string>());
    if (!options.owner) return keys;
    keys.owner = firmware::guid_of(*options.owner);
    if (!keys.owner) throw Error(Errc::invalid_argument, "params.options.owner is no GUID");
    return keys;
}

bool has_custom(const api::EnrollOptions& o) {
    return o.pk || o.kek || o.db || o.dbx || o.db_hashes || o.dbx_hashes;
}

std::vector<api::VariableLeft> left_behind(const firmware::Migrated& migrated) {
    std::vector<api::VariableLeft> list;
    for (auto& left : migrated.left) {
        auto& one = list.emplace_back();
        one.guid = left.variable.vendor.to_string();
        one.name = left.variable.name;
        one.reason = left.reason;
    }
    return list;
}

}  // namespace

Task<api::StoreChange> FirmwareApi::compact(api::Call call, api::ObjectPath path, api::StoreChangeOptions options) {
    co_return service::translate(co_await nvram(call, path).compact(terms_of(options)));
}

Task<api::Migrated> FirmwareApi::migrate(api::Call call, api::ObjectPath path, api::MigrateOptions options) {
    auto format = [](api::StoreForm form) { return static_cast<firmware::StoreFormat>(static_cast<int>(form)); };
    domain::MigrationWish wish;
    if (options.form) wish.format = format(*options.form);
    if (options.template_form) wish.template_format = format(*options.template_form);
    wish.code = options.code.value_or("");
    wish.template_path = options.template_.value_or("");
    if (options.confirm) wish.confirm = *options.confirm;
    wish.dry_run = options.dry_run.value_or(false);
    auto result = co_await nvram(call, path).migrate(std::move(wish));
    api::Migrated out;
    out.path = result.path.string();
    out.form = same_word<api::StoreForm>(result.format, api::store_form_from);
    out.change = service::translate(result.migrated.change);
    out.left = left_behind(result.migrated);
    co_return out;
}

Task<api::DomainFirmwareImportStoreResult> FirmwareApi::import_store(api::Call call, api::ObjectPath path,
                                                                     std::string file) {
    auto imported = co_await nvram(call, path).import_store(std::move(file));
    api::DomainFirmwareImportStoreResult result;
    result.change = service::translate(imported.change);
    result.left = left_behind(imported);
    co_return result;
}

// ── boot entries ──

Task<api::DomainFirmwareListBootEntriesResult> FirmwareApi::list_boot_entries(api::Call call, api::ObjectPath path) {
    auto looked = co_await nvram(call, path).look();
    auto settings = firmware::boot_settings(readable(looked));
    api::DomainFirmwareListBootEntriesResult result;
    for (auto& entry : settings.entries) result.boot.entries.push_back(translate(entry));
    result.boot.order = std::move(settings.order);
    result.boot.next = std::move(settings.next);
    if (settings.timeout) result.boot.timeout_seconds = *settings.timeout;
    result.moment = moment_of(looked);
    co_return result;
}

Task<api::StoreChange> FirmwareApi::set_boot_order(api::Call call, api::ObjectPath path, std::vector<std::string> order,
                                                   api::StoreChangeOptions options) {
    auto edit = [order](firmware::VariableStore& store) { return firmware::set_boot_order(store, order); };
    co_return co_await change(std::move(call), std::move(path), edit, std::move(options));
}

Task<api::StoreChange> FirmwareApi::set_boot_next(api::Call call, api::ObjectPath path, std::string entry,
                                                  api::StoreChangeOptions options) {
    auto edit = [entry](firmware::VariableStore& store) { return firmware::set_boot_next(store, entry); };
    co_return co_await change(std::move(call), std::move(path), edit, std::move(options));
}

Task<api::DomainFirmwareAddBootEntryResult> FirmwareApi::add_boot_entry(api::Call call, api::ObjectPath path,
                                                                        api::NewBootEntry entry,
                                                                        api::StoreChangeOptions options) {
    firmware::NewBootEntry wanted;
    wanted.description = entry.description;
    wanted.device_path = entry.device_path;
    wanted.optional_data = bytes_of(entry.optional_data, "params.entry.optional-data");
    wanted.active = entry.active.value_or(true);
    if (entry.position) wanted.position = *entry.position;
    auto name = std::make_shared<std::string>();
    auto edit = [wanted, name](firmware::VariableStore& store) -> Result<> {
        auto made = firmware::add_boot_entry(store, wanted);
        if (!made) return Failure(made.error());
        *name = *made;
        return {};
    };
    api::DomainFirmwareAddBootEntryResult result;
    result.change = co_await change(std::move(call), std::move(path), edit, std::move(options));
    result.name = *name;
    co_return result;
}

Task<api::StoreChange> FirmwareApi::remove_boot_entry(api::Call call, api::ObjectPath path, std::string entry,
                                                      api::StoreChangeOptions options) {
    auto edit = [entry](firmware::VariableStore& store) { return firmware::remove_boot_entry(store, entry); };
    co_return co_await change(std::move(call), std::move(path), edit, std::move(options));
}

Task<api::StoreChange> FirmwareApi::set_boot_entry_active(api::Call call, api::ObjectPath path, std::string entry,
                                                          bool active, api::StoreChangeOptions options) {
    auto edit = [entry, active](firmware::VariableStore& store) {
        return firmware::set_boot_entry_active(store, entry, active);
    };
    co_return co_await change(std::move(call), std::move(path), edit, std::move(options));
}

// ── Secure Boot ──

Task<api::DomainFirmwareGetSecureBootResult> FirmwareApi::get_secure_boot(api::Call call, api::ObjectPath path) {
    auto store = nvram(call, path);
    auto looked = co_await store.look();
    auto& variables = readable(looked);
    auto state = firmware::secure_boot_state(variables);
    api::DomainFirmwareGetSecureBootResult result;
    result.secure_boot.enabled = state.enabled();
    result.secure_boot.setup_mode = state.setup_mode;
    result.secure_boot.switched_off = state.switched_off;
    result.secure_boot.supported = co_await store.secure_boot_supported();
    auto now = today();
    for (auto& database : firmware::enrolled_databases(variables))
        result.secure_boot.databases.push_back(translate(database, now));
    result.moment = moment_of(looked);
    co_return result;
}

Task<api::StoreChange> FirmwareApi::enroll_keys(api::Call call, api::ObjectPath path, api::EnrollOptions options) {
    auto store = nvram(call, path);
    auto source = options.source.value_or(has_custom(options) ? api::KeySource::custom : api::KeySource::microsoft);
    firmware::Enrolment enrolment;
    if (source == api::KeySource::custom)
        enrolment.keys = take(firmware::key_set_of(custom_keys(options)));
    else if (has_custom(options))
        throw Error(Errc::invalid_argument, "params.options: keys can only be given with the source 'custom'");
    else
        enrolment.keys = co_await store.host_keys(source == api::KeySource::microsoft);
    enrolment.add = options.add.value_or(false);
    enrolment.leave_switched_off = options.leave_switched_off.value_or(false);
    enrolment.time_usec = static_cast<std::int64_t>(now_usec());
    auto edit = [enrolment](firmware::VariableStore& variables) { return firmware::enrol(variables, enrolment); };
    api::StoreChangeOptions terms;
    terms.if_sha256 = options.if_sha256;
    terms.confirm = options.confirm;
    auto supported = co_await store.secure_boot_supported();
    auto result = service::translate(co_await store.change(edit, terms_of(terms)));
    if (supported == false) {
        if (!result.warnings) result.warnings.emplace();
        result.warnings->push_back(
            "this domain's firmware does not know Secure Boot: the keys change nothing until "
            "it has another one, as <feature name='secure-boot' enabled='yes'/> asks for");
    }
    co_return result;
}

Task<api::StoreChange> FirmwareApi::clear_keys(api::Call call, api::ObjectPath path, api::StoreChangeOptions options) {
    co_return co_await change(std::move(call), std::move(path), firmware::clear_keys, std::move(options));
}

Task<api::StoreChange> FirmwareApi::set_secure_boot_enabled(api::Call call, api::ObjectPath path, bool enabled,
                                                            api::StoreChangeOptions options) {
    auto edit = [enabled](firmware::VariableStore& store) { return firmware::set_secure_boot(store, enabled); };
    co_return co_await change(std::move(call), std::move(path), edit, std::move(options));
}

// ── backups ──

Task<api::StoreHistory> FirmwareApi::get_history(api::Call call, api::ObjectPath path) {
    auto store = nvram(call, path);
    auto looked = co_await store.look();
    auto ring = co_await store.history();
    api::StoreHistory out;
    for (auto& backup : ring.backups) out.backups.push_back(service::translate(backup, looked.view.sha256));
    out.warnings = std::move(ring.warnings);
    co_return out;
}

Task<api::StoreBackup> FirmwareApi::back_up(api::Call call, api::ObjectPath path) {
    auto backup = co_await nvram(call, path).back_up();
    co_return service::translate(backup, backup.sha256);
}

Task<api::StoreChange> FirmwareApi::restore(api::Call call, api::ObjectPath path, std::string backup,
                                            api::StoreChangeOptions options) {
    co_return service::translate(co_await nvram(call, path).restore(std::move(backup), terms_of(options)));
}

Task<std::uint32_t> FirmwareApi::prune(api::Call call, api::ObjectPath path, api::PruneOptions options) {
    if (options.keep.has_value() == options.backups.has_value())
        throw Error(Errc::invalid_argument, "params.options needs keep or backups, and not both");
    std::optional<std::size_t> keep;
    if (options.keep) keep = *options.keep;
    auto ids = options.backups.value_or(std::vector<std::string>());
    co_return static_cast<std::uint32_t>(co_await nvram(call, path).prune(keep, std::move(ids)));
}

// ── reset ──

Task<api::StoreResetPlan> FirmwareApi::plan_reset(api::Call call, api::ObjectPath path,
                                                  api::StoreResetOptions options) {
    auto plan = co_await nvram(call, path).plan_reset(reset_wish(options.classes, options.keep, options.confirm));
    api::StoreResetPlan out;
    out.exists = plan.exists;
    out.deferred = hub_.require(path)->active();
    out.changes = service::translate(plan.changes);
    out.needs = std::move(plan.confirmations);
    if (!plan.template_sha256.empty()) out.template_sha256 = plan.template_sha256;
    co_return out;
}

Task<api::StoreResetResult> FirmwareApi::reset(api::Call call, api::ObjectPath path, api::StoreResetOptions options) {
    auto wish = reset_wish(options.classes, options.keep, options.confirm);
    wish.terms.if_sha256 = options.if_sha256;
    auto changed = co_await nvram(call, path).reset(std::move(wish));
    api::StoreResetResult out;
    out.deferred = !changed.has_value();
    if (changed) out.change = service::translate(*changed);
    co_return out;
}

Task<bool> FirmwareApi::cancel_pending_reset(api::Call call, api::ObjectPath path) {
    co_return co_await nvram(call, path).cancel_reset();
}

Task<api::StoreChange> FirmwareApi::take_back(api::Call call, api::ObjectPath path, std::string trash,
                                              api::StoreChangeOptions options) {
    co_return service::translate(co_await nvram(call, path).take_back(std::move(trash), terms_of(options)));
}

}  // namespace vireo::service
