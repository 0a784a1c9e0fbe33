// SPDX-License-Identifier: LGPL-2.1-or-later
// The backups of one guest's variable store: a ring in <data>/nvram/<uuid>/history.
//
//   index.json             {"version": 1, "next": n, "entries": [...], "look": {...}}, written whole or not at all
//   <sha256>.zst           the content, as the guest saw it, compressed; its name is the hash of what is inside
//
// Content that is there already is stored once. A damaged or missing index is built again from the contents; a damaged
// or missing content makes one backup unusable; neither stops a guest from starting. What is in the folder belongs to
// the daemon's user (files 0600, folder 0700). Everything here blocks.
#pragma once
#include "firmware/nvram_store.hpp"
#include "model/names.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace vireo::firmware {

class StoreFolder;

enum class BackupReason {
    manual,          // somebody asked for it
    before_reset,    //
    before_start,    // the store had changed since the last backup when the guest was started
    before_restore,  // of another backup
    before_change,   // of variables
    before_compact,  //
    before_migrate,  // to another form, size or place
    found,           // the index was lost; nothing but the content is known
};

struct Backup {
    std::string id;              // "1", "2" …: counts up in one guest, is never used again
    std::int64_t time_usec = 0;  // when it was taken, microseconds since the epoch
    std::string sha256;          // of the content, lower-case hexadecimal
    std::uint64_t size = 0;      // bytes of the content
    BackupReason reason = BackupReason::manual;
    std::string who;              // who asked for what made it necessary; may be empty
    std::string template_sha256;  // of the guest's template then; empty when it could not be read
    bool whole_file = false;      // the store could not be read: the file's bytes, whatever they are
    std::string problem;          // why it cannot be restored: "is missing" …; empty: nothing is known against it
    bool operator==(const Backup&) const = default;
};

// What identified the store's file when it was last found sound and had a backup of its content. As long as nothing of
// that changes, neither has the content.
struct Look {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;
    std::int64_t seen_ns = 0;     // when it was looked at
    std::uint64_t code_size = 0;  // bytes of the code with which it was found sound; 0: with none
    std::string sha256;           // of the content
    bool clogged = false;
    bool operator==(const Look&) const = default;

    static Look of(const struct stat& status);  // now; sha256, code_size and clogged are the caller's
    // The same file, unchanged? A file's times are coarse (a tick of the kernel's clock; two seconds on some file
    // systems): one that was written just before it was looked at may have been written again unnoticed.
    bool vouches_for(const struct stat& status) const noexcept;
};

class History {
public:
    static constexpr std::size_t usual_ring = 10;  // backups
    static constexpr std::size_t max_ring = 1000;
    static constexpr std::size_t max_index = 1u << 20;     // bytes that are read of an index, however large it is
    static constexpr std::size_t max_content = 96u << 20;  // bytes of one backup

    // Reads the index; a folder that is not there is an empty history. What is in it is no error: see warnings().
    // Error: the folder cannot be opened.
    static Result<History> open(const std::filesystem::path& folder, Steps steps = {});

    const std::vector<Backup>& entries() const noexcept { return entries_; }         // oldest first
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }  // sentences about damage
    const Backup* find(std::string_view id) const noexcept;
    const Backup* newest() const noexcept { return entries_.empty() ? nullptr : &entries_.back(); }
    const std::optional<Look>& look() const noexcept { return look_; }
    // The entries with what is wrong with them, as far as their files' names and sizes tell.
    std::vector<Backup> examined() const;

    // Keeps this content, drops the oldest until `ring` are left, and writes the index. Of the entry, id, sha256, size
    // are filled in here. When the newest backup has the same content nothing is written and that one is returned.
    // Durable when it returns; with Durability::later when sync() has returned (a power failure before may lose or
    // damage this backup, never an older one). Error: unsupported when the index is of a newer version.
    enum class Durability { now, later };
    Result<Backup> add(std::string_view content, Backup entry, std::size_t ring,
                       Durability durability = Durability::now);
    Result<> sync();

    // Remembers a look at the store; not durable, it is only a shortcut. Failures are of no importance.
    void remember(const Look& look);

    // The content, checked against its hash. Errors: not_found (no such backup), invalid_state (missing, damaged).
    Result<std::string> read(std::string_view id) const;

    // Drops all but the newest `keep`, or these ids (not_found when one is not there: nothing is dropped then).
    // How many went.
    Result<std::size_t> prune(std::size_t keep);
    Result<std::size_t> prune(const std::vector<std::string>& ids);

    // What a crash left: temporary files, contents that no entry names.
    Result<> recover();

private:
    explicit History(const std::filesystem::path& folder, Steps steps);
    void load(std::string_view text);
    bool load_document(const boost::json::value& document);
    void rebuild(const StoreFolder& folder);
    Result<std::string> content_of(const Backup& entry) const;
    Result<> put_content(const StoreFolder& folder, std::string_view content, const std::string& sha256, bool flush);
    Result<> write_index(const StoreFolder& folder, bool flush);
    Result<std::size_t> keep_only(std::vector<Backup> kept);
    void drop_unnamed(const StoreFolder& folder) const;

    StoreSpec place_;  // of the index
    bool newer_ = false;
    std::uint64_t next_ = 1;
    std::vector<Backup> entries_;
    std::optional<Look> look_;
    std::vector<std::string> warnings_;
    std::vector<std::string> unsynchronised_;  // names in the folder
};

}  // namespace vireo::firmware

template <>
inline constexpr auto vireo::model::names<vireo::firmware::BackupReason> =
    vireo::model::words("manual", "before-reset", "before-start", "before-restore", "before-change", "before-compact",
                        "before-migrate", "found");
