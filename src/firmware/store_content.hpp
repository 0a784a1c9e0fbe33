// SPDX-License-Identifier: LGPL-2.1-or-later
// Between the bytes of a variable store's file and the content that the guest sees. No I/O.
#pragma once
#include "firmware/firmware_volume.hpp"
#include "firmware/varstore_health.hpp"

#include <string>

namespace vireo::firmware {

struct StoreContent {
    std::string bytes;            // flash, or JSON
    std::uint32_t snapshots = 0;  // internal ones of a qcow2 image
};
// Errors: sentences about "it"; unsupported, invalid_config, limit_exceeded.
Result<StoreContent> decode_store(std::string file, StoreFormat format);
Result<std::string> encode_store(std::string_view content, StoreFormat format);

// What a file is, by its content: qcow2 and JSON say so, everything else is raw.
StoreFormat recognise_format(std::string_view file) noexcept;

// check_store(), and whether the content is of the kind that this format promises.
Health judge_store(std::string_view content, StoreFormat format, const Pairing& pairing);

}  // namespace vireo::firmware
