// SPDX-License-Identifier: LGPL-2.1-or-later
// The folder of a variable store and the few things that are done to files in it, each a step (see Steps). Internal to
// nvram_store.cpp and disposal.cpp. Everything goes through one descriptor of the folder.
#pragma once
#include "firmware/nvram_store.hpp"
#include "firmware/place.hpp"

#include <sys/stat.h>
#include <vector>

namespace vireo::firmware {

class StoreFolder {
public:
    // Errc::not_found when the folder does not exist.
    static Result<StoreFolder> open(const StoreSpec& spec);

    const std::string& store() const noexcept { return place_.name; }
    std::string before_start() const { return place_.name + ".before-start"; }
    std::string created() const { return place_.name + ".created"; }
    const std::filesystem::path& path() const noexcept { return place_.path; }
    int fd() const noexcept { return folder_.get(); }

    std::optional<struct stat> status(const std::string& name) const;  // not following links
    bool has(const std::string& name) const { return status(name).has_value(); }
    bool unfinished() const { return has(created()) || has(before_start()); }  // a start was not committed or undone
    std::vector<std::string> strays() const;                                   // leftovers that belong to this store

    // A regular file in it, locked; access_denied for a link, busy when somebody else holds the lock.
    Result<UniqueFd> open_locked(const std::string& name) const;

    // A whole new file under a temporary name: written, synchronised, read back and compared, mode 0600, locked.
    struct Stray {
        std::string name;
        UniqueFd fd;
    };
    Result<Stray> write_stray(std::string_view content, std::optional<Owner> owner) const;

    Result<> put(const std::string& name, std::string_view content) const;                // a small new file
    Result<> rename(const std::string& from, const std::string& to) const;                // replaces
    Result<> rename_new(const std::string& from, const std::string& to) const;            // already_exists
    Result<> link_or_copy(const std::string& from, const std::string& to, int fd) const;  // fd: of from
    Result<> remove(const std::string& name) const;                                       // absent is fine
    Result<> sync() const;
    void remove_if_empty() const;  // only a folder of Vireo's own

private:
    StoreFolder(Place place, UniqueFd folder, const StoreSpec& spec)
        : place_(std::move(place)), folder_(std::move(folder)), spec_(&spec) {}
    template <class Call>
    Result<> act(std::string_view step, const std::string& what, Call call) const;
    Result<> fill(int fd, std::string_view content, const std::string& name) const;

    Place place_;
    UniqueFd folder_;  // readable, unlike the place's: for fsync and listing
    const StoreSpec* spec_;
};

}  // namespace vireo::firmware
