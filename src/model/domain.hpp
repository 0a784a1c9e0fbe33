// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain's definition: libvirt's <domain> document (formatdomain) as plain values. What is here is what Vireo
// honours; everything else is refused by the parser (domain_xml.hpp). The names, places, ranges and defaults in XML
// and JSON are declared once, in schema_*.cpp.
//
// std::optional, an empty string, an empty vector and a null Box mean "not in the document". Sizes are bytes.
#pragma once
#include "model/device.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

enum class DomainType { qemu, kvm };
template <>
inline constexpr auto names<DomainType> = words("qemu", "kvm");

struct Vcpu {  // <vcpu placement='static' current='1'>2</vcpu>
    enum class Placement { fixed };
    std::uint32_t count = 1;               // the most the guest can have: 1 … 4096
    std::optional<std::uint32_t> current;  // online at start; all when absent
    std::optional<Placement> placement;
    Kept kept;
    bool operator==(const Vcpu&) const = default;
};
template <>
inline constexpr auto names<Vcpu::Placement> = words("static");

// ── os: how the guest boots ──
enum class FirmwareType { bios, efi };
template <>
inline constexpr auto names<FirmwareType> = words("bios", "efi");

struct FirmwareFeature {  // a wish for the automatic choice of firmware
    enum class Name { enrolled_keys, secure_boot };
    bool enabled = false;
    Name name = Name::secure_boot;
    Kept kept;
    bool operator==(const FirmwareFeature&) const = default;
};
template <>
inline constexpr auto names<FirmwareFeature::Name> = words("enrolled-keys", "secure-boot");

enum class FirmwareFormat { raw, qcow2 };
template <>
inline constexpr auto names<FirmwareFormat> = words("raw", "qcow2");

struct Loader {  // the firmware's code
    enum class Type { rom, pflash };
    std::optional<bool> readonly;
    std::optional<bool> secure;            // SMM guards the flash: needs q35 and <smm>
    std::optional<Type> type;              // rom when absent and a path is given
    std::optional<bool> stateless;         // no NVRAM
    std::optional<FirmwareFormat> format;  // raw when absent
    std::string path;                      // empty: chosen by os.firmware
    Kept kept;
    bool operator==(const Loader&) const = default;
};
template <>
inline constexpr auto names<Loader::Type> = words("rom", "pflash");

struct Nvram {  // the firmware's variables
    enum class Type { file };
    std::string template_path;
    std::optional<FirmwareFormat> template_format;
    std::optional<Type> type;              // with it the path is <source file=…/>, else the element's text
    std::optional<FirmwareFormat> format;  // raw when absent
    std::string path;                      // empty: Vireo's own place
    Kept kept;
    bool operator==(const Nvram&) const = default;
};
template <>
inline constexpr auto names<Nvram::Type> = words("file");

struct OsType {  // <type arch='x86_64' machine='q35'>hvm</type>
    enum class Kind { hvm };
    std::string arch;     // empty: the host's
    std::string machine;  // empty: the hypervisor's default
    Kind kind = Kind::hvm;
    Kept kept;
    bool operator==(const OsType&) const = default;
};
template <>
inline constexpr auto names<OsType::Kind> = words("hvm");

enum class BootDevice { fd, hd, cdrom, network };
template <>
inline constexpr auto names<BootDevice> = words("fd", "hd", "cdrom", "network");

struct BootMenu {
    bool enable = false;
    std::optional<std::uint32_t> timeout;  // milliseconds, 0 … 65535
    Kept kept;
    bool operator==(const BootMenu&) const = default;
};

struct Bios {
    std::optional<bool> use_serial;
    std::optional<std::int32_t> reboot_timeout;  // milliseconds, -1 (never) … 65535
    Kept kept;
    bool operator==(const Bios&) const = default;
};

struct Os {
    std::optional<FirmwareType> firmware;  // chosen by Vireo from the descriptors
    OsType type;
    std::vector<FirmwareFeature> firmware_features;
    std::optional<Loader> loader;
    std::optional<Nvram> nvram;
    std::string kernel;
    std::string initrd;
    std::string cmdline;
    std::vector<BootDevice> boot;  // not together with a device's boot order
    std::optional<BootMenu> boot_menu;
    std::optional<Bios> bios;
    Kept kept;
    bool operator==(const Os&) const = default;
};

// ── features, cpu, clock, power ──
struct Features {
    bool acpi = false;
    bool apic = false;
    bool pae = false;
    std::optional<bool> pmu;
    std::optional<bool> vmport;
    std::optional<bool> smm;
    Kept kept;
    bool operator==(const Features&) const = default;
};

struct CpuModel {
    enum class Fallback { allow, forbid };
    std::optional<Fallback> fallback;
    std::string name;
    Kept kept;
    bool operator==(const CpuModel&) const = default;
};
template <>
inline constexpr auto names<CpuModel::Fallback> = words("allow", "forbid");

struct CpuTopology {  // the product is vcpu.count
    std::uint32_t sockets = 1, dies = 1, cores = 1, threads = 1;
    Kept kept;
    bool operator==(const CpuTopology&) const = default;
};

struct CpuFeature {
    enum class Policy { force, require, optional, disable, forbid };
    std::optional<Policy> policy;  // require when absent
    std::string name;
    Kept kept;
    bool operator==(const CpuFeature&) const = default;
};
template <>
inline constexpr auto names<CpuFeature::Policy> = words("force", "require", "optional", "disable", "forbid");

struct Cpu {
    enum class Mode { custom, host_model, host_passthrough, maximum };
    enum class Match { minimum, exact, strict };
    enum class Check { none, partial, full };
    std::optional<Mode> mode;    // custom when absent
    std::optional<Match> match;  // exact when absent; custom only
    std::optional<Check> check;
    std::optional<bool> migratable;  // host-passthrough and maximum only
    std::optional<CpuModel> model;
    std::string vendor;
    std::optional<CpuTopology> topology;
    std::vector<CpuFeature> features;
    Kept kept;
    bool operator==(const Cpu&) const = default;
};
template <>
inline constexpr auto names<Cpu::Mode> = words("custom", "host-model", "host-passthrough", "maximum");
template <>
inline constexpr auto names<Cpu::Match> = words("minimum", "exact", "strict");
template <>
inline constexpr auto names<Cpu::Check> = words("none", "partial", "full");

struct Timer {
    enum class Name { rtc, pit, hpet, kvmclock, hypervclock };
    enum class TickPolicy { delay, catchup, merge, discard };
    enum class Track { boot, guest, wall };
    Name name = Name::rtc;
    std::optional<bool> present;
    std::optional<TickPolicy> tick_policy;
    std::optional<Track> track;
    Kept kept;
    bool operator==(const Timer&) const = default;
};
template <>
inline constexpr auto names<Timer::Name> = words("rtc", "pit", "hpet", "kvmclock", "hypervclock");
template <>
inline constexpr auto names<Timer::TickPolicy> = words("delay", "catchup", "merge", "discard");
template <>
inline constexpr auto names<Timer::Track> = words("boot", "guest", "wall");

struct Clock {
    enum class Offset { utc, localtime, variable, timezone };
    enum class Basis { utc, localtime };
    Offset offset = Offset::utc;
    std::optional<std::int64_t> adjustment;  // seconds from the basis; variable only
    std::optional<Basis> basis;              // utc when absent; variable only
    std::string timezone;                    // "Europe/Paris"; timezone only
    std::vector<Timer> timers;
    Kept kept;
    bool operator==(const Clock&) const = default;
};
template <>
inline constexpr auto names<Clock::Offset> = words("utc", "localtime", "variable", "timezone");
template <>
inline constexpr auto names<Clock::Basis> = words("utc", "localtime");

enum class LifecycleAction { destroy, restart, rename_restart, preserve };
template <>
inline constexpr auto names<LifecycleAction> = words("destroy", "restart", "rename-restart", "preserve");
enum class CrashAction { destroy, restart, rename_restart, preserve, coredump_destroy, coredump_restart };
template <>
inline constexpr auto names<CrashAction> =
    words("destroy", "restart", "rename-restart", "preserve", "coredump-destroy", "coredump-restart");

struct PowerManagement {                  // does the guest see the sleep states?
    std::optional<bool> suspend_to_mem;   // ACPI S3
    std::optional<bool> suspend_to_disk;  // ACPI S4
    Kept kept;
    bool operator==(const PowerManagement&) const = default;
};

struct Devices {
    std::string emulator;  // absolute path; empty: chosen by architecture
    std::vector<Disk> disks;
    std::vector<Controller> controllers;
    std::vector<Interface> interfaces;
    std::vector<Serial> serials;
    std::vector<Parallel> parallels;
    std::vector<Console> consoles;
    std::vector<Channel> channels;
    std::vector<Input> inputs;
    std::vector<Graphics> graphics;
    std::vector<Video> videos;
    std::vector<Watchdog> watchdogs;
    std::optional<Memballoon> memballoon;  // absent: Vireo adds one; model none: without
    std::vector<Rng> rngs;
    std::vector<Panic> panics;
    Kept kept;
    bool operator==(const Devices&) const = default;
};

struct Domain {
    DomainType type = DomainType::qemu;
    std::optional<std::uint32_t> id;  // of a running domain; read, but not part of a definition
    std::string name;                 // 1 … 255 bytes, one line, no '/'; a label, unique on a host
    std::optional<Uuid> uuid;         // the identity; made when absent
    std::string title;                // one line
    std::string description;
    std::string metadata;                         // other programs' XML, kept as it is: the children of <metadata>
    std::uint64_t memory = 0;                     // bytes, a multiple of 1 KiB
    std::optional<std::uint64_t> current_memory;  // bytes after ballooning; memory when absent
    Vcpu vcpu;
    Os os;
    Features features;
    std::optional<Cpu> cpu;
    std::optional<Clock> clock;                  // utc when absent
    std::optional<LifecycleAction> on_poweroff;  // destroy when absent
    std::optional<LifecycleAction> on_reboot;    // restart when absent
    std::optional<CrashAction> on_crash;         // destroy when absent
    std::optional<PowerManagement> pm;
    Devices devices;
    Kept kept;
    bool operator==(const Domain&) const = default;
};

}  // namespace vireo::model
