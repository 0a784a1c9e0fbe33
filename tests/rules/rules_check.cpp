// SPDX-License-Identifier: LGPL-2.1-or-later
// rules_check TABLE…: fragments of definitions, each judged within a whole one.
//
// A table has one fragment per line; what it is about stands before it:
//   # …                 a comment
//   == q35 …            the guest for the lines that follow: one of `guests`
//   + <disk …/>         accepted, and everything of it is still there when it is read and written again
//   - <disk …/> ~ text  refused, with this text in the message or hint
// A fragment whose first element belongs into <domain> is put there, any other into <devices>; " ++ " separates what is
// for the one from what is for the other. Its <memory>, <vcpu>, <os> and <name> replace the guest's own.
#include "corpus/trees.hpp"
#include "model/domain_json.hpp"
#include "model/domain_xml.hpp"
#include "qemu/native.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <vector>

using namespace vireo;

namespace {

struct Guest {
    std::string_view name;
    std::string_view type;  // of the domain
    std::string_view arch;
    std::string_view machine;
};
constexpr std::array guests = std::to_array<Guest>({
    {"q35", "kvm", "x86_64", "q35"},
    {"pc", "kvm", "x86_64", "pc"},
    {"tcg", "qemu", "x86_64", "q35"},
    {"isapc", "qemu", "x86_64", "isapc"},
    {"microvm", "kvm", "x86_64", "microvm"},
    {"i686", "kvm", "i686", "pc"},
    {"virt", "kvm", "aarch64", "virt"},
    {"virt-tcg", "qemu", "aarch64", "virt"},
    {"vexpress", "qemu", "armv7l", "vexpress-a9"},
    {"pseries", "kvm", "ppc64", "pseries"},
    {"g3beige", "qemu", "ppc", "g3beige"},
    {"s390x", "kvm", "s390x", "s390-ccw-virtio"},
    {"riscv", "qemu", "riscv64", "virt"},
    {"loongarch", "qemu", "loongarch64", "virt"},
    {"sparc", "qemu", "sparc", "SS-5"},
});

constexpr std::array in_devices = std::to_array<std::string_view>({
    "emulator", "disk",     "controller", "lease",       "filesystem", "hostdev",  "interface",  "smartcard",
    "serial",   "parallel", "console",    "channel",     "input",      "tpm",      "graphics",   "sound",
    "audio",    "video",    "redirdev",   "redirfilter", "hub",        "watchdog", "memballoon", "rng",
    "nvram",    "panic",    "shmem",      "crypto",      "iommu",      "vsock",    "pstore",
});

bool holds(std::string_view text, std::string_view element) {
    for (auto at = text.find(element); at != text.npos; at = text.find(element, at + 1)) {
        const auto after = at + element.size();
        if (at > 0 && text[at - 1] == '<' && after < text.size() && std::string_view(" >/").contains(text[after]))
            return true;
    }
    return false;
}

// <memory> is an element of both: with a model it is a device.
bool is_device(std::string_view fragment) {
    const auto end = fragment.find_first_of(" />", 1);
    const auto name = fragment.substr(1, end == fragment.npos ? end : end - 1);
    if (name == "memory") return fragment.substr(0, fragment.find('>')).contains("model=");
    return std::ranges::find(in_devices, name) != in_devices.end();
}

std::string document(const Guest& guest, std::string_view fragment) {
    std::string_view domain, devices;
    if (const auto split = fragment.find(" ++ "); split != fragment.npos) {
        domain = fragment.substr(0, split);
        devices = fragment.substr(split + 4);
    } else {
        (is_device(fragment) ? devices : domain) = fragment;
    }
    std::string head;
    const auto usual = [&](std::string_view element, std::string_view xml) {
        if (!holds(domain, element)) head += xml;
    };
    usual("name", "<name>guest</name>");
    usual("uuid", "<uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>");
    if (!domain.contains("<memory>") && !domain.contains("<memory unit=")) head += "<memory unit='MiB'>512</memory>";
    usual("vcpu", "<vcpu>2</vcpu>");
    usual("os", fmt::format("<os><type arch='{}' machine='{}'>hvm</type></os>", guest.arch, guest.machine));
    std::string own(domain);
    if (const auto at = own.find("<TYPE/>"); at != own.npos)
        own.replace(at, 7, fmt::format("<type arch='{}' machine='{}'>hvm</type>", guest.arch, guest.machine));
    return fmt::format(
        "<domain type='{}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>{}{}<devices>{}</devices></domain>",
        guest.type, head, own, devices);
}

struct Verdict {
    std::string error;   // message and hint; empty: accepted
    std::string damage;  // what a round trip does to it; empty: nothing
};

std::string damage_of(const std::string& xml, const model::Domain& domain) {
    const auto written = model::format_domain_xml(domain);
    for (const auto& what : corpus::lost(xml, written))
        if (!what.contains("xmlns")) return "lost: " + what;
    const auto again = model::parse_domain_xml(written);
    if (!again) return "what is written is refused: " + again.error().message();
    if (again->domain != domain) return "what is written is read as another domain";
    const auto text = boost::json::serialize(model::format_domain_json(domain));
    const auto from_json = model::parse_domain_json(boost::json::parse(text).as_object());
    if (!from_json) return "its JSON is refused: " + from_json.error().message();
    return from_json->domain == domain ? "" : "its JSON is read as another domain";
}

Verdict judge(const std::string& xml) {
    Verdict verdict;
    const auto said = [](const Error& error) { return error.message() + " " + error.hint(); };
    auto parsed = model::parse_domain_xml(xml);
    if (!parsed) return {said(parsed.error()), {}};
    verdict.damage = damage_of(xml, parsed->domain);
    auto native = qemu::to_native(parsed->domain);
    if (!native) return {said(native.error()), {}};
    const auto complete = model::format_domain_xml(native->domain);
    const auto again = model::parse_domain_xml(complete);
    if (!again && verdict.damage.empty())
        verdict.damage = "the complete definition is refused: " + again.error().message();
    return verdict;
}

class Table {
public:
    explicit Table(std::filesystem::path path) : path_(std::move(path)) {}

    bool run(bool verbose) {
        std::ifstream file(path_);
        if (!file) return complain("cannot be read"), false;
        for (std::string line; std::getline(file, line);) {
            ++line_;
            while (line.ends_with(' ')) line.pop_back();
            if (line.empty() || line.starts_with('#')) continue;
            take(line, verbose);
        }
        fmt::print("{}: {} fragments, {} wrong\n", path_.filename().string(), judged_, wrong_);
        return wrong_ == 0 && judged_ > 0;
    }

private:
    void complain(std::string_view what) {
        fmt::print("{}:{}: {}\n", path_.filename().string(), line_, what);
        ++wrong_;
    }

    void take(std::string_view line, bool verbose) {
        if (line.starts_with("== ")) {
            const auto name = line.substr(3, line.find(' ', 3) - 3);
            guest_ = std::ranges::find(guests, name, &Guest::name);
            if (guest_ == guests.end()) complain(fmt::format("there is no guest '{}'", name));
            return;
        }
        const bool good = line.starts_with("+ ");
        if ((!good && !line.starts_with("- ")) || guest_ == guests.end())
            return complain("a line begins with '#', '== GUEST', '+ ' or '- '");
        auto fragment = line.substr(2);
        std::string_view text;
        if (const auto tilde = fragment.rfind(" ~ "); !good && tilde != fragment.npos) {
            text = fragment.substr(tilde + 3);
            fragment = fragment.substr(0, tilde);
        }
        ++judged_;
        const auto verdict = judge(document(*guest_, fragment));
        if (verbose && !good) fmt::print("{}:{}: {}\n", path_.filename().string(), line_, verdict.error);
        if (good && !verdict.error.empty()) complain(fmt::format("{}\n    refused: {}", fragment, verdict.error));
        if (good && verdict.error.empty() && !verdict.damage.empty())
            complain(fmt::format("{}\n    {}", fragment, verdict.damage));
        if (!good && verdict.error.empty()) complain(fmt::format("{}\n    accepted", fragment));
        if (!good && !verdict.error.empty() && !verdict.error.contains(text))
            complain(fmt::format("{}\n    refused without '{}': {}", fragment, text, verdict.error));
    }

    std::filesystem::path path_;
    std::size_t line_ = 0, judged_ = 0, wrong_ = 0;
    const Guest* guest_ = guests.end();
};

}  // namespace

int main(int argc, char** argv) {
    bool good = argc > 1, verbose = false;
    for (int i = 1; i < argc; ++i) {
        if (std::string_view(argv[i]) == "--verbose")
            verbose = true;
        else
            good = Table(argv[i]).run(verbose) && good;
    }
    return good ? 0 : 1;
}
