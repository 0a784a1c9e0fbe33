// SPDX-License-Identifier: LGPL-2.1-or-later
// Serial ports, parallel ports, consoles, and the ports of virtio-serial controllers.
#include "qemu/assign_parts.hpp"

#include <fmt/format.h>
#include <map>
#include <set>

namespace vireo::qemu {
namespace {
using model::Console;
using model::ConsoleTarget;
using model::Controller;
using model::SerialTarget;

constexpr std::uint32_t default_virtio_serial_ports = 31;
constexpr std::size_t most_virtio_serial_controllers = 64;

std::string_view serial_model(SerialTarget::Type type) {
    switch (type) {
        case SerialTarget::Type::isa_serial:
            return "isa-serial";
        case SerialTarget::Type::usb_serial:
            return "usb-serial";
        case SerialTarget::Type::pci_serial:
            return "pci-serial";
        case SerialTarget::Type::system_serial:
            return "pl011";
        case SerialTarget::Type::spapr_vio_serial:
            return "spapr-vty";
        case SerialTarget::Type::sclp_serial:
            return "sclpconsole";
        case SerialTarget::Type::isa_debug:
            return "isa-debugcon";
    }
    return "isa-serial";
}

Result<> assign_serials(Assignment& assignment) {
    auto& serials = assignment.domain.devices.serials;
    std::set<std::uint32_t> taken;
    for (auto& serial : serials) {
        if (!serial.target || !serial.target->port) continue;
        if (!taken.insert(*serial.target->port).second)
            return fail(Errc::invalid_config, "there are two: ", describe(serial));
    }
    std::uint32_t next = 0;
    for (auto& serial : serials) {
        if (!serial.target) serial.target.emplace();
        auto& target = *serial.target;
        if (!target.type)
            target.type = assignment.x86() ? SerialTarget::Type::isa_serial : SerialTarget::Type::system_serial;
        const bool on_board =
            *target.type == SerialTarget::Type::isa_serial || *target.type == SerialTarget::Type::system_serial;
        if (on_board && (*target.type == SerialTarget::Type::isa_serial) != assignment.x86())
            return fail(Errc::invalid_config, describe(serial), " cannot be of the type '", to_string(*target.type),
                        "' on machines of the type '", assignment.domain.os.type.machine, "'");
        if (target.model.empty()) target.model = serial_model(*target.type);
        while (!target.port) {
            if (taken.insert(next).second) target.port = next;
            ++next;
        }
        if (*target.type == SerialTarget::Type::isa_serial && *target.port > 3)
            return fail(Errc::invalid_config, describe(serial),
                        " cannot be: a machine has at most 4 of the type 'isa-serial'");
    }
    return {};
}

Result<> assign_parallels(Assignment& assignment) {
    auto& parallels = assignment.domain.devices.parallels;
    if (!parallels.empty() && !assignment.x86())
        return fail(Errc::invalid_config, "machines of the type '", assignment.domain.os.type.machine,
                    "' have no parallel ports");
    std::set<std::uint32_t> taken;
    for (auto& parallel : parallels)
        if (parallel.port && !taken.insert(*parallel.port).second)
            return fail(Errc::invalid_config, "there are two: ", describe(parallel));
    std::uint32_t next = 0;
    for (auto& parallel : parallels) {
        while (!parallel.port) {
            if (taken.insert(next).second) parallel.port = next;
            ++next;
        }
        if (*parallel.port > 2)
            return fail(Errc::invalid_config, describe(parallel), " cannot be: a machine has at most 3");
    }
    return {};
}

// The first console is the first serial port seen again, as libvirt has it; whichever of the two is there makes the
// other.
Result<> assign_consoles(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    for (std::size_t i = 0; i < devices.consoles.size(); ++i) {
        auto& console = devices.consoles[i];
        if (!console.target) console.target.emplace();
        if (!console.target->type)
            console.target->type = i == 0 ? ConsoleTarget::Type::serial : ConsoleTarget::Type::virtio;
        console.target->port = static_cast<std::uint32_t>(i);
        if (i > 0 && *console.target->type == ConsoleTarget::Type::serial)
            return fail(Errc::invalid_config, "only the first console can be of the type 'serial', and ",
                        describe(console), " is another one");
    }
    if (devices.consoles.empty() && !devices.serials.empty()) {
        auto& target = devices.consoles.emplace_back().target.emplace();
        target.type = ConsoleTarget::Type::serial;
        target.port = 0;
    } else if (devices.consoles.empty() || *devices.consoles[0].target->type != ConsoleTarget::Type::serial) {
        return {};
    }
    auto& console = devices.consoles[0];
    if (devices.serials.empty()) {
        devices.serials.emplace_back().backend = console.backend;
        return assign_serials(assignment);
    }
    console.backend = devices.serials[0].backend;
    return {};
}

// Gives out the ports of the virtio-serial controllers. Port 0 can only be a console's.
class VirtioSerialPorts {
public:
    explicit VirtioSerialPorts(model::Domain& domain) : domain_(domain) {}

    Result<> keep(const model::DeviceInfo& info, const std::string& device, bool console) {
        if (!info.address) return {};
        const auto* address = std::get_if<model::VirtioSerialAddress>(&*info.address);
        if (!address) return wrong_address(device, "virtio-serial");
        if (address->controller >= most_virtio_serial_controllers || address->bus != 0)
            return fail(Errc::invalid_config, device, " is on a virtio-serial controller that cannot be");
        auto& controller = ensure_controller(domain_, Controller::Type::virtio_serial, address->controller);
        if (!address->port) return {};
        if (*address->port >= ports(controller) || (*address->port == 0 && !console))
            return fail(Errc::invalid_config, device,
                        fmt::format(" cannot be at port {} of {}", *address->port, describe(controller)));
        auto [other, fresh] = taken_.insert({{address->controller, *address->port}, device});
        if (fresh) return {};
        return fail(Errc::invalid_config, other->second, " and ", device,
                    fmt::format(" are both at port {} of {}", *address->port, describe(controller)));
    }

    Result<> place(model::DeviceInfo& info, const std::string& device, bool console) {
        auto* given = info.address ? std::get_if<model::VirtioSerialAddress>(&*info.address) : nullptr;
        if (given && given->port) return {};
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
    model::Domain& domain_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> taken_;
};

Result<> assign_virtio_serial(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    VirtioSerialPorts ports(assignment.domain);
    auto is_virtio = [](const Console& console) { return console.target->type == ConsoleTarget::Type::virtio; };
    for (const auto& channel : devices.channels)
        if (auto kept = ports.keep(channel.info, describe(channel), false); !kept) return kept;
    for (const auto& console : devices.consoles) {
        if (!is_virtio(console)) continue;
        if (auto kept = ports.keep(console.info, describe(console), true); !kept) return kept;
    }
    for (auto& channel : devices.channels)
        if (auto placed = ports.place(channel.info, describe(channel), false); !placed) return placed;
    for (auto& console : devices.consoles) {
        if (!is_virtio(console)) continue;
        if (auto placed = ports.place(console.info, describe(console), true); !placed) return placed;
    }
    return {};
}

}  // namespace

Result<> assign_characters(Assignment& assignment) {
    for (auto* part : {assign_serials, assign_parallels, assign_consoles, assign_virtio_serial})
        if (auto done = part(assignment); !done) return done;
    return {};
}

}  // namespace vireo::qemu
