// SPDX-License-Identifier: LGPL-2.1-or-later
// What comes from a viewer's machine into the guest: USB devices and smart cards.
#pragma once
#include "model/character.hpp"

namespace vireo::model {

struct Redirdev {
    enum class Bus { usb };
    std::optional<Bus> bus;
    CharBackend backend;
    std::optional<std::uint32_t> boot_order;
    std::string boot_loadparm;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Redirdev&) const = default;
};
template <>
inline constexpr auto names<Redirdev::Bus> = words("usb");

struct RedirRule {             // one of USB devices; empty or "-1": any. The first that fits decides
    std::string device_class;  // hexadecimal, one byte: "0x08"
    std::string vendor;        // hexadecimal, two bytes
    std::string product;       // the same
    std::string version;       // "1.10"
    bool allow = false;
    Kept kept;
    bool operator==(const RedirRule&) const = default;
};

struct RedirFilter {
    std::vector<RedirRule> rules;
    Kept kept;
    bool operator==(const RedirFilter&) const = default;
};

struct Smartcard {
    enum class Mode { host, host_certificates, passthrough };
    Mode mode = Mode::host;
    std::optional<CharType> type;  // passthrough; with the next three as CharBackend
    std::vector<CharSource> sources;
    std::optional<CharBackend::Protocol> protocol;
    std::optional<CharLog> log;
    std::vector<std::string> certificates;  // host-certificates: the names of three
    std::string database;                   // host-certificates: path; /etc/pki/nssdb when empty
    DeviceInfo info;
    Kept kept;
    bool operator==(const Smartcard&) const = default;
    CharBackend backend() const;  // passthrough's
};
template <>
inline constexpr auto names<Smartcard::Mode> = words("host", "host-certificates", "passthrough");

}  // namespace vireo::model
