// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>

namespace vireo::model {
namespace {

bool target_name(std::string_view name) {  // fda, hdb, sdaa, vdzz
    if (name.size() < 3 || name.size() > 5 || name[1] != 'd' ||
        std::string_view("fhsv").find(name[0]) == std::string_view::npos)
        return false;
    return std::ranges::all_of(name.substr(2), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool hex_digits(std::string_view text, std::size_t length) {
    return text.size() == length && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

class DiskCheck {
public:
    explicit DiskCheck(const Disk& disk)
        : disk_(disk), bus_(disk.bus()), removable_(disk.device != Disk::Device::disk) {}

    Result<> run() const {
        if (!target_name(disk_.target.dev))
            return wrong("is not a possible target name: it is hd, sd, vd or fd and letters, as in 'vda'");
        if (auto good = bus(); !good) return good;
        if (auto good = medium(); !good) return good;
        return identity();
    }

private:
    Failure wrong(std::string_view what) const {
        return fail(Errc::invalid_config, "disk '", disk_.target.dev, "' ", what);
    }

    Result<> bus() const {
        const std::string name(to_string(bus_));
        if ((disk_.device == Disk::Device::floppy) != (bus_ == DiskBus::fdc))
            return wrong("is on the bus " + name + ": the bus fdc is for floppy drives, and they are on no other");
        if (disk_.device == Disk::Device::cdrom && bus_ == DiskBus::virtio)
            return wrong(
                "is a CD-ROM drive on the bus virtio, whose media cannot be changed; use sata, scsi, ide or usb");
        if (disk_.readonly && !removable_ && (bus_ == DiskBus::ide || bus_ == DiskBus::sata))
            return wrong("is read-only: a disk on the bus " + name + " cannot be");
        return {};
    }

    Result<> medium() const {
        if (!removable_ && disk_.empty())
            return wrong("has no source file; only CD-ROM and floppy drives may be empty");
        if (disk_.target.tray && !removable_) return wrong("has a tray; only CD-ROM and floppy drives do");
        if (disk_.source) {
            if (auto good = check_path(disk_.source->file, "disk '" + disk_.target.dev + "'"); !good) return good;
            if (disk_.source->startup_policy == DiskSource::StartupPolicy::requisite && !removable_)
                return wrong("has startupPolicy='requisite', which is for CD-ROM and floppy drives");
        }
        if (disk_.shareable && disk_.format() != DiskFormat::raw)
            return wrong("is shareable: that needs the format raw");
        if (!disk_.driver) return {};
        using Cache = DiskDriver::Cache;
        const auto cache = disk_.driver->cache;
        if (disk_.driver->io == DiskDriver::Io::native && cache != Cache::none && cache != Cache::directsync)
            return wrong("has io='native', which needs cache='none' or cache='directsync'");
        return {};
    }

    Result<> identity() const {
        constexpr std::string_view safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+. ";
        if (disk_.serial.find_first_not_of(safe) != std::string::npos)
            return wrong("has a serial with characters other than letters, digits, space and _-+.");
        if (disk_.wwn.empty()) return {};
        if (!hex_digits(disk_.wwn, 16)) return wrong("has a wwn that is not 16 hexadecimal digits");
        if (bus_ != DiskBus::ide && bus_ != DiskBus::scsi && bus_ != DiskBus::sata)
            return wrong("has a wwn, which is for the buses ide, sata and scsi");
        return {};
    }

    const Disk& disk_;
    DiskBus bus_;
    bool removable_;
};

}  // namespace

Result<> validate_disks(const Domain& domain) {
    std::set<std::string_view> targets;
    for (const auto& disk : domain.devices.disks) {
        if (auto good = DiskCheck(disk).run(); !good) return good;
        if (!targets.insert(disk.target.dev).second)
            return fail(Errc::invalid_config, "two disks have the target '", disk.target.dev, "'");
    }
    return {};
}

}  // namespace vireo::model
