// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/real/findings.hpp"

#include <boost/json/serialize.hpp>

#include <sstream>

namespace vireo::corpus {

void Findings::check(bool good, std::string_view kind, std::string detail) {
    if (good)
        ++right[std::string(kind)];
    else
        wrong.push_back({std::string(kind), std::move(detail)});
}

namespace {

// The first line that is another one.
std::string other_line(const std::string& first, const std::string& second) {
    std::istringstream a(first), b(second);
    for (std::string one, other;;) {
        const bool more_a = static_cast<bool>(std::getline(a, one)), more_b = static_cast<bool>(std::getline(b, other));
        if (!more_a && !more_b) return "nothing";
        if (one != other || more_a != more_b) return "'" + one + "' became '" + other + "'";
    }
}

}  // namespace

std::string difference(const Answers& first, const Answers& second) {
    if (first.tree != second.tree) return "info qtree: " + other_line(first.tree, second.tree);
    for (const char* question : {"query-pci", "query-memory-devices", "query-hotpluggable-cpus", "query-memdev",
                                 "query-rx-filter", "query-tpm", "query-vm-generation-id"}) {
        const auto *one = first.get(question), *other = second.get(question);
        if (!one != !other || (one && *one != *other)) return std::string(question) + " answers something else";
    }
    if (first.devices.size() != second.devices.size()) return "another number of devices";
    for (const auto& [id, device] : first.devices) {
        const auto found = second.devices.find(id);
        if (found == second.devices.end()) return "no " + id + " any more";
        if (found->second.type != device.type || found->second.properties != device.properties)
            return id + " is another device: " + json::serialize(device.properties) + " became " +
                   json::serialize(found->second.properties);
    }
    return {};
}

}  // namespace vireo::corpus
