// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/domain.hpp"

#include <string_view>

namespace vireo::model {

DiskBus Disk::bus() const noexcept {
    if (target.bus) return *target.bus;
    const std::string_view dev = target.dev;
    if (dev.starts_with("fd")) return DiskBus::fdc;
    if (dev.starts_with("hd")) return DiskBus::ide;
    if (dev.starts_with("sd")) return DiskBus::scsi;
    if (dev.starts_with("nvme")) return DiskBus::nvme;
    return DiskBus::virtio;
}

bool Disk::empty() const noexcept {
    return !source || model::empty(*source, type);
}

const SourceAuth* Disk::authentication() const noexcept {
    if (source && source->auth) return &*source->auth;
    return auth ? &*auth : nullptr;
}

const Encryption* Disk::image_encryption() const noexcept {
    if (source && source->encryption) return &*source->encryption;
    return encryption ? &*encryption : nullptr;
}

const std::string& Nvram::place() const noexcept {
    static const std::string nowhere;
    if (!type) return path;
    if (!source) return nowhere;
    return type == SourceType::file ? source->file : type == SourceType::block ? source->dev : nowhere;
}

bool empty(const StorageSource& source, SourceType type) noexcept {
    switch (type) {
        case SourceType::file:
            return source.file.empty();
        case SourceType::block:
        case SourceType::vhostvdpa:
            return source.dev.empty();
        case SourceType::dir:
            return source.dir.empty();
        case SourceType::network:
            return !source.protocol;
        case SourceType::volume:
            return source.volume.empty();
        case SourceType::nvme:
            return !source.address;
        case SourceType::vhostuser:
            return source.path.empty();
    }
    return true;
}

}  // namespace vireo::model
