// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/new_domain.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

namespace vireo::cli {
namespace json = boost::json;
namespace {

Failure wrong(std::string what, std::string hint = {}) {
    Error error(Errc::invalid_argument, std::move(what));
    return Failure(hint.empty() ? error : error.with_hint(std::move(hint)));
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

std::string format_by_name(std::string_view path) {
    return path.ends_with(".qcow2") ? "qcow2" : "raw";
}

Result<> set_disk_key(NewDisk& disk, std::string_view key, std::string_view value) {
    if (key == "path") {
        disk.path = value;
    } else if (key == "size") {
        auto size = parse_size(value);
        if (!size) return Failure(size.error());
        disk.size = *size;
    } else if (key == "format") {
        if (!one_of(value, {"raw", "qcow2"}))
            return wrong("a disk's format is raw or qcow2, not '" + std::string(value) + "'");
        disk.format = value;
    } else if (key == "bus") {
        if (!one_of(value, {"virtio", "scsi", "sata", "ide", "usb"}))
            return wrong("a disk's bus is virtio, scsi, sata, ide or usb, not '" + std::string(value) + "'");
        disk.bus = value;
    } else {
        return wrong("a disk has no '" + std::string(key) + "'", "path, size, format and bus are known");
    }
    return {};
}

bool x86(std::string_view architecture) {
    return architecture == "x86_64" || architecture == "i686";
}

std::string machine_of(std::string_view architecture) {
    if (x86(architecture)) return "q35";
    if (one_of(architecture, {"aarch64", "armv7l", "riscv64"})) return "virt";
    if (architecture == "ppc64" || architecture == "ppc64le") return "pseries";
    if (architecture == "s390x") return "s390-ccw-virtio";
    return {};
}

// sda, vda … by the bus, counted for each prefix.
class DiskNames {
public:
    std::string next(std::string_view bus) {
        bool virtio = bus == "virtio", ide = bus == "ide";
        auto& count = counts_[virtio ? 0 : ide ? 1 : 2];
        return std::string(virtio ? "vd" : ide ? "hd" : "sd") + static_cast<char>('a' + count++ % 26);
    }

private:
    std::array<int, 3> counts_{};
};

json::object disk_of(std::string_view device, std::string_view path, std::string_view format, std::string_view bus,
                     DiskNames& names) {
    json::object disk{{"type", "file"}, {"device", device}};
    disk["driver"] = json::object{{"name", "qemu"}, {"type", format}};
    if (device == "disk") disk["driver"].get_object()["discard"] = "unmap";
    disk["source"] = json::object{{"file", path}};
    disk["target"] = json::object{{"dev", names.next(bus)}, {"bus", bus}};
    if (device == "cdrom") disk["readonly"] = true;
    return disk;
}

json::array disks_of(const NewDomain& domain, std::string_view architecture) {
    DiskNames names;
    json::array disks;
    const std::string usual = domain.os.virtio ? "virtio" : x86(architecture) ? "sata" : "scsi";
    const std::string optical = x86(architecture) ? "sata" : "scsi";
    for (auto& disk : domain.disks)
        disks.push_back(disk_of("disk", disk.path, disk.format.empty() ? format_by_name(disk.path) : disk.format,
                                disk.bus.empty() ? usual : disk.bus, names));
    for (auto& path : {domain.cdrom, domain.seed})
        if (!path.empty()) disks.push_back(disk_of("cdrom", path, "raw", optical, names));
    return disks;
}

Result<json::object> interface_of(const NewDomain& domain) {
    json::object interface;
    constexpr std::string_view bridge = "bridge=";
    if (domain.network.starts_with(bridge)) {
        interface["type"] = "bridge";
        interface["source"] = json::object{{"bridge", domain.network.substr(bridge.size())}};
    } else if (domain.network.empty() || domain.network == "user") {
        interface["type"] = "user";
    } else {
        return wrong("--network is user, none or bridge=NAME, not '" + domain.network + "'");
    }
    interface["model"] = json::object{{"type", domain.os.virtio ? "virtio" : "e1000e"}};
    return interface;
}

Result<json::object> os_of(const NewDomain& domain, const std::string& architecture) {
    json::object type{{"arch", architecture}, {"kind", "hvm"}};
    if (auto machine = machine_of(architecture); !machine.empty()) type["machine"] = machine;
    json::object os{{"type", type}};
    const bool has_efi = one_of(architecture, {"x86_64", "aarch64", "armv7l", "riscv64"});
    auto firmware = domain.firmware;
    if (firmware.empty()) firmware = domain.os.tpm ? "efi-secure" : has_efi ? "efi" : "bios";
    if (!one_of(firmware, {"bios", "efi", "efi-secure"}))
        return wrong("--firmware is efi, efi-secure or bios, not '" + firmware + "'");
    if (firmware == "bios") return os;
    if (!has_efi) return wrong("there is no UEFI firmware for " + architecture + " guests", "use --firmware bios");
    os["firmware"] = "efi";
    const bool secure = firmware == "efi-secure";
    if (x86(architecture) || secure) {
        json::array features{json::object{{"enabled", secure}, {"name", "secure-boot"}}};
        if (secure) features.push_back(json::object{{"enabled", true}, {"name", "enrolled-keys"}});
        os["firmwareFeatures"] = features;
    }
    return os;
}

json::object clock_of(const NewDomain& domain, bool is_x86) {
    json::object clock{{"offset", domain.os.family == OsFamily::windows ? "localtime" : "utc"}};
    if (!is_x86) return clock;
    json::array timers{json::object{{"name", "rtc"}, {"tickpolicy", "catchup"}},
                       json::object{{"name", "pit"}, {"tickpolicy", "delay"}},
                       json::object{{"name", "hpet"}, {"present", false}}};
    clock["timer"] = timers;
    return clock;
}

void add_display(json::object& devices, const NewDomain& domain, bool is_x86) {
    if (domain.graphics == "none") return;
    const std::string type = domain.graphics.empty() ? "vnc" : domain.graphics;
    devices["graphics"] = json::array{json::object{{"type", type}, {"autoport", true}}};
    const bool vga = is_x86 && !domain.os.virtio;
    devices["video"] = json::array{json::object{{"model", json::object{{"type", vga ? "vga" : "virtio"}}}}};
    if (!is_x86) devices["controller"] = json::array{json::object{{"type", "usb"}, {"model", "qemu-xhci"}}};
    devices["input"] = json::array{json::object{{"type", "tablet"}, {"bus", "usb"}},
                                   json::object{{"type", "keyboard"}, {"bus", "usb"}}};
}

Result<json::object> devices_of(const NewDomain& domain, const std::string& architecture) {
    json::object devices;
    devices["disk"] = disks_of(domain, architecture);
    if (domain.network != "none") {
        auto interface = interface_of(domain);
        if (!interface) return Failure(interface.error());
        devices["interface"] = json::array{*interface};
    }
    if (architecture == "s390x")
        devices["console"] = json::array{json::object{{"type", "pty"}}};
    else
        devices["serial"] = json::array{json::object{{"type", "pty"}}};
    devices["channel"] = json::array{json::object{
        {"type", "unix"}, {"target", json::object{{"type", "virtio"}, {"name", "org.qemu.guest_agent.0"}}}}};
    add_display(devices, domain, x86(architecture));
    if (domain.os.tpm)
        devices["tpm"] = json::array{
            json::object{{"model", "tpm-crb"}, {"backend", json::object{{"type", "emulator"}, {"version", "2.0"}}}}};
    json::object source{{"model", "random"}, {"path", "/dev/urandom"}};
    devices["rng"] = json::array{json::object{{"model", "virtio"}, {"backend", source}}};
    return devices;
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    auto shown = std::string(text);
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    while (unit.starts_with(' ')) unit.remove_prefix(1);
    std::uint64_t scale = 0;
    if (unit.empty() || one_of(unit, {"M", "MiB", "m"})) scale = 1ull << 20;
    if (one_of(unit, {"K", "KiB", "k"})) scale = 1ull << 10;
    if (one_of(unit, {"G", "GiB", "g"})) scale = 1ull << 30;
    if (one_of(unit, {"T", "TiB", "t"})) scale = 1ull << 40;
    if (error != std::errc() || !scale || number == 0 || number > (1ull << 50) / scale)
        return wrong("'" + shown + "' is no size", "write 512M, 4G or 1T; a number alone counts MiB");
    return number * scale;
}

Result<NewDisk> parse_new_disk(std::string_view text) {
    NewDisk disk;
    if (text.empty()) return wrong("--disk needs a path, a size or both: path=FILE,size=20G");
    if (text.find('=') == text.npos) {
        if (std::isdigit(static_cast<unsigned char>(text.front())) && text.find('/') == text.npos) {
            auto size = parse_size(text);
            if (!size) return Failure(size.error());
            disk.size = *size;
        } else {
            disk.path = text;
        }
        return disk;
    }
    while (!text.empty()) {
        auto part = text.substr(0, text.find(','));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        auto equals = part.find('=');
        auto key = equals == part.npos ? std::string_view("path") : part.substr(0, equals);
        if (auto ok = set_disk_key(disk, key, equals == part.npos ? part : part.substr(equals + 1)); !ok)
            return Failure(ok.error());
    }
    return disk;
}

Result<OsPreset> os_preset(std::string_view name) {
    constexpr std::array linuxes = {"linux",  "debian", "ubuntu",   "fedora", "rhel",  "centos",
                                    "rocky",  "alma",   "opensuse", "sles",   "arch",  "alpine",
                                    "gentoo", "mageia", "amazon",   "oracle", "nixos", "cirros"};
    constexpr std::array bsds = {"freebsd", "openbsd", "netbsd", "dragonfly"};
    OsPreset preset;
    for (std::string_view known : linuxes)
        if (name.starts_with(known)) return preset;
    for (std::string_view known : bsds)
        if (name.starts_with(known)) {
            preset.family = OsFamily::bsd;
            return preset;
        }
    if (name.starts_with("win")) {
        preset.family = OsFamily::windows;
        preset.virtio = false;
        preset.memory = 4ull << 30;
        preset.tpm = name.starts_with("win11") || name.starts_with("windows11");
        return preset;
    }
    if (name == "generic" || name == "other") {
        preset.family = OsFamily::other;
        preset.virtio = false;
        return preset;
    }
    return wrong(
        "the operating system '" + std::string(name.substr(0, 100)) + "' is not known",
        "say linux (or debian12, ubuntu24.04, fedora …), windows (win10, win11 …), freebsd, openbsd, netbsd, or "
        "generic for hardware that every system has drivers for");
}

Result<json::object> definition_of(const NewDomain& domain) {
    const auto architecture = domain.architecture.empty() ? domain.host_architecture : domain.architecture;
    if (domain.name.empty()) return wrong("the domain needs a name: --name");
    if (!one_of(domain.graphics, {"", "none", "vnc", "spice"}))
        return wrong("--graphics is none, vnc or spice, not '" + domain.graphics + "'");
    auto os = os_of(domain, architecture);
    if (!os) return Failure(os.error());
    auto devices = devices_of(domain, architecture);
    if (!devices) return Failure(devices.error());
    const bool is_x86 = x86(architecture);
    const bool native = domain.kvm && architecture == domain.host_architecture;
    json::object definition{{"type", native ? "kvm" : "qemu"}, {"name", domain.name}};
    definition["memory"] = domain.memory ? domain.memory : domain.os.memory;
    definition["vcpu"] = json::object{{"count", domain.cpus}};
    definition["os"] = *os;
    json::object features;
    if (is_x86 || architecture == "aarch64") features["acpi"] = true;
    if (is_x86) features["apic"] = true;
    if (os->contains("firmware") && is_x86 && (domain.os.tpm || domain.firmware == "efi-secure"))
        features["smm"] = json::object{{"state", true}};
    definition["features"] = features;
    if (native || is_x86 || architecture == "aarch64")
        definition["cpu"] = json::object{{"mode", native ? "host-passthrough" : "maximum"}};
    definition["clock"] = clock_of(domain, is_x86);
    definition["devices"] = *devices;
    return definition;
}

}  // namespace vireo::cli
