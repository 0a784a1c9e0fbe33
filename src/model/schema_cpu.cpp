// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_vcpus = 4096;
}  // namespace

template <>
const Element& schema<Cpu>() {
    static const Element element = Declare<Cpu>()
        .attribute("mode", &Cpu::mode).decides()
        .attribute("match", &Cpu::match)
        .attribute("check", &Cpu::check)
        .attribute("migratable", &Cpu::migratable).on_off()
        .child("model", &Cpu::model)
        .child("vendor", &Cpu::vendor)
        .child("topology", &Cpu::topology)
        .child("feature", &Cpu::features)
        .kept(&Cpu::kept)
        .later("cache", "maxphysaddr", "numa", "deprecated_features")
        .build();
    return element;
}

template <>
const Element& schema<CpuModel>() {
    static const Element element = Declare<CpuModel>()
        .attribute("fallback", &CpuModel::fallback)
        .text("name", &CpuModel::name)
        .kept(&CpuModel::kept)
        .later("vendor_id")
        .build();
    return element;
}

template <>
const Element& schema<CpuTopology>() {
    static const Element element = Declare<CpuTopology>()
        .attribute("sockets", &CpuTopology::sockets).range(1, most_vcpus).required()
        .attribute("dies", &CpuTopology::dies).range(1, most_vcpus)
        .attribute("cores", &CpuTopology::cores).range(1, most_vcpus).required()
        .attribute("threads", &CpuTopology::threads).range(1, most_vcpus).required()
        .kept(&CpuTopology::kept)
        .later("clusters")
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
