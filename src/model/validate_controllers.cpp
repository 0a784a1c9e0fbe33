// SPDX-License-Identifier: LGPL-2.1-or-later
// Controllers in themselves and among each other; what a machine must have is asked elsewhere.
#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace vireo::model {
namespace {
using Type = Controller::Type;
using Model = Controller::Model;

std::string name_of(const Controller& controller) {
    return "controller of type " + std::string(to_string(controller.type));
}
Failure wrong(const Controller& controller, std::string_view what) {
    return fail(Errc::invalid_config, name_of(controller), ": ", what);
}

bool model_fits(const Controller& controller) {
    const auto model = *controller.model;
    const auto between = [&](Model first, Model last) { return model >= first && model <= last; };
    switch (controller.type) {
        case Type::pci:
            return between(Model::pci_root, Model::pcie_expander_bus);
        case Type::usb:
            return between(Model::none, Model::qemu_xhci);
        case Type::scsi:
            return between(Model::virtio_scsi, Model::virtio_non_transitional);
        case Type::virtio_serial:
            return between(Model::virtio_transitional, Model::virtio);
        case Type::ide:
            return between(Model::piix3, Model::ich6);
        default:
            return false;
    }
}

bool root(const Controller& c) {
    return c.model == Model::pci_root || c.model == Model::pcie_root;
}
bool expander(const Controller& c) {
    return c.model == Model::pci_expander_bus || c.model == Model::pcie_expander_bus;
}
bool port(const Controller& c) {
    return c.model == Model::pcie_root_port || c.model == Model::pcie_switch_downstream_port;
}

bool model_name_fits(const Controller& c) {
    using enum Controller::Model;
    const std::string_view name = c.model_name;
    const auto one_of = [&](auto... word) { return ((name == word) || ...); };
    switch (*c.model) {
        case pci_bridge:
            return name == "pci-bridge";
        case dmi_to_pci_bridge:
            return name == "i82801b11-bridge";
        case pcie_to_pci_bridge:
            return name == "pcie-pci-bridge";
        case pcie_root_port:
            return one_of("ioh3420", "pcie-root-port");
        case pcie_switch_upstream_port:
            return name == "x3130-upstream";
        case pcie_switch_downstream_port:
            return name == "xio3130-downstream";
        case pci_expander_bus:
            return name == "pxb";
        case pcie_expander_bus:
            return name == "pxb-pcie";
        case pci_root:
            return name == "spapr-pci-host-bridge";
        default:
            return false;
    }
}

Result<> validate_pci_target(const Controller& c, const ControllerTarget& target) {
    const auto no = [&](std::string_view option) {
        return wrong(c, "the model '" + std::string(to_string(*c.model)) + "' has no " + std::string(option));
    };
    if (target.chassis_nr && c.model != Model::pci_bridge) return no("chassisNr");
    if ((target.chassis || target.port) && !port(c)) return no("chassis and port");
    if (target.bus_nr && !expander(c)) return no("busNr");
    if (target.index && c.model != Model::pci_root) return no("target index");
    if (target.hotplug && !port(c) && c.model != Model::pci_root) return no("hotplug");
    if (target.node && !expander(c) && c.model != Model::pci_root) return no("node");
    if (target.node && c.model == Model::pci_root && c.index.value_or(0) == 0)
        return wrong(c, "the first host bridge belongs to no NUMA node: <node> is for the others");
    if (target.index && (*target.index == 0) != (c.index.value_or(0) == 0))
        return wrong(c, "the target index 0 is that of the controller 0, and of no other");
    return {};
}

Result<> validate_pci(const Controller& c) {
    constexpr std::uint32_t most_buses = 255;
    if (c.index.value_or(0) > most_buses) return wrong(c, "the index is at most 255");
    if (!c.model) return c.index == 0u ? Result<>() : Result<>(wrong(c, "it needs a model"));
    if (c.model == Model::pcie_root && c.index.value_or(0) != 0) return wrong(c, "pcie-root has the index 0");
    if (!root(c) && c.index == 0u) return wrong(c, "the one with index 0 must be pci-root or pcie-root");
    if (root(c) && c.info.address) return wrong(c, "pci-root and pcie-root have no address");
    if (c.pci_hole_64 && !root(c)) return wrong(c, "only pci-root and pcie-root have a pcihole64");
    if (!c.model_name.empty() && !model_name_fits(c))
        return wrong(c, "'" + c.model_name + "' is not the name of a " + std::string(to_string(*c.model)));
    return c.target ? validate_pci_target(c, *c.target) : Result<>();
}

Result<> validate_usb(const Controller& c) {
    constexpr std::uint32_t most_ports = 15;
    const bool xhci = c.model == Model::nec_xhci || c.model == Model::qemu_xhci;
    if (c.model == Model::qusb1 || c.model == Model::qusb2)
        return wrong(c, "the model '" + std::string(to_string(*c.model)) + "' is Xen's");
    if (c.ports && c.model && !xhci)
        return wrong(c, "only nec-xhci and qemu-xhci have a number of ports, not " + std::string(to_string(*c.model)));
    if (c.ports && xhci && *c.ports > most_ports) return wrong(c, "xhci has at most 15 ports");
    return {};
}

bool virtio_scsi(const Controller& c) {
    return !c.model || c.model == Model::automatic || c.model == Model::virtio_scsi ||
           c.model == Model::virtio_transitional || c.model == Model::virtio_non_transitional;
}

Result<> validate_driver(const Controller& c, const ControllerDriver& driver) {
    const bool scsi = c.type == Type::scsi && virtio_scsi(c);
    if (!scsi && (driver.queues || driver.cmd_per_lun || driver.max_sectors || driver.ioeventfd || driver.iothread ||
                  !driver.iothreads.empty()))
        return wrong(c, "queues, cmd_per_lun, max_sectors, ioeventfd and iothreads are those of virtio-scsi");
    if (!scsi && c.type != Type::virtio_serial && driver.virtio != VirtioOptions())
        return wrong(c, "iommu, ats, packed and page_per_vq are for virtio");
    if (driver.iothread && !driver.iothreads.empty()) return wrong(c, "it has both iothread and <iothreads>");
    return {};
}

Result<> validate_threads(const Controller& c, const Domain& domain) {
    if (!c.driver) return {};
    std::vector<std::uint32_t> used;
    if (c.driver->iothread) used.push_back(*c.driver->iothread);
    for (const auto& use : c.driver->iothreads) used.push_back(use.id);
    return check_io_threads(domain, used, name_of(c));
}

Result<> validate_controller(const Controller& c) {
    if (c.type == Type::xenbus) return wrong(c, "it is Xen's");
    if (c.type == Type::isa) return wrong(c, "QEMU's ISA bridges are part of the machine");
    if (c.model && !model_fits(c))
        return wrong(c, "it cannot have the model '" + std::string(to_string(*c.model)) + "'");
    if (c.ports && c.type != Type::usb && c.type != Type::virtio_serial)
        return wrong(c, "only usb and virtio-serial have ports");
    if (c.vectors && c.type != Type::virtio_serial) return wrong(c, "only virtio-serial has vectors");
    if (c.max_grant_frames || c.max_event_channels) return wrong(c, "only xenbus has maxGrantFrames, maxEventChannels");
    if ((c.target || !c.model_name.empty() || c.pci_hole_64) && c.type != Type::pci)
        return wrong(c, "only pci has a target, a model name, a pcihole64");
    if (c.master_start_port && c.type != Type::usb) return wrong(c, "only usb has a master");
    if (!c.serial.empty() && c.type != Type::nvme) return wrong(c, "only nvme has a serial");
    constexpr std::size_t longest_serial = 20;
    if (c.serial.size() > longest_serial) return wrong(c, "the serial has at most 20 characters");
    if (c.type == Type::scsi && (c.model == Model::buslogic))
        return wrong(c, "QEMU has no buslogic; use virtio-scsi or lsilogic");
    if (c.driver)
        if (auto good = validate_driver(c, *c.driver); !good) return good;
    if (c.type == Type::pci) return validate_pci(c);
    return c.type == Type::usb ? validate_usb(c) : Result<>();
}

bool may_share_index(const Controller& c) {  // the companions of one USB 2 controller
    return c.model && *c.model >= Model::ich9_ehci1 && *c.model <= Model::ich9_uhci3;
}

// A companion has no bus of its own: the EHCI controller of its index has.
Result<> validate_companions(const Devices& devices) {
    for (const auto& c : devices.controllers) {
        const bool companion = c.model && *c.model >= Model::ich9_uhci1 && *c.model <= Model::ich9_uhci3;
        if (!companion || !c.index) continue;
        const auto is_master = [&](const Controller& other) {
            return other.type == Type::usb && other.model == Model::ich9_ehci1 && other.index == c.index;
        };
        if (std::ranges::none_of(devices.controllers, is_master))
            return wrong(c, "the companion " + std::string(to_string(*c.model)) + " has no ich9-ehci1 of the index " +
                                std::to_string(*c.index));
    }
    return {};
}

// What is on a USB bus, by name; empty: nothing.
std::string_view user_of_usb(const Devices& devices) {
    const auto on_usb = [](const auto& device) { return device.info.template at<UsbAddress>() != nullptr; };
    if (std::ranges::any_of(devices.disks, [](const Disk& disk) { return disk.bus() == DiskBus::usb; }))
        return "a disk";
    if (std::ranges::any_of(devices.inputs, [](const Input& input) { return input.bus == Input::Bus::usb; }))
        return "an input";
    if (std::ranges::any_of(devices.hostdevs, [](const Hostdev& h) { return h.type == Hostdev::Type::usb; }))
        return "a hostdev";
    if (std::ranges::any_of(devices.sounds, [](const Sound& sound) { return sound.model == Sound::Model::usb; }))
        return "a sound card";
    if (std::ranges::any_of(devices.serials, on_usb)) return "a serial port";
    if (!devices.hubs.empty()) return "a hub";
    if (!devices.redirdevs.empty()) return "a redirdev";
    return devices.smartcards.empty() ? "" : "a smartcard";
}

Result<> validate_usb_off(const Devices& devices) {
    const auto usb = [](const Controller& c) { return c.type == Type::usb; };
    const auto off = [](const Controller& c) { return c.type == Type::usb && c.model == Model::none; };
    if (std::ranges::none_of(devices.controllers, off)) return {};
    if (std::ranges::count_if(devices.controllers, usb) > 1)
        return fail(Errc::invalid_config, "controller of type usb: with the model 'none' there can be no other");
    if (const auto user = user_of_usb(devices); !user.empty())
        return fail(Errc::invalid_config, user,
                    " needs USB, which a controller of type usb with the model 'none' switches off");
    return {};
}

}  // namespace

Result<> validate_controllers(const Domain& domain) {
    std::set<std::pair<Type, std::uint32_t>> taken;
    std::set<std::uint32_t> host_bridges;
    if (auto good = check_each(domain.devices.controllers, "controller", validate_controller); !good) return good;
    for (const auto& c : domain.devices.controllers) {
        if (auto good = validate_threads(c, domain); !good) return good;
        if (c.target && c.target->index && !host_bridges.insert(*c.target->index).second)
            return wrong(c, "two have the target index " + std::to_string(*c.target->index));
        if (c.index && !may_share_index(c) && !taken.emplace(c.type, *c.index).second)
            return fail(Errc::invalid_config, "two controllers of type ", to_string(c.type), " have the index ",
                        std::to_string(*c.index));
    }
    if (auto good = validate_companions(domain.devices); !good) return good;
    return validate_usb_off(domain.devices);
}

}  // namespace vireo::model
