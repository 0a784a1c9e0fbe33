// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/place.hpp"

#include <array>
#include <cerrno>
#include <deque>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/stat.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

constexpr int max_links = 40;  // Linux' own limit

class Walk {
public:
    Walk(const fs::path& path, LastLink last) : path_(path), last_(last) {}

    Result<Place> run() {
        if (!path_.is_absolute()) return fail(Errc::invalid_config, "'", path_.string(), "' is not an absolute path");
        if (auto ok = enter_root(); !ok) return Failure(ok.error());
        prepend(path_);
        while (!rest_.empty()) {
            auto name = std::move(rest_.front());
            rest_.pop_front();
            auto arrived = step(name);
            if (!arrived) return Failure(arrived.error());
            if (*arrived) return Place{std::move(folder_), std::move(name), path_};
        }
        return fail(Errc::invalid_config, path_.string(), " names a folder, not a file");
    }

private:
    Failure failed(int error) const { return Failure(system_error(error, "cannot open " + path_.string())); }

    Result<> enter_root() {
        folder_ = UniqueFd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!folder_) return failed(errno);
        return {};
    }

    void prepend(const fs::path& path) {
        std::deque<std::string> parts;
        for (auto& part : path.relative_path())
            if (!part.empty() && part != ".") parts.push_back(part.string());
        rest_.insert(rest_.begin(), parts.begin(), parts.end());
    }

    // One component further; true: it is the file itself, which lies in folder_.
    Result<bool> step(const std::string& name) {
        bool is_last = rest_.empty() && name != "..";
        UniqueFd found(::openat(folder_.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
        if (!found && errno == ENOENT && is_last) return true;
        if (!found) return failed(errno);
        struct stat status{};
        if (::fstat(found.get(), &status)) return failed(errno);
        if (S_ISLNK(status.st_mode)) {
            auto followed = follow(name, found.get(), status.st_uid, is_last);
            return followed ? Result<bool>(false) : Failure(followed.error());
        }
        if (is_last) return true;
        if (!S_ISDIR(status.st_mode)) return failed(ENOTDIR);
        folder_ = std::move(found);
        return false;
    }

    Result<> follow(const std::string& name, int link, uid_t owner, bool is_last) {
        if (is_last && last_ == LastLink::refused)
            return fail(Errc::access_denied, path_.string(), " is a symbolic link, which is not followed here");
        if (owner != 0 && owner != ::geteuid())
            return fail(Errc::access_denied, path_.string(), " leads through the symbolic link '", name,
                        "', which belongs to another user and is not followed");
        if (++links_ > max_links) return failed(ELOOP);
        std::array<char, PATH_MAX> target{};
        ssize_t length = ::readlinkat(link, "", target.data(), target.size());
        if (length < 0) return failed(errno);
        fs::path next(std::string_view(target.data(), static_cast<std::size_t>(length)));
        if (next.is_absolute())
            if (auto ok = enter_root(); !ok) return ok;
        prepend(next);
        return {};
    }

    const fs::path path_;
    LastLink last_;
    UniqueFd folder_;
    std::deque<std::string> rest_;
    int links_ = 0;
};

}  // namespace

Result<Place> find_place(const fs::path& absolute_path, LastLink last) {
    return Walk(absolute_path, last).run();
}

}  // namespace vireo::firmware
