// SPDX-License-Identifier: LGPL-2.1-or-later
// What a variable store looks like from outside, without I/O: enough to tell it from a wrong file before anything is
// touched. Sources: UEFI Platform Initialization specification, volume 3, 3.2.1 "Firmware Volume" (the header);
// OvmfPkg/VarStore.fdf.inc in EDK2 (the sizes); QEMU's docs/interop/qcow2.txt.
#pragma once
#include "model/domain.hpp"
#include "model/names.hpp"
#include "support/error.hpp"

#include <cstdint>
#include <string_view>

namespace vireo::firmware {

using Format = model::FirmwareFormat;  // of a file of code

// What a file that holds a variable store is.
enum class StoreFormat {
    raw,    // flash, byte for byte
    qcow2,  // flash in a disk image
    json    // of QEMU's uefi-vars device: no flash at all
};
constexpr StoreFormat store_format(Format format) noexcept {
    return format == Format::qcow2 ? StoreFormat::qcow2 : StoreFormat::raw;
}
constexpr Format flash_format(StoreFormat format) noexcept {
    return format == StoreFormat::qcow2 ? Format::qcow2 : Format::raw;
}

inline constexpr std::size_t head_size = 4096;              // how much of a file the functions below want to see
inline constexpr std::uint64_t max_image_size = 64u << 20;  // bytes; Arm's flash device, the largest there is

struct Image {
    std::uint64_t size = 0;    // bytes, as the guest sees it
    std::uint64_t volume = 0;  // bytes of the firmware volume at its start; 0 when not known (qcow2) or blank
    bool blank = false;        // erased flash, which the firmware initialises when it first runs
};

// Is this the beginning of a variable store in a file of this size? head: its first head_size bytes, or all. A template
// must be a valid firmware volume; a guest's own store may also be blank. The error does not name the file.
enum class Blank { refused, allowed };
Result<Image> inspect_store(std::string_view head, std::uint64_t file_size, StoreFormat format, Blank blank);

// Behind the volume nothing but padding: what a template of this content must fulfil besides. Tells the small
// variables-only file from a whole flash image that has its code behind them.
Result<> check_padding(std::string_view content, const Image& image);

// Can this be mapped as flash at all? The result is the size that the guest sees.
Result<std::uint64_t> inspect_code(std::string_view head, std::uint64_t file_size, Format format);

// Do code and store of these sizes (as the guest sees them) belong to one build of the firmware, and do they fit into
// the machine? For what EDK2 is known to build on x86 and for Arm's flash; other architectures are left to QEMU.
Result<> check_pair(std::uint64_t code_size, std::uint64_t store_size, std::string_view architecture);

}  // namespace vireo::firmware

template <>
inline constexpr auto vireo::model::names<vireo::firmware::StoreFormat> = vireo::model::words("raw", "qcow2", "json");
