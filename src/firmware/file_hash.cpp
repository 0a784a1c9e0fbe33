// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/file_hash.hpp"

#include "firmware/firmware_volume.hpp"
#include "support/file.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <memory>
#include <openssl/evp.h>
#include <vector>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t largest = max_image_size + (4u << 20);  // with the tables of an image in qcow2
constexpr std::size_t piece = std::size_t{256} << 10;
constexpr std::int64_t settled_ns = 1'000'000'000;

std::int64_t clock_ns() {
    auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

Result<std::string> hash_fd(int fd, const fs::path& file, std::uint64_t& size) {
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(::EVP_MD_CTX_new(), ::EVP_MD_CTX_free);
    if (!context || !::EVP_DigestInit_ex(context.get(), ::EVP_sha256(), nullptr))
        return fail(Errc::system_failed, "OpenSSL does not compute SHA-256");
    std::vector<char> buffer(piece);
    size = 0;
    while (true) {
        ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Failure(system_error(errno, "cannot read " + file.string()));
        if (n == 0) break;
        size += static_cast<std::uint64_t>(n);
        if (size > largest) return fail(Errc::limit_exceeded, file.string(), " is larger than 64 MiB");
        ::EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(n));
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!::EVP_DigestFinal_ex(context.get(), digest, &length))
        return fail(Errc::system_failed, "OpenSSL does not compute SHA-256");
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (unsigned i = 0; i < length; ++i) text.append({digits[digest[i] >> 4], digits[digest[i] & 15]});
    return text;
}

}  // namespace

const std::string* KnownHashes::find(const fs::path& file, const FileIdentity& state) const {
    auto found = files_.find(file.native());
    return found == files_.end() || found->second.state != state ? nullptr : &found->second.sha256;
}

void KnownHashes::note(const fs::path& file, const FileIdentity& state, std::string sha256, std::int64_t now_ns) {
    if (now_ns - state.changed_ns < settled_ns) return;
    if (files_.size() >= most) files_.clear();
    files_.insert_or_assign(file.native(), Known{state, std::move(sha256)});
}

Result<model::FirmwareRecord> record_of(const fs::path& file, KnownHashes& known) {
    const auto now = clock_ns();
    auto fd = open_file(file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd) return Failure(fd.error());
    struct stat before{}, after{};
    if (::fstat(fd->get(), &before)) return Failure(system_error(errno, "cannot look at " + file.string()));
    if (!S_ISREG(before.st_mode)) return fail(Errc::invalid_config, file.string(), " is not a regular file");
    model::FirmwareRecord record;
    record.file = file;
    record.size = static_cast<std::uint64_t>(before.st_size);
    const auto state = identity_of(before);
    if (auto* sha256 = known.find(file, state)) {
        record.sha256 = *sha256;
        return record;
    }
    std::uint64_t read = 0;
    auto sha256 = hash_fd(fd->get(), file, read);
    if (!sha256) return Failure(sha256.error());
    if (::fstat(fd->get(), &after)) return Failure(system_error(errno, "cannot look at " + file.string()));
    if (identity_of(after) != state || read != record.size)
        return Failure(Error(Errc::busy, file.string() + " changed while it was read")
                           .with_object(file)
                           .with_hint("try again when its package has been updated"));
    known.note(file, state, *sha256, now);
    record.sha256 = std::move(*sha256);
    return record;
}

bool surely_same(const model::FirmwareRecord& record, const KnownHashes& known) {
    auto* sha256 = known.find(record.file, identity_of(fs::path(record.file)));
    return sha256 && *sha256 == record.sha256;
}

}  // namespace vireo::firmware
