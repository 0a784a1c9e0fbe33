// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware that a host offers: all descriptors of the standard folders, in the order in which they are tried.
// Source: QEMU's docs/interop/firmware.json, "Firmware descriptor files": a file in a later folder replaces one of the
// same name in an earlier folder, an empty file hides it, and files are ordered by name over all folders.
//
// One bad descriptor hurts nobody else: it stays in the catalog as an entry with a problem, which is never chosen, and
// it still replaces a good one of the same name in a lower folder, because that is what its author meant.
#pragma once
#include "firmware/descriptor.hpp"
#include "support/blocking.hpp"
#include "support/task.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace vireo::firmware {

// The standard folders, lowest precedence first. A user's own are only looked at by that user's daemon: the system's
// does not let root's home decide what guests run.
std::vector<std::filesystem::path> system_folders();
std::vector<std::filesystem::path> session_folders();  // with $XDG_CONFIG_HOME/qemu/firmware, else ~/.config/…

struct Entry {
    std::filesystem::path file;  // of the descriptor
    Descriptor descriptor;       // empty when it could not be read
    std::string problem;         // why it cannot be chosen; empty when it can

    std::string name() const { return file.filename().string(); }  // "60-edk2-x86_64.json"
    bool usable() const noexcept { return problem.empty(); }
};

struct Warning {
    std::filesystem::path file;
    std::string message;  // a sentence that names the file
    auto operator<=>(const Warning&) const = default;
};

// What tells one state of a file from another without reading it.
struct FileIdentity {
    bool exists = false;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::int64_t modified_ns = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const FileIdentity&) const = default;
};
FileIdentity identity_of(const struct stat& status) noexcept;
FileIdentity identity_of(const std::filesystem::path& file) noexcept;  // follows links; blocks

class Catalog {
public:
    Catalog() = default;
    explicit Catalog(std::vector<Entry> entries) : entries_(std::move(entries)) {}  // in order
    static Catalog load(const std::vector<std::filesystem::path>& folders);         // blocks; lowest precedence first

    const std::vector<Entry>& entries() const noexcept { return entries_; }
    const std::vector<Warning>& warnings() const noexcept { return warnings_; }

    // Are folders, descriptors and firmware files as they were when this was loaded? One stat(2) for each; blocks.
    bool current() const;

private:
    struct Seen {
        std::filesystem::path path;
        FileIdentity identity;
    };
    friend class CatalogLoader;

    std::vector<Entry> entries_;
    std::vector<Warning> warnings_;
    std::vector<Seen> seen_;
};

// The catalog of the daemon: loaded when first needed and again when something changed. Logs each warning once.
class CatalogCache {
public:
    CatalogCache(Blocking& blocking, std::vector<std::filesystem::path> folders)
        : blocking_(blocking), folders_(std::move(folders)) {}

    // Never older than the call. Two calls at once may both load; that is harmless.
    Task<std::shared_ptr<const Catalog>> get();

private:
    void log_new_warnings(const Catalog& catalog);

    Blocking& blocking_;
    std::vector<std::filesystem::path> folders_;
    std::shared_ptr<const Catalog> catalog_;
    std::set<Warning> logged_;
};

}  // namespace vireo::firmware
