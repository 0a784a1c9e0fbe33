// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of validate(), one file each.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::model {

Result<> validate_firmware(const Domain& domain);    // os and what it needs elsewhere
Result<> validate_processors(const Domain& domain);  // vcpu, vcpus, iothreads
Result<> validate_cpu(const Domain& domain);
Result<> validate_clock(const Domain& domain);
Result<> validate_memory(const Domain& domain);  // how much, and memoryBacking
Result<> validate_numa(const Domain& domain);
Result<> validate_numa_tune(const Domain& domain);
Result<> validate_cpu_tune(const Domain& domain);
Result<> validate_features(const Domain& domain);
Result<> validate_system(const Domain& domain);  // sysinfo, resource, perf, the QEMU namespace
Result<> validate_security(const Domain& domain);
Result<> validate_disks(const Domain& domain);
Result<> validate_throttle_groups(const Domain& domain);
Result<> validate_controllers(const Domain& domain);
Result<> validate_iommus(const Domain& domain);
Result<> validate_hostdevs(const Domain& domain);  // and filesystems
Result<> validate_devices(const Domain& domain);   // each of the others in itself, with the next three
Result<> validate_interface(const Interface& interface);
Result<> validate_character(const Domain& domain);
Result<> validate_seen_and_heard(const Domain& domain);
Result<> validate_places(
    const Domain& domain);  // controllers, addresses, aliases, boot order: devices among each other

// One storage source, wherever it is; `what` names it in messages: "disk 'vda'". The second and third are for what
// libvirt also takes beside <source>.
Result<> check_source(const StorageSource& source, SourceType type, DiskFormat format, std::string_view what);
Result<> check_auth(const SourceAuth& auth, const StorageSource& source, SourceType type, std::string_view what);
Result<> check_encryption(const Encryption& encryption, const StorageSource& source, SourceType type, DiskFormat format,
                          std::string_view what);
Result<> check_format(DiskFormat format, std::string_view what);  // does QEMU read it?

Result<> check_path(const std::string& path, std::string_view what);  // absolute, when there is one

// Each of a list, by check(device); with more than one of them, an error says which it is about.
template <class Device, class Check>
Result<> check_each(const std::vector<Device>& devices, std::string_view element, Check&& check) {
    for (const auto& device : devices) {
        const Result<> good = check(device);
        if (good) continue;
        if (devices.size() == 1) return good;
        const auto number = std::to_string(&device - devices.data() + 1);
        const auto& error = good.error();
        return Failure(Error(error.code(), "devices/" + std::string(element) + "[" + number + "]: " + error.message())
                           .with_hint(error.hint()));
    }
    return {};
}

// Do the limits of a disk or a throttle group fit together? `owner` names it in messages.
Result<> check_limits(const IoTune& limits, std::string_view owner);

// The labels of one file or socket, against those of the domain.
Result<> check_labels(const std::vector<DeviceSeclabel>& labels, const Domain& domain, std::string_view what);

NumberSet io_threads(const Domain& domain);  // the ids of all that the domain has
Result<> check_io_threads(const Domain& domain, const std::vector<std::uint32_t>& used, std::string_view what);

// Another process serves the device from the guest's memory: all of it must be shared.
Result<> need_shared_memory(const Domain& domain, std::string_view what);

}  // namespace vireo::model
