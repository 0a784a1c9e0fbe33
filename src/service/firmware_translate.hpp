// SPDX-License-Identifier: LGPL-2.1-or-later
// Between the values of firmware/ and domain/, and those of org.vireo1.Domain.Firmware.
#pragma once
#include "api/types.hpp"
#include "domain/nvram.hpp"
#include "firmware/identity.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace vireo::service {

// An enumeration of theirs as the API's of the same words, and back.
template <class To, class From>
To same_word(From value, std::optional<To> (*from)(std::string_view) noexcept) {
    auto found = from(model::to_string(value));
    if (!found)
        throw Error(Errc::internal, "a word that the API does not have: " + std::string(model::to_string(value)));
    return *found;
}

api::StoreState store_state(firmware::HealthState state);
api::StoreState store_state(const domain::StoreFacts& facts);
api::StoreMoment moment_of(const domain::Nvram::Looked& looked);
api::PendingReset translate(const firmware::PendingReset& pending);
api::StoreChange translate(const firmware::Changed& changed);
std::vector<api::VariableDifference> translate(const firmware::VariableChanges& changes);
api::StoreBackup translate(const firmware::Backup& backup, std::string_view current_sha256);
api::StoreEventDetails details_of(const domain::StoreEvent& event);

api::FirmwareVariable translate(const firmware::Variable& variable);  // in the shape of an export
firmware::Variable variable_of(const api::FirmwareVariable& variable);
boost::json::array import_list(const std::vector<api::FirmwareVariable>& variables);

domain::StoreTerms terms_of(const api::StoreChangeOptions& options);
// What libvirt's flags for a reset mean, with the options beside them; null without a reset.
domain::ResetWish reset_wish(const std::optional<std::vector<api::VariableClass>>& classes,
                             const std::optional<std::vector<api::VariableClass>>& keep,
                             const std::optional<std::vector<std::string>>& confirm);
template <class Options>  // StartOptions, CreateOptions
std::shared_ptr<const domain::ResetWish> wish_of(const Options& options) {
    bool more = options.reset_classes || options.reset_keep;
    if (options.reset_nvram.value_or(false))
        return std::make_shared<const domain::ResetWish>(
            reset_wish(options.reset_classes, options.reset_keep, options.confirm));
    if (more)
        throw Error(Errc::invalid_argument,
                    "reset-classes and reset-keep say what reset-nvram does; it is not asked for");
    return nullptr;
}

// Does the caller accept other firmware than what was recorded?
inline bool accepts_firmware(const std::optional<std::vector<std::string>>& confirm) {
    return confirm && std::ranges::find(*confirm, firmware::changed_word) != confirm->end();
}

}  // namespace vireo::service
