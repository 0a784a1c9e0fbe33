// SPDX-License-Identifier: LGPL-2.1-or-later
// EFI's GUIDs, and the names of those that are met in variable stores. Unlike model::Uuid the octets are kept as they
// are in memory, where the first three fields are little-endian (UEFI specification, appendix A).
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vireo::firmware {

struct Guid {
    std::array<std::uint8_t, 16> octets{};

    // 8-4-4-4-12 hexadecimal digits of either case.
    static constexpr std::optional<Guid> parse(std::string_view text) noexcept;
    static consteval Guid of(std::string_view text) { return parse(text).value(); }
    static Guid read(std::string_view bytes, std::size_t at) noexcept;  // 16 bytes from `at` on, which must be there

    std::string_view bytes() const noexcept { return {reinterpret_cast<const char*>(octets.data()), octets.size()}; }
    std::string to_string() const;  // lower case
    auto operator<=>(const Guid&) const = default;
};

// "global", "image-security", "shim" …; empty for one that is not known.
std::string_view well_known_name(const Guid&) noexcept;
// A GUID's text, or a well-known name.
std::optional<Guid> guid_of(std::string_view text_or_name) noexcept;

namespace guids {
inline constexpr std::array<std::uint8_t, 16> octet_order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
}

constexpr std::optional<Guid> Guid::parse(std::string_view text) noexcept {
    if (text.size() != 36) return std::nullopt;
    Guid guid;
    std::size_t digits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') return std::nullopt;
            continue;
        }
        int value = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (value < 0) return std::nullopt;
        auto& octet = guid.octets[guids::octet_order[digits / 2]];
        octet = static_cast<std::uint8_t>(octet << 4 | value);
        ++digits;
    }
    return guid;
}

namespace guids {
inline constexpr Guid global = Guid::of("8be4df61-93ca-11d2-aa0d-00e098032b8c");
inline constexpr Guid image_security = Guid::of("d719b2cb-3d3a-4596-a3bc-dad00e67656f");
inline constexpr Guid secure_boot_enable = Guid::of("f0a30bc7-af08-4556-99c4-001009c93a44");
inline constexpr Guid custom_mode = Guid::of("c076ec0c-7028-4399-a072-71ee5c448b9f");
inline constexpr Guid vendor_keys = Guid::of("9073e4e0-60ec-4b6e-9903-4c223c260f3c");
inline constexpr Guid certificates = Guid::of("d9bee56e-75dc-49d9-b4d7-b534210f637a");
inline constexpr Guid memory_types = Guid::of("4c19049f-4137-4dd3-9c10-8b97a83ffdfa");
inline constexpr Guid shim = Guid::of("605dab50-e046-4300-abb6-3dd810dd8b23");
inline constexpr Guid systemd_loader = Guid::of("4a67b082-0a4c-41cf-b6c7-440b29bb8c4f");
inline constexpr Guid linux_crash = Guid::of("cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0");
inline constexpr Guid linux_random_seed = Guid::of("1ce1e5bc-7ceb-42f2-81e5-8aadf180f57b");
inline constexpr Guid microsoft = Guid::of("77fa9abd-0359-4d32-bd60-28f4e78f784b");
inline constexpr Guid apple = Guid::of("7c436110-ab2a-4bbb-a880-fe41995c9f82");
inline constexpr Guid mtc = Guid::of("eb704011-1402-11d3-8e77-00a0c969723b");
inline constexpr Guid iscsi = Guid::of("59324945-ec44-4c0d-b1cd-9db139df070c");
inline constexpr Guid iscsi_settings = Guid::of("4b47d616-a8d6-4552-9d44-ccad2e0f4cf9");
inline constexpr Guid variable_error = Guid::of("04b37fe8-f6ae-480b-bdd5-37d98c5e89aa");
inline constexpr Guid ovmf_settings = Guid::of("7235c51c-0c80-4cab-87ac-3b084a6304b1");
inline constexpr Guid ip4_settings = Guid::of("5b446ed1-e30b-4faa-871a-3654eca36080");
inline constexpr Guid ip6_settings = Guid::of("937fe521-95ae-4d1a-8929-48bcd90ad31a");
inline constexpr Guid tls_certificates = Guid::of("fd2340d0-3dab-4349-a6c7-3b4f12b48eae");
inline constexpr Guid tls_ciphers = Guid::of("46ddb415-5244-49c7-9374-f0e298e7d386");
inline constexpr Guid tcg2_settings = Guid::of("6339d487-26ba-424b-9a5d-687e25d740bc");
inline constexpr Guid tcg2_requests = Guid::of("aeb9c5c1-94f1-4d02-bfd9-4602db2d3c54");
inline constexpr Guid boot_maintenance = Guid::of("642237c7-35d4-472d-8365-12e0ccf27a22");
}  // namespace guids

}  // namespace vireo::firmware
