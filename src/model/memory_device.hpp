// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory as devices: the balloon, modules, and memory shared with other guests.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/number_set.hpp"
#include "model/uuid.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace vireo::model {

struct Memballoon {
    enum class Model { virtio, xen, none, transitional, non_transitional };
    Model model = Model::virtio;
    std::optional<bool> autodeflate;
    std::optional<bool> free_page_reporting;
    std::optional<std::uint32_t> stats_period;  // seconds; 0: no statistics
    std::optional<VirtioDriver> driver;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Memballoon&) const = default;
};
template <>
inline constexpr auto names<Memballoon::Model> =
    words("virtio", "xen", "none", "virtio-transitional", "virtio-non-transitional");

struct MemoryDeviceSource {  // on the host
    NumberSet node_mask;
    std::optional<std::uint64_t> page_size;   // bytes
    std::string path;                         // nvdimm, virtio-pmem: a file
    std::optional<std::uint64_t> align_size;  // nvdimm; bytes
    bool pmem = false;                        // nvdimm: the file is on real persistent memory
    Kept kept;
    bool operator==(const MemoryDeviceSource&) const = default;
};

struct MemoryDeviceLabel {
    std::uint64_t size = 0;  // bytes
    Kept kept;
    bool operator==(const MemoryDeviceLabel&) const = default;
};

struct MemoryDeviceTarget {                // in the guest
    std::optional<bool> dynamic_memslots;  // virtio-mem
    std::uint64_t size = 0;                // bytes
    std::optional<std::uint32_t> node;
    std::optional<MemoryDeviceLabel> label;  // nvdimm
    std::optional<std::uint64_t> block;      // virtio-mem: the granule; bytes
    std::optional<std::uint64_t> requested;  // virtio-mem: how much the guest should use; bytes
    std::optional<std::uint64_t> current;    // virtio-mem: how much it uses, of a running domain; bytes
    bool readonly = false;                   // nvdimm
    std::optional<std::uint64_t> base;       // virtio-mem, virtio-pmem: guest-physical address
    Kept kept;
    bool operator==(const MemoryDeviceTarget&) const = default;
};

struct MemoryDevice {
    enum class Model { dimm, nvdimm, virtio_pmem, virtio_mem, sgx_epc };
    enum class Access { shared, private_ };
    Model model = Model::dimm;
    std::optional<Access> access;
    std::optional<bool> discard;
    std::optional<Uuid> uuid;  // nvdimm on pseries
    std::optional<MemoryDeviceSource> source;
    MemoryDeviceTarget target;
    DeviceInfo info;
    Kept kept;
    bool operator==(const MemoryDevice&) const = default;
};
template <>
inline constexpr auto names<MemoryDevice::Model> = words("dimm", "nvdimm", "virtio-pmem", "virtio-mem", "sgx-epc");
template <>
inline constexpr auto names<MemoryDevice::Access> = words("shared", "private");

struct ShmemServer {
    std::string path;  // of its socket; chosen when empty
    Kept kept;
    bool operator==(const ShmemServer&) const = default;
};

struct ShmemMsi {
    std::optional<bool> enabled;
    std::optional<std::uint32_t> vectors;
    std::optional<bool> ioeventfd;
    Kept kept;
    bool operator==(const ShmemMsi&) const = default;
};

struct Shmem {
    enum class Model { ivshmem, plain, doorbell };
    enum class Role { master, peer };
    std::string name;
    std::optional<Role> role;           // master: goes along when the guest migrates
    std::optional<Model> model;         // plain when absent, doorbell with a server
    std::optional<std::uint64_t> size;  // bytes
    std::optional<ShmemServer> server;  // doorbell
    std::optional<ShmemMsi> msi;        // doorbell
    DeviceInfo info;
    Kept kept;
    bool operator==(const Shmem&) const = default;
};
template <>
inline constexpr auto names<Shmem::Model> = words("ivshmem", "ivshmem-plain", "ivshmem-doorbell");
template <>
inline constexpr auto names<Shmem::Role> = words("master", "peer");

}  // namespace vireo::model
