// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder of a variable store, of its history or of its journal, and the few things that are done to files in it,
// each a step (see Steps). Internal to this folder of the source. Everything goes through one descriptor.
#pragma once
#include "firmware/nvram_store.hpp"
#include "firmware/place.hpp"

#include <sys/stat.h>
#include <vector>

namespace vireo::firmware {

class StoreFolder {
public:
    // Errc::not_found when the folder does not exist. The spec must outlive it. noun: what the file is, for messages.
    static Result<StoreFolder> open(const StoreSpec& spec, std::string_view noun = "variable store");
    // Makes the folder of an own file (0700) and, on the way, makes sure that it outlives a power failure. The folder
    // of a path that the user chose must be there.
    static Result<> make(const StoreSpec& spec);

    const std::string& store() const noexcept { return place_.name; }
    std::string before_start() const { return place_.name + ".before-start"; }
    std::string created() const { return place_.name + ".created"; }
    const std::filesystem::path& path() const noexcept { return place_.path; }
    int fd() const noexcept { return folder_.get(); }

    std::optional<struct stat> status(const std::string& name) const;  // not following links
    bool has(const std::string& name) const { return status(name).has_value(); }
    bool unfinished() const { return has(created()) || has(before_start()); }    // a start was not committed or undone
    std::vector<std::string> strays() const;                                     // leftovers that belong to this store
    std::vector<std::string> list() const;                                       // all names but "." and ".."
    Result<std::string> read(const std::string& name, std::size_t limit) const;  // a regular file, no link

    // Of the kind that the spec says, not locked.
    Result<UniqueFd> open_to_read(const std::string& name) const;
    static bool locked_by_another(int fd);  // does somebody use it?
    // A regular file in it, locked; access_denied for a link, busy when somebody else holds the lock.
    Result<UniqueFd> open_locked(const std::string& name) const;

    // A whole new file under a temporary name: written, synchronised (unless flush() is to follow), read back and
    // compared, mode 0600, locked.
    enum class Flush { now, later };
    struct Stray {
        std::string name;
        UniqueFd fd;
    };
    Result<Stray> write_stray(std::string_view content, std::optional<Owner> owner, Flush flush = Flush::now) const;
    // write_stray(), and then it takes this name. sync() has to follow.
    Result<> replace(const std::string& name, std::string_view content, Flush flush = Flush::now) const;
    Result<> flush(const std::string& name) const;

    Result<> put(const std::string& name, std::string_view content) const;                // a small new file
    Result<> rename(const std::string& from, const std::string& to) const;                // replaces
    Result<> rename_new(const std::string& from, const std::string& to) const;            // already_exists
    Result<bool> exchange(const std::string& one, const std::string& other) const;        // false: cannot be done here
    Result<> link_or_copy(const std::string& from, const std::string& to, int fd) const;  // fd: of from
    Result<> remove(const std::string& name) const;                                       // absent is fine
    Result<> sync() const;
    void remove_if_empty() const;  // only a folder of Vireo's own

private:
    StoreFolder(Place place, UniqueFd folder, const StoreSpec& spec, std::string_view noun)
        : place_(std::move(place)), folder_(std::move(folder)), spec_(&spec), noun_(noun) {}
    Result<> check_kind(mode_t mode) const;
    std::string called() const { return noun_ + " " + place_.path.string(); }
    template <class Call>
    Result<> act(std::string_view step, const std::string& what, Call call) const;
    Result<> fill(int fd, std::string_view content, const std::string& name) const;

    Place place_;
    UniqueFd folder_;  // readable, unlike the place's: for fsync and listing
    const StoreSpec* spec_;
    std::string noun_;
};

}  // namespace vireo::firmware
