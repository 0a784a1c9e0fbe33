// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/pci_map.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Controller;
using model::PciAddress;

namespace {

constexpr std::size_t most_buses = 256;
constexpr std::uint32_t functions = 8;

constexpr pci::Need types = pci::conventional | pci::express | pci::root_port | pci::upstream_port |
                            pci::downstream_port | pci::dmi_to_pci_bridge | pci::expander_bus |
                            pci::express_expander_bus | pci::bridge | pci::express_to_pci_bridge;

std::string text(const PciAddress& a) {
    return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", a.domain, a.bus, a.slot, a.function);
}

std::string_view word_for(pci::Need need) {
    constexpr std::pair<pci::Need, std::string_view> words[] = {
        {pci::root_port, "a pcie-root-port"},
        {pci::upstream_port, "a pcie-switch-upstream-port"},
        {pci::downstream_port, "a pcie-switch-downstream-port"},
        {pci::dmi_to_pci_bridge, "a dmi-to-pci-bridge"},
        {pci::expander_bus, "a pci-expander-bus"},
        {pci::express_expander_bus, "a pcie-expander-bus"},
        {pci::bridge, "a pci-bridge"},
        {pci::express_to_pci_bridge, "a pcie-to-pci-bridge"},
        {pci::express, "a PCI Express device"},
    };
    for (const auto& [flag, word] : words)
        if (need & flag) return word;
    return "a conventional PCI device";
}

}  // namespace

pci::Need pci::of_bridge(Controller::Model model) noexcept {
    using enum Controller::Model;
    switch (model) {
        case pci_bridge:
            return bridge;
        case pci_expander_bus:
            return expander_bus;
        case pcie_expander_bus:
            return express_expander_bus;
        case Controller::Model::dmi_to_pci_bridge:
            return pci::dmi_to_pci_bridge;
        case pcie_root_port:
            return root_port | aggregate;
        case pcie_switch_upstream_port:
            return upstream_port;
        case pcie_switch_downstream_port:
            return downstream_port;
        case pcie_to_pci_bridge:
            return express_to_pci_bridge;
        default:
            return nothing;
    }
}

bool PciMap::Bus::empty() const noexcept {
    return std::ranges::none_of(slots, [](const Slot& slot) { return slot.functions != 0; });
}

PciMap::Bus PciMap::bus_of(Model model, bool hotplug) {
    using enum Controller::Model;
    const pci::Need dynamic = hotplug ? pci::choosable : pci::nothing;
    Bus bus;
    bus.model = model;
    auto slots = [&](std::uint32_t first, std::uint32_t last) { bus.first_slot = first, bus.last_slot = last; };
    switch (model) {
        case pci_root:
            bus.offers = pci::choosable | pci::conventional | pci::bridge | pci::expander_bus;
            slots(1, 31);
            break;
        case pci_bridge:
            bus.offers = dynamic | pci::conventional | pci::bridge;
            slots(1, 31);
            break;
        case pci_expander_bus:
            bus.offers = pci::choosable | pci::conventional | pci::bridge;
            slots(0, 31);
            break;
        case pcie_root:
            bus.offers = pci::express | pci::root_port | pci::dmi_to_pci_bridge | pci::express_expander_bus;
            slots(1, 31);
            break;
        case dmi_to_pci_bridge:
            bus.offers = pci::conventional | pci::bridge;
            slots(0, 31);
            break;
        case pcie_root_port:
        case pcie_switch_downstream_port:
            bus.offers = dynamic | pci::express | pci::upstream_port | pci::express_to_pci_bridge;
            slots(0, 0);
            break;
        case pcie_switch_upstream_port:
            bus.offers = pci::downstream_port;
            slots(0, 31);
            break;
        case pcie_expander_bus:
            bus.offers = pci::root_port | pci::dmi_to_pci_bridge;
            slots(0, 31);
            break;
        case pcie_to_pci_bridge:
            bus.offers = dynamic | pci::conventional | pci::bridge;
            slots(1, 31);
            break;
        default:
            break;
    }
    return bus;
}

Result<PciMap> PciMap::of(const Assignment& assignment, bool trial) {
    PciMap map;
    map.trial_ = trial;
    map.several_roots_ = assignment.machine.several_pci_roots();
    for (const auto& controller : assignment.domain.devices.controllers) {
        if (controller.type != Controller::Type::pci) continue;
        const auto index = controller.index.value_or(0);
        if (index >= most_buses)
            return fail(Errc::invalid_config, describe(controller), " cannot be: the last bus is 255");
        if (index >= map.buses_.size()) map.buses_.resize(index + 1);
        const bool hotplug = !controller.target || controller.target->hotplug.value_or(true);
        map.buses_[index] = bus_of(controller.model.value_or(Model::pci_bridge), hotplug);
    }
    if (map.buses_.empty()) return map;
    if (!map.buses_.front().model) map.buses_.front() = bus_of(Model::pci_root);
    const auto usual = map.express_root()   ? Model::pcie_root_port
                       : map.several_roots_ ? Model::pci_root
                                            : Model::pci_bridge;
    for (auto& bus : map.buses_)
        if (!bus.model) bus = bus_of(usual);
    map.buses_.front().isolation_locked = map.several_roots_;  // the first root is everybody's
    return map;
}

bool PciMap::fits(const Bus& bus, std::uint32_t number, pci::Need need, bool from_definition) noexcept {
    auto offers = bus.offers;
    if (from_definition) {
        if (offers & pci::endpoint) offers |= pci::endpoint;
        offers |= pci::choosable;
    }
    if (!(offers & need & types)) return false;
    if ((need & pci::choosable) && !(offers & pci::choosable)) return (need & pci::integrated) && number == 0;
    return !(need & pci::integrated) || number == 0;
}

Result<> PciMap::check(const PciAddress& at, pci::Need need, const std::string& owner, bool from_definition) const {
    if (at.domain != 0 || at.bus >= buses_.size())
        return fail(Errc::invalid_config, owner, " is at the PCI address ", text(at), ", which does not exist");
    const auto& bus = buses_[at.bus];
    if ((need & pci::integrated) && at.bus != 0)
        return fail(Errc::invalid_config, owner, " is at the PCI address ", text(at),
                    ", but must be on the root bus (bus='0')");
    if (!fits(bus, at.bus, need, from_definition))
        return Failure(
            Error(Errc::invalid_config, fmt::format("{} is at the PCI address {}, but the PCI controller {} ({}) does "
                                                    "not accept {}",
                                                    owner, text(at), at.bus, to_string(*bus.model), word_for(need)))
                .with_hint("Leave its <address> out, or give it another bus"));
    if (at.slot > bus.last_slot || at.slot < bus.first_slot || at.function >= functions)
        return fail(Errc::invalid_config, owner, " is at the PCI address ", text(at), ", but bus ",
                    fmt::format("{} has the slots {:02x} to {:02x}", at.bus, bus.first_slot, bus.last_slot));
    return {};
}

// Adds buses up to the one that the address names; the device's needs decide of which kind.
Result<> PciMap::grow(PciAddress& at, pci::Need need, const std::string& owner) {
    if (at.bus < buses_.size() || buses_.empty()) return {};
    std::size_t missing = at.bus + 1 - buses_.size();
    std::optional<Model> first;  // before the others, for them to sit on
    auto model = Model::pci_bridge;
    auto takes_bridges = [](const Bus& bus) { return (bus.offers & pci::bridge) != 0; };
    // A port has one slot: who asked for another one meant a conventional bus.
    const bool asked_for_bridge = (need & pci::express) && at.slot != 0 && std::ranges::any_of(buses_, takes_bridges);
    if ((need & pci::conventional) || asked_for_bridge) {
        if (several_roots_) model = Model::pci_root;
        if (missing == 1 && !several_roots_ && std::ranges::none_of(buses_, takes_bridges)) {
            first = Model::pcie_root_port;
            model = Model::pcie_to_pci_bridge;
            ++missing;
            ++at.bus;
        }
    } else if ((need & pci::bridge) && express_root()) {
        model = Model::dmi_to_pci_bridge;
    } else if (need & (pci::express | pci::upstream_port | pci::express_to_pci_bridge)) {
        model = Model::pcie_root_port;
    } else {
        return Failure(Error(Errc::limit_exceeded, fmt::format("no PCI bus has a place for {}", owner))
                           .with_hint(fmt::format("Add a <controller type='pci'> that accepts {}", word_for(need))));
    }
    if (buses_.size() + missing > most_buses)
        return fail(Errc::limit_exceeded, "this domain needs more than 255 PCI buses");
    if (first) buses_.push_back(bus_of(*first)), --missing;
    for (; missing > 0; --missing) buses_.push_back(bus_of(model));
    return {};
}

Result<> PciMap::reserve(PciAddress at, pci::Need need, const std::string& owner, bool from_definition,
                         std::uint32_t isolation) {
    if (trial_ && at.domain == 0 && at.bus < most_buses)
        if (auto grown = grow(at, need, owner); !grown) return grown;
    if (auto good = check(at, need, owner, from_definition); !good) return good;
    auto& bus = buses_[at.bus];
    auto& slot = bus.slots[at.slot];
    const auto bit = static_cast<std::uint8_t>(1u << at.function);
    if (slot.functions & bit)
        return fail(Errc::invalid_config, owners_[{at.bus, at.slot, at.function}], " and ", owner,
                    " are both at the PCI address ", text(at));
    if (!slot.functions && (need & pci::aggregate)) slot.aggregate = true;
    if (bus.empty() && !bus.isolation_locked)
        bus.isolation = isolation;
    else if (bus.isolation != isolation && from_definition)
        bus.isolation = 0;  // asked for, so be it; but then nothing is isolated here
    slot.functions |= bit;
    owners_[{at.bus, at.slot, at.function}] = owner;
    return {};
}

bool PciMap::find_function(const Bus& bus, PciAddress& at, std::optional<std::uint32_t> function, pci::Need need) {
    if (!fits(bus, at.bus, need, false)) return false;
    for (at.slot = bus.first_slot; at.slot <= bus.last_slot; ++at.slot) {
        const auto& slot = bus.slots[at.slot];
        if (slot.functions == 0) return true;
        if (!(need & pci::aggregate) || !slot.aggregate) continue;
        if (function) {
            if (!(slot.functions >> *function & 1)) return true;
            continue;
        }
        for (at.function = 0; at.function < functions; ++at.function)
            if (!(slot.functions >> at.function & 1)) return true;
        at.function = 0;
    }
    return false;
}

std::optional<PciAddress> PciMap::find(pci::Need need, std::optional<std::uint32_t> function,
                                       std::uint32_t isolation) const {
    PciAddress at;
    at.function = function.value_or(0);
    for (at.bus = 0; at.bus < buses_.size(); ++at.bus)
        if (buses_[at.bus].isolation == isolation && find_function(buses_[at.bus], at, function, need)) return at;
    // An empty bus can become the one of another group.
    for (at.bus = 0; at.bus < buses_.size(); ++at.bus) {
        const auto& bus = buses_[at.bus];
        if (bus.empty() && !bus.isolation_locked && find_function(bus, at, function, need)) return at;
    }
    return std::nullopt;
}

Result<> PciMap::reserve_next(model::DeviceInfo& info, pci::Need need, const std::string& owner,
                              std::optional<std::uint32_t> function, std::uint32_t isolation) {
    if (buses_.empty()) return fail(Errc::invalid_config, owner, " needs PCI, which machines of this type do not have");
    auto found = find(need, function, isolation);
    if (!found) {
        if (!trial_) return fail(Errc::limit_exceeded, "no PCI slot is free for ", owner);
        found.emplace();
        found->bus = static_cast<std::uint32_t>(buses_.size());
        found->function = function.value_or(0);
        if (auto grown = grow(*found, need, owner); !grown) return grown;
        found->slot = buses_[found->bus].first_slot;
    }
    if (auto reserved = reserve(*found, need, owner, false, isolation); !reserved) return reserved;
    if (!trial_) {
        if (auto* given = info.at<PciAddress>()) found->zpci = given->zpci;
        info.address = std::move(*found);
    }
    return {};
}

bool PciMap::slot_in_use(std::uint32_t bus, std::uint32_t slot) const {
    return bus < buses_.size() && slot < 32 && buses_[bus].slots[slot].functions != 0;
}

bool PciMap::full() const {
    return std::ranges::all_of(buses_, [](const Bus& bus) {
        for (auto slot = bus.first_slot; slot <= bus.last_slot; ++slot)
            if (bus.slots[slot].functions == 0) return false;
        return true;
    });
}

}  // namespace vireo::qemu
