// SPDX-License-Identifier: LGPL-2.1-or-later
// The limits of a disk (<iotune>), which QEMU takes over QMP once its devices are there, and those of a throttle group,
// an object that the nodes of disks refer to.
#pragma once
#include "model/disk.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>

namespace vireo::qemu {

// The arguments of QMP's block_set_io_throttle; nothing: the disk has no limits. Disks of one group share them.
std::optional<boost::json::object> throttle_arguments(const model::Disk& disk);

// The id of a group's object.
std::string throttle_group_id(const std::string& group_name);

// One of <throttlegroups> as -object.
boost::json::object throttle_group(const model::IoTune& group);

}  // namespace vireo::qemu
