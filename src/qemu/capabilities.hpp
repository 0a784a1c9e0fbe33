// SPDX-License-Identifier: LGPL-2.1-or-later
// What one QEMU binary is and can do, as it says itself over QMP. Values only; capabilities_cache.hpp gets them.
// About 40 KiB in memory for the largest binary.
#pragma once
#include "qemu/capabilities_name_set.hpp"
#include "support/error.hpp"

#include <boost/json/object.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::qemu {
namespace json = boost::json;

// Which file a path led to. When one of these has changed, what was learnt from the file no longer holds.
struct FileIdentity {
    std::string path;  // as it was looked up; symbolic links are followed
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified_nsec = 0, changed_nsec = 0;  // since the epoch
    bool operator==(const FileIdentity&) const = default;
};

struct QemuVersion {
    int major = 0, minor = 0, micro = 0;
    auto operator<=>(const QemuVersion&) const = default;
    std::string text() const;  // "7.2.22"
};

struct MachineType {
    std::string name;            // "pc-q35-7.2"
    std::string alias;           // "q35"; may be empty
    std::string default_cpu;     // "qemu64", a name of Capabilities::cpus; may be empty
    std::string default_ram_id;  // id of the memory backend that -machine memory-backend= replaces
    std::uint32_t cpu_max = 0;
    bool is_default = false;
    bool deprecated = false;
    bool hotpluggable_cpus = false;
    bool numa_mem = false;  // -numa node,mem= is still supported
};

struct CpuModel {
    std::string name;
    bool usable = false;  // under the accelerator of the probe: KVM where kvm_enabled, else TCG
    bool deprecated = false;
};

enum class Accelerator { kvm, tcg };
std::string_view to_string(Accelerator) noexcept;  // QEMU's word

struct Capabilities {
    Capabilities() = default;
    std::string binary;               // the path that was asked for
    std::vector<FileIdentity> files;  // the binary, what it runs if it is a script, QEMU's module folders
    std::string host;                 // fingerprint of the rest that matters: boot, access to /dev/kvm, user
    QemuVersion version;
    std::string package;       // the distribution's name for this build; may be empty
    std::string arch;          // of the guest, in libvirt's words: x86_64, i686, aarch64, armv7l …
    bool kvm_present = false;  // the binary can use KVM
    bool kvm_enabled = false;  // and KVM works for it on this host, as the user that QEMU runs as
    bool tcg = false;
    bool sandbox = false;               // -sandbox works
    std::vector<MachineType> machines;  // sorted by name; without "none"
    std::vector<CpuModel> cpus;         // sorted by name
    NameSet types;                      // devices, objects, backends …: the QOM types that can be made
    NameSet commands;                   // of QMP
    NameSet options;                    // of the command line: "sandbox", "sandbox.spawn"

    bool has_device(std::string_view type) const noexcept { return types.contains(type); }  // "virtio-blk-pci"
    bool has_object(std::string_view type) const noexcept { return types.contains(type); }  // "memory-backend-memfd"
    bool has_command(std::string_view name) const noexcept { return commands.contains(name); }
    bool has_option(std::string_view option, std::string_view parameter = {}) const;
    bool has_accelerator(Accelerator accelerator) const noexcept;  // can be used on this host

    const MachineType* machine(std::string_view name_or_alias) const noexcept;  // null: there is none
    // "q35" → "pc-q35-7.2". Failure(unsupported) names the nearest known one.
    Result<std::string> canonical_machine(std::string_view name_or_alias) const;
    const MachineType* default_machine() const noexcept;  // null: QEMU for this architecture chooses none
    const CpuModel* cpu(std::string_view name) const noexcept;

    std::size_t memory() const noexcept;  // bytes, about
};

// All that one CPU model turns into under one accelerator (query-cpu-model-expansion, full).
struct CpuExpansion {
    CpuExpansion() = default;
    std::string model;
    Accelerator accelerator = Accelerator::tcg;
    NameSet on, off;                                          // features that are switches
    std::vector<std::pair<std::string, std::string>> values;  // the other properties, as text, sorted by name
};

// The named model that is nearest to all that an accelerator can give, and what has to be switched for the rest: what
// <cpu mode='host-model'/> stands for on this host.
struct HostModel {
    HostModel() = default;
    std::string model;                            // "Icelake-Server", a name of Capabilities::cpus
    std::string vendor;                           // "Intel", libvirt's word; empty: none that it has one for
    std::vector<std::string> required, disabled;  // features, QEMU's names, sorted
    bool operator==(const HostModel&) const = default;
};

// libvirt's word for QEMU's (i386 → i686, arm → armv7l), and back. Unknown ones are returned as they are.
std::string guest_arch(std::string_view qemu_target);
std::string qemu_target(std::string_view arch);

// The cache's document. from_json fails on anything but what to_json made of the same version of the format.
json::object to_json(const Capabilities&);
Result<Capabilities> capabilities_from_json(const json::value&);
json::object to_json(const CpuExpansion&);
Result<CpuExpansion> cpu_expansion_from_json(const json::value&);
json::object to_json(const HostModel&);
Result<HostModel> host_model_from_json(const json::value&);
json::array to_json(const std::vector<FileIdentity>&);
Result<std::vector<FileIdentity>> files_from_json(const json::value&);

}  // namespace vireo::qemu
