// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/older.hpp"

#include <algorithm>
#include <array>

namespace vireo::corpus {
namespace {

struct Rule {
    std::string_view what;
    bool prefix = false;
};

// An old binary's ways, each with a newer one that Vireo uses.
constexpr std::array old_ways = std::to_array<Rule>({
    {"-usb"},                                    // the controller is a device: piix3-usb-uhci
    {"device piix3-usb-uhci: too many"},         // the other side of it
    {"-soundhw"},                                // a device, or a property of the machine
    {"-watchdog-action"},                        // -action
    {"device ioh3420: is pcie-root-port here"},  // pcie-root-port is QEMU's own since 2.9
    {"cpu: too many"},                           // the machine's default model, once it is known, is written down
    {"machine memory-backend: too many"},        // since 5.0 the machine's memory is an object
    {"object memory-backend-ram: too many"},     // the same
});

// What libvirt's tests say where they pretend that a binary or a host lacks something.
constexpr std::array pretended = std::to_array<std::string_view>({"this QEMU", "Mock: "});

}  // namespace

bool is_pretended(std::string_view error) {
    return std::ranges::any_of(pretended, [error](std::string_view word) { return error.contains(word); });
}

bool is_old_style(const std::vector<std::string>& argv) {
    for (std::size_t i = 0; i + 1 < argv.size(); ++i)
        if (argv[i] == "-device" || argv[i] == "-object") return !argv[i + 1].starts_with('{');
    return true;
}

bool is_older(std::string_view what, bool old_style) {
    if (what == "cpu of the host") return true;
    return old_style && std::ranges::any_of(old_ways, [what](const Rule& rule) {
               return rule.prefix ? what.starts_with(rule.what) : what == rule.what;
           });
}

}  // namespace vireo::corpus
