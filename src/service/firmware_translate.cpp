// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/firmware_translate.hpp"

#include "api/codec.hpp"
#include "firmware/varstore_decode.hpp"

namespace vireo::service {
namespace {

std::optional<std::string> unless_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(text);
}

std::vector<api::VariableClass> words_of(firmware::VariableClasses classes) {
    std::vector<api::VariableClass> list;
    for (std::size_t i = 0; i < model::names<firmware::VariableClass>.size(); ++i)
        if (classes.contains(static_cast<firmware::VariableClass>(i)))
            list.push_back(static_cast<api::VariableClass>(i));
    return list;
}

firmware::VariableClasses classes_of(const std::vector<api::VariableClass>& words) {
    firmware::VariableClasses classes;
    for (auto word : words)
        classes = classes | firmware::VariableClasses{static_cast<firmware::VariableClass>(static_cast<int>(word))};
    return classes;
}

constexpr api::Where here("variable");

}  // namespace

static_assert(static_cast<int>(api::VariableClass::other) == static_cast<int>(firmware::VariableClass::other));

api::StoreState store_state(firmware::HealthState state) {
    return same_word<api::StoreState>(state, api::store_state_from);
}

api::StoreState store_state(const domain::StoreFacts& facts) {
    if (facts.path.empty()) return api::StoreState::not_applicable;
    if (facts.health) return store_state(*facts.health);
    return facts.seen_usec ? api::StoreState::absent : api::StoreState::unknown;
}

api::StoreMoment moment_of(const domain::Nvram::Looked& looked) {
    api::StoreMoment moment;
    moment.exists = looked.view.exists;
    moment.live = looked.live;
    moment.as_of_usec = looked.seen_usec;
    if (!looked.view.exists) return moment;
    moment.modified_usec = static_cast<std::uint64_t>(std::max<std::int64_t>(looked.view.modified_usec, 0));
    moment.sha256 = unless_empty(looked.view.sha256);
    return moment;
}

api::PendingReset translate(const firmware::PendingReset& pending) {
    api::PendingReset out;
    if (pending.classes != firmware::VariableClasses::all()) out.classes = words_of(pending.classes);
    if (!pending.keep.empty()) out.keep = words_of(pending.keep);
    out.who = pending.who;
    out.time_usec = static_cast<std::uint64_t>(std::max<std::int64_t>(pending.time_usec, 0));
    if (!pending.confirmed.empty()) out.confirmed = pending.confirmed;
    if (pending.origin == firmware::PendingReset::Origin::from_memory) out.with_memory = true;
    return out;
}

std::vector<api::VariableDifference> translate(const firmware::VariableChanges& changes) {
    std::vector<api::VariableDifference> list;
    auto documents = firmware::to_json(changes);
    for (auto& document : documents) decode(document, list.emplace_back(), api::Where("difference"));
    return list;
}

api::StoreChange translate(const firmware::Changed& changed) {
    api::StoreChange out;
    out.changed = changed.changed;
    if (changed.backup) out.backup = changed.backup->id;
    out.sha256 = unless_empty(changed.sha256);
    out.template_sha256 = unless_empty(changed.template_sha256);
    out.changes = translate(changed.changes);
    if (!changed.health.usable() || changed.health.state == firmware::HealthState::clogged)
        out.warnings = std::vector{changed.health.sentence};
    return out;
}

api::StoreBackup translate(const firmware::Backup& backup, std::string_view current_sha256) {
    api::StoreBackup out;
    out.id = backup.id;
    out.time_usec = static_cast<std::uint64_t>(std::max<std::int64_t>(backup.time_usec, 0));
    out.reason = same_word<api::BackupReason>(backup.reason, api::backup_reason_from);
    out.who = backup.who;
    out.sha256 = backup.sha256;
    out.size_bytes = backup.size;
    out.template_sha256 = unless_empty(backup.template_sha256);
    out.current = !backup.sha256.empty() && backup.sha256 == current_sha256;
    out.problem = unless_empty(backup.problem);
    return out;
}

api::StoreEventDetails details_of(const domain::StoreEvent& event) {
    api::StoreEventDetails details;
    details.who = event.who;
    details.sentence = unless_empty(event.sentence);
    details.template_sha256 = unless_empty(event.template_sha256);
    details.sha256 = unless_empty(event.sha256);
    details.backup = unless_empty(event.backup);
    if (event.health) details.state = store_state(*event.health);
    details.old_code_sha256 = unless_empty(event.old_code_sha256);
    details.new_code_sha256 = unless_empty(event.new_code_sha256);
    return details;
}

api::FirmwareVariable translate(const firmware::Variable& variable) {
    api::FirmwareVariable out;
    decode(firmware::to_json(variable), out, here);
    return out;
}

// What is for reading only is not passed on: the library refuses what it does not know.
firmware::Variable variable_of(const api::FirmwareVariable& variable) {
    boost::json::object document;
    encode(variable, document);
    return take(firmware::variable_from_json(document));
}

boost::json::array import_list(const std::vector<api::FirmwareVariable>& variables) {
    boost::json::array list;
    list.reserve(variables.size());
    for (auto& variable : variables) encode(variable, list.emplace_back(boost::json::object()).get_object());
    return list;
}

domain::StoreTerms terms_of(const api::StoreChangeOptions& options) {
    domain::StoreTerms terms;
    terms.if_sha256 = options.if_sha256;
    if (options.confirm) terms.confirm = *options.confirm;
    return terms;
}

domain::ResetWish reset_wish(const std::optional<std::vector<api::VariableClass>>& classes,
                             const std::optional<std::vector<api::VariableClass>>& keep,
                             const std::optional<std::vector<std::string>>& confirm) {
    domain::ResetWish wish;
    if (classes) {
        wish.classes = classes_of(*classes);
        if (wish.classes.empty())
            throw Error(Errc::invalid_argument, "no class of variables is named")
                .with_hint("leave the classes out to reset everything");
    }
    if (keep) wish.keep = classes_of(*keep);
    if (confirm) wish.terms.confirm = *confirm;
    return wish;
}

}  // namespace vireo::service
