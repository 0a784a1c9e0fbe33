// SPDX-License-Identifier: LGPL-2.1-or-later
// What lists and properties show of a definition, kept so that the whole model needs no place in memory.
#pragma once
#include "model/domain.hpp"
#include "model/taints.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace vireo::domain {

struct Summary {
    std::string title, description;
    std::uint64_t max_memory_bytes = 0, memory_bytes = 0;
    unsigned vcpus = 0;
    std::vector<model::Taint> taints;

    static Summary of(const model::Domain& definition) {
        Summary s;
        s.title = definition.title;
        s.description = definition.description;
        s.max_memory_bytes = definition.memory;
        s.memory_bytes = definition.current_memory.value_or(definition.memory);
        s.vcpus = definition.vcpu.current.value_or(definition.vcpu.count);
        s.taints = model::taints(definition);
        return s;
    }
};

}  // namespace vireo::domain
