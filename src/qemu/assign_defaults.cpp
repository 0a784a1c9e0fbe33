// SPDX-License-Identifier: LGPL-2.1-or-later
// The devices that each machine has, and the defaults of the devices themselves.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <sys/random.h>
#include <utility>

namespace vireo::qemu {
namespace {
using model::Controller;
using model::Input;
using model::VideoModel;

constexpr std::uint64_t mebibyte = 1u << 20;

Result<> assign_macs(model::Domain& domain) {
    std::set<std::string> taken;
    for (const auto& interface : domain.devices.interfaces) taken.insert(interface.mac);
    for (auto& interface : domain.devices.interfaces) {
        while (interface.mac.empty()) {
            std::array<unsigned char, 3> random{};
            if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
                return Failure(system_error(errno, "cannot make a MAC address"));
            auto mac = fmt::format("52:54:00:{:02x}:{:02x}:{:02x}", random[0], random[1], random[2]);
            if (taken.insert(mac).second) interface.mac = std::move(mac);
        }
    }
    return {};
}

void assign_network_models(Assignment& assignment) {
    std::string_view chosen = "virtio";  // everywhere but on x86, where old guests know rtl8139
    if (assignment.x86() && assignment.capabilities.has_device("rtl8139")) chosen = "rtl8139";
    for (auto& interface : assignment.domain.devices.interfaces)
        if (interface.model.empty()) interface.model = chosen;
}

Result<> assign_inputs(Assignment& assignment) {
    auto& inputs = assignment.domain.devices.inputs;
    for (auto& input : inputs) {
        const bool ps2 = assignment.x86() && input.type != Input::Type::tablet;
        if (!input.bus) input.bus = ps2 ? Input::Bus::ps2 : Input::Bus::usb;
        if (*input.bus == Input::Bus::ps2 && (input.type == Input::Type::tablet || !assignment.x86()))
            return fail(Errc::invalid_config, describe(input), " cannot be on the ps2 bus of this machine");
    }
    if (!assignment.x86()) return {};
    for (auto type : {Input::Type::mouse, Input::Type::keyboard}) {  // these machines have both, always
        auto built_in = [&](const Input& input) { return input.type == type && input.bus == Input::Bus::ps2; };
        if (std::ranges::any_of(inputs, built_in)) continue;
        auto& input = inputs.emplace_back();
        input.type = type;
        input.bus = Input::Bus::ps2;
    }
    return {};
}

void assign_video_sizes(VideoModel& video) {
    using enum VideoModel::Type;
    if (video.type == none || video.type == ramfb) return;
    if (!video.heads) video.heads = 1;
    if (video.type == qxl) {
        if (!video.ram) video.ram = 64 * mebibyte;
        if (!video.vram) video.vram = 64 * mebibyte;
        if (!video.vgamem) video.vgamem = 16 * mebibyte;
    } else if (video.type != model::VideoModel::Type::virtio && !video.vram) {
        video.vram = 16 * mebibyte;
    }
}

void assign_videos(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    if (devices.videos.empty() && !devices.graphics.empty())
        devices.videos.emplace_back().model.type = assignment.x86() ? VideoModel::Type::vga : VideoModel::Type::virtio;
    const bool chosen = std::ranges::any_of(devices.videos, [](const auto& v) { return v.model.primary == true; });
    for (auto& video : devices.videos) {
        assign_video_sizes(video.model);
        const bool first = &video == &devices.videos.front() && video.model.type != VideoModel::Type::none;
        if (!chosen && first) video.model.primary = true;
    }
    for (auto& graphics : devices.graphics) {
        const bool by_socket =
            !graphics.socket.empty() || std::ranges::any_of(graphics.listens, [](const auto& listen) {
                return listen.type != model::GraphicsListen::Type::address;
            });
        if (!graphics.autoport && !by_socket && graphics.port.value_or(-1) == -1) graphics.autoport = true;
    }
}

// USB companions belong to the EHCI controller before them and share its index.
bool is_companion(const Controller& controller) {
    using enum Controller::Model;
    return controller.type == Controller::Type::usb &&
           (controller.model == ich9_uhci1 || controller.model == ich9_uhci2 || controller.model == ich9_uhci3);
}
bool may_share_index(const Controller& controller) {
    return is_companion(controller) || controller.model == Controller::Model::ich9_ehci1;
}

Result<> assign_indices(model::Domain& domain) {
    auto& controllers = domain.devices.controllers;
    std::set<std::pair<Controller::Type, std::uint32_t>> taken;
    for (const auto& controller : controllers) {
        if (!controller.index) continue;
        if (!taken.insert({controller.type, *controller.index}).second && !may_share_index(controller))
            return fail(Errc::invalid_config, "there are two: ", describe(controller));
    }
    std::optional<std::uint32_t> ehci;
    for (auto& controller : controllers) {
        if (!controller.index && is_companion(controller)) controller.index = ehci;
        if (!controller.index) {
            using enum Controller::Model;
            const bool root = controller.model == pci_root || controller.model == pcie_root;
            // 0 is the root's, of the PCI controllers.
            std::uint32_t index = controller.type == Controller::Type::pci && !root ? 1 : 0;
            while (!taken.insert({controller.type, index}).second) ++index;
            controller.index = index;
        }
        if (controller.model == Controller::Model::ich9_ehci1) ehci = controller.index;
    }
    return {};
}

Result<> assign_controller_models(Assignment& assignment) {
    using enum Controller::Model;
    for (auto& controller : assignment.domain.devices.controllers) {
        const bool q35_or_virt = assignment.express();
        switch (controller.type) {
            case Controller::Type::usb:
                if (!controller.model) controller.model = q35_or_virt ? qemu_xhci : piix3_uhci;
                break;
            case Controller::Type::scsi:
                if (!controller.model) controller.model = virtio_scsi;
                break;
            case Controller::Type::pci:
                if (!controller.model && controller.index == 0u) controller.model = q35_or_virt ? pcie_root : pci_root;
                if (!controller.model) controller.model = q35_or_virt ? pcie_root_port : pci_bridge;
                break;
            case Controller::Type::ide:
                if (!assignment.machine.i440fx() || controller.index != 0u)
                    return fail(Errc::invalid_config, describe(controller), " does not exist on machines of the type '",
                                assignment.domain.os.type.machine, "'");
                break;
            default:
                break;
        }
    }
    return {};
}

// The controllers that the machine has anyway.
void assign_built_in(Assignment& assignment) {
    using enum Controller::Model;
    auto& domain = assignment.domain;
    auto needs_usb = [&] {
        auto on_usb = [](const auto& disk) { return disk.bus() == model::DiskBus::usb; };
        auto usb_input = [](const auto& input) { return input.bus == Input::Bus::usb; };
        return static_cast<std::uint32_t>(std::ranges::count_if(domain.devices.disks, on_usb) +
                                          std::ranges::count_if(domain.devices.inputs, usb_input));
    };
    auto is_usb = [](const Controller& c) { return c.type == Controller::Type::usb; };
    const bool has_usb = std::ranges::any_of(domain.devices.controllers, is_usb);
    if (!has_usb && (assignment.x86() || needs_usb())) {
        auto& usb = ensure_controller(domain, Controller::Type::usb, 0);
        usb.model = assignment.express() || needs_usb() > 2 ? qemu_xhci : piix3_uhci;
        if (usb.model == qemu_xhci) usb.ports = 15;  // as many as it can have: room for what is plugged in later
    }
    if (assignment.machine.q35()) ensure_controller(domain, Controller::Type::sata, 0);
    auto& root = ensure_controller(domain, Controller::Type::pci, 0);
    if (!root.model) root.model = assignment.express() ? pcie_root : pci_root;
}

}  // namespace

Result<> assign_defaults(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    if (auto done = assign_macs(assignment.domain); !done) return done;
    assign_network_models(assignment);
    if (auto done = assign_inputs(assignment); !done) return done;
    assign_videos(assignment);
    if (!devices.memballoon) devices.memballoon.emplace();
    for (auto& rng : devices.rngs)
        if (auto* random = std::get_if<model::RngRandom>(&rng.backend); random && random->path.empty())
            random->path = "/dev/urandom";
    for (auto& watchdog : devices.watchdogs)
        if (!watchdog.action) watchdog.action = model::Watchdog::Action::reset;
    for (auto& panic : devices.panics)
        if (!panic.model) panic.model = model::Panic::Model::isa;
    if (auto done = assign_indices(assignment.domain); !done) return done;
    assign_built_in(assignment);
    return assign_controller_models(assignment);
}

}  // namespace vireo::qemu
