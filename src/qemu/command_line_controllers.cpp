// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/command_line_builder.hpp"

#include <fmt/format.h>
#include <set>

namespace vireo::qemu {
using model::Controller;

// A bridge has to exist before what sits behind it: from the root bus outwards.
void CommandLineBuilder::add_pci_controllers() {
    std::set<std::uint32_t> done{0};
    std::size_t before = 0;
    while (before != done.size()) {
        before = done.size();
        for (const auto& controller : domain_.devices.controllers) {
            if (controller.type != Controller::Type::pci || done.contains(controller.index.value_or(0))) continue;
            const auto* at =
                controller.info.address ? std::get_if<model::PciAddress>(&*controller.info.address) : nullptr;
            if (!at) return problem(Errc::internal, describe(controller) + " has no address");
            if (!done.contains(at->bus)) continue;
            add_pci_controller(controller);
            done.insert(*controller.index);
        }
    }
    for (const auto& controller : domain_.devices.controllers)
        if (controller.type == Controller::Type::pci && !done.contains(controller.index.value_or(0)))
            problem(Errc::invalid_config, describe(controller) + " sits behind itself");
}

void CommandLineBuilder::add_pci_controller(const Controller& controller) {
    std::string_view driver = controller.model_name;
    static const std::set<std::string_view> known{"pcie-root-port", "ioh3420", "pci-bridge", "i82801b11-bridge",
                                                  "pcie-pci-bridge"};
    if (!known.contains(driver))
        return problem(Errc::unsupported,
                       fmt::format("{} has the model name '{}', which is not supported", describe(controller), driver));
    auto object = device(driver, controller.info, describe(controller));
    if (const auto& target = controller.target) {
        if (target->chassis_nr && driver == "pci-bridge") object["chassis_nr"] = *target->chassis_nr;
        if (controller.model == Controller::Model::pcie_root_port) {
            if (target->port) object["port"] = *target->port;
            if (target->chassis) object["chassis"] = *target->chassis;
            if (target->hotplug) object["hotplug"] = *target->hotplug;
        }
    }
    add_address(object, controller.info, describe(controller));
    add("-device", object);
}

void CommandLineBuilder::add_usb_controller(const Controller& controller) {
    using enum Controller::Model;
    const auto model = controller.model.value_or(none);
    std::string_view driver;
    std::optional<std::uint32_t> first_port;
    switch (model) {
        case none:
            return;
        case piix3_uhci:
            driver = "piix3-usb-uhci";
            break;
        case piix4_uhci:
            driver = "piix4-usb-uhci";
            break;
        case ehci:
            driver = "usb-ehci";
            break;
        case ich9_ehci1:
            driver = "ich9-usb-ehci1";
            break;
        case ich9_uhci1:
            driver = "ich9-usb-uhci1", first_port = 0;
            break;
        case ich9_uhci2:
            driver = "ich9-usb-uhci2", first_port = 2;
            break;
        case ich9_uhci3:
            driver = "ich9-usb-uhci3", first_port = 4;
            break;
        case pci_ohci:
            driver = "pci-ohci";
            break;
        case nec_xhci:
            driver = "nec-usb-xhci";
            break;
        case qemu_xhci:
            driver = "qemu-xhci";
            break;
        default:
            return problem(Errc::invalid_config, describe(controller) + " has a model that is none of USB");
    }
    auto object = device(driver, controller.info, describe(controller));
    if (first_port) {  // a companion: no bus of its own, hence no name either
        object.erase("id");
        object["masterbus"] =
            bus_name(Controller::Type::usb, controller.index.value_or(0), describe(controller)) + ".0";
        object["firstport"] = controller.master_start_port.value_or(*first_port);
    }
    if (controller.ports && (model == qemu_xhci || model == nec_xhci)) {
        object["p2"] = *controller.ports;
        object["p3"] = *controller.ports;
    }
    add_address(object, controller.info, describe(controller));
    add("-device", object);
}

void CommandLineBuilder::add_controllers() {
    using enum Controller::Model;
    for (const bool companions : {false, true}) {
        for (const auto& controller : domain_.devices.controllers) {
            const bool is_companion = usb_ports(controller) == 0;
            if (controller.type == Controller::Type::usb && is_companion == companions) add_usb_controller(controller);
        }
    }
    for (const auto& controller : domain_.devices.controllers) {
        std::string_view driver;
        if (controller.type == Controller::Type::scsi) {
            switch (controller.model.value_or(virtio_scsi)) {
                case virtio_scsi:
                    driver = "virtio-scsi-pci";
                    break;
                case lsilogic:
                    driver = "lsi53c895a";
                    break;
                case lsisas1078:
                    driver = "megasas";
                    break;
                default:
                    problem(Errc::unsupported, fmt::format("{} cannot be of the model '{}'", describe(controller),
                                                           to_string(*controller.model)));
                    continue;
            }
        } else if (controller.type == Controller::Type::virtio_serial) {
            driver = "virtio-serial-pci";
        } else if (controller.type == Controller::Type::sata && !(machine_.q35() && controller.index == 0u)) {
            driver = "ich9-ahci";
        } else {
            continue;
        }
        auto object = device(driver, controller.info, describe(controller));
        if (controller.type == Controller::Type::virtio_serial) {
            if (controller.ports) object["max_ports"] = *controller.ports;
            if (controller.vectors) object["vectors"] = *controller.vectors;
        }
        add_address(object, controller.info, describe(controller));
        add("-device", object);
    }
}

}  // namespace vireo::qemu
