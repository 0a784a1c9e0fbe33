// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/nvram_store.hpp"

#include "firmware/firmware_file.hpp"
#include "firmware/store_slot.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

void touch(const Touched& touched) {
    if (touched) *touched = true;
}

Error unusable(const Error& error, const fs::path& path) {
    return error.wrap("the variable store " + path.string() + " cannot be used")
        .with_object(path.string())
        .with_hint("start with reset-nvram to begin with a pristine one, or restore a backup ('vireo nvram history')");
}

Result<Image> inspect(const UniqueFd& fd, const fs::path& path, StoreFormat format) {
    struct stat status{};
    if (::fstat(fd.get(), &status)) return Failure(system_error(errno, "cannot look at " + path.string()));
    auto head = read_head(fd.get(), path);
    if (!head) return Failure(head.error());
    auto image = inspect_store(*head, static_cast<std::uint64_t>(status.st_size), format, Blank::allowed);
    return image ? image : Failure(unusable(image.error(), path));
}

Result<> undo_reset(const StoreFolder& folder) {
    auto before = folder.status(folder.before_start());
    if (!before) return {};
    auto now = folder.status(folder.store());
    // Two names of one file: the store was not replaced yet. rename(2) would leave both.
    if (now && now->st_ino == before->st_ino && now->st_dev == before->st_dev)
        return folder.remove(folder.before_start());
    return folder.rename(folder.before_start(), folder.store());
}

// The marker's number is empty or cut when the power failed: a pristine store that stays hurts nobody.
Result<> undo_creation(const StoreFolder& folder, int marker) {
    auto text = read_fd(marker, folder.path(), 64);
    auto store = folder.status(folder.store());
    if (text && store) {
        std::uint64_t inode = 0;
        auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), inode);
        bool whole = error == std::errc() && end + 1 == text->data() + text->size() && *end == '\n';
        if (whole && inode == store->st_ino && S_ISREG(store->st_mode))
            if (auto ok = folder.remove(folder.store()); !ok) return ok;
    }
    return folder.remove(folder.created());
}

Result<> remove_all(const StoreFolder& folder, const std::vector<std::string>& names) {
    for (auto& name : names)
        if (auto ok = folder.remove(name); !ok) return ok;
    return {};
}

// Both also remove these temporary files.
Result<> undo_in(const StoreFolder& folder, const std::vector<std::string>& strays) {
    bool unfinished = folder.unfinished();
    if (strays.empty() && !unfinished) return {};
    if (unfinished && folder.has(folder.created())) {
        constexpr int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        UniqueFd marker(::openat(folder.fd(), folder.created().c_str(), flags));
        if (!marker)
            return Failure(
                system_error(errno, "cannot read " + folder.created() + " beside " + folder.path().string()));
        if (auto ok = undo_creation(folder, marker.get()); !ok) return ok;
    }
    if (unfinished)
        if (auto ok = undo_reset(folder); !ok) return ok;
    if (auto ok = remove_all(folder, strays); !ok) return ok;
    return folder.sync();
}

Result<> commit_in(const StoreFolder& folder, const std::vector<std::string>& strays) {
    if (strays.empty() && !folder.unfinished()) return {};
    if (auto ok = folder.remove(folder.created()); !ok) return ok;
    if (auto ok = folder.remove(folder.before_start()); !ok) return ok;
    if (auto ok = remove_all(folder, strays); !ok) return ok;
    return folder.sync();
}

// A start that was cut off and never recovered, though nobody uses the store.
Result<> finish_earlier(const StoreFolder& folder) {
    log::warning("{}: bringing back the variable store from before an unfinished start", folder.path().string());
    return undo_in(folder, {});
}

bool absent(const Error& error) {
    return error.code() == Errc::not_found;
}

}  // namespace

Result<std::optional<UniqueFd>> lock_store(const StoreFolder& folder) {
    for (bool again = false;; again = true) {
        auto fd = folder.open_locked(folder.store());
        if (!fd && !absent(fd.error())) return Failure(fd.error());
        if (!folder.unfinished() || again) return fd ? std::optional<UniqueFd>(std::move(*fd)) : std::nullopt;
        if (auto ok = finish_earlier(folder); !ok) return Failure(ok.error());
    }
}

namespace {

// ── on a block device ──

Result<std::optional<OpenStore>> open_special(const StoreSpec& spec) {
    auto slot = StoreSlot::open(spec);
    if (!slot) return Failure(slot.error());
    if (!*slot) return std::optional<OpenStore>();
    auto head = read_head((*slot)->fd(), spec.path);
    if (!head) return Failure(head.error());
    auto size = (*slot)->size();
    if (!size) return Failure(size.error());
    auto image = inspect_store(*head, *size, spec.format, Blank::allowed);
    if (!image) return Failure(unusable(image.error(), spec.path));
    return OpenStore{(*slot)->take(), *image, false};
}

enum class Replace { refused, allowed };
Result<OpenStore> overwrite(const StoreSpec& spec, std::string_view content, const Touched& touched, Replace replace) {
    auto image = inspect_store(content.substr(0, head_size), content.size(), spec.format, Blank::allowed);
    if (!image) return Failure(image.error());
    auto slot = StoreSlot::open(spec);  // undoes what was unfinished
    if (!slot) return Failure(slot.error());
    if (*slot && replace == Replace::refused)
        return fail(Errc::already_exists, "there is a variable store at ", spec.path.string());
    bool replaced = slot->has_value();
    slot->reset();
    auto device = BlockStore::open(spec);
    if (!device) return Failure(device.error());
    touch(touched);
    if (auto ok = device->rewrite(content); !ok) return Failure(ok.error());
    return OpenStore{device->take(), *image, replaced};
}

Result<> commit_block(const StoreSpec& spec) {
    if (!block_unfinished(spec)) return {};
    return BlockStore::forget(spec);
}

Result<> undo_block(const StoreSpec& spec) {
    if (!block_unfinished(spec)) return {};
    auto device = BlockStore::open(spec);
    return device ? device->undo() : Failure(device.error());
}

Result<Recovered> recover_block(const StoreSpec& spec, Started started) {
    bool unfinished = block_unfinished(spec);
    if (started == Started::no)
        if (auto ok = undo_block(spec); !ok) return Failure(ok.error());
    if (auto ok = BlockStore::forget(spec); !ok) return Failure(ok.error());
    if (!unfinished) return Recovered::nothing;
    return started == Started::yes ? Recovered::committed : Recovered::undone;
}

Result<OpenStore> opened(UniqueFd fd, std::string_view content, StoreFormat format) {
    auto image = inspect_store(content.substr(0, head_size), content.size(), format, Blank::allowed);
    if (!image) return Failure(image.error());
    return OpenStore{std::move(fd), *image, false};
}

// A failed operation takes back what it did itself, no more: another start may be at work on the same path. That can
// fail too (the disk is dying): the next recovery finds the rest.
Failure take_back(const StoreFolder& folder, const std::string& stray, bool marked, const Error& error) {
    auto undone = marked ? undo_in(folder, {stray}) : remove_all(folder, {stray});
    if (!undone) log::error("{}: {}", folder.path().string(), undone.error().what());
    folder.remove_if_empty();
    return Failure(error);
}

}  // namespace

Result<std::optional<OpenStore>> open_store(const StoreSpec& spec) {
    if (spec.kind != StoreKind::file) return open_special(spec);
    auto folder = StoreFolder::open(spec);
    if (!folder && absent(folder.error())) return std::optional<OpenStore>();
    if (!folder) return Failure(folder.error());
    auto fd = lock_store(*folder);
    if (!fd) return Failure(fd.error());
    if (!*fd) return std::optional<OpenStore>();
    auto image = inspect(**fd, spec.path, spec.format);
    if (!image) return Failure(image.error());
    return OpenStore{std::move(**fd), *image, false};
}

Result<OpenStore> create_store(const StoreSpec& spec, std::string_view content, const Touched& touched) {
    if (spec.kind != StoreKind::file) return overwrite(spec, content, touched, Replace::refused);
    auto result = opened({}, content, spec.format);  // nothing is touched for a content that cannot be right
    if (!result) return result;
    if (auto ok = StoreFolder::make(spec); !ok) return Failure(ok.error());
    auto folder = StoreFolder::open(spec);
    if (!folder) return Failure(folder.error());
    if (folder->has(folder->store()))
        return fail(Errc::already_exists, "there is a variable store at ", spec.path.string());
    auto stray = folder->write_stray(content, spec.owner);
    if (!stray) {
        folder->remove_if_empty();
        return Failure(stray.error());
    }
    struct stat status{};
    bool known = ::fstat(stray->fd.get(), &status) == 0;
    auto ok = known ? Result<>() : Result<>(Failure(system_error(errno, "cannot look at " + spec.path.string())));
    if (ok) ok = folder->put(folder->created(), std::to_string(status.st_ino) + "\n");
    bool marked = ok.has_value();
    if (marked) touch(touched);
    if (ok) ok = folder->rename_new(stray->name, folder->store());
    if (ok) ok = folder->sync();
    if (!ok) return take_back(*folder, stray->name, marked, ok.error());
    result->fd = std::move(stray->fd);
    return result;
}

Result<OpenStore> reset_store(const StoreSpec& spec, std::string_view content, const Touched& touched) {
    if (spec.kind != StoreKind::file) return overwrite(spec, content, touched, Replace::allowed);
    auto result = opened({}, content, spec.format);
    if (!result) return result;
    auto folder = StoreFolder::open(spec);
    if (!folder && !absent(folder.error())) return Failure(folder.error());
    if (!folder) return create_store(spec, content, touched);
    auto old = lock_store(*folder);
    if (!old) return Failure(old.error());
    if (!*old) return create_store(spec, content, touched);
    struct stat status{};
    if (::fstat((*old)->get(), &status)) return Failure(system_error(errno, "cannot look at " + spec.path.string()));
    auto stray = folder->write_stray(content, spec.owner.value_or(Owner{status.st_uid, status.st_gid}));
    if (!stray) return Failure(stray.error());
    auto ok = folder->link_or_copy(folder->store(), folder->before_start(), (*old)->get());
    bool marked = ok.has_value();
    if (marked) touch(touched);
    if (ok) ok = folder->sync();  // the old one is safe before it loses its name
    if (ok) ok = folder->rename(stray->name, folder->store());
    if (ok) ok = folder->sync();
    if (!ok) return take_back(*folder, stray->name, marked, ok.error());
    result->fd = std::move(stray->fd);
    result->replaced = true;
    return result;
}

Result<> commit_store(const StoreSpec& spec) {
    if (spec.kind == StoreKind::network) return {};
    if (spec.kind == StoreKind::block) return commit_block(spec);
    auto folder = StoreFolder::open(spec);
    if (!folder) return absent(folder.error()) ? Result<>() : Failure(folder.error());
    return commit_in(*folder, {});
}

Result<> undo_store(const StoreSpec& spec) {
    if (spec.kind == StoreKind::network) return {};
    if (spec.kind == StoreKind::block) return undo_block(spec);
    auto folder = StoreFolder::open(spec);
    if (!folder) return absent(folder.error()) ? Result<>() : Failure(folder.error());
    auto ok = undo_in(*folder, {});
    folder->remove_if_empty();
    return ok;
}

Result<Recovered> recover_store(const StoreSpec& spec, Started started) {
    if (spec.kind == StoreKind::network) return Recovered::nothing;
    if (spec.kind == StoreKind::block) return recover_block(spec, started);
    auto folder = StoreFolder::open(spec);
    if (!folder) return absent(folder.error()) ? Result<Recovered>(Recovered::nothing) : Failure(folder.error());
    bool unfinished = folder->unfinished();
    if (unfinished && started == Started::no) {
        auto free = folder->open_locked(folder->store());
        if (!free && free.error().code() == Errc::busy) return Failure(free.error());
    }
    auto ok = started == Started::yes ? commit_in(*folder, folder->strays()) : undo_in(*folder, folder->strays());
    if (!ok) return Failure(ok.error());
    folder->remove_if_empty();
    if (!unfinished) return Recovered::nothing;
    return started == Started::yes ? Recovered::committed : Recovered::undone;
}

}  // namespace vireo::firmware
