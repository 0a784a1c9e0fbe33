// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/scsi_device.hpp"

#include "host/sysfs.hpp"

#include <fmt/format.h>

namespace vireo::host {
namespace fs = std::filesystem;

std::string ScsiPlace::text() const {
    return fmt::format("{}:{}:{}:{}", host, bus, target, unit);
}

Result<std::string> find_scsi_generic(const ScsiPlace& place, const fs::path& root) {
    const auto device = root / "sys/bus/scsi/devices" / place.text();
    std::error_code error;
    if (!fs::exists(device, error))
        return Failure(Error(Errc::not_found, fmt::format("SCSI device {} is not on this host", place.text()))
                           .with_hint("lsscsi lists the devices that are"));
    for (const auto& name : names_in(device / "scsi_generic")) return "/dev/" + name;
    return Failure(Error(Errc::unsupported, fmt::format("SCSI device {} has no generic node (/dev/sg…)", place.text()))
                       .with_hint("modprobe sg"));
}

Result<> check_vhost_scsi(const std::string& wwpn, const fs::path& root) {
    const auto targets = root / "sys/kernel/config/target/vhost";
    std::error_code error;
    if (!fs::exists(targets, error) || fs::exists(targets / wwpn, error)) return {};
    return Failure(Error(Errc::not_found, fmt::format("the kernel serves no vhost target {}", wwpn))
                       .with_hint("Make one: targetcli /vhost create " + wwpn));
}

}  // namespace vireo::host
