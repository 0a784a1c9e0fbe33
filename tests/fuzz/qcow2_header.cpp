// SPDX-License-Identifier: LGPL-2.1-or-later
// LINKS: storage
// Whatever an image begins with: a header or an error, and names that are text of bounded length.
#include "storage/qcow2.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    auto header = vireo::storage::parse_qcow2_header({reinterpret_cast<const char*>(data), size});
    if (!header) return header.error().message().empty() ? (std::abort(), 0) : 0;
    if (header->backing_file.size() > 1023 || header->backing_file.size() > size) std::abort();
    if (header->backing_file.find('\0') != std::string::npos) std::abort();
    return 0;
}
