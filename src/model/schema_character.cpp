// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_boot_order = 1000000;
}  // namespace

template <>
const Element& schema<CharBackend>() {
    static const Element element = Declare<CharBackend>()
        .attribute("type", &CharBackend::type).required().decides()
        .child("source", &CharBackend::sources)
        .child_attribute("protocol", "type", &CharBackend::protocol).decides()
        .child("log", &CharBackend::log)
        .build();
    return element;
}

template <>
const Element& schema<CharSource>() {
    static const Element element = Declare<CharSource>()
        .attribute("mode", &CharSource::mode)
        .attribute("host", &CharSource::host)
        .attribute("service", &CharSource::service)
        .attribute("tls", &CharSource::tls)
        .attribute("path", &CharSource::path)
        .attribute("append", &CharSource::append).on_off()
        .attribute("channel", &CharSource::channel)
        .attribute("master", &CharSource::master)
        .attribute("slave", &CharSource::slave)
        .child_attribute("clipboard", "copypaste", &CharSource::clipboard)
        .child_attribute("mouse", "mode", &CharSource::mouse)
        .child("seclabel", &CharSource::labels)
        .child("reconnect", &CharSource::reconnect)
        .kept(&CharSource::kept)
        .refuse("tlsFromConfig", "it is the state of a running domain")
        .build();
    return element;
}

template <>
const Element& schema<CharLog>() {
    static const Element element = Declare<CharLog>()
        .attribute("file", &CharLog::file).required()
        .attribute("append", &CharLog::append).on_off()
        .kept(&CharLog::kept)
        .build();
    return element;
}

template <>
const Element& schema<Serial>() {
    static const Element element = Declare<Serial>()
        .include(&Serial::backend)
        .child("target", &Serial::target)
        .include(&Serial::info)
        .kept(&Serial::kept)
        .build();
    return element;
}

template <>
const Element& schema<SerialTarget>() {
    static const Element element = Declare<SerialTarget>()
        .attribute("type", &SerialTarget::type).decides()
        .attribute("port", &SerialTarget::port)
        .child_attribute("model", "name", &SerialTarget::model)
        .kept(&SerialTarget::kept)
        .build();
    return element;
}

template <>
const Element& schema<Parallel>() {
    static const Element element = Declare<Parallel>()
        .include(&Parallel::backend)
        .child_attribute("target", "port", &Parallel::port)
        .include(&Parallel::info)
        .kept(&Parallel::kept)
        .build();
    return element;
}

template <>
const Element& schema<Console>() {
    static const Element element = Declare<Console>()
        .include(&Console::backend)
        .attribute("tty", &Console::tty)
        .child("target", &Console::target)
        .include(&Console::info)
        .kept(&Console::kept)
        .build();
    return element;
}

template <>
const Element& schema<ConsoleTarget>() {
    static const Element element = Declare<ConsoleTarget>()
        .attribute("type", &ConsoleTarget::type).decides()
        .attribute("port", &ConsoleTarget::port)
        .kept(&ConsoleTarget::kept)
        .build();
    return element;
}

template <>
const Element& schema<Channel>() {
    static const Element element = Declare<Channel>()
        .include(&Channel::backend)
        .child("target", &Channel::target).required()
        .include(&Channel::info)
        .kept(&Channel::kept)
        .build();
    return element;
}

template <>
const Element& schema<ChannelTarget>() {
    static const Element element = Declare<ChannelTarget>()
        .attribute("type", &ChannelTarget::type).required().decides()
        .attribute("name", &ChannelTarget::name)
        .attribute("state", &ChannelTarget::state)
        .attribute("address", &ChannelTarget::address)
        .attribute("port", &ChannelTarget::port).range(1, 65535)
        .kept(&ChannelTarget::kept)
        .build();
    return element;
}

template <>
const Element& schema<Redirdev>() {
    static const Element element = Declare<Redirdev>()
        .attribute("bus", &Redirdev::bus)
        .include(&Redirdev::backend)
        .child_attribute("boot", "order", &Redirdev::boot_order).range(1, most_boot_order)
        .child_attribute("boot", "loadparm", &Redirdev::boot_loadparm)
        .include(&Redirdev::info)
        .kept(&Redirdev::kept)
        .build();
    return element;
}

template <>
const Element& schema<RedirFilter>() {
    static const Element element = Declare<RedirFilter>()
        .child("usbdev", &RedirFilter::rules)
        .kept(&RedirFilter::kept)
        .build();
    return element;
}

template <>
const Element& schema<RedirRule>() {
    static const Element element = Declare<RedirRule>()
        .attribute("class", &RedirRule::device_class)
        .attribute("vendor", &RedirRule::vendor)
        .attribute("product", &RedirRule::product)
        .attribute("version", &RedirRule::version)
        .attribute("allow", &RedirRule::allow).required()
        .kept(&RedirRule::kept)
        .build();
    return element;
}

template <>
const Element& schema<Smartcard>() {
    static const Element element = Declare<Smartcard>()
        .attribute("mode", &Smartcard::mode).required().decides()
        .attribute("type", &Smartcard::type).decides()
        .child("source", &Smartcard::sources)
        .child_attribute("protocol", "type", &Smartcard::protocol).decides()
        .child("log", &Smartcard::log)
        .child("certificate", &Smartcard::certificates)
        .child("database", &Smartcard::database)
        .include(&Smartcard::info)
        .kept(&Smartcard::kept)
        .build();
    return element;
}

}  // namespace vireo::model
