// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/store_slot.hpp"

#include "support/file.hpp"
#include "support/log.hpp"

#include <cerrno>

namespace vireo::firmware {
Result<> check_reachable(const StoreSpec& spec) {
    if (spec.kind != StoreKind::network) return {};
    return Failure(Error(Errc::unsupported, "the variable store " + spec.path.string() +
                                                " is on the network, where only the hypervisor can reach it: Vireo "
                                                "neither reads nor changes it")
                       .with_object(spec.path.string())
                       .with_hint("use a file or a block device for <nvram>"));
}

Result<std::optional<StoreSlot>> StoreSlot::open(const StoreSpec& spec) {
    if (auto ok = check_reachable(spec); !ok) return Failure(ok.error());
    StoreSlot slot(spec);
    auto there = spec.kind == StoreKind::block ? slot.open_block() : slot.open_file();
    if (!there) return Failure(there.error());
    return *there ? std::optional(std::move(slot)) : std::nullopt;
}

Result<bool> StoreSlot::open_file() {
    auto folder = StoreFolder::open(*spec_);
    if (!folder) return folder.error().code() == Errc::not_found ? Result<bool>(false) : Failure(folder.error());
    folder_ = std::move(*folder);
    auto fd = lock_store(*folder_);
    if (!fd) return Failure(fd.error());
    if (!*fd) return false;
    fd_ = std::move(**fd);
    return true;
}

Result<bool> StoreSlot::open_block() {
    auto device = BlockStore::open(*spec_);
    if (!device) return Failure(device.error());
    block_ = std::move(*device);
    if (block_unfinished(*spec_)) {
        log::warning("{}: bringing back the variable store from before an unfinished change", spec_->path.string());
        if (auto ok = block_->undo(); !ok) return Failure(ok.error());
    }
    auto blank = block_->blank();
    return blank ? Result<bool>(!*blank) : blank;
}

Result<std::string> StoreSlot::read() const {
    if (block_) return block_->read(max_store_file);
    if (::lseek(fd_.get(), 0, SEEK_SET) < 0)
        return Failure(system_error(errno, "cannot read the variable store " + spec_->path.string()));
    return read_fd(fd_.get(), spec_->path, max_store_file);
}

Result<struct stat> StoreSlot::status() const {
    struct stat status{};
    if (::fstat(fd(), &status)) return Failure(system_error(errno, "cannot look at " + spec_->path.string()));
    return status;
}

Result<std::uint64_t> StoreSlot::size() const {
    if (block_) return block_->size();
    auto known = status();
    return known ? Result<std::uint64_t>(static_cast<std::uint64_t>(known->st_size)) : Failure(known.error());
}

Result<> StoreSlot::replace(std::string_view bytes) {
    if (!block_) return replace_file(bytes);
    if (auto ok = block_->rewrite(bytes); !ok) return ok;
    auto ok = BlockStore::forget(*spec_);
    if (!ok && block_unfinished(*spec_))
        if (auto undone = block_->undo(); !undone) log::error("{}", undone.error().what());
    return ok;
}

// The two change places, so that the old one is still there when the folder cannot be synchronised.
Result<> StoreSlot::replace_file(std::string_view bytes) {
    auto old = status();
    if (!old) return Failure(old.error());
    auto stray = folder_->write_stray(bytes, spec_->owner.value_or(Owner{old->st_uid, old->st_gid}));
    if (!stray) return Failure(stray.error());
    auto both = folder_->exchange(stray->name, folder_->store());
    auto ok = both ? Result<>() : Failure(both.error());
    // File systems that cannot do that: from here on a failure to synchronise leaves the new one.
    if (ok && !*both) ok = folder_->rename(stray->name, folder_->store());
    bool taken = ok.has_value();
    if (ok) ok = folder_->sync();
    if (!ok && taken && *both)
        if (auto back = folder_->exchange(stray->name, folder_->store()); !back)
            log::error("{}: {}", spec_->path.string(), back.error().what());
    if (!taken || *both)
        if (auto gone = folder_->remove(stray->name); !gone) log::warning("{}", gone.error().what());
    if (!ok) return ok;
    fd_ = std::move(stray->fd);
    return {};
}

}  // namespace vireo::firmware
