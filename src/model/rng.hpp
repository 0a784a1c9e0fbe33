// SPDX-License-Identifier: LGPL-2.1-or-later
// Random numbers and cryptography.
#pragma once
#include "model/character.hpp"
#include "model/virtio.hpp"

#include <variant>

namespace vireo::model {

struct RngRate {
    std::uint32_t bytes = 0;              // per period
    std::optional<std::uint32_t> period;  // milliseconds; 1000 when absent
    Kept kept;
    bool operator==(const RngRate&) const = default;
};

struct RngRandom {     // model random: a file of the host's
    std::string path;  // /dev/urandom when empty
    Kept kept;
    bool operator==(const RngRandom&) const = default;
};
struct RngEgd {  // model egd: a daemon that gives them
    CharBackend backend;
    Kept kept;
    bool operator==(const RngEgd&) const = default;
};
struct RngBuiltin {  // model builtin: the hypervisor's own
    Kept kept;
    bool operator==(const RngBuiltin&) const = default;
};
using RngBackend = std::variant<RngRandom, RngEgd, RngBuiltin>;

struct Rng {
    using Model = VirtioModel;
    Model model = Model::virtio;
    std::optional<RngRate> rate;
    RngBackend backend;
    std::optional<VirtioDriver> driver;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Rng&) const = default;
};

struct CryptoBackend {
    enum class Model { builtin, lkcf };
    Model model = Model::builtin;
    std::optional<std::uint32_t> queues;
    Kept kept;
    bool operator==(const CryptoBackend&) const = default;
};
template <>
inline constexpr auto names<CryptoBackend::Model> = words("builtin", "lkcf");

struct Crypto {
    enum class Model { virtio };
    enum class Type { qemu };
    Model model = Model::virtio;
    Type type = Type::qemu;
    CryptoBackend backend;
    std::optional<VirtioDriver> driver;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Crypto&) const = default;
};
template <>
inline constexpr auto names<Crypto::Model> = words("virtio");
template <>
inline constexpr auto names<Crypto::Type> = words("qemu");

}  // namespace vireo::model
