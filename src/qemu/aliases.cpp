// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/aliases.hpp"

#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <set>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::Disk;
using model::DiskBus;

constexpr std::string_view users_own = "ua-";
constexpr std::size_t longest_alias = 200;

std::string disk_alias(const model::Domain& domain, const Disk& disk) {
    const auto bus = disk.bus();
    const auto number = disk_number(disk.target.dev).value_or(0);
    if (bus == DiskBus::virtio) return fmt::format("virtio-disk{}", number);
    if (bus == DiskBus::usb) return fmt::format("usb-disk{}", number);
    const auto* at = disk.info.address ? std::get_if<model::DriveAddress>(&*disk.info.address) : nullptr;
    if (!at) return fmt::format("{}-disk{}", to_string(bus), number);
    if (bus == DiskBus::scsi) {
        const auto* controller = find_controller(domain, Controller::Type::scsi, at->controller);
        if (controller && controller->model == Controller::Model::virtio_scsi)
            return fmt::format("scsi{}-{}-{}-{}", at->controller, at->bus, at->target, at->unit);
    }
    return fmt::format("{}{}-{}-{}", to_string(bus), at->controller, at->bus, at->unit);
}

std::string controller_alias(const model::Domain& domain, const Controller& controller) {
    const auto index = controller.index.value_or(0);
    const auto machine = machine_of(domain);
    switch (controller.type) {
        case Controller::Type::pci:
            return controller.model == Controller::Model::pcie_root ? "pcie.0" : fmt::format("pci.{}", index);
        case Controller::Type::usb:
            return index == 0 ? "usb" : fmt::format("usb{}", index);
        case Controller::Type::ide:
            return index == 0 && machine.builtin_ide() ? "ide" : fmt::format("ide{}", index);
        case Controller::Type::sata:
            return index == 0 && machine.builtin_sata() ? "ide" : fmt::format("sata{}", index);
        default:
            return fmt::format("{}{}", to_string(controller.type), index);
    }
}

bool is_companion(const Controller& controller) {
    using enum Controller::Model;
    return controller.model == ich9_uhci1 || controller.model == ich9_uhci2 || controller.model == ich9_uhci3;
}

class Names {
public:
    void set(model::DeviceInfo& info, std::string made) {
        if (info.alias.starts_with(users_own)) {
            check(info.alias);
            return;
        }
        info.alias = std::move(made);
        if (!used_.insert(info.alias).second && problem_.empty())
            problem_ = fmt::format("two devices have the alias '{}'", info.alias);
    }
    template <class Devices>
    void number(Devices& devices, std::string_view word) {
        for (std::size_t i = 0; i < devices.size(); ++i) set(devices[i].info, fmt::format("{}{}", word, i));
    }
    Result<> result() const {
        if (problem_.empty()) return {};
        return fail(Errc::invalid_config, problem_);
    }

private:
    void check(const std::string& alias) {
        auto allowed = [](unsigned char c) {
            return (c < 0x80 && std::isalnum(c)) || c == '-' || c == '_' || c == '.';
        };
        if (alias.size() > longest_alias || !std::ranges::all_of(alias, allowed))
            problem_ = "an alias has only letters, digits, '-', '_' and '.', at most 200 of them";
        else if (!used_.insert(alias).second)
            problem_ = fmt::format("two devices have the alias '{}'", alias);
    }
    std::set<std::string> used_;
    std::string problem_;
};

}  // namespace

Result<> assign_aliases(model::Domain& domain) {
    auto& devices = domain.devices;
    Names names;
    for (auto& controller : devices.controllers) {
        if (is_companion(controller))
            controller.info.alias = controller_alias(domain, controller);  // its controller's
        else
            names.set(controller.info, controller_alias(domain, controller));
    }
    for (auto& disk : devices.disks) names.set(disk.info, disk_alias(domain, disk));
    names.number(devices.interfaces, "net");
    names.number(devices.serials, "serial");
    names.number(devices.parallels, "parallel");
    names.number(devices.channels, "channel");
    names.number(devices.inputs, "input");
    names.number(devices.videos, "video");
    names.number(devices.watchdogs, "watchdog");
    names.number(devices.rngs, "rng");
    names.number(devices.panics, "panic");
    if (devices.memballoon) names.set(devices.memballoon->info, "balloon0");
    for (std::size_t i = 0; i < devices.consoles.size(); ++i) {
        auto& console = devices.consoles[i];
        const bool serial = console.target && console.target->type == model::ConsoleTarget::Type::serial;
        if (serial && !devices.serials.empty())
            console.info.alias = devices.serials.front().info.alias;  // seen again
        else
            names.set(console.info, fmt::format("console{}", i));
    }
    return names.result();
}

}  // namespace vireo::qemu
