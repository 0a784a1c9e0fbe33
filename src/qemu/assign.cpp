// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/assign.hpp"

#include "qemu/assign_parts.hpp"

#include <fmt/format.h>

namespace vireo::qemu {
namespace {

Result<> assign_machine(model::Domain& domain, const Capabilities& capabilities) {
    auto& type = domain.os.type;
    if (type.arch.empty()) type.arch = capabilities.arch;
    if (!runs(capabilities.arch, type.arch))
        return Failure(Error(Errc::unsupported, fmt::format("{} runs guests of the architecture {}, not {}",
                                                            capabilities.binary, capabilities.arch, type.arch))
                           .with_hint("Leave <emulator> out, or change <type arch=…>"));
    if (type.machine.empty()) {
        const auto* chosen = capabilities.default_machine();
        if (!chosen) chosen = capabilities.machine("virt");
        if (!chosen)
            return fail(Errc::invalid_config, capabilities.binary,
                        " has no default machine: name one, <type machine=…>");
        type.machine = chosen->name;
    }
    auto canonical = capabilities.canonical_machine(type.machine);
    if (!canonical) return Failure(canonical.error());
    type.machine = std::move(*canonical);
    return {};
}

// What any domain has, whatever its machine.
void assign_common(model::Domain& domain, const Capabilities& capabilities) {
    if (!domain.uuid) domain.uuid = model::Uuid::random();
    if (domain.devices.emulator.empty()) domain.devices.emulator = capabilities.binary;
    // More than there is says no more than all of it.
    if (!domain.current_memory || *domain.current_memory > domain.memory) domain.current_memory = domain.memory;
    if (!domain.clock) domain.clock.emplace();
    if (!domain.on_poweroff) domain.on_poweroff = model::LifecycleAction::destroy;
    if (!domain.on_reboot) domain.on_reboot = model::LifecycleAction::restart;
    if (!domain.on_crash) domain.on_crash = model::CrashAction::destroy;

    auto ordered = [](const auto& devices) {
        for (const auto& device : devices)
            if (device.boot_order) return true;
        return false;
    };
    if (domain.os.boot.empty() && !ordered(domain.devices.disks) && !ordered(domain.devices.interfaces) &&
        !ordered(domain.devices.hostdevs) && !ordered(domain.devices.redirdevs) && !ordered(domain.devices.filesystems))
        domain.os.boot.push_back(model::BootDevice::hd);
}

}  // namespace

Result<> complete(model::Domain& domain, const Capabilities& capabilities) {
    assign_memory(domain);
    assign_common(domain, capabilities);
    if (auto done = assign_machine(domain, capabilities); !done) return done;
    Assignment assignment{domain, capabilities, machine_of(domain)};
    for (auto* part : {assign_system, assign_controllers, assign_defaults, assign_characters, assign_drives,
                       assign_virtio_serial, assign_smartcards, assign_hostdev_controllers, assign_spapr_vio,
                       assign_ccw, assign_virtio_mmio, assign_pci, assign_zpci, assign_usb, assign_memory_slots})
        if (auto done = part(assignment); !done) return done;
    return {};
}

}  // namespace vireo::qemu
