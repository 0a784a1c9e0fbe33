// SPDX-License-Identifier: LGPL-2.1-or-later
// LINKS: storage
// Whatever a file holds: the content of an image, no larger than asked for, or an error; what was read can be written
// and read again.
#include "storage/qcow2_image.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    using namespace vireo::storage;
    constexpr std::uint64_t limit = 1u << 20;
    auto image = read_qcow2_image({reinterpret_cast<const char*>(data), size}, limit);
    if (!image) return image.error().message().empty() ? (std::abort(), 0) : 0;
    if (image->bytes.size() > limit) std::abort();
    auto written = write_qcow2_image(image->bytes);
    if (!written) return image->bytes.size() % 512 ? 0 : (std::abort(), 0);
    auto again = read_qcow2_image(*written, limit);
    if (!again || again->bytes != image->bytes || again->snapshots != 0) std::abort();
    return 0;
}
