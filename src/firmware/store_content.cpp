// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/store_content.hpp"

#include "firmware/varstore.hpp"
#include "storage/qcow2.hpp"
#include "storage/qcow2_image.hpp"

namespace vireo::firmware {
namespace {

bool is_json(std::string_view content) noexcept {
    auto first = content.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && content[first] == '{';
}

}  // namespace

Result<StoreContent> decode_store(std::string file, StoreFormat format) {
    if (format != StoreFormat::qcow2) return StoreContent{std::move(file), 0};
    auto image = storage::read_qcow2_image(file, max_image_size);
    if (image) return StoreContent{std::move(image->bytes), image->snapshots};
    return Failure(Error(image.error().code(), "it " + image.error().message()));
}

Result<std::string> encode_store(std::string_view content, StoreFormat format) {
    if (format != StoreFormat::qcow2) return std::string(content);
    return storage::write_qcow2_image(content);
}

StoreFormat recognise_format(std::string_view file) noexcept {
    if (storage::looks_like_qcow2(file)) return StoreFormat::qcow2;
    return is_json(file) ? StoreFormat::json : StoreFormat::raw;
}

Health judge_store(std::string_view content, StoreFormat format, const Pairing& pairing) {
    bool json = is_json(content);
    if (json == (format == StoreFormat::json)) return check_store(content, json ? Pairing{} : pairing);
    if (!json && content.find_first_not_of(" \t\r\n") == std::string_view::npos)
        return {HealthState::not_a_store, "it is empty", "reset the variable store, or restore a backup of it", 0, {}};
    return {HealthState::wrong_code,
            json ? "it is what QEMU's uefi-vars device keeps, but this firmware keeps its variables in flash"
                 : "it is flash, but this firmware keeps its variables in QEMU's uefi-vars device",
            "migrate the variable store to this firmware, or reset it",
            0,
            {}};
}

}  // namespace vireo::firmware
