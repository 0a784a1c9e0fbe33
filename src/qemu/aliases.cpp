// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/aliases.hpp"

#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <map>
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
        if (!controller || controller->model != Controller::Model::lsilogic)
            return fmt::format("scsi{}-{}-{}-{}", at->controller, at->bus, at->target, at->unit);
    }
    return fmt::format("{}{}-{}-{}", to_string(bus), at->controller, at->bus, at->unit);
}

std::string controller_alias(const model::Domain& domain, const Controller& controller) {
    const auto index = controller.index.value_or(0);
    const auto machine = machine_of(domain);
    switch (controller.type) {
        case Controller::Type::pci:
            if (!machine.several_pci_buses()) return "pci";  // QEMU's name for the only one
            return fmt::format("{}.{}", controller.model == Controller::Model::pcie_root ? "pcie" : "pci", index);
        case Controller::Type::usb:
            return index == 0 ? "usb" : fmt::format("usb{}", index);
        case Controller::Type::ide:
            return index == 0 && machine.builtin_ide() ? "ide" : fmt::format("ide{}", index);
        case Controller::Type::sata:
            return index == 0 && machine.builtin_sata() ? "ide" : fmt::format("sata{}", index);
        case Controller::Type::scsi:
            return index == 0 && controller.model == Controller::Model::ncr53c90 ? "scsi"
                                                                                 : fmt::format("scsi{}", index);
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

std::string_view memory_word(model::MemoryDevice::Model model) {
    using enum model::MemoryDevice::Model;
    switch (model) {
        case nvdimm:
            return "nvdimm";
        case virtio_pmem:
            return "virtiopmem";
        case virtio_mem:
            return "virtiomem";
        case sgx_epc:
            return "epc";
        default:
            return "dimm";
    }
}

void name_memory(Names& names, std::vector<model::MemoryDevice>& devices) {
    std::map<std::string_view, std::uint32_t> counts;
    for (auto& device : devices) {
        const auto word = memory_word(device.model);
        const auto* at = device.info.at<model::DimmAddress>();
        const auto number = at && at->slot ? *at->slot : counts[word]++;
        names.set(device.info, fmt::format("{}{}", word, number));
    }
}

// A network card of the host is one of its devices, and is numbered as such.
void name_network(Names& names, model::Devices& devices) {
    std::uint32_t cards = 0, host = 0;
    for (auto& interface : devices.interfaces) {
        const bool of_host = interface.type == model::Interface::Type::hostdev;
        names.set(interface.info, of_host ? fmt::format("hostdev{}", host++) : fmt::format("net{}", cards++));
    }
    for (auto& hostdev : devices.hostdevs) names.set(hostdev.info, fmt::format("hostdev{}", host++));
}

void name_controllers(Names& names, model::Domain& domain) {
    for (auto& controller : domain.devices.controllers) {
        if (is_companion(controller))
            controller.info.alias = controller_alias(domain, controller);  // its controller's
        else
            names.set(controller.info, controller_alias(domain, controller));
    }
}

}  // namespace

Result<> assign_aliases(model::Domain& domain) {
    auto& devices = domain.devices;
    Names names;
    name_controllers(names, domain);
    for (auto& disk : devices.disks) names.set(disk.info, disk_alias(domain, disk));
    name_network(names, devices);
    names.number(devices.filesystems, "fs");
    names.number(devices.sounds, "sound");
    names.number(devices.smartcards, "smartcard");
    names.number(devices.serials, "serial");
    names.number(devices.parallels, "parallel");
    names.number(devices.channels, "channel");
    names.number(devices.inputs, "input");
    names.number(devices.videos, "video");
    names.number(devices.hubs, "hub");
    names.number(devices.redirdevs, "redir");
    names.number(devices.watchdogs, "watchdog");
    names.number(devices.rngs, "rng");
    names.number(devices.tpms, "tpm");
    names.number(devices.panics, "panic");
    names.number(devices.shmems, "shmem");
    names.number(devices.cryptos, "crypto");
    name_memory(names, devices.memory_devices);
    if (devices.memballoon) names.set(devices.memballoon->info, "balloon0");
    if (devices.nvram) names.set(devices.nvram->info, "nvram");
    names.number(devices.iommus, "iommu");
    if (devices.vsock) names.set(devices.vsock->info, "vsock0");
    if (devices.pstore) names.set(devices.pstore->info, "pstore0");
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
