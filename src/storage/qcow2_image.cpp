// SPDX-License-Identifier: LGPL-2.1-or-later
#include "storage/qcow2_image.hpp"

#include "storage/qcow2.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <memory>
#include <zlib.h>
#include <zstd.h>

namespace vireo::storage {
namespace {

constexpr std::size_t l1_size_at = 36, l1_offset_at = 40, snapshots_at = 60, features_at = 72, header_length_at = 100,
                      compression_at = 104;
constexpr std::uint64_t feature_compression_type = 8, feature_extended_l2 = 16;
constexpr std::uint64_t offset_mask = 0x00fffffffffffe00, compressed_flag = std::uint64_t{1} << 62,
                        copied_flag = std::uint64_t{1} << 63, zero_flag = 1;
constexpr std::uint64_t subclusters = 32;  // of a cluster with an extended entry

template <class T>
T big_endian(std::string_view bytes, std::size_t at) noexcept {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value << 8 | static_cast<std::uint8_t>(bytes[at + i]));
    return value;
}

template <class T>
void put(std::string& bytes, std::size_t at, T value) noexcept {
    for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(value >> 8))
        bytes[at + i] = static_cast<char>(value);
}

constexpr bool within(std::uint64_t at, std::uint64_t count, std::uint64_t size) noexcept {
    return at <= size && count <= size - at;
}

// Fills `out` from the beginning of `in`, which may go on behind the stream's end. Was there enough?
bool inflate_cluster(std::string_view in, char* out, std::size_t size) {
    z_stream stream{};
    if (inflateInit2(&stream, -12) != Z_OK) return false;  // no header; the window that QEMU compresses with
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out);
    stream.avail_out = static_cast<uInt>(size);
    int done = inflate(&stream, Z_FINISH);
    bool whole = stream.avail_out == 0 && (done == Z_STREAM_END || done == Z_BUF_ERROR || done == Z_OK);
    inflateEnd(&stream);
    return whole;
}

bool zstd_cluster(std::string_view in, char* out, std::size_t size) {
    std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out, size, 0};
    while (context && output.pos < output.size) {
        auto before = std::pair(input.pos, output.pos);
        if (ZSTD_isError(ZSTD_decompressStream(context.get(), &output, &input))) return false;
        if (before == std::pair(input.pos, output.pos)) return false;  // the input ends too early
    }
    return context != nullptr;
}

class Reader {
public:
    Reader(std::string_view file, std::uint64_t limit) : file_(file), limit_(limit) {}

    Result<Qcow2Content> run() {
        if (auto ok = read_header(); !ok) return Failure(ok.error());
        Qcow2Content content;
        content.snapshots = big_endian<std::uint32_t>(file_, snapshots_at);
        content.bytes.assign(static_cast<std::size_t>(size_), '\0');
        out_ = &content.bytes;
        const auto per_table = cluster_ / entry_;
        const auto clusters = (size_ + cluster_ - 1) / cluster_;
        const std::uint64_t tables = big_endian<std::uint32_t>(file_, l1_size_at);
        const auto l1 = big_endian<std::uint64_t>(file_, l1_offset_at);
        if (clusters > tables * per_table) return wrong("has a table of its clusters that is too short for its size");
        if (clusters && !within(l1, tables * 8, file_.size()))
            return wrong("is cut off: its table of clusters is missing");
        for (std::uint64_t first = 0; first < clusters; first += per_table) {
            auto table =
                big_endian<std::uint64_t>(file_, static_cast<std::size_t>(l1 + first / per_table * 8)) & offset_mask;
            if (table == 0) continue;
            if (table % cluster_ || !within(table, cluster_, file_.size()))
                return wrong(fmt::format("has a table of clusters at offset 0x{:x}, which cannot be", table));
            for (std::uint64_t i = 0; i < std::min(per_table, clusters - first); ++i)
                if (auto ok = read_cluster(first + i, static_cast<std::size_t>(table + i * entry_)); !ok)
                    return Failure(ok.error());
        }
        return content;
    }

private:
    static Failure wrong(std::string what) { return Failure(Error(Errc::invalid_config, std::move(what))); }
    static Failure unknown(std::string what) { return Failure(Error(Errc::unsupported, std::move(what))); }

    Result<> read_header() {
        auto header = parse_qcow2_header(file_.substr(0, qcow2_header_area));
        if (!header) return Failure(header.error());
        if (!header->backing_file.empty()) return unknown("is a qcow2 overlay of another file");
        if (header->encryption) return unknown("is an encrypted qcow2 image");
        if (header->external_data) return unknown("is a qcow2 image with its data in another file");
        if (header->unknown_features)
            return unknown(
                fmt::format("is a qcow2 image with features that are not known (0x{:x})", header->unknown_features));
        if (header->corrupt) return wrong("is a qcow2 image that is marked as corrupt");
        if (header->virtual_size > limit_)
            return Failure(
                Error(Errc::limit_exceeded, fmt::format("is a qcow2 image of a disk of {} bytes; {} are the most here",
                                                        header->virtual_size, limit_)));
        size_ = header->virtual_size;
        bits_ = header->cluster_bits;
        cluster_ = std::uint64_t{1} << bits_;
        version_ = header->version;
        if (version_ < 3) return {};
        auto features = big_endian<std::uint64_t>(file_, features_at);
        if (features & feature_extended_l2) entry_ = 16;
        if (entry_ == 16 && bits_ < 14) return wrong("has extended entries for clusters that are too small for them");
        if (!(features & feature_compression_type)) return {};
        if (big_endian<std::uint32_t>(file_, header_length_at) < compression_at + 1 || file_.size() <= compression_at)
            return wrong("does not say how it is compressed");
        auto type = static_cast<std::uint8_t>(file_[compression_at]);
        if (type > 1) return unknown(fmt::format("is a qcow2 image with a compression that is not known ({})", type));
        zstd_ = type == 1;
        return {};
    }

    Result<> read_cluster(std::uint64_t index, std::size_t at) {
        auto entry = big_endian<std::uint64_t>(file_, at);
        auto* out = out_->data() + index * cluster_;
        auto wanted = static_cast<std::size_t>(std::min(cluster_, size_ - index * cluster_));
        if (entry & compressed_flag) return read_compressed(entry, out, wanted);
        auto offset = entry & offset_mask;
        if (entry_ == 16) return read_subclusters(offset, big_endian<std::uint64_t>(file_, at + 8), out, wanted);
        if (offset == 0 || (version_ >= 3 && (entry & zero_flag))) return {};
        return copy(offset, out, wanted);
    }

    // A file may end within its last cluster.
    Result<> copy(std::uint64_t offset, char* out, std::size_t wanted) {
        if (offset >= file_.size()) return wrong(fmt::format("is cut off: data at offset 0x{:x} are missing", offset));
        auto part = file_.substr(static_cast<std::size_t>(offset), wanted);
        std::ranges::copy(part, out);
        return {};
    }

    Result<> read_subclusters(std::uint64_t offset, std::uint64_t bitmap, char* out, std::size_t wanted) {
        const auto part = static_cast<std::size_t>(cluster_ / subclusters);
        for (std::size_t i = 0; i < subclusters && i * part < wanted; ++i) {
            if (!(bitmap >> i & 1) || offset == 0) continue;  // of zeros, or not there
            if (auto ok = copy(offset + i * part, out + i * part, std::min(part, wanted - i * part)); !ok) return ok;
        }
        return {};
    }

    Result<> read_compressed(std::uint64_t entry, char* out, std::size_t wanted) {
        const auto offset_bits = 62 - (bits_ - 8);
        const auto offset = entry & ((std::uint64_t{1} << offset_bits) - 1);
        const auto sectors = (entry & (compressed_flag - 1)) >> offset_bits;
        if (offset >= file_.size()) return wrong(fmt::format("is cut off: data at offset 0x{:x} are missing", offset));
        auto packed = file_.substr(static_cast<std::size_t>(offset),
                                   static_cast<std::size_t>((sectors + 1) * 512 - offset % 512));
        std::string cluster(static_cast<std::size_t>(cluster_), '\0');
        bool good = zstd_ ? zstd_cluster(packed, cluster.data(), cluster.size())
                          : inflate_cluster(packed, cluster.data(), cluster.size());
        if (!good)
            return wrong(fmt::format("has a compressed cluster at offset 0x{:x} that cannot be unpacked", offset));
        std::memcpy(out, cluster.data(), wanted);
        return {};
    }

    std::string_view file_;
    std::uint64_t limit_;
    std::string* out_ = nullptr;
    std::uint64_t size_ = 0, cluster_ = 0, entry_ = 8;
    std::uint32_t bits_ = 0, version_ = 0;
    bool zstd_ = false;
};

// What is written: header, reference table, reference counts, L1, L2, data, each a cluster.
constexpr std::uint32_t written_bits = 16;
constexpr std::size_t written_cluster = 1u << written_bits;
constexpr std::size_t reference_table = 1, reference_counts = 2, l1_table = 3, l2_table = 4, first_data = 5;
constexpr std::size_t largest = written_cluster / 8 * written_cluster;  // what one L2 table describes

std::string header_cluster(std::uint64_t size) {
    std::string header(written_cluster, '\0');
    std::memcpy(header.data(), "QFI\xfb", 4);
    put<std::uint32_t>(header, 4, 3);
    put<std::uint32_t>(header, 20, written_bits);
    put<std::uint64_t>(header, 24, size);
    put<std::uint32_t>(header, l1_size_at, 1);
    put<std::uint64_t>(header, l1_offset_at, l1_table * written_cluster);
    put<std::uint64_t>(header, 48, reference_table * written_cluster);
    put<std::uint32_t>(header, 56, 1);  // clusters of the reference table
    put<std::uint32_t>(header, 96, 4);  // reference counts of 2^4 bits
    put<std::uint32_t>(header, header_length_at, 112);
    return header;
}

}  // namespace

Result<Qcow2Content> read_qcow2_image(std::string_view file, std::uint64_t limit) {
    return Reader(file, limit).run();
}

Result<std::string> write_qcow2_image(std::string_view content) {
    if (content.size() % 512)
        return fail(Errc::invalid_argument,
                    fmt::format("{} bytes are not a multiple of 512: no disk has this size", content.size()));
    if (content.size() > largest)
        return fail(Errc::limit_exceeded,
                    fmt::format("{} bytes are too many for a qcow2 image that is written at once", content.size()));
    auto file = header_cluster(content.size());
    file.resize(first_data * written_cluster, '\0');
    put<std::uint64_t>(file, reference_table * written_cluster, reference_counts * written_cluster);
    put<std::uint64_t>(file, l1_table * written_cluster, copied_flag | l2_table * written_cluster);
    for (std::size_t at = 0; at < content.size(); at += written_cluster) {
        auto part = content.substr(at, written_cluster);
        if (std::ranges::all_of(part, [](char c) { return c == '\0'; })) continue;
        put<std::uint64_t>(file, l2_table * written_cluster + at / written_cluster * 8, copied_flag | file.size());
        file.append(part).append(written_cluster - part.size(), '\0');
    }
    for (std::size_t i = 0; i < file.size() / written_cluster; ++i)
        put<std::uint16_t>(file, reference_counts * written_cluster + i * 2, 1);
    return file;
}

Result<std::string> empty_qcow2_image(std::uint64_t virtual_size) {
    constexpr std::uint64_t most = 1ull << 50, sector = 512;
    if (virtual_size > most)
        return fail(Errc::limit_exceeded, fmt::format("a disk of {} bytes is too large for an overlay", virtual_size));
    const auto size = (virtual_size + sector - 1) / sector * sector;
    const auto entries = std::max<std::uint64_t>((size + largest - 1) / largest, 1);
    const auto tables = (entries * 8 + written_cluster - 1) / written_cluster;
    auto file = header_cluster(size);
    put<std::uint32_t>(file, l1_size_at, static_cast<std::uint32_t>(entries));
    file.resize((l1_table + tables) * written_cluster, '\0');
    put<std::uint64_t>(file, reference_table * written_cluster, reference_counts * written_cluster);
    for (std::size_t i = 0; i < file.size() / written_cluster; ++i)
        put<std::uint16_t>(file, reference_counts * written_cluster + i * 2, 1);
    return file;
}

}  // namespace vireo::storage
