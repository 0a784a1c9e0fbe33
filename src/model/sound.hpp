// SPDX-License-Identifier: LGPL-2.1-or-later
// Sound cards, and where their sound goes on the host.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct SoundCodec {
    enum class Type { duplex, micro, output };
    Type type = Type::duplex;
    Kept kept;
    bool operator==(const SoundCodec&) const = default;
};
template <>
inline constexpr auto names<SoundCodec::Type> = words("duplex", "micro", "output");

struct Sound {
    enum class Model { sb16, es1370, pcspk, ac97, ich6, ich9, usb, ich7, virtio };
    Model model = Model::ich6;
    std::optional<bool> multichannel;      // usb
    std::optional<std::uint32_t> streams;  // virtio
    std::vector<SoundCodec> codecs;        // ich6, ich9; duplex when none
    std::optional<std::uint32_t> audio;    // the id of an <audio>; the first when absent
    std::optional<VirtioDriver> driver;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Sound&) const = default;
};
template <>
inline constexpr auto names<Sound::Model> =
    words("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "ich7", "virtio");

struct AudioSettings {
    enum class Format { s8, u8, s16, u16, s32, u32, f32 };
    std::optional<std::uint32_t> frequency;  // Hz
    std::optional<std::uint32_t> channels;
    std::optional<Format> format;
    Kept kept;
    bool operator==(const AudioSettings&) const = default;
};
template <>
inline constexpr auto names<AudioSettings::Format> = words("s8", "u8", "s16", "u16", "s32", "u32", "f32");

struct AudioDirection {  // <input> or <output>; what follows buffer_length is up to the type
    std::optional<bool> mixing_engine;
    std::optional<bool> fixed_settings;
    std::optional<std::uint32_t> voices;
    std::optional<std::uint32_t> buffer_length;           // microseconds
    std::string dev;                                      // alsa, oss
    std::optional<std::uint32_t> buffer_count;            // coreaudio, oss, sdl
    std::optional<bool> try_poll;                         // oss
    std::string server_name, client_name, connect_ports;  // jack
    std::optional<bool> exact_name;                       // jack
    std::string name, stream_name;                        // pulseaudio, pipewire
    std::optional<std::uint32_t> latency;                 // the same; microseconds
    std::optional<AudioSettings> settings;
    Kept kept;
    bool operator==(const AudioDirection&) const = default;
};

struct Audio {
    enum class Type { none, alsa, coreaudio, jack, oss, pulseaudio, sdl, spice, file, dbus, pipewire };
    enum class SdlDriver { esd, alsa, arts, pulseaudio };
    Type type = Type::none;
    std::uint32_t id = 1;                       // 1 …
    std::optional<std::uint32_t> timer_period;  // microseconds
    std::optional<bool> try_mmap;               // oss
    std::optional<bool> exclusive;              // oss
    std::optional<std::int32_t> dsp_policy;     // oss: -1 … 10
    std::string server_name;                    // pulseaudio
    std::string runtime_dir;                    // pipewire: path
    std::optional<SdlDriver> driver;            // sdl
    std::string path;                           // file
    std::optional<AudioDirection> input;
    std::optional<AudioDirection> output;
    Kept kept;
    bool operator==(const Audio&) const = default;
};
template <>
inline constexpr auto names<Audio::Type> =
    words("none", "alsa", "coreaudio", "jack", "oss", "pulseaudio", "sdl", "spice", "file", "dbus", "pipewire");
template <>
inline constexpr auto names<Audio::SdlDriver> = words("esd", "alsa", "arts", "pulseaudio");

}  // namespace vireo::model
