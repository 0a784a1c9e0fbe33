// SPDX-License-Identifier: LGPL-2.1-or-later
// What is read of a variable store, and its variables one by one.
#include "service/firmware_service.hpp"

#include "firmware/secure_boot.hpp"
#include "firmware/varstore_decode.hpp"
#include "model/domain_xml.hpp"
#include "service/firmware_translate.hpp"
#include "service/translate.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fnmatch.h>

namespace vireo::service {
namespace {

constexpr std::size_t longest_pattern = 512;

// The variables of what was looked at; none while there is no store, or erased flash.
const std::vector<firmware::Variable>& variables_of(const domain::Nvram::Looked& looked) {
    static const std::vector<firmware::Variable> none;
    auto& view = looked.view;
    if (view.variables) return view.variables->variables();
    if (!view.exists || view.health.state == firmware::HealthState::blank) return none;
    auto advice = firmware::Checked{view.health, firmware::advice(looked.site, view.health)};
    throw Error(Errc::invalid_state, "the variables cannot be read: " + view.health.sentence)
        .with_object(looked.site.store.path.string())
        .with_hint(advice.hint());
}

firmware::Guid guid_named(const std::string& text) {
    auto guid = firmware::guid_of(text);
    if (!guid)
        throw Error(Errc::invalid_argument, "'" + text.substr(0, 100) + "' is neither a GUID nor a name that is known")
            .with_hint("GUIDs are like 8be4df61-93ca-11d2-aa0d-00e098032b8c, names like global, image-security, shim");
    return *guid;
}

// guid empty: the only one of this name.
const firmware::Variable* find_variable(const std::vector<firmware::Variable>& all, const std::string& name,
                                        const std::string& guid) {
    std::optional<firmware::Guid> vendor;
    if (!guid.empty()) vendor = guid_named(guid);
    const firmware::Variable* found = nullptr;
    for (auto& variable : all) {
        if (variable.name != name || (vendor && variable.vendor != *vendor)) continue;
        if (found)
            throw Error(Errc::invalid_argument, "there are several variables " + name)
                .with_hint("say whose, with its GUID: " + found->vendor.to_string() + ", " +
                           variable.vendor.to_string());
        found = &variable;
    }
    return found;
}

Error no_variable(const std::string& name) {
    return Error(Errc::not_found, "there is no variable '" + name.substr(0, 200) + "'")
        .with_hint("see the list: vireo nvram list DOMAIN");
}

bool matches(const firmware::Variable& variable, const api::VariableFilter& filter,
             const std::optional<firmware::Guid>& vendor) {
    if (vendor && variable.vendor != *vendor) return false;
    if (filter.name && ::fnmatch(filter.name->c_str(), variable.name.c_str(), 0) != 0) return false;
    if (!filter.classes) return true;
    auto own = static_cast<api::VariableClass>(static_cast<int>(firmware::classify(variable)));
    return std::ranges::find(*filter.classes, own) != filter.classes->end();
}

std::vector<const firmware::Variable*> chosen(const std::vector<firmware::Variable>& all,
                                              const api::VariableFilter& filter) {
    if (filter.name && filter.name->size() > longest_pattern)
        throw Error(Errc::invalid_argument, "params.filter.name is too long");
    std::optional<firmware::Guid> vendor;
    if (filter.guid) vendor = guid_named(*filter.guid);
    std::vector<const firmware::Variable*> list;
    for (auto& variable : all)
        if (matches(variable, filter, vendor)) list.push_back(&variable);
    return list;
}

void put_statistics(auto& out, const firmware::StoreStatistics& statistics) {
    out.capacity_bytes = statistics.capacity;
    out.used_bytes = statistics.used;
    out.dead_bytes = statistics.dead;
    out.free_bytes = statistics.free;
}

// What a definition says of its store, without looking at it.
void put_definition(api::StoreStatus& status, const domain::Nvram::Looked& looked) {
    auto& site = looked.site;
    status.path = site.store.path.string();
    status.form = same_word<api::StoreForm>(site.store.format, api::store_form_from);
    if (!site.template_path.empty()) {
        status.template_ = site.template_path.string();
        status.template_form = same_word<api::StoreForm>(site.template_format, api::store_form_from);
    }
    if (!looked.view.template_sha256.empty()) status.template_sha256 = looked.view.template_sha256;
    if (!site.code.empty()) status.code = site.code.string();
    status.tpm = looked.tpm;
}

void put_content(api::StoreStatus& status, const firmware::View& view) {
    status.pristine = view.sha256 == view.template_sha256;
    status.size_bytes = view.content.size();
    if (!view.variables) return;
    status.variables = static_cast<std::uint32_t>(view.variables->variables().size());
    put_statistics(status, view.variables->statistics());
    auto secure = firmware::secure_boot_state(*view.variables);
    status.secure_boot = secure.enabled();
    status.setup_mode = secure.setup_mode;
}

// The variables that a filter asks for: of the store, or of a backup.
struct Source {
    std::optional<firmware::VariableStore> backup;
    domain::Nvram::Looked looked;
    api::StoreMoment moment;
    const std::vector<firmware::Variable>& variables() const {
        return backup ? backup->variables() : variables_of(looked);
    }
};
Task<Source> source_of(domain::Nvram nvram, std::optional<std::string> backup) {
    Source source;
    source.looked = co_await nvram.look();
    source.moment = moment_of(source.looked);
    if (!backup) co_return source;
    source.backup = co_await nvram.backup_variables(*backup);
    source.moment.backup = *backup;
    co_return source;
}

}  // namespace

FirmwareApi::Properties FirmwareApi::properties_of(const domain::Domain& domain) {
    auto& facts = domain.store();
    Properties p;
    p.store_path = facts.path;
    p.store_state = store_state(facts);
    p.store_state_time = facts.seen_usec;
    p.reset_pending = facts.pending.has_value();
    if (facts.pending) encode(translate(*facts.pending), p.pending_reset);
    return p;
}

api::ObjectPath FirmwareApi::resolve(std::string_view key) const {
    return hub_.resolve(key);
}
bool FirmwareApi::exists(std::string_view path) const {
    return hub_.domains->find_uuid(uuid_of(path)) != nullptr;
}
std::vector<api::ObjectPath> FirmwareApi::objects() const {
    std::vector<api::ObjectPath> paths;
    for (auto& domain : hub_.domains->all()) paths.push_back(path_of(domain->uuid()));
    return paths;
}
FirmwareApi::Properties FirmwareApi::properties(const api::ObjectPath& path) const {
    return properties_of(*hub_.require(path));
}

domain::Nvram FirmwareApi::nvram(const api::Call& call, const api::ObjectPath& path) const {
    return domain::Nvram(hub_.require(path), requester_of(call));
}

Task<api::StoreStatus> FirmwareApi::get_status(api::Call call, api::ObjectPath path) {
    auto domain = hub_.require(path);
    auto store = nvram(call, path);
    api::StoreStatus status;
    if (domain->store().path.empty()) {
        status.state = api::StoreState::not_applicable;
        auto parsed = model::parse_domain_xml(*take(domain->xml()), model::ParseOptions{.lenient = true});
        status.sentence = fmt::format("domain {} has no variable store", domain->name());
        if (parsed) status.sentence += fmt::format(": {}", firmware::why_no_store(parsed->domain));
        co_return status;
    }
    auto looked = co_await store.look();
    auto ring = co_await store.history();
    put_definition(status, looked);
    status.moment = moment_of(looked);
    status.backups = static_cast<std::uint32_t>(ring.backups.size());
    if (auto& pending = domain->store().pending) status.pending_reset = translate(*pending);
    status.state = api::StoreState::absent;
    status.sentence = "there is no store yet: the first start makes it from the template";
    if (!looked.view.exists) co_return status;
    status.state = store_state(looked.view.health.state);
    status.sentence = looked.view.health.sentence;
    put_content(status, looked.view);
    co_return status;
}

Task<api::StoreCheck> FirmwareApi::check(api::Call call, api::ObjectPath path) {
    auto checked = co_await nvram(call, path).check();
    api::StoreCheck out;
    out.state = store_state(checked.health.state);
    out.usable = checked.health.usable();
    out.sentence = checked.health.sentence;
    auto hint = checked.hint().empty() ? checked.health.hint : checked.hint();
    if (!hint.empty()) out.hint = hint;
    if (!out.usable) out.offset = checked.health.offset;
    for (auto& advice : checked.advice) {
        auto& one = out.advice.emplace_back();
        one.kind = same_word<api::AdviceKind>(advice.kind, api::advice_kind_from);
        if (!advice.backup.empty()) one.backup = advice.backup;
    }
    put_statistics(out, checked.health.statistics);
    co_return out;
}

Task<api::DomainFirmwareListVariablesResult> FirmwareApi::list_variables(api::Call call, api::ObjectPath path,
                                                                         api::VariableFilter filter) {
    auto source = co_await source_of(nvram(call, path), filter.backup);
    api::DomainFirmwareListVariablesResult result;
    for (auto* variable : chosen(source.variables(), filter)) {
        auto& one = result.variables.emplace_back(translate(*variable));
        one.class_ = static_cast<api::VariableClass>(static_cast<int>(firmware::classify(*variable)));
        one.text = firmware::describe(*variable);
    }
    result.moment = std::move(source.moment);
    co_return result;
}

Task<api::DomainFirmwareGetVariableResult> FirmwareApi::get_variable(api::Call call, api::ObjectPath path,
                                                                     std::string name, std::string guid) {
    auto source = co_await source_of(nvram(call, path), std::nullopt);
    auto* variable = find_variable(source.variables(), name, guid);
    if (!variable) throw no_variable(name);
    api::DomainFirmwareGetVariableResult result;
    result.variable = translate(*variable);
    result.variable.class_ = static_cast<api::VariableClass>(static_cast<int>(firmware::classify(*variable)));
    result.variable.text = firmware::describe(*variable);
    result.moment = std::move(source.moment);
    co_return result;
}

Task<api::DomainFirmwareExportResult> FirmwareApi::export_(api::Call call, api::ObjectPath path,
                                                           api::VariableFilter filter) {
    auto source = co_await source_of(nvram(call, path), filter.backup);
    api::DomainFirmwareExportResult result;
    for (auto* variable : chosen(source.variables(), filter)) result.variables.push_back(translate(*variable));
    result.moment = std::move(source.moment);
    co_return result;
}

Task<api::DomainFirmwareDiffResult> FirmwareApi::diff(api::Call call, api::ObjectPath path, api::DiffOptions options) {
    auto base = options.with.value_or(options.backup  ? api::DiffBase::backup
                                      : options.other ? api::DiffBase::domain
                                                      : api::DiffBase::template_);
    if ((base == api::DiffBase::backup) != options.backup.has_value() ||
        (base == api::DiffBase::domain) != options.other.has_value())
        throw Error(Errc::invalid_argument,
                    "params.options: backup goes with 'backup', other with 'domain', and both "
                    "with nothing else");
    auto store = nvram(call, path);
    auto looked = co_await store.look();
    (void)variables_of(looked);  // refuses what cannot be read
    firmware::VariableStore from = firmware::VariableStore::empty_json();
    if (base == api::DiffBase::template_) from = co_await store.template_variables();
    if (base == api::DiffBase::backup) from = co_await store.backup_variables(*options.backup);
    if (base == api::DiffBase::domain) {
        auto other = co_await nvram(call, hub_.resolve(*options.other)).look();
        (void)variables_of(other);
        if (other.view.variables) from = std::move(*other.view.variables);
    }
    auto to = looked.view.variables ? std::move(*looked.view.variables) : firmware::VariableStore::empty_json();
    api::DomainFirmwareDiffResult result;
    result.differences = translate(firmware::diff(from, to));
    result.moment = moment_of(looked);
    co_return result;
}

Task<api::StoreChange> FirmwareApi::change(api::Call call, api::ObjectPath path, firmware::Edit edit,
                                           api::StoreChangeOptions options) const {
    auto store = nvram(call, path);
    co_return translate(co_await store.change(std::move(edit), terms_of(options)));
}

Task<api::StoreChange> FirmwareApi::set_variable(api::Call call, api::ObjectPath path, api::FirmwareVariable variable,
                                                 api::StoreChangeOptions options) {
    auto wanted = variable_of(variable);
    bool keep = !variable.attributes;  // those that it has, when it is there
    auto edit = [wanted, keep](firmware::VariableStore& store) -> Result<> {
        auto changed = wanted;
        auto* old = store.find(wanted.vendor, wanted.name);
        if (old && keep) changed.attributes = old->attributes;
        return store.set(std::move(changed));
    };
    co_return co_await change(std::move(call), std::move(path), edit, std::move(options));
}

Task<api::StoreChange> FirmwareApi::unset_variable(api::Call call, api::ObjectPath path, std::string name,
                                                   std::string guid, api::StoreChangeOptions options) {
    if (!guid.empty()) (void)guid_named(guid);
    auto edit = [name, guid](firmware::VariableStore& store) -> Result<> {
        try {
            auto* found = find_variable(store.variables(), name, guid);
            if (!found) return Failure(no_variable(name));
            auto vendor = found->vendor;
            auto gone = store.unset(vendor, name);
            return gone ? Result<>() : Failure(gone.error());
        } catch (const Error& error) {
            return Failure(error);
        }
    };
    co_return co_await change(std::move(call), std::move(path), edit, std::move(options));
}

Task<api::StoreChange> FirmwareApi::import_(api::Call call, api::ObjectPath path,
                                            std::vector<api::FirmwareVariable> variables, api::ImportOptions options) {
    auto how = options.replace.value_or(false) ? firmware::Import::replace : firmware::Import::merge;
    auto edit = [list = boost::json::value(import_list(variables)), how](firmware::VariableStore& store) {
        return firmware::import_variables(store, list, how);
    };
    auto store = nvram(call, path);
    if (options.dry_run.value_or(false)) {
        auto preview = translate(co_await store.preview(edit));
        preview.changed = false;
        co_return preview;
    }
    api::StoreChangeOptions terms;
    terms.if_sha256 = options.if_sha256;
    terms.confirm = options.confirm;
    co_return translate(co_await store.change(edit, terms_of(terms)));
}

}  // namespace vireo::service
