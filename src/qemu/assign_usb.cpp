// SPDX-License-Identifier: LGPL-2.1-or-later
// The ports of USB: those of the controllers, and those of the hubs behind them.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <map>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::UsbAddress;

constexpr std::size_t deepest = 6;  // hubs in a row, as QEMU has it
constexpr std::uint32_t hub_ports = 8;
constexpr std::size_t most_hubs = 64;

// "1.2.3": the port of the controller, of the hub there, and so on.
using Path = std::vector<std::uint32_t>;

std::optional<Path> parse(std::string_view text) {
    Path path;
    while (true) {
        std::uint32_t number = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || number == 0 || path.size() == deepest) return std::nullopt;
        path.push_back(number);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (text.empty()) return path;
        if (text.front() != '.') return std::nullopt;
        text.remove_prefix(1);
    }
}

std::string text_of(const Path& path) {
    return fmt::format("{}", fmt::join(path, "."));
}

struct Hub {
    std::uint32_t ports = 0;
    std::map<std::uint32_t, std::string> taken;  // port → who
    std::map<std::uint32_t, Hub> hubs;
};

class UsbPorts {
public:
    explicit UsbPorts(const model::Domain& domain) {
        for (const auto& controller : domain.devices.controllers)
            if (controller.type == Controller::Type::usb && usb_ports(controller) > 0)
                buses_.try_emplace(controller.index.value_or(0), Hub{usb_ports(controller), {}, {}});
    }

    Result<> keep(const model::DeviceInfo& info, const std::string& device, bool is_hub) {
        const auto* address = info.at<UsbAddress>();
        if (info.address && !address) return wrong_address(device, "usb");
        if (!address) return {};
        const auto bus = buses_.find(address->bus);
        if (bus == buses_.end())
            return fail(Errc::invalid_config, device,
                        fmt::format(" is on the USB controller {}, which is not there", address->bus));
        if (address->port.empty()) return {};
        const auto path = parse(address->port);
        if (!path)
            return fail(Errc::invalid_config, device, " is at the USB port '", address->port,
                        "', which is none: a port is a number, or several with dots between, at most 6");
        return take(bus->second, *path, device, is_hub, address->bus);
    }

    Result<> place(model::DeviceInfo& info, const std::string& device, bool is_hub) {
        const auto* given = info.at<UsbAddress>();
        if (given && !given->port.empty()) return {};
        for (auto& [index, hub] : buses_) {
            if (given && given->bus != index) continue;
            auto path = free_port(hub, 1);
            if (!path) continue;
            auto address = given ? *given : UsbAddress{};
            address.bus = index;
            address.port = text_of(*path);
            info.address = std::move(address);
            return take(hub, *path, device, is_hub, index);
        }
        if (buses_.empty())
            return Failure(Error(Errc::invalid_config, device + " needs USB, which this domain has not")
                               .with_hint("Add <controller type='usb' model='qemu-xhci'/>"));
        return Failure(Error(Errc::invalid_config, "no USB port is free for " + device)
                           .with_hint("Add a controller: <controller type='usb' model='qemu-xhci' ports='15'/>"));
    }

    std::size_t ports() const {
        std::size_t all = 0;
        for (const auto& [index, hub] : buses_) all += hub.ports;
        return all;
    }

private:
    static Result<> take(Hub& bus, const Path& path, const std::string& device, bool is_hub, std::uint32_t index) {
        Hub* hub = &bus;
        for (std::size_t i = 0; i + 1 < path.size(); ++i) {
            const auto next = hub->hubs.find(path[i]);
            if (next == hub->hubs.end())
                return fail(Errc::invalid_config, device, " is at the USB port ", text_of(path),
                            ", behind a hub that is not there");
            hub = &next->second;
        }
        const auto port = path.back();
        if (port > hub->ports)
            return fail(
                Errc::invalid_config, device,
                fmt::format(" is at the USB port {}, but {} has {}", text_of(path),
                            path.size() > 1 ? "the hub" : fmt::format("the usb controller {}", index), hub->ports));
        const auto [other, fresh] = hub->taken.try_emplace(port, device);
        if (!fresh)
            return fail(Errc::invalid_config, other->second, " and ", device,
                        fmt::format(" are both at port {} of the usb controller {}", text_of(path), index));
        if (is_hub) hub->hubs.try_emplace(port, Hub{hub_ports, {}, {}});
        return {};
    }

    static std::optional<Path> free_port(const Hub& hub, std::size_t level) {
        for (std::uint32_t port = 1; port <= hub.ports; ++port)
            if (!hub.taken.contains(port)) return Path{port};
        if (level >= deepest) return std::nullopt;
        for (const auto& [port, behind] : hub.hubs)
            if (auto path = free_port(behind, level + 1)) {
                path->insert(path->begin(), port);
                return path;
            }
        return std::nullopt;
    }

    std::map<std::uint32_t, Hub> buses_;  // by the controllers' numbers
};

struct Plugged {
    model::DeviceInfo* info;
    std::string name;
};

// All but hubs, in the order in which libvirt gives out ports.
std::vector<Plugged> usb_devices(model::Devices& devices) {
    std::vector<Plugged> all;
    auto add = [&](auto& device, bool on_usb) {
        if (on_usb) all.push_back({&device.info, describe(device)});
    };
    const auto host_usb = [](const model::Interface& interface) {
        const auto* at = host_address(interface);
        return interface.type == model::Interface::Type::hostdev && at && std::holds_alternative<UsbAddress>(*at);
    };
    for (auto& interface : devices.interfaces) add(interface, host_usb(interface));
    for (auto& hostdev : devices.hostdevs) add(hostdev, hostdev.type == model::Hostdev::Type::usb);
    for (auto& disk : devices.disks) add(disk, disk.bus() == model::DiskBus::usb);
    for (auto& interface : devices.interfaces) add(interface, !host_usb(interface) && interface.model == "usb-net");
    for (auto& controller : devices.controllers) add(controller, controller.type == Controller::Type::ccid);
    for (auto& input : devices.inputs) add(input, input.bus == model::Input::Bus::usb);
    for (auto& serial : devices.serials)
        add(serial, serial.target && serial.target->type == model::SerialTarget::Type::usb_serial);
    for (auto& sound : devices.sounds) add(sound, sound.model == model::Sound::Model::usb);
    for (auto& redirdev : devices.redirdevs) add(redirdev, true);
    return all;
}

// More devices than ports: hubs, as many as that takes. Each takes a port and brings eight.
void add_hubs(model::Devices& devices, std::size_t ports, std::size_t plugged) {
    ports += devices.hubs.size() * hub_ports;
    plugged += devices.hubs.size();
    if (plugged <= ports || ports == 0) return;
    const auto needed = (plugged - ports + 1 + hub_ports - 2) / (hub_ports - 1);
    devices.hubs.resize(std::min(devices.hubs.size() + needed, most_hubs));
}

}  // namespace

Result<> assign_usb(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    UsbPorts ports(assignment.domain);
    const auto plugged = usb_devices(devices);
    add_hubs(devices, ports.ports(), plugged.size());
    for (auto& hub : devices.hubs)
        if (auto kept = ports.keep(hub.info, describe(hub), true); !kept) return kept;
    for (const auto& device : plugged)
        if (auto kept = ports.keep(*device.info, device.name, false); !kept) return kept;
    for (auto& hub : devices.hubs)
        if (auto placed = ports.place(hub.info, describe(hub), true); !placed) return placed;
    for (const auto& device : plugged)
        if (auto placed = ports.place(*device.info, device.name, false); !placed) return placed;
    return {};
}

}  // namespace vireo::qemu
