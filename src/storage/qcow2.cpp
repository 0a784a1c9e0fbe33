// SPDX-License-Identifier: LGPL-2.1-or-later
#include "storage/qcow2.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::storage {
namespace {

constexpr std::string_view magic = "QFI\xfb";
constexpr std::size_t header_length_2 = 72, header_length_3 = 104;
constexpr std::size_t longest_backing_name = 1023;  // the specification's limit
constexpr std::uint32_t extension_end = 0, extension_backing_format = 0xe2792aca, extension_data_file = 0x44415441;
constexpr std::uint64_t feature_dirty = 1, feature_corrupt = 2, feature_external_data = 4;
constexpr std::uint64_t known_features = 0x1f;  // and compression type, extended L2 entries

std::uint32_t u32(std::string_view bytes, std::size_t at) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
}

std::uint64_t u64(std::string_view bytes, std::size_t at) noexcept {
    return static_cast<std::uint64_t>(u32(bytes, at)) << 32 | u32(bytes, at + 4);
}

bool is_text(std::string_view bytes) noexcept {
    return std::ranges::none_of(bytes, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<> read_extensions(std::string_view cluster, std::size_t at, std::size_t end, Qcow2Header& header) {
    while (at < end) {
        if (end - at < 8) return {};  // no room for another one: the list ends here, as QEMU reads it
        const std::uint32_t type = u32(cluster, at);
        const std::size_t length = u32(cluster, at + 4);
        at += 8;
        if (type == extension_end) return {};
        if (length > end - at)
            return fail(Errc::invalid_config,
                        fmt::format("has a header extension {:#x} that leads out of the header", type));
        const auto data = cluster.substr(at, length);
        if (type == extension_backing_format || type == extension_data_file) {
            if (!is_text(data)) return fail(Errc::invalid_config, "has control characters in a name in its header");
            (type == extension_data_file ? header.data_file : header.backing_format) = data;
        }
        at += std::min((length + 7) & ~std::size_t{7}, end - at);
    }
    return {};
}

Result<std::size_t> read_version_3(std::string_view bytes, Qcow2Header& header) {
    if (bytes.size() < header_length_3) return fail(Errc::invalid_config, "is cut off within its header");
    const std::uint64_t features = u64(bytes, 72);
    header.dirty = features & feature_dirty;
    header.corrupt = features & feature_corrupt;
    header.external_data = features & feature_external_data;
    header.unknown_features = features & ~known_features;
    const std::size_t length = u32(bytes, 100);
    if (length < header_length_3 || length > (std::size_t{1} << header.cluster_bits))
        return fail(Errc::invalid_config, fmt::format("has a header of {} bytes, which cannot be", length));
    if (length > bytes.size()) return fail(Errc::invalid_config, "is cut off within its header");
    return length;
}

}  // namespace

bool looks_like_qcow2(std::string_view beginning) noexcept {
    return beginning.starts_with(magic);
}

Result<Qcow2Header> parse_qcow2_header(std::string_view beginning) {
    if (!looks_like_qcow2(beginning)) return fail(Errc::invalid_config, "is not a qcow2 image");
    if (beginning.size() < header_length_2) return fail(Errc::invalid_config, "is cut off within its header");
    Qcow2Header header;
    header.version = u32(beginning, 4);
    if (header.version != 2 && header.version != 3)
        return fail(Errc::unsupported,
                    fmt::format("is a qcow2 image of version {}; 2 and 3 are known", header.version));
    header.cluster_bits = u32(beginning, 20);
    if (header.cluster_bits < 9 || header.cluster_bits > 21)
        return fail(Errc::invalid_config,
                    fmt::format("has clusters of 2^{} bytes; 2^9 to 2^21 can be", header.cluster_bits));
    header.virtual_size = u64(beginning, 24);
    if (header.virtual_size > std::uint64_t{INT64_MAX})
        return fail(Errc::invalid_config, fmt::format("has a size of {} bytes, which cannot be", header.virtual_size));
    header.encryption = u32(beginning, 32);

    std::size_t length = header_length_2;
    if (header.version == 3) {
        auto read = read_version_3(beginning, header);
        if (!read) return Failure(read.error());
        length = *read;
    }
    const auto cluster = beginning.substr(0, std::min(beginning.size(), std::size_t{1} << header.cluster_bits));
    const std::uint64_t name_at = u64(beginning, 8);
    const std::size_t name_length = u32(beginning, 16);
    std::size_t extensions_end = cluster.size();
    if (name_at != 0) {
        if (name_length > longest_backing_name)
            return fail(Errc::invalid_config, fmt::format("has a backing file name of {} bytes; {} is the limit",
                                                          name_length, longest_backing_name));
        if (name_at < length || name_at > cluster.size() || name_length > cluster.size() - name_at)
            return fail(Errc::invalid_config, "has a backing file name that leads out of the header");
        const auto name = cluster.substr(static_cast<std::size_t>(name_at), name_length);
        if (!is_text(name)) return fail(Errc::invalid_config, "has control characters in its backing file name");
        header.backing_file = name;
        extensions_end = static_cast<std::size_t>(name_at);
    }
    if (auto extensions = read_extensions(cluster, length, extensions_end, header); !extensions)
        return Failure(extensions.error());
    return header;
}

}  // namespace vireo::storage
