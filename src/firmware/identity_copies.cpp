// SPDX-License-Identifier: LGPL-2.1-or-later
// The copies of code and template that a pinned guest boots with when a package has replaced them.
#include "firmware/identity.hpp"
#include "support/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

using model::FirmwareRecord;

fs::path copies_folder(const fs::path& data, const model::Uuid& guest) {
    return data / "nvram" / guest.to_string() / "code";
}

// Shared blocks where the file system can, else the kernel copies; only what neither can do is read here.
Result<> copy_content(int from, int to, const fs::path& name) {
    if (::ioctl(to, FICLONE, from) == 0) return {};
    while (true) {
        ssize_t n = ::copy_file_range(from, nullptr, to, nullptr, std::size_t{1} << 30, 0);
        if (n == 0) return {};
        if (n > 0 || errno == EINTR) continue;
        if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP && errno != ENOSYS)
            return Failure(system_error(errno, "cannot copy " + name.string()));
        break;
    }
    if (::lseek(from, 0, SEEK_SET) < 0 || ::lseek(to, 0, SEEK_SET) < 0 || ::ftruncate(to, 0))
        return Failure(system_error(errno, "cannot copy " + name.string()));
    auto content = read_fd(from, name, std::size_t{80} << 20);
    return content ? write_all(to, *content, name) : Failure(content.error());
}

Result<> make_copy(const FirmwareRecord& record, const fs::path& target) {
    auto from = open_file(record.file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!from) return Failure(from.error());
    auto temporary = stray_name(target);
    auto to = open_file(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!to) return Failure(to.error());
    auto give_up = [&](Error error) {
        ::unlink(temporary.c_str());
        return Failure(std::move(error));
    };
    if (auto ok = copy_content(from->get(), to->get(), record.file); !ok) return give_up(ok.error());
    KnownHashes nothing;
    auto copied = record_of(temporary, nothing);
    if (!copied) return give_up(copied.error());
    if (copied->sha256 != record.sha256)
        return give_up(Error(Errc::conflict, record.file + " no longer holds what the guest booted with")
                           .with_object(record.file)
                           .with_hint("take what is there now: vireo firmware accept DOMAIN"));
    if (::fsync(to->get())) return give_up(system_error(errno, "cannot synchronise " + temporary.string()));
    if (::rename(temporary.c_str(), target.c_str()))
        return give_up(system_error(errno, "cannot make " + target.string()));
    return {};
}

Result<> keep(const FirmwareRecord& record, const fs::path& folder, bool& made) {
    auto target = folder / record.sha256;
    struct stat status{};
    if (::lstat(target.c_str(), &status) == 0 && S_ISREG(status.st_mode)) return {};
    if (auto ok = make_folder(folder.parent_path(), 0700); !ok) return ok;
    if (auto ok = make_folder(folder, 0700); !ok) return ok;
    made = true;
    return make_copy(record, target);
}

void remove_others(const fs::path& folder, const model::FirmwareIdentity& identity) {
    std::error_code ignored;
    for (auto& entry : fs::directory_iterator(folder, ignored)) {
        auto name = entry.path().filename().string();
        bool wanted =
            name == identity.code->sha256 || (identity.store_template && name == identity.store_template->sha256);
        if (!wanted) ::unlink(entry.path().c_str());
    }
}

}  // namespace

fs::path kept_copy(const fs::path& data, const model::Uuid& guest, std::string_view sha256) {
    return copies_folder(data, guest) / sha256;
}

Result<> keep_copies(const fs::path& data, const model::Domain& domain) {
    auto identity = model::firmware_identity_of(domain);
    if (!identity) return Failure(identity.error());
    if (!*identity || !(*identity)->code) return {};
    auto folder = copies_folder(data, *domain.uuid);
    bool made = false;
    if (auto ok = keep(*(*identity)->code, folder, made); !ok)
        return Failure(ok.error().wrap("cannot keep a copy of the firmware"));
    // Without the template's copy the guest boots all the same.
    Result<> kept_template;
    if ((*identity)->store_template) kept_template = keep(*(*identity)->store_template, folder, made);
    remove_others(folder, **identity);
    if (made)
        if (auto ok = sync_folder(folder); !ok) return ok;
    return kept_template ? Result<>() : Failure(kept_template.error().wrap("cannot keep a copy of the template"));
}

PinnedCopies pinned_copies(const fs::path& data, const model::Domain& domain) {
    PinnedCopies copies;
    auto identity = model::firmware_identity_of(domain);
    if (!identity || !*identity || (*identity)->policy != model::FirmwarePolicy::pin) return copies;
    auto find = [&](const std::optional<FirmwareRecord>& record) {
        auto copy = record ? kept_copy(data, *domain.uuid, record->sha256) : fs::path();
        return record && ::access(copy.c_str(), F_OK) == 0 ? copy : fs::path();
    };
    copies.code = find((*identity)->code);
    copies.store_template = find((*identity)->store_template);
    return copies;
}

Result<> drop_copies(const fs::path& data, const model::Uuid& guest) {
    auto folder = copies_folder(data, guest);
    std::error_code ignored;
    for (auto& entry : fs::directory_iterator(folder, ignored)) ::unlink(entry.path().c_str());
    if (::rmdir(folder.c_str()) && errno != ENOENT)
        return Failure(system_error(errno, "cannot remove " + folder.string()));
    ::rmdir(folder.parent_path().c_str());  // only when nothing else is in it
    return {};
}

}  // namespace vireo::firmware
