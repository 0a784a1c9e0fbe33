// SPDX-License-Identifier: LGPL-2.1-or-later
// The limits of a disk (<iotune>). QEMU takes them over QMP, once its devices are there.
#pragma once
#include "model/disk.hpp"

#include <boost/json/object.hpp>

#include <optional>

namespace vireo::qemu {

// The arguments of QMP's block_set_io_throttle; nothing: the disk has no limits. Disks of one group share them.
std::optional<boost::json::object> throttle_arguments(const model::Disk& disk);

}  // namespace vireo::qemu
