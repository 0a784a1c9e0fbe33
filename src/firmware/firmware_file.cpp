// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/firmware_file.hpp"

#include "firmware/catalog.hpp"
#include "firmware/store_content.hpp"
#include "firmware/varstore.hpp"
#include "firmware/varstore_bytes.hpp"
#include "support/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

struct Opened {
    UniqueFd fd;
    struct stat status{};
};

// O_NONBLOCK: a FIFO must not hold up the daemon.
Result<Opened> open_regular(const fs::path& path, int flags) {
    auto fd = open_file(path, flags | O_NONBLOCK | O_NOCTTY);
    if (!fd) return Failure(fd.error());
    Opened opened{std::move(*fd)};
    if (::fstat(opened.fd.get(), &opened.status))
        return Failure(system_error(errno, "cannot look at " + path.string()));
    if (!S_ISREG(opened.status.st_mode)) return fail(Errc::invalid_config, path.string(), " is not a regular file");
    return opened;
}

std::uint64_t size_of(const struct stat& status) {
    return static_cast<std::uint64_t>(status.st_size);
}

Error in_template(const Error& error, const fs::path& path) {
    return error.wrap("the variable store template " + path.string() + " cannot be used").with_object(path.string());
}

Result<Image> inspect_content(std::string_view content, StoreFormat format, Blank blank) {
    auto form = format == StoreFormat::json ? StoreFormat::json : StoreFormat::raw;
    auto image = inspect_store(content.substr(0, head_size), content.size(), form, blank);
    if (!image) return image;
    if (form == StoreFormat::json) {
        auto store = read_json_store(content);
        return store ? image : Failure(store.error());
    }
    if (image->blank && !uniform(content, content.front()))
        return fail(Errc::invalid_config, "it is not a firmware volume (there is no _FVH signature)");
    if (auto ok = check_padding(content, *image); !ok) return Failure(ok.error());
    return image;
}

Result<Template> read_checked(const fs::path& path, StoreFormat format, Blank blank) {
    auto opened = open_regular(path, O_RDONLY);
    if (!opened) return Failure(opened.error());
    auto before = identity_of(opened->status);
    auto content = read_fd(opened->fd.get(), path, max_image_size);
    if (!content) return Failure(content.error());
    struct stat after{};
    if (::fstat(opened->fd.get(), &after)) return Failure(system_error(errno, "cannot look at " + path.string()));
    if (identity_of(after).modified_ns != before.modified_ns || size_of(after) != content->size())
        return Failure(
            Error(Errc::busy, "it changed while it was read").with_hint("try again when its package has been updated"));
    auto decoded = decode_store(*content, format);
    if (!decoded) return Failure(decoded.error());
    auto image = inspect_content(decoded->bytes, format, blank);
    if (!image) return Failure(image.error());
    return Template{std::move(*content), std::move(decoded->bytes), *image};
}

Result<std::uint64_t> inspect_checked(const fs::path& path, StoreFormat format, Blank blank) {
    auto opened = open_regular(path, O_RDONLY);
    if (!opened) return Failure(opened.error());
    auto head = read_head(opened->fd.get(), path);
    if (!head) return Failure(head.error());
    auto image = inspect_store(*head, size_of(opened->status), format, blank);
    if (!image) return Failure(image.error());
    return image->size;
}

}  // namespace

Result<std::string> read_head(int fd, const fs::path& name) {
    std::string head(head_size, '\0');
    std::size_t got = 0;
    while (got < head.size()) {
        ssize_t n = ::pread(fd, head.data() + got, head.size() - got, static_cast<off_t>(got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Failure(system_error(errno, "cannot read " + name.string()));
        if (n == 0) break;
        got += static_cast<std::size_t>(n);
    }
    head.resize(got);
    return head;
}

Result<OpenFile> open_code(const fs::path& path, Format format, Access access) {
    auto in_code = [&](const Error& error) {
        return Failure(error.wrap("the firmware " + path.string() + " cannot be used").with_object(path.string()));
    };
    auto opened = open_regular(path, access == Access::read_write ? O_RDWR : O_RDONLY);
    if (!opened) return in_code(opened.error());
    std::string head;
    if (format == Format::qcow2) {
        auto read = read_head(opened->fd.get(), path);
        if (!read) return in_code(read.error());
        head = std::move(*read);
    }
    auto size = inspect_code(head, size_of(opened->status), format);
    if (!size) return in_code(size.error());
    return OpenFile{std::move(opened->fd), *size};
}

Result<> check_rom(const fs::path& path) {
    auto opened = open_regular(path, O_RDONLY);
    if (!opened) return Failure(opened.error().wrap("the firmware " + path.string() + " cannot be used"));
    if (size_of(opened->status) == 0) return fail(Errc::invalid_config, "the firmware ", path.string(), " is empty");
    if (size_of(opened->status) > max_image_size)
        return fail(Errc::limit_exceeded, "the firmware ", path.string(), " is larger than 64 MiB");
    return {};
}

Blank blank_templates(std::string_view architecture) noexcept {
    bool x86 = architecture == "x86_64" || architecture == "i386" || architecture == "i686";
    return x86 || architecture.empty() ? Blank::refused : Blank::allowed;
}

Result<std::uint64_t> inspect_template(const fs::path& path, StoreFormat format, Blank blank) {
    auto size = inspect_checked(path, format, blank);
    return size ? size : Failure(in_template(size.error(), path));
}

Result<Template> read_template(const fs::path& path, StoreFormat format, Blank blank) {
    auto content = read_checked(path, format, blank);
    return content ? std::move(content) : Failure(in_template(content.error(), path));
}

}  // namespace vireo::firmware
