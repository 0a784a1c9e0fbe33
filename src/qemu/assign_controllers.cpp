// SPDX-License-Identifier: LGPL-2.1-or-later
// Controllers: their numbers, the ones that each machine has anyway, and which model is the usual one.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vireo::qemu {
namespace {
using model::Controller;

bool ich9_usb(const Controller& controller) {
    using enum Controller::Model;
    return controller.type == Controller::Type::usb && controller.model >= ich9_ehci1 && controller.model <= ich9_uhci3;
}
// Companions belong to an EHCI controller and share its number.
bool is_companion(const Controller& controller) {
    return ich9_usb(controller) && controller.model != Controller::Model::ich9_ehci1;
}

// Where libvirt keeps a controller in its list, which decides about places: behind the others of its type.
std::size_t place_in(const std::vector<Controller>& controllers, const Controller& controller) {
    std::optional<std::size_t> place;
    for (std::size_t i = controllers.size(); i-- > 0;) {
        const auto& other = controllers[i];
        if (other.type != controller.type) continue;
        const auto mine = controller.index.value_or(0), theirs = other.index.value_or(0);
        const bool before_companion = mine == theirs && is_companion(other) && !is_companion(controller);
        if (theirs > mine || before_companion)
            place = i;
        else if (!place)
            place = i + 1;
    }
    return place.value_or(controllers.size());
}

void sort(std::vector<Controller>& controllers) {
    std::vector<Controller> sorted;
    sorted.reserve(controllers.size() + 4);
    for (auto& controller : controllers) {
        const auto place = static_cast<std::ptrdiff_t>(place_in(sorted, controller));
        sorted.insert(sorted.begin() + place, std::move(controller));
    }
    controllers = std::move(sorted);
}

// A companion without a number has that of the one before it, when that one has no such companion yet.
std::optional<std::uint32_t> companion_index(const std::vector<Controller>& controllers, std::size_t i) {
    if (i == 0 || !ich9_usb(controllers[i]) || !ich9_usb(controllers[i - 1])) return std::nullopt;
    const auto index = controllers[i - 1].index;
    for (const auto& other : controllers)
        if (other.index == index && &other != &controllers[i] && other.model == controllers[i].model)
            return std::nullopt;
    return index;
}

Result<> assign_indices(std::vector<Controller>& controllers) {
    using enum Controller::Model;
    std::set<std::pair<Controller::Type, std::uint32_t>> taken;
    for (const auto& controller : controllers)
        if (controller.index && !taken.insert({controller.type, *controller.index}).second && !ich9_usb(controller))
            return fail(Errc::invalid_config, "there are two: ", describe(controller));
    for (std::size_t i = 0; i < controllers.size(); ++i) {
        auto& controller = controllers[i];
        if (controller.index) continue;
        controller.index = companion_index(controllers, i);
        if (controller.index) continue;
        const bool root = controller.model == pci_root || controller.model == pcie_root;
        std::uint32_t index = controller.type == Controller::Type::pci && !root ? 1 : 0;  // 0 is the root's
        while (!taken.insert({controller.type, index}).second) ++index;
        controller.index = index;
    }
    return {};
}

Result<> check_controllers(const Assignment& assignment) {
    const auto& controllers = assignment.domain.devices.controllers;
    for (const auto& controller : controllers) {
        const auto is_master = [&](const Controller& other) {
            return other.type == Controller::Type::usb && other.index == controller.index && !other.master_start_port;
        };
        if (controller.master_start_port && std::ranges::none_of(controllers, is_master))
            return Failure(Error(Errc::invalid_config, describe(controller) + " has a <master>, but there is no other "
                                                                              "USB controller with its index")
                               .with_hint("Add <controller type='usb' model='ich9-ehci1'/> with the same index"));
        const bool ide = controller.type == Controller::Type::ide;
        if (ide && (controller.index != 0u || !assignment.machine.builtin_ide()))
            return fail(Errc::invalid_config, describe(controller), " does not exist on machines of the type '",
                        assignment.machine.name, "'");
    }
    return {};
}

Result<> assign_root(Assignment& assignment) {
    const auto& machine = assignment.machine;
    if (!machine.pci_root() && !machine.pcie_root()) return {};
    const auto wanted = machine.pcie_root() ? Controller::Model::pcie_root : Controller::Model::pci_root;
    auto& root = ensure_controller(assignment.domain, Controller::Type::pci, 0);
    if (!root.model) root.model = wanted;
    if (root.model == wanted) return {};
    return Failure(Error(Errc::invalid_config, fmt::format("{} cannot be a '{}' on machines of the type '{}'",
                                                           describe(root), to_string(*root.model), machine.name))
                       .with_hint(fmt::format("Its model there is '{}'", to_string(wanted))));
}

bool has_usb(const model::Domain& domain) {
    return std::ranges::any_of(domain.devices.controllers, [](const Controller& c) {
        return c.type == Controller::Type::usb && (c.index == 0u || c.model == Controller::Model::none);
    });
}

// The controllers that the machine has anyway.
Result<> assign_built_in(Assignment& assignment) {
    using enum Controller::Model;
    auto& domain = assignment.domain;
    if (assignment.machine.usb_by_default() && !has_usb(domain)) {
        auto& usb = ensure_controller(domain, Controller::Type::usb, 0);
        if (assignment.machine.q35()) usb.model = qemu_xhci;
    }
    if (assignment.machine.builtin_sata()) ensure_controller(domain, Controller::Type::sata, 0);
    return assign_root(assignment);
}

// The first of these that the binary has; libvirt chose them long ago, and guests have them.
std::optional<Controller::Model> usual_usb(const Assignment& assignment, const Controller& controller) {
    using enum Controller::Model;
    const auto& machine = assignment.machine;
    const auto has = [&](std::string_view device) { return assignment.capabilities.has_device(device); };
    if (machine.s390()) return controller.info.address ? qemu_xhci : none;
    if (machine.arch == Arch::aarch64 || machine.riscv() || machine.loongarch()) return qemu_xhci;
    if (machine.ppc64() && has("pci-ohci")) return pci_ohci;
    if (has("piix3-usb-uhci")) return piix3_uhci;
    if (!machine.x86() && has("pci-ohci")) return pci_ohci;
    if (has("qemu-xhci")) return qemu_xhci;
    return std::nullopt;
}

}  // namespace

model::Controller::Model usual_scsi(const Assignment& assignment) {
    using enum Controller::Model;
    const auto& machine = assignment.machine;
    if (machine.pseries()) return ibmvscsi;
    if (machine.s390() || machine.microvm()) return virtio_scsi;
    if (assignment.capabilities.has_device("lsi53c895a")) return lsilogic;
    return machine.builtin_esp() ? ncr53c90 : virtio_scsi;
}

Controller& ensure_controller(model::Domain& domain, Controller::Type type, std::uint32_t index) {
    if (auto* found = find_controller(domain, type, index)) return const_cast<Controller&>(*found);
    Controller made;
    made.type = type;
    made.index = index;
    auto& controllers = domain.devices.controllers;
    const auto place = static_cast<std::ptrdiff_t>(place_in(controllers, made));
    return *controllers.insert(controllers.begin() + place, std::move(made));
}

Result<> assign_controller_models(Assignment& assignment) {
    using enum Controller::Model;
    for (auto& controller : assignment.domain.devices.controllers) {
        if (controller.type == Controller::Type::usb && !controller.model) {
            controller.model = usual_usb(assignment, controller);
            if (!controller.model)
                return fail(Errc::unsupported, describe(controller), " needs a model: ", assignment.capabilities.binary,
                            " has none of the usual ones");
        }
        if (controller.type == Controller::Type::scsi && (!controller.model || controller.model == automatic))
            controller.model = usual_scsi(assignment);
        if (controller.type == Controller::Type::pci && !controller.model)
            controller.model = assignment.express()                     ? pcie_root_port
                               : assignment.machine.several_pci_roots() ? pci_root
                                                                        : pci_bridge;
    }
    return {};
}

Result<> assign_controllers(Assignment& assignment) {
    auto& controllers = assignment.domain.devices.controllers;
    if (auto done = assign_indices(controllers); !done) return done;
    sort(controllers);
    if (auto good = check_controllers(assignment); !good) return good;
    if (auto done = assign_built_in(assignment); !done) return done;
    return assign_controller_models(assignment);
}

}  // namespace vireo::qemu
