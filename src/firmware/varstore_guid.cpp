// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore_guid.hpp"

#include <algorithm>
#include <cstring>

namespace vireo::firmware {
namespace {

struct Named {
    Guid guid;
    std::string_view name;
};
constexpr std::array names{
    Named{guids::global, "global"},
    Named{guids::image_security, "image-security"},
    Named{guids::secure_boot_enable, "secure-boot-enable"},
    Named{guids::custom_mode, "custom-mode"},
    Named{guids::vendor_keys, "vendor-keys"},
    Named{guids::certificates, "certificate-owners"},
    Named{guids::memory_types, "memory-types"},
    Named{guids::shim, "shim"},
    Named{guids::systemd_loader, "systemd"},
    Named{guids::linux_crash, "linux-crash"},
    Named{guids::linux_random_seed, "linux-random-seed"},
    Named{guids::microsoft, "microsoft"},
    Named{guids::apple, "apple"},
    Named{guids::mtc, "monotonic-counter"},
    Named{guids::iscsi, "iscsi"},
    Named{guids::iscsi_settings, "iscsi-settings"},
    Named{guids::variable_error, "variable-error"},
    Named{guids::ovmf_settings, "ovmf-settings"},
    Named{guids::ip4_settings, "ip4-settings"},
    Named{guids::ip6_settings, "ip6-settings"},
    Named{guids::tls_certificates, "tls-certificates"},
    Named{guids::tls_ciphers, "tls-ciphers"},
    Named{guids::tcg2_settings, "tpm-settings"},
    Named{guids::tcg2_requests, "tpm-requests"},
    Named{guids::boot_maintenance, "boot-maintenance"},
};

}  // namespace

Guid Guid::read(std::string_view bytes, std::size_t at) noexcept {
    Guid guid;
    std::memcpy(guid.octets.data(), bytes.data() + at, guid.octets.size());
    return guid;
}

std::string Guid::to_string() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < octets.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        auto octet = octets[guids::octet_order[i]];
        text += digits[octet >> 4];
        text += digits[octet & 15];
    }
    return text;
}

std::string_view well_known_name(const Guid& guid) noexcept {
    auto found = std::ranges::find(names, guid, &Named::guid);
    return found == names.end() ? std::string_view{} : found->name;
}

std::optional<Guid> guid_of(std::string_view text_or_name) noexcept {
    if (auto guid = Guid::parse(text_or_name)) return guid;
    auto found = std::ranges::find(names, text_or_name, &Named::name);
    if (found == names.end()) return std::nullopt;
    return found->guid;
}

}  // namespace vireo::firmware
