// SPDX-License-Identifier: LGPL-2.1-or-later
// The logger, the program's one global. Lines go to the journal (with fields, so that journalctl
// VIREO_DOMAIN_UUID=… finds a guest's) when standard error is connected to it, else to standard error as text.
// Log once, where a thing is handled.
#pragma once
#include <fmt/core.h>
#include <initializer_list>
#include <string>
#include <string_view>

namespace vireo::log {

enum class Level { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };  // syslog(3)'s numbers
struct Field {
    const char* name;  // journal field, upper case: VIREO_DOMAIN, VIREO_DOMAIN_UUID, VIREO_JOB …
    std::string_view value;
};

void set_level(Level level) noexcept;  // default: info
bool enabled(Level level) noexcept;
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

template <class... A>
void error(fmt::format_string<A...> text, A&&... args) {
    write(Level::error, fmt::format(text, std::forward<A>(args)...));
}
template <class... A>
void warning(fmt::format_string<A...> text, A&&... args) {
    write(Level::warning, fmt::format(text, std::forward<A>(args)...));
}
template <class... A>
void info(fmt::format_string<A...> text, A&&... args) {
    if (enabled(Level::info)) write(Level::info, fmt::format(text, std::forward<A>(args)...));
}
template <class... A>
void debug(fmt::format_string<A...> text, A&&... args) {
    if (enabled(Level::debug)) write(Level::debug, fmt::format(text, std::forward<A>(args)...));
}

}  // namespace vireo::log
