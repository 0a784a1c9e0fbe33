// SPDX-License-Identifier: LGPL-2.1-or-later
// The devices of a domain, as plain values; see domain.hpp for what absence means.
#pragma once
#include "model/address.hpp"
#include "model/controller.hpp"
#include "model/device_seclabel.hpp"
#include "model/disk.hpp"
#include "model/filesystem.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

// ── network ──
struct Interface {
    enum class Type { user };
    enum class LinkState { up, down };
    Type type = Type::user;
    std::string mac;    // "52:54:00:12:34:56", lower case; made when absent
    std::string model;  // "virtio", "e1000e" …
    std::optional<LinkState> link;
    std::optional<std::uint32_t> boot_order;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Interface&) const = default;
};
template <>
inline constexpr auto names<Interface::Type> = words("user");
template <>
inline constexpr auto names<Interface::LinkState> = words("up", "down");

// ── character devices ──
enum class CharType { null, pty, file, unix_, tcp };
template <>
inline constexpr auto names<CharType> = words("null", "pty", "file", "unix", "tcp");

struct CharSource {
    enum class Mode { connect, bind };
    std::optional<Mode> mode;    // unix (bind when absent), tcp (connect when absent)
    std::string path;            // file, unix; pty: where it is, in a running domain
    std::optional<bool> append;  // file
    std::string host;            // tcp
    std::string service;         // tcp: port number or name
    Kept kept;
    bool operator==(const CharSource&) const = default;
};

struct CharLog {  // a copy of what the guest writes
    std::string file;
    std::optional<bool> append;
    Kept kept;
    bool operator==(const CharLog&) const = default;
};
template <>
inline constexpr auto names<CharSource::Mode> = words("connect", "bind");

struct CharBackend {  // the host's side
    enum class Protocol { raw, telnet };
    CharType type = CharType::pty;
    std::optional<CharSource> source;
    std::optional<Protocol> protocol;  // tcp; raw when absent
    std::optional<CharLog> log;
    bool operator==(const CharBackend&) const = default;
};
template <>
inline constexpr auto names<CharBackend::Protocol> = words("raw", "telnet");

struct SerialTarget {
    enum class Type { isa_serial, usb_serial, pci_serial, system_serial };
    std::optional<Type> type;
    std::optional<std::uint32_t> port;
    std::string model;  // <model name='isa-serial'/>: "isa-serial", "pl011", "16550a" …
    Kept kept;
    bool operator==(const SerialTarget&) const = default;
};
template <>
inline constexpr auto names<SerialTarget::Type> = words("isa-serial", "usb-serial", "pci-serial", "system-serial");

struct Serial {
    CharBackend backend;
    std::optional<SerialTarget> target;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Serial&) const = default;
};

struct Parallel {
    CharBackend backend;
    std::optional<std::uint32_t> port;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Parallel&) const = default;
};

struct ConsoleTarget {
    enum class Type { serial, virtio };
    std::optional<Type> type;
    std::optional<std::uint32_t> port;
    Kept kept;
    bool operator==(const ConsoleTarget&) const = default;
};
template <>
inline constexpr auto names<ConsoleTarget::Type> = words("serial", "virtio");

struct Console {  // the first, of type serial, is the first <serial> seen again
    CharBackend backend;
    std::string tty;  // a running domain's pseudo-terminal
    std::optional<ConsoleTarget> target;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Console&) const = default;
};

struct ChannelTarget {
    enum class Type { virtio };
    enum class State { connected, disconnected };
    Type type = Type::virtio;
    std::string name;            // "org.qemu.guest_agent.0"
    std::optional<State> state;  // of a running domain
    Kept kept;
    bool operator==(const ChannelTarget&) const = default;
};
template <>
inline constexpr auto names<ChannelTarget::Type> = words("virtio");
template <>
inline constexpr auto names<ChannelTarget::State> = words("connected", "disconnected");

struct Channel {  // unix without a path: Vireo makes the socket
    CharBackend backend;
    ChannelTarget target;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Channel&) const = default;
};

// ── input, graphics, video ──
struct Input {
    enum class Type { mouse, tablet, keyboard };
    enum class Bus { ps2, usb, virtio };
    Type type = Type::mouse;
    std::optional<Bus> bus;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Input&) const = default;
};
template <>
inline constexpr auto names<Input::Type> = words("mouse", "tablet", "keyboard");
template <>
inline constexpr auto names<Input::Bus> = words("ps2", "usb", "virtio");

struct GraphicsListen {
    enum class Type { none, address, socket };
    Type type = Type::address;
    std::string address;
    std::string socket;
    Kept kept;
    bool operator==(const GraphicsListen&) const = default;
};
template <>
inline constexpr auto names<GraphicsListen::Type> = words("none", "address", "socket");

struct Graphics {
    enum class Type { vnc };
    enum class SharePolicy { allow_exclusive, force_shared, ignore };
    Type type = Type::vnc;
    std::string socket;                // the old spelling of a listen of type socket
    std::optional<std::int32_t> port;  // 5900 + display; -1: chosen, as autoport
    std::optional<bool> autoport;
    std::optional<std::int32_t> websocket;  // -1: chosen
    std::string listen;                     // the old spelling of the first listen of type address
    std::string keymap;
    std::optional<SharePolicy> share_policy;
    std::vector<GraphicsListen> listens;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Graphics&) const = default;
};
template <>
inline constexpr auto names<Graphics::Type> = words("vnc");
template <>
inline constexpr auto names<Graphics::SharePolicy> = words("allow-exclusive", "force-shared", "ignore");

struct VideoModel {
    enum class Type { vga, cirrus, qxl, virtio, none, bochs, ramfb };
    Type type = Type::vga;
    std::optional<std::uint64_t> ram;     // qxl; bytes, as the next two
    std::optional<std::uint64_t> vram;    // vga, qxl, bochs …
    std::optional<std::uint64_t> vgamem;  // qxl
    std::optional<std::uint32_t> heads;   // 1 … 16; qxl and virtio have several
    std::optional<bool> primary;
    Kept kept;
    bool operator==(const VideoModel&) const = default;
};
template <>
inline constexpr auto names<VideoModel::Type> = words("vga", "cirrus", "qxl", "virtio", "none", "bochs", "ramfb");

struct Video {
    VideoModel model;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Video&) const = default;
};

// ── the rest ──
struct Watchdog {
    enum class Model { i6300esb };
    enum class Action { reset, shutdown, poweroff, pause, dump, none, inject_nmi };
    Model model = Model::i6300esb;
    std::optional<Action> action;  // reset when absent
    DeviceInfo info;
    Kept kept;
    bool operator==(const Watchdog&) const = default;
};
template <>
inline constexpr auto names<Watchdog::Model> = words("i6300esb");
template <>
inline constexpr auto names<Watchdog::Action> =
    words("reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi");

struct Memballoon {
    enum class Model { virtio, none };
    Model model = Model::virtio;
    std::optional<bool> autodeflate;
    std::optional<bool> free_page_reporting;
    std::optional<std::uint32_t> stats_period;  // seconds; 0: no statistics
    DeviceInfo info;
    Kept kept;
    bool operator==(const Memballoon&) const = default;
};
template <>
inline constexpr auto names<Memballoon::Model> = words("virtio", "none");

struct RngRate {
    std::uint32_t bytes = 0;              // per period
    std::optional<std::uint32_t> period;  // milliseconds; 1000 when absent
    Kept kept;
    bool operator==(const RngRate&) const = default;
};

struct RngBackend {
    enum class Model { random, builtin };
    Model model = Model::random;
    std::string path;  // random: /dev/urandom when empty
    Kept kept;
    bool operator==(const RngBackend&) const = default;
};
template <>
inline constexpr auto names<RngBackend::Model> = words("random", "builtin");

struct Rng {
    enum class Model { virtio };
    Model model = Model::virtio;
    std::optional<RngRate> rate;
    RngBackend backend;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Rng&) const = default;
};
template <>
inline constexpr auto names<Rng::Model> = words("virtio");

struct Panic {
    enum class Model { isa };
    std::optional<Model> model;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Panic&) const = default;
};
template <>
inline constexpr auto names<Panic::Model> = words("isa");

}  // namespace vireo::model
