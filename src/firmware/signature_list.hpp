// SPDX-License-Identifier: LGPL-2.1-or-later
// Secure Boot's databases (PK, KEK, db, dbx, shim's lists): signature lists of certificates and hashes, read and made.
// Source: UEFI specification, 32.4.1 "Signature Database".
#pragma once
#include "firmware/varstore_guid.hpp"
#include "support/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vireo::firmware {

struct Certificate {
    Guid owner;           // who enrolled it, as the one who did says
    std::string subject;  // "CN=Microsoft Corporation UEFI CA 2011,O=…" (RFC 2253); of hostile content only printable
    std::string issuer;
    std::string not_before, not_after;  // "2026-06-27T21:32:45Z"; empty when not given
    std::string sha256;                 // of the certificate, hexadecimal
    bool readable = true;               // false: not X.509; only owner and sha256 are set
};

struct SignatureDatabase {
    std::vector<Certificate> certificates;  // max_certificates at most
    std::size_t sha256_hashes = 0;          // images by their hash
    std::size_t certificate_hashes = 0;     // certificates by the hash of what is signed in them
    std::size_t other = 0;                  // RSA keys and what is not known
    bool complete = true;                   // false: the list ends in the middle of something
};
inline constexpr std::size_t max_certificates = 256;

SignatureDatabase read_signatures(std::string_view bytes);

// A list of one certificate (DER), or of SHA-256 hashes (32 bytes each). A database is lists one after the other.
// Error: invalid_argument when it is not that.
Result<std::string> certificate_list(const Guid& owner, std::string_view der);
Result<std::string> hash_list(const Guid& owner, const std::vector<std::string>& hashes);
// A certificate as users have it: PEM (the first in the file) or DER → DER. Error: invalid_argument.
Result<std::string> certificate_der(std::string_view pem_or_der);

}  // namespace vireo::firmware
