// SPDX-License-Identifier: LGPL-2.1-or-later
// What people see and touch: graphics, graphics cards, input devices and hubs.
#include "qemu/command_line_builder.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Graphics;
using model::Input;
using model::VideoModel;

namespace {

constexpr std::uint64_t mebibyte = 1u << 20;
constexpr std::uint16_t first_vnc_port = 5900;

void add_option(std::string& options, const std::string& option) {
    if (!options.empty()) options += ',';
    options += option;
}

std::string bracketed(const std::string& address) {
    return address.find(':') != std::string::npos ? '[' + address + ']' : address;
}

}  // namespace

// ── graphics ──
// The id of the audio back end that a viewer hears; empty: none.
std::string CommandLineBuilder::audio_of(std::optional<std::uint32_t> id) const {
    const auto& audios = domain_.devices.audios;
    if (audios.empty()) return {};
    return fmt::format("audio{}", id.value_or(audios.front().id));
}

void CommandLineBuilder::add_vnc(const Graphics& graphics, const VncPlace& place) {
    std::string vnc = "none";
    if (!place.socket.empty()) {
        vnc = "vnc=unix:" + escape_commas(place.socket);
    } else if (place.port) {
        if (place.port < first_vnc_port)
            return problem(Errc::invalid_config, "the port of VNC graphics cannot be below 5900");
        const auto address = place.address.empty() ? std::string("127.0.0.1") : place.address;
        vnc = fmt::format("{}:{}", escape_commas(bracketed(address)), place.port - first_vnc_port);
    }
    if (place.websocket) vnc += fmt::format(",websocket={}", place.websocket);
    if (graphics.password) vnc += ",password=on";
    if (graphics.share_policy) vnc += fmt::format(",share={}", to_string(*graphics.share_policy));
    if (graphics.power_control) vnc += *graphics.power_control ? ",power-control=on" : ",power-control=off";
    if (const auto audio = audio_of(graphics.audio); !audio.empty()) vnc += ",audiodev=" + audio;
    add("-vnc", std::move(vnc));
    if (!graphics.keymap.empty()) add("-k", graphics.keymap);
}

void CommandLineBuilder::add_spice_options(std::string& spice, const Graphics& graphics) {
    using Mode = model::SpiceChannel::Mode;
    if (graphics.default_mode && *graphics.default_mode != Mode::any)
        add_option(spice, *graphics.default_mode == Mode::secure ? "tls-channel=default" : "plaintext-channel=default");
    const auto& options = graphics.spice;
    for (const auto& channel : options.channels)
        if (channel.mode != Mode::any)
            add_option(spice, fmt::format("{}={}", channel.mode == Mode::secure ? "tls-channel" : "plaintext-channel",
                                          to_string(channel.name)));
    if (options.image) add_option(spice, fmt::format("image-compression={}", to_string(*options.image)));
    if (options.jpeg) add_option(spice, fmt::format("jpeg-wan-compression={}", to_string(*options.jpeg)));
    if (options.zlib) add_option(spice, fmt::format("zlib-glz-wan-compression={}", to_string(*options.zlib)));
    if (options.playback) add_option(spice, fmt::format("playback-compression={}", *options.playback ? "on" : "off"));
    if (options.streaming) add_option(spice, fmt::format("streaming-video={}", to_string(*options.streaming)));
    if (options.mouse == model::SpiceOptions::Mouse::server) add_option(spice, "agent-mouse=off");
    if (options.clipboard == false) add_option(spice, "disable-copy-paste=on");
    if (options.file_transfer == false) add_option(spice, "disable-agent-file-xfer=on");
    if (graphics.gl && graphics.gl->enable == true) {
        add_option(spice, "gl=on");
        if (!graphics.gl->render_node.empty())
            add_option(spice, "rendernode=" + escape_commas(graphics.gl->render_node));
    }
}

// 0: none. Channels that must be secure need one, whether it is given or not.
std::uint32_t CommandLineBuilder::spice_tls_port(const Graphics& graphics, const VncPlace& place) {
    using Mode = model::SpiceChannel::Mode;
    if (graphics.tls_port.value_or(0) > 0) return static_cast<std::uint32_t>(*graphics.tls_port);
    const bool secure =
        graphics.default_mode == Mode::secure ||
        std::ranges::any_of(graphics.spice.channels, [](const auto& channel) { return channel.mode == Mode::secure; });
    // With a port that is chosen too, -1 is but the old way to say so.
    const bool asked = graphics.tls_port == -1 && graphics.autoport != true && graphics.port.value_or(-1) != -1;
    if (!secure && !asked) return 0;
    if (!resources_.display)
        problem(Errc::unsupported, "the SPICE graphics need a port for secure channels, and none is chosen yet",
                "Give its number, tlsPort='5901', or do without secure channels");
    return place.port + 1u;  // shown as the next one
}

void CommandLineBuilder::add_spice(const Graphics& graphics, const VncPlace& place) {
    std::string spice;
    if (!place.socket.empty()) {
        spice = "unix=on,addr=" + escape_commas(place.socket);
    } else {
        const auto tls = spice_tls_port(graphics, place);
        if (place.port || !tls) add_option(spice, fmt::format("port={}", place.port));
        if (tls) add_option(spice, fmt::format("tls-port={}", tls));
        if (place.port || tls)
            add_option(spice, "addr=" + escape_commas(place.address.empty() ? "127.0.0.1" : place.address));
        if (tls) add_option(spice, "x509-dir=/etc/pki/qemu");
    }
    if (!graphics.password) add_option(spice, "disable-ticketing=on");
    add_spice_options(spice, graphics);
    add_option(spice, "seamless-migration=on");
    add("-spice", std::move(spice));
    if (!graphics.keymap.empty()) add("-k", graphics.keymap);
}

void CommandLineBuilder::add_local_display(const Graphics& graphics) {
    std::string display(to_string(graphics.type));
    if (graphics.type == Graphics::Type::sdl) {
        if (!graphics.xauth.empty()) line_.env.push_back("XAUTHORITY=" + graphics.xauth);
        if (!graphics.display.empty()) line_.env.push_back("DISPLAY=" + graphics.display);
        if (graphics.full_screen == true) add("-full-screen");
    }
    if (graphics.type == Graphics::Type::dbus) {
        if (graphics.p2p == true)
            display += ",p2p=on";
        else if (!graphics.address.empty())
            display += ",addr=" + escape_commas(graphics.address);
    }
    if (graphics.type != Graphics::Type::egl_headless && graphics.gl && graphics.gl->enable)
        display += *graphics.gl->enable ? ",gl=on" : ",gl=off";
    if (graphics.gl && !graphics.gl->render_node.empty())
        display += ",rendernode=" + escape_commas(graphics.gl->render_node);
    if (graphics.type == Graphics::Type::dbus && graphics.audio) display += ",audiodev=" + audio_of(graphics.audio);
    add("-display", std::move(display));
}

void CommandLineBuilder::add_graphics() {
    bool local = false, remote = false;
    for (std::size_t i = 0; i < domain_.devices.graphics.size(); ++i) {
        const auto& graphics = domain_.devices.graphics[i];
        const auto& place = resources_.graphics[i];
        switch (graphics.type) {
            case Graphics::Type::vnc:
                remote = true;
                add_vnc(graphics, place);
                break;
            case Graphics::Type::spice:
                remote = true;
                add_spice(graphics, place);
                break;
            case Graphics::Type::rdp:
            case Graphics::Type::desktop:
                problem(Errc::unsupported,
                        fmt::format("graphics of the type '{}' are not possible with QEMU", to_string(graphics.type)));
                break;
            default:
                local = true;
                add_local_display(graphics);
        }
    }
    if (!local && !remote) add("-display", "none");  // a remote one is enough to have none here
}

// ── graphics cards ──
std::string CommandLineBuilder::video_driver(const model::Video& video) {
    using enum VideoModel::Type;
    const auto& model = video.model;
    const bool primary = model.primary == true && !machine_.ccw() && !machine_.virt();
    const bool outside = video.driver && video.driver->name == model::VideoDriver::Name::vhostuser;
    const bool gl = model.acceleration && model.acceleration->accel3d == true;
    switch (model.kind()) {
        case vga:
            return model.primary == true ? "VGA" : "secondary-vga";
        case cirrus:
            return "cirrus-vga";
        case vmvga:
            return "vmware-svga";
        case qxl:
            return primary ? "qxl-vga" : "qxl";
        case bochs:
            return "bochs-display";
        case ramfb:
            return "ramfb";
        case VideoModel::Type::virtio: {
            const bool vga_there = primary && capabilities_.has_device(outside ? "vhost-user-vga" : "virtio-vga");
            if (outside) return vga_there ? "vhost-user-vga" : virtio_driver("vhost-user-gpu", video.info);
            if (vga_there) return gl && capabilities_.has_device("virtio-vga-gl") ? "virtio-vga-gl" : "virtio-vga";
            if (gl && capabilities_.has_device("virtio-gpu-gl-pci") && video.info.at<model::PciAddress>())
                return "virtio-gpu-gl-pci";
            return virtio_driver("virtio-gpu", video.info);
        }
        default:
            return {};
    }
}

void CommandLineBuilder::add_video_memory(json::object& object, const model::Video& video) {
    using enum VideoModel::Type;
    const auto& model = video.model;
    const auto mebibytes = [](std::optional<std::uint64_t> bytes) { return bytes.value_or(16 * mebibyte) / mebibyte; };
    const auto type = model.kind();
    if (type == qxl || type == VideoModel::Type::virtio) object["max_outputs"] = model.heads.value_or(1);
    if (type == qxl) {
        object["ram_size"] = model.ram.value_or(64 * mebibyte);
        object["vram_size"] = model.vram.value_or(64 * mebibyte);
        object["vram64_size_mb"] = model.vram64.value_or(0) / mebibyte;
        object["vgamem_mb"] = mebibytes(model.vgamem);
    }
    if (type == vga || type == vmvga) object["vgamem_mb"] = mebibytes(model.vram);
    if (type == bochs) object["vgamem"] = model.vram.value_or(16 * mebibyte);
    if (model.resolution) {
        object["xres"] = model.resolution->x;
        object["yres"] = model.resolution->y;
    }
    if (model.blob) object["blob"] = *model.blob;
    if (model.edid) object["edid"] = *model.edid;
}

void CommandLineBuilder::add_video(const model::Video& video) {
    const auto owner = describe(video);
    if (video.model.kind() == VideoModel::Type::none) return;
    const auto driver = video_driver(video);
    if (driver.empty()) return problem(Errc::unsupported, owner + " is not possible with QEMU");
    const bool outside = video.driver && video.driver->name == model::VideoDriver::Name::vhostuser;
    auto object = device(driver, video.info, owner);
    if (video.driver) add_virtio_options(object, video.driver->virtio);
    add_video_memory(object, video);
    if (outside) {
        if (!resources_.display)
            problem(Errc::unsupported, owner + " is rendered by another program, which was not started");
        const auto character = "chr-vu-" + video.info.alias;
        add("-chardev", fmt::format("socket,id={},path=/run/vireo/{}/{}-gpu.sock", character, domain_.uuid->to_string(),
                                    video.info.alias));
        object["chardev"] = character;
    }
    if (video.model.kind() != VideoModel::Type::ramfb) add_address(object, video.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_videos() {
    for (const bool primary : {true, false})  // the first that QEMU sees is the one that the firmware draws on
        for (const auto& video : domain_.devices.videos)
            if ((video.model.primary == true) == primary) add_video(video);
}

// ── input ──
void CommandLineBuilder::add_evdev(const Input& input) {
    const auto& source = *input.source;
    json::object object;
    object["qom-type"] = "input-linux";
    object["id"] = input.info.alias;
    object["evdev"] = source.dev;
    if (source.repeat) object["repeat"] = *source.repeat;
    if (source.grab) object["grab_all"] = true;
    if (source.grab_toggle) object["grab-toggle"] = to_string(*source.grab_toggle);
    add("-object", object);
}

void CommandLineBuilder::add_input(const Input& input) {
    const auto owner = describe(input);
    if (input.type == Input::Type::evdev) return add_evdev(input);
    const auto usual = input.type == Input::Type::passthrough ? Input::Bus::virtio : Input::Bus::ps2;
    const auto bus = input.bus.value_or(usual);
    if (bus == Input::Bus::ps2) return;  // part of the machine
    std::string_view base, on_usb;
    switch (input.type) {
        case Input::Type::mouse:
            base = "virtio-mouse", on_usb = "usb-mouse";
            break;
        case Input::Type::tablet:
            base = "virtio-tablet", on_usb = "usb-tablet";
            break;
        case Input::Type::keyboard:
            base = "virtio-keyboard", on_usb = "usb-kbd";
            break;
        default:
            base = "virtio-input-host";
    }
    std::string driver(on_usb);
    if (bus == Input::Bus::virtio) {
        using enum model::VirtioModel;
        driver = virtio_driver(base, input.info);
        // These have but the newer generation; QEMU names a transitional one of the host's devices only.
        if (input.type == Input::Type::passthrough && input.model)
            driver = virtio_driver(base, *input.model, input.info);
    }
    if (driver.empty()) return problem(Errc::unsupported, owner + " cannot be on this bus");
    auto object = device(driver, input.info, owner);
    if (input.driver) add_virtio_options(object, input.driver->virtio);
    if (input.type == Input::Type::passthrough) object["evdev"] = input.source->evdev;
    add_address(object, input.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_inputs() {
    for (const auto& hub : domain_.devices.hubs) {
        auto object = device("usb-hub", hub.info, describe(hub));
        add_address(object, hub.info, describe(hub));
        add("-device", object);
    }
    for (const auto& input : domain_.devices.inputs) add_input(input);
}

}  // namespace vireo::qemu
