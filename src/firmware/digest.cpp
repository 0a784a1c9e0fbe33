// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/digest.hpp"

#include "firmware/varstore_bytes.hpp"
#include "support/error.hpp"

#include <algorithm>
#include <openssl/evp.h>

namespace vireo::firmware {

std::string sha256(std::string_view bytes) {
    std::string digest(32, '\0');
    if (!EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr, EVP_sha256(),
                    nullptr))
        throw Error(Errc::system_failed, "OpenSSL does not compute SHA-256");
    return to_hex(digest);
}

bool is_sha256(std::string_view text) noexcept {
    return text.size() == 64 &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace vireo::firmware
