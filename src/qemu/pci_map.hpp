// SPDX-License-Identifier: LGPL-2.1-or-later
// Which places of a domain's PCI buses are taken, by what; finds free ones, and adds buses when there are none. It
// decides as libvirt does, so that a definition gets the layout that it would get there.
#pragma once
#include "qemu/assign_parts.hpp"

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace vireo::qemu {

// What a device needs of the bus that it sits on, and what a bus offers.
namespace pci {
enum Connect : std::uint32_t {
    nothing = 0,          // not a PCI device
    choosable = 1u << 0,  // may be put here, or put somewhere, without having been asked for
    conventional = 1u << 1,
    express = 1u << 2,
    root_port = 1u << 3,
    upstream_port = 1u << 4,
    downstream_port = 1u << 5,
    dmi_to_pci_bridge = 1u << 6,
    expander_bus = 1u << 7,
    express_expander_bus = 1u << 8,
    bridge = 1u << 9,
    express_to_pci_bridge = 1u << 10,
    integrated = 1u << 11,  // on the root bus only
    aggregate = 1u << 12,   // shares a slot with others of its kind, a function each
};
using Need = std::uint32_t;  // of these flags
inline constexpr Need endpoint = conventional | express;
Need of_bridge(model::Controller::Model model) noexcept;  // what a PCI controller needs of its own place
}  // namespace pci

class PciMap {
public:
    using Model = model::Controller::Model;

    // The buses that the definition has, and those that its numbering skips. trial: buses are added as they are needed
    // and no device is given an address: to find out how many are needed.
    static Result<PciMap> of(const Assignment& assignment, bool trial);

    // Takes one place. from_definition: somebody asked for exactly this, so a conventional device may sit in a PCI
    // Express slot and the other way round. Failure(invalid_config): taken (both owners are named), no such place, or
    // the bus is not for such devices.
    Result<> reserve(model::PciAddress address, pci::Need need, const std::string& owner, bool from_definition,
                     std::uint32_t isolation = 0);
    // Finds a place and, unless this is a trial, writes it into info. function: which one of a slot; any when absent.
    // Failure(limit_exceeded): there is none.
    Result<> reserve_next(model::DeviceInfo& info, pci::Need need, const std::string& owner,
                          std::optional<std::uint32_t> function = {}, std::uint32_t isolation = 0);
    bool slot_in_use(std::uint32_t bus, std::uint32_t slot) const;
    bool full() const;  // no slot of any bus is free

    std::size_t buses() const noexcept { return buses_.size(); }
    Model model(std::size_t bus) const { return *buses_.at(bus).model; }

private:
    struct Slot {
        std::uint8_t functions = 0;  // a bit for each that is taken
        bool aggregate = false;
    };
    struct Bus {
        std::optional<Model> model;
        pci::Need offers = pci::nothing;
        std::uint32_t first_slot = 0, last_slot = 0;
        std::uint32_t isolation = 0;
        bool isolation_locked = false;
        std::array<Slot, 32> slots{};
        bool empty() const noexcept;
    };
    using Place = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;

    static Bus bus_of(Model model, bool hotplug = true);
    static bool fits(const Bus& bus, std::uint32_t number, pci::Need need, bool from_definition) noexcept;
    Result<> check(const model::PciAddress& address, pci::Need need, const std::string& owner,
                   bool from_definition) const;
    Result<> grow(model::PciAddress& address, pci::Need need, const std::string& owner);
    static bool find_function(const Bus& bus, model::PciAddress& address, std::optional<std::uint32_t> function,
                              pci::Need need);
    std::optional<model::PciAddress> find(pci::Need need, std::optional<std::uint32_t> function,
                                          std::uint32_t isolation) const;
    bool express_root() const noexcept { return buses_.front().model == Model::pcie_root; }

    bool trial_ = false;
    bool several_roots_ = false;
    std::vector<Bus> buses_;
    std::map<Place, std::string> owners_;
};

}  // namespace vireo::qemu
