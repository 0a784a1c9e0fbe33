// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <algorithm>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

constexpr std::string_view word_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
bool is_word(std::string_view text) {
    return text.find_first_not_of(word_letters) == text.npos;
}

Result<> validate_interface(const Interface& interface) {
    if (!interface.mac.empty()) {
        const int low = interface.mac[1] <= '9' ? interface.mac[1] - '0' : interface.mac[1] - 'a' + 10;
        if (low & 1) return wrong("interface: " + interface.mac + " is the address of a group, not of one card");
    }
    if (!is_word(interface.model)) return wrong("interface: '" + interface.model + "' is not the name of a model");
    return {};
}

class BackendCheck {
public:
    BackendCheck(const CharBackend& backend, std::string_view device)
        : backend_(backend), device_(device), source_(backend.source ? *backend.source : nothing_) {}

    // A channel's unix socket is made by Vireo when it has no path; so is the one of a console that repeats a serial.
    Result<> run(bool path_needed) const {
        const auto type = backend_.type;
        const bool has_path = type == CharType::file || type == CharType::unix_ || type == CharType::pty;
        if (!source_.path.empty() && !has_path) return useless("path");
        if (source_.mode && type != CharType::unix_ && type != CharType::tcp) return useless("mode");
        if (source_.append && type != CharType::file) return useless("append");
        if (type != CharType::tcp) {
            if (!source_.host.empty()) return useless("host");
            if (!source_.service.empty()) return useless("service");
            if (backend_.protocol == CharBackend::Protocol::telnet) return useless("protocol telnet");
        } else {
            if (source_.service.empty()) return missing("a source with a service, the port");
            if (source_.host.empty() && source_.mode != CharSource::Mode::bind) return missing("a source with a host");
        }
        if (source_.path.empty() && (type == CharType::file || (type == CharType::unix_ && path_needed)))
            return missing("a source with a path");
        if (backend_.log)
            if (auto good = check_path(backend_.log->file, std::string(device_) + " log"); !good) return good;
        return check_path(source_.path, std::string(device_) + " source");
    }

private:
    std::string start() const {
        return std::string(device_) + " of type " + std::string(to_string(backend_.type)) + ": ";
    }
    Failure useless(std::string_view what) const { return wrong(start() + "it has no " + std::string(what)); }
    Failure missing(std::string_view what) const { return wrong(start() + "it needs " + std::string(what)); }

    const CharBackend& backend_;
    std::string_view device_;
    const CharSource nothing_;
    const CharSource& source_;
};

Result<> validate_character(const Devices& devices) {
    for (const auto& serial : devices.serials)
        if (auto good = BackendCheck(serial.backend, "serial").run(true); !good) return good;
    for (const auto& parallel : devices.parallels)
        if (auto good = BackendCheck(parallel.backend, "parallel").run(true); !good) return good;
    for (const auto& console : devices.consoles) {
        const bool first = &console == devices.consoles.data();
        const bool serial = console.target && console.target->type == ConsoleTarget::Type::serial;
        if (serial && !first) return wrong("console: only the first console can be of type serial");
        if (auto good = BackendCheck(console.backend, "console").run(true); !good) return good;
    }
    for (const auto& channel : devices.channels)
        if (auto good = BackendCheck(channel.backend, "channel").run(false); !good) return good;
    return {};
}

Result<> validate_graphics(const Graphics& graphics) {
    constexpr std::int32_t first_port = 5900;
    if (graphics.port && *graphics.port > 0 && *graphics.port < first_port)
        return wrong("graphics: the port " + std::to_string(*graphics.port) + " is below 5900, the first of VNC");
    if (graphics.listens.size() > 1) return wrong("graphics: QEMU listens in one place only");
    for (const auto& listen : graphics.listens) {
        using Type = GraphicsListen::Type;
        if (!listen.address.empty() && listen.type != Type::address)
            return wrong("graphics: only a listen of type address has an address");
        if (!listen.socket.empty() && listen.type != Type::socket)
            return wrong("graphics: only a listen of type socket has a socket");
        if (!graphics.listen.empty() && listen.address != graphics.listen)
            return wrong("graphics: listen='" + graphics.listen + "' contradicts the element <listen>, which says '" +
                         listen.address + "'");
        if (!graphics.socket.empty() && listen.socket != graphics.socket)
            return wrong("graphics: socket='" + graphics.socket + "' contradicts the element <listen>");
        if (auto good = check_path(listen.socket, "graphics listen"); !good) return good;
    }
    if (!graphics.socket.empty() && !graphics.listen.empty()) return wrong("graphics: either socket or listen");
    if (!is_word(graphics.keymap)) return wrong("graphics: '" + graphics.keymap + "' is not the name of a keymap");
    return check_path(graphics.socket, "graphics socket");
}

Result<> validate_videos(const std::vector<Video>& videos) {
    using Type = VideoModel::Type;
    std::size_t primaries = 0;
    for (const auto& [model, info, kept] : videos) {
        const std::string type(to_string(model.type));
        if (model.type == Type::none && videos.size() > 1) return wrong("video: 'none' must be the only one");
        primaries += model.primary == true;
        if (model.type != Type::qxl && (model.ram || model.vgamem))
            return wrong("video: ram and vgamem are for qxl, not for " + type);
        if (model.heads && *model.heads > 1 && model.type != Type::qxl && model.type != Type::virtio)
            return wrong("video: " + type + " has one head");
        if (info.address && (model.type == Type::ramfb || model.type == Type::none))
            return wrong("video: " + type + " has no address");
    }
    return primaries > 1 ? Result<>(wrong("video: only one can be primary")) : Result<>();
}

Result<> validate_rest(const Devices& devices) {
    for (const auto& input : devices.inputs)
        if (input.bus == Input::Bus::ps2 && input.type == Input::Type::tablet)
            return wrong("input: a tablet cannot be on the bus ps2; use usb or virtio");
    for (const auto& watchdog : devices.watchdogs)
        if (watchdog.action != devices.watchdogs[0].action) return wrong("watchdog: all have one action");
    for (const auto& rng : devices.rngs) {
        if (rng.backend.model == RngBackend::Model::builtin && !rng.backend.path.empty())
            return wrong("rng: the backend builtin has no path");
        if (auto good = check_path(rng.backend.path, "rng backend"); !good) return good;
    }
    return {};
}

}  // namespace

Result<> validate_devices(const Domain& domain) {
    const auto& devices = domain.devices;
    for (const auto& interface : devices.interfaces)
        if (auto good = validate_interface(interface); !good) return good;
    if (auto good = validate_character(devices); !good) return good;
    if (devices.graphics.size() > 1) return wrong("graphics: only one of each type is possible");
    for (const auto& graphics : devices.graphics)
        if (auto good = validate_graphics(graphics); !good) return good;
    if (auto good = validate_videos(devices.videos); !good) return good;
    return validate_rest(devices);
}

}  // namespace vireo::model
