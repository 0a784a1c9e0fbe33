// SPDX-License-Identifier: LGPL-2.1-or-later
// Serial ports, parallel ports, consoles, channels, smart cards and redirected devices: QEMU's side of the host's end,
// and the devices.
#include "qemu/command_line_builder.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
using model::CharBackend;
using model::CharSource;
using model::CharType;
using model::ConsoleTarget;
using model::SerialTarget;

namespace {

std::string network_target(const CharBackend& backend, const CharSource& source, const std::string& alias) {
    const bool server = source.mode.value_or(CharSource::Mode::connect) == CharSource::Mode::bind;
    auto target = fmt::format("socket,host={},port={}", escape_commas(source.host), escape_commas(source.service));
    if (backend.protocol == CharBackend::Protocol::telnet || backend.protocol == CharBackend::Protocol::telnets)
        target += ",telnet=on";
    if (server) target += ",server=on,wait=off";
    if (!server && source.reconnect && source.reconnect->enabled == true)
        target += fmt::format(",reconnect={}", source.reconnect->timeout.value_or(0));
    if (source.tls == true) target += fmt::format(",tls-creds=objchar{}_tls0", alias);
    return target;
}

std::string datagram_target(const CharBackend& backend) {
    const CharSource nothing;
    const auto* to = backend.source(CharSource::Mode::connect);
    const auto* at = backend.source(CharSource::Mode::bind);
    if (!to) to = &nothing;
    auto target = fmt::format("udp,host={},port={}", escape_commas(to->host), escape_commas(to->service));
    if (at)
        target += fmt::format(",localaddr={},localport={}", escape_commas(at->host),
                              at->service.empty() ? "0" : escape_commas(at->service));
    return target;
}

std::string agent_target(const CharSource& source) {
    std::string target = "qemu-vdagent,name=vdagent";
    if (source.clipboard) target += *source.clipboard ? ",clipboard=on" : ",clipboard=off";
    if (source.mouse) target += *source.mouse == CharSource::MouseMode::client ? ",mouse=on" : ",mouse=off";
    return target;
}

std::string_view spice_name(std::string_view alias) {  // what the viewer knows the channel as
    if (alias.starts_with("smartcard")) return "smartcard";
    if (alias.starts_with("redir")) return "usbredir";
    return "vdagent";
}

}  // namespace

std::string CommandLineBuilder::unix_target(const CharSource& source, const CharacterFiles& files,
                                            const std::string& alias, const std::string& owner) {
    const bool server = source.mode.value_or(CharSource::Mode::bind) == CharSource::Mode::bind;
    if (server && files.listener >= 0)
        return fmt::format("socket,fd={},server=on,wait=off", table_.add(files.listener));
    auto path = source.path;
    if (path.empty() && resources_.display) path = fmt::format("/run/vireo/{}/{}", domain_.uuid->to_string(), alias);
    if (path.empty()) problem(Errc::internal, "no socket was prepared for " + owner);
    auto target = fmt::format("socket,path={}{}", escape_commas(path), server ? ",server=on,wait=off" : "");
    if (!server && source.reconnect && source.reconnect->enabled == true)
        target += fmt::format(",reconnect={}", source.reconnect->timeout.value_or(0));
    return target;
}

std::string CommandLineBuilder::character_target(const CharBackend& backend, const CharacterFiles& files,
                                                 const std::string& alias, const std::string& owner) {
    const CharSource source = backend.source() ? *backend.source() : CharSource();
    switch (backend.type) {
        case CharType::null:
        case CharType::vc:
        case CharType::pty:
        case CharType::stdio:
            return std::string(to_string(backend.type));
        case CharType::dev:
            return fmt::format("{},path={}", alias.starts_with("parallel") ? "parallel" : "serial",
                               escape_commas(source.path));
        case CharType::file:
            if (files.output >= 0) return fmt::format("file,path={},append=on", add_descriptor(files.output, owner));
            if (source.path.empty()) problem(Errc::invalid_config, owner + " writes to a file without a path");
            return fmt::format("file,path={},append={}", escape_commas(source.path),
                               source.append == true ? "on" : "off");
        case CharType::pipe:
            return "pipe,path=" + escape_commas(source.path);
        case CharType::udp:
            return datagram_target(backend);
        case CharType::tcp:
            return network_target(backend, source, alias);
        case CharType::unix_:
            return unix_target(source, files, alias, owner);
        case CharType::spicevmc:
            return fmt::format("spicevmc,name={}", spice_name(alias));
        case CharType::spiceport:
            return "spiceport,name=" + escape_commas(source.channel);
        case CharType::qemu_vdagent:
            return agent_target(source);
        case CharType::dbus:
            return "dbus,name=" + escape_commas(source.channel);
        case CharType::nmdm:
            problem(Errc::unsupported, owner + " is of the type nmdm, which QEMU does not know");
    }
    return "null";
}

// Certificates by their usual names in the folder that all of QEMU's TLS shares.
void CommandLineBuilder::add_character_tls(const CharBackend& backend, const std::string& alias) {
    const auto* source = backend.source();
    if (backend.type != CharType::tcp || !source || source->tls != true) return;
    const bool server = source->mode.value_or(CharSource::Mode::connect) == CharSource::Mode::bind;
    json::object credentials;
    credentials["qom-type"] = "tls-creds-x509";
    credentials["id"] = fmt::format("objchar{}_tls0", alias);
    credentials["dir"] = "/etc/pki/qemu";
    credentials["endpoint"] = server ? "server" : "client";
    credentials["verify-peer"] = true;
    add("-object", credentials);
}

std::string CommandLineBuilder::add_character(const CharBackend& backend, const std::string& alias,
                                              const std::string& owner) {
    const auto found = resources_.characters.find(alias);
    const auto files = found == resources_.characters.end() ? CharacterFiles() : found->second;
    auto name = "char" + alias;
    add_character_tls(backend, alias);
    auto target = character_target(backend, files, alias, owner);
    if (const auto comma = target.find(','); comma == std::string::npos)
        target += ",id=" + name;
    else
        target.insert(comma, ",id=" + name);
    if (backend.log) {
        if (files.log >= 0)
            target += fmt::format(",logfile={},logappend=on", add_descriptor(files.log, owner + " log"));
        else
            target += fmt::format(",logfile={},logappend={}", escape_commas(backend.log->file),
                                  backend.log->append == false ? "off" : "on");
    }
    add("-chardev", std::move(target));
    return name;
}

void CommandLineBuilder::add_serial(const model::Serial& serial) {
    using enum SerialTarget::Type;
    const auto owner = describe(serial);
    const auto character = add_character(serial.backend, serial.info.alias, owner);
    const auto type = serial.target ? serial.target->type.value_or(system_serial) : system_serial;
    std::string_view driver;
    switch (type) {
        case system_serial:  // part of the board
            return add("-serial", "chardev:" + character);
        case isa_serial:
            driver = "isa-serial";
            break;
        case usb_serial:
            driver = "usb-serial";
            break;
        case pci_serial:
            driver = "pci-serial";
            break;
        case spapr_vio_serial:
            driver = "spapr-vty";
            break;
        case sclp_serial:
            driver = serial.target->model == "sclplmconsole" ? "sclplmconsole" : "sclpconsole";
            break;
        case isa_debug:
            driver = "isa-debugcon";
            break;
    }
    if (serial.target && !serial.target->model.empty() && serial.target->model != driver)
        problem(Errc::unsupported, fmt::format("{} cannot be of the model '{}'", owner, serial.target->model));
    auto object = device(driver, serial.info, owner);
    object["chardev"] = character;
    if (type == isa_serial) object["index"] = serial.target ? serial.target->port.value_or(0) : 0;
    const bool placed = type == usb_serial || type == pci_serial || serial.info.address;
    if (placed && type != sclp_serial) add_address(object, serial.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_serials() {
    for (const auto& serial : domain_.devices.serials) add_serial(serial);
}

void CommandLineBuilder::add_console(const model::Console& console) {
    const auto type =
        console.target ? console.target->type.value_or(ConsoleTarget::Type::serial) : ConsoleTarget::Type::serial;
    if (type == ConsoleTarget::Type::serial) return;  // a serial port seen again
    const auto owner = describe(console);
    const bool is_virtio = type == ConsoleTarget::Type::virtio;
    const std::string_view driver = is_virtio                             ? "virtconsole"
                                    : type == ConsoleTarget::Type::sclplm ? "sclplmconsole"
                                                                          : "sclpconsole";
    auto object = device(driver, console.info, owner);
    object["chardev"] = add_character(console.backend, console.info.alias, owner);
    // With one controller QEMU finds the port that was chosen; s390x has consoles without one, too.
    const auto& controllers = domain_.devices.controllers;
    const bool several =
        std::ranges::count(controllers, model::Controller::Type::virtio_serial, &model::Controller::type) > 1;
    if (is_virtio && console.info.address && (several || !console.info.at<model::VirtioSerialAddress>()))
        add_address(object, console.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_channel(const model::Channel& channel) {
    const auto owner = describe(channel);
    const auto& target = channel.target;
    const auto character = add_character(channel.backend, channel.info.alias, owner);
    if (target.type == model::ChannelTarget::Type::guestfwd) {
        json::object rule, host;
        rule["str"] = fmt::format("tcp:{}:{}-chardev:{}", target.address, target.port.value_or(0), character);
        host["type"] = "user";
        host["guestfwd"] = json::array{rule};
        host["id"] = channel.info.alias;
        return add("-netdev", host);
    }
    auto object = device("virtserialport", channel.info, owner);
    object["chardev"] = character;
    if (!target.name.empty()) object["name"] = target.name;
    add_address(object, channel.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_characters() {
    std::uint32_t next = 0;  // QEMU numbers them in their order
    for (const auto& parallel : domain_.devices.parallels) {
        auto object = device("isa-parallel", parallel.info, describe(parallel));
        object["chardev"] = add_character(parallel.backend, parallel.info.alias, describe(parallel));
        if (const auto port = parallel.port.value_or(next); port != next++) object["index"] = port;
        if (parallel.info.address) add_address(object, parallel.info, describe(parallel));
        add("-device", object);
    }
    for (const auto& channel : domain_.devices.channels) add_channel(channel);
    for (const auto& console : domain_.devices.consoles) add_console(console);
}

// ── what comes from a viewer ──
void CommandLineBuilder::add_smartcard(const model::Smartcard& smartcard) {
    using enum model::Smartcard::Mode;
    const auto owner = describe(smartcard);
    const bool through = smartcard.mode == passthrough;
    auto object = device(through ? "ccid-card-passthru" : "ccid-card-emulated", smartcard.info, owner);
    if (through) {
        object["chardev"] = add_character(smartcard.backend(), smartcard.info.alias, owner);
    } else if (smartcard.mode == host) {
        object["backend"] = "nss-emulated";
    } else {
        object["backend"] = "certificates";
        for (std::size_t i = 0; i < smartcard.certificates.size(); ++i)
            object[fmt::format("cert{}", i + 1)] = smartcard.certificates[i];
        object["db"] = smartcard.database.empty() ? "/etc/pki/nssdb" : smartcard.database;
    }
    add_address(object, smartcard.info, owner);
    add("-device", object);
}

namespace {

std::string number_in_rule(std::string_view word, int digits) {
    if (word.empty() || word == "-1") return "-1";
    if (word.starts_with("0x") || word.starts_with("0X")) word.remove_prefix(2);
    std::string upper;
    for (const char c : word) upper += c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
    return fmt::format("0x{:0>{}}", upper, digits);
}

std::string version_in_rule(const std::string& version) {  // two binary-coded decimals: "1.1" and "1.10" → 0x0110
    if (version.empty() || version == "-1") return "-1";
    const auto dot = version.find('.');
    return fmt::format("0x{:0>2}{:0<2}", version.substr(0, dot), dot == version.npos ? "0" : version.substr(dot + 1));
}

}  // namespace

void CommandLineBuilder::add_redirdev(const model::Redirdev& redirdev) {
    const auto owner = describe(redirdev);
    auto object = device("usb-redir", redirdev.info, owner);
    object["chardev"] = add_character(redirdev.backend, redirdev.info.alias, owner);
    if (domain_.devices.redirfilter) {
        std::string filter;
        for (const auto& rule : domain_.devices.redirfilter->rules)
            filter += fmt::format("{}{}:{}:{}:{}:{}", filter.empty() ? "" : "|", number_in_rule(rule.device_class, 2),
                                  number_in_rule(rule.vendor, 4), number_in_rule(rule.product, 4),
                                  version_in_rule(rule.version), rule.allow ? 1 : 0);
        if (!filter.empty()) object["filter"] = filter;
    }
    if (redirdev.boot_order) object["bootindex"] = *redirdev.boot_order;
    add_address(object, redirdev.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_redirected() {
    for (const auto& smartcard : domain_.devices.smartcards) add_smartcard(smartcard);
    for (const auto& redirdev : domain_.devices.redirdevs) add_redirdev(redirdev);
}

}  // namespace vireo::qemu
