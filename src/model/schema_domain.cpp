// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
bool has_memory(const Domain& domain) { return domain.memory != 0; }
bool has_features(const Domain& domain) { return domain.features != Features(); }
}  // namespace

template <>
const Element& schema<Domain>() {
    static const Element element = Declare<Domain>()
        .attribute("type", &Domain::type).decides()
        .attribute("id", &Domain::id)
        .child("name", &Domain::name).required()
        .child("uuid", &Domain::uuid)
        .child("genid", &Domain::generation_id).bare()
        .child("title", &Domain::title).live()
        .child("description", &Domain::description).live()
        .raw("metadata", &Domain::metadata).live()
        .child("maxMemory", &Domain::max_memory)
        .child("memory", &Domain::memory).bytes().only_if<has_memory>()
        .beside("dumpCore", &Domain::dump_core).on_off().key("dumpCore")
        .child("currentMemory", &Domain::current_memory).bytes().live()
        .child("blkiotune", &Domain::blkio_tune)
        .child("memtune", &Domain::mem_tune)
        .child("memoryBacking", &Domain::memory_backing)
        .child("vcpu", &Domain::vcpu)
        .wrapped("vcpus", "vcpu", &Domain::vcpus).identified_by("id")
        .child("iothreads", &Domain::iothreads).range(0, 65535)
        .wrapped("iothreadids", "iothread", &Domain::iothread_ids).live().identified_by("id")
        .child("defaultiothread", &Domain::default_iothread).bare()
        .child("cputune", &Domain::cpu_tune)
        .child("numatune", &Domain::numa_tune)
        .child("iommufd", &Domain::iommufd)
        .child("resource", &Domain::resource)
        .child("sysinfo", &Domain::sysinfo)
        .child("os", &Domain::os).required()
        .child("idmap", &Domain::idmap)
        .child("features", &Domain::features).only_if<has_features>()
        .child("cpu", &Domain::cpu)
        .child("clock", &Domain::clock)
        .child("on_poweroff", &Domain::on_poweroff).live()
        .child("on_reboot", &Domain::on_reboot).live()
        .child("on_crash", &Domain::on_crash).live()
        .child("on_lockfailure", &Domain::on_lockfailure)
        .child("pm", &Domain::pm)
        .wrapped("perf", "event", &Domain::perf).live().identified_by("name")
        .wrapped("throttlegroups", "throttlegroup", &Domain::throttle_groups)
        .child("devices", &Domain::devices)
        .child("seclabel", &Domain::security_labels)
        .wrapped("keywrap", "cipher", &Domain::key_wrap)
        .child("launchSecurity", &Domain::launch_security)
        .child("qemu:commandline", &Domain::qemu_command_line)
        .child("qemu:capabilities", &Domain::qemu_capabilities)
        .child("qemu:override", &Domain::qemu_override)
        .child_attribute("qemu:deprecation", "behavior", &Domain::qemu_deprecation)
        .kept(&Domain::kept)
        .refuse("bootloader", "it is for Xen's paravirtual guests")
        .refuse("bootloader_args", "it is for Xen's paravirtual guests")
        .build();
    return element;
}

template <>
const Element& schema<GenerationId>() {
    static const Element element = Declare<GenerationId>()
        .text("uuid", &GenerationId::uuid)
        .kept(&GenerationId::kept)
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
        .child("disk", &Devices::disks).live().identified_by("target.dev")
        .child("controller", &Devices::controllers).live().identified_by("type index")
        .child("lease", &Devices::leases).live().identified_by("key")
        .child("filesystem", &Devices::filesystems).live().identified_by("target.dir")
        .child("interface", &Devices::interfaces).live().identified_by("mac.address")
        .child("smartcard", &Devices::smartcards)
        .child("serial", &Devices::serials).identified_by("target.port")
        .child("parallel", &Devices::parallels)
        .child("console", &Devices::consoles)
        .child("channel", &Devices::channels).live().identified_by("target.name")
        .child("input", &Devices::inputs).live()
        .child("tpm", &Devices::tpms)
        .child("graphics", &Devices::graphics).identified_by("type")
        .child("sound", &Devices::sounds)
        .child("audio", &Devices::audios)
        .child("video", &Devices::videos)
        .child("hostdev", &Devices::hostdevs).live()
        .child("redirdev", &Devices::redirdevs).live()
        .child("redirfilter", &Devices::redirfilter)
        .child("hub", &Devices::hubs)
        .child("watchdog", &Devices::watchdogs).live()
        .child("memballoon", &Devices::memballoon)
        .child("rng", &Devices::rngs).live()
        .child("nvram", &Devices::nvram).bare()
        .child("panic", &Devices::panics)
        .child("shmem", &Devices::shmems).live().identified_by("name")
        .child("memory", &Devices::memory_devices).live()
        .child("crypto", &Devices::cryptos)
        .child("iommu", &Devices::iommus)
        .child("vsock", &Devices::vsock).bare()
        .child("pstore", &Devices::pstore)
        .kept(&Devices::kept)
        .build();
    return element;
}

}  // namespace vireo::model
