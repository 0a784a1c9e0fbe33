// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/domain.hpp"

#include <string_view>

namespace vireo::model {

DiskBus Disk::bus() const noexcept {
    if (target.bus) return *target.bus;
    const std::string_view dev = target.dev;
    if (dev.starts_with("fd")) return DiskBus::fdc;
    if (dev.starts_with("hd")) return DiskBus::ide;
    if (dev.starts_with("sd")) return DiskBus::scsi;
    return DiskBus::virtio;
}

}  // namespace vireo::model
