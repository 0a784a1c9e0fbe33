// SPDX-License-Identifier: LGPL-2.1-or-later
// PCI: the chipset's fixed places, and a place for every device. Two rounds, as in libvirt: a trial finds out which
// buses are missing, the second one places. What has an address keeps it, so nothing that is there ever moves.
#include "model/each_device.hpp"
#include "qemu/assign_parts.hpp"
#include "qemu/pci_map.hpp"
#include "qemu/pci_need.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::PciAddress;
using Isolation = std::uint32_t;

bool wanted(const model::DeviceInfo& info) {
    const auto* at = info.at<PciAddress>();
    return !info.address || (at && at->empty());
}
const PciAddress* given(const model::DeviceInfo& info) {
    const auto* at = info.at<PciAddress>();
    return at && !at->empty() ? at : nullptr;
}
PciAddress at(std::uint32_t slot, std::uint32_t function, std::optional<bool> multifunction = {}) {
    PciAddress address;
    address.slot = slot;
    address.function = function;
    address.multifunction = multifunction;
    return address;
}
bool same_place(const PciAddress& a, const PciAddress& b) {
    return a.domain == b.domain && a.bus == b.bus && a.slot == b.slot && a.function == b.function;
}
bool is_root(const Controller& controller) {
    return controller.type == Controller::Type::pci &&
           (controller.model == Controller::Model::pci_root || controller.model == Controller::Model::pcie_root);
}

class PciRound {
public:
    PciRound(Assignment& assignment, PciMap& map, bool trial)
        : assignment_(assignment), machine_(assignment.machine), map_(map), trial_(trial) {}

    Result<> run() {
        for (auto part : {&PciRound::keep_given, &PciRound::place_chipset, &PciRound::reserve_spare,
                          &PciRound::place_bridges, &PciRound::place_devices})
            if (auto done = (this->*part)(); !done) return done;
        return {};
    }

private:
    model::Devices& devices() { return assignment_.domain.devices; }

    // Groups of host devices that must not share a bus with others: each host slot is one.
    Isolation isolation_of(const model::Hostdev& hostdev) {
        if (!machine_.pseries() || hostdev.type != model::Hostdev::Type::pci || !hostdev.source.address) return 0;
        const auto& host = *hostdev.source.address;
        return isolation(host.domain.value_or(0), host.bus.value_or(0), host.slot.value_or(0));
    }
    Isolation isolation_of(const model::Interface& interface) {
        const auto* address = host_address(interface);
        const auto* host = address ? std::get_if<PciAddress>(address) : nullptr;
        return host && machine_.pseries() ? isolation(host->domain, host->bus, host->slot) : 0;
    }
    template <class Device>
    Isolation isolation_of(const Device&) {
        return 0;
    }
    Isolation isolation(std::uint32_t domain, std::uint32_t bus, std::uint32_t slot) {
        const auto next = static_cast<Isolation>(groups_.size() + 1);
        return groups_.try_emplace({domain, bus, slot}, next).first->second;
    }

    // The chipset's functions that the map does not count, since their slot is reserved as a whole.
    bool built_in(const Controller& controller) const {
        const auto* place = given(controller.info);
        if (!machine_.i440fx() || !place || controller.index.value_or(0) != 0) return false;
        if (controller.type == Controller::Type::ide) return same_place(*place, at(1, 1));
        return controller.type == Controller::Type::usb && controller.model == Controller::Model::piix3_uhci &&
               same_place(*place, at(1, 2));
    }
    template <class Device>
    bool built_in(const Device&) const {
        return false;
    }

    Result<> keep_given() {
        Result<> result;
        model::for_each_device(devices(), [&](auto& device) {
            if (!result) return;
            const auto* place = given(device.info);
            if (!place || built_in(device)) return;
            const auto need = pci_need(machine_, device);
            if (need == pci::nothing)
                result = fail(Errc::invalid_config, describe(device), " is not a PCI device: it has no such address");
            else
                result = map_.reserve(*place, need, describe(device), true, isolation_of(device));
        });
        return result;
    }

    Result<> place_chipset() {
        if (machine_.i440fx()) return place_piix3();
        if (machine_.q35()) return place_ich9();
        return {};
    }

    Result<> fix(Controller& controller, const PciAddress& place) {
        if (!given(controller.info)) {
            controller.info.address = place;
            return {};
        }
        if (same_place(*given(controller.info), place)) return {};
        return fail(Errc::invalid_config, describe(controller),
                    fmt::format(" is part of the chipset, at 0000:00:{:02x}.{:x}, and cannot be elsewhere", place.slot,
                                place.function));
    }

    Result<> place_piix3() {
        for (auto& controller : devices().controllers) {
            if (controller.index.value_or(0) != 0) continue;
            Result<> fixed;
            if (controller.type == Controller::Type::ide) fixed = fix(controller, at(1, 1));
            if (controller.type == Controller::Type::usb && controller.model == Controller::Model::piix3_uhci)
                fixed = fix(controller, at(1, 2));
            if (!fixed) return fixed;
        }
        for (auto [function, owner] : {std::pair{0u, "the chipset's ISA bridge"},
                                       {1u, "the chipset's IDE controller"},
                                       {3u, "the chipset's power management"}})
            if (auto kept = map_.reserve(at(1, function), pci::conventional, owner, false); !kept) return kept;
        return place_primary_video(2);
    }

    Result<> place_ich9() {
        for (auto& controller : devices().controllers) {
            Result<> placed;
            if (controller.type == Controller::Type::sata && controller.index.value_or(0) == 0) {
                const bool fresh = !given(controller.info);
                placed = fix(controller, at(0x1f, 2));
                if (placed && fresh) placed = map_.reserve(at(0x1f, 2), pci::endpoint, describe(controller), false);
            } else if (controller.model == Controller::Model::ich9_uhci1 && wanted(controller.info)) {
                placed = prefer(controller, {0x1d, 0x1a}, true);
            } else if (controller.model == Controller::Model::dmi_to_pci_bridge && wanted(controller.info)) {
                placed = prefer(controller, {0x1e}, {});
            }
            if (!placed) return placed;
        }
        for (auto [function, owner] : {std::pair{0u, "the chipset's ISA bridge"}, {3u, "the chipset's SMBus"}})
            if (auto kept = map_.reserve(at(0x1f, function), pci::endpoint, owner, false); !kept) return kept;
        if (auto placed = place_primary_video(1); !placed) return placed;
        for (auto& sound : devices().sounds)
            if (sound.model == model::Sound::Model::ich9 && wanted(sound.info))
                if (auto placed = prefer(sound, {0x1b}, {}); !placed) return placed;
        return {};
    }

    // The place where such hardware usually is, when that is free; else wherever there is room, later.
    template <class Device>
    Result<> prefer(Device& device, std::initializer_list<std::uint32_t> slots, std::optional<bool> multifunction) {
        for (const auto slot : slots) {
            if (map_.slot_in_use(0, slot)) continue;
            const auto place = at(slot, 0, multifunction);
            if (auto kept = map_.reserve(place, pci_need(machine_, device) | pci::endpoint, describe(device), true);
                !kept)
                return kept;
            device.info.address = place;
            break;
        }
        return {};
    }

    Result<> place_primary_video(std::uint32_t slot) {
        if (devices().videos.empty() || !wanted(devices().videos.front().info)) return {};
        auto& video = devices().videos.front();
        const auto need = pci_need(machine_, video);
        if (need == pci::nothing) {  // its usual place stays free for a card that comes later
            if (!map_.slot_in_use(0, slot)) return map_.reserve(at(slot, 0), pci::endpoint, describe(video), true);
            return {};
        }
        if (map_.slot_in_use(0, slot)) return map_.reserve_next(video.info, need, describe(video));
        return prefer(video, {slot}, {});
    }

    // A slot for a bridge, when more devices come, on buses that have nothing else to offer.
    Result<> reserve_spare() {
        if (!trial_ || !machine_.pci_root() || map_.full()) return {};
        model::DeviceInfo spare;
        return map_.reserve_next(spare, pci::conventional | pci::choosable, "a bridge");
    }

    Result<> place_bridges() {
        for (auto& controller : devices().controllers) {
            if (controller.type != Controller::Type::pci || is_root(controller) || !wanted(controller.info)) continue;
            const auto need = pci_need(machine_, controller);
            if (auto placed = map_.reserve_next(controller.info, need, describe(controller)); !placed) return placed;
        }
        return {};
    }

    Result<> place_devices() {
        Result<> result;
        model::for_each_pci_candidate(devices(), [&](auto& device) {
            if (result && wanted(device.info)) result = place(device);
        });
        return result;
    }

    Result<> place(Controller& controller) {
        if (controller.type == Controller::Type::pci) return {};
        if (ich9_usb(controller)) return place_ich9_usb(controller);
        return place_any(controller);
    }
    template <class Device>
    Result<> place(Device& device) {
        return place_any(device);
    }
    template <class Device>
    Result<> place_any(Device& device) {
        const auto need = pci_need(machine_, device);
        if (need == pci::nothing) return {};
        if (!machine_.has_pci() && map_.buses() == 0)
            return fail(Errc::invalid_config, describe(device), " needs PCI, which machines of the type '",
                        machine_.name, "' do not have");
        return map_.reserve_next(device.info, need, describe(device), {}, isolation_of(device));
    }

    static bool ich9_usb(const Controller& controller) {
        using enum Controller::Model;
        return controller.type == Controller::Type::usb && controller.model >= ich9_ehci1 &&
               controller.model <= ich9_uhci3;
    }

    // The functions of one USB 2 controller share a slot: UHCI 1 to 3 are 0 to 2, EHCI is 7.
    Result<> place_ich9_usb(Controller& controller) {
        using enum Controller::Model;
        auto place = at(0, 7);
        if (controller.model == ich9_uhci1) place.function = 0, place.multifunction = true;
        if (controller.model == ich9_uhci2) place.function = 1;
        if (controller.model == ich9_uhci3) place.function = 2;
        const auto owner = describe(controller);
        const auto key = controller.index.value_or(0);
        const auto* slot = slot_of_ich9(key);
        const auto need = pci_need(machine_, controller);
        if (!slot) {
            model::DeviceInfo found;
            if (auto placed = map_.reserve_next(trial_ ? found : controller.info, need, owner, place.function); !placed)
                return placed;
            if (trial_) return {};
            controller.info.at<PciAddress>()->multifunction = place.multifunction;
            return {};
        }
        place.domain = slot->domain, place.bus = slot->bus, place.slot = slot->slot;
        if (auto kept = map_.reserve(place, need, owner, true); !kept) return kept;
        if (!trial_) controller.info.address = place;
        return {};
    }
    const PciAddress* slot_of_ich9(std::uint32_t index) {
        for (const auto& other : devices().controllers)
            if (ich9_usb(other) && other.index.value_or(0) == index)
                if (const auto* place = given(other.info)) return place;
        return nullptr;
    }

    Assignment& assignment_;
    const Machine& machine_;
    PciMap& map_;
    bool trial_;
    std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, Isolation> groups_;
};

// What the trial found missing becomes controllers of the definition.
Result<> add_buses(Assignment& assignment, PciMap& map, std::size_t from_definition) {
    if (from_definition <= 1 && map.buses() > from_definition && assignment.machine.pcie_root()) {
        model::DeviceInfo spare;  // a port for what is plugged in later
        if (!map.reserve_next(spare, pci::express | pci::choosable, "a spare port")) return {};
    }
    for (std::uint32_t index = 1; index < map.buses(); ++index) {
        if (find_controller(assignment.domain, Controller::Type::pci, index)) continue;
        auto& made = ensure_controller(assignment.domain, Controller::Type::pci, index);
        made.model = map.model(index);
        const auto need = pci::of_bridge(*made.model);
        if (need == pci::nothing) continue;  // another root
        model::DeviceInfo unplaced;
        if (auto room = map.reserve_next(unplaced, need, describe(made)); !room) return room;
    }
    return {};
}

// Function 0 says whether a slot has more of them.
void switch_multifunction(model::Devices& devices) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, PciAddress*> firsts;
    model::for_each_device(devices, [&](auto& device) {
        auto* place = device.info.template at<PciAddress>();
        if (place && place->function == 0) firsts[{place->bus, place->slot}] = place;
    });
    model::for_each_device(devices, [&](auto& device) {
        const auto* place = device.info.template at<PciAddress>();
        if (!place || place->function == 0) return;
        const auto first = firsts.find({place->bus, place->slot});
        if (first == firsts.end()) return;
        auto& multifunction = first->second->multifunction;
        if (!multifunction) multifunction = true;  // an 'off' is kept, and refused when a guest starts
    });
}

std::size_t buses_in(const model::Domain& domain) {
    std::size_t most = 0;
    for (const auto& controller : domain.devices.controllers)
        if (controller.type == Controller::Type::pci)
            most = std::max<std::size_t>(most, controller.index.value_or(0) + std::size_t{1});
    return most;
}

}  // namespace

Result<> assign_pci(Assignment& assignment) {
    if (auto good = check_bridges(assignment); !good) return good;
    for (const bool trial : {true, false}) {
        auto map = PciMap::of(assignment, trial);
        if (!map) return Failure(map.error());
        const auto before = buses_in(assignment.domain);
        if (auto done = PciRound(assignment, *map, trial).run(); !done) return done;
        if (!trial) continue;
        if (auto done = add_buses(assignment, *map, before); !done) return done;
    }
    switch_multifunction(assignment.domain.devices);
    return assign_bridges(assignment);
}

}  // namespace vireo::qemu
