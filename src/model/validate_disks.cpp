// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>

namespace vireo::model {
namespace {

bool letters(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
}

bool digits(std::string_view text) {
    return !text.empty() && text.size() < 4 && text.find_first_not_of("0123456789") == text.npos;
}

bool nvme_name(std::string_view name) {  // nvme0n1: a controller, and a namespace of it from 1
    if (!name.starts_with("nvme")) return false;
    name.remove_prefix(4);
    const auto n = name.find('n');
    return n != name.npos && digits(name.substr(0, n)) && digits(name.substr(n + 1)) && name[n + 1] != '0';
}

bool target_name(std::string_view name) {  // fda, hdb, sdaa, vdzz, xvda, nvme0n1
    for (const std::string_view prefix : {"fd", "hd", "sd", "vd", "xvd", "ubd"})
        if (name.starts_with(prefix)) return letters(name.substr(prefix.size())) && name.size() < prefix.size() + 4;
    return nvme_name(name);
}

bool hex_digits(std::string_view text, std::size_t length) {
    return text.size() == length && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

bool printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

class DiskCheck {
public:
    DiskCheck(const Disk& disk, const Domain& domain)
        : disk_(disk),
          domain_(domain),
          bus_(disk.bus()),
          removable_(disk.device == Disk::Device::cdrom || disk.device == Disk::Device::floppy),
          driver_(disk.driver ? *disk.driver : none_) {}

    Result<> run() const {
        if (auto good = name(); !good) return good;
        if (auto good = bus(); !good) return good;
        if (auto good = medium(); !good) return good;
        if (auto good = driver(); !good) return good;
        if (auto good = device_kind(); !good) return good;
        if (auto good = identity(); !good) return good;
        if (auto good = geometry(); !good) return good;
        if (auto good = threads(); !good) return good;
        if (auto good = image(); !good) return good;
        if (auto good = outside_server(); !good) return good;
        if (auto good = throttling(); !good) return good;
        return disk_.iotune ? tuning(*disk_.iotune) : Result<>();
    }

private:
    Failure wrong(std::string_view what) const {
        return fail(Errc::invalid_config, "disk '", disk_.target.dev, "' ", what);
    }
    std::string what() const { return "disk '" + disk_.target.dev + "'"; }

    Result<> name() const {
        const std::string_view dev = disk_.target.dev;
        if (!target_name(dev))
            return wrong(
                "is not a possible target name: it is hd, sd, vd or fd and letters, as in 'vda', or as 'nvme0n1'");
        return {};
    }

    Result<> bus() const {
        const std::string name(to_string(bus_));
        if ((disk_.device == Disk::Device::floppy) != (bus_ == DiskBus::fdc))
            return wrong("is on the bus " + name + ": the bus fdc is for floppy drives, and they are on no other");
        if (!removable_ && disk_.target.dev.starts_with("fd")) return wrong("has the name of a floppy drive");
        if (disk_.device == Disk::Device::floppy && !disk_.target.dev.starts_with("fd"))
            return wrong("is a floppy drive: its name starts with fd");
        if (disk_.device == Disk::Device::cdrom &&
            (bus_ == DiskBus::virtio || bus_ == DiskBus::sd || bus_ == DiskBus::nvme))
            return wrong("is a CD-ROM drive on the bus " + name +
                         ", whose media cannot be changed; use sata, scsi, ide or usb");
        if (disk_.readonly && !removable_ && (bus_ == DiskBus::ide || bus_ == DiskBus::sata))
            return wrong("is read-only: a disk on the bus " + name + " cannot be");
        const bool plain = disk_.device == Disk::Device::disk;
        if (disk_.target.removable && bus_ != DiskBus::usb && !(bus_ == DiskBus::scsi && plain))
            return wrong("has removable, which is for the bus usb, and for disks on the bus scsi");
        const bool rotates = bus_ == DiskBus::ide || bus_ == DiskBus::scsi || bus_ == DiskBus::sata;
        if (disk_.target.rotation_rate && !(rotates && plain))
            return wrong("has a rotation_rate, which is for device='disk' on the buses ide, scsi and sata");
        using Model = Disk::Model;
        if (disk_.model) {
            const bool usb = disk_.model == Model::usb_storage || disk_.model == Model::usb_bot;
            if (usb ? bus_ != DiskBus::usb : bus_ != DiskBus::virtio)
                return wrong("has the model " + std::string(to_string(*disk_.model)) + ", which is not for the bus " +
                             name);
        }
        return {};
    }

    Result<> medium() const {
        if (!removable_ && disk_.empty())
            return wrong("has no source file or other source; only CD-ROM and floppy drives may be empty");
        if (disk_.target.tray && !removable_) return wrong("has a tray; only CD-ROM and floppy drives do");
        const auto startup = disk_.source ? disk_.source->startup_policy : std::nullopt;
        if (startup && disk_.type == SourceType::network)
            return wrong("has a startupPolicy, which is not possible with a source of type network");
        if (startup == StorageSource::StartupPolicy::requisite && !removable_)
            return wrong("has startupPolicy='requisite', which is for CD-ROM and floppy drives");
        if (disk_.shareable && !disk_.readonly && disk_.format() != DiskFormat::raw)
            return wrong("is shareable: that needs the format raw");
        if (disk_.transient) {
            if (disk_.empty() || disk_.type != SourceType::file)
                return wrong("is transient, which needs a source of type file");
            if (disk_.device != Disk::Device::disk || disk_.readonly)
                return wrong("is transient, which needs device='disk' that is written to");
            const bool plugged = bus_ == DiskBus::virtio || bus_ == DiskBus::scsi || bus_ == DiskBus::usb;
            if (disk_.transient->share_backing == true && !plugged)
                return wrong("is transient with shareBacking, which needs the bus virtio, scsi or usb");
        }
        return {};
    }

    Result<> geometry() const {
        const std::string name(to_string(bus_));
        if (bus_ == DiskBus::sd) {  // a card, which the machine makes
            if (!disk_.serial.empty()) return wrong("has a serial, which is not possible on the bus sd");
            if (disk_.iotune) return wrong("has <iotune>, which is not possible on the bus sd");
        }
        if (!disk_.geometry) return {};
        if (bus_ == DiskBus::usb || bus_ == DiskBus::sd || bus_ == DiskBus::nvme)
            return wrong("has a <geometry>, which is not possible on the bus " + name);
        if (disk_.geometry->translation && bus_ != DiskBus::ide)
            return wrong("has trans in <geometry>, which is for the bus ide, not for " + name);
        return {};
    }

    Result<> threads() const {
        std::vector<std::uint32_t> used;
        if (driver_.iothread) used.push_back(*driver_.iothread);
        for (const auto& thread : driver_.iothreads) used.push_back(thread.id);
        return used.empty() ? Result<>() : check_io_threads(domain_, used, what());
    }

    Result<> driver() const {
        using Cache = DiskDriver::Cache;
        const auto cache = driver_.cache;
        if (driver_.io == DiskDriver::Io::native && cache != Cache::none && cache != Cache::directsync)
            return wrong("has io='native', which needs cache='none' or cache='directsync'");
        if (driver_.copy_on_read == true && (removable_ || disk_.readonly))
            return wrong("has copy_on_read, which needs a disk that can be written to");
        if (bus_ != DiskBus::virtio) {
            const std::string name(to_string(bus_));
            const auto& v = driver_.virtio;
            for (const auto& [given, what] :
                 {std::pair(driver_.ioeventfd.has_value(), "ioeventfd"),
                  std::pair(driver_.event_idx.has_value(), "event_idx"),
                  std::pair(driver_.iothread.has_value(), "iothread"),
                  std::pair(!driver_.iothreads.empty(), "iothreads"), std::pair(driver_.queues.has_value(), "queues"),
                  std::pair(driver_.queue_size.has_value(), "queue_size"), std::pair(v.iommu.has_value(), "iommu"),
                  std::pair(v.ats.has_value(), "ats"), std::pair(v.packed.has_value(), "packed"),
                  std::pair(v.page_per_vq.has_value(), "page_per_vq")})
                if (given) return wrong("has " + std::string(what) + ", which is for the bus virtio, not for " + name);
        }
        if (bus_ == DiskBus::nvme && (driver_.error_policy || driver_.rerror_policy))
            return wrong("has error_policy or rerror_policy, which QEMU does not have on the bus nvme");
        if (driver_.iothread && !driver_.iothreads.empty()) return wrong("has both iothread and <iothreads>");
        const bool qcow2 = disk_.format() == DiskFormat::qcow2;
        if (driver_.metadata_cache && !qcow2) return wrong("has a <metadata_cache>, which is for the format qcow2");
        if (driver_.discard_no_unref && !qcow2) return wrong("has discard_no_unref, which is for the format qcow2");
        return check_format(disk_.format(), what());
    }

    Result<> device_kind() const {
        const bool lun = disk_.device == Disk::Device::lun;
        if (disk_.sgio == Disk::Sgio::unfiltered)
            return wrong("has sgio='unfiltered', which kernels of today do not have; use rawio='yes'");
        if (!lun && disk_.sgio) return wrong("has sgio, which is for device='lun'");
        if (!lun && disk_.rawio) return wrong("has rawio, which is for device='lun'");
        if (!lun && disk_.source && disk_.source->reservations)
            return wrong("has <reservations>, which are for device='lun'");
        if (!lun) return {};
        if (bus_ != DiskBus::scsi && bus_ != DiskBus::virtio)
            return wrong("is a lun on the bus " + std::string(to_string(bus_)) + "; luns are on scsi");
        if (disk_.type == SourceType::network && disk_.source->protocol != NetworkProtocol::iscsi)
            return wrong("is a lun, which over the network needs the protocol iscsi");
        const bool possible =
            disk_.type == SourceType::block || disk_.type == SourceType::network || disk_.type == SourceType::volume;
        if (!possible) return wrong("is a lun, which needs a source of type block, volume or network (iscsi)");
        if (disk_.format() != DiskFormat::raw) return wrong("is a lun, whose format is raw");
        if (!disk_.wwn.empty() || !disk_.vendor.empty() || !disk_.product.empty())
            return wrong("is a lun, which has the wwn, vendor and product of the real one");
        if (!disk_.serial.empty() && bus_ == DiskBus::scsi)
            return wrong("is a lun, which has the serial of the real one");
        if (driver_.copy_on_read == true) return wrong("is a lun, for which copy_on_read is not possible");
        if (disk_.source && !disk_.source->slices.empty()) return wrong("is a lun, of which there are no <slices>");
        const auto* encryption = disk_.image_encryption();
        if (encryption && encryption->format != Encryption::Format::default_)
            return wrong("is a lun, which cannot be encrypted");
        return {};
    }

    Result<> identity() const {
        constexpr std::string_view safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+. ";
        if (disk_.serial.find_first_not_of(safe) != std::string::npos)
            return wrong("has a serial with characters other than letters, digits, space and _-+.");
        constexpr std::size_t longest_vendor = 8, longest_product = 16;
        if (disk_.vendor.size() > longest_vendor || !printable(disk_.vendor))
            return wrong("has a vendor that is not up to 8 printable characters");
        if (disk_.product.size() > longest_product || !printable(disk_.product))
            return wrong("has a product that is not up to 16 printable characters");
        if ((!disk_.vendor.empty() || !disk_.product.empty()) && bus_ != DiskBus::scsi)
            return wrong("has vendor or product, which are for the bus scsi");
        if (disk_.wwn.empty()) return {};
        std::string_view digits = disk_.wwn;
        if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
        if (!hex_digits(digits, 16)) return wrong("has a wwn that is not 16 hexadecimal digits");
        if (bus_ != DiskBus::ide && bus_ != DiskBus::scsi)
            return wrong("has a wwn, which is for the buses ide and scsi");
        return {};
    }

    Result<> image() const {
        const StorageSource none;
        const auto& source = disk_.source ? *disk_.source : none;
        if (disk_.source && !disk_.empty())
            if (auto good = check_source(source, disk_.type, disk_.format(), what()); !good) return good;
        if (disk_.auth)
            if (auto good = check_auth(*disk_.auth, source, disk_.type, what()); !good) return good;
        if (disk_.encryption)
            if (auto good = check_encryption(*disk_.encryption, source, disk_.type, disk_.format(), what()); !good)
                return good;
        if (auto good = check_labels(source.seclabels, domain_, what()); !good) return good;
        for (const auto* below = &disk_.backing_store; below->has_value(); below = &(*below)->backing_store)
            if (auto good = backing_store(**below); !good) return good;
        return {};
    }

    Result<> backing_store(const BackingStore& store) const {
        if (!store.type) return {};  // the end of the chain
        const auto name = what() + " backingStore";
        if (!store.format || !store.source)
            return fail(Errc::invalid_config, name, ": it needs <format type=…/> and a <source>",
                        store.format ? "" : ", as its format cannot be guessed");
        if (auto good = check_format(store.format->type, name); !good) return good;
        if (auto good = check_source(*store.source, *store.type, store.format->type, name); !good) return good;
        return check_labels(store.source->seclabels, domain_, name);
    }

    // The guest's memory is seen by another process, or by the device.
    Result<> outside_server() const {
        const bool user = disk_.type == SourceType::vhostuser, vdpa = disk_.type == SourceType::vhostvdpa;
        if (!user && !vdpa) return {};
        if (user)
            if (auto good = vhost_user(); !good) return good;
        const auto cache = driver_.cache;
        if (vdpa && cache != DiskDriver::Cache::none && cache != DiskDriver::Cache::directsync)
            return wrong("has a source of type vhostvdpa, which needs cache='none' or cache='directsync'");
        return need_shared_memory(domain_, what() + " with a source of type " + std::string(to_string(disk_.type)));
    }

    Result<> vhost_user() const {
        if (bus_ != DiskBus::virtio || disk_.device != Disk::Device::disk)
            return wrong("has a source of type vhostuser, which is for disks on the bus virtio");
        for (const auto& [given, what] :
             {std::pair(disk_.iotune.has_value(), "iotune"),
              std::pair(disk_.blocks.has_value(), "blockio"),
              std::pair(disk_.geometry.has_value(), "geometry"),
              std::pair(disk_.transient.has_value(), "transient"),
              std::pair(disk_.readonly, "readonly"),
              std::pair(disk_.shareable, "shareable"),
              std::pair(!disk_.serial.empty(), "serial"),
              std::pair(driver_.cache.has_value(), "cache"),
              std::pair(driver_.io.has_value(), "io"),
              std::pair(driver_.error_policy.has_value(), "error_policy"),
              std::pair(driver_.rerror_policy.has_value(), "rerror_policy"),
              std::pair(driver_.copy_on_read.has_value(), "copy_on_read"),
              std::pair(driver_.discard.has_value(), "discard"),
              std::pair(driver_.iothread.has_value(), "iothread"),
              std::pair(driver_.detect_zeroes.has_value(), "detect_zeroes"),
              std::pair(driver_.ioeventfd.has_value(), "ioeventfd"),
              std::pair(driver_.metadata_cache.has_value(), "metadata_cache"),
              std::pair(disk_.backing_store.has_value(), "backingStore"),
              std::pair(!disk_.wwn.empty(), "wwn"),
              std::pair(!disk_.vendor.empty(), "vendor"),
              std::pair(!disk_.product.empty(), "product"),
              std::pair(disk_.authentication() != nullptr, "auth"),
              std::pair(disk_.snapshot.value_or(Disk::Snapshot::none) != Disk::Snapshot::none,
                        "snapshot other than 'no'"),
              std::pair(disk_.image_encryption() != nullptr, "encryption")})
            if (given)
                return wrong("has " + std::string(what) + ", which is the server's with a source of type vhostuser");
        return {};
    }

    Result<> tuning(const IoTune& tune) const {
        if (auto good = check_limits(tune, what()); !good) return good;
        return group(tune);
    }

    // Each is a node of its own between the device and the image, which stays when nothing is in the drive.
    Result<> throttling() const {
        std::set<std::string_view> used;
        if (disk_.throttle_filters.empty()) return {};
        if (disk_.iotune) return wrong("has both <iotune> and <throttlefilters>; put the limits into a throttlegroup");
        if (removable_) return wrong("has <throttlefilters>, which CD-ROM and floppy drives cannot have; use <iotune>");
        if (disk_.type == SourceType::vhostuser)
            return wrong("has <throttlefilters>, which is the server's with a source of type vhostuser");
        if (bus_ == DiskBus::sd) return wrong("has <throttlefilters>, which memory cards cannot have");
        for (const auto& filter : disk_.throttle_filters) {
            if (std::ranges::find(domain_.throttle_groups, filter.group, &IoTune::group_name) ==
                domain_.throttle_groups.end())
                return wrong("has a throttle filter of the group '" + filter.group +
                             "', which is not in <throttlegroups>");
            if (!used.insert(filter.group).second)
                return wrong("has two throttle filters of the group '" + filter.group + "'");
        }
        return {};
    }

    static bool says_nothing(IoTune tune) {
        tune.group_name.clear();
        return tune == IoTune();
    }

    // Disks of one group share one set of limits. One that says none has those of the group.
    Result<> group(const IoTune& tune) const {
        if (tune.group_name.empty()) return {};
        bool limited = !says_nothing(tune);
        for (const auto& other : domain_.devices.disks) {
            if (!other.iotune || other.iotune->group_name != tune.group_name) continue;
            if (!says_nothing(*other.iotune) && !says_nothing(tune) && *other.iotune != tune)
                return wrong("is in the group_name '" + tune.group_name + "' with disk '" + other.target.dev +
                             "', which has other limits");
            limited = limited || !says_nothing(*other.iotune);
        }
        if (!limited) return wrong("has the group_name '" + tune.group_name + "', and nobody in it has a limit");
        return {};
    }

    inline static const DiskDriver none_;
    const Disk& disk_;
    const Domain& domain_;
    DiskBus bus_;
    bool removable_;
    const DiskDriver& driver_;
};

}  // namespace

Result<> validate_disks(const Domain& domain) {
    if (auto good = validate_throttle_groups(domain); !good) return good;
    std::set<std::string_view> targets, wwns;
    for (const auto& disk : domain.devices.disks) {
        if (auto good = DiskCheck(disk, domain).run(); !good) return good;
        if (!targets.insert(disk.target.dev).second)
            return fail(Errc::invalid_config, "two disks have the target '", disk.target.dev, "'");
        if (!disk.wwn.empty() && !wwns.insert(disk.wwn).second)
            return fail(Errc::invalid_config, "two disks have the wwn '", disk.wwn, "'");
    }
    for (const auto& lease : domain.devices.leases) {
        if (lease.key.empty()) return fail(Errc::invalid_config, "lease: the key is empty");
        if (auto good = check_path(lease.path, "lease target"); !good) return good;
    }
    return {};
}

}  // namespace vireo::model
