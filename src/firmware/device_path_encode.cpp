// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/device_path.hpp"
#include "firmware/varstore_bytes.hpp"
#include "firmware/varstore_guid.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace vireo::firmware {
namespace {

constexpr std::size_t max_path = 0xfff0;  // bytes; a load option counts them in 16 bits

// What stands between the parentheses of a node, taken from the front. The first thing that does not fit is remembered.
class Arguments {
public:
    explicit Arguments(std::string_view text) : rest_(text), done_(text.empty()) {}

    std::string_view word() {
        if (done_) return wrong();
        auto comma = rest_.find(',');
        auto word = rest_.substr(0, comma);
        done_ = comma == std::string_view::npos;
        rest_.remove_prefix(done_ ? rest_.size() : comma + 1);
        return word;
    }
    std::uint64_t number(std::uint64_t limit) {
        auto text = word();
        int base = 10;
        if (text.starts_with("0x") || text.starts_with("0X")) {
            text.remove_prefix(2);
            base = 16;
        }
        std::uint64_t value = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
        if (error != std::errc() || end != text.data() + text.size() || value > limit) wrong();
        return value;
    }
    template <std::unsigned_integral T>
    void put(std::string& out) {
        append(out, static_cast<T>(number(std::numeric_limits<T>::max())));
    }
    void put_guid(std::string& out) {
        if (auto guid = Guid::parse(word()))
            out.append(guid->bytes());
        else
            wrong();
    }
    void put_hex(std::string& out) {
        if (auto bytes = from_hex(word()))
            out.append(*bytes);
        else
            wrong();
    }
    void put_rest_hex(std::string& out) {
        if (!done_) put_hex(out);
    }
    std::string_view rest() {
        done_ = true;
        return std::exchange(rest_, {});
    }
    std::string_view wrong() {
        failed_ = true;
        return {};
    }
    bool ok() const { return !failed_ && done_; }

private:
    std::string_view rest_;
    bool done_, failed_ = false;
};

void pnp(std::string& out, Arguments& a, std::uint32_t number) {
    append(out, std::uint32_t{number << 16 | 0x41d0});
    a.put<std::uint32_t>(out);
}
void pci_root(std::string& out, Arguments& a) {
    pnp(out, a, 0x0a03);
}
void pcie_root(std::string& out, Arguments& a) {
    pnp(out, a, 0x0a08);
}
void acpi(std::string& out, Arguments& a) {
    auto id = a.word();
    std::uint32_t number = 0;
    bool is_pnp = id.starts_with("PNP");
    id.remove_prefix(std::min<std::size_t>(id.size(), is_pnp ? 3 : 2));
    auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number, 16);
    if (error != std::errc() || end != id.data() + id.size() || (is_pnp && number > 0xffff)) a.wrong();
    append(out, is_pnp ? std::uint32_t{number << 16 | 0x41d0} : number);
    a.put<std::uint32_t>(out);
}
void pci(std::string& out, Arguments& a) {
    auto device = static_cast<std::uint8_t>(a.number(0x1f));
    a.put<std::uint8_t>(out);
    append(out, device);
}
void number32(std::string& out, Arguments& a) {
    a.put<std::uint32_t>(out);
}
void number16(std::string& out, Arguments& a) {
    a.put<std::uint16_t>(out);
}
void sata(std::string& out, Arguments& a) {
    for (int i = 0; i < 3; ++i) a.put<std::uint16_t>(out);
}
void scsi(std::string& out, Arguments& a) {
    for (int i = 0; i < 2; ++i) a.put<std::uint16_t>(out);
}
void usb(std::string& out, Arguments& a) {
    for (int i = 0; i < 2; ++i) a.put<std::uint8_t>(out);
}
void nvme(std::string& out, Arguments& a) {
    a.put<std::uint32_t>(out);
    std::string id(a.word());
    std::erase(id, '-');
    auto bytes = from_hex(id);
    if (!bytes || bytes->size() != 8) {
        a.wrong();
        return;
    }
    out.append(bytes->rbegin(), bytes->rend());
}
void mac(std::string& out, Arguments& a) {
    std::string address;
    a.put_hex(address);
    if (address.size() != 6 && address.size() != 32) a.wrong();
    address.resize(32);
    out += address;
    a.put<std::uint8_t>(out);
}
void uri(std::string& out, Arguments& a) {
    auto text = a.rest();
    if (!printable_ascii(text)) a.wrong();
    out.append(text);
}
void guid_and_rest(std::string& out, Arguments& a) {
    a.put_guid(out);
    a.put_rest_hex(out);
}
void hard_drive(std::string& out, Arguments& a) {
    a.put<std::uint32_t>(out);
    auto table = a.word();
    std::string signature;
    if (table == "GPT") {
        a.put_guid(signature);
    } else if (table == "MBR") {
        a.put<std::uint32_t>(signature);
    } else {
        a.wrong();
    }
    signature.resize(16);
    a.put<std::uint64_t>(out);
    a.put<std::uint64_t>(out);
    out += signature;
    append(out,
           std::uint16_t{table == "GPT" ? std::uint16_t{0x0202} : std::uint16_t{0x0101}});  // format, signature type
}
void cdrom(std::string& out, Arguments& a) {
    a.put<std::uint32_t>(out);
    a.put<std::uint64_t>(out);
    a.put<std::uint64_t>(out);
}
void file(std::string& out, Arguments& a) {
    auto units = text_to_ucs2(a.rest());
    if (!units || units->empty()) {
        a.wrong();
        return;
    }
    out.append(*units).append(2, '\0');
}

struct Kind {
    std::string_view name;
    std::uint8_t type, subtype;
    void (*put)(std::string&, Arguments&);
};
constexpr std::array kinds{
    Kind{"PciRoot", 2, 1, pci_root},
    Kind{"PcieRoot", 2, 1, pcie_root},
    Kind{"Acpi", 2, 1, acpi},
    Kind{"Pci", 1, 1, pci},
    Kind{"Ctrl", 1, 5, number32},
    Kind{"VenHw", 1, 4, guid_and_rest},
    Kind{"Sata", 3, 18, sata},
    Kind{"Scsi", 3, 2, scsi},
    Kind{"USB", 3, 5, usb},
    Kind{"NVMe", 3, 23, nvme},
    Kind{"MAC", 3, 11, mac},
    Kind{"Vlan", 3, 20, number16},
    Kind{"Uri", 3, 24, uri},
    Kind{"VenMsg", 3, 10, guid_and_rest},
    Kind{"HD", 4, 1, hard_drive},
    Kind{"CDROM", 4, 2, cdrom},
    Kind{"VenMedia", 4, 3, guid_and_rest},
    Kind{"File", 4, 4, file},
    Kind{"FvFile", 4, 6, guid_and_rest},
    Kind{"Fv", 4, 7, guid_and_rest},
};

void append_node(std::string& out, std::uint8_t type, std::uint8_t subtype, std::string_view data) {
    append(out, type);
    append(out, subtype);
    append(out, static_cast<std::uint16_t>(data.size() + 4));
    out.append(data);
}

// Takes one node from the front, up to the "/" outside of parentheses. A file's path takes the rest.
std::string_view take_node(std::string_view& text) {
    std::size_t depth = 0, at = 0;
    for (; at < text.size() && text.front() != '\\'; ++at) {
        if (text[at] == '(') ++depth;
        if (text[at] == ')' && depth > 0) --depth;
        if (text[at] == '/' && depth == 0) break;
    }
    if (text.front() == '\\') at = text.size();
    auto node = text.substr(0, at);
    text.remove_prefix(std::min(text.size(), at + 1));
    return node;
}

bool encode_node(std::string& out, std::string_view node) {
    std::string data;
    if (node.starts_with('\\')) {
        Arguments whole(node);
        file(data, whole);
        if (!whole.ok() || data.size() > max_path) return false;
        append_node(out, 4, 4, data);
        return true;
    }
    auto open = node.find('(');
    if (open == std::string_view::npos || !node.ends_with(')')) return false;
    Arguments arguments(node.substr(open + 1, node.size() - open - 2));
    auto name = node.substr(0, open);
    std::uint8_t type = 0, subtype = 0;
    if (auto kind = std::ranges::find(kinds, name, &Kind::name); kind != kinds.end()) {
        type = kind->type;
        subtype = kind->subtype;
        kind->put(data, arguments);
    } else if (name == "Path") {
        type = static_cast<std::uint8_t>(arguments.number(0x7e));
        subtype = static_cast<std::uint8_t>(arguments.number(0xff));
        arguments.put_rest_hex(data);
    } else {
        return false;
    }
    if (!arguments.ok() || data.size() > max_path) return false;
    append_node(out, type, subtype, data);
    return true;
}

}  // namespace

Result<std::string> device_path_bytes(std::string_view text) {
    if (text.empty()) return fail(Errc::invalid_argument, "a device path must not be empty");
    std::string out;
    while (!text.empty()) {
        auto node = take_node(text);
        if (!encode_node(out, node))
            return Failure(
                Error(Errc::invalid_argument,
                      fmt::format("\"{}\" is not a device path's part that can be written", node.substr(0, 200)))
                    .with_hint("write it as Path(type,subtype,hexadecimal), or give the variable's bytes"));
        if (out.size() > max_path) return fail(Errc::limit_exceeded, "the device path is too long");
    }
    append_node(out, 0x7f, 0xff, {});
    return out;
}

}  // namespace vireo::firmware
