// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/capabilities.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace vireo::qemu {
namespace {

// How many letters differ, the usual edit distance; for hints only.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            auto above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row.back();
}

}  // namespace

std::string QemuVersion::text() const {
    return fmt::format("{}.{}.{}", major, minor, micro);
}

std::string_view to_string(Accelerator accelerator) noexcept {
    return accelerator == Accelerator::kvm ? "kvm" : "tcg";
}

bool Capabilities::has_option(std::string_view option, std::string_view parameter) const {
    return options.contains(parameter.empty() ? std::string(option) : fmt::format("{}.{}", option, parameter));
}

bool Capabilities::has_accelerator(Accelerator accelerator) const noexcept {
    return accelerator == Accelerator::kvm ? kvm_enabled : tcg;
}

const MachineType* Capabilities::machine(std::string_view name) const noexcept {
    if (name.empty()) return nullptr;
    auto exact = std::ranges::find(machines, name, &MachineType::name);
    if (exact != machines.end()) return &*exact;
    auto alias = std::ranges::find(machines, name, &MachineType::alias);
    return alias != machines.end() ? &*alias : nullptr;
}

Result<std::string> Capabilities::canonical_machine(std::string_view name) const {
    if (auto* found = machine(name)) return found->name;
    std::string_view nearest;
    std::size_t least = 5;  // further away is another word
    if (name.size() < 100)
        for (auto& m : machines)
            for (std::string_view candidate : {std::string_view(m.alias), std::string_view(m.name)})
                if (auto d = candidate.empty() ? least : distance(name, candidate); d < least) {
                    least = d;
                    nearest = candidate;
                }
    Error error(Errc::unsupported, fmt::format("{} has no machine type '{}'", binary, name));
    auto hint = nearest.empty()
                    ? fmt::format("{} -machine help lists what there is.", binary)
                    : fmt::format("Did you mean '{}'? {} -machine help lists what there is.", nearest, binary);
    return Failure(error.with_hint(hint));
}

const MachineType* Capabilities::default_machine() const noexcept {
    auto found = std::ranges::find(machines, true, &MachineType::is_default);
    return found != machines.end() ? &*found : nullptr;
}

const CpuModel* Capabilities::cpu(std::string_view name) const noexcept {
    auto found = std::ranges::lower_bound(cpus, name, {}, [](auto& c) { return std::string_view(c.name); });
    return found != cpus.end() && found->name == name ? &*found : nullptr;
}

std::size_t Capabilities::memory() const noexcept {
    auto beyond = [](const std::string& s) { return s.capacity() > 15 ? s.capacity() + 1 : 0; };  // outside the object
    auto total = sizeof *this + types.memory() + commands.memory() + options.memory();
    total += machines.capacity() * sizeof(MachineType) + cpus.capacity() * sizeof(CpuModel);
    for (auto& m : machines)
        total += beyond(m.name) + beyond(m.alias) + beyond(m.default_cpu) + beyond(m.default_ram_id);
    for (auto& c : cpus) total += beyond(c.name);
    for (auto& f : files) total += sizeof f + beyond(f.path);
    return total + beyond(binary) + beyond(host) + beyond(package) + beyond(arch);
}

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> renamed{{{"i386", "i686"}, {"arm", "armv7l"}}};
// Architectures that a target of another name runs as well.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> same_target{{{"arm", "armv6l"},
                                                                                    {"ppc64", "ppc64le"},
                                                                                    {"ppc", "ppcemb"},
                                                                                    {"s390x", "s390"},
                                                                                    {"hppa", "parisc"},
                                                                                    {"or1k", "or32"}}};

}  // namespace

std::string guest_arch(std::string_view target) {
    for (auto& [qemu, ours] : renamed)
        if (qemu == target) return std::string(ours);
    return std::string(target);
}

std::string qemu_target(std::string_view arch) {
    for (auto& [qemu, ours] : renamed)
        if (ours == arch) return std::string(qemu);
    for (auto& [qemu, ours] : same_target)
        if (ours == arch) return std::string(qemu);
    return std::string(arch);
}

}  // namespace vireo::qemu
