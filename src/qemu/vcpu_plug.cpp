// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/vcpu_plug.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <limits>
#include <utility>

namespace vireo::qemu {
namespace {
namespace json = boost::json;

// A place for a processor: where it is in the guest's topology, and which vCPUs it has. On most machines one; on
// pseries all threads of a core.
struct Slot {
    std::array<std::int64_t, 6> place{};  // node, socket, die, cluster, core, thread
    std::string type;
    json::object properties;
    std::int64_t vcpus = 1;
    bool plugged = false;
};

std::optional<Slot> slot_of(const json::value& entry) {
    const auto* object = entry.if_object();
    const auto* type = object ? object->if_contains("type") : nullptr;
    const auto* properties = object ? object->if_contains("props") : nullptr;
    if (!type || !type->is_string() || !properties || !properties->is_object()) return std::nullopt;
    Slot slot;
    slot.type = type->get_string();
    slot.properties = properties->get_object();
    if (const auto* count = object->if_contains("vcpus-count"); count && count->is_int64())
        slot.vcpus = count->get_int64();
    slot.plugged = object->contains("qom-path");
    constexpr std::array<std::string_view, 6> names{"node-id",    "socket-id", "die-id",
                                                    "cluster-id", "core-id",   "thread-id"};
    for (std::size_t i = 0; i < names.size(); ++i)
        if (const auto* value = slot.properties.if_contains(names[i]); value && value->is_int64())
            slot.place[i] = value->get_int64();
    return slot;
}

bool plugged_later(const model::VcpuState& vcpu) {
    return vcpu.enabled && vcpu.hotpluggable == true;
}

}  // namespace

bool plugs_vcpus(const model::Domain& domain) noexcept {
    return std::ranges::any_of(domain.vcpus, plugged_later);
}

Result<std::vector<QmpCommand>> plug_vcpus(const model::Domain& domain, const json::value& answer) {
    std::vector<Slot> slots;
    if (const auto* list = answer.if_array())
        for (const auto& entry : *list)
            if (auto slot = slot_of(entry)) slots.push_back(std::move(*slot));
    std::ranges::sort(slots, {}, &Slot::place);
    std::vector<const model::VcpuState*> wanted;
    for (const auto& vcpu : domain.vcpus)
        if (plugged_later(vcpu)) wanted.push_back(&vcpu);
    std::ranges::sort(wanted, {}, [](const auto* vcpu) {
        return std::pair(vcpu->order.value_or(std::numeric_limits<std::uint32_t>::max()), vcpu->id);
    });
    std::vector<QmpCommand> commands;
    for (const auto* vcpu : wanted) {
        std::int64_t first = 0;
        auto slot = std::ranges::find_if(slots, [&](const Slot& candidate) {
            const bool in_it = vcpu->id >= first && vcpu->id < first + candidate.vcpus;
            first += candidate.vcpus;
            return in_it;
        });
        if (slot == slots.end())
            return fail(Errc::hypervisor_failed, fmt::format("QEMU has no place for vCPU {} of <vcpus>", vcpu->id));
        if (slot->plugged) continue;  // with another thread of its core
        slot->plugged = true;
        auto arguments = slot->properties;
        arguments["driver"] = slot->type;
        arguments["id"] = fmt::format("vcpu{}", vcpu->id);
        commands.emplace_back("device_add", std::move(arguments));
    }
    return commands;
}

}  // namespace vireo::qemu
