// SPDX-License-Identifier: LGPL-2.1-or-later
#include "state/document.hpp"

#include <charconv>
#include <fmt/format.h>

namespace vireo::state {
namespace {

constexpr std::string_view mark = "vireo definition, version ";
constexpr std::size_t header_reach = 1024;  // the mark is in this many first bytes

}  // namespace

bool is_uuid(std::string_view text) noexcept {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

std::string with_header(std::string_view xml) {
    std::string_view declaration;
    if (xml.starts_with("<?xml")) {
        auto end = xml.find("?>");
        if (end != std::string_view::npos) {
            declaration = xml.substr(0, end + 2);
            xml.remove_prefix(end + 2);
            if (xml.starts_with('\n')) xml.remove_prefix(1);
        }
    }
    return fmt::format(
        "{}{}<!-- {}{}\n"
        "     vireod wrote this file, and overwrites what is changed in it by hand. To change the definition:\n"
        "     vireo edit NAME\n"
        "-->\n{}{}",
        declaration, declaration.empty() ? "" : "\n", mark, definition_version, xml, xml.ends_with('\n') ? "" : "\n");
}

std::optional<int> header_version(std::string_view document) noexcept {
    auto start = document.substr(0, header_reach);
    auto comment = start.find("<!--");
    if (comment == std::string_view::npos) return std::nullopt;
    auto at = start.find(mark, comment);
    if (at == std::string_view::npos ||
        start.substr(comment + 4, at - comment - 4).find_first_not_of(" \t\r\n") != std::string_view::npos)
        return std::nullopt;
    auto digits = start.substr(at + mark.size());
    int version = 0;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
    if (error != std::errc() || version < 1) return std::nullopt;
    return version;
}

}  // namespace vireo::state
