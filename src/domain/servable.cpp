// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/servable.hpp"

#include "domain/labels.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace vireo::domain {
namespace {
using model::Domain;

struct Entry {
    std::string_view element;
    std::string_view missing;
    bool (*asked)(const Domain&);
};

bool divides_caches(const Domain& domain) {
    return domain.cpu_tune && (!domain.cpu_tune->cache_tunes.empty() || !domain.cpu_tune->memory_tunes.empty());
}
bool binds_cells(const Domain& domain) {
    using Mode = model::NumaMemory::Mode;
    const auto& tune = domain.numa_tune;
    return tune && std::ranges::any_of(tune->nodes, [](const auto& node) { return node.mode == Mode::restrictive; });
}
bool binds_to_advice(const Domain& domain) {
    return domain.numa_tune && domain.numa_tune->memory &&
           domain.numa_tune->memory->mode == model::NumaMemory::Mode::restrictive && !domain.numa_tune->memory->nodes;
}
bool counts_events(const Domain& domain) {
    return std::ranges::any_of(domain.perf, [](const auto& event) { return event.enabled; });
}

constexpr std::array entries = {
    Entry{"cputune/cachetune and memorytune", "the host's caches and memory bandwidth are not divided yet",
          divides_caches},
    Entry{"numatune/memnode with mode='restrictive'", "cells are not bound by control groups yet: use mode='strict'",
          binds_cells},
    Entry{"numatune/memory with mode='restrictive'", "it needs a nodeset", binds_to_advice},
    Entry{"perf", "events are not counted yet: use enabled='no'", counts_events},
    Entry{"iommufd", "devices are passed through VFIO groups only: use enabled='no'",
          [](const Domain& domain) { return domain.iommufd && domain.iommufd->enabled; }},
    Entry{"idmap", "user ids are not mapped for QEMU", [](const Domain& domain) { return domain.idmap.has_value(); }},
};

}  // namespace

Result<> check_servable(const Domain& domain) {
    for (const auto& entry : entries)
        if (entry.asked(domain))
            return Failure(Error(Errc::unsupported,
                                 std::string(entry.element) + " cannot be served yet: " + std::string(entry.missing))
                               .with_object(domain.name)
                               .with_hint("Take it out of the definition, or leave the domain defined until then"));
    if (auto labels = check_labels(domain); !labels) return Failure(labels.error().with_object(domain.name));
    if (auto devices = check_devices_servable(domain.devices); !devices)
        return Failure(devices.error().with_object(domain.name));
    return {};
}

}  // namespace vireo::domain
