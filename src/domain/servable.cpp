// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/servable.hpp"

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

bool advised_vcpus(const Domain& domain) {
    return domain.vcpu.placement == model::Vcpu::Placement::automatic;
}
bool limits_threads(const Domain& domain) {
    const auto limited = [](const std::optional<std::int64_t>& quota) { return quota.value_or(-1) > 0; };
    return domain.cpu_tune && (limited(domain.cpu_tune->quota) || limited(domain.cpu_tune->emulator_quota) ||
                               limited(domain.cpu_tune->iothread_quota));
}
bool divides_caches(const Domain& domain) {
    return domain.cpu_tune && (!domain.cpu_tune->cache_tunes.empty() || !domain.cpu_tune->memory_tunes.empty());
}
bool guarantees_memory(const Domain& domain) {
    return domain.mem_tune && domain.mem_tune->min_guarantee;
}
bool plugs_vcpus(const Domain& domain) {
    return std::ranges::any_of(domain.vcpus, [](const auto& v) { return v.enabled && v.hotpluggable == true; });
}
bool asks_numad(const Domain& domain) {
    return domain.numa_tune && domain.numa_tune->memory &&
           domain.numa_tune->memory->placement == model::NumaMemory::Placement::automatic;
}
bool binds_process(const Domain& domain) {  // restrictive is about the process, not about its objects
    using Mode = model::NumaMemory::Mode;
    return domain.numa_tune && domain.numa_tune->memory && domain.numa_tune->memory->mode == Mode::restrictive;
}
bool has_partition(const Domain& domain) {
    return domain.resource && !domain.resource->partition.empty() && domain.resource->partition != "/machine";
}
bool has_app_id(const Domain& domain) {
    return domain.resource && !domain.resource->app_id.empty();
}
bool counts_events(const Domain& domain) {
    return std::ranges::any_of(domain.perf, [](const auto& event) { return event.enabled; });
}
bool is_labelled(const Domain& domain) {
    return std::ranges::any_of(domain.security_labels, [](const model::SecurityLabel& label) {
        return label.type != model::SecurityLabel::Type::none && label.model != "none";
    });
}
bool memory_is_file(const Domain& domain) {
    return domain.memory_backing && domain.memory_backing->source == model::MemorySource::file &&
           !domain.memory_backing->huge_pages;
}

constexpr std::array entries = {
    Entry{"vcpu with placement='auto'", "no program is asked for advice about placement: give a cpuset", advised_vcpus},
    Entry{"vcpus with hotpluggable ones enabled", "vCPUs are not plugged in yet: make them hotpluggable='no'",
          plugs_vcpus},
    Entry{"cputune/quota of vCPUs, emulator or I/O threads", "whole domains are limited only: use global_quota",
          limits_threads},
    Entry{"cputune/cachetune and memorytune", "the host's caches and memory bandwidth are not divided yet",
          divides_caches},
    Entry{"numatune with placement='auto'", "no program is asked for advice about placement: give a nodeset",
          asks_numad},
    Entry{"numatune with mode='restrictive'", "control groups do not bind memory yet: use mode='strict'",
          binds_process},
    Entry{"memtune/min_guarantee", "QEMU's memory is not guaranteed", guarantees_memory},
    Entry{"memoryBacking with source type='file'", "no file is made for memory yet: use type='memfd'", memory_is_file},
    Entry{"resource/partition", "the control group cannot be chosen yet", has_partition},
    Entry{"resource/fibrechannel", "the appid is not set yet", has_app_id},
    Entry{"perf", "events are not counted yet: use enabled='no'", counts_events},
    Entry{"seclabel", "no security module labels processes and files yet: use <seclabel type='none'/>", is_labelled},
    Entry{"idmap", "user ids are not mapped for QEMU", [](const Domain& domain) { return domain.idmap.has_value(); }},
    Entry{"on_lockfailure", "there is no lock manager that could fail",
          [](const Domain& domain) { return domain.on_lockfailure.has_value(); }},
};

}  // namespace

Result<> check_servable(const Domain& domain) {
    for (const auto& entry : entries)
        if (entry.asked(domain))
            return Failure(Error(Errc::unsupported,
                                 std::string(entry.element) + " cannot be served yet: " + std::string(entry.missing))
                               .with_object(domain.name)
                               .with_hint("Take it out of the definition, or leave the domain defined until then"));
    if (auto devices = check_devices_servable(domain.devices); !devices)
        return Failure(devices.error().with_object(domain.name));
    return {};
}

}  // namespace vireo::domain
