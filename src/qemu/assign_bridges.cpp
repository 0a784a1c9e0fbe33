// SPDX-License-Identifier: LGPL-2.1-or-later
// What a PCI controller is to QEMU and to the guest: its device, its numbers. Chosen once, then kept in the definition.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::ControllerTarget;
using model::PciAddress;

std::string_view usual_device(const Assignment& assignment, Controller::Model model) {
    using enum Controller::Model;
    switch (model) {
        case pci_root:
            return assignment.machine.pseries() ? "spapr-pci-host-bridge" : "";
        case pci_bridge:
            return "pci-bridge";
        case dmi_to_pci_bridge:
            return "i82801b11-bridge";
        case pcie_to_pci_bridge:
            return "pcie-pci-bridge";
        case pcie_root_port:
            return assignment.capabilities.has_device("pcie-root-port") ? "pcie-root-port" : "ioh3420";
        case pcie_switch_upstream_port:
            return "x3130-upstream";
        case pcie_switch_downstream_port:
            return "xio3130-downstream";
        case pci_expander_bus:
            return "pxb";
        case pcie_expander_bus:
            return "pxb-pcie";
        default:
            return "";
    }
}

bool device_fits(Controller::Model model, std::string_view device, std::string_view usual) {
    if (device == usual) return true;
    return model == Controller::Model::pcie_root_port && (device == "ioh3420" || device == "pcie-root-port");
}

// Bus numbers of expander buses are given out downwards, with room below each for what is plugged into it.
Result<std::uint32_t> free_bus_number(const model::Domain& domain) {
    std::uint32_t lowest = 256;
    for (const auto& controller : domain.devices.controllers)
        if (controller.type == Controller::Type::pci && controller.target && controller.target->bus_nr)
            lowest = std::min(lowest, *controller.target->bus_nr);
    if (lowest > 2) return lowest - 2;
    return Failure(Error(Errc::limit_exceeded, "no bus number is free below those of the other expander buses")
                       .with_hint("Give each its own, <target><busNr>…</busNr></target>"));
}

Result<std::uint32_t> free_host_bridge(const model::Domain& domain) {
    constexpr std::uint32_t last = 30;
    for (std::uint32_t index = 1; index <= last; ++index) {
        const bool taken = std::ranges::any_of(domain.devices.controllers, [&](const Controller& controller) {
            return controller.type == Controller::Type::pci && controller.target && controller.target->index == index;
        });
        if (!taken) return index;
    }
    return fail(Errc::limit_exceeded, "a pseries machine has at most 31 PCI host bridges");
}

Result<> number_bridge(Assignment& assignment, Controller& controller) {
    using enum Controller::Model;
    const auto number = controller.index.value_or(0);
    auto target = [&]() -> ControllerTarget& {
        return controller.target ? *controller.target : controller.target.emplace();
    };
    const auto keep = [](std::optional<std::uint32_t>& to, Result<std::uint32_t> found) -> Result<> {
        if (!found) return Failure(found.error());
        to = *found;
        return {};
    };
    const auto* at = controller.info.at<PciAddress>();
    switch (*controller.model) {
        case pcie_root_port:
        case pcie_switch_downstream_port:
            if (!target().chassis) target().chassis = number;
            // A root port is a function of the chipset, a switch's port has a slot of its own.
            if (!target().port && at)
                target().port = *controller.model == pcie_root_port ? at->slot << 3 | at->function : at->slot;
            break;
        case pci_bridge:
            if (!target().chassis_nr) target().chassis_nr = number;
            break;
        case pci_expander_bus:
        case pcie_expander_bus:
            if (!target().bus_nr) return keep(target().bus_nr, free_bus_number(assignment.domain));
            break;
        case pci_root:
            if (!assignment.machine.pseries() || target().index) break;
            if (number == 0)
                target().index = 0;
            else
                return keep(target().index, free_host_bridge(assignment.domain));
            break;
        default:
            break;
    }
    return {};
}

Result<> check_bridge(const Assignment& assignment, const Controller& controller) {
    using enum Controller::Model;
    const auto model = *controller.model;
    const auto& machine = assignment.machine;
    const auto number = controller.index.value_or(0);
    const auto name = fmt::format("{} ({})", describe(controller), to_string(model));
    if ((model == pci_root || model == pcie_root) && number != 0 && !machine.several_pci_roots())
        return fail(Errc::invalid_config, name, " cannot be: pci-root and pcie-root have the index 0");
    if (model == pci_expander_bus && !machine.i440fx())
        return fail(Errc::invalid_config, name, " is only for machines of the type 'pc'");
    if (model == pcie_expander_bus && !machine.q35() && !machine.arm_virt())
        return fail(Errc::invalid_config, name, " is only for machines of the types 'q35' and, on arm, 'virt'");
    const bool express = model >= dmi_to_pci_bridge && model <= pcie_switch_downstream_port;
    if (express && !machine.pcie_root())
        return fail(Errc::invalid_config, name, " cannot be: this machine has no PCI Express");
    const auto* target = controller.target ? &*controller.target : nullptr;
    const auto* at = controller.info.at<PciAddress>();
    if (model == pci_root && machine.pseries() && target && target->index && (number == 0) != (*target->index == 0))
        return fail(Errc::invalid_config, name,
                    ": the target index 0 belongs to the controller with the index 0, and to no other");
    if (target && target->node) {
        if (model == pci_root && number == 0)
            return fail(Errc::invalid_config, name, ": the first root bus cannot belong to a NUMA node");
        const auto& cpu = assignment.domain.cpu;
        const auto nodes = cpu && cpu->numa ? cpu->numa->cells.size() : std::size_t{0};
        if (*target->node >= nodes)
            return fail(Errc::invalid_config, name,
                        fmt::format(": <target><node> is {}, but <cpu><numa> has {} cells", *target->node, nodes));
    }
    if (model == pci_bridge && at && number == at->bus)  // it has found no other free slot than its own
        return Failure(Error(Errc::limit_exceeded, name + " has no place: too many devices have fixed addresses")
                           .with_hint("Free a slot of a bus before it, or leave out the <address> of some devices"));
    if (model == pci_bridge && at && number < at->bus)
        return fail(Errc::invalid_config, name,
                    fmt::format(" sits on bus {}: its index must be larger than that", at->bus));
    return {};
}

}  // namespace

Result<> check_bridges(const Assignment& assignment) {
    for (const auto& controller : assignment.domain.devices.controllers)
        if (controller.type == Controller::Type::pci && controller.model)
            if (auto good = check_bridge(assignment, controller); !good) return good;
    return {};
}

Result<> assign_bridges(Assignment& assignment) {
    for (auto& controller : assignment.domain.devices.controllers) {
        if (controller.type != Controller::Type::pci || !controller.model) continue;
        const auto usual = usual_device(assignment, *controller.model);
        if (controller.model_name.empty())
            controller.model_name = usual;
        else if (!device_fits(*controller.model, controller.model_name, usual))
            return fail(Errc::invalid_config, describe(controller), " is a '", to_string(*controller.model),
                        "', which cannot be the device '", controller.model_name, "'");
        if (auto numbered = number_bridge(assignment, controller); !numbered) return numbered;
    }
    return check_bridges(assignment);
}

}  // namespace vireo::qemu
