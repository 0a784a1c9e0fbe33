// SPDX-License-Identifier: LGPL-2.1-or-later
// LINKS: firmware
// Whatever a descriptor holds: a descriptor or an error, and what is accepted keeps the promises of its type.
#include "firmware/descriptor.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    auto parsed = vireo::firmware::parse_descriptor({reinterpret_cast<const char*>(data), size});
    if (!parsed) return parsed.error().message().empty() ? (std::abort(), 0) : 0;
    using namespace vireo::firmware;
    if (!parsed->executable.filename.starts_with('/')) std::abort();
    if (parsed->device == Device::flash && parsed->mode == FlashMode::split && !parsed->nvram_template) std::abort();
    return 0;
}
