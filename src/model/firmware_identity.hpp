// SPDX-License-Identifier: LGPL-2.1-or-later
// Which firmware was chosen for a guest: the files and what they held. It is part of the definition, as an element of
// our own among its <metadata>, where libvirt's schema and tools let it pass:
//
//   <vireo:firmware xmlns:vireo='urn:vireo:domain:1' policy='pin' descriptor='/usr/share/qemu/firmware/60-….json'>
//     <vireo:code file='/usr/share/OVMF/OVMF_CODE_4M.fd' size='3653632' sha256='…'/>
//     <vireo:template file='/usr/share/OVMF/OVMF_VARS_4M.fd' size='540672' sha256='…'/>
//     <vireo:feature name='verbose-dynamic'/>
//   </vireo:firmware>
//
// A user may write it with a policy alone; the rest is filled in when the domain is defined.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

// What a start does when a recorded file has changed or is gone.
enum class FirmwarePolicy {
    follow,  // an update with the same features and sizes is used, and recorded; another is refused until accepted
    pin,     // the code that booted last is used, from a copy that was kept of it
    ask      // any change is refused until somebody accepts it
};
template <>
inline constexpr auto names<FirmwarePolicy> = words("follow", "pin", "ask");

struct FirmwareRecord {
    std::string file;        // absolute
    std::uint64_t size = 0;  // bytes of the file
    std::string sha256;      // of them, 64 lower-case hexadecimal digits
    bool operator==(const FirmwareRecord&) const = default;
};

struct FirmwareIdentity {
    std::optional<FirmwarePolicy> policy;          // follow when absent
    std::string descriptor;                        // its path; empty when none describes this code
    std::vector<std::string> features;             // the descriptor's, in order of the alphabet
    std::optional<FirmwareRecord> code;            // absent only in what a user wrote
    std::optional<FirmwareRecord> store_template;  // absent: there is none
    bool operator==(const FirmwareIdentity&) const = default;

    FirmwarePolicy effective_policy() const noexcept { return policy.value_or(FirmwarePolicy::follow); }
    bool recorded() const noexcept { return code.has_value(); }
};

// Nothing when the definition has none; an error (invalid_config) when it is malformed or there are two.
Result<std::optional<FirmwareIdentity>> firmware_identity_of(const Domain& domain);

// Replaces it, or adds it behind the other metadata. An empty one (no policy, no code) removes it.
void set_firmware_identity(Domain& domain, const FirmwareIdentity& identity);

}  // namespace vireo::model
