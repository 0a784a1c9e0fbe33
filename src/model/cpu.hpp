// SPDX-License-Identifier: LGPL-2.1-or-later
// <cpu>: the guest's processors, and the NUMA cells they and the memory are in.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/numa.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct CpuModel {
    enum class Fallback { allow, forbid };
    std::optional<Fallback> fallback;  // may another model be taken where this one cannot be had?
    std::string vendor_id;             // what CPUID says, 12 characters; not the host's when given
    std::string name;
    Kept kept;
    bool operator==(const CpuModel&) const = default;
};
template <>
inline constexpr auto names<CpuModel::Fallback> = words("allow", "forbid");

struct CpuTopology {  // the product is vcpu.count
    std::uint32_t sockets = 1, dies = 1, cores = 1, threads = 1;
    std::optional<std::uint32_t> clusters;  // in a die; 1 when absent
    Kept kept;
    bool operator==(const CpuTopology&) const = default;
};

struct CpuCache {  // what CPUID says about the caches
    enum class Mode { emulate, passthrough, disable };
    std::optional<std::uint32_t> level;  // 1 … 3
    Mode mode = Mode::emulate;
    Kept kept;
    bool operator==(const CpuCache&) const = default;
};
template <>
inline constexpr auto names<CpuCache::Mode> = words("emulate", "passthrough", "disable");

struct CpuAddressSize {  // how many bits a physical address has
    enum class Mode { passthrough, emulate };
    Mode mode = Mode::emulate;
    std::optional<std::uint32_t> bits;   // emulate only
    std::optional<std::uint32_t> limit;  // passthrough only: no more than this
    Kept kept;
    bool operator==(const CpuAddressSize&) const = default;
};
template <>
inline constexpr auto names<CpuAddressSize::Mode> = words("passthrough", "emulate");

struct CpuFeature {
    enum class Policy { force, require, optional, disable, forbid };
    std::optional<Policy> policy;  // require when absent
    std::string name;
    Kept kept;
    bool operator==(const CpuFeature&) const = default;
};
template <>
inline constexpr auto names<CpuFeature::Policy> = words("force", "require", "optional", "disable", "forbid");

struct Cpu {
    enum class Mode { custom, host_model, host_passthrough, maximum };
    enum class Match { minimum, exact, strict };
    enum class Check { none, partial, full };
    std::optional<Mode> mode;    // custom when absent
    std::optional<Match> match;  // exact when absent; custom only
    std::optional<Check> check;
    std::optional<bool> migratable;           // host-passthrough and maximum only
    std::optional<bool> deprecated_features;  // host-model on s390x: are those kept?
    std::optional<CpuModel> model;
    std::string vendor;
    std::optional<CpuTopology> topology;
    std::optional<CpuCache> cache;
    std::optional<CpuAddressSize> address_size;
    std::vector<CpuFeature> features;
    Box<Numa> numa;
    Kept kept;
    bool operator==(const Cpu&) const = default;
};
template <>
inline constexpr auto names<Cpu::Mode> = words("custom", "host-model", "host-passthrough", "maximum");
template <>
inline constexpr auto names<Cpu::Match> = words("minimum", "exact", "strict");
template <>
inline constexpr auto names<Cpu::Check> = words("none", "partial", "full");

}  // namespace vireo::model
