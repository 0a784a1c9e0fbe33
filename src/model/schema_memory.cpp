// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<MaxMemory>() {
    static const Element element = Declare<MaxMemory>()
        .attribute("slots", &MaxMemory::slots).range(0, 65535)
        .text("size", &MaxMemory::size).bytes().required()
        .kept(&MaxMemory::kept)
        .build();
    return element;
}

template <>
const Element& schema<MemoryBacking>() {
    static const Element element = Declare<MemoryBacking>()
        .child("hugepages", &MemoryBacking::huge_pages).bare()
        .flag("nosharepages", &MemoryBacking::no_share_pages)
        .flag("locked", &MemoryBacking::locked)
        .child_attribute("source", "type", &MemoryBacking::source)
        .child_attribute("access", "mode", &MemoryBacking::access)
        .child("allocation", &MemoryBacking::allocation)
        .flag("discard", &MemoryBacking::discard)
        .kept(&MemoryBacking::kept)
        .build();
    return element;
}

template <>
const Element& schema<HugePages>() {
    static const Element element = Declare<HugePages>()
        .child("page", &HugePages::pages)
        .kept(&HugePages::kept)
        .build();
    return element;
}

template <>
const Element& schema<HugePage>() {
    static const Element element = Declare<HugePage>()
        .attribute("size", &HugePage::size).bytes().required()
        .attribute("nodeset", &HugePage::nodes)
        .kept(&HugePage::kept)
        .build();
    return element;
}

template <>
const Element& schema<MemoryAllocation>() {
    static const Element element = Declare<MemoryAllocation>()
        .attribute("mode", &MemoryAllocation::mode)
        .attribute("threads", &MemoryAllocation::threads)
        .kept(&MemoryAllocation::kept)
        .build();
    return element;
}

}  // namespace vireo::model
