// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/sysfs.hpp"

#include "support/file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>

namespace vireo::host {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t longest_file = 1u << 20;

}  // namespace

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(blanks);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string read_text(const fs::path& file) {
    auto text = read_file(file, longest_file);
    return text ? std::string(trim(*text)) : std::string();
}

std::optional<std::uint64_t> read_number(std::string_view text, int base) {
    text = trim(text);
    if (base == 16 && text.starts_with("0x")) text.remove_prefix(2);
    std::uint64_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    return value;
}

std::string link_name(const fs::path& link) {
    std::error_code error;
    return fs::read_symlink(link, error).filename().string();
}

std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
        names.push_back(at->path().filename().string());
    std::ranges::sort(names);
    return names;
}

Result<> write_attribute(const fs::path& file, std::string_view value) {
    auto fd = open_file(file, O_WRONLY);
    if (!fd) return Failure(fd.error());
    ssize_t written = -1;
    do written = ::write(fd->get(), value.data(), value.size());
    while (written < 0 && errno == EINTR);
    if (written < 0) return Failure(system_error(errno, "cannot write to " + file.string()));
    return {};
}

}  // namespace vireo::host
