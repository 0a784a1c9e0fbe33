// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/usb_device.hpp"

#include "host/sysfs.hpp"

#include <fmt/format.h>
#include <vector>

namespace vireo::host {
namespace fs = std::filesystem;
namespace {

bool differs(const std::optional<std::uint32_t>& wanted, const std::optional<std::uint64_t>& found) {
    return wanted && found != *wanted;
}

bool fits(const UsbRequest& request, const fs::path& device) {
    if (differs(request.vendor, read_number(read_text(device / "idVendor"), 16))) return false;
    if (differs(request.product, read_number(read_text(device / "idProduct"), 16))) return false;
    if (differs(request.bus, read_number(read_text(device / "busnum")))) return false;
    if (differs(request.device, read_number(read_text(device / "devnum")))) return false;
    return request.port.empty() || request.port == read_text(device / "devpath");
}

}  // namespace

std::string UsbRequest::text() const {
    std::string text;
    if (vendor) text = fmt::format("{:04x}:{:04x}", *vendor, product.value_or(0));
    if (!bus) return text;
    if (!text.empty()) text += " at ";
    if (device) return text + fmt::format("bus {}, device {}", *bus, *device);
    return text + fmt::format("bus {}, port {}", *bus, port);
}

Result<UsbDevice> find_usb_device(const UsbRequest& request, const fs::path& root) {
    const auto folder = root / "sys/bus/usb/devices";
    std::vector<UsbDevice> found;
    for (const auto& name : names_in(folder)) {
        const auto device = folder / name;
        const auto bus = read_number(read_text(device / "busnum"));
        const auto number = read_number(read_text(device / "devnum"));  // interfaces of devices have none
        if (!bus || !number || !fits(request, device)) continue;
        UsbDevice one;
        one.bus = static_cast<std::uint32_t>(*bus);
        one.device = static_cast<std::uint32_t>(*number);
        one.node = fmt::format("/dev/bus/usb/{:03}/{:03}", one.bus, one.device);
        found.push_back(std::move(one));
    }
    if (found.empty()) {
        std::error_code error;
        const bool any = fs::exists(folder, error);
        return Failure(
            Error(Errc::not_found, fmt::format("USB device {} is not on this host", request.text()))
                .with_hint(any ? "Plug it in; lsusb lists the devices that are there" : "This host has no USB at all"));
    }
    if (found.size() > 1)
        return Failure(Error(Errc::invalid_config, fmt::format("{} USB devices of this host are {}: at bus {}, device "
                                                               "{}, and at bus {}, device {}",
                                                               found.size(), request.text(), found[0].bus,
                                                               found[0].device, found[1].bus, found[1].device))
                           .with_hint("Say which with <address bus='…' device='…'/> in <source>"));
    return found.front();
}

}  // namespace vireo::host
