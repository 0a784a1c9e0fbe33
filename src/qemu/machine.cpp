// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/machine.hpp"

#include "qemu/capabilities.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

namespace vireo::qemu {
namespace {

constexpr std::array<std::string_view, 38> arch_words{
    "",       "aarch64",     "alpha", "armv6l",     "armv7b",       "armv7l", "cris",    "hppa",     "i686",   "ia64",
    "lm32",   "loongarch64", "m68k",  "microblaze", "microblazeel", "mips",   "mips64",  "mips64el", "mipsel", "or32",
    "parisc", "parisc64",    "ppc",   "ppc64",      "ppc64le",      "ppcemb", "riscv32", "riscv64",  "s390",   "s390x",
    "sh4",    "sh4eb",       "sparc", "sparc64",    "unicore32",    "x86_64", "xtensa",  "xtensaeb"};

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) noexcept {
    return std::ranges::find(names, name) != names.end();
}

std::optional<MachineVersion> version_of(std::string_view name) noexcept {
    const auto dash = name.rfind('-');
    if (dash == name.npos) return std::nullopt;
    const auto text = name.substr(dash + 1);
    MachineVersion version;
    auto [dot, bad] = std::from_chars(text.data(), text.data() + text.size(), version.major);
    if (bad != std::errc() || dot == text.data() + text.size() || *dot != '.') return std::nullopt;
    auto [end, worse] = std::from_chars(dot + 1, text.data() + text.size(), version.minor);
    if (worse != std::errc()) return std::nullopt;
    return version;
}

bool conventional_pci(Arch arch) noexcept {  // whatever the board, as far as libvirt knows
    using enum Arch;
    return arch == alpha || arch == ppc || arch == ppcemb || arch == ppc64 || arch == ppc64le || arch == sh4 ||
           arch == sh4eb || arch == sparc || arch == sparc64;
}

}  // namespace

Arch arch_of(std::string_view word) noexcept {
    if (word.empty()) return Arch::unknown;
    const auto found = std::ranges::find(arch_words, word);
    return found == arch_words.end() ? Arch::unknown : static_cast<Arch>(found - arch_words.begin());
}

std::string_view to_string(Arch arch) noexcept {
    return arch_words[static_cast<std::size_t>(arch)];
}

bool runs(std::string_view binary_arch, std::string_view guest_arch) noexcept {
    const auto binary = qemu_target(binary_arch), guest = qemu_target(guest_arch);
    if (binary == guest) return true;
    return (binary == "x86_64" && guest == "i386") || (binary == "aarch64" && guest == "arm");
}

std::optional<MachineKind> machine_kind(std::string_view name) noexcept {
    using enum MachineKind;
    if (name == "q35" || name.starts_with("pc-q35-")) return q35;
    if (name == "pc" || name.starts_with("pc-0.") || name.starts_with("pc-1.") || name.starts_with("pc-i440") ||
        name.starts_with("rhel"))
        return i440fx;
    if (name == "isapc") return isapc;
    if (name == "microvm") return microvm;
    if (name == "virt" || name.starts_with("virt-")) return virt;
    if (name == "pseries" || name.starts_with("pseries-")) return pseries;
    if (name.starts_with("s390-ccw")) return ccw;
    if (name == "versatilepb") return versatilepb;
    if (name.starts_with("vexpress-")) return vexpress;
    if (name == "malta") return malta;
    if (name == "sun4u") return sun4u;
    return std::nullopt;
}

Machine machine_of(std::string_view arch, std::string_view name) {
    using enum MachineKind;
    Machine machine;
    machine.arch = arch_of(arch);
    machine.name = name;
    machine.version = version_of(name);
    const auto kind = machine_kind(name);
    const bool fits = [&] {
        switch (kind.value_or(board)) {
            case q35:
            case i440fx:
            case isapc:
            case microvm:
                return machine.x86();
            case virt:
                return machine.arm() || machine.riscv() || machine.loongarch();
            case pseries:
                return machine.ppc64();
            case ccw:
                return machine.s390();
            case versatilepb:
            case vexpress:
                return machine.arm();
            default:
                return true;
        }
    }();
    if (kind && fits)
        machine.kind = *kind;
    else if (machine.arm())
        machine.kind = arm_board;
    else if (machine.ppc64() || machine.arch == Arch::ppc)
        machine.kind = ppc;
    return machine;
}

Machine machine_of(const model::Domain& domain) {
    return machine_of(domain.os.type.arch, domain.os.type.machine);
}

bool Machine::pci_root() const noexcept {
    if (i440fx() || pseries() || ccw() || kind == MachineKind::versatilepb || kind == MachineKind::malta) return true;
    return !pcie_root() && conventional_pci(arch);
}

bool Machine::pci_perhaps() const noexcept {
    return kind == MachineKind::board && !riscv();
}

bool Machine::several_pci_buses() const noexcept {
    return x86() || ppc64() || arch == Arch::ppc || s390() || virt();
}

bool Machine::has_isa() const noexcept {
    return x86();
}
bool Machine::has_ps2() const noexcept {
    return x86() && !microvm();
}
bool Machine::has_floppy() const noexcept {
    return !pseries() && !arm() && !riscv() && !s390() && !loongarch() && !microvm();
}
bool Machine::builtin_ide() const noexcept {
    return i440fx() || kind == MachineKind::malta || kind == MachineKind::sun4u || name == "g3beige" ||
           kind == MachineKind::isapc;
}
bool Machine::builtin_sata() const noexcept {
    return q35();
}
bool Machine::builtin_fdc() const noexcept {
    return !q35() || (version && *version < MachineVersion{2, 4});
}
bool Machine::builtin_esp() const noexcept {
    return arch == Arch::sparc || one_of(name, {"magnum", "pica61", "q800"});
}
bool Machine::virtio_mmio() const noexcept {
    return (virt() && !loongarch()) || kind == MachineKind::vexpress || microvm();
}
// QEMU's NUM_VIRTIO_TRANSPORTS of each board; microvm's are 24 with the second I/O APIC that comes with ACPI.
std::uint32_t Machine::virtio_mmio_transports() const noexcept {
    if (!virtio_mmio()) return 0;
    if (kind == MachineKind::vexpress) return 4;
    return riscv() ? 8 : microvm() ? 24 : 32;
}
bool Machine::usb_by_default() const noexcept {
    return !arm() && !riscv() && !s390() && !loongarch() && kind != MachineKind::isapc && !microvm();
}
bool Machine::balloon_by_default() const noexcept {
    return !arm() && kind != MachineKind::isapc && arch != Arch::sparc;
}

std::string_view default_nic_model(const Machine& machine, const Capabilities& capabilities) noexcept {
    if (machine.s390() || machine.virt() || machine.microvm()) return "virtio";
    if (machine.kind == MachineKind::versatilepb) return "smc91c111";
    if (machine.arm()) return "lan9118";
    // Each is less likely to be known to the guest out of the box than the one before.
    for (std::string_view model : {"rtl8139", "e1000"})
        if (capabilities.has_device(model)) return model;
    return "virtio";
}

model::VideoModel::Type default_video_type(const Machine& machine, const Capabilities& capabilities) noexcept {
    using enum model::VideoModel::Type;
    if (machine.ppc64()) return vga;
    if (machine.virt() || machine.s390()) return model::VideoModel::Type::virtio;
    return capabilities.has_device("cirrus-vga") ? cirrus : vga;
}

std::string virtio_driver(std::string_view base, const model::DeviceInfo& info) {
    std::string_view suffix = "device";
    if (info.address && std::holds_alternative<model::PciAddress>(*info.address)) suffix = "pci";
    if (info.address && std::holds_alternative<model::CcwAddress>(*info.address)) suffix = "ccw";
    return fmt::format("{}-{}", base, suffix);
}

}  // namespace vireo::qemu
