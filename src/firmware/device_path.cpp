// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/device_path.hpp"

#include "firmware/varstore_bytes.hpp"
#include "firmware/varstore_guid.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace vireo::firmware {
namespace {

std::uint8_t u8(std::string_view data, std::size_t at) {
    return load<std::uint8_t>(data, at);
}
std::uint16_t u16(std::string_view data, std::size_t at) {
    return load<std::uint16_t>(data, at);
}
std::uint32_t u32(std::string_view data, std::size_t at) {
    return load<std::uint32_t>(data, at);
}
std::uint64_t u64(std::string_view data, std::size_t at) {
    return load<std::uint64_t>(data, at);
}

std::string with_rest(std::string_view name, std::string_view data) {
    auto guid = Guid::read(data, 0).to_string();
    if (data.size() == 16) return fmt::format("{}({})", name, guid);
    return fmt::format("{}({},{})", name, guid, to_hex(data.substr(16)));
}

std::string range(std::string_view name, std::string_view data) {
    return fmt::format("{}(0x{:x},0x{:x})", name, u64(data, 0), u64(data, 8));
}

// Hardware.
std::string pci(std::string_view d) {
    return fmt::format("Pci(0x{:x},0x{:x})", u8(d, 1), u8(d, 0));
}
std::string pc_card(std::string_view d) {
    return fmt::format("PcCard(0x{:x})", u8(d, 0));
}
std::string memory_mapped(std::string_view d) {
    return fmt::format("MemoryMapped(0x{:x},0x{:x},0x{:x})", u32(d, 0), u64(d, 4), u64(d, 12));
}
std::string vendor_hardware(std::string_view d) {
    return with_rest("VenHw", d);
}
std::string controller(std::string_view d) {
    return fmt::format("Ctrl(0x{:x})", u32(d, 0));
}

// ACPI.
std::string acpi(std::string_view d) {
    auto hid = u32(d, 0), uid = u32(d, 4);
    auto number = hid >> 16;
    struct Known {
        std::uint32_t number;
        std::string_view name;
    };
    constexpr std::array known{Known{0x0a03, "PciRoot"},  Known{0x0a08, "PcieRoot"}, Known{0x0604, "Floppy"},
                               Known{0x0301, "Keyboard"}, Known{0x0501, "Serial"},   Known{0x0401, "ParallelPort"}};
    if ((hid & 0xffff) != 0x41d0) return fmt::format("Acpi(0x{:08x},0x{:x})", hid, uid);
    for (auto& k : known)
        if (k.number == number) return fmt::format("{}(0x{:x})", k.name, uid);
    return fmt::format("Acpi(PNP{:04X},0x{:x})", number, uid);
}
std::string acpi_address(std::string_view d) {
    std::string text = "AcpiAdr(";
    for (std::size_t at = 0; at + 4 <= d.size(); at += 4) text += fmt::format("{}0x{:x}", at ? "," : "", u32(d, at));
    return text + ")";
}

// Messaging.
std::string ata(std::string_view d) {
    return fmt::format("Ata({},{},0x{:x})", u8(d, 0) ? "Secondary" : "Primary", u8(d, 1) ? "Slave" : "Master",
                       u16(d, 2));
}
std::string scsi(std::string_view d) {
    return fmt::format("Scsi(0x{:x},0x{:x})", u16(d, 0), u16(d, 2));
}
std::string usb(std::string_view d) {
    return fmt::format("USB(0x{:x},0x{:x})", u8(d, 0), u8(d, 1));
}
std::string usb_class(std::string_view d) {
    return fmt::format("UsbClass(0x{:x},0x{:x},0x{:x},0x{:x},0x{:x})", u16(d, 0), u16(d, 2), u8(d, 4), u8(d, 5),
                       u8(d, 6));
}
std::string vendor_message(std::string_view d) {
    constexpr auto ansi = Guid::of("e0c14753-f9be-11d2-9a0c-0090273fc14d");
    constexpr auto vt100 = Guid::of("dfa66065-b419-11d3-9a2d-0090273fc14d");
    constexpr auto vt100_plus = Guid::of("7baec70b-57e0-4c76-8e87-2f9e28088343");
    constexpr auto utf8 = Guid::of("ad15a0d6-8bec-4acf-a073-d01de77e2d88");
    auto guid = Guid::read(d, 0);
    if (d.size() == 16) {
        if (guid == ansi) return "VenPcAnsi()";
        if (guid == vt100) return "VenVt100()";
        if (guid == vt100_plus) return "VenVt100Plus()";
        if (guid == utf8) return "VenUtf8()";
    }
    return with_rest("VenMsg", d);
}
std::string mac(std::string_view d) {
    auto type = u8(d, 32);
    return fmt::format("MAC({},0x{:x})", to_hex(d.substr(0, type <= 1 ? 6 : 32)), type);
}
std::string dotted(std::string_view d, std::size_t at) {
    return fmt::format("{}.{}.{}.{}", u8(d, at), u8(d, at + 1), u8(d, at + 2), u8(d, at + 3));
}
std::string protocol(std::uint16_t number) {
    return number == 6 ? "TCP" : number == 17 ? "UDP" : fmt::format("0x{:x}", number);
}
std::string ipv4(std::string_view d) {
    auto text = fmt::format("IPv4({},{},{},{}", dotted(d, 4), protocol(u16(d, 12)), u8(d, 14) ? "Static" : "DHCP",
                            dotted(d, 0));
    if (d.size() >= 23) text += fmt::format(",{},{}", dotted(d, 15), dotted(d, 19));
    return text + ")";
}
std::string colons(std::string_view d, std::size_t at) {
    std::string text;
    for (std::size_t i = 0; i < 16; i += 2)
        text += fmt::format("{}{:02x}{:02x}", i ? ":" : "", u8(d, at + i), u8(d, at + i + 1));
    return text;
}
std::string ipv6(std::string_view d) {
    constexpr std::array<std::string_view, 3> origins{"Static", "StatelessAutoConfigure", "StatefulAutoConfigure"};
    auto origin = std::min<std::size_t>(u8(d, 38), 2);
    auto text = fmt::format("IPv6({},{},{},{}", colons(d, 16), protocol(u16(d, 36)), origins[origin], colons(d, 0));
    if (d.size() >= 56) text += fmt::format(",0x{:x},{}", u8(d, 39), colons(d, 40));
    return text + ")";
}
std::string uart(std::string_view d) {
    constexpr std::string_view parities = "DNEOMS";
    constexpr std::array<std::string_view, 4> stops{"D", "1", "1.5", "2"};
    auto baud = u64(d, 4);
    auto bits = u8(d, 12), parity = u8(d, 13), stop = u8(d, 14);
    return fmt::format("Uart({},{},{},{})", baud ? fmt::to_string(baud) : "DEFAULT",
                       bits ? fmt::to_string(bits) : "DEFAULT", parity < parities.size() ? parities[parity] : 'x',
                       stop < stops.size() ? stops[stop] : "x");
}
std::string sata(std::string_view d) {
    return fmt::format("Sata(0x{:x},0x{:x},0x{:x})", u16(d, 0), u16(d, 2), u16(d, 4));
}
std::string vlan(std::string_view d) {
    return fmt::format("Vlan({})", u16(d, 0));
}
std::string nvme(std::string_view d) {
    std::string id;
    for (std::size_t i = 8; i-- > 0;) id += fmt::format("{:02x}{}", u8(d, 4 + i), i ? "-" : "");
    return fmt::format("NVMe(0x{:x},{})", u32(d, 0), id);
}
std::string uri(std::string_view d) {
    return fmt::format("Uri({})", text_from_ascii(d));
}
std::string sd(std::string_view d) {
    return fmt::format("SD(0x{:x})", u8(d, 0));
}
std::string emmc(std::string_view d) {
    return fmt::format("eMMC(0x{:x})", u8(d, 0));
}

// Media.
std::string hard_drive(std::string_view d) {
    auto part = u32(d, 0);
    auto start = u64(d, 4), size = u64(d, 12);
    auto signature = u8(d, 37);
    if (signature == 2)
        return fmt::format("HD({},GPT,{},0x{:x},0x{:x})", part, Guid::read(d, 20).to_string(), start, size);
    if (signature == 1) return fmt::format("HD({},MBR,0x{:08x},0x{:x},0x{:x})", part, u32(d, 20), start, size);
    return fmt::format("HD({},{},0,0x{:x},0x{:x})", part, signature, start, size);
}
std::string cdrom(std::string_view d) {
    return fmt::format("CDROM(0x{:x},0x{:x},0x{:x})", u32(d, 0), u64(d, 4), u64(d, 12));
}
std::string vendor_media(std::string_view d) {
    return with_rest("VenMedia", d);
}
std::string file(std::string_view d) {
    return text_from_ucs2(d);
}
std::string media(std::string_view d) {
    return with_rest("Media", d);
}
std::string volume_file(std::string_view d) {
    return with_rest("FvFile", d);
}
std::string volume(std::string_view d) {
    return with_rest("Fv", d);
}
std::string offset(std::string_view d) {
    return range("Offset", d.substr(4));
}
std::string ram_disk(std::string_view d) {
    return fmt::format("RamDisk(0x{:x},0x{:x},{},{})", u64(d, 0), u64(d, 8), u16(d, 32), Guid::read(d, 16).to_string());
}

std::string bbs(std::string_view d) {
    constexpr std::array<std::string_view, 7> types{"0x0", "Floppy", "HD", "CDROM", "PCMCIA", "USB", "Network"};
    auto type = u16(d, 0);
    return fmt::format("BBS({},{},0x{:x})",
                       type < types.size() ? std::string(types[type]) : fmt::format("0x{:x}", type),
                       text_from_ascii(d.substr(4)), u16(d, 2));
}

struct Kind {
    std::uint8_t type, subtype;
    std::size_t minimum;  // bytes behind the node's header
    std::string (*text)(std::string_view);
};
constexpr std::array kinds{
    Kind{1, 1, 2, pci},
    Kind{1, 2, 1, pc_card},
    Kind{1, 3, 20, memory_mapped},
    Kind{1, 4, 16, vendor_hardware},
    Kind{1, 5, 4, controller},
    Kind{2, 1, 8, acpi},
    Kind{2, 3, 4, acpi_address},
    Kind{3, 1, 4, ata},
    Kind{3, 2, 4, scsi},
    Kind{3, 5, 2, usb},
    Kind{3, 10, 16, vendor_message},
    Kind{3, 11, 33, mac},
    Kind{3, 12, 15, ipv4},
    Kind{3, 13, 39, ipv6},
    Kind{3, 14, 15, uart},
    Kind{3, 15, 7, usb_class},
    Kind{3, 18, 6, sata},
    Kind{3, 20, 2, vlan},
    Kind{3, 23, 12, nvme},
    Kind{3, 24, 0, uri},
    Kind{3, 26, 1, sd},
    Kind{3, 29, 1, emmc},
    Kind{4, 1, 38, hard_drive},
    Kind{4, 2, 20, cdrom},
    Kind{4, 3, 16, vendor_media},
    Kind{4, 4, 2, file},
    Kind{4, 5, 16, media},
    Kind{4, 6, 16, volume_file},
    Kind{4, 7, 16, volume},
    Kind{4, 8, 20, offset},
    Kind{4, 9, 34, ram_disk},
    Kind{5, 1, 4, bbs},
};

std::string node_text(std::uint8_t type, std::uint8_t subtype, std::string_view data) {
    for (auto& kind : kinds)
        if (kind.type == type && kind.subtype == subtype && data.size() >= kind.minimum)
            if (auto text = kind.text(data); !text.empty()) return text;
    return data.empty() ? fmt::format("Path({},{})", type, subtype)
                        : fmt::format("Path({},{},{})", type, subtype, to_hex(data));
}

}  // namespace

std::vector<std::string> device_path_texts(std::string_view bytes) {
    std::vector<std::string> paths;
    std::string path;
    bool open = false;  // in the middle of a path
    while (!bytes.empty()) {
        std::size_t length = bytes.size() < 4 ? 0 : u16(bytes, 2);
        if (length < 4 || length > bytes.size()) {
            path += "…";
            open = true;
            break;
        }
        auto type = u8(bytes, 0);
        if (type == 0x7f) {
            paths.push_back(std::move(path));
            path.clear();
            open = false;
        } else {
            if (open) path += '/';
            path += node_text(type, u8(bytes, 1), bytes.substr(4, length - 4));
            open = true;
        }
        bytes.remove_prefix(length);
    }
    if (open) paths.push_back(std::move(path));
    return paths;
}

std::string device_path_text(std::string_view bytes) {
    std::string all;
    for (auto& path : device_path_texts(bytes)) all.append(all.empty() ? "" : ",").append(path);
    return all;
}

}  // namespace vireo::firmware
