// SPDX-License-Identifier: LGPL-2.1-or-later
// EFI_LOAD_OPTION, the content of Boot####, Driver#### and the like (UEFI specification, 3.1.3), and the names of these
// variables.
#pragma once
#include "support/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vireo::firmware {

struct LoadOption {
    static constexpr std::uint32_t active = 0x1, force_reconnect = 0x2, hidden = 0x8, category = 0x1f00, app = 0x100;
    std::uint32_t attributes = active;
    std::string description;  // UTF-8
    std::string paths;        // device paths, one after the other; see device_path_texts()
    std::string optional_data;
};
Result<LoadOption> read_load_option(std::string_view bytes);
Result<std::string> write_load_option(const LoadOption& option);  // errors: invalid_argument, limit_exceeded

// "Boot0007" → 7 for the prefix "Boot". Four hexadecimal digits, upper case as the firmware writes them.
std::optional<std::uint16_t> option_number(std::string_view name, std::string_view prefix) noexcept;
std::string option_name(std::string_view prefix, std::uint16_t number);

}  // namespace vireo::firmware
