// SPDX-License-Identifier: LGPL-2.1-or-later
// Sound cards, and where their sound goes on the host.
#include "qemu/command_line_builder.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Audio;
using model::AudioDirection;
using model::Sound;

namespace {

std::string_view audio_driver(Audio::Type type) {
    if (type == Audio::Type::pulseaudio) return "pa";
    if (type == Audio::Type::file) return "wav";
    return to_string(type);
}

template <class T>
void set(json::object& object, const char* name, const std::optional<T>& value) {
    if (value) object[name] = *value;
}
void set(json::object& object, const char* name, const std::string& value) {
    if (!value.empty()) object[name] = value;
}

json::object direction(const AudioDirection& of, Audio::Type type) {
    json::object object;
    set(object, "mixing-engine", of.mixing_engine);
    set(object, "fixed-settings", of.fixed_settings);
    set(object, "voices", of.voices);
    set(object, "buffer-length", of.buffer_length);
    if (of.settings) {
        set(object, "frequency", of.settings->frequency);
        set(object, "channels", of.settings->channels);
        if (of.settings->format) object["format"] = to_string(*of.settings->format);
    }
    using enum Audio::Type;
    if (type == alsa || type == oss) set(object, "dev", of.dev);
    if (type == coreaudio || type == oss || type == sdl) set(object, "buffer-count", of.buffer_count);
    if (type == oss) set(object, "try-poll", of.try_poll);
    if (type == jack) {
        set(object, "server-name", of.server_name);
        set(object, "client-name", of.client_name);
        set(object, "connect-ports", of.connect_ports);
        set(object, "exact-name", of.exact_name);
    }
    if (type == pulseaudio || type == pipewire) {
        set(object, "name", of.name);
        set(object, "stream-name", of.stream_name);
        set(object, "latency", of.latency);
    }
    return object;
}

}  // namespace

void CommandLineBuilder::add_audios() {
    for (const auto& audio : domain_.devices.audios) {
        json::object object;
        object["id"] = fmt::format("audio{}", audio.id);
        object["driver"] = audio_driver(audio.type);
        set(object, "timer-period", audio.timer_period);
        switch (audio.type) {
            case Audio::Type::oss:
                set(object, "try-mmap", audio.try_mmap);
                set(object, "exclusive", audio.exclusive);
                set(object, "dsp-policy", audio.dsp_policy);
                break;
            case Audio::Type::pulseaudio:
                set(object, "server", audio.server_name);
                break;
            case Audio::Type::file:
                set(object, "path", audio.path);
                break;
            case Audio::Type::sdl:
                if (audio.driver) line_.env.push_back("SDL_AUDIODRIVER=" + std::string(to_string(*audio.driver)));
                break;
            case Audio::Type::pipewire:
                if (!audio.runtime_dir.empty()) line_.env.push_back("PIPEWIRE_RUNTIME_DIR=" + audio.runtime_dir);
                break;
            default:
                break;
        }
        if (audio.input)
            if (auto in = direction(*audio.input, audio.type); !in.empty()) object["in"] = std::move(in);
        if (audio.output)
            if (auto out = direction(*audio.output, audio.type); !out.empty()) object["out"] = std::move(out);
        add("-audiodev", object);
    }
}

void CommandLineBuilder::add_codecs(const Sound& sound, const std::string& audio) {
    auto codecs = sound.codecs;
    if (codecs.empty()) codecs.emplace_back();  // duplex
    for (std::size_t i = 0; i < codecs.size(); ++i) {
        model::DeviceInfo info;
        info.alias = fmt::format("{}-codec{}", sound.info.alias, i);
        auto codec = device(fmt::format("hda-{}", to_string(codecs[i].type)), info, describe(sound));
        codec["bus"] = sound.info.alias + ".0";
        codec["cad"] = i;
        if (!audio.empty()) codec["audiodev"] = audio;
        add("-device", codec);
    }
}

void CommandLineBuilder::add_sound(const Sound& sound) {
    using enum Sound::Model;
    const auto owner = describe(sound);
    const auto audio = audio_of(sound.audio);
    std::string driver;
    switch (sound.model) {
        case pcspk:  // part of the machine: an option of -machine says where its sound goes
            return;
        case ich7:
            return problem(Errc::unsupported, owner + " is not possible with QEMU");
        case sb16:
            driver = "sb16";
            break;
        case es1370:
            driver = "ES1370";
            break;
        case ac97:
            driver = "AC97";
            break;
        case ich6:
            driver = "intel-hda";
            break;
        case ich9:
            driver = "ich9-intel-hda";
            break;
        case usb:
            driver = "usb-audio";
            break;
        case Sound::Model::virtio:
            driver = virtio_driver("virtio-sound", sound.info);
            break;
    }
    auto object = device(driver, sound.info, owner);
    if (sound.driver) add_virtio_options(object, sound.driver->virtio);
    if (sound.streams) object["streams"] = *sound.streams;
    if (sound.multichannel) object["multi"] = *sound.multichannel;
    const bool has_codecs = sound.model == ich6 || sound.model == ich9;
    if (!has_codecs && !audio.empty()) object["audiodev"] = audio;
    if (sound.model != sb16 || sound.info.address) add_address(object, sound.info, owner);
    add("-device", object);
    if (has_codecs) add_codecs(sound, audio);
}

void CommandLineBuilder::add_sounds() {
    for (const auto& sound : domain_.devices.sounds) add_sound(sound);
}

}  // namespace vireo::qemu
