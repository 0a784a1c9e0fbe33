// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_vcpus = 4096;
bool has_features(const Domain& domain) { return domain.features != Features(); }
}  // namespace

template <>
const Element& schema<Domain>() {
    static const Element element = Declare<Domain>()
        .attribute("type", &Domain::type).decides()
        .attribute("id", &Domain::id)
        .child("name", &Domain::name).required()
        .child("uuid", &Domain::uuid)
        .child("title", &Domain::title)
        .child("description", &Domain::description)
        .raw("metadata", &Domain::metadata)
        .child("memory", &Domain::memory).bytes().required()
        .child("currentMemory", &Domain::current_memory).bytes()
        .child("vcpu", &Domain::vcpu)
        .child("os", &Domain::os).required()
        .child("features", &Domain::features).only_if<has_features>()
        .child("cpu", &Domain::cpu)
        .child("clock", &Domain::clock)
        .child("on_poweroff", &Domain::on_poweroff)
        .child("on_reboot", &Domain::on_reboot)
        .child("on_crash", &Domain::on_crash)
        .child("pm", &Domain::pm)
        .child("devices", &Domain::devices)
        .kept(&Domain::kept)
        .later("genid", "maxMemory", "blkiotune", "memtune", "memoryBacking", "vcpus", "iothreads", "iothreadids", "defaultiothread")
        .later("cputune", "numatune", "resource", "sysinfo", "bootloader", "bootloader_args", "idmap", "on_lockfailure", "perf")
        .later("seclabel", "keywrap", "launchSecurity", "throttlegroups")
        .later("qemu:commandline", "qemu:override", "qemu:capabilities", "qemu:deprecation")
        .build();
    return element;
}

template <>
const Element& schema<Vcpu>() {
    static const Element element = Declare<Vcpu>()
        .attribute("placement", &Vcpu::placement)
        .attribute("current", &Vcpu::current).range(1, most_vcpus)
        .text("count", &Vcpu::count).range(1, most_vcpus).required()
        .kept(&Vcpu::kept)
        .later("cpuset")
        .build();
    return element;
}

template <>
const Element& schema<PowerManagement>() {
    static const Element element = Declare<PowerManagement>()
        .child_attribute("suspend-to-mem", "enabled", &PowerManagement::suspend_to_mem)
        .child_attribute("suspend-to-disk", "enabled", &PowerManagement::suspend_to_disk)
        .kept(&PowerManagement::kept)
        .build();
    return element;
}

template <>
const Element& schema<Devices>() {
    static const Element element = Declare<Devices>()
        .child("emulator", &Devices::emulator)
        .child("disk", &Devices::disks)
        .child("controller", &Devices::controllers)
        .child("lease", &Devices::leases)
        .child("filesystem", &Devices::filesystems)
        .child("interface", &Devices::interfaces)
        .child("serial", &Devices::serials)
        .child("parallel", &Devices::parallels)
        .child("console", &Devices::consoles)
        .child("channel", &Devices::channels)
        .child("input", &Devices::inputs)
        .child("graphics", &Devices::graphics)
        .child("video", &Devices::videos)
        .child("watchdog", &Devices::watchdogs)
        .child("memballoon", &Devices::memballoon)
        .child("rng", &Devices::rngs)
        .child("panic", &Devices::panics)
        .kept(&Devices::kept)
        .later("smartcard", "sound", "audio", "hostdev", "redirdev", "redirfilter", "hub", "nvram")
        .later("shmem", "memory", "iommu", "vsock", "crypto", "pstore")
        .refuse("tpm", "emulated TPMs come with a later version")
        .build();
    return element;
}

}  // namespace vireo::model
