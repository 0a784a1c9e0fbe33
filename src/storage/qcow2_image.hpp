// SPDX-License-Identifier: LGPL-2.1-or-later
// Small qcow2 images as a whole, without I/O: what the guest sees in one, and a new one with given content. For
// firmware's variable stores and overlays, not for disks. Source: QEMU's docs/interop/qcow2.txt, versions 2 and 3.
// An image is not trusted: each offset is checked against the file, and no more is unpacked than asked for.
#pragma once
#include "support/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace vireo::storage {

struct Qcow2Content {
    std::string bytes;            // of the virtual disk, all of it
    std::uint32_t snapshots = 0;  // internal ones, which a new image would not have
};

// From the whole file. Understood: plain, zero and compressed clusters (zlib, zstd), extended L2 entries. A dirty image
// is read like a clean one: its tables are right, only its reference counts may not be.
// Errors, sentences without a subject: unsupported (a backing file, encryption, data in another file, features that are
// not known), invalid_config (marked as corrupt, cut off, tables that lead astray), limit_exceeded (a disk of more than
// `limit` bytes).
Result<Qcow2Content> read_qcow2_image(std::string_view file, std::uint64_t limit);

// A whole file, version 3, clusters of 64 KiB; clusters of zeros take no room. Errors: invalid_argument for a size that
// is not a multiple of 512 bytes, limit_exceeded above 512 MiB.
Result<std::string> write_qcow2_image(std::string_view content);

// A whole file without content, for a disk of this size (rounded up to 512 bytes): whatever lies under it shows. It
// names nothing that does. Error(limit_exceeded): more than 1 PiB.
Result<std::string> empty_qcow2_image(std::uint64_t virtual_size);

}  // namespace vireo::storage
