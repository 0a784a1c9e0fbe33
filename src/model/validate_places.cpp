// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <functional>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

// ── addresses, aliases, boot order ──
enum Kinds : unsigned {  // by the variant's index
    pci = 1 << 0,
    drive = 1 << 1,
    virtio_serial = 1 << 2,
    usb = 1 << 3,
    isa = 1 << 4,
    ccw = 1 << 5,
    ccid = 1 << 6,
    spapr_vio = 1 << 7,
    virtio_s390 = 1 << 8,
    virtio_mmio = 1 << 9,
    dimm = 1 << 10,
    unassigned = 1 << 11,
};
constexpr std::string_view kind_names[] = {"pci",  "drive",     "virtio-serial", "usb",         "isa",  "ccw",
                                           "ccid", "spapr-vio", "virtio-s390",   "virtio-mmio", "dimm", "unassigned"};
static_assert(std::size(kind_names) == std::variant_size_v<Address>);
constexpr int scsi_bus = static_cast<int>(DiskBus::scsi);
constexpr unsigned plugged = pci | ccw | virtio_mmio;

unsigned kinds_for(DiskBus bus) {
    switch (bus) {
        case DiskBus::virtio:
            return plugged;
        case DiskBus::usb:
            return usb;
        default:
            return drive;
    }
}
unsigned kinds_for(Input::Bus bus) {
    return bus == Input::Bus::usb ? usb : bus == Input::Bus::virtio ? plugged : 0u;
}

class Places {
public:
    // What names the device in an error; which kinds of address it may have; what tells drives of one bus from
    // another's.
    Result<> add(std::string_view device, const DeviceInfo& info, unsigned kinds, int drive_bus = 0) {
        if (auto good = alias(device, info.alias); !good) return good;
        if (auto good = card_parts(device, info); !good) return good;
        if (!info.address) return {};
        if (!(kinds >> info.address->index() & 1))
            return wrong(std::string(device) + ": it cannot have an address of type '" +
                         std::string(kind_names[info.address->index()]) + "', " + possible(kinds));
        if (auto good = limits(device, info); !good) return good;
        const auto key = std::visit([&](const auto& address) { return key_of(address, drive_bus); }, *info.address);
        if (key && !taken_.insert(*key).second)
            return wrong(std::string(device) + ": its address of type '" +
                         std::string(kind_names[info.address->index()]) + "' (" +
                         std::visit([](const auto& address) { return text_of(address); }, *info.address) +
                         ") is already taken");
        return {};
    }

    // s390x: which entry of the boot menu; up to eight letters, digits, dots and blanks (QEMU's docs/system/s390x).
    Result<> load_parameter(std::string_view device, const std::string& text) {
        constexpr std::size_t longest = 8;
        constexpr std::string_view possible = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789. ";
        if (text.size() <= longest && text.find_first_not_of(possible) == std::string::npos) return {};
        return wrong(std::string(device) + ": loadparm '" + text +
                     "' must be up to eight letters, digits, dots and blanks");
    }

    Result<> boot(std::string_view device, std::optional<std::uint32_t> order, bool os_boot) {
        if (!order) return {};
        if (os_boot)
            return wrong(std::string(device) + ": a boot order of devices cannot be used together with <boot> in <os>");
        if (!orders_.insert(*order).second) return wrong("two devices have the boot order " + std::to_string(*order));
        return {};
    }

private:
    static std::string possible(unsigned kinds) {
        std::string text;
        for (std::size_t i = 0; i < std::size(kind_names); ++i)
            if (kinds >> i & 1) text += (text.empty() ? "only of type " : " or ") + std::string(kind_names[i]);
        return text.empty() ? "nor any other" : text;
    }

    // Those that are the hypervisor's own are given anew each time, and one may stand for several devices.
    Result<> alias(std::string_view device, const std::string& alias) {
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
        if (alias.find_first_not_of(letters) != std::string::npos)
            return wrong(std::string(device) + ": the alias '" + alias +
                         "' has characters other than letters, digits and _.-");
        if (alias.starts_with("ua-") && !aliases_.insert(alias).second)
            return wrong("two devices have the alias '" + alias + "'");
        return {};
    }

    // Only a PCI card has a ROM and is known by a number to the guest's ACPI.
    Result<> card_parts(std::string_view device, const DeviceInfo& info) {
        const bool on_pci = !info.address || info.at<PciAddress>();
        if (info.rom) {
            if (!on_pci && !info.at<UnassignedAddress>())
                return wrong(std::string(device) + ": a <rom> is for PCI devices");
            if (info.rom->enabled == false && (info.rom->bar || !info.rom->file.empty()))
                return wrong(std::string(device) + ": <rom enabled='no'> has neither bar nor file");
        }
        if (!info.acpi_index) return {};
        if (!on_pci) return wrong(std::string(device) + ": an <acpi index='…'/> is for PCI devices");
        if (*info.acpi_index == 0) return wrong(std::string(device) + ": the index of <acpi> is at least 1");
        if (!acpi_indexes_.insert(*info.acpi_index).second)
            return wrong("two devices have the <acpi index='" + std::to_string(*info.acpi_index) + "'/>");
        return {};
    }

    Result<> limits(std::string_view device, const DeviceInfo& info) {
        constexpr std::uint32_t most_uid = 0xffff;
        constexpr std::uint64_t most_reg = 0xffffffff;
        if (const auto* at = info.at<CcwAddress>(); at && !at->complete() && (at->cssid || at->ssid || at->devno))
            return wrong(std::string(device) + ": an address of type ccw has cssid, ssid and devno, or none of them");
        if (const auto* at = info.at<UsbAddress>(); at && !is_usb_port(at->port))
            return wrong(std::string(device) + ": '" + at->port +
                         "' is no USB port: up to four numbers from 1 to 255, separated by dots");
        if (const auto* at = info.at<PciAddress>(); at && at->zpci && at->zpci->uid)
            if (*at->zpci->uid == 0 || *at->zpci->uid > most_uid)
                return wrong(std::string(device) + ": the uid of <zpci> is from 0x1 to 0xffff");
        if (const auto* at = info.at<SpaprVioAddress>(); at && at->reg.value_or(0) > most_reg)
            return wrong(std::string(device) + ": the reg of an address of type spapr-vio is at most 0xffffffff");
        return {};
    }

    // Empty, or "2.1": at most four hubs' ports, as QEMU's usb_device_attach() takes them.
    static bool is_usb_port(std::string_view port) {
        constexpr int deepest = 4, largest = 255;
        if (port.empty()) return true;
        for (int depth = 0; depth < deepest; ++depth) {
            const auto dot = port.find('.');
            const auto digits = port.substr(0, dot);
            int number = 0;
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
            if (error != std::errc() || end != digits.data() + digits.size() || number < 0 || number > largest)
                return false;
            if (dot == port.npos) return true;
            port.remove_prefix(dot + 1);
        }
        return false;
    }

    using Key = std::tuple<std::size_t, std::uint64_t, std::uint64_t, std::string_view>;
    static std::uint64_t pair(std::uint32_t high, std::uint32_t low) { return std::uint64_t{high} << 32 | low; }
    static std::optional<Key> key_of(const PciAddress& a, int) {
        if (a.empty()) return std::nullopt;
        return Key(0, pair(a.domain, a.bus), pair(a.slot, a.function), {});
    }
    static std::optional<Key> key_of(const DriveAddress& a, int bus) {
        return Key(100 + static_cast<std::size_t>(bus), pair(a.controller, a.bus), pair(a.target, a.unit), {});
    }
    static std::optional<Key> key_of(const VirtioSerialAddress& a, int) {
        if (!a.port) return std::nullopt;
        return Key(2, pair(a.controller, a.bus), *a.port, {});
    }
    static std::optional<Key> key_of(const UsbAddress& a, int) {
        if (a.port.empty()) return std::nullopt;
        return Key(3, a.bus, 0, a.port);
    }
    static std::optional<Key> key_of(const IsaAddress& a, int) {
        if (!a.iobase) return std::nullopt;
        return Key(4, *a.iobase, 0, {});
    }
    static std::optional<Key> key_of(const CcwAddress& a, int) {
        if (!a.complete()) return std::nullopt;
        return Key(5, *a.cssid, pair(*a.ssid, *a.devno), {});
    }
    static std::optional<Key> key_of(const CcidAddress& a, int) {
        if (!a.slot) return std::nullopt;
        return Key(6, a.controller, *a.slot, {});
    }
    static std::optional<Key> key_of(const SpaprVioAddress& a, int) {
        if (!a.reg) return std::nullopt;
        return Key(7, *a.reg, 0, {});
    }
    static std::optional<Key> key_of(const DimmAddress& a, int) {
        if (!a.slot) return std::nullopt;
        return Key(10, *a.slot, 0, {});
    }
    template <class Other>
    static std::optional<Key> key_of(const Other&, int) {  // says nothing about a place
        return std::nullopt;
    }

    static std::string text_of(const PciAddress& a) {
        return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", a.domain, a.bus, a.slot, a.function);
    }
    static std::string text_of(const DriveAddress& a) {
        return fmt::format("controller {}, bus {}, target {}, unit {}", a.controller, a.bus, a.target, a.unit);
    }
    static std::string text_of(const VirtioSerialAddress& a) {
        return fmt::format("controller {}, port {}", a.controller, a.port.value_or(0));
    }
    static std::string text_of(const UsbAddress& a) { return fmt::format("bus {}, port {}", a.bus, a.port); }
    static std::string text_of(const IsaAddress& a) { return fmt::format("iobase {:#x}", a.iobase.value_or(0)); }
    static std::string text_of(const CcwAddress& a) {
        return fmt::format("{:x}.{:x}.{:04x}", a.cssid.value_or(0), a.ssid.value_or(0), a.devno.value_or(0));
    }
    static std::string text_of(const CcidAddress& a) {
        return fmt::format("controller {}, slot {}", a.controller, a.slot.value_or(0));
    }
    static std::string text_of(const SpaprVioAddress& a) { return fmt::format("reg {:#x}", a.reg.value_or(0)); }
    static std::string text_of(const DimmAddress& a) { return fmt::format("slot {}", a.slot.value_or(0)); }
    template <class Other>
    static std::string text_of(const Other&) {
        return {};
    }

    std::set<std::string_view> aliases_;
    std::set<std::uint32_t> acpi_indexes_;
    std::set<Key> taken_;
    std::set<std::uint32_t> orders_;
};

Result<> place_storage(const Domain& domain, Places& places) {
    const bool os_boot = !domain.os.boot.empty();
    for (const auto& disk : domain.devices.disks) {
        const std::string name = "disk '" + disk.target.dev + "'";
        if (auto good = places.add(name, disk.info, kinds_for(disk.bus()), static_cast<int>(disk.bus())); !good)
            return good;
        if (auto good = places.boot(name, disk.boot_order, os_boot); !good) return good;
        if (auto good = places.load_parameter(name, disk.loadparm); !good) return good;
    }
    for (const auto& controller : domain.devices.controllers)
        if (auto good = places.add("controller of type " + std::string(to_string(controller.type)), controller.info,
                                   plugged | usb | spapr_vio);
            !good)
            return good;
    for (const auto& filesystem : domain.devices.filesystems) {
        const std::string name = "filesystem '" + filesystem.target + "'";
        if (auto good = places.add(name, filesystem.info, plugged); !good) return good;
        if (auto good = places.boot(name, filesystem.boot_order, os_boot); !good) return good;
    }
    for (const auto& hostdev : domain.devices.hostdevs) {
        const auto name = "hostdev of type " + std::string(to_string(hostdev.type));
        if (auto good = places.add(name, hostdev.info, plugged | usb | drive | unassigned, scsi_bus); !good)
            return good;
        if (auto good = places.boot(name, hostdev.boot_order, os_boot); !good) return good;
        if (auto good = places.load_parameter(name, hostdev.loadparm); !good) return good;
    }
    for (const auto& interface : domain.devices.interfaces) {
        const unsigned kinds = plugged | usb | (interface.model == "spapr-vlan" ? spapr_vio : 0);
        if (auto good = places.add("interface", interface.info, kinds); !good) return good;
        if (auto good = places.boot("interface", interface.boot_order, os_boot); !good) return good;
        if (auto good = places.load_parameter("interface", interface.boot_loadparm); !good) return good;
    }
    return {};
}

Result<> place_character(const Devices& devices, Places& places) {
    for (const auto& smartcard : devices.smartcards)
        if (auto good = places.add("smartcard", smartcard.info, ccid); !good) return good;
    for (const auto& serial : devices.serials)
        if (auto good = places.add("serial", serial.info, isa | usb | pci | spapr_vio); !good) return good;
    for (const auto& parallel : devices.parallels)
        if (auto good = places.add("parallel", parallel.info, isa); !good) return good;
    for (const auto& console : devices.consoles) {
        // The first may be the first serial under its other name: that takes no place of its own.
        const bool serial = !console.target ||
                            console.target->type.value_or(ConsoleTarget::Type::serial) == ConsoleTarget::Type::serial;
        if (serial && &console == devices.consoles.data() && !devices.serials.empty()) continue;
        if (auto good = places.add("console", console.info, virtio_serial | isa | ccw | spapr_vio); !good) return good;
    }
    for (const auto& channel : devices.channels) {
        const bool forwards = channel.target.type == ChannelTarget::Type::guestfwd;
        if (auto good = places.add("channel", channel.info, forwards ? 0 : virtio_serial); !good) return good;
    }
    return {};
}

unsigned kinds_for(const Input& input) {
    if (input.type == Input::Type::evdev) return 0;
    if (input.type == Input::Type::passthrough) return plugged;
    return input.bus ? kinds_for(*input.bus) : usb;
}

unsigned kinds_for(Watchdog::Model model) {
    return model == Watchdog::Model::i6300esb ? pci : 0u;
}

unsigned kinds_for(Sound::Model model) {
    using enum Sound::Model;
    return model == usb ? unsigned{Kinds::usb} : model == sb16 ? unsigned{isa} : model == pcspk ? 0u : unsigned{pci};
}

Result<> place_seen_and_heard(const Domain& domain, Places& places) {
    const auto& devices = domain.devices;
    for (const auto& input : devices.inputs)
        if (auto good = places.add("input", input.info, kinds_for(input)); !good) return good;
    for (const auto& graphics : devices.graphics)
        if (auto good = places.add("graphics", graphics.info, 0); !good) return good;
    for (const auto& sound : devices.sounds)
        if (auto good = places.add("sound", sound.info, kinds_for(sound.model)); !good) return good;
    for (const auto& video : devices.videos) {
        const bool placed = video.model.kind() != VideoModel::Type::ramfb;
        if (auto good = places.add("video", video.info, placed ? plugged : 0); !good) return good;
    }
    for (const auto& hub : devices.hubs)
        if (auto good = places.add("hub", hub.info, usb); !good) return good;
    for (const auto& redirdev : devices.redirdevs) {
        if (auto good = places.add("redirdev", redirdev.info, usb); !good) return good;
        if (auto good = places.boot("redirdev", redirdev.boot_order, !domain.os.boot.empty()); !good) return good;
    }
    return {};
}

// Where each is in the guest's memory, when the definition says so.
Result<> place_memory(const std::vector<MemoryDevice>& devices) {
    struct Range {
        std::uint64_t first, size;
    };
    std::vector<Range> taken;
    for (const auto& memory : devices) {
        const auto* at = memory.info.at<DimmAddress>();
        const Range own{at ? at->base.value_or(0) : memory.target.base.value_or(0), memory.target.size};
        if (own.first == 0) continue;
        for (const auto& other : taken)
            if (own.first < other.first + other.size && other.first < own.first + own.size)
                return wrong(
                    fmt::format("memory: the base {:#x} and its size overlap with another memory device's", own.first));
        taken.push_back(own);
    }
    return {};
}

Result<> place_rest(const Devices& devices, Places& places) {
    for (const auto& tpm : devices.tpms)
        if (auto good = places.add("tpm", tpm.info, isa | spapr_vio); !good) return good;
    for (const auto& watchdog : devices.watchdogs)
        if (auto good = places.add("watchdog", watchdog.info, kinds_for(watchdog.model)); !good) return good;
    if (devices.memballoon)
        if (auto good = places.add("memballoon", devices.memballoon->info, plugged); !good) return good;
    for (const auto& rng : devices.rngs)
        if (auto good = places.add("rng", rng.info, plugged); !good) return good;
    if (devices.nvram)
        if (auto good = places.add("nvram", devices.nvram->info, spapr_vio); !good) return good;
    for (const auto& panic : devices.panics) {
        const bool on_pci = panic.model == Panic::Model::pvpanic;
        if (auto good = places.add("panic", panic.info, on_pci ? pci : isa); !good) return good;
    }
    for (const auto& shmem : devices.shmems)
        if (auto good = places.add("shmem", shmem.info, pci); !good) return good;
    for (const auto& memory : devices.memory_devices)
        if (auto good = places.add("memory", memory.info, dimm | pci); !good) return good;
    if (auto good = place_memory(devices.memory_devices); !good) return good;
    for (const auto& crypto : devices.cryptos)
        if (auto good = places.add("crypto", crypto.info, plugged); !good) return good;
    for (const auto& iommu : devices.iommus)
        if (auto good = places.add("iommu", iommu.info, pci); !good) return good;
    if (devices.vsock)
        if (auto good = places.add("vsock", devices.vsock->info, plugged); !good) return good;
    if (devices.pstore) return places.add("pstore", devices.pstore->info, pci);
    return {};
}

}  // namespace

Result<> validate_places(const Domain& domain) {
    Places places;
    if (auto good = place_storage(domain, places); !good) return good;
    if (auto good = place_character(domain.devices, places); !good) return good;
    if (auto good = place_seen_and_heard(domain, places); !good) return good;
    return place_rest(domain.devices, places);
}

}  // namespace vireo::model
