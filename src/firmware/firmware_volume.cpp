// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/firmware_volume.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace vireo::firmware {
namespace {

constexpr std::uint64_t flash_block = 4096;          // QEMU's pflash takes whole blocks only
constexpr std::uint64_t max_x86_flash = 8u << 20;    // QEMU's default of max-fw-size, code and variables together
constexpr std::uint64_t arm_flash = 64u << 20;       // each of the two devices of QEMU's virt machine
constexpr std::size_t minimal_volume_header = 0x48;  // with one entry and the end of the block map

// The header's fields by offset.
constexpr std::size_t length_at = 0x20, signature_at = 0x28, header_length_at = 0x30;

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t width, bool big_endian = false) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        auto byte = static_cast<unsigned char>(bytes[at + (big_endian ? i : width - 1 - i)]);
        value = value << 8 | byte;
    }
    return value;
}

bool all(std::string_view bytes, char value) {
    return std::ranges::all_of(bytes, [value](char c) { return c == value; });
}

Result<> check_flash_size(std::uint64_t size) {
    if (size == 0) return fail(Errc::invalid_config, "it is empty");
    if (size % flash_block)
        return fail(Errc::invalid_config, fmt::format("its size, {} bytes, is not a multiple of 4096", size));
    if (size > max_image_size)
        return fail(Errc::limit_exceeded, fmt::format("it is larger than {} MiB", max_image_size >> 20));
    return {};
}

// The size of the disk in a qcow2 image, which must stand for itself.
Result<std::uint64_t> qcow2_size(std::string_view head) {
    if (head.size() < 72 || !head.starts_with("QFI\xfb")) return fail(Errc::invalid_config, "it is not a qcow2 image");
    auto version = number(head, 4, 4, true);
    if (version != 2 && version != 3) return fail(Errc::unsupported, fmt::format("it is qcow2 of version {}", version));
    if (number(head, 8, 8, true)) return fail(Errc::invalid_config, "it is a qcow2 overlay of another file");
    if (number(head, 32, 4, true)) return fail(Errc::invalid_config, "it is an encrypted qcow2 image");
    if (version == 3 && head.size() >= 104) {
        auto incompatible = number(head, 72, 8, true);
        if (incompatible & 2) return fail(Errc::invalid_config, "it is a qcow2 image that is marked as corrupt");
        if (incompatible & 4) return fail(Errc::invalid_config, "it is a qcow2 image with its data in another file");
    }
    return number(head, 24, 8, true);
}

Result<std::uint64_t> inspect_volume(std::string_view head, std::uint64_t file_size) {
    if (head.size() < minimal_volume_header || head.substr(signature_at, 4) != "_FVH")
        return fail(Errc::invalid_config, "it is not a firmware volume (there is no _FVH signature)");
    auto header = number(head, header_length_at, 2);
    if (header < minimal_volume_header || header > head.size() || header % 2)
        return fail(Errc::invalid_config, fmt::format("its firmware volume header says it is {} bytes long", header));
    std::uint16_t sum = 0;
    for (std::size_t at = 0; at < header; at += 2) sum = static_cast<std::uint16_t>(sum + number(head, at, 2));
    if (sum) return fail(Errc::invalid_config, "the checksum of its firmware volume header is wrong");
    auto length = number(head, length_at, 8);
    if (length > file_size)
        return fail(Errc::invalid_config, fmt::format("it is cut short: {} of {} bytes are there", file_size, length));
    if (length < header || length % flash_block)
        return fail(Errc::invalid_config,
                    fmt::format("its firmware volume header says the volume has {} bytes", length));
    return length;
}

struct Build {
    std::string_view name;
    std::uint64_t code;
    std::uint64_t store;
};
constexpr std::array builds{
    Build{"1 MiB", 917504, 131072},
    Build{"2 MiB", 1966080, 131072},
    Build{"4 MiB", 3653632, 540672},
};

}  // namespace

Result<Image> inspect_store(std::string_view head, std::uint64_t file_size, StoreFormat format, Blank blank) {
    if (file_size == 0) return fail(Errc::invalid_config, "it is empty");
    if (format == StoreFormat::json) {
        if (head.substr(0, head.find_first_not_of(" \t\r\n") + 1).ends_with('{')) return Image{file_size, 0, false};
        return fail(Errc::invalid_config, "it is not JSON");
    }
    if (format == StoreFormat::qcow2) {
        auto size = qcow2_size(head);
        if (!size) return Failure(size.error());
        if (auto ok = check_flash_size(*size); !ok) return Failure(ok.error());
        return Image{*size, 0, false};
    }
    if (auto ok = check_flash_size(file_size); !ok) return Failure(ok.error());
    if (blank == Blank::allowed && (all(head, '\0') || all(head, '\xff'))) return Image{file_size, 0, true};
    auto volume = inspect_volume(head, file_size);
    if (!volume) return Failure(volume.error());
    return Image{file_size, *volume, false};
}

Result<> check_padding(std::string_view content, const Image& image) {
    if (image.volume == 0 || image.volume >= content.size()) return {};
    auto rest = content.substr(image.volume);
    if (all(rest, '\0') || all(rest, '\xff')) return {};
    return fail(Errc::invalid_config,
                "there is something else behind its firmware volume: it may be a whole flash image, with the code");
}

Result<std::uint64_t> inspect_code(std::string_view head, std::uint64_t file_size, Format format) {
    auto size = format == Format::qcow2 ? qcow2_size(head) : Result<std::uint64_t>(file_size);
    if (!size) return size;
    if (auto ok = check_flash_size(*size); !ok) return Failure(ok.error());
    return size;
}

Result<> check_pair(std::uint64_t code_size, std::uint64_t store_size, std::string_view architecture) {
    if (architecture == "aarch64" || architecture == "arm") {
        if (code_size == arm_flash && store_size == arm_flash) return {};
        return fail(
            Errc::invalid_config,
            fmt::format("this machine's flash has {} bytes for the code and as many for the variable store, but these "
                        "files have {} and {}; they must be padded",
                        arm_flash, code_size, store_size));
    }
    if (architecture != "x86_64" && architecture != "i386" && architecture != "i686") return {};
    for (auto& build : builds)
        if (build.code == code_size && build.store != store_size)
            return fail(
                Errc::invalid_config,
                fmt::format(
                    "the code is of a {} build of the firmware, whose variable store has {} bytes, but this one has {}",
                    build.name, build.store, store_size));
    if (code_size + store_size > max_x86_flash)
        return fail(Errc::invalid_config,
                    fmt::format("code and variable store have {} bytes together; the machine takes {} at most",
                                code_size + store_size, max_x86_flash));
    return {};
}

}  // namespace vireo::firmware
