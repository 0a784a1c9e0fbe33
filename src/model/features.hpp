// SPDX-License-Identifier: LGPL-2.1-or-later
// <features>: what the machine has beyond its processors and devices.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace vireo::model {

struct Apic {
    std::optional<bool> eoi;  // the end of an interrupt is told without leaving the guest (KVM)
    Kept kept;
    bool operator==(const Apic&) const = default;
};

// ── what Windows knows of Hyper-V ──
struct HypervSpinlocks {
    bool on = true;
    std::optional<std::uint32_t> retries;  // at least 4095; needed when on
    Kept kept;
    bool operator==(const HypervSpinlocks&) const = default;
};

struct HypervTimers {
    bool on = true;
    std::optional<bool> direct;  // <direct state=…/>: expiry as an interrupt instead of a message
    Kept kept;
    bool operator==(const HypervTimers&) const = default;
};

struct HypervVendor {
    bool on = true;
    std::string value;  // up to 12 characters, no comma; needed when on
    Kept kept;
    bool operator==(const HypervVendor&) const = default;
};

struct HypervTlbFlush {
    bool on = true;
    std::optional<bool> direct, extended;
    Kept kept;
    bool operator==(const HypervTlbFlush&) const = default;
};

struct Hyperv {
    enum class Mode { custom, passthrough, host_model };
    // custom when absent; passthrough: all that the host has, and nothing else is said; host_model: all that the host
    // has, but for what is said here
    std::optional<Mode> mode;
    std::optional<bool> relaxed, vapic;
    std::optional<HypervSpinlocks> spinlocks;
    std::optional<bool> vpindex, runtime, synic;
    std::optional<HypervTimers> stimer;
    std::optional<bool> reset;
    std::optional<HypervVendor> vendor_id;
    std::optional<bool> frequencies, reenlightenment;
    std::optional<HypervTlbFlush> tlbflush;
    std::optional<bool> ipi, evmcs, avic, emsr_bitmap, xmm_input;
    Kept kept;
    bool operator==(const Hyperv&) const = default;
};
template <>
inline constexpr auto names<Hyperv::Mode> = words("custom", "passthrough", "host-model");

// ── what KVM does and tells the guest ──
struct KvmDirtyRing {
    bool on = true;
    std::optional<std::uint32_t> size;  // entries: a power of two, 1024 … 65536; needed when on
    Kept kept;
    bool operator==(const KvmDirtyRing&) const = default;
};

struct Kvm {
    std::optional<bool> hidden, hint_dedicated, poll_control, pv_ipi;
    std::optional<KvmDirtyRing> dirty_ring;
    Kept kept;
    bool operator==(const Kvm&) const = default;
};

struct XenPassthrough {
    enum class Mode { sync_pt, share_pt };
    bool on = true;
    std::optional<Mode> mode;
    Kept kept;
    bool operator==(const XenPassthrough&) const = default;
};
template <>
inline constexpr auto names<XenPassthrough::Mode> = words("sync_pt", "share_pt");

struct Xen {
    std::optional<bool> e820_host;
    std::optional<XenPassthrough> passthrough;
    Kept kept;
    bool operator==(const Xen&) const = default;
};

// ── chips and security ──
struct Gic {  // Arm's interrupt controller
    enum class Version { v2, v3, host };
    std::optional<Version> version;
    Kept kept;
    bool operator==(const Gic&) const = default;
};
template <>
inline constexpr auto names<Gic::Version> = words("2", "3", "host");

struct Smm {  // system management mode
    bool on = true;
    std::optional<std::uint64_t> tseg;  // bytes of memory for it: whole MiB, q35 only
    Kept kept;
    Smm() = default;
    Smm(bool switched_on) : on(switched_on) {}
    bool operator==(const Smm&) const = default;
};

enum class IoapicDriver { kvm, qemu };
template <>
inline constexpr auto names<IoapicDriver> = words("kvm", "qemu");

struct Hpt {  // POWER's hashed page table
    enum class Resizing { enabled, disabled, required };
    std::optional<Resizing> resizing;
    std::optional<std::uint64_t> max_page_size;  // bytes
    Kept kept;
    bool operator==(const Hpt&) const = default;
};
template <>
inline constexpr auto names<Hpt::Resizing> = words("enabled", "disabled", "required");

enum class UnknownMsrs { ignore, fault };
template <>
inline constexpr auto names<UnknownMsrs> = words("ignore", "fault");

enum class CacheFlushMode { broken, workaround, fixed };
template <>
inline constexpr auto names<CacheFlushMode> = words("broken", "workaround", "fixed");
enum class IndirectBranchMode { broken, workaround, fixed_ibs, fixed_ccd, fixed_na };
template <>
inline constexpr auto names<IndirectBranchMode> = words("broken", "workaround", "fixed-ibs", "fixed-ccd", "fixed-na");

struct Tcg {
    std::optional<std::uint64_t> tb_cache;  // bytes for translated code
    Kept kept;
    bool operator==(const Tcg&) const = default;
};

enum class Aia { none, aplic, aplic_imsic };  // RISC-V's advanced interrupts
template <>
inline constexpr auto names<Aia> = words("none", "aplic", "aplic-imsic");

struct Features {
    bool acpi = false;
    std::optional<Apic> apic;
    bool pae = false;
    std::optional<bool> hap;
    bool viridian = false;
    bool private_network = false;
    std::optional<Hyperv> hyperv;
    std::optional<Kvm> kvm;
    std::optional<bool> pvspinlock;
    std::optional<bool> pmu;
    std::optional<bool> vmport;
    std::optional<Gic> gic;
    std::optional<Smm> smm;
    std::optional<IoapicDriver> ioapic;
    std::optional<Hpt> hpt;
    std::optional<bool> vmcoreinfo;
    std::optional<bool> htm;
    std::optional<bool> nested_hv;
    std::optional<UnknownMsrs> msrs;
    std::optional<bool> ccf_assist;
    std::optional<Xen> xen;
    std::optional<CacheFlushMode> cfpc;
    std::optional<CacheFlushMode> sbbc;
    std::optional<IndirectBranchMode> ibs;
    std::optional<Tcg> tcg;
    std::optional<bool> async_teardown;
    std::optional<bool> ras;
    std::optional<bool> ps2;
    std::optional<Aia> aia;
    Kept kept;
    bool operator==(const Features&) const = default;
};

}  // namespace vireo::model
