// SPDX-License-Identifier: LGPL-2.1-or-later
// Disks, CD-ROM and floppy drives: what the guest sees of them, and what they hold.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/source.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

enum class DiskBus { ide, fdc, scsi, virtio, usb, sata, sd, nvme };
template <>
inline constexpr auto names<DiskBus> = words("ide", "fdc", "scsi", "virtio", "usb", "sata", "sd", "nvme");

struct IoThreadQueue {
    std::uint32_t id = 0;  // a queue of the device, from 0
    Kept kept;
    bool operator==(const IoThreadQueue&) const = default;
};
struct IoThreadUse {  // an I/O thread and the queues that it serves
    std::uint32_t id = 0;
    std::vector<IoThreadQueue> queues;  // none, or each queue of the device in exactly one thread
    Kept kept;
    bool operator==(const IoThreadUse&) const = default;
};

struct DiskStatistic {           // a histogram interval
    std::uint32_t interval = 0;  // seconds
    Kept kept;
    bool operator==(const DiskStatistic&) const = default;
};

struct DiskDriver {
    enum class Name { qemu };
    enum class Cache { default_, none, writethrough, writeback, directsync, unsafe };
    enum class ErrorPolicy { stop, report, ignore, enospace };
    enum class ReadErrorPolicy { stop, report, ignore };
    enum class Io { native, threads, io_uring };
    enum class Discard { unmap, ignore };
    enum class DetectZeroes { off, on, unmap };
    std::optional<Name> name;
    std::optional<DiskFormat> type;  // raw when absent: an image is never probed
    std::optional<Cache> cache;
    std::optional<ErrorPolicy> error_policy;
    std::optional<ReadErrorPolicy> rerror_policy;
    std::optional<Io> io;
    std::optional<bool> ioeventfd;  // virtio
    std::optional<bool> event_idx;  // virtio
    std::optional<bool> copy_on_read;
    std::optional<Discard> discard;
    std::optional<std::uint32_t> iothread;  // virtio: 1 …, one of the domain's
    std::optional<DetectZeroes> detect_zeroes;
    std::optional<std::uint32_t> queues;      // virtio
    std::optional<std::uint32_t> queue_size;  // virtio: a power of two up to 1024
    std::optional<bool> discard_no_unref;     // qcow2: discarded clusters keep their place
    VirtioOptions virtio;
    std::optional<MetadataCache> metadata_cache;  // qcow2
    std::vector<IoThreadUse> iothreads;           // virtio, instead of iothread
    std::vector<DiskStatistic> statistics;
    Kept kept;
    bool operator==(const DiskDriver&) const = default;
};
template <>
inline constexpr auto names<DiskDriver::Name> = words("qemu");
template <>
inline constexpr auto names<DiskDriver::Cache> =
    words("default", "none", "writethrough", "writeback", "directsync", "unsafe");
template <>
inline constexpr auto names<DiskDriver::ErrorPolicy> = words("stop", "report", "ignore", "enospace");
template <>
inline constexpr auto names<DiskDriver::ReadErrorPolicy> = words("stop", "report", "ignore");
template <>
inline constexpr auto names<DiskDriver::Io> = words("native", "threads", "io_uring");
template <>
inline constexpr auto names<DiskDriver::Discard> = words("unmap", "ignore");
template <>
inline constexpr auto names<DiskDriver::DetectZeroes> = words("off", "on", "unmap");

struct DiskGeometry {  // what a BIOS is told of cylinders, heads and sectors
    enum class Translation { none, automatic, lba };
    std::uint32_t cylinders = 0;
    std::uint32_t heads = 0;
    std::uint32_t sectors = 0;
    std::optional<Translation> translation;
    Kept kept;
    bool operator==(const DiskGeometry&) const = default;
};
template <>
inline constexpr auto names<DiskGeometry::Translation> = words("none", "auto", "lba");

struct DiskBlocks {  // bytes
    std::optional<std::uint32_t> logical_block_size;
    std::optional<std::uint32_t> physical_block_size;
    std::optional<std::uint32_t> discard_granularity;
    Kept kept;
    bool operator==(const DiskBlocks&) const = default;
};

// Limits, per second: of both directions together, or of each. *_max may be reached for as many seconds as *_length
// says (1 when absent). 0 and absent: no limit.
struct IoTune {
    std::optional<std::uint64_t> total_bytes, read_bytes, write_bytes;
    std::optional<std::uint64_t> total_iops, read_iops, write_iops;
    std::optional<std::uint64_t> total_bytes_max, read_bytes_max, write_bytes_max;
    std::optional<std::uint64_t> total_iops_max, read_iops_max, write_iops_max;
    std::optional<std::uint64_t> size_iops;  // bytes that count as one operation
    std::string group_name;                  // disks of one group share its limits; of a <throttlegroup>: its name
    std::optional<std::uint64_t> total_bytes_length, read_bytes_length, write_bytes_length;
    std::optional<std::uint64_t> total_iops_length, read_iops_length, write_iops_length;
    Kept kept;
    bool operator==(const IoTune&) const = default;
};

struct ThrottleFilter {
    std::string group;  // one of the domain's <throttlegroups>
    Kept kept;
    bool operator==(const ThrottleFilter&) const = default;
};

// A copy under way, as libvirt shows it of a running domain: not part of what is defined, kept as it is.
struct DiskMirror {
    enum class Job { copy, active_commit };
    enum class Ready { yes, abort, pivot };
    std::optional<SourceType> type;
    std::string file;                  // the older spelling of a source
    std::optional<DiskFormat> format;  // and of its format
    std::optional<Job> job;
    std::optional<Ready> ready;
    std::optional<ImageFormat> image_format;
    std::optional<StorageSource> source;
    Box<BackingStore> backing_store;
    Kept kept;
    bool operator==(const DiskMirror&) const = default;
};
template <>
inline constexpr auto names<DiskMirror::Job> = words("copy", "active-commit");
template <>
inline constexpr auto names<DiskMirror::Ready> = words("yes", "abort", "pivot");

struct DiskTarget {
    enum class Tray { closed, open };
    std::string dev;             // "vda", "sdb", "nvme0n1": the disk's name within the domain
    std::optional<DiskBus> bus;  // by the prefix of dev when absent
    std::optional<Tray> tray;
    std::optional<bool> removable;               // usb: does the guest see a removable medium?
    std::optional<std::uint32_t> rotation_rate;  // per minute: 1025 … 65534; 1: a solid-state disk
    std::optional<bool> dpofua;                  // scsi, sata: does it take forced unit access?
    Kept kept;
    bool operator==(const DiskTarget&) const = default;
};
template <>
inline constexpr auto names<DiskTarget::Tray> = words("closed", "open");

struct Transient {                      // writes are lost when the guest ends
    std::optional<bool> share_backing;  // several guests use the image at once
    Kept kept;
    bool operator==(const Transient&) const = default;
};

struct Disk {
    enum class Device { disk, cdrom, floppy, lun };
    enum class Model { virtio, virtio_transitional, virtio_non_transitional, usb_storage, usb_bot };
    enum class Sgio { filtered, unfiltered };
    enum class Snapshot { none, internal, external, manual };
    SourceType type = SourceType::file;
    Device device = Device::disk;
    std::optional<Model> model;
    std::optional<bool> rawio;         // lun: the process needs CAP_SYS_RAWIO
    std::optional<Sgio> sgio;          // lun: are the guest's SCSI commands filtered by the host's kernel?
    std::optional<Snapshot> snapshot;  // how a snapshot of the domain treats it
    std::optional<DiskDriver> driver;
    Box<SourceAuth> auth;  // libvirt's older place of source.auth
    std::optional<StorageSource> source;
    Box<BackingStore> backing_store;
    Box<DiskGeometry> geometry;
    Box<DiskBlocks> blocks;
    Box<DiskMirror> mirror;
    DiskTarget target;
    Box<IoTune> iotune;
    std::vector<ThrottleFilter> throttle_filters;
    bool readonly = false;  // always, for a cdrom
    bool shareable = false;
    std::optional<Transient> transient;
    std::string serial;
    std::string wwn;                          // 16 hexadecimal digits
    std::string vendor;                       // scsi: at most 8 characters
    std::string product;                      // scsi: at most 16 characters
    Box<Encryption> encryption;               // libvirt's older place of source.encryption
    std::optional<std::uint32_t> boot_order;  // 1 …
    std::string loadparm;                     // s390x: which entry of the disk's boot menu
    DeviceInfo info;
    Kept kept;
    bool operator==(const Disk&) const = default;

    DiskFormat format() const noexcept { return driver && driver->type ? *driver->type : DiskFormat::raw; }
    DiskBus bus() const noexcept;                         // target.bus, or what the prefix of target.dev means
    bool empty() const noexcept;                          // a drive without a medium
    const SourceAuth* authentication() const noexcept;    // wherever it is said; null: none
    const Encryption* image_encryption() const noexcept;  // wherever it is said; null: none
};
template <>
inline constexpr auto names<Disk::Device> = words("disk", "cdrom", "floppy", "lun");
template <>
inline constexpr auto names<Disk::Model> =
    words("virtio", "virtio-transitional", "virtio-non-transitional", "usb-storage", "usb-bot");
template <>
inline constexpr auto names<Disk::Sgio> = words("filtered", "unfiltered");
template <>
inline constexpr auto names<Disk::Snapshot> = words("no", "internal", "external", "manual");

struct Lease {  // of a lock manager: the guest runs only while it holds this one
    std::string lockspace;
    std::string key;
    std::string path;                     // absolute
    std::optional<std::uint64_t> offset;  // bytes
    Kept kept;
    bool operator==(const Lease&) const = default;
};

}  // namespace vireo::model
