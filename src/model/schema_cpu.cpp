// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_vcpus = 16384;
}  // namespace

template <>
const Element& schema<Cpu>() {
    static const Element element = Declare<Cpu>()
        .attribute("mode", &Cpu::mode).decides()
        .attribute("match", &Cpu::match)
        .attribute("check", &Cpu::check)
        .attribute("migratable", &Cpu::migratable).on_off()
        .attribute("deprecated_features", &Cpu::deprecated_features).on_off()
        .child("model", &Cpu::model)
        .child("vendor", &Cpu::vendor)
        .child("topology", &Cpu::topology)
        .child("cache", &Cpu::cache)
        .child("maxphysaddr", &Cpu::address_size)
        .child("feature", &Cpu::features)
        .child("numa", &Cpu::numa)
        .kept(&Cpu::kept)
        .refuse("arch", "it belongs to the host's description, not to a guest")
        .refuse("microcode", "it belongs to the host's description, not to a guest")
        .refuse("signature", "it belongs to the host's description, not to a guest")
        .build();
    return element;
}

template <>
const Element& schema<CpuModel>() {
    static const Element element = Declare<CpuModel>()
        .attribute("fallback", &CpuModel::fallback)
        .attribute("vendor_id", &CpuModel::vendor_id)
        .text("name", &CpuModel::name)
        .kept(&CpuModel::kept)
        .build();
    return element;
}

template <>
const Element& schema<CpuTopology>() {
    static const Element element = Declare<CpuTopology>()
        .attribute("sockets", &CpuTopology::sockets).range(1, most_vcpus).required()
        .attribute("dies", &CpuTopology::dies).range(1, most_vcpus)
        .attribute("clusters", &CpuTopology::clusters).range(1, most_vcpus)
        .attribute("cores", &CpuTopology::cores).range(1, most_vcpus).required()
        .attribute("threads", &CpuTopology::threads).range(1, most_vcpus).required()
        .kept(&CpuTopology::kept)
        .build();
    return element;
}

template <>
const Element& schema<CpuCache>() {
    static const Element element = Declare<CpuCache>()
        .attribute("level", &CpuCache::level).range(1, 3)
        .attribute("mode", &CpuCache::mode).required()
        .kept(&CpuCache::kept)
        .build();
    return element;
}

template <>
const Element& schema<CpuAddressSize>() {
    static const Element element = Declare<CpuAddressSize>()
        .attribute("mode", &CpuAddressSize::mode).required()
        .attribute("bits", &CpuAddressSize::bits).range(1, 64)
        .attribute("limit", &CpuAddressSize::limit).range(1, 64)
        .kept(&CpuAddressSize::kept)
        .build();
    return element;
}

template <>
const Element& schema<CpuFeature>() {
    static const Element element = Declare<CpuFeature>()
        .attribute("policy", &CpuFeature::policy)
        .attribute("name", &CpuFeature::name).required()
        .kept(&CpuFeature::kept)
        .build();
    return element;
}

}  // namespace vireo::model
