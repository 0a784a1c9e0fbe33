// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of validate(), one file each.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <string>
#include <string_view>

namespace vireo::model {

Result<> validate_firmware(const Domain& domain);  // os and what it needs elsewhere
Result<> validate_disks(const Domain& domain);
Result<> validate_devices(const Domain& domain);  // each of the others in itself
Result<> validate_places(
    const Domain& domain);  // controllers, addresses, aliases, boot order: devices among each other

Result<> check_path(const std::string& path, std::string_view what);  // absolute, when there is one

}  // namespace vireo::model
