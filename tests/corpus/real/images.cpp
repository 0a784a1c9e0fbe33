// SPDX-License-Identifier: LGPL-2.1-or-later
// The files of a runnable definition.
#include "corpus/real/guest.hpp"
#include "qemu/numa.hpp"
#include "support/file.hpp"
#include "support/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace vireo::corpus {
namespace {
using model::DiskFormat;
namespace fs = std::filesystem;

constexpr std::uint64_t mebibyte = 1u << 20, usual_size = 64 * mebibyte, floppy_size = 1440 * 1024;

// qemu-img's word for a format that it can make; empty: it can make none.
std::string_view makeable(DiskFormat format) {
    switch (format) {
        case DiskFormat::qcow2:
        case DiskFormat::qcow:
        case DiskFormat::vdi:
        case DiskFormat::vmdk:
        case DiskFormat::vpc:
        case DiskFormat::qed:
            return to_string(format);
        case DiskFormat::ploop:
            return "parallels";
        default:
            return {};
    }
}

bool plain(DiskFormat format) {  // what the command line reads as raw
    return format == DiskFormat::raw || format == DiskFormat::fat || format == DiskFormat::iso ||
           format == DiskFormat::dir;
}

void make_empty(const fs::path& path, std::uint64_t size) {
    const auto fd = take(open_file(path, O_RDWR | O_CREAT));
    if (::ftruncate(fd.get(), static_cast<off_t>(size))) throw system_error(errno, path.string());
}

class Maker {
public:
    explicit Maker(ImageTemplates& templates) : templates_(templates) {}

    Task<> image(const model::StorageSource& source, DiskFormat& format, bool floppy) {
        const auto* slice = source.slices.empty() ? nullptr : &source.slices.front();
        const auto offset = slice ? slice->offset : 0, end = slice ? slice->offset + slice->size : 0;
        if (plain(format)) co_return make_empty(source.file, floppy ? floppy_size : std::max(usual_size, end));
        auto found = co_await templates_.get(format);
        if (!found) {
            changed_.push_back(fmt::format("{} image → raw", to_string(format)));
            format = DiskFormat::raw;
            co_return make_empty(source.file, std::max(usual_size, end));
        }
        const auto content = take(read_file(*found));
        if (offset + content.size() < end) make_empty(source.file, end);
        const auto fd = take(open_file(source.file, O_RDWR | O_CREAT));
        if (::pwrite(fd.get(), content.data(), content.size(), static_cast<off_t>(offset)) < 0)
            throw system_error(errno, source.file);
    }

    std::vector<std::string> changed() { return std::move(changed_); }

private:
    ImageTemplates& templates_;
    std::vector<std::string> changed_;
};

}  // namespace

Task<Result<fs::path>> ImageTemplates::get(DiskFormat format) {
    const auto found = made_.find(format);
    if (found != made_.end()) co_return found->second;
    const auto word = makeable(format);
    const auto path = folder_ / fmt::format("template.{}", to_string(format));
    Result<fs::path> result = path;
    if (word.empty()) {
        result = fail(Errc::unsupported, "qemu-img cannot make images of the format ", to_string(format));
    } else {
        Command command;
        command.argv = {"/usr/bin/qemu-img", "create", "-q", "-f", std::string(word), path.string(), "64M"};
        const auto output = co_await run_program(std::move(command));
        if (!output.status.ok()) result = fail(Errc::unsupported, "qemu-img ", output.status.text(), ": ", output.err);
    }
    made_.emplace(format, result);
    co_return result;
}

Task<std::vector<std::string>> make_files(model::Domain& domain, ImageTemplates& templates) {
    Maker maker(templates);
    for (auto& disk : domain.devices.disks) {
        if (disk.empty() || disk.type != model::SourceType::file) continue;
        auto format = disk.format();
        co_await maker.image(*disk.source, format, disk.device == model::Disk::Device::floppy);
        if (format != disk.format()) disk.driver->type = format;
        for (auto* below = &disk.backing_store; *below && (*below)->type; below = &(*below)->backing_store) {
            auto& store = **below;
            auto below_format = store.format ? store.format->type : DiskFormat::raw;
            const auto before = below_format;
            co_await maker.image(*store.source, below_format, false);
            if (below_format != before) store.format->type = below_format;
        }
    }
    for (const auto& memory : domain.devices.memory_devices)
        if (memory.source && !memory.source->path.empty())
            make_empty(memory.source->path, qemu::module_memory(domain, memory));
    if (domain.devices.pstore) make_empty(domain.devices.pstore->path, domain.devices.pstore->size);
    co_return maker.changed();
}

}  // namespace vireo::corpus
