// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/process_text.hpp"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace vireo::qemu {
namespace {

constexpr std::size_t most_lines = 5;
constexpr std::size_t most_bytes = 1024;
constexpr long most_of_a_log = 16384;

// The length of the UTF-8 sequence at the beginning of the text; 0 when it is none. RFC 3629, section 4.
std::size_t utf8_length(std::string_view text) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 0;
    bool bad = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xed && byte(1) > 0x9f) ||
               (byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) > 0x8f);
    return bad ? 0 : length;
}

std::string printable(std::string_view line) {
    std::string out;
    while (!line.empty()) {
        auto byte = static_cast<unsigned char>(line.front());
        auto length = byte >= 0x20 && byte < 0x7f ? 1 : byte >= 0x80 ? utf8_length(line) : 0;
        out += length ? line.substr(0, length) : "?";
        line.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

}  // namespace

std::string last_words(std::string_view written) {
    std::vector<std::string_view> lines, warnings;
    while (!written.empty()) {
        auto end = written.find('\n');
        auto line = written.substr(0, end);
        written.remove_prefix(end == written.npos ? written.size() : end + 1);
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
        if (line.empty()) continue;
        (line.find("warning: ") != line.npos ? warnings : lines).push_back(line);
    }
    if (lines.empty()) lines = std::move(warnings);
    if (lines.size() > most_lines) lines.erase(lines.begin(), lines.end() - most_lines);
    std::string text;
    for (auto line : lines) {
        if (text.size() >= most_bytes) break;
        if (!text.empty()) text += "; ";
        text += printable(line.substr(0, most_bytes - std::min(most_bytes, text.size())));
    }
    return text;
}

std::string last_words_of(int log_fd, long from) {
    struct stat status{};
    if (log_fd < 0 || ::fstat(log_fd, &status) || !S_ISREG(status.st_mode)) return {};
    from = std::max({from, 0L, static_cast<long>(status.st_size) - most_of_a_log});
    std::string text(static_cast<std::size_t>(most_of_a_log), '\0');
    auto n = ::pread(log_fd, text.data(), text.size(), from);
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return last_words(text);
}

}  // namespace vireo::qemu
