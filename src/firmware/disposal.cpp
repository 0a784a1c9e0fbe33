// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/disposal.hpp"

#include "firmware/block_store.hpp"
#include "firmware/store_slot.hpp"
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

Result<> step(const DisposalRequest& request, std::string_view name, const std::string& what, auto call) {
    int error = request.store.steps ? request.store.steps(name) : 0;
    if (!error && call() < 0) error = errno;
    return error ? Result<>(Failure(system_error(error, what))) : Result<>();
}

// History, copies of the firmware, pending reset, journal: what else is in the guest's own folder, and then the folder.
Result<> remove_rest(const DisposalRequest& request) {
    std::error_code error;
    if (request.folder.empty() || !fs::is_directory(fs::symlink_status(request.folder, error))) return {};
    auto what = "cannot remove what belongs to the variable store in " + request.folder.string();
    auto ok = step(request, "remove", what, [&] {
        for (auto* name : {"history", "code", "pending.json", "pending.applied.json", "block.before"})
            if (!error) fs::remove_all(request.folder / name, error);
        errno = error.value();
        return error ? -1 : 0;
    });
    if (!ok) return ok;
    ::rmdir(request.folder.c_str());  // fails, as it should, while anything is in it
    return {};
}

Result<> remove_store(const DisposalRequest& request, const StoreFolder& folder) {
    if (request.store.kind == StoreKind::file) {
        for (auto& name : folder.strays())
            if (auto ok = folder.remove(name); !ok) return ok;
        for (auto& name : {folder.created(), folder.before_start(), folder.store()})
            if (auto ok = folder.remove(name); !ok) return ok;
        if (auto ok = folder.sync(); !ok) return ok;
    }
    auto ok = remove_rest(request);
    if (ok && request.store.kind == StoreKind::file) folder.remove_if_empty();
    return ok;
}

// The trash is on another file system, or the file came from the user's own folder: whole in the trash, then gone.
Result<> copy_to(const DisposalRequest& request, const UniqueFd& fd, const fs::path& file) {
    auto content = read_device_or_file(fd.get(), request.store, max_store_file);
    if (!content) return Failure(content.error());
    auto what = "cannot write " + file.string();
    if (auto ok = step(request, "copy", what, [] { return 0; }); !ok) return ok;
    return replace_file(file, *content, 0600);
}

Result<> copy_history(const DisposalRequest& request, const fs::path& target) {
    auto history = request.folder / "history";
    std::error_code error;
    if (request.folder.empty() || !fs::is_directory(fs::symlink_status(history, error))) return {};
    if (auto ok = make_folder(target / "history", 0700); !ok) return ok;
    for (auto& entry : fs::directory_iterator(history, error)) {
        auto name = entry.path().filename().string();
        if (!fs::is_regular_file(entry.symlink_status()) || name.starts_with(stray_prefix)) continue;
        auto content = read_file(entry.path(), max_store_file);
        if (!content) return Failure(content.error());
        if (auto ok = step(request, "copy", "cannot write " + name, [] { return 0; }); !ok) return ok;
        if (auto ok = replace_file(target / "history" / name, *content, 0600); !ok) return ok;
    }
    return sync_folder(target);
}

// What was copied so far goes when it cannot be finished.
Result<> move_file(const DisposalRequest& request, const StoreFolder& folder, const UniqueFd& fd,
                   const fs::path& target) {
    auto copy = [&]() -> Result<> {
        if (auto ok = make_folder(target, 0700); !ok) return ok;
        if (auto ok = replace_file(target / "origin", request.store.path.string() + "\n"); !ok) return ok;
        if (auto ok = copy_to(request, fd, target / folder.store()); !ok) return ok;
        if (auto ok = copy_history(request, target); !ok) return ok;
        return sync_folder(target.parent_path());
    };
    if (auto ok = copy(); !ok) {
        std::error_code ignored;
        fs::remove_all(target, ignored);
        return ok;
    }
    return remove_store(request, folder);
}

Result<> move_folder(const DisposalRequest& request, const fs::path& target, bool& other_file_system) {
    auto from = request.store.path.parent_path();
    auto what = "cannot rename " + from.string();
    auto ok = step(request, "rename", what, [&] {
        int moved = ::rename(from.c_str(), target.c_str());
        other_file_system = moved < 0 && errno == EXDEV;
        return other_file_system ? 0 : moved;
    });
    if (!ok || other_file_system) return ok;
    if (auto synced = sync_folder(request.trash); !synced) return synced;
    return sync_folder(from.parent_path());
}

struct Found {
    StoreFolder folder;
    UniqueFd fd;  // locked
};

Result<std::optional<Found>> find(const DisposalRequest& request) {
    if (request.store.kind == StoreKind::network) return std::optional<Found>();
    auto folder = StoreFolder::open(request.store);
    if (!folder && folder.error().code() == Errc::not_found) return std::optional<Found>();
    if (!folder) return Failure(folder.error());
    auto fd = folder->open_locked(folder->store());
    if (!fd && fd.error().code() == Errc::not_found) return std::optional<Found>();
    if (!fd) return Failure(fd.error());
    return Found{std::move(*folder), std::move(*fd)};
}

// There is no store, but perhaps there was one once.
Result<fs::path> dispose_of_rest(const DisposalRequest& request) {
    std::error_code ignored;
    bool kept = !request.folder.empty() && fs::is_directory(request.folder / "history", ignored);
    if (request.how == Disposal::remove || !kept) {
        auto ok = remove_rest(request);
        return ok ? Result<fs::path>(fs::path()) : Failure(ok.error());
    }
    auto target = place_in_trash(request);
    if (auto ok = make_folder(target, 0700); !ok) return Failure(trouble(ok.error(), request));
    if (auto ok = copy_history(request, target); !ok) return Failure(trouble(ok.error(), request));
    auto ok = remove_rest(request);
    return ok ? Result<fs::path>(fs::path()) : Failure(trouble(ok.error(), request));
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
    if (!*found) return dispose_of_rest(request);
    auto& [folder, fd] = **found;
    if (request.how == Disposal::remove) {
        auto ok = remove_store(request, folder);
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
