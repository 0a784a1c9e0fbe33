// SPDX-License-Identifier: LGPL-2.1-or-later
// The defaults of the devices themselves, and the devices that each machine has.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>
#include <sys/random.h>
#include <utility>

namespace vireo::qemu {
namespace {
using model::Audio;
using model::Graphics;
using model::Input;
using model::Interface;
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

// By which a port of Open vSwitch is known, whatever its link is called.
void assign_port_ids(model::Domain& domain) {
    for (auto& interface : domain.devices.interfaces) {
        auto& port = interface.virtual_port;
        if (!port || port->type != model::VirtualPort::Type::openvswitch) continue;
        if (!port->parameters) port->parameters.emplace();
        if (!port->parameters->interface_id) port->parameters->interface_id = model::Uuid::random();
    }
}

void assign_network_models(Assignment& assignment) {
    const auto chosen = default_nic_model(assignment.machine, assignment.capabilities);
    for (auto& interface : assignment.domain.devices.interfaces) {
        if (!interface.model.empty() || interface.type == Interface::Type::hostdev) continue;
        // What is on the other side of vDPA speaks nothing but virtio.
        interface.model = interface.type == Interface::Type::vdpa ? "virtio" : chosen;
    }
}

// ── input ──
Input::Bus usual_bus(const Machine& machine, Input::Type type) {
    if (type == Input::Type::evdev) return Input::Bus::none;
    if (type == Input::Type::passthrough || machine.s390()) return Input::Bus::virtio;
    return machine.has_ps2() && type != Input::Type::tablet ? Input::Bus::ps2 : Input::Bus::usb;
}

void ensure_input(std::vector<Input>& inputs, Input::Type type, Input::Bus bus) {
    if (std::ranges::any_of(inputs, [&](const Input& input) { return input.type == type && input.bus == bus; })) return;
    auto& input = inputs.emplace_back();
    input.type = type;
    input.bus = bus;
}

Result<> assign_inputs(Assignment& assignment) {
    auto& inputs = assignment.domain.devices.inputs;
    for (auto& input : inputs) {
        if (!input.bus && input.type != Input::Type::evdev) input.bus = usual_bus(assignment.machine, input.type);
        if (input.bus == Input::Bus::ps2 && (input.type == Input::Type::tablet || !assignment.machine.has_ps2()))
            return fail(Errc::invalid_config, describe(input), " cannot be on the ps2 bus of this machine");
    }
    if (assignment.machine.has_ps2()) {  // these machines have both, always
        ensure_input(inputs, Input::Type::mouse, Input::Bus::ps2);
        ensure_input(inputs, Input::Type::keyboard, Input::Bus::ps2);
    } else if (assignment.machine.pseries() && !assignment.domain.devices.graphics.empty()) {
        const auto there = [&](Input::Type type) {
            return std::ranges::find(inputs, type, &Input::type) != inputs.end();
        };
        const bool no_usb = std::ranges::any_of(assignment.domain.devices.controllers, [](const auto& controller) {
            return controller.model == model::Controller::Model::none;
        });
        if (no_usb) return {};
        if (!there(Input::Type::keyboard)) ensure_input(inputs, Input::Type::keyboard, Input::Bus::usb);
        if (!there(Input::Type::mouse) && !there(Input::Type::tablet))
            ensure_input(inputs, Input::Type::mouse, Input::Bus::usb);
    }
    return {};
}

// ── what is seen ──
void assign_video_sizes(VideoModel& video) {
    using enum VideoModel::Type;
    if (video.type == none || video.type == ramfb) return;
    if (!video.heads.value_or(0)) video.heads = 1;
    if (video.type == qxl) {
        if (!video.ram) video.ram = 64 * mebibyte;
        if (!video.vram) video.vram = 64 * mebibyte;
        if (!video.vgamem) video.vgamem = 16 * mebibyte;
    } else if (video.type != model::VideoModel::Type::virtio && !video.vram) {
        video.vram = 16 * mebibyte;
    }
}

void assign_videos(Assignment& assignment) {
    auto& videos = assignment.domain.devices.videos;
    if (videos.empty() && !assignment.domain.devices.graphics.empty()) videos.emplace_back();
    for (auto& video : videos)
        if (video.model.kind() == VideoModel::Type::default_)
            video.model.type = default_video_type(assignment.machine, assignment.capabilities);
    const auto primary = std::ranges::find_if(videos, [](const auto& video) { return video.model.primary == true; });
    if (primary != videos.end())  // it comes first
        std::rotate(videos.begin(), primary, primary + 1);
    else if (!videos.empty() && videos.front().model.type != VideoModel::Type::none)
        videos.front().model.primary = true;
    for (auto& video : videos) assign_video_sizes(video.model);
}

void assign_graphics(std::vector<Graphics>& all) {
    for (auto& graphics : all) {
        if (graphics.type != Graphics::Type::vnc && graphics.type != Graphics::Type::spice) continue;
        const bool elsewhere =
            !graphics.socket.empty() || std::ranges::any_of(graphics.listens, [](const auto& listen) {
                return listen.type == model::GraphicsListen::Type::socket ||
                       listen.type == model::GraphicsListen::Type::none;
            });
        const bool open = graphics.port.value_or(-1) == -1 && graphics.tls_port.value_or(-1) == -1;
        if (!graphics.autoport && !elsewhere && open) graphics.autoport = true;
    }
}

// Where sound goes when the definition does not say: to the viewer that can play it, else nowhere.
void assign_audio(model::Devices& devices) {
    if (!devices.audios.empty()) return;
    auto type = Audio::Type::none;
    for (const auto& graphics : devices.graphics) {
        if (graphics.type == Graphics::Type::egl_headless) continue;
        if (graphics.type == Graphics::Type::sdl) type = Audio::Type::sdl;
        if (graphics.type == Graphics::Type::spice) type = Audio::Type::spice;
        if (graphics.type == Graphics::Type::dbus) type = Audio::Type::dbus;
        break;
    }
    auto& audio = devices.audios.emplace_back();
    audio.type = type;
    audio.id = 1;
}

// ── the rest ──
model::Panic::Model usual_panic(const Machine& machine) {
    if (machine.pseries()) return model::Panic::Model::pseries;
    if (machine.s390()) return model::Panic::Model::s390;
    return machine.x86() ? model::Panic::Model::isa : model::Panic::Model::pvpanic;
}

void assign_panics(Assignment& assignment) {
    auto& panics = assignment.domain.devices.panics;
    const auto usual = usual_panic(assignment.machine);
    for (auto& panic : panics)
        if (!panic.model) panic.model = usual;
    const bool built_in = assignment.machine.pseries() || assignment.machine.ccw();
    if (built_in && std::ranges::find(panics, usual, &model::Panic::model) == panics.end())
        panics.emplace_back().model = usual;
}

void assign_tpms(Assignment& assignment) {
    using enum model::Tpm::Model;
    for (auto& tpm : assignment.domain.devices.tpms) {
        if (!tpm.model) tpm.model = assignment.machine.ppc64() ? spapr : tis;
        if (tpm.backend.type == model::TpmBackend::Type::emulator && !tpm.backend.version)
            tpm.backend.version = model::TpmBackend::Version::v2_0;
    }
}

void assign_shmems(std::vector<model::Shmem>& shmems) {
    constexpr std::uint64_t usual = 4 * mebibyte;
    for (auto& shmem : shmems) {
        if (!shmem.model) shmem.model = shmem.server ? model::Shmem::Model::doorbell : model::Shmem::Model::plain;
        if (shmem.model == model::Shmem::Model::plain && !shmem.size) shmem.size = usual;
    }
}

void assign_rest(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    if (!devices.memballoon && assignment.machine.balloon_by_default()) devices.memballoon.emplace();
    for (auto& rng : devices.rngs)
        if (auto* random = std::get_if<model::RngRandom>(&rng.backend); random && random->path.empty())
            random->path = "/dev/urandom";
    for (auto& watchdog : devices.watchdogs)
        if (!watchdog.action) watchdog.action = model::Watchdog::Action::reset;
    if (devices.vsock && !devices.vsock->model) devices.vsock->model = model::VirtioModel::virtio;
    for (auto& channel : devices.channels) {  // the name that agents look for
        const auto type = channel.backend.type;
        const bool agent = type == model::CharType::spicevmc || type == model::CharType::qemu_vdagent;
        if (agent && channel.target.name.empty()) channel.target.name = "com.redhat.spice.0";
    }
    assign_panics(assignment);
    assign_tpms(assignment);
    assign_shmems(devices.shmems);
}

}  // namespace

Result<> assign_defaults(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    if (auto done = assign_macs(assignment.domain); !done) return done;
    assign_network_models(assignment);
    assign_port_ids(assignment.domain);
    if (auto done = assign_inputs(assignment); !done) return done;
    assign_videos(assignment);
    assign_graphics(devices.graphics);
    assign_audio(devices);
    assign_rest(assignment);
    return check_devices(assignment);
}

}  // namespace vireo::qemu
