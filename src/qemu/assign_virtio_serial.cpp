// SPDX-License-Identifier: LGPL-2.1-or-later
// The ports of virtio-serial controllers, and the slots of smart card readers.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace vireo::qemu {
namespace {
using model::CcidAddress;
using model::Console;
using model::ConsoleTarget;
using model::Controller;

constexpr std::uint32_t default_virtio_serial_ports = 31;
constexpr std::size_t most_virtio_serial_controllers = 64;

// Gives out the ports of the virtio-serial controllers. Port 0 can only be a console's.
class VirtioSerialPorts {
public:
    explicit VirtioSerialPorts(Assignment& assignment) : assignment_(assignment), domain_(assignment.domain) {}

    Result<> keep(const model::DeviceInfo& info, const std::string& device, bool console) {
        if (!info.address) return {};
        const auto* address = info.at<model::VirtioSerialAddress>();
        if (!address && console && assignment_.machine.ccw() && info.at<model::CcwAddress>()) return {};  // an old form
        if (!address) return wrong_address(device, "virtio-serial");
        if (address->controller >= most_virtio_serial_controllers)  // which has one bus, whatever its number is
            return fail(Errc::invalid_config, device, " is on a virtio-serial controller that cannot be");
        auto& controller = ensure_controller(domain_, Controller::Type::virtio_serial, address->controller);
        // libvirt's old definitions say port 0 where they mean "any".
        if (!address->port || (*address->port == 0 && !console)) return {};
        if (*address->port >= ports(controller))
            return fail(Errc::invalid_config, device,
                        fmt::format(" cannot be at port {} of {}", *address->port, describe(controller)));
        auto [other, fresh] = taken_.insert({{address->controller, *address->port}, device});
        if (fresh) return {};
        return fail(Errc::invalid_config, other->second, " and ", device,
                    fmt::format(" are both at port {} of {}", *address->port, describe(controller)));
    }

    Result<> place(model::DeviceInfo& info, const std::string& device, bool console) {
        const auto* given = info.at<model::VirtioSerialAddress>();
        if (given && given->port && (*given->port != 0 || console)) return {};
        if (info.address && !given) return {};
        const std::uint32_t first = given ? given->controller : 0;
        const std::uint32_t last = given ? given->controller : most_virtio_serial_controllers - 1;
        for (std::uint32_t index = first; index <= last; ++index) {
            const auto& controller = ensure_controller(domain_, Controller::Type::virtio_serial, index);
            for (std::uint32_t port = console ? 0 : 1; port < ports(controller); ++port) {
                if (!taken_.insert({{index, port}, device}).second) continue;
                auto address = given ? *given : model::VirtioSerialAddress{};
                address.controller = index;
                address.port = port;
                info.address = std::move(address);
                return {};
            }
        }
        return fail(Errc::invalid_config, "no port of a virtio-serial controller is free for ", device);
    }

private:
    static std::uint32_t ports(const Controller& controller) {
        return controller.ports.value_or(default_virtio_serial_ports);
    }
    const Assignment& assignment_;
    model::Domain& domain_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> taken_;
};

bool on_virtio_serial(const Console& console) {
    return console.target && console.target->type == ConsoleTarget::Type::virtio;
}
bool on_virtio_serial(const model::Channel& channel) {
    return channel.target.type == model::ChannelTarget::Type::virtio;
}

}  // namespace

Result<> assign_virtio_serial(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    VirtioSerialPorts ports(assignment);
    for (const auto& channel : devices.channels)
        if (on_virtio_serial(channel))
            if (auto kept = ports.keep(channel.info, describe(channel), false); !kept) return kept;
    for (const auto& console : devices.consoles)
        if (on_virtio_serial(console))
            if (auto kept = ports.keep(console.info, describe(console), true); !kept) return kept;
    for (auto& console : devices.consoles)
        if (on_virtio_serial(console))
            if (auto placed = ports.place(console.info, describe(console), true); !placed) return placed;
    for (auto& channel : devices.channels)
        if (on_virtio_serial(channel))
            if (auto placed = ports.place(channel.info, describe(channel), false); !placed) return placed;
    return {};
}

Result<> assign_smartcards(Assignment& assignment) {
    auto& smartcards = assignment.domain.devices.smartcards;
    std::set<std::pair<std::uint32_t, std::uint32_t>> taken;
    for (const auto& smartcard : smartcards) {
        const auto* at = smartcard.info.at<CcidAddress>();
        if (smartcard.info.address && !at) return wrong_address(describe(smartcard), "ccid");
        if (at && at->slot && !taken.insert({at->controller, *at->slot}).second)
            return fail(Errc::invalid_config, "two smart cards are in slot ",
                        fmt::format("{} of the ccid controller {}", *at->slot, at->controller));
    }
    for (auto& smartcard : smartcards) {
        auto address = smartcard.info.at<CcidAddress>() ? *smartcard.info.at<CcidAddress>() : CcidAddress{};
        for (std::uint32_t slot = 0; !address.slot; ++slot)
            if (taken.insert({address.controller, slot}).second) address.slot = slot;
        ensure_controller(assignment.domain, Controller::Type::ccid, address.controller);
        smartcard.info.address = std::move(address);
    }
    return {};
}

}  // namespace vireo::qemu
