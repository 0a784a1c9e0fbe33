// SPDX-License-Identifier: LGPL-2.1-or-later
// Serial ports, parallel ports, consoles and channels: QEMU's side of the host's end, and the devices.
#include "qemu/command_line_builder.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
using model::CharBackend;
using model::CharSource;
using model::CharType;
using model::ConsoleTarget;
using model::SerialTarget;

std::string CommandLineBuilder::character_target(const CharBackend& backend, const CharacterFiles& files,
                                                 const std::string& owner) {
    const CharSource source = backend.source() ? *backend.source() : CharSource();
    switch (backend.type) {
        case CharType::null:
            return "null";
        case CharType::pty:
            return "pty";
        case CharType::file:
            if (files.output < 0) {
                if (source.path.empty()) problem(Errc::invalid_config, owner + " writes to a file without a path");
                return fmt::format("file,path={},append={}", escape_commas(source.path),
                                   source.append == true ? "on" : "off");
            }
            return fmt::format("file,path={},append=on", add_descriptor(files.output, owner));
        case CharType::unix_: {
            const bool server = source.mode.value_or(CharSource::Mode::bind) == CharSource::Mode::bind;
            if (server && files.listener >= 0)
                return fmt::format("socket,fd={},server=on,wait=off", table_.add(files.listener));
            if (source.path.empty() && resources_.display)
                return fmt::format("socket,{},server=on,wait=off", listener(-1, "channel"));
            if (source.path.empty()) problem(Errc::internal, "no socket was prepared for " + owner);
            return fmt::format("socket,path={}{}", escape_commas(source.path), server ? ",server=on,wait=off" : "");
        }
        case CharType::tcp: {
            const bool server = source.mode.value_or(CharSource::Mode::connect) == CharSource::Mode::bind;
            const bool telnet = backend.protocol == CharBackend::Protocol::telnet;
            return fmt::format("socket,host={},port={}{}{}", escape_commas(source.host), escape_commas(source.service),
                               server ? ",server=on,wait=off" : "", telnet ? ",telnet=on" : "");
        }
        default:
            problem(Errc::unsupported,
                    fmt::format("{} cannot be of the type '{}' yet", owner, to_string(backend.type)));
    }
    return "null";
}

std::string CommandLineBuilder::add_character(const CharBackend& backend, const std::string& alias,
                                              const std::string& owner) {
    const auto found = resources_.characters.find(alias);
    const auto files = found == resources_.characters.end() ? CharacterFiles() : found->second;
    auto name = "char" + alias;
    auto target = character_target(backend, files, owner);
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

void CommandLineBuilder::add_serials() {
    for (const auto& serial : domain_.devices.serials) {
        const auto owner = describe(serial);
        const auto character = add_character(serial.backend, serial.info.alias, owner);
        const auto type = serial.target ? serial.target->type.value_or(SerialTarget::Type::isa_serial)
                                        : SerialTarget::Type::isa_serial;
        if (type == SerialTarget::Type::system_serial) {  // part of the board
            add("-serial", "chardev:" + character);
            continue;
        }
        const std::string_view driver = type == SerialTarget::Type::isa_serial   ? "isa-serial"
                                        : type == SerialTarget::Type::pci_serial ? "pci-serial"
                                                                                 : "usb-serial";
        if (serial.target && !serial.target->model.empty() && serial.target->model != driver)
            problem(Errc::unsupported, fmt::format("{} cannot be of the model '{}'", owner, serial.target->model));
        auto object = device(driver, serial.info, owner);
        object["chardev"] = character;
        if (type == SerialTarget::Type::isa_serial)
            object["index"] = serial.target ? serial.target->port.value_or(0) : 0;
        if (type != SerialTarget::Type::isa_serial || serial.info.address) add_address(object, serial.info, owner);
        add("-device", object);
    }
}

void CommandLineBuilder::add_characters() {
    for (const auto& parallel : domain_.devices.parallels) {
        auto object = device("isa-parallel", parallel.info, describe(parallel));
        object["chardev"] = add_character(parallel.backend, parallel.info.alias, describe(parallel));
        object["index"] = parallel.port.value_or(0);
        if (parallel.info.address) add_address(object, parallel.info, describe(parallel));
        add("-device", object);
    }
    for (const auto& channel : domain_.devices.channels) {
        auto object = device("virtserialport", channel.info, describe(channel));
        object["chardev"] = add_character(channel.backend, channel.info.alias, describe(channel));
        object["name"] = channel.target.name;
        add_address(object, channel.info, describe(channel));
        add("-device", object);
    }
    for (const auto& console : domain_.devices.consoles) {
        if (console.target && console.target->type == ConsoleTarget::Type::serial)
            continue;  // a serial port seen again
        auto object = device("virtconsole", console.info, describe(console));
        object["chardev"] = add_character(console.backend, console.info.alias, describe(console));
        add_address(object, console.info, describe(console));
        add("-device", object);
    }
}

}  // namespace vireo::qemu
