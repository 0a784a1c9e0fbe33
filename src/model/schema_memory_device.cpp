// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<Memballoon>() {
    static const Element element = Declare<Memballoon>()
        .attribute("model", &Memballoon::model).required().decides()
        .attribute("autodeflate", &Memballoon::autodeflate).on_off()
        .attribute("freePageReporting", &Memballoon::free_page_reporting).on_off()
        .child_attribute("stats", "period", &Memballoon::stats_period).live()
        .child("driver", &Memballoon::driver)
        .include(&Memballoon::info)
        .kept(&Memballoon::kept)
        .build();
    return element;
}

template <>
const Element& schema<MemoryDevice>() {
    static const Element element = Declare<MemoryDevice>()
        .attribute("model", &MemoryDevice::model).required().decides()
        .attribute("access", &MemoryDevice::access)
        .attribute("discard", &MemoryDevice::discard)
        .child("uuid", &MemoryDevice::uuid)
        .child("source", &MemoryDevice::source)
        .child("target", &MemoryDevice::target).required()
        .include(&MemoryDevice::info)
        .kept(&MemoryDevice::kept)
        .build();
    return element;
}

template <>
const Element& schema<MemoryDeviceSource>() {
    static const Element element = Declare<MemoryDeviceSource>()
        .child("nodemask", &MemoryDeviceSource::node_mask)
        .child("pagesize", &MemoryDeviceSource::page_size).bytes()
        .child("path", &MemoryDeviceSource::path)
        .child("alignsize", &MemoryDeviceSource::align_size).bytes()
        .flag("pmem", &MemoryDeviceSource::pmem)
        .kept(&MemoryDeviceSource::kept)
        .build();
    return element;
}

template <>
const Element& schema<MemoryDeviceTarget>() {
    static const Element element = Declare<MemoryDeviceTarget>()
        .attribute("dynamicMemslots", &MemoryDeviceTarget::dynamic_memslots)
        .child("size", &MemoryDeviceTarget::size).bytes().required()
        .child("node", &MemoryDeviceTarget::node)
        .child("label", &MemoryDeviceTarget::label)
        .child("block", &MemoryDeviceTarget::block).bytes()
        .child("requested", &MemoryDeviceTarget::requested).bytes()
        .child("current", &MemoryDeviceTarget::current).bytes()
        .flag("readonly", &MemoryDeviceTarget::readonly)
        .child_attribute("address", "base", &MemoryDeviceTarget::base).hex(1, 0)
        .kept(&MemoryDeviceTarget::kept)
        .build();
    return element;
}

template <>
const Element& schema<MemoryDeviceLabel>() {
    static const Element element = Declare<MemoryDeviceLabel>()
        .child("size", &MemoryDeviceLabel::size).bytes().required()
        .kept(&MemoryDeviceLabel::kept)
        .build();
    return element;
}

template <>
const Element& schema<Shmem>() {
    static const Element element = Declare<Shmem>()
        .attribute("name", &Shmem::name).required()
        .attribute("role", &Shmem::role)
        .child_attribute("model", "type", &Shmem::model)
        .child("size", &Shmem::size).bytes().unit<"", "bytes">()
        .child("server", &Shmem::server).bare()
        .child("msi", &Shmem::msi).bare()
        .include(&Shmem::info)
        .kept(&Shmem::kept)
        .build();
    return element;
}

template <>
const Element& schema<ShmemServer>() {
    static const Element element = Declare<ShmemServer>()
        .attribute("path", &ShmemServer::path)
        .kept(&ShmemServer::kept)
        .build();
    return element;
}

template <>
const Element& schema<ShmemMsi>() {
    static const Element element = Declare<ShmemMsi>()
        .attribute("enabled", &ShmemMsi::enabled).on_off()
        .attribute("vectors", &ShmemMsi::vectors)
        .attribute("ioeventfd", &ShmemMsi::ioeventfd).on_off()
        .kept(&ShmemMsi::kept)
        .build();
    return element;
}

}  // namespace vireo::model
