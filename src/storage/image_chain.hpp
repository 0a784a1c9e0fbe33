// SPDX-License-Identifier: LGPL-2.1-or-later
// Opens a disk image and every image it lies on, so that QEMU can be given descriptors instead of paths.
#pragma once
#include "model/device.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace vireo::storage {

inline constexpr std::size_t deepest_chain = 64;  // images in one chain, the disk's own included

// What the definition says of an image further down (<backingStore>).
struct BackingWish {
    BackingWish() = default;
    bool ends = false;                        // <backingStore/>: nothing lies under the image above
    std::string path;                         // empty: what the header of the image above says
    std::optional<model::DiskFormat> format;  // absent: what that header says
};

struct ImageRequest {
    ImageRequest() = default;
    std::string path;  // absolute
    model::DiskFormat format = model::DiskFormat::raw;
    bool read_only = false;
    std::vector<BackingWish> backing;  // from the second image on, as far as the definition goes
};
ImageRequest request_of(const model::Disk& disk);  // of a disk with a medium

struct ImageLayer {
    std::string path;  // as named by the definition, or by the image above and made absolute
    model::DiskFormat format = model::DiskFormat::raw;
    UniqueFd fd;  // close-on-exec; open for writing unless read_only
    bool read_only = false;
    bool block_device = false;       // else a regular file
    std::uint64_t size = 0;          // bytes: of the file or device
    std::uint64_t virtual_size = 0;  // bytes: what the guest sees
};

// The image first, then what it lies on. Blocks: call it through Blocking. Only the first is opened for writing.
//
// Safe against whoever made the images: nothing but regular files and block devices, no magic links, no terminal taken;
// symbolic links only where the definition names the path itself; formats are never guessed (without a word of the
// definition or of the image above, an image under another is refused); no loops; at most deepest_chain images.
// Refused by name: encryption, external data files, names with a protocol or json:, unknown features.
//
// Error(not_found | access_denied | system_failed): the system refused; Error(invalid_config): an image is not what it
// is said to be; Error(unsupported): it asks for what Vireo does not do; Error(limit_exceeded): the chain is too long.
// The message names the file and, below the first, the image that lies on it.
Result<std::vector<ImageLayer>> open_image_chain(const ImageRequest& request);

// A new qcow2 image for a disk of this size, open for writing, to be laid over a chain: what the guest writes is in it
// alone. Its folder is made; one that a crash left there is replaced. Blocks.
Result<ImageLayer> make_overlay(const std::filesystem::path& path, std::uint64_t virtual_size);

}  // namespace vireo::storage
