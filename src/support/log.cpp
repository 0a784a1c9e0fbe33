// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/log.hpp"

#include <systemd/sd-journal.h>

#include <cstdio>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace vireo::log {
namespace {

Level level = Level::info;

// systemd sets JOURNAL_STREAM to "device:inode" of the standard error it gave; sd_journal_print(3), systemd.exec(5).
bool stderr_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status{};
    if (!stream || ::fstat(STDERR_FILENO, &status)) return false;
    return fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

const char* word(Level l) {
    switch (l) {
        case Level::error:
            return "error";
        case Level::warning:
            return "warning";
        case Level::notice:
            return "notice";
        case Level::info:
            return "info";
        case Level::debug:
            return "debug";
    }
    return "";
}

void to_journal(Level l, std::string_view message, std::initializer_list<Field> fields) {
    std::vector<std::string> lines;
    lines.push_back(fmt::format("MESSAGE={}", message));
    lines.push_back(fmt::format("PRIORITY={}", static_cast<int>(l)));
    lines.push_back("SYSLOG_IDENTIFIER=vireod");
    for (auto& field : fields) lines.push_back(fmt::format("{}={}", field.name, field.value));
    std::vector<iovec> parts;
    for (auto& line : lines) parts.push_back({line.data(), line.size()});
    ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

void to_stderr(Level l, std::string_view message, std::initializer_list<Field> fields) {
    auto line = fmt::format("vireod: {}: {}", word(l), message);
    for (auto& field : fields) line += fmt::format(" {}={}", field.name, field.value);
    line += '\n';
    (void)!::write(STDERR_FILENO, line.data(), line.size());  // one write: lines of several threads stay whole
}

}  // namespace

void set_level(Level l) noexcept {
    level = l;
}
bool enabled(Level l) noexcept {
    return l <= level;
}

void write(Level l, std::string_view message, std::initializer_list<Field> fields) {
    if (!enabled(l)) return;
    static const bool journal = stderr_is_journal();
    if (journal)
        to_journal(l, message, fields);
    else
        to_stderr(l, message, fields);
}

}  // namespace vireo::log
