// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/pci_map.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Controller;
using model::PciAddress;

namespace {
constexpr std::uint32_t most_buses = 256;

bool is_pci(const Controller& controller) noexcept {
    return controller.type == Controller::Type::pci;
}
bool is_port(const Controller& controller) noexcept {
    return controller.model == Controller::Model::pcie_root_port;
}
std::string text(const PciAddress& a) {
    return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", a.domain, a.bus, a.slot, a.function);
}

}  // namespace

bool PciMap::is_root(const Controller& controller) noexcept {
    return is_pci(controller) &&
           (controller.model == Controller::Model::pci_root || controller.model == Controller::Model::pcie_root);
}

Result<PciMap> PciMap::of(Assignment& assignment) {
    PciMap map(assignment);
    map.controllers().reserve(map.controllers().size() + most_buses);
    for (const auto& controller : map.controllers())
        if (is_pci(controller))
            if (auto added = map.add_bus(controller); !added) return Failure(added.error());
    return map;
}

Result<> PciMap::add_bus(const Controller& controller) {
    using enum Controller::Model;
    const auto index = controller.index.value_or(0);
    const auto model = controller.model.value_or(pci_bridge);
    if (index >= most_buses) return fail(Errc::invalid_config, describe(controller), " cannot be: the last bus is 255");
    if (is_root(controller) != (index == 0) || (index == 0 && (model == pcie_root) != assignment_.express()))
        return fail(Errc::invalid_config, describe(controller), " cannot be a '", to_string(model),
                    "' on machines of the type '", assignment_.domain.os.type.machine, "'");
    const bool conventional = model == pci_root || model == pci_bridge;
    if (!assignment_.express() && !conventional)
        return fail(Errc::invalid_config, describe(controller), " cannot be a '", to_string(model),
                    "': this machine has no PCI Express");
    Bus bus;
    bus.kind = model == pcie_root        ? Kind::express_root
               : model == pci_root       ? Kind::root
               : model == pcie_root_port ? Kind::express_port
                                         : Kind::bridge;
    if (bus.kind == Kind::express_port) bus.first_slot = bus.last_slot = 0;
    if (model == dmi_to_pci_bridge) bus.first_slot = 0;
    buses_.emplace(index, std::move(bus));
    return {};
}

Result<Controller*> PciMap::add_controller(Controller::Model model, std::optional<std::uint32_t> index) {
    std::uint32_t free = 1;
    while (buses_.contains(free)) ++free;
    if (index) free = *index;
    if (free >= most_buses || controllers().size() == controllers().capacity())
        return fail(Errc::limit_exceeded, "this domain needs more than 255 PCI buses");
    auto& made = controllers().emplace_back();
    made.type = Controller::Type::pci;
    made.index = free;
    made.model = model;
    if (auto added = add_bus(made); !added) return Failure(added.error());
    return &made;
}

void PciMap::chipset(const PciAddress& address, std::string owner) {
    buses_[address.bus].functions[{address.slot, address.function}] = {std::move(owner), true, true, false, nullptr};
}

Result<> PciMap::reserve(model::DeviceInfo& info, const std::string& owner) {
    const auto address = std::get<PciAddress>(*info.address);
    if (address.domain != 0 || address.bus >= most_buses)
        return fail(Errc::invalid_config, owner, " is at the PCI address ", text(address), ", which does not exist");
    if (!buses_.contains(address.bus)) {
        auto model = assignment_.express() ? Controller::Model::pcie_root_port : Controller::Model::pci_bridge;
        if (auto added = add_controller(model, address.bus); !added) return Failure(added.error());
    }
    auto& bus = buses_[address.bus];
    if (address.slot > bus.last_slot || address.slot < bus.first_slot || address.function > 7)
        return fail(Errc::invalid_config, owner, " is at the PCI address ", text(address), ", but bus ",
                    fmt::format("{} has the slots {:02x} to {:02x}", address.bus, bus.first_slot, bus.last_slot));
    Function function{owner, address.multifunction.value_or(false), false, false, &info};
    auto [other, fresh] = bus.functions.insert({{address.slot, address.function}, function});
    if (!fresh)
        return fail(Errc::invalid_config, other->second.owner, " and ", owner, " are both at the PCI address ",
                    text(address));
    return {};
}

bool PciMap::slot_is_free(std::uint32_t bus, std::uint32_t slot) const {
    auto found = buses_.find(bus);
    if (found == buses_.end()) return false;
    auto taken = found->second.functions.lower_bound({slot, 0});
    return taken == found->second.functions.end() || taken->first.first != slot;
}

bool PciMap::is_free(const PciAddress& address) const {
    auto found = buses_.find(address.bus);
    if (found == buses_.end()) return false;
    const auto& functions = found->second.functions;
    if (functions.contains({address.slot, address.function})) return false;
    auto first = functions.find({address.slot, 0});
    return first == functions.end() || (address.function != 0 && first->second.multifunction);
}

std::optional<std::uint32_t> PciMap::free_slot(std::uint32_t bus) const {
    const auto& found = buses_.at(bus);
    for (std::uint32_t slot = found.first_slot; slot <= found.last_slot; ++slot)
        if (slot_is_free(bus, slot)) return slot;
    return std::nullopt;
}

std::optional<std::uint32_t> PciMap::free_port() const {
    for (const auto& [index, bus] : buses_)
        if (bus.kind == Kind::express_port && bus.functions.empty()) return index;
    return std::nullopt;
}

Result<> PciMap::put(model::DeviceInfo& info, std::uint32_t bus, std::uint32_t slot, std::uint32_t function,
                     const std::string& owner, std::optional<bool> multifunction) {
    PciAddress address;
    address.bus = bus;
    address.slot = slot;
    address.function = function;
    address.multifunction = multifunction;
    info.address = std::move(address);
    return reserve(info, owner);
}

// Root ports share slots, eight in each: there are 31 slots on pcie.0 and each port is a whole bus.
Result<> PciMap::place_port(model::DeviceInfo& info, const std::string& owner) {
    auto& root = buses_.at(0);
    std::map<std::uint32_t, std::uint32_t> shared;  // slot → how many ports, where all are ports
    for (const auto& controller : controllers()) {
        const auto* at = controller.info.address ? std::get_if<PciAddress>(&*controller.info.address) : nullptr;
        if (!is_port(controller) || !at || at->bus != 0) continue;
        auto found = root.functions.find({at->slot, at->function});
        if (found != root.functions.end()) found->second.port = true;
    }
    for (const auto& [place, function] : root.functions) {
        if (place.second != 0 || !function.port || !function.multifunction) continue;
        bool ports_only = true;
        std::optional<std::uint32_t> free;
        for (std::uint32_t number = 7; number > 0; --number) {
            auto other = root.functions.find({place.first, number});
            if (other == root.functions.end()) free = number;
            ports_only = ports_only && (other == root.functions.end() || other->second.port);
        }
        if (ports_only && free) return put(info, 0, place.first, *free, owner);
    }
    auto slot = free_slot(0);
    if (!slot) return fail(Errc::limit_exceeded, "no place on the root bus is free for ", owner);
    return put(info, 0, *slot, 0, owner, true);
}

Result<> PciMap::place_express(model::DeviceInfo& info, const std::string& owner) {
    auto port = free_port();
    if (!port) {
        auto made = add_controller(Controller::Model::pcie_root_port);
        if (!made) return Failure(made.error());
        if (auto placed = place_port((*made)->info, describe(**made)); !placed) return placed;
        port = (*made)->index;
    }
    used_port_ = true;
    return put(info, *port, 0, 0, owner);
}

Result<> PciMap::place_conventional(model::DeviceInfo& info, const std::string& owner) {
    for (const auto& [index, bus] : buses_) {
        if (bus.kind != Kind::bridge && bus.kind != Kind::root) continue;
        if (auto slot = free_slot(index)) return put(info, index, *slot, 0, owner);
    }
    if (!assignment_.express()) return fail(Errc::limit_exceeded, "no PCI slot is free for ", owner);
    std::optional<std::uint32_t> port = free_port();
    if (!port) {  // first the port, so that it has the lower number
        auto made = add_controller(Controller::Model::pcie_root_port);
        if (!made) return Failure(made.error());
        if (auto placed = place_port((*made)->info, describe(**made)); !placed) return placed;
    }
    auto bridge = add_controller(Controller::Model::pcie_to_pci_bridge);
    if (!bridge) return Failure(bridge.error());
    if (auto placed = place_express((*bridge)->info, describe(**bridge)); !placed) return placed;
    return put(info, *(*bridge)->index, buses_.at(*(*bridge)->index).first_slot, 0, owner);
}

Result<> PciMap::place(model::DeviceInfo& info, const std::string& owner, bool express) {
    return express && assignment_.express() ? place_express(info, owner) : place_conventional(info, owner);
}

Result<> PciMap::place_controller(Controller& controller) {
    using enum Controller::Model;
    if (is_root(controller) || controller.info.address) return {};
    switch (*controller.model) {
        case pcie_root_port:
            return place_port(controller.info, describe(controller));
        case pcie_to_pci_bridge:
            return place_express(controller.info, describe(controller));
        case dmi_to_pci_bridge: {
            if (slot_is_free(0, 0x1e)) return put(controller.info, 0, 0x1e, 0, describe(controller));
            auto slot = free_slot(0);
            if (!slot) return fail(Errc::limit_exceeded, "no place on the root bus is free for ", describe(controller));
            return put(controller.info, 0, *slot, 0, describe(controller));
        }
        default:
            break;
    }
    for (const auto& [index, bus] : buses_) {  // a pci-bridge sits on a bus before it
        const bool conventional = bus.kind == Kind::bridge || bus.kind == Kind::root;
        if (!conventional || index >= *controller.index) continue;
        if (auto slot = free_slot(index)) return put(controller.info, index, *slot, 0, describe(controller));
    }
    return Failure(Error(Errc::invalid_config, describe(controller) + " has no conventional PCI bus to sit on")
                       .with_hint("Add a <controller type='pci' model='pcie-to-pci-bridge'/> before it"));
}

Result<> PciMap::place_bridges(std::size_t waiting) {
    std::vector<std::uint32_t> order;  // ports first: bridges may need them
    for (const auto& controller : controllers())
        if (is_pci(controller)) order.push_back(controller.index.value_or(0));
    std::ranges::sort(order);
    for (const bool ports : {true, false}) {
        for (auto index : order) {
            auto& controller = ensure_controller(assignment_.domain, Controller::Type::pci, index);
            if (is_port(controller) != ports) continue;
            if (auto placed = place_controller(controller); !placed) return placed;
        }
    }
    if (assignment_.express()) return {};
    auto free = [&] {
        std::size_t slots = 0;
        for (const auto& [index, bus] : buses_)
            for (auto slot = bus.first_slot; slot <= bus.last_slot; ++slot) slots += slot_is_free(index, slot) ? 1 : 0;
        return slots;
    };
    while (free() < waiting) {  // each bridge takes one slot and brings 31
        auto made = add_controller(Controller::Model::pci_bridge);
        if (!made) return Failure(made.error());
        if (auto placed = place_controller(**made); !placed) return placed;
    }
    return {};
}

void PciMap::describe_bridge(Controller& controller) const {
    using enum Controller::Model;
    if (!is_pci(controller) || is_root(controller)) return;
    const auto* at = controller.info.address ? std::get_if<PciAddress>(&*controller.info.address) : nullptr;
    if (!controller.target && *controller.model != dmi_to_pci_bridge && *controller.model != pcie_to_pci_bridge)
        controller.target.emplace();
    const auto number = controller.index.value_or(0);
    switch (*controller.model) {
        case pcie_root_port:
            if (controller.model_name.empty()) controller.model_name = "pcie-root-port";
            if (!controller.target->chassis) controller.target->chassis = number;
            if (!controller.target->port && at) controller.target->port = at->slot << 3 | at->function;
            break;
        case pci_bridge:
            if (controller.model_name.empty()) controller.model_name = "pci-bridge";
            if (!controller.target->chassis_nr) controller.target->chassis_nr = number;
            break;
        case dmi_to_pci_bridge:
            if (controller.model_name.empty()) controller.model_name = "i82801b11-bridge";
            break;
        case pcie_to_pci_bridge:
            if (controller.model_name.empty()) controller.model_name = "pcie-pci-bridge";
            break;
        default:
            break;
    }
}

Result<> PciMap::switch_multifunction() {
    for (auto& [index, bus] : buses_) {
        for (const auto& [place, function] : bus.functions) {
            if (place.second == 0 || function.chipset) continue;
            auto first = bus.functions.find({place.first, 0});
            if (first == bus.functions.end() || first->second.multifunction) continue;
            auto& at = std::get<PciAddress>(*first->second.info->address);
            if (at.multifunction)
                return Failure(
                    Error(Errc::invalid_config, fmt::format("{} and {} share the slot {:02x} of PCI bus {}",
                                                            first->second.owner, function.owner, place.first, index))
                        .with_hint("The device at function 0 needs multifunction='on' in its address"));
            at.multifunction = true;
            first->second.multifunction = true;
        }
    }
    return {};
}

Result<> PciMap::finish() {
    if (used_port_ && !free_port()) {
        if (auto made = add_controller(Controller::Model::pcie_root_port)) {
            // A full root bus has no spare place, which is no reason to refuse the domain.
            if (!place_port((*made)->info, describe(**made))) controllers().pop_back();
        }
    }
    if (auto switched = switch_multifunction(); !switched) return switched;
    for (auto& controller : controllers()) describe_bridge(controller);
    controllers().shrink_to_fit();
    return {};
}

}  // namespace vireo::qemu
