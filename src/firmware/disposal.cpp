// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/disposal.hpp"

#include "firmware/store_folder.hpp"
#include "support/file.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

fs::path place_in_trash(const DisposalRequest& request) {
    return request.trash / ("nvram-" + request.guest.to_string() + "-" + std::to_string(request.time_usec));
}

Error trouble(const Error& error, const DisposalRequest& request) {
    return error.wrap("cannot move the variable store " + request.store.path.string() + " to the trash")
        .with_object(request.store.path.string());
}

Result<> remove_store(const StoreFolder& folder) {
    for (auto& name : folder.strays())
        if (auto ok = folder.remove(name); !ok) return ok;
    for (auto& name : {folder.created(), folder.before_start(), folder.store()})
        if (auto ok = folder.remove(name); !ok) return ok;
    if (auto ok = folder.sync(); !ok) return ok;
    folder.remove_if_empty();
    return {};
}

// The trash is on another file system, or the file came from the user's own folder: whole in the trash, then gone.
Result<> copy_to(const StoreFolder& folder, const UniqueFd& fd, const fs::path& target) {
    auto content = read_fd(fd.get(), folder.path(), max_image_size);
    if (!content) return Failure(content.error());
    return replace_file(target / folder.store(), *content, 0600);
}

Result<> move_file(const DisposalRequest& request, const StoreFolder& folder, const UniqueFd& fd,
                   const fs::path& target) {
    if (auto ok = make_folder(target, 0700); !ok) return ok;
    if (auto ok = replace_file(target / "origin", request.store.path.string() + "\n"); !ok) return ok;
    if (auto ok = copy_to(folder, fd, target); !ok) return ok;
    if (auto ok = sync_folder(target.parent_path()); !ok) return ok;
    return remove_store(folder);
}

Result<> move_folder(const DisposalRequest& request, const fs::path& target, bool& other_file_system) {
    auto from = request.store.path.parent_path();
    if (::rename(from.c_str(), target.c_str()) == 0) {
        if (auto ok = sync_folder(request.trash); !ok) return ok;
        return sync_folder(from.parent_path());
    }
    other_file_system = errno == EXDEV;
    return other_file_system ? Result<>() : Failure(system_error(errno, "cannot rename " + from.string()));
}

struct Found {
    StoreFolder folder;
    UniqueFd fd;  // locked
};

Result<std::optional<Found>> find(const DisposalRequest& request) {
    auto folder = StoreFolder::open(request.store);
    if (!folder && folder.error().code() == Errc::not_found) return std::optional<Found>();
    if (!folder) return Failure(folder.error());
    auto fd = folder->open_locked(folder->store());
    if (!fd && fd.error().code() == Errc::not_found) return std::optional<Found>();
    if (!fd) return Failure(fd.error());
    return Found{std::move(*folder), std::move(*fd)};
}

}  // namespace

Result<> check_disposal(const DisposalRequest& request) {
    if (request.how == Disposal::keep) return {};
    auto found = find(request);
    return found ? Result<>() : Failure(found.error());
}

Result<fs::path> dispose(const DisposalRequest& request) {
    if (request.how == Disposal::keep) return request.store.path;
    auto found = find(request);
    if (!found) return Failure(found.error());
    if (!*found) return fs::path();
    auto& [folder, fd] = **found;
    if (request.how == Disposal::remove) {
        auto ok = remove_store(folder);
        return ok ? Result<fs::path>(fs::path()) : Failure(ok.error());
    }
    auto target = place_in_trash(request);
    if (auto ok = make_folder(request.trash, 0700); !ok) return Failure(trouble(ok.error(), request));
    bool copy = !request.store.own;
    auto moved = copy ? Result<>() : move_folder(request, target, copy);
    if (moved && copy) moved = move_file(request, folder, fd, target);
    if (!moved) return Failure(trouble(moved.error(), request));
    return target / folder.store();
}

}  // namespace vireo::firmware
