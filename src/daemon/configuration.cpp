// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/configuration.hpp"

#include "support/file.hpp"

#include <charconv>
#include <cstdlib>
#include <unistd.h>

namespace vireo::daemon {
namespace {

std::string trimmed(std::string_view text) {
    auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

Result<bool> as_bool(const std::string& key, const std::string& value) {
    if (value == "yes" || value == "true" || value == "on") return true;
    if (value == "no" || value == "false" || value == "off") return false;
    return fail(Errc::invalid_argument, key, " must be yes or no, not '", value, "'");
}

Result<unsigned> as_number(const std::string& key, const std::string& value, unsigned most, const char* meaning) {
    unsigned number = 0;
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc() && end == value.data() + value.size() && number <= most) return number;
    return fail(Errc::invalid_argument, key, " must be ", meaning, ", at most ", std::to_string(most), ", not '", value,
                "'");
}

Result<log::Level> as_level(const std::string& value) {
    if (value == "error") return log::Level::error;
    if (value == "warning") return log::Level::warning;
    if (value == "info") return log::Level::info;
    if (value == "debug") return log::Level::debug;
    return fail(Errc::invalid_argument, "log-level must be error, warning, info or debug, not '", value, "'");
}

Result<> set(Configuration& c, const std::string& key, const std::string& value) {
    auto boolean = [&](bool& target) -> Result<> {
        auto parsed = as_bool(key, value);
        if (!parsed) return Failure(parsed.error());
        target = *parsed;
        return {};
    };
    auto number = [&](std::optional<unsigned>& target, unsigned most, const char* meaning) -> Result<> {
        auto parsed = as_number(key, value, most, meaning);
        if (!parsed) return Failure(parsed.error());
        target = *parsed;
        return {};
    };
    if (key == "socket")
        c.socket = value;
    else if (key == "qemu-user")
        c.qemu_user = value;
    else if (key == "cgroup-parent")
        c.cgroup_parent = value;
    else if (key == "cgroups")
        return boolean(c.cgroups);
    else if (key == "bus")
        return boolean(c.bus);
    else if (key == "autostart")
        return boolean(c.autostart);
    else if (key == "trash-retention-days")
        return number(c.trash_retention_days, 36500, "a number of days, 0 for ever");
    else if (key == "nvram-compact-above")
        return number(c.compact_nvram_above, 100, "a percentage");
    else if (key == "firmware-folder")
        c.firmware_folders.emplace_back(value);
    else if (key == "log-level") {
        auto level = as_level(value);
        if (!level) return Failure(level.error());
        c.log_level = *level;
    } else
        return fail(Errc::invalid_argument, "there is no setting '", key, "'");
    return {};
}

Result<> read_settings(Configuration& c, const std::filesystem::path& file) {
    auto content = read_file(file, 1u << 20);
    if (!content) return Failure(content.error());
    std::size_t number = 0;
    std::string_view rest = *content;
    while (!rest.empty()) {
        auto end = rest.find('\n');
        auto line = trimmed(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        ++number;
        if (line.empty() || line[0] == '#') continue;
        auto equals = line.find('=');
        auto where = file.string() + ", line " + std::to_string(number);
        if (equals == std::string::npos) return fail(Errc::invalid_argument, where, ": expected key = value");
        if (auto done = set(c, trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1))); !done)
            return Failure(done.error().wrap(where));
    }
    return {};
}

std::filesystem::path usual_file(Scope scope) {
    if (scope == Scope::system) return "/etc/vireo/vireod.conf";
    if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && *config == '/')
        return std::filesystem::path(config) / "vireo/vireod.conf";
    if (const char* home = std::getenv("HOME")) return std::filesystem::path(home) / ".config/vireo/vireod.conf";
    return {};
}

}  // namespace

std::string usage() {
    return "usage: vireod [--system | --session] [OPTION]...\n"
           "Runs virtual machines and offers them over D-Bus and JSON-RPC.\n\n"
           "  --system              serve the whole machine (the default for root)\n"
           "  --session             serve one user (the default for everybody else)\n"
           "  --config FILE         read these settings instead of the usual file\n"
           "  --socket PATH         listen for JSON-RPC here\n"
           "  --set KEY=VALUE       any setting of the configuration file; see vireod(8)\n"
           "  --no-bus              do not offer the API on D-Bus\n"
           "  --log-level LEVEL     error, warning, info or debug\n"
           "  --help, --version\n";
}

Result<Configuration> configure(std::span<const std::string> arguments) {
    Configuration c;
    c.scope = ::geteuid() == 0 ? Scope::system : Scope::session;
    std::vector<std::pair<std::string, std::string>> later;  // the command line wins over the file
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        std::string name = arguments[i], value;
        bool has_value = false;
        if (auto equals = name.find('='); name.starts_with("--") && equals != std::string::npos) {
            value = name.substr(equals + 1);
            name.resize(equals);
            has_value = true;
        }
        auto need_value = [&]() -> Result<> {
            if (has_value) return {};
            if (i + 1 >= arguments.size()) return fail(Errc::invalid_argument, name, " needs a value");
            value = arguments[++i];
            return {};
        };
        if (name == "--system")
            c.scope = Scope::system;
        else if (name == "--session")
            c.scope = Scope::session;
        else if (name == "--help" || name == "-h")
            c.show_help = true;
        else if (name == "--version")
            c.show_version = true;
        else if (name == "--no-bus")
            later.emplace_back("bus", "no");
        else if (name == "--config" || name == "--socket" || name == "--log-level" || name == "--set") {
            if (auto got = need_value(); !got) return Failure(got.error());
            if (name == "--config")
                c.configuration_file = value;
            else if (name == "--set") {
                auto equals = value.find('=');
                if (equals == std::string::npos)
                    return fail(Errc::invalid_argument, "--set needs KEY=VALUE, not '", value, "'");
                later.emplace_back(trimmed(value.substr(0, equals)), trimmed(value.substr(equals + 1)));
            } else
                later.emplace_back(name.substr(2), value);
        } else
            return fail(Errc::invalid_argument, "there is no option '", arguments[i], "'; see vireod --help");
    }
    bool named = !c.configuration_file.empty();
    if (!named) c.configuration_file = usual_file(c.scope);
    if (!c.configuration_file.empty()) {
        auto read = read_settings(c, c.configuration_file);
        bool absent = !read && read.error().code() == Errc::not_found && !named;
        if (!read && !absent) return Failure(read.error());
    }
    for (auto& [key, value] : later)
        if (auto done = set(c, key, value); !done) return Failure(done.error());
    return c;
}

}  // namespace vireo::daemon
