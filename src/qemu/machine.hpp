// SPDX-License-Identifier: LGPL-2.1-or-later
// What the machines of each architecture are: their buses, what is built into them, and which device stands for "the
// usual one". Facts of QEMU and the choices that libvirt's QEMU driver makes; no binary is asked.
#pragma once
#include "model/domain.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vireo::qemu {

enum class Arch : std::uint8_t {  // libvirt's words
    unknown,
    aarch64,
    alpha,
    armv6l,
    armv7b,
    armv7l,
    cris,
    hppa,
    i686,
    ia64,
    lm32,
    loongarch64,
    m68k,
    microblaze,
    microblazeel,
    mips,
    mips64,
    mips64el,
    mipsel,
    or32,
    parisc,
    parisc64,
    ppc,
    ppc64,
    ppc64le,
    ppcemb,
    riscv32,
    riscv64,
    s390,
    s390x,
    sh4,
    sh4eb,
    sparc,
    sparc64,
    unicore32,
    x86_64,
    xtensa,
    xtensaeb,
};
Arch arch_of(std::string_view word) noexcept;
std::string_view to_string(Arch arch) noexcept;

// Whether a QEMU binary whose guests are of one architecture runs those of another: the same target (armv6l and armv7l,
// ppc64 and ppc64le), or the 32-bit half of a 64-bit one.
bool runs(std::string_view binary_arch, std::string_view guest_arch) noexcept;

enum class MachineKind : std::uint8_t {
    q35,
    i440fx,
    isapc,
    microvm,
    virt,         // arm, riscv, loongarch
    versatilepb,  // the one arm board with conventional PCI
    vexpress,     // arm: virtio-mmio
    arm_board,    // any other arm board: no bus that devices could be plugged into
    pseries,
    ppc,  // e500, g3beige, mac99, prep …: conventional PCI
    ccw,
    sun4u,  // sparc64
    malta,  // mips
    board,  // anything else
};
std::optional<MachineKind> machine_kind(std::string_view machine) noexcept;  // by the name alone; most have only one

struct MachineVersion {  // "pc-q35-7.2" → 7.2; a distribution's own ("rhel8.6.0") → nothing
    std::uint32_t major = 0, minor = 0;
    auto operator<=>(const MachineVersion&) const = default;
};

struct Machine {
    Arch arch = Arch::unknown;
    MachineKind kind = MachineKind::board;
    std::string name;  // as in the definition
    std::optional<MachineVersion> version;

    bool x86() const noexcept { return arch == Arch::x86_64 || arch == Arch::i686; }
    bool arm() const noexcept { return arch == Arch::aarch64 || arch == Arch::armv7l || arch == Arch::armv6l; }
    bool riscv() const noexcept { return arch == Arch::riscv64 || arch == Arch::riscv32; }
    bool loongarch() const noexcept { return arch == Arch::loongarch64; }
    bool ppc64() const noexcept { return arch == Arch::ppc64 || arch == Arch::ppc64le; }
    bool s390() const noexcept { return arch == Arch::s390x || arch == Arch::s390; }
    bool q35() const noexcept { return kind == MachineKind::q35; }
    bool i440fx() const noexcept { return kind == MachineKind::i440fx; }
    bool microvm() const noexcept { return kind == MachineKind::microvm; }
    bool virt() const noexcept { return kind == MachineKind::virt; }
    bool arm_virt() const noexcept { return virt() && arm(); }
    bool riscv_virt() const noexcept { return virt() && riscv(); }
    bool loongarch_virt() const noexcept { return virt() && loongarch(); }
    bool pseries() const noexcept { return kind == MachineKind::pseries; }
    bool ccw() const noexcept { return kind == MachineKind::ccw; }

    // The root bus that the machine has, whether the definition says so or not.
    bool pcie_root() const noexcept { return q35() || virt(); }
    bool pci_root() const noexcept;
    bool has_pci() const noexcept { return pcie_root() || pci_root() || pci_perhaps(); }
    bool several_pci_roots() const noexcept { return pseries(); }
    bool several_pci_buses() const noexcept;                // can have bridges
    bool has_isa() const noexcept;                          // isa-serial, floppy, parallel ports, sb16 …
    bool has_ps2() const noexcept;                          // a mouse and a keyboard are built in
    bool has_floppy() const noexcept;                       // can have a floppy controller
    bool builtin_ide() const noexcept;                      // controller 0 is part of the machine
    bool builtin_sata() const noexcept;                     // controller 0 is part of the machine
    bool builtin_fdc() const noexcept;                      // q35 has none since 2.4: it is a device there
    bool builtin_esp() const noexcept;                      // an NCR53C90 SCSI controller is part of the machine
    bool virtio_mmio() const noexcept;                      // has transports for virtio without PCI
    std::uint32_t virtio_mmio_transports() const noexcept;  // how many
    bool usb_by_default() const noexcept;
    bool balloon_by_default() const noexcept;
    bool hotpluggable_memory() const noexcept { return x86() || pseries() || arm_virt(); }

private:
    bool pci_perhaps() const noexcept;  // boards that libvirt does not know: it does not say no
};
Machine machine_of(const model::Domain& domain);
Machine machine_of(std::string_view arch, std::string_view machine);

// What a device is when the definition does not say. They depend on what a binary has where libvirt's do.
struct Capabilities;
std::string_view default_nic_model(const Machine& machine, const Capabilities& capabilities) noexcept;
model::VideoModel::Type default_video_type(const Machine& machine, const Capabilities& capabilities) noexcept;

// QEMU's word for a virtio device on the bus where its address puts it: "virtio-blk" → "virtio-blk-pci", "-ccw",
// "-device" (virtio-mmio).
std::string virtio_driver(std::string_view base, const model::DeviceInfo& info);

}  // namespace vireo::qemu
