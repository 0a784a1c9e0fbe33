// SPDX-License-Identifier: LGPL-2.1-or-later
#include "storage/image_chain.hpp"

#include "storage/qcow2.hpp"
#include "storage/qcow2_image.hpp"
#include "support/file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace vireo::storage {
namespace {
namespace fs = std::filesystem;
using model::DiskFormat;

// Where the search for the next image stands.
struct Next {
    std::string path;
    DiskFormat format = DiskFormat::raw;
    bool follow = false;  // may the last component be a symbolic link?
};

bool is_supported(DiskFormat format) noexcept {
    return format == DiskFormat::raw || format == DiskFormat::qcow2;
}

std::string path_of(const std::optional<model::StorageSource>& source, model::SourceType type) {
    if (!source) return {};
    return type == model::SourceType::block ? source->dev : source->file;
}

std::string_view hint_for(int error_number, bool read_only) {
    switch (error_number) {
        case ENOENT:
            return "Check the path in the definition, or create the image: qemu-img create -f qcow2 PATH 20G";
        case EACCES:
        case EPERM:
            return "The daemon itself opens images: its user needs read and write permission on the file, and "
                   "search permission on each folder above it";
        case EROFS:
            return read_only ? "" : "Add <readonly/> to the disk when the guest need not write to it";
        default:
            return "";
    }
}

Error cannot_open(int error_number, const Next& image, bool read_only) {
    auto error = system_error(error_number, fmt::format("cannot open the image {}", image.path));
    const auto hint = hint_for(error_number, read_only);
    return hint.empty() ? error : error.with_hint(std::string(hint));
}

int open_at_path(const Next& image, int flags) noexcept {
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_CLOEXEC | (image.follow ? 0 : O_NOFOLLOW));
    how.resolve = RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, image.path.c_str(), &how, sizeof how));
}

// A look before the real open, because opening some devices has effects.
Result<> check_kind(const Next& image) {
    UniqueFd seen(open_at_path(image, O_PATH));
    if (!seen) {
        if (errno == ELOOP) return fail(Errc::access_denied, image.path, " leads over a link that is not followed");
        return Failure(cannot_open(errno, image, true));
    }
    struct stat status{};
    if (::fstat(seen.get(), &status)) return Failure(cannot_open(errno, image, true));
    if (S_ISLNK(status.st_mode))
        return Failure(
            Error(Errc::access_denied,
                  image.path + " is a symbolic link, which is only followed when the definition names it")
                .with_hint(
                    "Name it in the disk's <backingStore>, or let the image name the file itself: qemu-img rebase -u"));
    if (S_ISDIR(status.st_mode)) return fail(Errc::invalid_config, image.path, " is a folder, not an image");
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        return fail(Errc::invalid_config, image.path, " is neither a regular file nor a block device");
    return {};
}

Result<ImageLayer> open_layer(const Next& image, bool read_only) {
    if (auto kind = check_kind(image); !kind) return Failure(kind.error());
    if (!is_supported(image.format))
        return fail(Errc::unsupported, image.path, " has the format '", to_string(image.format),
                    "', which cannot be used yet; raw and qcow2 can");
    ImageLayer layer;
    layer.path = image.path;
    layer.format = image.format;
    layer.read_only = read_only;
    layer.fd = UniqueFd(open_at_path(image, (read_only ? O_RDONLY : O_RDWR) | O_NOCTTY | O_NONBLOCK));
    if (!layer.fd) return Failure(cannot_open(errno, image, read_only));
    struct stat status{};
    if (::fstat(layer.fd.get(), &status)) return Failure(cannot_open(errno, image, read_only));
    layer.block_device = S_ISBLK(status.st_mode);
    if (!S_ISREG(status.st_mode) && !layer.block_device)
        return fail(Errc::invalid_config, image.path, " is neither a regular file nor a block device");
    if (::fcntl(layer.fd.get(), F_SETFL, 0)) return Failure(cannot_open(errno, image, read_only));  // O_NONBLOCK off
    const off_t end = ::lseek(layer.fd.get(), 0, SEEK_END);
    if (end < 0) return Failure(cannot_open(errno, image, read_only));
    layer.size = layer.virtual_size = static_cast<std::uint64_t>(end);
    return layer;
}

Result<std::string> read_beginning(const ImageLayer& layer) {
    std::string bytes(qcow2_header_area, '\0');
    std::size_t have = 0;
    while (have < bytes.size()) {
        const ssize_t n = ::pread(layer.fd.get(), bytes.data() + have, bytes.size() - have, static_cast<off_t>(have));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Failure(system_error(errno, fmt::format("cannot read the image {}", layer.path)));
        if (n == 0) break;
        have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return bytes;
}

Result<> check_supported(const ImageLayer& layer, const Qcow2Header& header) {
    auto refuse = [&](std::string_view why) { return fail(Errc::unsupported, "the image ", layer.path, " ", why); };
    if (header.encryption) return refuse("is encrypted, which is not supported");
    if (header.external_data)
        return refuse(
            fmt::format("keeps its data in the external data file '{}', which is not supported", header.data_file));
    if (header.unknown_features)
        return refuse(fmt::format("uses qcow2 features that are not known here ({:#x})", header.unknown_features));
    if (header.corrupt && !layer.read_only)
        return Failure(
            Error(Errc::invalid_config, fmt::format("the image {} is marked as corrupt", layer.path))
                .with_hint(fmt::format("Make a copy, then repair it: qemu-img check -r all {}", layer.path)));
    return {};
}

bool has_protocol(std::string_view name) noexcept {  // as QEMU reads file names
    const auto end = name.find_first_of(":/");
    return end != std::string_view::npos && name[end] == ':';
}

// The format of what lies under `layer`: the definition's word, else the header's.
Result<DiskFormat> backing_format(const ImageLayer& layer, const Qcow2Header& header, const BackingWish& wish) {
    if (wish.format) return *wish.format;
    if (header.backing_format.empty())
        return Failure(
            Error(Errc::invalid_config, fmt::format("the image {} lies on {} without saying that file's format",
                                                    layer.path, header.backing_file))
                .with_hint(fmt::format("Formats are never guessed, because a guest could forge one. Say it in "
                                       "the image: qemu-img rebase -u -F FORMAT -b '{}' '{}'",
                                       header.backing_file, layer.path)));
    const auto format = model::from_string<DiskFormat>(header.backing_format);
    if (format && is_supported(*format)) return *format;
    return fail(Errc::unsupported, "the image ", layer.path, " lies on ", header.backing_file, " of the format '",
                header.backing_format, "', which is not supported; raw and qcow2 are");
}

// What lies under `layer`; nothing when that was the last. Sets the layer's virtual size.
Result<std::optional<Next>> look_inside(ImageLayer& layer, const BackingWish& wish) {
    if (layer.format == DiskFormat::raw) return std::nullopt;
    auto beginning = read_beginning(layer);
    if (!beginning) return Failure(beginning.error());
    auto header = parse_qcow2_header(*beginning);
    if (!header) {
        Error error(header.error().code(), fmt::format("{} {}", layer.path, header.error().message()));
        if (looks_like_qcow2(*beginning)) return Failure(error);
        return Failure(error.with_hint("When it is a raw image, say so: <driver name='qemu' type='raw'/>"));
    }
    if (auto supported = check_supported(layer, *header); !supported) return Failure(supported.error());
    layer.virtual_size = header->virtual_size;
    if (header->backing_file.empty() || wish.ends) return std::nullopt;

    if (has_protocol(header->backing_file))
        return fail(Errc::unsupported, "the image ", layer.path, " lies on '", header->backing_file,
                    "', which is not a file; other sources are not supported");
    auto format = backing_format(layer, *header, wish);
    if (!format) return Failure(format.error());
    Next next;
    next.path = (fs::path(layer.path).parent_path() / header->backing_file).string();
    next.format = *format;
    if (!wish.path.empty()) {
        if (fs::path(wish.path).lexically_normal() != fs::path(next.path).lexically_normal())
            return fail(Errc::invalid_config, "the definition says that the image ", layer.path, " lies on ", wish.path,
                        ", but the image itself says ", next.path);
        next.follow = true;
    }
    return next;
}

using Identity = std::pair<dev_t, ino_t>;
Identity identity(const ImageLayer& layer) noexcept {
    struct stat status{};
    if (::fstat(layer.fd.get(), &status)) return {};
    return layer.block_device ? Identity{status.st_rdev, 0} : Identity{status.st_dev, status.st_ino};
}

}  // namespace

ImageRequest request_of(const model::Disk& disk) {
    ImageRequest request;
    request.path = path_of(disk.source, disk.type);
    request.format = disk.format();
    request.read_only = disk.readonly || disk.device == model::Disk::Device::cdrom;
    for (const auto* below = &disk.backing_store; below->has_value(); below = &(*below)->backing_store) {
        BackingWish wish;
        wish.ends = !(*below)->type;
        wish.path = path_of((*below)->source, (*below)->type.value_or(model::SourceType::file));
        if ((*below)->format) wish.format = (*below)->format->type;
        request.backing.push_back(std::move(wish));
        if (request.backing.size() >= deepest_chain) break;
    }
    return request;
}

Result<std::vector<ImageLayer>> open_image_chain(const ImageRequest& request) {
    std::vector<ImageLayer> chain;
    std::vector<Identity> seen;
    std::optional<Next> next = Next{request.path, request.format, true};
    while (next) {
        const auto above = [&](const Error& error) {
            return chain.empty()
                       ? Failure(error)
                       : Failure(error.wrap(fmt::format("cannot use what the image {} lies on", chain.back().path)));
        };
        if (chain.size() == deepest_chain)
            return fail(Errc::limit_exceeded, "the image ", request.path, " lies on more than ",
                        std::to_string(deepest_chain - 1), " others");
        auto layer = open_layer(*next, request.read_only || !chain.empty());
        if (!layer) return above(layer.error());
        const auto id = identity(*layer);
        if (std::ranges::find(seen, id) != seen.end())
            return fail(Errc::invalid_config, "the image ", request.path, " lies on itself: ", layer->path,
                        " comes twice");
        seen.push_back(id);
        const BackingWish none;
        const auto& wish = chain.size() < request.backing.size() ? request.backing[chain.size()] : none;
        auto under = look_inside(*layer, wish);
        if (!under) return above(under.error());
        chain.push_back(std::move(*layer));
        next = std::move(*under);
    }
    return chain;
}

Result<ImageLayer> make_overlay(const std::filesystem::path& path, std::uint64_t virtual_size) {
    auto content = empty_qcow2_image(virtual_size);
    if (!content) return Failure(content.error());
    if (auto made = make_folder(path.parent_path(), 0700); !made) return Failure(made.error());
    if (auto removed = remove_file(path, Durable::no); !removed) return Failure(removed.error());
    auto fd = open_file(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (!fd) return Failure(fd.error());
    if (auto written = write_all(fd->get(), *content, path); !written) return Failure(written.error());
    ImageLayer layer;
    layer.path = path;
    layer.format = model::DiskFormat::qcow2;
    layer.fd = std::move(*fd);
    layer.size = content->size();
    layer.virtual_size = virtual_size;
    return layer;
}

}  // namespace vireo::storage
