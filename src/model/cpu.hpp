// SPDX-License-Identifier: LGPL-2.1-or-later
// <cpu>: the guest's processors.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct CpuModel {
    enum class Fallback { allow, forbid };
    std::optional<Fallback> fallback;
    std::string name;
    Kept kept;
    bool operator==(const CpuModel&) const = default;
};
template <>
inline constexpr auto names<CpuModel::Fallback> = words("allow", "forbid");

struct CpuTopology {  // the product is vcpu.count
    std::uint32_t sockets = 1, dies = 1, cores = 1, threads = 1;
    Kept kept;
    bool operator==(const CpuTopology&) const = default;
};

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
    std::optional<bool> migratable;  // host-passthrough and maximum only
    std::optional<CpuModel> model;
    std::string vendor;
    std::optional<CpuTopology> topology;
    std::vector<CpuFeature> features;
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
