// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<CharBackend>() {
    static const Element element = Declare<CharBackend>()
        .attribute("type", &CharBackend::type).required().decides()
        .child("source", &CharBackend::source)
        .child_attribute("protocol", "type", &CharBackend::protocol).decides()
        .child("log", &CharBackend::log)
        .build();
    return element;
}

template <>
const Element& schema<CharSource>() {
    static const Element element = Declare<CharSource>()
        .attribute("mode", &CharSource::mode)
        .attribute("path", &CharSource::path)
        .attribute("append", &CharSource::append).on_off()
        .attribute("host", &CharSource::host)
        .attribute("service", &CharSource::service)
        .kept(&CharSource::kept)
        .later("tls", "channel", "reconnect", "seclabel", "clipboard", "mouse")
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
        .kept(&ChannelTarget::kept)
        .later("address", "port")
        .build();
    return element;
}

}  // namespace vireo::model
