// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/seed.hpp"

#include "support/file.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <unistd.h>

namespace vireo::cli {
namespace {

constexpr std::size_t longest_file = 1u << 20;

struct Wishes {
    std::string user, ssh_key, password, hostname;
    std::string user_data, meta_data, network_config;
};

std::string yaml_text(std::string_view text) {  // a JSON string is a YAML one
    return boost::json::serialize(boost::json::string(text));
}

std::string without_newline(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
}

std::string from_home(std::string_view path) {
    auto* home = std::getenv("HOME");
    if (!path.starts_with("~/") || !home) return std::string(path);
    return home + std::string(path.substr(1));
}

Result<> set_wish(Wishes& wishes, std::string_view key, std::string_view value) {
    if (key == "user") return wishes.user = value, Result<>();
    if (key == "hostname") return wishes.hostname = value, Result<>();
    std::string* target = key == "ssh-key"          ? &wishes.ssh_key
                          : key == "password-file"  ? &wishes.password
                          : key == "user-data"      ? &wishes.user_data
                          : key == "meta-data"      ? &wishes.meta_data
                          : key == "network-config" ? &wishes.network_config
                                                    : nullptr;
    if (!target)
        return Failure(Error(Errc::invalid_argument, "--cloud-init has no '" + std::string(key.substr(0, 100)) + "'")
                           .with_hint("user, ssh-key, password-file, hostname, user-data, meta-data and "
                                      "network-config are known"));
    auto content = read_file(from_home(value), longest_file);
    if (!content) return Failure(content.error().wrap("--cloud-init " + std::string(key)));
    *target = std::move(*content);
    return {};
}

std::string user_data_of(const Wishes& wishes) {
    if (!wishes.user_data.empty()) return wishes.user_data;
    std::string text = "#cloud-config\n";
    const auto key = without_newline(wishes.ssh_key), password = without_newline(wishes.password);
    if (!wishes.user.empty()) {
        text += fmt::format("users:\n  - name: {}\n    sudo: \"ALL=(ALL) NOPASSWD:ALL\"\n    shell: /bin/bash\n",
                            yaml_text(wishes.user));
        if (!password.empty())
            text += fmt::format("    lock_passwd: false\n    plain_text_passwd: {}\n", yaml_text(password));
        if (!key.empty()) text += fmt::format("    ssh_authorized_keys:\n      - {}\n", yaml_text(key));
        return text;
    }
    if (!key.empty()) text += fmt::format("ssh_authorized_keys:\n  - {}\n", yaml_text(key));
    if (!password.empty()) text += fmt::format("password: {}\nchpasswd:\n  expire: false\n", yaml_text(password));
    return text;
}

// ── the image ──
struct Close {
    void operator()(archive* writer) const { ::archive_write_free(writer); }
    void operator()(archive_entry* entry) const { ::archive_entry_free(entry); }
};

Failure failed(archive* writer, const std::filesystem::path& path) {
    auto* why = ::archive_error_string(writer);
    return fail(Errc::system_failed, "cannot write the seed image ", path.string(), ": ", why ? why : "unknown");
}

bool add_file(archive* writer, const char* name, std::string_view content) {
    std::unique_ptr<archive_entry, Close> entry(::archive_entry_new());
    ::archive_entry_set_pathname(entry.get(), name);
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), 0444);
    return ::archive_write_header(writer, entry.get()) == ARCHIVE_OK &&
           ::archive_write_data(writer, content.data(), content.size()) == static_cast<la_ssize_t>(content.size());
}

bool fill(archive* writer, int fd, const Seed& seed) {
    return ::archive_write_set_format_iso9660(writer) == ARCHIVE_OK &&
           ::archive_write_set_options(writer, "iso9660:volume-id=cidata,iso9660:joliet,iso9660:rockridge=useful") ==
               ARCHIVE_OK &&
           ::archive_write_open_fd(writer, fd) == ARCHIVE_OK && add_file(writer, "user-data", seed.user_data) &&
           add_file(writer, "meta-data", seed.meta_data) &&
           (seed.network_config.empty() || add_file(writer, "network-config", seed.network_config)) &&
           ::archive_write_close(writer) == ARCHIVE_OK;
}

}  // namespace

Result<Seed> parse_seed(std::string_view text, std::string_view name, std::string_view instance) {
    Wishes wishes;
    while (!text.empty()) {
        auto part = text.substr(0, text.find(','));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        auto equals = part.find('=');
        if (equals == part.npos)
            return fail(Errc::invalid_argument, "--cloud-init takes key=value, not '", std::string(part), "'");
        if (auto ok = set_wish(wishes, part.substr(0, equals), part.substr(equals + 1)); !ok)
            return Failure(ok.error());
    }
    Seed seed;
    seed.user_data = user_data_of(wishes);
    seed.network_config = wishes.network_config;
    const auto host = wishes.hostname.empty() ? std::string(name) : wishes.hostname;
    seed.meta_data = wishes.meta_data.empty()
                         ? fmt::format("instance-id: {}\nlocal-hostname: {}\n", yaml_text(instance), yaml_text(host))
                         : wishes.meta_data;
    return seed;
}

Result<> write_seed(const std::filesystem::path& path, const Seed& seed) {
    UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd)
        return Failure(system_error(errno, "cannot make the seed image " + path.string()).with_object(path.string()));
    std::unique_ptr<archive, Close> writer(::archive_write_new());
    auto written = fill(writer.get(), fd.get(), seed) ? Result<>() : failed(writer.get(), path);
    if (!written || ::fsync(fd.get()) == 0) {
        if (!written) ::unlink(path.c_str());
        return written;
    }
    auto error = system_error(errno, "cannot write the seed image " + path.string());
    ::unlink(path.c_str());
    return Failure(error);
}

}  // namespace vireo::cli
