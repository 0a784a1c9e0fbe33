// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256 of whole files, remembered for as long as they are untouched: a file is read again only when stat(2) tells
// another inode, size or time.
#pragma once
#include "firmware/catalog.hpp"
#include "model/firmware_identity.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace vireo::firmware {

// A value: work in the pool is given a copy, and what comes back takes its place. What is lost when two do so at once
// is read again.
class KnownHashes {
public:
    // Null when nothing is known of the file in this state.
    const std::string* find(const std::filesystem::path& file, const FileIdentity& state) const;
    // now_ns: the clock before the file was read, nanoseconds since the epoch. A file that was changed within the last
    // second is not remembered: a second change could leave its times as they are.
    void note(const std::filesystem::path& file, const FileIdentity& state, std::string sha256, std::int64_t now_ns);

private:
    static constexpr std::size_t most = 4096;
    struct Known {
        FileIdentity state;
        std::string sha256;
    };
    std::map<std::string, Known, std::less<>> files_;
};

// Name, size and hash of a regular file of at most 68 MiB; links are followed. Blocks. Errc::not_found
// when it is not there, busy when it changes while it is read.
Result<model::FirmwareRecord> record_of(const std::filesystem::path& file, KnownHashes& known);

// Is the file still what was recorded, as far as stat(2) and what is known can tell? Never reads it: false means that
// it has to be looked at.
bool surely_same(const model::FirmwareRecord& record, const KnownHashes& known);

}  // namespace vireo::firmware
