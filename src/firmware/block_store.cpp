// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/block_store.hpp"

#include "firmware/compression.hpp"
#include "firmware/digest.hpp"
#include "firmware/store_folder.hpp"
#include "firmware/varstore_bytes.hpp"
#include "support/log.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

namespace vireo::firmware {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

constexpr std::string_view noun = "journal of the variable store";
constexpr std::size_t chunk = 64u << 10;            // bytes written at once
constexpr std::size_t max_journal = 100u << 20;     // bytes of the journal's file
constexpr std::size_t max_written = 96u << 20;      // bytes of a device that are ever written
constexpr std::size_t max_journal_head = 8u << 10;  // bytes of its first line

StoreSpec journal_of(const StoreSpec& spec) {
    StoreSpec place(spec.journal / "block.before", true);
    place.steps = spec.steps;
    return place;
}

Result<> step(const StoreSpec& spec, std::string_view name, const std::string& what, auto call) {
    int error = spec.steps ? spec.steps(name) : 0;
    if (!error && call() < 0) error = errno;
    if (!error) return {};
    return Failure(system_error(error, what + " " + spec.path.string()).with_object(spec.path.string()));
}

// One line of JSON, then the packed content.
std::string document(const StoreSpec& spec, std::string_view content, std::string_view packed) {
    json::object head{
        {"version", 1}, {"device", spec.path.string()}, {"size", content.size()}, {"sha256", sha256(content)}};
    return json::serialize(head) + "\n" + std::string(packed);
}

struct Kept {
    std::string device;
    std::string content;
};
Result<Kept> parse(std::string_view bytes) {
    auto wrong = [] { return fail(Errc::invalid_state, "is damaged"); };
    auto end = bytes.substr(0, max_journal_head).find('\n');
    if (end == std::string_view::npos) return wrong();
    boost::system::error_code error;
    auto value = json::parse(bytes.substr(0, end), error);
    auto* head = error ? nullptr : value.if_object();
    if (!head) return wrong();
    auto *device = head->if_contains("device"), *hash = head->if_contains("sha256"),
         *version = head->if_contains("version");
    if (!device || !device->is_string() || !hash || !hash->is_string() || !version || *version != json::value(1))
        return wrong();
    auto content = unpack(bytes.substr(end + 1), max_written);
    if (!content || std::string_view(hash->get_string()) != sha256(*content)) return wrong();
    return Kept{std::string(device->get_string()), std::move(*content)};
}

Result<std::uint64_t> device_size(int fd, const StoreSpec& spec) {
    struct stat status{};
    if (::fstat(fd, &status)) return Failure(system_error(errno, "cannot look at " + spec.path.string()));
    if (S_ISREG(status.st_mode)) return static_cast<std::uint64_t>(status.st_size);
    std::uint64_t size = 0;
    if (::ioctl(fd, BLKGETSIZE64, &size))
        return Failure(system_error(errno, "cannot ask for the size of " + spec.path.string()));
    return size;
}

// What is to be put back; nothing when there is nothing, or when it belongs to another device.
Result<std::optional<std::string>> journaled(const StoreSpec& spec) {
    auto place = journal_of(spec);
    auto folder = StoreFolder::open(place, noun);
    auto absent = [](const Error& error) { return error.code() == Errc::not_found; };
    if (!folder && absent(folder.error())) return std::optional<std::string>();
    if (!folder) return Failure(folder.error());
    auto bytes = folder->read(folder->store(), max_journal);
    if (!bytes && absent(bytes.error())) return std::optional<std::string>();
    auto kept = bytes ? parse(*bytes) : Failure(bytes.error());
    if (!kept)
        return Failure(Error(Errc::invalid_state, "the journal " + place.path.string() + " of the variable store " +
                                                      spec.path.string() + " " + kept.error().message())
                           .with_object(spec.path.string())
                           .with_hint("remove the journal if the device is known to be good"));
    if (kept->device == spec.path.string()) return std::move(kept->content);
    log::warning("{} belongs to {}, not to {}; it is left alone", place.path.string(), kept->device,
                 spec.path.string());
    return std::optional<std::string>();
}

}  // namespace

Result<> overlay_unfinished(const StoreSpec& spec, std::string& content) {
    auto old = journaled(spec);
    if (!old) return Failure(old.error());
    if (*old && (*old)->size() <= content.size()) content.replace(0, (*old)->size(), **old);
    return {};
}

bool block_unfinished(const StoreSpec& spec) {
    std::error_code ignored;
    return fs::exists(spec.journal / "block.before", ignored);
}

Result<BlockStore> BlockStore::open(const StoreSpec& spec) {
    BlockStore store(spec);
    auto folder = StoreFolder::open(spec);
    if (!folder) return Failure(folder.error());
    auto fd = folder->open_locked(folder->store());
    if (!fd) return Failure(fd.error());
    store.fd_ = std::move(*fd);
    auto size = device_size(store.fd_.get(), spec);
    if (!size) return Failure(size.error());
    store.size_ = *size;
    return store;
}

Result<std::string> read_device_or_file(int fd, const StoreSpec& spec, std::size_t limit) {
    auto size = device_size(fd, spec);
    if (!size) return Failure(size.error());
    if (spec.kind != StoreKind::block && *size > limit)
        return fail(Errc::limit_exceeded, spec.path.string(), " is larger than ", std::to_string(limit), " bytes");
    std::string content(static_cast<std::size_t>(std::min<std::uint64_t>(*size, limit)), '\0');
    for (std::size_t at = 0; at < content.size();) {
        auto n = ::pread(fd, content.data() + at, content.size() - at, static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Failure(system_error(errno, "cannot read " + spec.path.string()));
        if (n == 0) return fail(Errc::system_failed, spec.path.string(), " ends before its size");
        at += static_cast<std::size_t>(n);
    }
    return content;
}

Result<std::string> BlockStore::read(std::size_t limit) const {
    return read_device_or_file(fd_.get(), *spec_, limit);
}

Result<bool> BlockStore::blank() const {
    auto content = read(max_image_size);
    if (!content) return Failure(content.error());
    return uniform(*content, '\0');
}

Result<> BlockStore::write_changed(std::string_view content) const {
    auto now = read(content.size());
    if (!now) return Failure(now.error());
    for (std::size_t at = 0; at < content.size(); at += chunk) {
        auto end = std::min(at + chunk, content.size());
        if (content.substr(at, chunk) == std::string_view(*now).substr(at, chunk)) continue;
        for (auto from = at; from < end;) {
            ssize_t written = 0;
            auto ok = step(*spec_, "device-write", "cannot write to", [&] {
                written = ::pwrite(fd_.get(), content.data() + from, end - from, static_cast<off_t>(from));
                return written < 0 && errno != EINTR ? -1 : 0;
            });
            if (!ok) return ok;
            if (written > 0) from += static_cast<std::size_t>(written);
        }
    }
    auto ok = step(*spec_, "device-sync", "cannot synchronise", [&] { return ::fsync(fd_.get()); });
    if (!ok) return ok;
    auto again = read(content.size());
    if (!again) return Failure(again.error());
    if (*again != content)
        return fail(Errc::system_failed, "what was written to ", spec_->path.string(), " reads back differently");
    return {};
}

Result<> BlockStore::rewrite(std::string_view content) const {
    if (content.size() > size_)
        return Failure(
            Error(Errc::limit_exceeded, fmt::format("the block device {} has {} bytes; the variable store needs {}",
                                                    spec_->path.string(), size_, content.size()))
                .with_object(spec_->path.string())
                .with_hint("enlarge the device"));
    if (content.size() > max_written) return fail(Errc::limit_exceeded, "the variable store is too large");
    auto old = read(content.size());
    if (!old) return Failure(old.error());
    auto packed = pack(*old);
    if (!packed) return Failure(packed.error());
    auto place = journal_of(*spec_);
    if (auto ok = StoreFolder::make(place); !ok) return ok;
    auto folder = StoreFolder::open(place, noun);
    if (!folder) return Failure(folder.error());
    auto ok = folder->replace(folder->store(), document(*spec_, *old, *packed));
    if (!ok) {
        folder->remove_if_empty();
        return ok;
    }
    ok = folder->sync();
    if (ok) ok = write_changed(content);
    if (ok) return ok;
    if (auto undone = undo(); !undone) log::error("{}: {}", spec_->path.string(), undone.error().what());
    return ok;
}

Result<> BlockStore::forget(const StoreSpec& spec) {
    auto place = journal_of(spec);
    auto folder = StoreFolder::open(place, noun);
    if (!folder) return folder.error().code() == Errc::not_found ? Result<>() : Failure(folder.error());
    for (auto& name : folder->strays())
        if (auto ok = folder->remove(name); !ok) return ok;
    if (!folder->has(folder->store())) return {};
    if (auto ok = folder->remove(folder->store()); !ok) return ok;
    auto ok = folder->sync();
    folder->remove_if_empty();
    return ok;
}

Result<> BlockStore::undo() const {
    auto old = journaled(*spec_);
    if (!old) return Failure(old.error());
    if (!*old) return {};
    if ((*old)->size() > size_)
        return fail(Errc::invalid_state, "the block device ", spec_->path.string(), " has become smaller");
    if (auto ok = write_changed(**old); !ok) return ok;
    return forget(*spec_);
}

}  // namespace vireo::firmware
