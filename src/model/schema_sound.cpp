// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<Sound>() {
    static const Element element = Declare<Sound>()
        .attribute("model", &Sound::model).required().decides()
        .attribute("multichannel", &Sound::multichannel)
        .attribute("streams", &Sound::streams)
        .child("codec", &Sound::codecs)
        .child_attribute("audio", "id", &Sound::audio).range(1, 0xffffffff)
        .child("driver", &Sound::driver)
        .include(&Sound::info)
        .kept(&Sound::kept)
        .build();
    return element;
}

template <>
const Element& schema<SoundCodec>() {
    static const Element element = Declare<SoundCodec>()
        .attribute("type", &SoundCodec::type).required()
        .kept(&SoundCodec::kept)
        .build();
    return element;
}

template <>
const Element& schema<Audio>() {
    static const Element element = Declare<Audio>()
        .attribute("id", &Audio::id).range(1, 0xffffffff).required()
        .attribute("type", &Audio::type).required().decides()
        .attribute("timerPeriod", &Audio::timer_period).range(1, 0xffffffff)
        .attribute("serverName", &Audio::server_name)
        .attribute("runtimeDir", &Audio::runtime_dir)
        .attribute("driver", &Audio::driver)
        .attribute("path", &Audio::path)
        .attribute("tryMMap", &Audio::try_mmap)
        .attribute("exclusive", &Audio::exclusive)
        .attribute("dspPolicy", &Audio::dsp_policy).range(-1, 10)
        .child("input", &Audio::input)
        .child("output", &Audio::output)
        .kept(&Audio::kept)
        .build();
    return element;
}

template <>
const Element& schema<AudioDirection>() {
    static const Element element = Declare<AudioDirection>()
        .attribute("mixingEngine", &AudioDirection::mixing_engine)
        .attribute("fixedSettings", &AudioDirection::fixed_settings)
        .attribute("voices", &AudioDirection::voices)
        .attribute("bufferLength", &AudioDirection::buffer_length)
        .attribute("dev", &AudioDirection::dev)
        .attribute("bufferCount", &AudioDirection::buffer_count)
        .attribute("tryPoll", &AudioDirection::try_poll)
        .attribute("serverName", &AudioDirection::server_name)
        .attribute("clientName", &AudioDirection::client_name)
        .attribute("connectPorts", &AudioDirection::connect_ports)
        .attribute("exactName", &AudioDirection::exact_name)
        .attribute("name", &AudioDirection::name)
        .attribute("streamName", &AudioDirection::stream_name)
        .attribute("latency", &AudioDirection::latency)
        .child("settings", &AudioDirection::settings)
        .kept(&AudioDirection::kept)
        .build();
    return element;
}

template <>
const Element& schema<AudioSettings>() {
    static const Element element = Declare<AudioSettings>()
        .attribute("frequency", &AudioSettings::frequency)
        .attribute("channels", &AudioSettings::channels)
        .attribute("format", &AudioSettings::format)
        .kept(&AudioSettings::kept)
        .build();
    return element;
}

}  // namespace vireo::model
