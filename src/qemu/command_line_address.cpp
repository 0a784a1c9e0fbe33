// SPDX-License-Identifier: LGPL-2.1-or-later
// Where a device sits, in QEMU's words.
#include "model/each_device.hpp"
#include "qemu/command_line_builder.hpp"

#include <boost/json/array.hpp>

#include <fmt/format.h>

namespace vireo::qemu {
using model::Controller;

namespace {

bool controller_is_built_in(const Machine& machine, Controller::Type type) {
    return (type == Controller::Type::ide && machine.builtin_ide()) ||
           (type == Controller::Type::sata && machine.builtin_sata());
}

void add_rom(json::object& device, const model::Rom& rom) {
    if (rom.enabled == false) {
        device["romfile"] = "";
        return;
    }
    if (rom.bar) device["rombar"] = *rom.bar ? 1 : 0;
    if (!rom.file.empty()) device["romfile"] = rom.file;
}

}  // namespace

std::string CommandLineBuilder::bus_name(Controller::Type type, std::uint32_t index, const std::string& owner) {
    for (const auto& controller : domain_.devices.controllers) {
        if (controller.type != type || controller.index != index) continue;
        if (type == Controller::Type::usb && usb_ports(controller) == 0) continue;
        const bool built_in = index == 0 && (type == Controller::Type::pci || controller_is_built_in(machine_, type));
        if (!built_in || !controller.info.alias.starts_with("ua-")) return controller.info.alias;
        // The machine names what it brings, whatever the definition calls it.
        if (type != Controller::Type::pci) return "ide";
        return controller.model == Controller::Model::pcie_root ? "pcie.0" : "pci.0";
    }
    problem(Errc::invalid_config,
            fmt::format("{} is on the {} controller {}, which is not there", owner, to_string(type), index));
    return {};
}

// What a definition may say, as in libvirt, and QEMU does not take: more devices than a board has transports, and
// others in a slot that is said to have one function only.
void CommandLineBuilder::check_slots() {
    const auto transports = machine_.virtio_mmio_transports();
    std::uint32_t used = 0;
    model::for_each_device(domain_.devices, [&](const auto& device) {
        if (!device.info.template at<model::VirtioMmioAddress>() || ++used <= transports) return;
        problem(Errc::limit_exceeded,
                fmt::format("{} has no place: machines of the type '{}' have {} virtio-mmio transports",
                            describe(device), machine_.name, transports));
    });
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> alone;  // slot → who has it for itself
    model::for_each_device(domain_.devices, [&](const auto& device) {
        const auto* at = device.info.template at<model::PciAddress>();
        if (at && at->function == 0 && at->multifunction == false) alone[{at->bus, at->slot}] = describe(device);
    });
    model::for_each_device(domain_.devices, [&](const auto& device) {
        const auto* at = device.info.template at<model::PciAddress>();
        if (!at || at->function == 0) return;
        const auto first = alone.find({at->bus, at->slot});
        if (first != alone.end())
            problem(Errc::unsupported,
                    fmt::format("{} and {} share the slot {:02x} of PCI bus {}", first->second, describe(device),
                                at->slot, at->bus),
                    "The device at function 0 needs multifunction='on' in its address");
    });
}

void CommandLineBuilder::add_pci_address(json::object& device, const model::PciAddress& at, const std::string& owner) {
    if (at.domain != 0)
        return problem(Errc::invalid_config, owner + " is in another PCI domain than 0; a guest has that one only");
    device["bus"] = bus_name(Controller::Type::pci, at.bus, owner);
    // A further host bridge of pseries has its bus beneath it.
    const auto* bridge = find_controller(domain_, Controller::Type::pci, at.bus);
    if (bridge && bridge->model == Controller::Model::pci_root && at.bus != 0)
        device["bus"] = bridge->info.alias + ".0";
    if (at.multifunction) device["multifunction"] = *at.multifunction;
    device["addr"] = at.function ? fmt::format("{:#x}.{:#x}", at.slot, at.function) : fmt::format("{:#x}", at.slot);
    if (!at.zpci || !at.zpci->uid || !machine_.s390()) return;
    json::object function;  // what s390x calls a PCI function; it names the device
                            // that comes after it
    function["driver"] = "zpci";
    function["uid"] = *at.zpci->uid;
    if (at.zpci->fid) function["fid"] = *at.zpci->fid;
    function["target"] = device.contains("id") ? device.at("id") : json::value("");
    function["id"] = fmt::format("zpci{}", *at.zpci->uid);
    add("-device", function);
}

void CommandLineBuilder::add_address(json::object& device, const model::DeviceInfo& info, const std::string& owner) {
    if (info.acpi_index) device["acpi-index"] = *info.acpi_index;
    if (info.rom) add_rom(device, *info.rom);
    if (!info.address) return problem(Errc::internal, owner + " has no address");
    if (const auto* pci = info.at<model::PciAddress>()) {
        add_pci_address(device, *pci, owner);
    } else if (const auto* usb = info.at<model::UsbAddress>()) {
        device["bus"] = bus_name(Controller::Type::usb, usb->bus, owner) + ".0";
        device["port"] = usb->port;
    } else if (const auto* serial = info.at<model::VirtioSerialAddress>()) {
        device["bus"] = bus_name(Controller::Type::virtio_serial, serial->controller, owner) + ".0";
        device["nr"] = serial->port.value_or(0);
    } else if (const auto* isa = info.at<model::IsaAddress>()) {
        if (isa->iobase) device["iobase"] = *isa->iobase;
        if (isa->irq) device["irq"] = *isa->irq;
    } else if (const auto* ccw = info.at<model::CcwAddress>()) {
        if (!ccw->complete()) return problem(Errc::internal, owner + " has no complete ccw address");
        device["devno"] = fmt::format("{:x}.{:x}.{:04x}", *ccw->cssid, *ccw->ssid, *ccw->devno);
    } else if (const auto* vio = info.at<model::SpaprVioAddress>()) {
        if (vio->reg) device["reg"] = *vio->reg;
    } else if (const auto* ccid = info.at<model::CcidAddress>()) {
        device["bus"] = bus_name(Controller::Type::ccid, ccid->controller, owner) + ".0";
    } else if (const auto* dimm = info.at<model::DimmAddress>()) {
        if (dimm->slot) device["slot"] = *dimm->slot;
        if (dimm->base) device["addr"] = *dimm->base;
    } else if (!info.at<model::VirtioMmioAddress>()) {  // the board has the places
                                                        // of those
        problem(Errc::invalid_config, owner + " has an address that does not fit it");
    }
}

void add_virtio_options(json::object& device, const model::VirtioOptions& options) {
    if (options.iommu) device["iommu_platform"] = *options.iommu;
    if (options.ats) device["ats"] = *options.ats;
    if (options.packed) device["packed"] = *options.packed;
    if (options.page_per_vq) device["page-per-vq"] = *options.page_per_vq;
}

void use_io_threads(json::object& device, std::optional<std::uint32_t> thread,
                    const std::vector<model::IoThreadUse>& threads) {
    if (thread) device["iothread"] = fmt::format("iothread{}", *thread);
    if (threads.empty()) return;
    json::array mapping;
    for (const auto& use : threads) {
        json::object one;
        one["iothread"] = fmt::format("iothread{}", use.id);
        json::array queues;
        for (const auto& queue : use.queues) queues.emplace_back(queue.id);
        if (!queues.empty()) one["vqs"] = std::move(queues);
        mapping.push_back(std::move(one));
    }
    device["iothread-vq-mapping"] = std::move(mapping);
}

std::string virtio_driver(std::string_view base, model::VirtioModel model, const model::DeviceInfo& info) {
    auto driver = virtio_driver(base, info);
    if (!driver.ends_with("-pci")) return driver;
    if (model == model::VirtioModel::transitional) driver += "-transitional";
    if (model == model::VirtioModel::non_transitional) driver += "-non-transitional";
    return driver;
}

}  // namespace vireo::qemu
