// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/mediated_device.hpp"

#include "host/sysfs.hpp"

#include <fmt/format.h>

namespace vireo::host {
namespace fs = std::filesystem;

Result<std::string> find_mediated_device(const std::string& uuid, std::string_view interface, const fs::path& root) {
    const auto device = root / "sys/bus/mdev/devices" / uuid;
    std::error_code error;
    if (!fs::exists(device, error)) {
        const bool any = fs::exists(root / "sys/bus/mdev", error);
        return Failure(Error(Errc::not_found, fmt::format("mediated device {} is not on this host", uuid))
                           .with_hint(any ? "Start it: mdevctl start -u " + uuid
                                          : "No driver of this host hands out mediated devices (it has no "
                                            "/sys/bus/mdev)"));
    }
    const auto known = read_text(device / "mdev_type/device_api");
    if (!known.empty() && known != interface)
        return Failure(Error(Errc::invalid_config,
                             fmt::format("mediated device {} is of the model {}, not {}", uuid, known, interface))
                           .with_hint(fmt::format("Use model='{}'", known)));
    auto group = link_name(device / "iommu_group");
    if (group.empty())
        return Failure(Error(Errc::unsupported, fmt::format("mediated device {} is in no IOMMU group", uuid))
                           .with_hint("Its driver was perhaps just unbound: mdevctl list shows its state"));
    return group;
}

}  // namespace vireo::host
