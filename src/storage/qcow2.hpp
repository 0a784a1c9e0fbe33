// SPDX-License-Identifier: LGPL-2.1-or-later
// The header of a qcow2 image without I/O. Source: QEMU's docs/interop/qcow2.txt, versions 2 and 3.
// Whoever made the image wrote the header: every number in it is checked against what was read.
#pragma once
#include "support/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace vireo::storage {

struct Qcow2Header {
    std::uint32_t version = 0;           // 2 or 3
    std::uint32_t cluster_bits = 0;      // 9 … 21
    std::uint64_t virtual_size = 0;      // bytes
    std::string backing_file;            // as it stands there: absolute, relative, or with a protocol; empty: none
    std::string backing_format;          // "raw", "qcow2" …; empty: not said
    std::string data_file;               // the external data file's name; may be empty even when there is one
    std::uint32_t encryption = 0;        // 0: none, 1: AES, 2: LUKS
    bool dirty = false;                  // was not closed properly; QEMU repairs it when it opens it for writing
    bool corrupt = false;                // QEMU found it inconsistent and refuses to write to it
    bool external_data = false;          // the guest's data lie in another file
    std::uint64_t unknown_features = 0;  // incompatible features that this parser does not know, as bits
};

// How much of a file's beginning parse_qcow2_header() wants to see: header, extensions and the backing file's name lie
// in the first cluster, and programs write them one after another from its beginning.
inline constexpr std::size_t qcow2_header_area = 64u << 10;

bool looks_like_qcow2(std::string_view beginning) noexcept;  // the magic number alone

// From the beginning of a file (less than qcow2_header_area only when the file is smaller). Failure(invalid_config):
// no qcow2 image, of an unknown version, cut off, or with numbers that lead out of the header. The sentence has no
// subject: "has another magic number …"; the caller names the file.
Result<Qcow2Header> parse_qcow2_header(std::string_view beginning);

}  // namespace vireo::storage
