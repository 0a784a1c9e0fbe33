// SPDX-License-Identifier: LGPL-2.1-or-later
// What QEMU can run and the daemon cannot serve yet when a domain starts: advice about placement, labels, devices that
// need something prepared (networks, pools, helper programs, parts of the host's hardware). It is kept in the
// definition, shown in the command line, and refused here by name, so that no guest runs without what its definition
// asks for. The one list of it.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <string>
#include <string_view>

namespace vireo::domain {

Result<> check_servable(const model::Domain& domain);            // Failure(unsupported): the element, and what to do
Result<> check_devices_servable(const model::Devices& devices);  // its part; servable_devices.cpp

// "devices/disk[2]": the place of a device in its definition, counted from 1 as XPath does; index counts from 0.
std::string device_place(std::string_view element, std::size_t index);

}  // namespace vireo::domain
