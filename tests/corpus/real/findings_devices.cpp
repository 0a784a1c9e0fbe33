// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/real/findings.hpp"
#include "model/each_device.hpp"
#include "qemu/assign_parts.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vireo::corpus {
namespace {
using namespace model;

std::string place(std::uint32_t bus, std::uint32_t slot, std::uint32_t function) {
    return fmt::format("{:02x}:{:02x}.{:x}", bus, slot, function);
}

bool begins(std::string_view type, std::string_view words) {  // words: "ide-hd ide-cd", each a beginning
    for (;;) {
        const auto space = words.find(' ');
        if (type.starts_with(words.substr(0, space))) return true;
        if (space == words.npos) return false;
        words.remove_prefix(space + 1);
    }
}

// What QEMU calls a device of the definition: the beginnings of names of QOM types, one of which it must have.
// Empty: it is a part of the machine, without a name of its own.
std::string wanted_type(const Disk& disk, const qemu::Machine&) {
    switch (disk.bus()) {
        case DiskBus::virtio:
            return disk.type == SourceType::vhostuser ? "vhost-user-blk-" : "virtio-blk-";
        case DiskBus::ide:
        case DiskBus::sata:
            return disk.device == Disk::Device::cdrom ? "ide-cd" : "ide-hd";
        case DiskBus::scsi:
            return disk.device == Disk::Device::cdrom ? "scsi-cd" : "scsi-hd";
        case DiskBus::usb:
            return "usb-storage scsi-cd scsi-hd";
        case DiskBus::fdc:
            return "floppy";
        case DiskBus::nvme:
            return "nvme-ns";
        case DiskBus::sd:
            return "";
    }
    return "";
}

std::string usb_type(std::string_view model) {  // "ich9-ehci1" → "ich9-usb-ehci1"
    if (model == "qemu-xhci" || model == "pci-ohci") return std::string(model);
    if (model == "ehci") return "usb-ehci";
    const auto dash = model.rfind('-');
    return fmt::format("{}-usb-{}", model.substr(0, dash), model.substr(dash + 1));
}

std::string scsi_type(Controller::Model model) {
    using enum Controller::Model;
    switch (model) {
        case lsilogic:
            return "lsi53c895a";
        case lsisas1068:
            return "mptsas1068";
        case lsisas1078:
            return "megasas";
        case vmpvscsi:
            return "pvscsi";
        case dc390:
        case am53c974:
            return std::string(to_string(model));
        case ncr53c90:
            return "";
        default:
            return "virtio-scsi-";
    }
}

std::string wanted_type(const Controller& controller, const qemu::Machine& machine) {
    const bool first = controller.index.value_or(0) == 0;
    const auto model = controller.model.value_or(Controller::Model::none);
    switch (controller.type) {
        case Controller::Type::pci:
            return first ? "" : controller.model_name;
        case Controller::Type::usb:
            if (model == Controller::Model::none) return "";
            return usb_type(to_string(model));
        case Controller::Type::scsi:
            return scsi_type(controller.model.value_or(Controller::Model::virtio_scsi));
        case Controller::Type::virtio_serial:
            return "virtio-serial-";
        case Controller::Type::sata:
            return machine.builtin_sata() && first ? "" : "ich9-ahci";
        case Controller::Type::ccid:
            return "usb-ccid";
        case Controller::Type::nvme:
            return "nvme";
        default:
            return "";
    }
}

std::string wanted_type(const Interface& interface, const qemu::Machine& machine) {
    if (interface.is_virtio()) return "virtio-net-";
    return machine.arm() && !machine.virt() ? "" : interface.model;
}

std::string wanted_type(const Sound& sound, const qemu::Machine&) {
    using enum Sound::Model;
    switch (sound.model) {
        case es1370:
            return "ES1370";
        case ac97:
            return "AC97";
        case ich6:
            return "intel-hda";
        case ich9:
            return "ich9-intel-hda";
        case usb:
            return "usb-audio";
        case sb16:
            return "sb16";
        case Sound::Model::virtio:
            return "virtio-sound-";
        default:
            return "";
    }
}

std::string wanted_type(const Video& video, const qemu::Machine&) {
    using enum VideoModel::Type;
    switch (video.model.kind()) {
        case vga:
            return "VGA secondary-vga";
        case cirrus:
            return "cirrus-vga";
        case vmvga:
            return "vmware-svga";
        case qxl:
            return "qxl";
        case VideoModel::Type::virtio:
            return "virtio-vga virtio-gpu-";
        case bochs:
            return "bochs-display";
        case ramfb:
            return "ramfb";
        default:
            return "";
    }
}

std::string wanted_type(const Serial& serial, const qemu::Machine&) {
    const auto type = serial.target ? serial.target->type : std::nullopt;
    if (!type || *type == SerialTarget::Type::system_serial) return "";
    return *type == SerialTarget::Type::isa_debug ? "isa-debugcon" : std::string(to_string(*type));
}

std::string wanted_type(const Console& console, const qemu::Machine&) {
    return console.target && console.target->type == ConsoleTarget::Type::virtio ? "virtconsole" : "";
}

std::string wanted_type(const Channel& channel, const qemu::Machine&) {
    return channel.target.type == ChannelTarget::Type::virtio ? "virtserialport" : "";
}

std::string wanted_type(const Input& input, const qemu::Machine&) {
    const auto of = input.type == Input::Type::keyboard ? std::string_view("kbd keyboard") : to_string(input.type);
    if (input.bus == Input::Bus::usb) return fmt::format("usb-{}", of.substr(0, of.find(' ')));
    if (input.bus == Input::Bus::virtio) return fmt::format("virtio-{}", of.substr(of.find(' ') + 1));
    return "";
}

std::string wanted_type(const Memballoon& balloon, const qemu::Machine&) {
    return balloon.model == Memballoon::Model::none || balloon.model == Memballoon::Model::xen ? "" : "virtio-balloon-";
}

std::string wanted_type(const Watchdog& watchdog, const qemu::Machine&) {
    return watchdog.model == Watchdog::Model::itco ? "" : std::string(to_string(watchdog.model));
}

std::string wanted_type(const Panic& panic, const qemu::Machine&) {
    return panic.model == Panic::Model::pvpanic ? "pvpanic-pci" : "";
}

std::string wanted_type(const MemoryDevice& memory, const qemu::Machine&) {
    return memory.model == MemoryDevice::Model::dimm ? "pc-dimm" : std::string(to_string(memory.model));
}

std::string wanted_type(const Iommu& iommu, const qemu::Machine&) {
    if (iommu.model == Iommu::Model::smmuv3)  // without a bus of its own: an option of the machine
        return iommu.driver && iommu.driver->pci_bus ? "arm-smmuv3" : "";
    if (iommu.model == Iommu::Model::amd) return "AMDVI-PCI";
    return iommu.model == Iommu::Model::virtio ? "virtio-iommu-" : "intel-iommu";
}

std::string wanted_type(const Tpm& tpm, const qemu::Machine&) {
    return std::string(to_string(tpm.model.value_or(Tpm::Model::tis)));
}

std::string wanted_type(const Smartcard&, const qemu::Machine&) {
    return "ccid-card-";
}
std::string wanted_type(const Parallel&, const qemu::Machine&) {
    return "isa-parallel";
}
std::string wanted_type(const Filesystem& filesystem, const qemu::Machine&) {
    return filesystem.virtiofs() ? "vhost-user-fs-" : "virtio-9p-";
}
std::string wanted_type(const Rng&, const qemu::Machine&) {
    return "virtio-rng-";
}
std::string wanted_type(const Hub&, const qemu::Machine&) {
    return "usb-hub";
}
std::string wanted_type(const Shmem&, const qemu::Machine&) {
    return "ivshmem-plain";
}
std::string wanted_type(const Redirdev&, const qemu::Machine&) {
    return "usb-redir";
}
std::string wanted_type(const Vsock&, const qemu::Machine&) {
    return "vhost-vsock-";
}
std::string wanted_type(const Crypto&, const qemu::Machine&) {
    return "virtio-crypto-";
}
std::string wanted_type(const Pstore&, const qemu::Machine&) {
    return "acpi-erst";
}
std::string wanted_type(const NvramDevice&, const qemu::Machine&) {
    return "";
}
std::string wanted_type(const Hostdev&, const qemu::Machine&) {
    return "";
}

class Devices {
public:
    Devices(const Domain& domain, const Answers& answers)
        : domain_(domain), answers_(answers), machine_(qemu::machine_of(domain)) {}

    Findings compare() {
        read_pci();
        for_each_device(domain_.devices, [this](const auto& device) { one(device); });
        machines_own();
        nothing_else();
        return std::move(findings_);
    }

private:
    template <class Device>
    void one(const Device& device) {
        const auto type = wanted_type(device, machine_);
        const auto& alias = device.info.alias;
        if (type.empty()) return on_the_board(device.info);
        expected_.insert(alias);
        if constexpr (std::is_same_v<Device, Controller>)
            if (device.is(Controller::Type::usb) && qemu::usb_ports(device) == 0) return unnamed(device.info, type);
        const auto found = answers_.devices.find(alias);
        findings_.check(found != answers_.devices.end(), "device", fmt::format("QEMU has no {} ({})", alias, type));
        if (found == answers_.devices.end()) return;
        findings_.check(begins(found->second.type, type), "type",
                        fmt::format("{} is a {}, not a {}", alias, found->second.type, type));
        where(device.info, found->second);
        if constexpr (requires { device.boot_order; })
            if (device.boot_order && found->second.properties.contains("bootindex"))
                findings_.same(found->second.number("bootindex").value_or(-1), *device.boot_order, "boot order", alias);
        if (device.info.acpi_index)
            findings_.same(found->second.number("acpi-index").value_or(-1), *device.info.acpi_index, "ACPI index",
                           alias);
        if constexpr (std::is_same_v<Device, Disk>) drive(device, found->second);
    }

    // ── places ──
    void where(const DeviceInfo& info, const QemuDevice& device) {
        if (const auto* pci = info.at<PciAddress>()) {
            on_pci(info.alias, *pci, device);
        } else if (const auto* usb = info.at<UsbAddress>()) {
            const bool bridged = device.properties.contains("scsi-id");
            const auto* bridge = bridged ? bridge_of(info.alias) : &device;
            if (!bridge) return;
            behind(info.alias, *bridge, Controller::Type::usb, usb->bus);
            findings_.same(bridge->text("port"), usb->port, "USB port", info.alias);
        } else if (const auto* serial = info.at<VirtioSerialAddress>()) {
            behind(info.alias, device, Controller::Type::virtio_serial, serial->controller);
            findings_.same(device.number("nr").value_or(-1), serial->port.value_or(0), "virtio-serial port",
                           info.alias);
        } else if (const auto* ccid = info.at<CcidAddress>()) {
            behind(info.alias, device, Controller::Type::ccid, ccid->controller);
        } else if (const auto* isa = info.at<IsaAddress>()) {
            if (isa->iobase) findings_.same(device.number("iobase").value_or(-1), *isa->iobase, "I/O port", info.alias);
            if (isa->irq) findings_.same(device.number("irq").value_or(-1), *isa->irq, "IRQ", info.alias);
        } else if (const auto* dimm = info.at<DimmAddress>()) {
            if (dimm->slot) findings_.same(device.number("slot").value_or(-1), *dimm->slot, "memory slot", info.alias);
            if (dimm->base) findings_.same(device.number("addr").value_or(-1), *dimm->base, "memory base", info.alias);
        } else if (info.at<VirtioMmioAddress>()) {
            findings_.check(device.text("parent_bus").empty() || device.text("parent_bus").contains("virtio-mmio-bus"),
                            "virtio-mmio bus", fmt::format("{} is on {}", info.alias, device.text("parent_bus")));
        }
    }

    const QemuDevice* bridge_of(const std::string& alias) {
        const auto found = answers_.devices.find(alias + "-bridge");
        expected_.insert(alias + "-bridge");
        findings_.check(found != answers_.devices.end(), "device", fmt::format("QEMU has no {}-bridge", alias));
        return found == answers_.devices.end() ? nullptr : &found->second;
    }

    void on_pci(const std::string& alias, const PciAddress& at, const QemuDevice& device) {
        const auto wanted = place(at.bus, at.slot, at.function);
        const auto devfn = device.number("addr").value_or(-1);
        findings_.same(devfn, at.slot << 3 | at.function, "PCI slot and function", alias);
        const auto* several = device.properties.if_contains("multifunction");
        if (at.multifunction && several && several->is_bool())
            findings_.same(several->get_bool(), *at.multifunction, "multifunction", alias);
        if (at.bus != 0) return behind(alias, device, Controller::Type::pci, at.bus);
        findings_.check(!device.text("parent_bus").contains("/peripheral"), "PCI bus",
                        fmt::format("{} is on {}, not on the root bus", alias, device.text("parent_bus")));
        const auto found = on_root_.find(wanted);
        findings_.check(found != on_root_.end() && found->second == alias, "query-pci",
                        fmt::format("{} is not at {} of query-pci", alias, wanted));
    }

    // On the bus of this controller: it is a child of the controller's object, or of the machine's own one.
    void behind(const std::string& alias, const QemuDevice& device, Controller::Type type, std::uint32_t index) {
        const auto* controller = qemu::find_controller(domain_, type, index);
        const auto bus = device.text("parent_bus");
        const auto kind = fmt::format("{} bus", to_string(type));
        if (!controller) return findings_.check(false, kind, fmt::format("{} is on no controller {}", alias, index));
        const auto& owner = controller->info.alias;
        const bool right = wanted_type(*controller, machine_).empty()
                               ? !bus.contains("/peripheral")
                               : bus.contains("/peripheral/" + owner + "/") || bus.ends_with("/" + owner);
        findings_.check(right, kind, fmt::format("{} is on {}, not on that of {}", alias, bus, owner));
    }

    void drive(const Disk& disk, const QemuDevice& device) {
        const auto* at = disk.info.at<DriveAddress>();
        if (!at) return;
        const auto& alias = disk.info.alias;
        switch (disk.bus()) {
            case DiskBus::ide:
                behind(alias, device, Controller::Type::ide, at->controller);
                findings_.check(device.text("parent_bus").ends_with(fmt::format(".{}", at->bus)), "IDE channel",
                                fmt::format("{} is on {}, not on {}", alias, device.text("parent_bus"), at->bus));
                findings_.same(device.number("unit").value_or(-1), at->unit, "IDE unit", alias);
                break;
            case DiskBus::sata:
                behind(alias, device, Controller::Type::sata, at->controller);
                findings_.check(device.text("parent_bus").ends_with(fmt::format(".{}", at->unit)), "SATA port",
                                fmt::format("{} is on {}, not on port {}", alias, device.text("parent_bus"), at->unit));
                break;
            case DiskBus::scsi:
                on_scsi(alias, *at, device);
                break;
            case DiskBus::nvme:
                findings_.same(device.number("nsid").value_or(-1), at->unit + 1, "NVMe namespace", alias);
                break;
            case DiskBus::fdc:
                findings_.same(device.number("unit").value_or(-1), at->unit, "floppy unit", alias);
                break;
            default:
                break;
        }
    }

    void on_scsi(const std::string& alias, const DriveAddress& at, const QemuDevice& device) {
        behind(alias, device, Controller::Type::scsi, at.controller);
        const auto* controller = qemu::find_controller(domain_, Controller::Type::scsi, at.controller);
        const auto model = controller && controller->model ? *controller->model : Controller::Model::virtio_scsi;
        using enum Controller::Model;
        if (model == lsilogic || model == dc390 || model == am53c974 || model == ncr53c90)
            return findings_.same(device.number("scsi-id").value_or(-1), at.unit, "SCSI id", alias);
        findings_.same(device.number("channel").value_or(-1), at.bus, "SCSI channel", alias);
        findings_.same(device.number("scsi-id").value_or(-1), at.target, "SCSI id", alias);
        findings_.same(device.number("lun").value_or(-1), at.unit, "SCSI unit", alias);
    }

    // ── what has no name ──
    void unnamed(const DeviceInfo& info, const std::string& type) {
        const auto* at = info.at<PciAddress>();
        const bool found = std::ranges::any_of(answers_.unnamed, [&](const QemuDevice& device) {
            return device.type == type && at && device.number("addr") == (at->slot << 3 | at->function);
        });
        findings_.check(found, "device without a name", fmt::format("QEMU has no {} for {}", type, info.alias));
    }

    void on_the_board(const DeviceInfo& info) {
        const auto* at = info.at<PciAddress>();
        if (!at || at->bus != 0) return;
        const auto where = place(0, at->slot, at->function);
        findings_.check(on_root_.contains(where), "device of the machine",
                        fmt::format("query-pci has nothing at {} for {}", where, info.alias));
    }

    bool has_unnamed(std::string_view type) const {
        return std::ranges::any_of(answers_.unnamed, [&](const QemuDevice& device) { return device.type == type; });
    }
    void machines_own() {
        for (const auto& vcpu : domain_.vcpus) {
            if (!vcpu.enabled || vcpu.hotpluggable != true) continue;
            const auto id = fmt::format("vcpu{}", vcpu.id);
            expected_.insert(id);
            findings_.check(answers_.devices.contains(id), "vCPU that is plugged in", "QEMU has no " + id);
        }
        for (const auto& panic : domain_.devices.panics)
            if (panic.model == Panic::Model::isa)
                findings_.check(has_unnamed("pvpanic"), "panic device", "QEMU has no pvpanic");
        if (domain_.features.vmcoreinfo == true)
            findings_.check(has_unnamed("vmcoreinfo"), "vmcoreinfo", "QEMU has no vmcoreinfo");
    }

    // QEMU has no device with a name that the definition does not know.
    void nothing_else() {
        for (const auto& [id, device] : answers_.devices) {
            const bool codec = id.contains("-codec"), generation = id == "vmgenid0" && domain_.generation_id;
            if (codec || generation) continue;
            findings_.check(expected_.contains(id), "no other device",
                            fmt::format("QEMU has {} ({}), of which the definition says nothing", id, device.type));
        }
    }

    // ── query-pci ──
    // Before firmware numbers the buses, only root buses have numbers; what is behind bridges is asked for by name.
    void read_pci() {
        const auto* buses = answers_.get("query-pci");
        if (!buses) return;
        for (const auto& bus : buses->as_array()) {
            if (bus.at("bus").to_number<int>() != 0) continue;
            for (const auto& device : bus.at("devices").as_array()) {
                const auto* id = device.as_object().if_contains("qdev_id");
                on_root_[place(0, device.at("slot").to_number<std::uint32_t>(),
                               device.at("function").to_number<std::uint32_t>())] =
                    id && id->is_string() ? std::string(id->get_string()) : std::string();
            }
        }
    }

    const Domain& domain_;
    const Answers& answers_;
    qemu::Machine machine_;
    Findings findings_;
    std::map<std::string, std::string> on_root_;  // place → id
    std::set<std::string> expected_;
};

}  // namespace

Findings compare_devices(const Domain& domain, const Answers& answers) {
    return Devices(domain, answers).compare();
}

}  // namespace vireo::corpus
