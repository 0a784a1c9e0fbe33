// SPDX-License-Identifier: LGPL-2.1-or-later
// Persistent definitions: <folder>/<uuid>.xml, one document per object, and <folder>/autostart/<uuid> for those that
// start with the host. After a crash or a power cut at any instant each document is the old one or the new one, whole.
//
// Saves that are under way at the same time share their synchronisation (group commit): while one batch is being
// written the next one gathers. Each call still returns only when its own bytes and its name are durable, and fails
// alone. The order in a batch: write all temporary files, synchronise each, rename all, synchronise the folder.
#pragma once
#include "state/document.hpp"
#include "support/blocking.hpp"
#include "support/notifier.hpp"
#include "support/task.hpp"

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace vireo::state {

struct Definition {
    std::string uuid;
    std::string xml;  // as it is in the file, so that line numbers are the file's
    bool autostart = false;
};

struct Definitions {
    std::vector<Definition> definitions;  // in the order of the folder
    std::vector<Problem> problems;        // files that were left alone
};

class DefinitionStore {
public:
    // Folder and <folder>/autostart exist (Layout::create()). pool must outlive every call.
    DefinitionStore(Blocking& pool, std::filesystem::path folder);

    // These finish even when the caller is cancelled: what has begun is on disk or has failed. Calls for the same
    // UUID take effect in the order in which they were made.
    // Error: invalid_argument (not a UUID), unsupported (the file there was written by a newer Vireo),
    // system_failed (disk full, I/O error; then the old document is still there, whole).
    Task<> save(std::string uuid, std::string xml);  // xml without the header, which is added
    Task<> remove(std::string uuid);                 // its autostart mark too; absent is fine
    Task<> set_autostart(std::string uuid, bool on);

    // Reads everything; blocks, about 10 µs per document. Removes temporary files of a crash and marks of definitions
    // that are gone, so no save may be under way. What is malformed, too large or too new is reported and left alone.
    Result<Definitions> load_all();

    const std::filesystem::path& folder() const noexcept { return folder_; }

private:
    struct Change;
    using Batch = std::vector<std::shared_ptr<Change>>;
    static void write_files(const std::filesystem::path& folder, Batch& batch, std::size_t first, std::size_t step);
    static void publish(const std::filesystem::path& folder, Batch& batch);
    Task<> commit(std::shared_ptr<Batch> batch);
    Task<> perform(std::shared_ptr<Change> change);
    Task<> settle(std::shared_ptr<Change> change);
    Batch next_batch();
    Result<Definition> load_one(int folder_fd, const std::string& file_name);
    Result<> read_marks(Definitions& loaded);

    Blocking& pool_;
    std::filesystem::path folder_;
    std::set<std::string> newer_;  // UUIDs whose documents a newer Vireo wrote
    std::deque<std::shared_ptr<Change>> waiting_;
    std::shared_ptr<Notifier> committing_;  // the batch that is being written; null: none
};

}  // namespace vireo::state
