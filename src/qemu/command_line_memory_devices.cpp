// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory that is a device: modules, and what guests share.
#include "qemu/command_line_builder.hpp"
#include "qemu/numa.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
using model::MemoryDevice;
using model::Shmem;

namespace {
constexpr std::uint64_t mebibyte = 1u << 20, usual_shared_memory = 4 * mebibyte;

std::string_view memory_driver(MemoryDevice::Model model) {
    switch (model) {
        case MemoryDevice::Model::nvdimm:
            return "nvdimm";
        case MemoryDevice::Model::virtio_pmem:
            return "virtio-pmem-pci";
        case MemoryDevice::Model::virtio_mem:
            return "virtio-mem-pci";
        default:
            return "pc-dimm";
    }
}
}  // namespace

void CommandLineBuilder::add_memory_device(const MemoryDevice& memory) {
    const auto owner = describe(memory);
    const auto& target = memory.target;
    MemoryWish wish;
    wish.id = "mem" + memory.info.alias;
    wish.size = module_memory(domain_, memory);
    wish.cell = target.node;
    if (memory.source) {
        wish.page_size = memory.source->page_size;
        wish.path = memory.source->path;
        wish.allocate = !wish.path.empty();  // a file that is full is told of now, not when the guest writes
        if (!memory.source->node_mask.empty()) wish.host_nodes = &memory.source->node_mask;
        if (memory.source->align_size) wish.extra["align"] = *memory.source->align_size;
        if (memory.source->pmem) wish.extra["pmem"] = true;
    }
    if (memory.access)
        wish.access = *memory.access == MemoryDevice::Access::shared ? model::MemoryAccess::shared
                                                                     : model::MemoryAccess::exclusive;
    wish.discard = memory.discard;
    wish.reserve_only = memory.model == MemoryDevice::Model::virtio_mem;
    if (wish.reserve_only) wish.extra["reserve"] = false;
    wish.enclave = memory.model == MemoryDevice::Model::sgx_epc;
    add_memory_backend(wish);
    if (wish.enclave) return;  // the machine itself takes it

    auto object = device(memory_driver(memory.model), memory.info, owner);
    if (target.node && memory.model != MemoryDevice::Model::virtio_pmem) object["node"] = *target.node;
    if (target.label) object["label-size"] = target.label->size;
    if (memory.model == MemoryDevice::Model::virtio_mem) {
        if (target.block) object["block-size"] = *target.block;
        object["requested-size"] = target.requested.value_or(0);
        if (target.dynamic_memslots) object["dynamic-memslots"] = *target.dynamic_memslots;
    }
    if (memory.uuid) object["uuid"] = memory.uuid->to_string();
    if (target.readonly) object["unarmed"] = true;
    object["memdev"] = wish.id;
    if (target.base) object["memaddr"] = *target.base;
    if (memory.info.address) add_address(object, memory.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_shmem(const Shmem& shmem) {
    const auto owner = describe(shmem);
    const auto usual = shmem.server ? Shmem::Model::doorbell : Shmem::Model::plain;
    const bool doorbell = shmem.model.value_or(usual) == Shmem::Model::doorbell;
    auto object = device(doorbell ? "ivshmem-doorbell" : "ivshmem-plain", shmem.info, owner);
    if (doorbell) {
        const auto character = "char" + shmem.info.alias;
        const auto path = shmem.server && !shmem.server->path.empty()
                              ? shmem.server->path
                              : fmt::format("/var/lib/vireo/shmem-{}-sock", shmem.name);
        add("-chardev", fmt::format("socket,id={},path={}", character, escape_commas(path)));
        object["chardev"] = character;
        if (shmem.msi && shmem.msi->enabled.value_or(true)) {
            if (shmem.msi->vectors) object["vectors"] = *shmem.msi->vectors;
            if (shmem.msi->ioeventfd) object["ioeventfd"] = *shmem.msi->ioeventfd;
        }
    } else {
        json::object memory;
        memory["qom-type"] = "memory-backend-file";
        memory["id"] = "shmmem-" + shmem.info.alias;
        memory["mem-path"] = "/dev/shm/" + shmem.name;
        memory["size"] = shmem.size.value_or(usual_shared_memory);
        memory["share"] = true;
        add("-object", memory);
        object["memdev"] = memory["id"];
        if (shmem.role) object["master"] = *shmem.role == Shmem::Role::master;
    }
    add_address(object, shmem.info, owner);
    add("-device", object);
}

}  // namespace vireo::qemu
