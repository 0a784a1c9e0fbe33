// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_boot_order = 1000000;
constexpr std::uint64_t most_index = 1023;
}  // namespace

template <>
const Element& schema<Disk>() {
    static const Element element = Declare<Disk>()
        .attribute("type", &Disk::type).decides()
        .attribute("device", &Disk::device).decides()
        .child("driver", &Disk::driver)
        .child("source", &Disk::source)
        .child("backingStore", &Disk::backing_store)
        .child("target", &Disk::target).required()
        .flag("readonly", &Disk::readonly)
        .flag("shareable", &Disk::shareable)
        .child("serial", &Disk::serial)
        .child("wwn", &Disk::wwn)
        .child_attribute("boot", "order", &Disk::boot_order).range(1, most_boot_order)
        .include(&Disk::info)
        .kept(&Disk::kept)
        .later("model", "rawio", "sgio", "snapshot", "auth", "mirror", "iotune", "throttlefilters", "transient", "vendor", "product")
        .later("encryption", "geometry", "blockio")
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
        .attribute("discard", &DiskDriver::discard)
        .attribute("detect_zeroes", &DiskDriver::detect_zeroes)
        .kept(&DiskDriver::kept)
        .later("copy_on_read", "queues", "queue_size", "iothread", "iothreads", "event_idx", "ioeventfd", "iommu", "ats", "packed")
        .later("discard_no_unref", "metadata_cache")
        .build();
    return element;
}

template <>
const Element& schema<DiskSource>() {
    static const Element element = Declare<DiskSource>()
        .attribute("file", &DiskSource::file)
        .attribute("startupPolicy", &DiskSource::startup_policy)
        .attribute("index", &DiskSource::index)
        .kept(&DiskSource::kept)
        .later("dev", "dir", "protocol", "name", "pool", "volume", "mode", "namespace", "fdgroup", "seclabel", "slices")
        .later("reservations", "encryption", "privateData")
        .build();
    return element;
}

template <>
const Element& schema<BackingStore>() {
    static const Element element = Declare<BackingStore>()
        .attribute("type", &BackingStore::type).decides()
        .attribute("index", &BackingStore::index)
        .child_attribute("format", "type", &BackingStore::format).decides()
        .child("source", &BackingStore::source)
        .child("backingStore", &BackingStore::backing_store)
        .kept(&BackingStore::kept)
        .build();
    return element;
}

template <>
const Element& schema<DiskTarget>() {
    static const Element element = Declare<DiskTarget>()
        .attribute("dev", &DiskTarget::dev).required()
        .attribute("bus", &DiskTarget::bus).decides()
        .attribute("tray", &DiskTarget::tray)
        .kept(&DiskTarget::kept)
        .later("removable", "rotation_rate", "dpofua")
        .build();
    return element;
}

template <>
const Element& schema<Controller>() {
    static const Element element = Declare<Controller>()
        .attribute("type", &Controller::type).required().decides()
        .attribute("index", &Controller::index).range(0, most_index)
        .attribute("model", &Controller::model).decides()
        .attribute("ports", &Controller::ports).range(1, 511)
        .attribute("vectors", &Controller::vectors).range(0, 2048)
        .child_attribute("model", "name", &Controller::model_name).key("modelName")
        .child("target", &Controller::target)
        .child_attribute("master", "startport", &Controller::master_start_port).range(0, 14)
        .include(&Controller::info)
        .kept(&Controller::kept)
        .later("driver", "pcihole64", "maxGrants", "maxEventChannels")
        .build();
    return element;
}

template <>
const Element& schema<ControllerTarget>() {
    static const Element element = Declare<ControllerTarget>()
        .attribute("chassisNr", &ControllerTarget::chassis_nr).range(1, 255)
        .attribute("chassis", &ControllerTarget::chassis).range(0, 255)
        .attribute("port", &ControllerTarget::port).hex(1).range(0, 255)
        .attribute("busNr", &ControllerTarget::bus_nr).range(1, 254)
        .attribute("hotplug", &ControllerTarget::hotplug).on_off()
        .kept(&ControllerTarget::kept)
        .later("index", "node", "memReserve")
        .build();
    return element;
}

}  // namespace vireo::model
