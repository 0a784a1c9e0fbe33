// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore_flash.hpp"

#include "firmware/firmware_volume.hpp"
#include "firmware/varstore_bytes.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::firmware {
namespace {

constexpr Guid nv_data_volume = Guid::of("fff12b8d-7696-4c8b-a985-2747075b4f50");
constexpr Guid authenticated_store = Guid::of("aaf32c78-947b-439a-a180-2e144ec37792");
constexpr Guid plain_store = Guid::of("ddcf3616-3275-4164-98b6-fe85707ffe7d");
constexpr Guid working_block = Guid::of("9e58292b-7c68-497d-a0ce-6500fd9f1b95");

// Volume header, by offset.
constexpr std::size_t guid_at = 0x10, signature_at = 0x28, header_length_at = 0x30, block_map_at = 0x38;
// Variable store header, by offset from its start.
constexpr std::size_t store_size_at = 16, format_at = 20, state_at = 21, store_header = 28;
// Working block: header, then a queue of writes, each of a header and its records (EDK2, FaultTolerantWrite.h).
constexpr std::size_t queue_size_at = 24, working_header = 32, write_header = 40, write_record = 40;

const std::string reset_hint = "reset the variable store, or restore a backup of it";

Health health(HealthState state, std::string sentence, std::uint64_t offset) {
    return {state, std::move(sentence), reset_hint, offset, {}};
}

std::uint16_t header_length(std::string_view bytes) {
    return load<std::uint16_t>(bytes, header_length_at);
}

// Why the outer header was refused.
HealthState refused_because(std::string_view bytes) {
    if (bytes.size() < 0x48 || bytes.substr(signature_at, 4) != "_FVH") return HealthState::not_a_store;
    std::size_t length = header_length(bytes);
    if (length < 0x48 || length % 2 || length > std::min(bytes.size(), head_size)) return HealthState::wrong_checksum;
    std::uint16_t sum = 0;
    for (std::size_t at = 0; at < length; at += 2)
        sum = static_cast<std::uint16_t>(sum + load<std::uint16_t>(bytes, at));
    return sum ? HealthState::wrong_checksum : HealthState::wrong_size;
}

struct BlockMap {
    std::uint64_t total = 0;
    std::uint32_t block = 0;  // bytes of one
};
// Of a header whose length and place are known to be good.
BlockMap block_map(std::string_view bytes, std::size_t length) {
    BlockMap map;
    for (std::size_t at = block_map_at; within(at, 8, length); at += 8) {
        auto count = load<std::uint32_t>(bytes, at), size = load<std::uint32_t>(bytes, at + 4);
        if (count == 0 && size == 0) break;
        if (map.block == 0) map.block = size;
        map.total += std::uint64_t{count} * size;
    }
    return map;
}

std::expected<FlashLayout, Health> store_header_at(std::string_view bytes, std::uint64_t volume, std::size_t at) {
    if (!within(at, store_header, volume))
        return std::unexpected(health(HealthState::not_a_store, "its firmware volume is too small for variables", at));
    FlashLayout layout;
    layout.volume = volume;
    auto guid = Guid::read(bytes, at);
    layout.authenticated = guid == authenticated_store;
    if (!layout.authenticated && guid != plain_store)
        return std::unexpected(health(
            HealthState::not_a_store,
            fmt::format("it is a firmware volume, but holds no variables (unknown format {})", guid.to_string()), at));
    auto format = static_cast<std::uint8_t>(bytes[at + format_at]),
         state = static_cast<std::uint8_t>(bytes[at + state_at]);
    if (format != 0x5a || state != 0xfe)
        return std::unexpected(health(HealthState::not_a_store,
                                      fmt::format("its variable store is marked as unusable (format 0x{:02x}, state "
                                                  "0x{:02x} where a sound one has 0x5a and 0xfe)",
                                                  format, state),
                                      at + format_at));
    auto size = load<std::uint32_t>(bytes, at + store_size_at);
    if (size < store_header || !within(at, size, volume))
        return std::unexpected(health(
            HealthState::wrong_size,
            fmt::format("its variable store says it has {} bytes, in a firmware volume of {} bytes", size, volume),
            at + store_size_at));
    layout.first = aligned(at + store_header);
    layout.end = (at + size) & ~std::size_t{3};
    if (layout.first > layout.end) layout.end = layout.first;
    return layout;
}

std::uint32_t crc32(std::string_view bytes) noexcept {
    std::uint32_t crc = ~0u;
    for (char c : bytes) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
    }
    return ~crc;
}

// The checksum is that of the header as it was before the checksum itself and the state were filled in.
bool sound_working_block(std::string_view bytes, std::size_t at) noexcept {
    if (Guid::read(bytes, at) != working_block) return false;
    std::string header(bytes.substr(at, working_header));
    if ((bytes[at + 20] & 3) != 2) return false;  // bit 0 clear: valid; bit 1 set: not invalid
    std::fill_n(header.begin() + 16, 8, '\xff');
    return crc32(header) == load<std::uint32_t>(bytes, at + 16);
}

bool cleared(std::string_view bytes, std::size_t at, unsigned bit) noexcept {
    return !(static_cast<unsigned char>(bytes[at]) >> bit & 1);
}
constexpr unsigned allocated = 0, complete = 2;                   // of a write's header
constexpr unsigned spare_complete = 1, destination_complete = 2;  // of a record

// Where the record's blocks belong, and where their copy is.
std::optional<PendingWrite> locate(std::string_view bytes, std::size_t header, std::size_t record) noexcept {
    auto lba = load<std::uint64_t>(bytes, record + 8), offset = load<std::uint64_t>(bytes, record + 16),
         length = load<std::uint64_t>(bytes, record + 24), distance = load<std::uint64_t>(bytes, record + 32);
    if (lba != 0 || offset > bytes.size() || length > bytes.size()) return std::nullopt;  // not the variables' area
    PendingWrite write{header, record, 0, static_cast<std::size_t>(0 - distance), 0};
    // The copy begins with the volume's header; the one in its place may just be half-written.
    if (!within(write.source, head_size, bytes.size())) return std::nullopt;
    auto copy = bytes.substr(write.source);
    if (copy.substr(signature_at, 4) != "_FVH") return std::nullopt;
    std::size_t block = block_map(copy, std::min<std::size_t>(header_length(copy), head_size)).block;
    if (block == 0 || block > bytes.size()) return std::nullopt;
    write.length = static_cast<std::size_t>((offset + length + block - 1) / block * block);
    if (write.length > write.source || !within(write.source, write.length, bytes.size())) return std::nullopt;
    return write;
}

std::optional<PendingWrite> pending_in(std::string_view bytes, std::size_t block) noexcept {
    auto queue = load<std::uint64_t>(bytes, block + queue_size_at);
    auto at = block + working_header;
    if (!within(at, queue, bytes.size())) return std::nullopt;
    auto end = at + static_cast<std::size_t>(queue);
    // The last write that is not complete.
    while (within(at, write_header + write_record, end) && cleared(bytes, at, allocated)) {
        auto writes = load<std::uint64_t>(bytes, at + 24), private_size = load<std::uint64_t>(bytes, at + 32);
        if (writes == 0 || writes > queue || private_size > queue) return std::nullopt;
        auto each = write_record + static_cast<std::size_t>(private_size);
        if (!cleared(bytes, at, complete)) {
            for (auto record = at + write_header; writes-- > 0 && within(record, each, end); record += each)
                if (!cleared(bytes, record, destination_complete))
                    return cleared(bytes, record, spare_complete) ? locate(bytes, at, record) : std::nullopt;
            return std::nullopt;
        }
        if (writes > (end - at) / each) return std::nullopt;
        at += write_header + static_cast<std::size_t>(writes) * each;
    }
    return std::nullopt;
}

}  // namespace

std::expected<FlashLayout, Health> flash_layout(std::string_view bytes) {
    auto image = inspect_store(bytes.substr(0, head_size), bytes.size(), StoreFormat::raw, Blank::allowed);
    if (!image) return std::unexpected(health(refused_because(bytes), image.error().message(), 0));
    if (image->blank)
        return std::unexpected(
            Health{HealthState::blank,
                   "it is erased flash; the firmware makes a variable store of it when it first runs",
                   "",
                   0,
                   {}});
    if (Guid::read(bytes, guid_at) != nv_data_volume)
        return std::unexpected(
            health(HealthState::not_a_store, "its firmware volume is not one of variables", guid_at));
    if (image->volume > max_volume_size)
        return std::unexpected(health(HealthState::wrong_size,
                                      fmt::format("its firmware volume has {} bytes; {} are the most for variables",
                                                  image->volume, max_volume_size),
                                      0));
    std::size_t length = header_length(bytes);
    // Where the firmware made the header itself, as Arm's does, the map is that of the whole flash.
    if (auto map = block_map(bytes, length); map.total != image->volume && map.total != bytes.size())
        return std::unexpected(health(HealthState::wrong_size,
                                      fmt::format("its firmware volume header says the volume has {} bytes, but has "
                                                  "blocks of {} bytes together",
                                                  image->volume, map.total),
                                      block_map_at));
    auto layout = store_header_at(bytes, image->volume, length);
    if (layout) layout->block = block_map(bytes, length).block;
    return layout;
}

std::optional<PendingWrite> find_pending_write(std::string_view bytes) noexcept {
    bytes = bytes.substr(0, max_volume_size);
    for (std::size_t at = head_size; within(at, head_size, bytes.size()); at += head_size)
        if (sound_working_block(bytes, at)) return pending_in(bytes, at);
    return std::nullopt;
}

RecordHead read_record_head(std::string_view volume, std::size_t at, bool authenticated) noexcept {
    auto sizes = at + (authenticated ? 36 : 8);
    RecordHead head;
    head.state = static_cast<std::uint8_t>(volume[at + 2]);
    head.attributes = load<std::uint32_t>(volume, at + 4);
    head.name_size = load<std::uint32_t>(volume, sizes);
    head.data_size = load<std::uint32_t>(volume, sizes + 4);
    constexpr std::uint32_t unwritten = ~0u;
    // Interrupted while its header was written: the firmware passes over the header alone.
    if (head.state == record_state::erased || head.name_size == unwritten || head.data_size == unwritten ||
        head.attributes == unwritten)
        head.name_size = head.data_size = 0;
    head.size = std::uint64_t{authenticated ? authenticated_record : plain_record} + head.name_size + head.data_size;
    return head;
}

}  // namespace vireo::firmware
