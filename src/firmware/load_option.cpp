// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/load_option.hpp"

#include "firmware/varstore_bytes.hpp"

#include <fmt/format.h>

namespace vireo::firmware {
namespace {

constexpr std::size_t fixed_part = 6;

// The offset behind the terminating zero of UCS-2 text; 0 when there is none.
std::size_t end_of_text(std::string_view bytes, std::size_t at) {
    for (; at + 2 <= bytes.size(); at += 2)
        if (load<std::uint16_t>(bytes, at) == 0) return at + 2;
    return 0;
}

}  // namespace

Result<LoadOption> read_load_option(std::string_view bytes) {
    if (bytes.size() < fixed_part) return fail(Errc::invalid_config, "it is too short for a load option");
    auto paths = end_of_text(bytes, fixed_part);
    if (paths == 0) return fail(Errc::invalid_config, "the description of the load option does not end");
    std::size_t length = load<std::uint16_t>(bytes, 4);
    if (!within(paths, length, bytes.size()))
        return fail(Errc::invalid_config, "the device path of the load option is cut short");
    LoadOption option;
    option.attributes = load<std::uint32_t>(bytes, 0);
    option.description = text_from_ucs2(bytes.substr(fixed_part, paths - fixed_part));
    option.paths = bytes.substr(paths, length);
    option.optional_data = bytes.substr(paths + length);
    return option;
}

Result<std::string> write_load_option(const LoadOption& option) {
    auto description = text_to_ucs2(option.description);
    if (!description) return fail(Errc::invalid_argument, "the description of a boot entry is not UTF-8");
    if (option.paths.empty()) return fail(Errc::invalid_argument, "a boot entry must have a device path");
    if (option.paths.size() > 0xffff) return fail(Errc::limit_exceeded, "the device path of a boot entry is too long");
    std::string bytes;
    append(bytes, option.attributes);
    append(bytes, static_cast<std::uint16_t>(option.paths.size()));
    return bytes.append(*description).append(2, '\0').append(option.paths).append(option.optional_data);
}

std::optional<std::uint16_t> option_number(std::string_view name, std::string_view prefix) noexcept {
    if (!name.starts_with(prefix) || name.size() != prefix.size() + 4) return std::nullopt;
    std::uint16_t number = 0;
    for (char c : name.substr(prefix.size())) {
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'F')) return std::nullopt;
        number = static_cast<std::uint16_t>(number << 4 | (c <= '9' ? c - '0' : c - 'A' + 10));
    }
    return number;
}

std::string option_name(std::string_view prefix, std::uint16_t number) {
    return fmt::format("{}{:04X}", prefix, number);
}

}  // namespace vireo::firmware
