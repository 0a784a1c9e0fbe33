// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's firmware in the words of the API.
#pragma once
#include "api/types.hpp"
#include "firmware/identity.hpp"

namespace vireo::service {

api::FirmwareDescription describe(const firmware::Entry& entry);

// definition: what the requirements begin with, or null. Error(invalid_argument) for what cannot be meant.
firmware::Requirements translate(const api::FirmwareRequirements& wanted, const model::Domain* definition);

api::RecordedFirmware recorded(const firmware::Standing& standing);  // firmware_identity.cpp
api::FirmwareReport report(const firmware::Requirements& wanted, const firmware::Catalog& catalog);

}  // namespace vireo::service
