// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/newest_known.hpp"

#include "qemu/capabilities_cache.hpp"
#include "qemu/machine.hpp"
#include "qemu/newest_known_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <span>

namespace vireo::qemu {
namespace {

constexpr QemuVersion newest{8, 0, 0};

// A family of versioned machines: its newest one has the alias.
struct Family {
    std::string_view prefix, alias, ram, cpu;
    MachineVersion first;
    std::uint32_t cpu_max;
};

struct Profile {
    Arch arch;
    std::span<const Family> families;
    std::string_view default_machine;
    std::string_view boards;  // machines without a version
};

constexpr std::array x86_families{Family{"pc-i440fx-", "pc", "pc.ram", "qemu64", {1, 4}, 255},
                                  Family{"pc-q35-", "q35", "pc.ram", "qemu64", {2, 4}, 288}};
constexpr std::array arm_families{Family{"virt-", "virt", "mach-virt.ram", "cortex-a15", {2, 6}, 512}};
constexpr std::array ppc64_families{Family{"pseries-", "pseries", "ppc_spapr.ram", "power9_v2.0", {2, 1}, 32767}};
constexpr std::array s390_families{Family{"s390-ccw-virtio-", "s390-ccw-virtio", "s390.ram", "qemu", {2, 4}, 248}};

constexpr std::string_view arm_boards =
    "versatilepb versatileab vexpress-a9 vexpress-a15 realview-eb realview-eb-mpcore realview-pb-a8 realview-pbx-a9 "
    "integratorcp raspi0 raspi1ap raspi2b raspi3ap raspi3b sbsa-ref cubieboard orangepi-pc highbank midway sabrelite "
    "xilinx-zynq-a9 xlnx-zcu102 xlnx-versal-virt smdkc210 nuri n800 n810 akita borzoi spitz terrier tosa connex verdex "
    "mainstone z2 sx1 sx1-v1 cheetah collie canon-a1100 imx25-pdk kzm mcimx6ul-evk mcimx7d-sabre netduino2 "
    "netduinoplus2 stm32vldiscovery microbit lm3s811evb lm3s6965evb mps2-an385 mps2-an386 mps2-an505 mps2-an521 "
    "mps3-an524 mps3-an547 musca-a musca-b1 musicpal emcraft-sf2 ast2500-evb ast2600-evb romulus-bmc "
    "witherspoon-bmc palmetto-bmc tacoma-bmc rainier-bmc npcm750-evb quanta-gsj olimex-stm32-h405 bpim2u";
constexpr std::string_view ppc_boards =
    "g3beige mac99 40p prep ppce500 bamboo sam460ex pegasos2 ref405ep taihu virtex-ml507 mpc8544ds powernv powernv8 "
    "powernv9 powernv10 amigaone";

constexpr std::array profiles{
    Profile{Arch::x86_64, x86_families, "pc", "isapc microvm x-remote"},
    Profile{Arch::i686, x86_families, "pc", "isapc microvm x-remote"},
    Profile{Arch::aarch64, arm_families, {}, arm_boards},
    Profile{Arch::armv7l, arm_families, {}, arm_boards},
    Profile{Arch::ppc64, ppc64_families, "pseries", ppc_boards},
    Profile{Arch::ppc, {}, "g3beige", ppc_boards},
    Profile{Arch::s390x, s390_families, "s390-ccw-virtio", {}},
    Profile{Arch::riscv64, {}, "spike", "virt spike sifive_e sifive_u microchip-icicle-kit shakti_c"},
    Profile{Arch::riscv32, {}, "spike", "virt spike sifive_e sifive_u opentitan"},
    Profile{Arch::loongarch64, {}, "virt", "virt"},
    Profile{Arch::alpha, {}, "clipper", "clipper"},
    Profile{Arch::cris, {}, "axis-dev88", "axis-dev88"},
    Profile{Arch::hppa, {}, "hppa", "hppa"},
    Profile{Arch::m68k, {}, "mcf5208evb", "mcf5208evb an5206 next-cube q800 virt"},
    Profile{Arch::microblaze, {}, "petalogix-s3adsp1800", "petalogix-s3adsp1800 petalogix-ml605 xlnx-zynqmp-pmu"},
    Profile{Arch::microblazeel, {}, "petalogix-s3adsp1800", "petalogix-s3adsp1800 petalogix-ml605 xlnx-zynqmp-pmu"},
    Profile{Arch::mips, {}, "malta", "malta mips mipssim"},
    Profile{Arch::mipsel, {}, "malta", "malta mips mipssim"},
    Profile{Arch::mips64, {}, "malta", "malta mips mipssim magnum pica61"},
    Profile{Arch::mips64el, {}, "malta", "malta mips mipssim magnum pica61 boston fuloong2e loongson3-virt"},
    Profile{Arch::or32, {}, "or1k-sim", "or1k-sim or32-sim virt"},
    Profile{Arch::sh4, {}, "shix", "shix r2d"},
    Profile{Arch::sh4eb, {}, "shix", "shix r2d"},
    Profile{Arch::sparc, {}, "SS-5", "SS-4 SS-5 SS-10 SS-20 SS-600MP LX SPARCClassic SPARCbook leon3_generic"},
    Profile{Arch::sparc64, {}, "sun4u", "sun4u sun4v niagara"},
    Profile{Arch::xtensa, {}, "sim", "sim lx60 lx60-nommu lx200 lx200-nommu ml605 kc705 virt"},
    Profile{Arch::xtensaeb, {}, "sim", "sim lx60 lx60-nommu lx200 lx200-nommu ml605 kc705 virt"},
};

// Those that a profile stands for beside its own.
Arch target_of(Arch arch) noexcept {
    switch (arch) {
        case Arch::armv6l:
            return Arch::armv7l;
        case Arch::ppc64le:
            return Arch::ppc64;
        case Arch::ppcemb:
            return Arch::ppc;
        case Arch::s390:
            return Arch::s390x;
        case Arch::parisc:
            return Arch::hppa;
        default:
            return arch;
    }
}

std::pair<std::string_view, std::string_view> names_for(const Machine& machine) {  // types, CPU models
    if (machine.x86()) return {newest::x86, newest::x86_cpus};
    if (machine.arm()) return {newest::arm, newest::arm_cpus};
    if (machine.ppc64() || machine.arch == Arch::ppc) return {newest::ppc, newest::ppc_cpus};
    if (machine.s390()) return {newest::s390, newest::s390_cpus};
    if (machine.riscv()) return {newest::riscv, newest::riscv_cpus};
    if (machine.loongarch()) return {newest::loongarch, newest::loongarch_cpus};
    return {newest::others, {}};
}

template <class Use>
void each_word(std::string_view text, Use&& use) {
    constexpr std::string_view space = " \n";
    for (auto start = text.find_first_not_of(space); start != text.npos; start = text.find_first_not_of(space)) {
        text.remove_prefix(start);
        const auto end = std::min(text.find_first_of(space), text.size());
        use(text.substr(0, end));
        text.remove_prefix(end);
    }
}

void add_names(std::vector<std::string>& to, std::string_view text) {
    each_word(text, [&](std::string_view word) { to.emplace_back(word); });
}

MachineType machine_like(const Family& family, std::string name) {
    MachineType type;
    type.name = std::move(name);
    type.default_cpu = family.cpu;
    type.default_ram_id = family.ram;
    type.cpu_max = family.cpu_max;
    type.hotpluggable_cpus = family.prefix != "virt-";
    return type;
}

MachineType board(std::string_view name, std::string_view arch) {
    MachineType type;
    type.name = name;
    type.cpu_max = 512;
    if (name == "vexpress-a9" || name == "realview-pbx-a9") type.default_cpu = "cortex-a9";
    if (name == "vexpress-a15") type.default_cpu = "cortex-a15";
    if (name == "virt" && arch.starts_with("riscv")) type.default_ram_id = "riscv_virt_board.ram";
    if (name == "virt" && arch.starts_with("loongarch")) type.default_ram_id = "loongarch.ram";
    if (name == "microvm") type.default_ram_id = "microvm.ram";
    if (name == "isapc") type.default_ram_id = "pc.ram";
    return type;
}

// Releases since 1.4: three a year; the last of a major version is .2, of those before 3 it is .12.
std::vector<MachineVersion> releases(MachineVersion first) {
    std::vector<MachineVersion> all;
    const auto last =
        MachineVersion{static_cast<std::uint32_t>(newest.major), static_cast<std::uint32_t>(newest.minor)};
    for (auto version = first; version <= last;) {
        all.push_back(version);
        const std::uint32_t final_minor = version.major == 1 ? 7 : version.major == 2 ? 12 : version.major == 3 ? 1 : 2;
        if (version.minor < final_minor)
            ++version.minor;
        else
            version = {version.major + 1, 0};
    }
    return all;
}

bool fits_family(const Family& family, std::string_view name) {
    if (!name.starts_with(family.prefix)) return false;
    name.remove_prefix(family.prefix.size());
    if (name.starts_with("rhel")) name.remove_prefix(4);
    auto possible = [](unsigned char c) { return std::isdigit(c) || std::islower(c) || c == '.' || c == '-'; };
    return !name.empty() && name.size() < 32 && std::isdigit(static_cast<unsigned char>(name.front())) &&
           std::ranges::all_of(name, possible);
}

bool older_pc(std::string_view name) {  // before the i440fx had its name in it
    return machine_kind(name) == MachineKind::i440fx && name != "pc" &&
           (name.starts_with("pc-0.") || name.starts_with("pc-1.") || name.starts_with("rhel"));
}

void add_machine(Capabilities& c, const Profile& profile, std::string_view name) {
    if (name.empty() || name.size() > 64 || c.machine(name)) return;
    if (older_pc(name) && !profile.families.empty() && profile.families.front().alias == "pc")
        c.machines.push_back(machine_like(profile.families.front(), std::string(name)));
    for (const auto& family : profile.families)
        if (fits_family(family, name)) c.machines.push_back(machine_like(family, std::string(name)));
    std::ranges::sort(c.machines, {}, &MachineType::name);
}

Capabilities make(const Profile& profile, std::string_view arch) {
    Capabilities c;
    c.arch = arch;
    c.binary = fmt::format("/usr/bin/qemu-system-{}", qemu_target(arch));
    c.version = newest;
    c.tcg = c.kvm_present = c.kvm_enabled = c.sandbox = true;
    for (const auto& family : profile.families) {
        for (const auto& version : releases(family.first))
            c.machines.push_back(
                machine_like(family, fmt::format("{}{}.{}", family.prefix, version.major, version.minor)));
        c.machines.back().alias = family.alias;
        c.machines.back().is_default = family.alias == profile.default_machine;
    }
    each_word(profile.boards, [&](std::string_view name) {
        c.machines.push_back(board(name, arch));
        c.machines.back().is_default = name == profile.default_machine;
    });
    std::ranges::sort(c.machines, {}, &MachineType::name);
    const auto [types, cpus] = names_for(machine_of(arch, {}));
    std::vector<std::string> all;
    add_names(all, newest::every_arch);
    add_names(all, types);
    c.types = NameSet(std::move(all));
    add_names(all = {}, newest::commands);
    c.commands = NameSet(std::move(all));
    add_names(all = {}, newest::options);
    c.options = NameSet(std::move(all));
    each_word(cpus, [&](std::string_view name) { c.cpus.push_back({std::string(name), true, false}); });
    std::ranges::sort(c.cpus, {}, &CpuModel::name);
    return c;
}

}  // namespace

std::shared_ptr<const Capabilities> newest_known(std::string_view arch, std::string_view machine) {
    const std::string wanted = arch.empty() ? host_arch() : std::string(arch);
    const auto target = target_of(arch_of(wanted));
    const auto profile = std::ranges::find(profiles, target, &Profile::arch);
    if (target == Arch::unknown || profile == profiles.end()) return nullptr;
    auto made = std::make_shared<Capabilities>(make(*profile, to_string(target)));
    add_machine(*made, *profile, machine);
    return made;
}

std::shared_ptr<const Capabilities> newest_known(const model::Domain& domain) {
    return newest_known(domain.os.type.arch, domain.os.type.machine);
}

}  // namespace vireo::qemu
