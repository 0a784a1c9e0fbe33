// SPDX-License-Identifier: LGPL-2.1-or-later
// Trusted platform modules.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace vireo::model {

struct PcrBanks {  // emulator, 2.0: those that are active
    bool sha1 = false, sha256 = false, sha384 = false, sha512 = false;
    Kept kept;
    bool operator==(const PcrBanks&) const = default;
};

struct TpmSource {
    enum class Type { file, dir, unix_ };
    enum class Mode { connect };
    Type type = Type::file;  // emulator: where its state is, file or dir; external: unix
    std::string path;
    std::optional<Mode> mode;  // unix
    Kept kept;
    bool operator==(const TpmSource&) const = default;
};
template <>
inline constexpr auto names<TpmSource::Type> = words("file", "dir", "unix");
template <>
inline constexpr auto names<TpmSource::Mode> = words("connect");

struct TpmProfile {  // emulator: which algorithms there are
    enum class Removal { check, fips_host };
    std::string source;  // "local:restricted"
    std::string name;
    std::optional<Removal> remove_disabled;
    Kept kept;
    bool operator==(const TpmProfile&) const = default;
};
template <>
inline constexpr auto names<TpmProfile::Removal> = words("check", "fips-host");

struct TpmBackend {
    enum class Type { passthrough, emulator, external };
    enum class Version { v1_2, v2_0 };
    Type type = Type::passthrough;
    std::optional<Version> version;        // emulator; by the model when absent
    std::optional<bool> persistent_state;  // emulator: kept when a transient domain goes
    std::optional<std::uint32_t> debug;    // emulator: how much it logs
    std::string device;                    // passthrough: path; /dev/tpm0 when empty
    std::optional<TpmSource> source;
    std::optional<Uuid> encryption;  // emulator: the secret that its state is encrypted with
    std::optional<TpmProfile> profile;
    std::optional<PcrBanks> active_pcr_banks;
    Kept kept;
    bool operator==(const TpmBackend&) const = default;
};
template <>
inline constexpr auto names<TpmBackend::Type> = words("passthrough", "emulator", "external");
template <>
inline constexpr auto names<TpmBackend::Version> = words("1.2", "2.0");

struct Tpm {
    enum class Model { tis, crb, spapr, spapr_proxy };
    std::optional<Model> model;  // by the machine when absent
    TpmBackend backend;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Tpm&) const = default;
};
template <>
inline constexpr auto names<Tpm::Model> = words("tpm-tis", "tpm-crb", "tpm-spapr", "spapr-tpm-proxy");

}  // namespace vireo::model
