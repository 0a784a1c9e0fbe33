// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_boot_order = 1000000;
constexpr std::uint64_t most_32 = 0xffffffff;
constexpr std::uint64_t most_16 = 0xffff;
}  // namespace

template <>
const Element& schema<Disk>() {
    static const Element element = Declare<Disk>()
        .attribute("type", &Disk::type).decides()
        .attribute("device", &Disk::device).decides()
        .attribute("model", &Disk::model).decides()
        .attribute("rawio", &Disk::rawio)
        .attribute("sgio", &Disk::sgio)
        .attribute("snapshot", &Disk::snapshot)
        .child("driver", &Disk::driver)
        .child("auth", &Disk::auth)
        .child("source", &Disk::source)
        .child("backingStore", &Disk::backing_store)
        .child("geometry", &Disk::geometry)
        .child("blockio", &Disk::blocks)
        .child("mirror", &Disk::mirror)
        .child("target", &Disk::target).required()
        .child("iotune", &Disk::iotune).live()
        .wrapped("throttlefilters", "filter", &Disk::throttle_filters)
        .flag("readonly", &Disk::readonly)
        .flag("shareable", &Disk::shareable)
        .child("transient", &Disk::transient)
        .child("serial", &Disk::serial)
        .child("wwn", &Disk::wwn)
        .child("vendor", &Disk::vendor)
        .child("product", &Disk::product)
        .child("encryption", &Disk::encryption)
        .child_attribute("boot", "order", &Disk::boot_order).range(1, most_boot_order)
        .child_attribute("boot", "loadparm", &Disk::loadparm)
        .include(&Disk::info)
        .kept(&Disk::kept)
        .refuse("backenddomain", "driver domains are Xen's")
        .refuse("privateData", "it is libvirt's own record of a running guest")
        .build();
    return element;
}

template <>
const Element& schema<DiskDriver>() {
    static const Element element = Declare<DiskDriver>()
        .attribute("name", &DiskDriver::name)
        .attribute("type", &DiskDriver::type).decides()
        .attribute("cache", &DiskDriver::cache)
        .attribute("error_policy", &DiskDriver::error_policy)
        .attribute("rerror_policy", &DiskDriver::rerror_policy)
        .attribute("io", &DiskDriver::io)
        .attribute("ioeventfd", &DiskDriver::ioeventfd).on_off()
        .attribute("event_idx", &DiskDriver::event_idx).on_off()
        .attribute("copy_on_read", &DiskDriver::copy_on_read).on_off()
        .attribute("discard", &DiskDriver::discard)
        .attribute("iothread", &DiskDriver::iothread).range(1, most_32)
        .attribute("detect_zeroes", &DiskDriver::detect_zeroes)
        .attribute("queues", &DiskDriver::queues).range(1, most_16)
        .attribute("queue_size", &DiskDriver::queue_size).range(1, most_16)
        .attribute("discard_no_unref", &DiskDriver::discard_no_unref).on_off()
        .include(&DiskDriver::virtio)
        .child("metadata_cache", &DiskDriver::metadata_cache)
        .wrapped("iothreads", "iothread", &DiskDriver::iothreads)
        .wrapped("statistics", "statistic", &DiskDriver::statistics)
        .kept(&DiskDriver::kept)
        .build();
    return element;
}

template <>
const Element& schema<IoThreadUse>() {
    static const Element element = Declare<IoThreadUse>()
        .attribute("id", &IoThreadUse::id).range(1, most_32).required()
        .child("queue", &IoThreadUse::queues)
        .kept(&IoThreadUse::kept)
        .build();
    return element;
}

template <>
const Element& schema<IoThreadQueue>() {
    static const Element element = Declare<IoThreadQueue>()
        .attribute("id", &IoThreadQueue::id).required()
        .kept(&IoThreadQueue::kept)
        .build();
    return element;
}

template <>
const Element& schema<DiskStatistic>() {
    static const Element element = Declare<DiskStatistic>()
        .attribute("interval", &DiskStatistic::interval).range(1, most_32).required()
        .kept(&DiskStatistic::kept)
        .build();
    return element;
}

template <>
const Element& schema<DiskGeometry>() {
    static const Element element = Declare<DiskGeometry>()
        .attribute("cyls", &DiskGeometry::cylinders).required()
        .attribute("heads", &DiskGeometry::heads).required()
        .attribute("secs", &DiskGeometry::sectors).required()
        .attribute("trans", &DiskGeometry::translation)
        .kept(&DiskGeometry::kept)
        .build();
    return element;
}

template <>
const Element& schema<DiskBlocks>() {
    static const Element element = Declare<DiskBlocks>()
        .attribute("logical_block_size", &DiskBlocks::logical_block_size)
        .attribute("physical_block_size", &DiskBlocks::physical_block_size)
        .attribute("discard_granularity", &DiskBlocks::discard_granularity)
        .kept(&DiskBlocks::kept)
        .build();
    return element;
}

template <>
const Element& schema<DiskMirror>() {
    static const Element element = Declare<DiskMirror>()
        .attribute("type", &DiskMirror::type).decides()
        .attribute("file", &DiskMirror::file)
        .attribute("format", &DiskMirror::format)
        .attribute("job", &DiskMirror::job)
        .attribute("ready", &DiskMirror::ready)
        .child("format", &DiskMirror::image_format).key("imageFormat")
        .child("source", &DiskMirror::source)
        .child("backingStore", &DiskMirror::backing_store)
        .kept(&DiskMirror::kept)
        .build();
    return element;
}

template <>
const Element& schema<IoTune>() {
    static const Element element = Declare<IoTune>()
        .child("total_bytes_sec", &IoTune::total_bytes)
        .child("read_bytes_sec", &IoTune::read_bytes)
        .child("write_bytes_sec", &IoTune::write_bytes)
        .child("total_iops_sec", &IoTune::total_iops)
        .child("read_iops_sec", &IoTune::read_iops)
        .child("write_iops_sec", &IoTune::write_iops)
        .child("total_bytes_sec_max", &IoTune::total_bytes_max)
        .child("read_bytes_sec_max", &IoTune::read_bytes_max)
        .child("write_bytes_sec_max", &IoTune::write_bytes_max)
        .child("total_iops_sec_max", &IoTune::total_iops_max)
        .child("read_iops_sec_max", &IoTune::read_iops_max)
        .child("write_iops_sec_max", &IoTune::write_iops_max)
        .child("size_iops_sec", &IoTune::size_iops)
        .child("group_name", &IoTune::group_name)
        .child("total_bytes_sec_max_length", &IoTune::total_bytes_length)
        .child("read_bytes_sec_max_length", &IoTune::read_bytes_length)
        .child("write_bytes_sec_max_length", &IoTune::write_bytes_length)
        .child("total_iops_sec_max_length", &IoTune::total_iops_length)
        .child("read_iops_sec_max_length", &IoTune::read_iops_length)
        .child("write_iops_sec_max_length", &IoTune::write_iops_length)
        .kept(&IoTune::kept)
        .build();
    return element;
}

template <>
const Element& schema<ThrottleFilter>() {
    static const Element element = Declare<ThrottleFilter>()
        .attribute("group", &ThrottleFilter::group).required()
        .kept(&ThrottleFilter::kept)
        .build();
    return element;
}

template <>
const Element& schema<DiskTarget>() {
    static const Element element = Declare<DiskTarget>()
        .attribute("dev", &DiskTarget::dev).required()
        .attribute("bus", &DiskTarget::bus).decides()
        .attribute("tray", &DiskTarget::tray)
        .attribute("removable", &DiskTarget::removable).on_off()
        .attribute("rotation_rate", &DiskTarget::rotation_rate).range(1, most_16)
        .attribute("dpofua", &DiskTarget::dpofua).on_off()
        .kept(&DiskTarget::kept)
        .build();
    return element;
}

template <>
const Element& schema<Transient>() {
    static const Element element = Declare<Transient>()
        .attribute("shareBacking", &Transient::share_backing)
        .kept(&Transient::kept)
        .build();
    return element;
}

template <>
const Element& schema<Lease>() {
    static const Element element = Declare<Lease>()
        .child("lockspace", &Lease::lockspace)
        .child("key", &Lease::key).required()
        .child_attribute("target", "path", &Lease::path).required()
        .child_attribute("target", "offset", &Lease::offset)
        .kept(&Lease::kept)
        .build();
    return element;
}

}  // namespace vireo::model
