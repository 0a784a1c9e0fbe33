// SPDX-License-Identifier: LGPL-2.1-or-later
// What keeps the guest and the host apart: labels of the host's security modules, encryption of the guest's memory,
// wrapped keys, mapped user ids.
#pragma once
#include "model/kept.hpp"
#include "model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace vireo::model {

struct SecurityLabel {  // <seclabel> of the domain, one for each module
    enum class Type { none, dynamic, fixed };
    std::optional<Type> type;     // dynamic when absent
    std::string model;            // "selinux", "apparmor", "dac", "none"; the host's first when absent
    std::optional<bool> relabel;  // are the guest's files labelled?
    std::string label;            // of the process; fixed: needed; dynamic: of a running domain
    std::string image_label;      // of its files; of a running domain
    std::string base_label;       // dynamic: what the label is made from
    Kept kept;
    bool operator==(const SecurityLabel&) const = default;
};
template <>
inline constexpr auto names<SecurityLabel::Type> = words("none", "dynamic", "static");

// ── <launchSecurity> ──
struct SevLaunch {  // AMD SEV and SEV-ES
    std::optional<bool> kernel_hashes;
    std::optional<std::uint32_t> cbitpos;            // the host's when absent
    std::optional<std::uint32_t> reduced_phys_bits;  // the host's when absent
    std::uint32_t policy = 0;                        // the SEV API's guest policy; bit 2: SEV-ES
    std::string dh_cert;                             // base64
    std::string session;                             // base64
    Kept kept;
    bool operator==(const SevLaunch&) const = default;
};

struct SevSnpLaunch {
    std::optional<bool> kernel_hashes, author_key, vcek;
    std::optional<std::uint32_t> cbitpos;
    std::optional<std::uint32_t> reduced_phys_bits;
    std::uint64_t policy = 0;
    std::string guest_visible_workarounds;  // base64, 16 bytes
    std::string id_block;                   // base64, 96 bytes
    std::string id_auth;                    // base64, 4096 bytes
    std::string host_data;                  // base64, 32 bytes
    Kept kept;
    bool operator==(const SevSnpLaunch&) const = default;
};

struct S390PvLaunch {  // IBM Secure Execution
    Kept kept;
    bool operator==(const S390PvLaunch&) const = default;
};

struct TdxQuoteService {
    std::string path;  // a unix socket; the service's usual one when absent
    Kept kept;
    bool operator==(const TdxQuoteService&) const = default;
};

struct TdxLaunch {                                        // Intel TDX
    std::optional<std::uint64_t> policy;                  // the TD's attributes
    std::string mr_config_id, mr_owner, mr_owner_config;  // base64 of SHA-384
    std::optional<TdxQuoteService> quote_service;         // signs the TD's reports
    Kept kept;
    bool operator==(const TdxLaunch&) const = default;
};

using LaunchSecurity = std::variant<SevLaunch, SevSnpLaunch, S390PvLaunch, TdxLaunch>;

// ── <keywrap>: s390x, which keys of the guest are wrapped by the host's ──
struct KeyWrapCipher {
    enum class Name { aes, dea };
    Name name = Name::aes;
    bool on = true;
    Kept kept;
    bool operator==(const KeyWrapCipher&) const = default;
};
template <>
inline constexpr auto names<KeyWrapCipher::Name> = words("aes", "dea");

// ── <idmap>: user ids inside, seen from outside ──
struct IdMapEntry {
    std::uint32_t start = 0, target = 0, count = 1;
    Kept kept;
    bool operator==(const IdMapEntry&) const = default;
};

struct IdMap {
    std::vector<IdMapEntry> users, groups;
    Kept kept;
    bool operator==(const IdMap&) const = default;
};

}  // namespace vireo::model
