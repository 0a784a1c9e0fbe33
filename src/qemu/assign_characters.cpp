// SPDX-License-Identifier: LGPL-2.1-or-later
// Serial ports, parallel ports, consoles.
#include "qemu/assign_parts.hpp"

#include <fmt/format.h>
#include <set>

namespace vireo::qemu {
namespace {
using model::Console;
using model::ConsoleTarget;
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
            return machine.riscv() ? "16550a" : "pl011";
        case SerialTarget::Type::spapr_vio_serial:
            return "spapr-vty";
        case SerialTarget::Type::sclp_serial:
            return "sclpconsole";
        case SerialTarget::Type::isa_debug:
            return "isa-debugcon";
    }
    return "isa-serial";
}

SerialTarget::Type usual_serial(const Machine& machine) {
    using enum SerialTarget::Type;
    if (machine.pseries()) return spapr_vio_serial;
    if (machine.s390()) return sclp_serial;
    if (machine.arm() || machine.riscv() || machine.loongarch()) return system_serial;
    return isa_serial;
}

// A port of the board itself is of the kind that this board has.
Result<> check_serial(const Machine& machine, const model::Serial& serial) {
    using enum SerialTarget::Type;
    const auto type = *serial.target->type;
    if (type == usb_serial || type == pci_serial || type == usual_serial(machine) ||
        (type == isa_debug && machine.has_isa()))
        return {};
    return fail(Errc::invalid_config, describe(serial), " cannot be of the type '", to_string(type),
                "' on machines of the type '", machine.name, "'");
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
        if (!target.type) target.type = usual_serial(assignment.machine);
        if (auto good = check_serial(assignment.machine, serial); !good) return good;
        if (target.model.empty()) target.model = serial_model(assignment.machine, *target.type);
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

}  // namespace

Result<> assign_characters(Assignment& assignment) {
    for (auto* part : {assign_serials, assign_parallels, assign_consoles})
        if (auto done = part(assignment); !done) return done;
    return {};
}

}  // namespace vireo::qemu
