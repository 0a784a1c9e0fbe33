// SPDX-License-Identifier: LGPL-2.1-or-later
// What people see, hear and touch.
#include "model/validate_parts.hpp"

#include <algorithm>
#include <bit>
#include <set>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

constexpr std::string_view word_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
bool is_word(std::string_view text) {
    return text.find_first_not_of(word_letters) == text.npos;
}

// ── graphics ──
class GraphicsCheck {
public:
    explicit GraphicsCheck(const Graphics& graphics) : it_(graphics) {}

    Result<> run() const {
        using enum Graphics::Type;
        if (it_.type == rdp || it_.type == desktop) return no("it is not possible with QEMU; use vnc or spice");
        for (auto check :
             {&GraphicsCheck::useless_parts, &GraphicsCheck::ports, &GraphicsCheck::listens, &GraphicsCheck::password})
            if (auto good = (this->*check)(); !good) return good;
        if (it_.p2p == true && !it_.address.empty()) return no("p2p='yes' uses no bus: it has no address");
        if (!is_word(it_.keymap)) return no("'" + it_.keymap + "' is not the name of a keymap");
        if (it_.gl)
            if (auto good = check_path(it_.gl->render_node, "graphics gl"); !good) return good;
        return check_path(it_.socket, "graphics socket");
    }

private:
    Failure no(const std::string& what) const {
        return wrong("graphics of type " + std::string(to_string(it_.type)) + ": " + what);
    }
    bool vnc() const { return it_.type == Graphics::Type::vnc; }
    bool spice() const { return it_.type == Graphics::Type::spice; }

    Result<> useless_parts() const {
        const bool sdl = it_.type == Graphics::Type::sdl, dbus = it_.type == Graphics::Type::dbus;
        const auto useless = [&](bool there, bool possible, std::string_view what) -> Result<> {
            if (there && !possible) return no("it has no " + std::string(what));
            return {};
        };
        const bool network = vnc() || spice();
        for (const auto& good :
             {useless(it_.port || it_.autoport, network, "port"), useless(it_.tls_port.has_value(), spice(), "tlsPort"),
              useless(it_.websocket.has_value(), vnc(), "websocket"), useless(!it_.socket.empty(), vnc(), "socket"),
              useless(!it_.listen.empty() || !it_.listens.empty(), network, "place to listen"),
              useless(it_.share_policy || it_.power_control, vnc(), "sharePolicy or powerControl"),
              useless(it_.default_mode || it_.spice != SpiceOptions(), spice(), "options of SPICE"),
              useless(!it_.display.empty() || !it_.xauth.empty() || it_.full_screen, sdl,
                      "display, xauth or fullscreen"),
              useless(it_.p2p || !it_.address.empty(), dbus, "p2p or address"),
              useless(it_.replace_user || it_.multi_user, false, "replaceUser or multiUser"),
              useless(it_.password || !it_.password_valid_to.empty() || it_.connected, network, "passwd"),
              useless(it_.gl.has_value(), !vnc(), "gl"), useless(it_.audio.has_value(), vnc() || dbus, "audio")})
            if (!good) return good;
        return {};
    }

    Result<> ports() const {
        constexpr std::int32_t first_port = 5900;
        if (vnc() && it_.port && *it_.port > 0 && *it_.port < first_port)
            return wrong("graphics: the port " + std::to_string(*it_.port) + " is below 5900, the first of VNC");
        return {};
    }

    Result<> listens() const {
        using Type = GraphicsListen::Type;
        if (it_.listens.size() > 1) return wrong("graphics: QEMU listens in one place only");
        for (const auto& listen : it_.listens) {
            if (!listen.address.empty() && listen.type != Type::address && listen.type != Type::network)
                return wrong("graphics: only a listen of type address has an address");
            if (!listen.socket.empty() && listen.type != Type::socket)
                return wrong("graphics: only a listen of type socket has a socket");
            if (listen.network.empty() == (listen.type == Type::network))
                return wrong("graphics: a listen of type network, and no other, has a network");
            if (!it_.listen.empty() && listen.type == Type::address && listen.address != it_.listen)
                return wrong("graphics: listen='" + it_.listen + "' contradicts the element <listen>, which says '" +
                             listen.address + "'");
            if (!it_.socket.empty() && listen.socket != it_.socket)
                return wrong("graphics: socket='" + it_.socket + "' contradicts the element <listen>");
            if (auto good = check_path(listen.socket, "graphics listen"); !good) return good;
        }
        if (!it_.socket.empty() && !it_.listen.empty()) return wrong("graphics: either socket or listen");
        return {};
    }

    Result<> password() const {
        constexpr std::size_t longest = 8;
        if (vnc() && it_.password && it_.password->size() > longest)
            return no("a password of VNC has at most 8 characters");
        if (vnc() && it_.connected && it_.connected != Graphics::Connected::keep)
            return no("VNC has connected='keep' only");
        if (it_.password_valid_to.empty()) return {};
        constexpr std::string_view form = "0000-00-00T00:00:00";
        const bool good = it_.password_valid_to.size() == form.size() &&
                          std::ranges::equal(it_.password_valid_to, form, [](char is, char wanted) {
                              return wanted == '0' ? is >= '0' && is <= '9' : is == wanted;
                          });
        if (!good) return no("passwdValidTo is not of the form 2030-12-31T23:59:59");
        return {};
    }

    const Graphics& it_;
};

bool uses_gl(const Graphics& graphics) {
    if (graphics.type == Graphics::Type::egl_headless) return true;
    return graphics.gl && graphics.gl->enable == true;
}

Result<> validate_all_graphics(const std::vector<Graphics>& all) {
    using enum Graphics::Type;
    std::set<Graphics::Type> types;
    std::size_t gl = 0;
    for (const auto& graphics : all) {
        if (!types.insert(graphics.type).second) return wrong("graphics: only one of each type is possible");
        if (auto good = GraphicsCheck(graphics).run(); !good) return good;
        gl += uses_gl(graphics);
    }
    if (gl > 1) return wrong("graphics: only one can use OpenGL");
    for (const auto type : types)
        if (types.contains(egl_headless) && type != egl_headless && type != vnc && type != spice)
            return wrong("graphics of type egl-headless: it goes together with vnc and spice, not with " +
                         std::string(to_string(type)));
    return {};
}

// ── video ──
class VideoCheck {
public:
    VideoCheck(const Video& video, const Domain& domain)
        : it_(video.model), driver_(video.driver), domain_(domain), type_(it_.kind()) {}

    Result<> run() const {
        for (auto check : {&VideoCheck::type_possible, &VideoCheck::sizes, &VideoCheck::acceleration})
            if (auto good = (this->*check)(); !good) return good;
        return {};
    }

private:
    using Type = VideoModel::Type;
    Failure no(const std::string& what) const {
        return wrong("video of type " + std::string(to_string(type_)) + ": " + what);
    }

    Result<> type_possible() const {
        using enum Type;
        if (type_ == xen || type_ == vbox || type_ == parallels || type_ == gop)
            return no("it is not possible with QEMU; use virtio, qxl, vga or bochs");
        const bool outside = driver_ && driver_->name == VideoDriver::Name::vhostuser;
        if (outside && type_ != VideoModel::Type::virtio && type_ != default_)
            return no("the driver vhostuser needs the model virtio");
        if (driver_ && driver_->virtio != VirtioOptions() && type_ != VideoModel::Type::virtio && type_ != default_)
            return no("iommu, ats, packed and page_per_vq are options of virtio devices");
        if (it_.blob && type_ != VideoModel::Type::virtio && type_ != default_) return no("only virtio has blob");
        const auto& memory = domain_.memory_backing;
        if (it_.blob == true && (!memory || memory->source != MemorySource::memfd))
            return no("blob='on' needs <memoryBacking><source type='memfd'/></memoryBacking>");
        return {};
    }

    Result<> sizes() const {
        using enum Type;
        const std::string type(to_string(type_));
        if (type_ != qxl && type_ != default_ && (it_.ram || it_.vgamem || it_.vram64))
            return wrong("video: ram and vgamem are for qxl, not for " + type);
        if (it_.heads && *it_.heads > 1 && type_ != qxl && type_ != VideoModel::Type::virtio && type_ != default_)
            return wrong("video: " + type + " has one head");
        constexpr std::uint64_t mebibyte = 1u << 20, most = std::uint64_t{1} << 32;
        for (const auto& [size, name] : {std::pair{it_.ram, "ram"}, std::pair{it_.vram, "vram"}})
            if (type_ == qxl && size && *size >= most)
                return no(std::string(name) + " must be less than 4 GiB (4194304 KiB)");
        if (it_.vgamem && *it_.vgamem < mebibyte) return no("vgamem must be at least 1024 KiB");
        if (it_.vgamem && !std::has_single_bit(*it_.vgamem)) return no("vgamem must be a power of two");
        if ((type_ == vga || type_ == vmvga) && it_.vram && *it_.vram < mebibyte)
            return no("vram must be at least 1024 KiB");
        if (it_.resolution) {
            if (it_.resolution->x == 0 || it_.resolution->y == 0) return no("a resolution cannot be 0");
            if (type_ != qxl && type_ != vga && type_ != VideoModel::Type::virtio && type_ != bochs)
                return no("a resolution is not possible");
        }
        return {};
    }

    Result<> acceleration() const {
        if (!it_.acceleration) return {};
        if (it_.acceleration->accel2d == true) return no("QEMU has no accel2d");
        if (it_.acceleration->accel3d == true && type_ != VideoModel::Type::virtio && type_ != Type::default_)
            return no("only virtio has accel3d");
        const bool outside = driver_ && driver_->name == VideoDriver::Name::vhostuser;
        if (!it_.acceleration->render_node.empty() && !outside)
            return no("a rendernode is for the driver vhostuser; otherwise <graphics><gl rendernode='…'/> says it");
        return check_path(it_.acceleration->render_node, "video acceleration");
    }

    const VideoModel& it_;
    const std::optional<VideoDriver>& driver_;
    const Domain& domain_;
    Type type_;
};

// The first is the guest's console unless another says that it is.
Result<> validate_secondary(const std::vector<Video>& videos) {
    const auto primary = std::ranges::find_if(videos, [](const Video& video) { return video.model.primary == true; });
    const auto* console = primary == videos.end() ? videos.data() : &*primary;
    for (const auto& video : videos) {
        using enum VideoModel::Type;
        const auto type = video.model.kind();
        if (&video != console && type != qxl && type != VideoModel::Type::virtio && type != default_)
            return wrong("video of type " + std::string(to_string(type)) +
                         ": it must be the primary one; only qxl and virtio can be others");
    }
    return {};
}

Result<> validate_videos(const Domain& domain) {
    const auto& videos = domain.devices.videos;
    std::size_t primaries = 0;
    for (const auto& video : videos) {
        const auto type = video.model.kind();
        if (type == VideoModel::Type::none && videos.size() > 1) return wrong("video: 'none' must be the only one");
        if (auto good = VideoCheck(video, domain).run(); !good) return good;
        primaries += video.model.primary == true;
        if (video.info.address && (type == VideoModel::Type::ramfb || type == VideoModel::Type::none))
            return wrong("video: " + std::string(to_string(type)) + " has no address");
    }
    if (primaries > 1) return wrong("video: only one can be primary");
    return validate_secondary(videos);
}

// ── input ──
Result<> validate_input(const Input& input) {
    const std::string start = "input of type " + std::string(to_string(input.type)) + ": ";
    const InputSource nothing;
    const auto& source = input.source ? *input.source : nothing;
    if (input.bus == Input::Bus::xen || input.bus == Input::Bus::parallels)
        return wrong(start + "the bus '" + std::string(to_string(*input.bus)) + "' is not possible with QEMU");
    if (input.type == Input::Type::tablet && input.bus == Input::Bus::ps2)
        return wrong("input: a tablet cannot be on the bus ps2; use usb or virtio");
    const bool evdev = input.type == Input::Type::evdev, through = input.type == Input::Type::passthrough;
    if (evdev && input.bus && input.bus != Input::Bus::none) return wrong(start + "it has no bus");
    if (!evdev && input.bus == Input::Bus::none) return wrong(start + "it needs a bus");
    if (through && input.bus.value_or(Input::Bus::virtio) != Input::Bus::virtio)
        return wrong(start + "it must be on the bus virtio");
    if (through && source.evdev.empty()) return wrong(start + "it needs <source evdev='…'/>");
    if (evdev && source.dev.empty()) return wrong(start + "it needs <source dev='…'/>");
    if (!through && !source.evdev.empty()) return wrong(start + "only passthrough has <source evdev='…'/>");
    if (!evdev && (!source.dev.empty() || source.grab || source.grab_toggle || source.repeat))
        return wrong(start + "only evdev has <source dev='…'/> and how it is shared");
    if ((input.model || input.driver) && !through && input.bus != Input::Bus::virtio)
        return wrong(start + "only the bus virtio has a model and a driver");
    for (const auto* path : {&source.evdev, &source.dev})
        if (auto good = check_path(*path, "input source"); !good) return good;
    return {};
}

// ── sound ──
Result<> validate_direction(const AudioDirection& direction) {
    if (direction.fixed_settings == true && direction.mixing_engine != true)
        return wrong("audio: fixedSettings='yes' needs mixingEngine='yes'");
    const bool settings = direction.settings &&
                          (direction.settings->frequency || direction.settings->channels || direction.settings->format);
    if (settings && direction.fixed_settings != true) return wrong("audio: <settings> need fixedSettings='yes'");
    return {};
}

Result<> validate_audio(const Audio& audio, const std::vector<Graphics>& graphics) {
    const auto spice = [](const Graphics& one) { return one.type == Graphics::Type::spice; };
    if (audio.type == Audio::Type::spice && std::ranges::none_of(graphics, spice))
        return wrong("audio of type spice: it needs a <graphics type='spice'>");
    for (const auto* direction : {&audio.input, &audio.output})
        if (*direction)
            if (auto good = validate_direction(**direction); !good) return good;
    return check_path(audio.path, "audio path");
}

Result<> validate_sounds(const Devices& devices) {
    std::set<std::uint32_t> ids;
    for (const auto& audio : devices.audios) {
        if (!ids.insert(audio.id).second) return wrong("audio: two have the id " + std::to_string(audio.id));
        if (auto good = validate_audio(audio, devices.graphics); !good) return good;
    }
    const auto known = [&](std::optional<std::uint32_t> id) {
        return !id || ids.contains(*id) || (devices.audios.empty() && *id == 1);
    };
    for (const auto& sound : devices.sounds) {
        using enum Sound::Model;
        const std::string start = "sound of model " + std::string(to_string(sound.model)) + ": ";
        if (sound.model == ich7) return wrong(start + "it is not possible with QEMU; use ich9");
        if (!known(sound.audio)) return wrong(start + "there is no audio with the id " + std::to_string(*sound.audio));
        if (!sound.codecs.empty() && sound.model != ich6 && sound.model != ich9)
            return wrong(start + "only ich6 and ich9 have codecs");
        if (sound.multichannel && sound.model != usb) return wrong(start + "only usb has multichannel");
        if ((sound.streams || sound.driver) && sound.model != virtio)
            return wrong(start + "only virtio has streams and a driver");
    }
    for (const auto& graphics : devices.graphics) {
        if (!known(graphics.audio))
            return wrong("graphics: there is no audio with the id " + std::to_string(*graphics.audio));
        if (graphics.type != Graphics::Type::dbus || !graphics.audio) continue;
        const auto audio = std::ranges::find(devices.audios, *graphics.audio, &Audio::id);
        if (audio != devices.audios.end() && audio->type != Audio::Type::dbus)
            return wrong("graphics of type dbus: its audio must be of type dbus");
    }
    return {};
}

}  // namespace

Result<> validate_seen_and_heard(const Domain& domain) {
    const auto& devices = domain.devices;
    if (auto good = validate_all_graphics(devices.graphics); !good) return good;
    if (auto good = validate_videos(domain); !good) return good;
    for (const auto& input : devices.inputs)
        if (auto good = validate_input(input); !good) return good;
    return validate_sounds(devices);
}

}  // namespace vireo::model
