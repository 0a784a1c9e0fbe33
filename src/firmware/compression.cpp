// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/compression.hpp"

#include <fmt/format.h>
#include <memory>
#include <zstd.h>

namespace vireo::firmware {
namespace {
constexpr int level = 3;  // a store of 528 KiB takes 0.3 ms, Arm's padded 64 MiB 20 ms
}

Result<std::string> pack(std::string_view content) {
    std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    if (!context) return fail(Errc::system_failed, "there is no memory to compress");
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
    std::string packed(ZSTD_compressBound(content.size()), '\0');
    auto size = ZSTD_compress2(context.get(), packed.data(), packed.size(), content.data(), content.size());
    if (ZSTD_isError(size)) return fail(Errc::system_failed, "cannot compress: ", ZSTD_getErrorName(size));
    packed.resize(size);
    packed.shrink_to_fit();
    return packed;
}

std::uint64_t unpacked_size(std::string_view packed) noexcept {
    auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    return size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ? 0 : size;
}

Result<std::string> unpack(std::string_view packed, std::size_t limit) {
    auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
        return fail(Errc::invalid_state, "is damaged: it is not what was written");
    if (size > limit)
        return fail(Errc::invalid_state,
                    fmt::format("is damaged: it claims to hold {} bytes, {} are the most", size, limit));
    std::string content(static_cast<std::size_t>(size), '\0');
    auto got = ZSTD_decompress(content.data(), content.size(), packed.data(), packed.size());
    if (ZSTD_isError(got)) return fail(Errc::invalid_state, "is damaged: ", ZSTD_getErrorName(got));
    if (got != content.size()) return fail(Errc::invalid_state, "is damaged: it is too short");
    return content;
}

}  // namespace vireo::firmware
