// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/catalog.hpp"

#include "support/file.hpp"
#include "support/log.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <sys/sysmacros.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t max_files = 4096;  // names looked at in one folder

std::int64_t nanoseconds(const timespec& time) noexcept {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Only *.json counts; hidden files and what editors leave behind (x.json~, x.json.bak, .x.json.swp, #x.json#) do not.
bool is_descriptor_name(std::string_view name) noexcept {
    return name.size() > 5 && name.ends_with(".json") && !name.starts_with('.') && !name.starts_with('#');
}

bool is_null_device(const struct stat& status) noexcept {
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);  // Linux' Documentation/admin-guide/devices.txt
}

fs::path home() {
    const char* home = std::getenv("HOME");
    return home ? fs::path(home) : fs::path();
}

}  // namespace

class CatalogLoader {
public:
    Catalog load(const std::vector<fs::path>& folders) {
        for (auto& folder : folders) list(folder);
        for (auto& [name, file] : winners_) read(file);
        return std::move(catalog_);
    }

private:
    void remember(const fs::path& path, FileIdentity identity) { catalog_.seen_.push_back({path, identity}); }

    void warn(const fs::path& file, std::string message) { catalog_.warnings_.push_back({file, std::move(message)}); }

    void bad(const fs::path& file, Descriptor descriptor, std::string problem) {
        warn(file, "the firmware descriptor " + file.string() + " is passed over: " + problem);
        catalog_.entries_.push_back({file, std::move(descriptor), std::move(problem)});
    }

    // The identity is taken before the folder is read: a change meanwhile makes the catalog stale, never wrong.
    void list(const fs::path& folder) {
        remember(folder, identity_of(folder));
        std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir(folder.c_str()), ::closedir);
        if (!stream) {
            if (errno != ENOENT)
                warn(folder, system_error(errno, "cannot read the firmware folder " + folder.string()).what());
            return;
        }
        std::size_t count = 0;
        while (auto* entry = ::readdir(stream.get())) {
            if (++count > max_files)
                return warn(folder, "the firmware folder " + folder.string() + " has too many files");
            std::string_view name = entry->d_name;
            struct stat status{};
            if (!is_descriptor_name(name)) continue;
            if (::stat((folder / name).c_str(), &status) == 0 && S_ISDIR(status.st_mode)) continue;
            winners_.insert_or_assign(std::string(name), folder / name);
        }
    }

    void read(const fs::path& file) {
        struct stat status{};
        if (::stat(file.c_str(), &status)) {
            int error = errno;
            remember(file, {});
            std::error_code ignored;
            bool dangling = error == ENOENT && fs::is_symlink(file, ignored);
            return bad(file, {},
                       dangling ? "it is a link to a file that does not exist"
                                : system_error(error, "it cannot be looked at").what());
        }
        remember(file, identity_of(status));
        if (is_null_device(status)) return;
        if (!S_ISREG(status.st_mode)) return bad(file, {}, "it is not a regular file");
        if (status.st_size == 0) return;  // hides one of the same name in a lower folder
        auto text = content(file);
        if (!text) return bad(file, {}, text.error().what());
        auto descriptor = parse_descriptor(*text);
        if (!descriptor) return bad(file, {}, descriptor.error().what());
        add(file, std::move(*descriptor));
    }

    // O_NONBLOCK: what was a regular file a moment ago may be a FIFO now.
    static Result<std::string> content(const fs::path& file) {
        auto fd = open_file(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (!fd) return Failure(fd.error());
        return read_fd(fd->get(), file, max_descriptor_size);
    }

    void add(const fs::path& file, Descriptor descriptor) {
        auto problem = missing_file("firmware file", descriptor.executable.filename);
        if (problem.empty() && descriptor.nvram_template)
            problem = missing_file("variable store template", descriptor.nvram_template->filename);
        if (!problem.empty()) return bad(file, std::move(descriptor), std::move(problem));
        catalog_.entries_.push_back({file, std::move(descriptor), {}});
    }

    std::string missing_file(std::string_view what, const fs::path& file) {
        struct stat status{};
        bool exists = ::stat(file.c_str(), &status) == 0;
        int error = errno;
        remember(file, exists ? identity_of(status) : FileIdentity{});
        auto sentence = "its " + std::string(what) + " " + file.string();
        if (!exists && error == ENOENT) return sentence + " does not exist";
        if (!exists) return system_error(error, sentence + " cannot be looked at").what();
        return S_ISREG(status.st_mode) ? std::string() : sentence + " is not a regular file";
    }

    std::map<std::string, fs::path, std::less<>> winners_;  // by name, compared byte by byte
    Catalog catalog_;
};

FileIdentity identity_of(const struct stat& status) noexcept {
    return {
        true, status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim), nanoseconds(status.st_ctim)};
}

FileIdentity identity_of(const fs::path& file) noexcept {
    struct stat status{};
    return ::stat(file.c_str(), &status) == 0 ? identity_of(status) : FileIdentity{};
}

std::vector<fs::path> system_folders() {
    return {"/usr/share/qemu/firmware", "/etc/qemu/firmware"};
}

std::vector<fs::path> session_folders() {
    auto folders = system_folders();
    const char* configured = std::getenv("XDG_CONFIG_HOME");
    // The XDG base directory specification: a relative path is to be ignored.
    fs::path base = configured && *configured == '/' ? fs::path(configured) : home() / ".config";
    if (base.is_absolute()) folders.push_back(base / "qemu/firmware");
    return folders;
}

Catalog Catalog::load(const std::vector<fs::path>& folders) {
    return CatalogLoader().load(folders);
}

bool Catalog::current() const {
    return std::ranges::all_of(seen_, [](const Seen& seen) { return identity_of(seen.path) == seen.identity; });
}

Task<std::shared_ptr<const Catalog>> CatalogCache::get() {
    auto known = catalog_;
    auto job = [known, folders = folders_](std::stop_token) -> std::shared_ptr<const Catalog> {
        if (known && known->current()) return known;
        return std::make_shared<const Catalog>(Catalog::load(folders));
    };
    auto catalog = co_await blocking_.call(std::move(job));
    if (catalog != known) {
        log_new_warnings(*catalog);
        catalog_ = catalog;
    }
    co_return catalog;
}

void CatalogCache::log_new_warnings(const Catalog& catalog) {
    for (auto& warning : catalog.warnings())
        if (!logged_.contains(warning)) log::warning("{}", warning.message);
    logged_ = {catalog.warnings().begin(), catalog.warnings().end()};
}

}  // namespace vireo::firmware
