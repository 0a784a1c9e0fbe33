// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/signature_list.hpp"

#include "firmware/varstore_bytes.hpp"

#include <ctime>
#include <fmt/format.h>
#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace vireo::firmware {
namespace {

constexpr Guid x509 = Guid::of("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");
constexpr Guid sha256 = Guid::of("c1c41626-504c-4092-aca9-41f936934328");
constexpr Guid x509_sha256 = Guid::of("3bd2a492-96c0-4079-b420-fcf98ef103ed");
constexpr std::size_t list_header = 28, owner_size = 16, hash_size = 32;
constexpr std::size_t max_der = 64u << 10;  // bytes of one certificate

template <auto free_function>
struct Free {
    void operator()(auto* p) const { free_function(p); }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;

std::string text_of(BIO* bio) {
    char* data = nullptr;
    auto size = BIO_get_mem_data(bio, &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string text_of(const X509_NAME* name) {
    Bio bio(BIO_new(BIO_s_mem()));
    // Bytes above ASCII stay escaped: what comes out is printable whatever the certificate holds.
    if (!bio || X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
    return text_from_ascii(text_of(bio.get()));
}

std::string text_of(const ASN1_TIME* time) {
    std::tm t{};
    if (!time || ASN1_TIME_to_tm(time, &t) != 1) return {};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                       t.tm_min, t.tm_sec);
}

X509Ptr parse(std::string_view der) {
    if (der.empty() || der.size() > max_der) return nullptr;
    auto* data = reinterpret_cast<const unsigned char*>(der.data());
    X509Ptr certificate(d2i_X509(nullptr, &data, static_cast<long>(der.size())));
    ERR_clear_error();
    return certificate;
}

Certificate read_certificate(const Guid& owner, std::string_view der) {
    Certificate result;
    result.owner = owner;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(der.data(), der.size(), digest, &size, EVP_sha256(), nullptr) == 1)
        result.sha256 = to_hex({reinterpret_cast<const char*>(digest), size});
    auto certificate = parse(der);
    result.readable = certificate != nullptr;
    if (!certificate) return result;
    result.subject = text_of(X509_get_subject_name(certificate.get()));
    result.issuer = text_of(X509_get_issuer_name(certificate.get()));
    result.not_before = text_of(X509_get0_notBefore(certificate.get()));
    result.not_after = text_of(X509_get0_notAfter(certificate.get()));
    return result;
}

std::string list(const Guid& type, std::size_t signature_size, std::size_t count) {
    std::string bytes(type.bytes());
    append(bytes, static_cast<std::uint32_t>(list_header + signature_size * count));
    append(bytes, std::uint32_t{0});
    append(bytes, static_cast<std::uint32_t>(signature_size));
    return bytes;
}

}  // namespace

SignatureDatabase read_signatures(std::string_view bytes) {
    SignatureDatabase database;
    while (!bytes.empty()) {
        auto size = bytes.size() < list_header ? 0 : load<std::uint32_t>(bytes, 16);
        if (size < list_header || size > bytes.size()) {
            database.complete = false;
            break;
        }
        auto type = Guid::read(bytes, 0);
        auto header = load<std::uint32_t>(bytes, 20), each = load<std::uint32_t>(bytes, 24);
        auto signatures = bytes.substr(0, size);
        bytes.remove_prefix(size);
        if (each < owner_size || header > size - list_header) {
            database.complete = false;
            continue;
        }
        signatures.remove_prefix(list_header + header);
        if (signatures.size() % each) database.complete = false;
        auto count = signatures.size() / each;
        if (type == sha256) {
            database.sha256_hashes += count;
        } else if (type == x509_sha256) {
            database.certificate_hashes += count;
        } else if (type == x509) {
            for (; count > 0 && database.certificates.size() < max_certificates; --count) {
                database.certificates.push_back(
                    read_certificate(Guid::read(signatures, 0), signatures.substr(owner_size, each - owner_size)));
                signatures.remove_prefix(each);
            }
            database.other += count;
        } else {
            database.other += count;
        }
    }
    return database;
}

Result<std::string> certificate_list(const Guid& owner, std::string_view der) {
    if (!parse(der)) return fail(Errc::invalid_argument, "it is not an X.509 certificate");
    return list(x509, owner_size + der.size(), 1).append(owner.bytes()).append(der);
}

Result<std::string> hash_list(const Guid& owner, const std::vector<std::string>& hashes) {
    auto bytes = list(sha256, owner_size + hash_size, hashes.size());
    for (auto& hash : hashes) {
        if (hash.size() != hash_size) return fail(Errc::invalid_argument, "a SHA-256 hash has 32 bytes");
        bytes.append(owner.bytes()).append(hash);
    }
    return bytes;
}

Result<std::string> certificate_der(std::string_view pem_or_der) {
    if (parse(pem_or_der)) return std::string(pem_or_der);
    if (pem_or_der.size() <= 4 * max_der && pem_or_der.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos) {
        Bio bio(BIO_new_mem_buf(pem_or_der.data(), static_cast<int>(pem_or_der.size())));
        X509Ptr certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
        ERR_clear_error();
        unsigned char* data = nullptr;
        if (auto size = certificate ? i2d_X509(certificate.get(), &data) : 0; size > 0) {
            std::string der(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
            OPENSSL_free(data);
            return der;
        }
    }
    return fail(Errc::invalid_argument, "it is not an X.509 certificate, neither PEM nor DER");
}

}  // namespace vireo::firmware
