// SPDX-License-Identifier: LGPL-2.1-or-later
// How people see the guest.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct GraphicsListen {
    enum class Type { none, address, network, socket };
    Type type = Type::address;
    std::string address;
    std::string network;  // its name; the address is the network's
    std::string socket;
    Kept kept;
    bool operator==(const GraphicsListen&) const = default;
};
template <>
inline constexpr auto names<GraphicsListen::Type> = words("none", "address", "network", "socket");

struct SpiceChannel {
    enum class Name { main, display, inputs, cursor, playback, record, smartcard, usbredir };
    enum class Mode { any, secure, insecure };
    Name name = Name::main;
    Mode mode = Mode::any;
    Kept kept;
    bool operator==(const SpiceChannel&) const = default;
};
template <>
inline constexpr auto names<SpiceChannel::Name> =
    words("main", "display", "inputs", "cursor", "playback", "record", "smartcard", "usbredir");
template <>
inline constexpr auto names<SpiceChannel::Mode> = words("any", "secure", "insecure");

struct SpiceOptions {  // of type spice only, as children of <graphics>
    enum class Image { auto_glz, auto_lz, quic, glz, lz, off };
    enum class Compression { automatic, never, always };
    enum class Streaming { filter, all, off };
    enum class Mouse { server, client };
    std::vector<SpiceChannel> channels;
    std::optional<Image> image;
    std::optional<Compression> jpeg;
    std::optional<Compression> zlib;
    std::optional<bool> playback;  // compressed
    std::optional<Streaming> streaming;
    std::optional<Mouse> mouse;
    std::optional<bool> clipboard;  // copy and paste
    std::optional<bool> file_transfer;
    bool operator==(const SpiceOptions&) const = default;
};
template <>
inline constexpr auto names<SpiceOptions::Image> = words("auto_glz", "auto_lz", "quic", "glz", "lz", "off");
template <>
inline constexpr auto names<SpiceOptions::Compression> = words("auto", "never", "always");
template <>
inline constexpr auto names<SpiceOptions::Streaming> = words("filter", "all", "off");
template <>
inline constexpr auto names<SpiceOptions::Mouse> = words("server", "client");

struct GraphicsGl {
    std::optional<bool> enable;  // egl-headless: always
    std::string render_node;     // path; chosen when empty
    Kept kept;
    bool operator==(const GraphicsGl&) const = default;
};

struct Graphics {
    enum class Type { vnc, sdl, rdp, desktop, spice, egl_headless, dbus };
    enum class SharePolicy { allow_exclusive, force_shared, ignore };
    enum class Connected { fail, disconnect, keep };
    Type type = Type::vnc;
    std::string socket;                    // vnc: the old spelling of a listen of type socket
    std::optional<std::int32_t> port;      // vnc: 5900 + display; spice; -1: chosen, as autoport
    std::optional<std::int32_t> tls_port;  // spice; -1: chosen
    std::optional<bool> autoport;
    std::optional<std::int32_t> websocket;  // vnc; -1: chosen
    std::string listen;                     // the old spelling of the first listen of type address
    std::string keymap;
    std::optional<SharePolicy> share_policy;         // vnc
    std::optional<bool> power_control;               // vnc: the viewer may switch the guest off
    std::optional<SpiceChannel::Mode> default_mode;  // spice
    std::string display;                             // sdl: ":0.1"
    std::string xauth;                               // sdl: path
    std::optional<bool> full_screen;                 // sdl
    std::optional<bool> p2p;                         // dbus: the viewer is given a connection of its own
    std::string address;                             // dbus: of a bus
    std::optional<bool> replace_user, multi_user;    // rdp
    std::optional<std::string> password;             // vnc, spice; empty: nobody may connect
    std::string password_valid_to;                   // "2030-12-31T23:59:59", UTC
    std::optional<Connected> connected;              // what a new password does to who is connected
    std::vector<GraphicsListen> listens;             // vnc, spice
    SpiceOptions spice;
    std::optional<GraphicsGl> gl;
    std::optional<std::uint32_t> audio;  // vnc, dbus: the id of an <audio>
    DeviceInfo info;
    Kept kept;
    bool operator==(const Graphics&) const = default;
};
template <>
inline constexpr auto names<Graphics::Type> = words("vnc", "sdl", "rdp", "desktop", "spice", "egl-headless", "dbus");
template <>
inline constexpr auto names<Graphics::SharePolicy> = words("allow-exclusive", "force-shared", "ignore");
template <>
inline constexpr auto names<Graphics::Connected> = words("fail", "disconnect", "keep");

}  // namespace vireo::model
