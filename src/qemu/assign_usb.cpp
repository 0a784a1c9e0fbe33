// SPDX-License-Identifier: LGPL-2.1-or-later
// The ports of the USB controllers. There are no hubs, so a port is one number.
#include "qemu/assign_parts.hpp"

#include <charconv>
#include <fmt/format.h>
#include <map>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::UsbAddress;

std::optional<std::uint32_t> port_number(const std::string& text) {
    std::uint32_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

class UsbPorts {
public:
    explicit UsbPorts(const model::Domain& domain) : domain_(domain) {}

    Result<> keep(const model::DeviceInfo& info, const std::string& device) {
        if (!info.address) return {};
        const auto* address = std::get_if<UsbAddress>(&*info.address);
        if (!address) return wrong_address(device, "usb");
        const auto* controller = bus(address->bus);
        if (!controller)
            return fail(Errc::invalid_config, device,
                        fmt::format(" is on the USB controller {}, which is not there", address->bus));
        if (address->port.empty()) return {};
        const auto port = port_number(address->port);
        if (!port)
            return fail(Errc::invalid_config, device, " is at the USB port ", address->port,
                        ", behind a hub that is not there");
        if (*port < 1 || *port > usb_ports(*controller))
            return fail(Errc::invalid_config, device,
                        fmt::format(" is at the USB port {}, but {} has {}", *port, describe(*controller),
                                    usb_ports(*controller)));
        auto [other, fresh] = taken_.insert({{address->bus, *port}, device});
        if (fresh) return {};
        return fail(Errc::invalid_config, other->second, " and ", device,
                    fmt::format(" are both at port {} of {}", *port, describe(*controller)));
    }

    Result<> place(model::DeviceInfo& info, const std::string& device) {
        auto* given = info.address ? std::get_if<UsbAddress>(&*info.address) : nullptr;
        if (given && !given->port.empty()) return {};
        bool any = false;
        for (const auto& controller : domain_.devices.controllers) {
            if (controller.type != Controller::Type::usb || (given && given->bus != controller.index)) continue;
            any = any || usb_ports(controller) > 0;
            for (std::uint32_t port = 1; port <= usb_ports(controller); ++port) {
                if (!taken_.insert({{*controller.index, port}, device}).second) continue;
                auto address = given ? *given : UsbAddress{};
                address.bus = *controller.index;
                address.port = std::to_string(port);
                info.address = std::move(address);
                return {};
            }
        }
        if (!any)
            return fail(Errc::invalid_config, device,
                        " needs USB, which this domain has not (<controller type='usb'>)");
        return Failure(Error(Errc::invalid_config, "no USB port is free for " + device)
                           .with_hint("Add a controller: <controller type='usb' model='qemu-xhci' ports='15'/>"));
    }

private:
    const Controller* bus(std::uint32_t index) const {  // not the companions, which share the index
        for (const auto& controller : domain_.devices.controllers)
            if (controller.type == Controller::Type::usb && controller.index == index && usb_ports(controller))
                return &controller;
        return nullptr;
    }
    const model::Domain& domain_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> taken_;
};

}  // namespace

Result<> assign_usb(Assignment& assignment) {
    UsbPorts ports(assignment.domain);
    std::vector<std::pair<model::DeviceInfo*, std::string>> devices;
    for (auto& disk : assignment.domain.devices.disks)
        if (disk.bus() == model::DiskBus::usb) devices.emplace_back(&disk.info, describe(disk));
    for (auto& input : assignment.domain.devices.inputs)
        if (input.bus == model::Input::Bus::usb) devices.emplace_back(&input.info, describe(input));
    for (auto& serial : assignment.domain.devices.serials)
        if (serial.target->type == model::SerialTarget::Type::usb_serial)
            devices.emplace_back(&serial.info, describe(serial));
    for (const auto& [info, name] : devices)
        if (auto kept = ports.keep(*info, name); !kept) return kept;
    for (const auto& [info, name] : devices)
        if (auto placed = ports.place(*info, name); !placed) return placed;
    return {};
}

}  // namespace vireo::qemu
