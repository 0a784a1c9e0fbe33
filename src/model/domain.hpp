// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain's definition: libvirt's <domain> document (formatdomain) as plain values. What is here is what Vireo
// honours; everything else is refused by the parser (domain_xml.hpp). The names, places, ranges and defaults in XML
// and JSON are declared once, in schema_*.cpp.
//
// std::optional, an empty string, an empty vector and a null Box mean "not in the document". Sizes are bytes.
#pragma once
#include "model/clock.hpp"
#include "model/cpu.hpp"
#include "model/device.hpp"
#include "model/features.hpp"
#include "model/kept.hpp"
#include "model/lifecycle.hpp"
#include "model/memory.hpp"
#include "model/names.hpp"
#include "model/os.hpp"
#include "model/processors.hpp"
#include "model/qemu_extras.hpp"
#include "model/security.hpp"
#include "model/sysinfo.hpp"
#include "model/tuning.hpp"
#include "model/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

enum class DomainType { qemu, kvm };
template <>
inline constexpr auto names<DomainType> = words("qemu", "kvm");

struct GenerationId {          // changes when the guest goes back in time: restored, cloned
    std::optional<Uuid> uuid;  // made when absent
    Kept kept;
    bool operator==(const GenerationId&) const = default;
};

struct Devices {
    std::string emulator;  // absolute path; empty: chosen by architecture
    std::vector<Disk> disks;
    std::vector<Controller> controllers;
    std::vector<Lease> leases;
    std::vector<Filesystem> filesystems;
    std::vector<Hostdev> hostdevs;
    std::vector<Interface> interfaces;
    std::vector<Smartcard> smartcards;
    std::vector<Serial> serials;
    std::vector<Parallel> parallels;
    std::vector<Console> consoles;
    std::vector<Channel> channels;
    std::vector<Input> inputs;
    std::vector<Tpm> tpms;
    std::vector<Graphics> graphics;
    std::vector<Sound> sounds;
    std::vector<Audio> audios;
    std::vector<Video> videos;
    std::vector<Redirdev> redirdevs;
    std::optional<RedirFilter> redirfilter;
    std::vector<Hub> hubs;
    std::vector<Watchdog> watchdogs;
    std::optional<Memballoon> memballoon;  // absent: Vireo adds one; model none: without
    std::vector<Rng> rngs;
    std::optional<NvramDevice> nvram;
    std::vector<Panic> panics;
    std::vector<Shmem> shmems;
    std::vector<MemoryDevice> memory_devices;
    std::vector<Crypto> cryptos;
    std::vector<Iommu> iommus;  // several: each a smmuv3 of one PCI controller
    std::optional<Vsock> vsock;
    std::optional<Pstore> pstore;
    Kept kept;
    bool operator==(const Devices&) const = default;
};

struct Domain {
    DomainType type = DomainType::qemu;
    std::optional<std::uint32_t> id;  // of a running domain; read, but not part of a definition
    std::string name;                 // 1 … 255 bytes, one line, no '/'; a label, unique on a host
    std::optional<Uuid> uuid;         // the identity; made when absent
    std::optional<GenerationId> generation_id;
    std::string title;  // one line
    std::string description;
    std::string metadata;  // other programs' XML, kept as it is: the children of <metadata>
    std::optional<MaxMemory> max_memory;
    std::uint64_t memory = 0;                     // bytes, a multiple of 1 KiB; 0: the sum of the NUMA cells
    std::optional<bool> dump_core;                // is the memory in a core file of QEMU?
    std::optional<std::uint64_t> current_memory;  // bytes after ballooning; memory when absent
    Box<BlkioTune> blkio_tune;
    Box<MemTune> mem_tune;
    Box<MemoryBacking> memory_backing;
    Vcpu vcpu;
    std::vector<VcpuState> vcpus;
    std::optional<std::uint32_t> iothreads;  // how many; they are numbered from 1 unless iothread_ids says otherwise
    std::vector<IoThread> iothread_ids;
    std::optional<DefaultIoThread> default_iothread;
    Box<CpuTune> cpu_tune;
    Box<NumaTune> numa_tune;
    std::optional<IommuFd> iommufd;
    std::optional<Resource> resource;
    std::vector<SysInfo> sysinfo;
    Os os;
    std::optional<IdMap> idmap;
    Features features;
    std::optional<Cpu> cpu;
    std::optional<Clock> clock;                  // utc when absent
    std::optional<LifecycleAction> on_poweroff;  // destroy when absent
    std::optional<LifecycleAction> on_reboot;    // restart when absent
    std::optional<CrashAction> on_crash;         // destroy when absent
    std::optional<LockFailureAction> on_lockfailure;
    std::optional<PowerManagement> pm;
    std::vector<PerfEvent> perf;
    std::vector<IoTune> throttle_groups;  // each with a group_name; disks use them by <throttlefilters>
    Devices devices;
    std::vector<SecurityLabel> security_labels;
    std::vector<KeyWrapCipher> key_wrap;
    std::optional<LaunchSecurity> launch_security;
    Box<QemuCommandLine> qemu_command_line;
    Box<QemuCapabilities> qemu_capabilities;
    Box<QemuOverride> qemu_override;
    std::optional<DeprecationBehavior> qemu_deprecation;
    Kept kept;
    bool operator==(const Domain&) const = default;
};

}  // namespace vireo::model
