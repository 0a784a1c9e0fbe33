// SPDX-License-Identifier: LGPL-2.1-or-later
// Character devices: the host's end of them, and serial ports, parallel ports, consoles and channels.
#pragma once
#include "model/address.hpp"
#include "model/device_seclabel.hpp"
#include "model/interface.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

enum class CharType {
    null,
    vc,
    pty,
    dev,
    file,
    pipe,
    stdio,
    udp,
    tcp,
    unix_,
    spicevmc,
    spiceport,
    nmdm,
    qemu_vdagent,
    dbus
};
template <>
inline constexpr auto names<CharType> = words("null", "vc", "pty", "dev", "file", "pipe", "stdio", "udp", "tcp", "unix",
                                              "spicevmc", "spiceport", "nmdm", "qemu-vdagent", "dbus");

struct CharSource {  // which of these there are is up to the type
    enum class Mode { connect, bind };
    enum class MouseMode { server, client };
    std::optional<Mode> mode;            // unix, tcp (connect when absent), udp
    std::string path;                    // file, unix, dev, pipe; pty: where it is, in a running domain
    std::optional<bool> append;          // file
    std::string host;                    // tcp, udp
    std::string service;                 // tcp, udp: port number or name
    std::optional<bool> tls;             // tcp
    std::string channel;                 // spiceport, dbus: its name
    std::string master, slave;           // nmdm
    std::vector<DeviceSeclabel> labels;  // unix, file …
    Box<Reconnect> reconnect;            // tcp, unix: mode connect
    std::optional<bool> clipboard;       // qemu-vdagent: copy and paste
    std::optional<MouseMode> mouse;      // qemu-vdagent
    Kept kept;
    bool operator==(const CharSource&) const = default;
};
template <>
inline constexpr auto names<CharSource::Mode> = words("connect", "bind");
template <>
inline constexpr auto names<CharSource::MouseMode> = words("server", "client");

struct CharLog {  // a copy of what the guest writes
    std::string file;
    std::optional<bool> append;
    Kept kept;
    bool operator==(const CharLog&) const = default;
};

struct CharBackend {  // the host's side
    enum class Protocol { raw, telnet, telnets, tls };
    CharType type = CharType::pty;
    std::vector<CharSource> sources;   // udp: where to send (connect) and where to listen (bind); others: at most one
    std::optional<Protocol> protocol;  // tcp; raw when absent
    std::optional<CharLog> log;
    bool operator==(const CharBackend&) const = default;

    const CharSource* source() const noexcept { return sources.empty() ? nullptr : &sources.front(); }
    CharSource& ensure_source() { return sources.empty() ? sources.emplace_back() : sources.front(); }
    const CharSource* source(CharSource::Mode mode) const noexcept {  // the one of this mode; null: none says so
        for (const auto& one : sources)
            if (one.mode == mode) return &one;
        return nullptr;
    }
};
template <>
inline constexpr auto names<CharBackend::Protocol> = words("raw", "telnet", "telnets", "tls");

struct SerialTarget {
    enum class Type { isa_serial, usb_serial, pci_serial, spapr_vio_serial, system_serial, sclp_serial, isa_debug };
    std::optional<Type> type;
    std::optional<std::uint32_t> port;
    std::string model;  // <model name='isa-serial'/>: "isa-serial", "pl011", "16550a" …
    Kept kept;
    bool operator==(const SerialTarget&) const = default;
};
template <>
inline constexpr auto names<SerialTarget::Type> =
    words("isa-serial", "usb-serial", "pci-serial", "spapr-vio-serial", "system-serial", "sclp-serial", "isa-debug");

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
    enum class Type { serial, virtio, sclp, sclplm, xen, lxc, openvz, none };
    std::optional<Type> type;
    std::optional<std::uint32_t> port;
    Kept kept;
    bool operator==(const ConsoleTarget&) const = default;
};
template <>
inline constexpr auto names<ConsoleTarget::Type> =
    words("serial", "virtio", "sclp", "sclplm", "xen", "lxc", "openvz", "none");

struct Console {  // the first, of type serial, is the first <serial> seen again
    CharBackend backend;
    std::string tty;  // a running domain's pseudo-terminal
    std::optional<ConsoleTarget> target;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Console&) const = default;
};

struct ChannelTarget {
    enum class Type { virtio, guestfwd, xen };
    enum class State { connected, disconnected };
    Type type = Type::virtio;
    std::string name;                   // virtio: "org.qemu.guest_agent.0"
    std::optional<State> state;         // of a running domain
    std::string address;                // guestfwd: an IPv4 address that the guest connects to
    std::optional<std::uint32_t> port;  // guestfwd: of TCP
    Kept kept;
    bool operator==(const ChannelTarget&) const = default;
};
template <>
inline constexpr auto names<ChannelTarget::Type> = words("virtio", "guestfwd", "xen");
template <>
inline constexpr auto names<ChannelTarget::State> = words("connected", "disconnected");

struct Channel {  // unix without a path: Vireo makes the socket
    CharBackend backend;
    ChannelTarget target;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Channel&) const = default;
};

}  // namespace vireo::model
