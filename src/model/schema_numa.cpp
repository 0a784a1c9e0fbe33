// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<Numa>() {
    static const Element element = Declare<Numa>()
        .child("cell", &Numa::cells)
        .child("interconnects", &Numa::interconnects)
        .kept(&Numa::kept)
        .build();
    return element;
}

template <>
const Element& schema<NumaCell>() {
    static const Element element = Declare<NumaCell>()
        .attribute("id", &NumaCell::id)
        .attribute("cpus", &NumaCell::cpus)
        .attribute("memory", &NumaCell::memory).bytes().required()
        .attribute("memAccess", &NumaCell::access)
        .attribute("discard", &NumaCell::discard)
        .wrapped("distances", "sibling", &NumaCell::distances)
        .child("cache", &NumaCell::caches)
        .kept(&NumaCell::kept)
        .build();
    return element;
}

template <>
const Element& schema<NumaDistance>() {
    static const Element element = Declare<NumaDistance>()
        .attribute("id", &NumaDistance::id).required()
        .attribute("value", &NumaDistance::value).range(10, 255).required()
        .kept(&NumaDistance::kept)
        .build();
    return element;
}

template <>
const Element& schema<NumaCache>() {
    static const Element element = Declare<NumaCache>()
        .attribute("level", &NumaCache::level).range(1, 3).required()
        .attribute("associativity", &NumaCache::associativity).required()
        .attribute("policy", &NumaCache::policy).required()
        .child_attribute("size", "value", &NumaCache::size).bytes()
        .child_attribute("line", "value", &NumaCache::line).bytes().unit<"B", "KiB">()
        .kept(&NumaCache::kept)
        .build();
    return element;
}

template <>
const Element& schema<NumaInterconnects>() {
    static const Element element = Declare<NumaInterconnects>()
        .child("latency", &NumaInterconnects::latencies)
        .child("bandwidth", &NumaInterconnects::bandwidths)
        .kept(&NumaInterconnects::kept)
        .build();
    return element;
}

template <>
const Element& schema<NumaLatency>() {
    static const Element element = Declare<NumaLatency>()
        .attribute("initiator", &NumaLatency::initiator).required()
        .attribute("target", &NumaLatency::target).required()
        .attribute("cache", &NumaLatency::cache).range(1, 3)
        .attribute("type", &NumaLatency::type).required()
        .attribute("value", &NumaLatency::value).range(1, 0xffffffff).required()
        .kept(&NumaLatency::kept)
        .build();
    return element;
}

template <>
const Element& schema<NumaBandwidth>() {
    static const Element element = Declare<NumaBandwidth>()
        .attribute("initiator", &NumaBandwidth::initiator).required()
        .attribute("target", &NumaBandwidth::target).required()
        .attribute("cache", &NumaBandwidth::cache).range(1, 3)
        .attribute("type", &NumaBandwidth::type).required()
        .attribute("value", &NumaBandwidth::value).bytes().required()
        .kept(&NumaBandwidth::kept)
        .build();
    return element;
}

}  // namespace vireo::model
