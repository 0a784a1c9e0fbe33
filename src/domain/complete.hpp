// SPDX-License-Identifier: LGPL-2.1-or-later
// What Vireo chooses for a definition when it is defined, and what belongs to a definition on disk.
#pragma once
#include "domain/environment.hpp"
#include "domain/running.hpp"
#include "model/domain.hpp"

#include <string>

namespace vireo::domain {

// The emulator that a definition names, or the host's for its architecture. Reads folders: off the loop.
Task<std::string> emulator_of(Environment& environment, std::string emulator, std::string architecture);

// Machine type, devices, addresses, firmware. The definition's UUID is set. earlier: the text of the definition that
// this one replaces, or null. → the text that is stored.
Task<std::string> complete(Environment& environment, model::Domain& definition,
                           std::shared_ptr<const std::string> earlier = {});

// Before a definition goes: can dispose_of_nvram() do it (Error(busy) while somebody uses the store; in_use: the domain
// itself does), and a note of it, so that a daemon that dies in between is no loss (firmware/disposal_note.hpp).
Task<> plan_nvram_disposal(Environment& environment, const model::Domain& definition, NvramDisposal how, bool in_use);
// Moves, keeps or removes the variable store of a domain that is gone, and tells. Does nothing when it has none.
Task<> dispose_of_nvram(Environment& environment, model::Domain definition, NvramDisposal how, const Domain& domain,
                        std::string who);

}  // namespace vireo::domain
