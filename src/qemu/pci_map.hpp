// SPDX-License-Identifier: LGPL-2.1-or-later
// Which places of a domain's PCI buses are taken, by what; finds free ones, and adds buses when there are none.
#pragma once
#include "qemu/assign_parts.hpp"

#include <map>
#include <string>
#include <vector>

namespace vireo::qemu {

class PciMap {
public:
    // Begins with the domain's PCI controllers. While this lives, no element of `controllers` moves: pointers to them
    // hold.
    static Result<PciMap> of(Assignment& assignment);

    static bool is_root(const model::Controller& controller) noexcept;

    void chipset(const model::PciAddress& address, std::string owner);  // its slot is for the chipset's functions only
    // Takes the place that `info` names. Failure(invalid_config): taken (both owners are named) or no such place. A
    // missing bus is added.
    Result<> reserve(model::DeviceInfo& info, const std::string& owner);
    bool is_free(const model::PciAddress& address) const;
    bool slot_is_free(std::uint32_t bus, std::uint32_t slot) const;

    // Places the bridges and ports without an address, and on machines without PCI Express adds the bridges that
    // `waiting` more devices need.
    Result<> place_bridges(std::size_t waiting);
    // express: onto a port of its own, on machines that have such; else a slot of a conventional bus.
    Result<> place(model::DeviceInfo& info, const std::string& owner, bool express);

    // The end: a spare port, for what is plugged in later, if this run used one; multifunction='on' at function 0 of
    // the slots that have several; the bridges' own properties. Pointers to controllers hold no longer.
    Result<> finish();

private:
    enum class Kind { root, express_root, express_port, bridge };
    struct Function {
        std::string owner;
        bool multifunction = false;
        bool chipset = false;
        bool port = false;  // a root port
        model::DeviceInfo* info = nullptr;
    };
    struct Bus {
        Kind kind = Kind::root;
        std::uint32_t first_slot = 1, last_slot = 0x1f;
        std::map<std::pair<std::uint32_t, std::uint32_t>, Function> functions;  // by (slot, function)
    };

    explicit PciMap(Assignment& assignment) : assignment_(assignment) {}
    std::vector<model::Controller>& controllers() const { return assignment_.domain.devices.controllers; }
    Result<> add_bus(const model::Controller& controller);
    Result<model::Controller*> add_controller(model::Controller::Model model, std::optional<std::uint32_t> index = {});
    Result<> place_controller(model::Controller& controller);
    Result<> place_port(model::DeviceInfo& info, const std::string& owner);  // a root port on pcie.0
    Result<> place_conventional(model::DeviceInfo& info, const std::string& owner);
    Result<> place_express(model::DeviceInfo& info, const std::string& owner);
    Result<> put(model::DeviceInfo& info, std::uint32_t bus, std::uint32_t slot, std::uint32_t function,
                 const std::string& owner, std::optional<bool> multifunction = {});
    std::optional<std::uint32_t> free_slot(std::uint32_t bus) const;
    std::optional<std::uint32_t> free_port() const;
    Result<> switch_multifunction();
    void describe_bridge(model::Controller& controller) const;

    Assignment& assignment_;
    std::map<std::uint32_t, Bus> buses_;
    bool used_port_ = false;
};

}  // namespace vireo::qemu
