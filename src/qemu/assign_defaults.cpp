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
    const auto chosen = default_nic_model(assignment.machine, assignment.capabilities);
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

void assign_panics(Assignment& assignment) {
    using enum model::Panic::Model;
    const auto& machine = assignment.machine;
    auto& panics = assignment.domain.devices.panics;
    const auto usual = machine.ppc64() ? model::Panic::Model::pseries : machine.s390() ? s390 : isa;
    for (auto& panic : panics)
        if (!panic.model) panic.model = usual;
    if (!machine.pseries() && !machine.s390()) return;  // those have it whether one asks or not
    if (std::ranges::none_of(panics, [&](const auto& panic) { return panic.model == usual; }))
        panics.emplace_back().model = usual;
}

}  // namespace

Result<> assign_defaults(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    if (auto done = assign_macs(assignment.domain); !done) return done;
    assign_network_models(assignment);
    if (auto done = assign_inputs(assignment); !done) return done;
    assign_videos(assignment);
    if (!devices.memballoon && assignment.machine.balloon_by_default()) devices.memballoon.emplace();
    for (auto& rng : devices.rngs)
        if (auto* random = std::get_if<model::RngRandom>(&rng.backend); random && random->path.empty())
            random->path = "/dev/urandom";
    for (auto& watchdog : devices.watchdogs)
        if (!watchdog.action) watchdog.action = model::Watchdog::Action::reset;
    assign_panics(assignment);
    return {};
}

}  // namespace vireo::qemu
