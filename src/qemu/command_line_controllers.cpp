// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/command_line_builder.hpp"

#include <fmt/format.h>
#include <set>

namespace vireo::qemu {
using model::Controller;

namespace {

struct UsbDevice {
    std::string_view driver;
    std::optional<std::uint32_t> first_port;  // companions: where their ports begin
};
UsbDevice usb_device(Controller::Model model) {
    using enum Controller::Model;
    switch (model) {
        case piix3_uhci:
            return {"piix3-usb-uhci", {}};
        case piix4_uhci:
            return {"piix4-usb-uhci", {}};
        case ehci:
            return {"usb-ehci", {}};
        case ich9_ehci1:
            return {"ich9-usb-ehci1", {}};
        case ich9_uhci1:
            return {"ich9-usb-uhci1", 0};
        case ich9_uhci2:
            return {"ich9-usb-uhci2", 2};
        case ich9_uhci3:
            return {"ich9-usb-uhci3", 4};
        case vt82c686b_uhci:
            return {"vt82c686b-usb-uhci", {}};
        case pci_ohci:
            return {"pci-ohci", {}};
        case nec_xhci:
            return {"nec-usb-xhci", {}};
        case qemu_xhci:
            return {"qemu-xhci", {}};
        default:
            return {};
    }
}

model::VirtioModel virtio_model(const Controller& controller) {
    if (controller.model == Controller::Model::virtio_transitional) return model::VirtioModel::transitional;
    if (controller.model == Controller::Model::virtio_non_transitional) return model::VirtioModel::non_transitional;
    return model::VirtioModel::virtio;
}

// QEMU's word for a SCSI adapter; nothing: it has none.
std::string scsi_device(const Controller& controller) {
    using enum Controller::Model;
    switch (controller.model.value_or(virtio_scsi)) {
        case virtio_scsi:
        case virtio_transitional:
        case virtio_non_transitional:
            return virtio_driver("virtio-scsi", virtio_model(controller), controller.info);
        case lsilogic:
            return "lsi53c895a";
        case lsisas1068:
            return "mptsas1068";
        case lsisas1078:
            return "megasas";
        case vmpvscsi:
            return "pvscsi";
        case ibmvscsi:
            return "spapr-vscsi";
        case dc390:
            return "dc390";
        case am53c974:
            return "am53c974";
        default:
            return {};
    }
}

bool is_root(const Controller& controller) {
    return controller.model == Controller::Model::pcie_root ||
           (controller.model == Controller::Model::pci_root && controller.index.value_or(0) == 0);
}

}  // namespace

// A bridge has to exist before what sits behind it: from the root bus outwards.
void CommandLineBuilder::add_pci_controllers() {
    std::set<std::uint32_t> done{0};
    std::size_t before = 0;
    for (const auto& controller : domain_.devices.controllers)
        if (controller.type == Controller::Type::pci && is_root(controller)) add_pci_root(controller);
    while (before != done.size()) {
        before = done.size();
        for (const auto& controller : domain_.devices.controllers) {
            if (controller.type != Controller::Type::pci || done.contains(controller.index.value_or(0))) continue;
            const bool host_bridge = controller.model == Controller::Model::pci_root;
            const auto* at = controller.info.at<model::PciAddress>();
            if (!at && !host_bridge) return problem(Errc::internal, describe(controller) + " has no address");
            if (at && !done.contains(at->bus)) continue;
            add_pci_controller(controller);
            done.insert(*controller.index);
        }
    }
    for (const auto& controller : domain_.devices.controllers)
        if (controller.type == Controller::Type::pci && !done.contains(controller.index.value_or(0)))
            problem(Errc::invalid_config, describe(controller) + " sits behind itself");
}

// The machine has it; only what differs from the usual is said.
void CommandLineBuilder::add_pci_root(const Controller& root) {
    const bool express = root.model == Controller::Model::pcie_root;
    if (root.pci_hole_64) {
        if (!machine_.x86())
            return problem(Errc::invalid_config, describe(root) + " has a pcihole64, which only x86 machines have");
        add("-global", fmt::format("{}.pci-hole64-size={}K", express ? "q35-pcihost" : "i440FX-pcihost",
                                   *root.pci_hole_64 / 1024));
    }
    if (!express && root.target && root.target->hotplug) {
        if (!machine_.i440fx())
            return problem(Errc::invalid_config, describe(root) + " has hotplug, which only pc machines can set");
        add("-global", fmt::format("PIIX4_PM.acpi-root-pci-hotplug={}", *root.target->hotplug ? "on" : "off"));
    }
}

void CommandLineBuilder::add_pci_controller(const Controller& controller) {
    using enum Controller::Model;
    // Chosen when the domain was defined (assign_bridges.cpp), and kept since.
    if (controller.model_name.empty()) return problem(Errc::internal, describe(controller) + " has no model name");
    auto object = device(controller.model_name, controller.info, describe(controller));
    const model::ControllerTarget nothing;
    const auto& target = controller.target ? *controller.target : nothing;
    switch (controller.model.value_or(pci_root)) {
        case pci_root:
            if (target.index) object["index"] = *target.index;
            if (target.node) object["numa_node"] = *target.node;
            break;
        case pci_bridge:
            if (target.chassis_nr) object["chassis_nr"] = *target.chassis_nr;
            break;
        case pcie_root_port:
        case pcie_switch_downstream_port:
            if (target.port) object["port"] = *target.port;
            if (target.chassis) object["chassis"] = *target.chassis;
            if (target.hotplug) object["hotplug"] = *target.hotplug;
            break;
        case pci_expander_bus:
        case pcie_expander_bus:
            if (target.bus_nr) object["bus_nr"] = *target.bus_nr;
            if (target.node) object["numa_node"] = *target.node;
            break;
        default:
            break;
    }
    if (target.mem_reserve) object["mem-reserve"] = *target.mem_reserve;
    if (controller.model != pci_root) add_address(object, controller.info, describe(controller));
    add("-device", object);
}

void CommandLineBuilder::add_usb_controller(const Controller& controller) {
    using enum Controller::Model;
    const auto model = controller.model.value_or(none);
    if (model == none) return;
    const auto [driver, first_port] = usb_device(model);
    if (driver.empty())
        return problem(Errc::invalid_config, describe(controller) + " has a model that is none of QEMU's USB");
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

void CommandLineBuilder::add_scsi_controller(const Controller& controller) {
    const auto driver = scsi_device(controller);
    if (controller.model == Controller::Model::ncr53c90) return;  // part of the machines that have it
    if (driver.empty())
        return problem(Errc::unsupported, fmt::format("{} cannot be of the model '{}'", describe(controller),
                                                      to_string(*controller.model)));
    auto object = device(driver, controller.info, describe(controller));
    if (controller.model == Controller::Model::lsilogic) object["driver"] = "lsi";  // its name on command lines
    if (controller.driver) {
        const auto& options = *controller.driver;
        add_virtio_options(object, options.virtio);
        if (options.queues) object["num_queues"] = *options.queues;
        if (options.cmd_per_lun) object["cmd_per_lun"] = *options.cmd_per_lun;
        if (options.max_sectors) object["max_sectors"] = *options.max_sectors;
        if (options.ioeventfd) object["ioeventfd"] = *options.ioeventfd;
        use_io_threads(object, options.iothread, options.iothreads);
    }
    add_address(object, controller.info, describe(controller));
    add("-device", object);
}

void CommandLineBuilder::add_other_controller(const Controller& controller) {
    std::string driver;
    switch (controller.type) {
        case Controller::Type::virtio_serial:
            driver = virtio_driver("virtio-serial", virtio_model(controller), controller.info);
            break;
        case Controller::Type::sata:
            if (machine_.builtin_sata() && controller.index.value_or(0) == 0) return;
            driver = "ich9-ahci";
            break;
        case Controller::Type::ccid:
            driver = "usb-ccid";
            break;
        default:
            return;  // the machine's own
    }
    auto object = device(driver, controller.info, describe(controller));
    if (controller.type == Controller::Type::virtio_serial) {
        if (controller.driver) add_virtio_options(object, controller.driver->virtio);
        if (controller.ports) object["max_ports"] = *controller.ports;
        if (controller.vectors) object["vectors"] = *controller.vectors;
    }
    add_address(object, controller.info, describe(controller));
    add("-device", object);
}

// QEMU wants a serial number: the controller's, else that of a disk on it, else its name.
void CommandLineBuilder::add_nvme_controller(const Controller& controller) {
    auto object = device("nvme", controller.info, describe(controller));
    auto serial = controller.serial;
    for (const auto& disk : domain_.devices.disks) {
        const auto* at = disk.info.at<model::DriveAddress>();
        if (serial.empty() && disk.bus() == model::DiskBus::nvme && at && at->controller == controller.index)
            serial = disk.serial;
    }
    object["serial"] = serial.empty() ? controller.info.alias : serial;
    add_address(object, controller.info, describe(controller));
    add("-device", object);
}

void CommandLineBuilder::add_controllers() {
    const auto each = [&](Controller::Type type, auto&& add_one) {
        for (const auto& controller : domain_.devices.controllers)
            if (controller.type == type) add_one(controller);
    };
    for (const bool companions : {false, true})
        each(Controller::Type::usb, [&](const Controller& controller) {
            if ((usb_ports(controller) == 0) == companions) add_usb_controller(controller);
        });
    each(Controller::Type::scsi, [&](const Controller& controller) { add_scsi_controller(controller); });
    each(Controller::Type::nvme, [&](const Controller& controller) { add_nvme_controller(controller); });
    for (const auto type : {Controller::Type::virtio_serial, Controller::Type::sata, Controller::Type::ccid})
        each(type, [&](const Controller& controller) { add_other_controller(controller); });
}

}  // namespace vireo::qemu
