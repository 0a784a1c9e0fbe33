// SPDX-License-Identifier: LGPL-2.1-or-later
// Serial ports, parallel ports, consoles.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vireo::qemu {
namespace {
using model::Console;
using model::ConsoleTarget;
using model::Serial;
using model::SerialTarget;

std::string_view serial_model(const Machine& machine, SerialTarget::Type type) {
    switch (type) {
        case SerialTarget::Type::isa_serial:
            return "isa-serial";
        case SerialTarget::Type::usb_serial:
            return "usb-serial";
        case SerialTarget::Type::pci_serial:
            return "pci-serial";
        case SerialTarget::Type::system_serial:
            if (machine.arm_virt()) return "pl011";
            return machine.virt() ? "16550a" : "";  // other boards have what they have
        case SerialTarget::Type::spapr_vio_serial:
            return "spapr-vty";
        case SerialTarget::Type::sclp_serial:
            return "sclpconsole";
        case SerialTarget::Type::isa_debug:
            return "isa-debugcon";
    }
    return {};
}

SerialTarget::Type usual_serial(const Machine& machine, const model::DeviceInfo& info) {
    using enum SerialTarget::Type;
    if (info.at<model::IsaAddress>()) return isa_serial;
    if (info.at<model::UsbAddress>()) return usb_serial;
    if (info.at<model::PciAddress>()) return pci_serial;
    if (info.at<model::SpaprVioAddress>()) return spapr_vio_serial;
    if (machine.x86()) return isa_serial;
    if (machine.pseries()) return spapr_vio_serial;
    return machine.s390() ? sclp_serial : system_serial;
}

bool possible(const Machine& machine, SerialTarget::Type type, std::string_view model) {
    using enum SerialTarget::Type;
    switch (type) {
        case isa_serial:
        case isa_debug:
            return machine.has_isa();
        case spapr_vio_serial:
            return machine.pseries();
        case sclp_serial:
            return machine.s390();
        case system_serial:
            if (model == "pl011") return machine.arm_virt();
            if (model == "16550a") return machine.virt() && !machine.arm();
            return !machine.x86() && !machine.pseries() && !machine.s390();
        case usb_serial:
        case pci_serial:
            break;
    }
    return true;
}

Result<> assign_serial(const Assignment& assignment, Serial& serial) {
    using enum SerialTarget::Type;
    const auto& machine = assignment.machine;
    auto& target = *serial.target;
    // Definitions from before there were other types say isa-serial whatever the machine.
    const bool old_spelling =
        target.type == isa_serial && target.model.empty() && !machine.x86() && !serial.info.address && !machine.s390();
    if (!target.type || old_spelling) target.type = usual_serial(machine, serial.info);
    if (target.model.empty()) target.model = serial_model(machine, *target.type);
    if (!possible(machine, *target.type, target.model))
        return fail(Errc::invalid_config, describe(serial), " cannot be of the type '", to_string(*target.type),
                    "' on machines of the type '", assignment.domain.os.type.machine, "'");
    return {};
}

Result<> assign_serials(Assignment& assignment) {
    constexpr std::uint32_t most_isa_ports = 4;
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
        while (!target.port) {
            if (taken.insert(next).second) target.port = next;
            ++next;
        }
        if (auto done = assign_serial(assignment, serial); !done) return done;
        if (*target.type == SerialTarget::Type::isa_serial && *target.port >= most_isa_ports)
            return fail(Errc::invalid_config, describe(serial),
                        " cannot be: a machine has at most 4 of the type 'isa-serial'");
    }
    return {};
}

Result<> assign_parallels(Assignment& assignment) {
    constexpr std::uint32_t most = 3;
    auto& parallels = assignment.domain.devices.parallels;
    if (!parallels.empty() && (assignment.machine.s390() || assignment.machine.pseries()))
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
        if (*parallel.port >= most)
            return fail(Errc::invalid_config, describe(parallel), " cannot be: a machine has at most 3");
    }
    return {};
}

// The first console is the first serial port seen again, as libvirt has it; whichever of the two is there makes the
// other.
Result<> mirror_console(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    if (devices.consoles.empty()) {
        if (devices.serials.empty()) return {};
        using enum SerialTarget::Type;
        const auto type = *devices.serials[0].target->type;
        if (type == usb_serial || type == pci_serial || type == isa_debug) return {};  // no firmware speaks there
        auto& target = devices.consoles.emplace_back().target.emplace();
        target.type = ConsoleTarget::Type::serial;
        target.port = 0;
    } else if (*devices.consoles[0].target->type != ConsoleTarget::Type::serial) {
        return {};
    }
    auto& console = devices.consoles[0];
    if (devices.serials.empty()) {
        auto& serial = devices.serials.emplace_back();
        serial.backend = console.backend;
        serial.info = console.info;
        return assign_serials(assignment);
    }
    console.backend = devices.serials[0].backend;
    return {};
}

Result<> assign_consoles(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    for (std::size_t i = 0; i < devices.consoles.size(); ++i) {
        auto& console = devices.consoles[i];
        if (!console.target) console.target.emplace();
        // Without a serial port before it, s390x's console is a virtio one.
        const bool serial = i == 0 && (!assignment.machine.s390() || !devices.serials.empty());
        if (!console.target->type)
            console.target->type = serial ? ConsoleTarget::Type::serial : ConsoleTarget::Type::virtio;
        console.target->port = static_cast<std::uint32_t>(i);
        const auto type = *console.target->type;
        if (i > 0 && type == ConsoleTarget::Type::serial)
            return fail(Errc::invalid_config, "only the first console can be of the type 'serial', and ",
                        describe(console), " is another one");
        if ((type == ConsoleTarget::Type::sclp || type == ConsoleTarget::Type::sclplm) && !assignment.machine.s390())
            return fail(Errc::invalid_config, describe(console), " is of a type that only s390x has");
    }
    return mirror_console(assignment);
}

}  // namespace

Result<> assign_characters(Assignment& assignment) {
    for (auto* part : {assign_serials, assign_parallels, assign_consoles})
        if (auto done = part(assignment); !done) return done;
    return {};
}

}  // namespace vireo::qemu
