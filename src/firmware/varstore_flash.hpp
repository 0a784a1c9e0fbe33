// SPDX-License-Identifier: LGPL-2.1-or-later
// Where things are in EDK2's variable store, without the variables themselves. Internal to the library.
#pragma once
#include "firmware/varstore_health.hpp"

#include <cstdint>
#include <expected>
#include <string_view>

namespace vireo::firmware {

struct FlashLayout {
    std::uint64_t volume = 0;  // bytes of the firmware volume
    std::uint32_t block = 0;   // bytes of one block of flash
    std::size_t first = 0;     // offset of the first record …
    std::size_t end = 0;       // … and of the end of their area
    bool authenticated = true;
};
// Volume header, block map, variable store header.
std::expected<FlashLayout, Health> flash_layout(std::string_view bytes);

// A write of whole blocks that the firmware had copied to the spare area and not yet to their place. It completes that
// when it starts next; until then the place may hold anything, also the volume's header.
struct PendingWrite {
    std::size_t header = 0, record = 0;  // offsets in the working block
    std::size_t target = 0, source = 0, length = 0;
};
std::optional<PendingWrite> find_pending_write(std::string_view bytes) noexcept;

inline constexpr std::uint16_t record_start = 0x55aa;
inline constexpr std::size_t plain_record = 32, authenticated_record = 60;  // bytes of their headers
namespace record_state {  // bits are cleared one after the other; EDK2, VariableFormat.h
inline constexpr std::uint8_t erased = 0xff, header_valid = 0x7f, added = 0x3f, in_transition = 0x3e,
                              clear_transition = 0xfe, clear_deleted = 0xfd;
}

// A record as the firmware would see it. `size` is that of header, name and data, not aligned.
struct RecordHead {
    std::uint8_t state = 0;
    std::uint32_t attributes = 0, name_size = 0, data_size = 0;
    std::uint64_t size = 0;
};
RecordHead read_record_head(std::string_view volume, std::size_t at, bool authenticated) noexcept;
constexpr std::size_t aligned(std::size_t size) noexcept {
    return (size + 3) & ~std::size_t{3};
}

}  // namespace vireo::firmware
