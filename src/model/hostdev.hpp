// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices of the host that a guest is given.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/source.hpp"
#include "model/uuid.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

// Where the device is on the host, by its kind: pci has domain, bus, slot and function, usb bus and device (or port),
// scsi bus, target and unit, mdev a UUID.
struct HostdevAddress {
    enum class Type { pci, usb };
    std::optional<Type> type;
    std::optional<std::uint32_t> domain;
    std::optional<std::uint32_t> bus;
    std::optional<std::uint32_t> slot;
    std::optional<std::uint32_t> function;
    std::optional<std::uint32_t> device;
    std::string port;
    std::optional<std::uint32_t> target;
    std::optional<std::uint64_t> unit;
    std::optional<Uuid> uuid;
    Kept kept;
    bool operator==(const HostdevAddress&) const = default;
};
template <>
inline constexpr auto names<HostdevAddress::Type> = words("pci", "usb");

struct HostdevSource {
    enum class StartupPolicy { mandatory, requisite, optional };
    enum class GuestReset { off, uninitialized, on };
    enum class Protocol { iscsi, vhost };
    std::optional<StartupPolicy> startup_policy;  // usb: what to do when it is not there
    std::optional<GuestReset> guest_reset;        // usb: which resets of the guest reach the device
    std::optional<bool> missing;                  // usb, of a running guest: it was not there
    std::optional<bool> write_filtering;          // pci: are writes to its configuration space filtered (Xen)?
    std::optional<Protocol> protocol;             // scsi: iscsi, else a device of the host; scsi_host: vhost
    std::string name;                             // iscsi: "iqn…/lun"
    std::string wwpn;                             // vhost: "naa.5001405376e34ea1"
    std::optional<std::uint32_t> vendor;          // usb
    std::optional<std::uint32_t> product;         // usb
    std::string adapter;                          // scsi: "scsi_host0"
    std::optional<HostdevAddress> address;
    std::vector<SourceHost> hosts;   // iscsi
    Box<SourceAuth> auth;            // iscsi
    Box<SourceInitiator> initiator;  // iscsi
    Kept kept;
    bool operator==(const HostdevSource&) const = default;
};
template <>
inline constexpr auto names<HostdevSource::StartupPolicy> = words("mandatory", "requisite", "optional");
template <>
inline constexpr auto names<HostdevSource::GuestReset> = words("off", "uninitialized", "on");
template <>
inline constexpr auto names<HostdevSource::Protocol> = words("iscsi", "vhost");

struct HostdevDriver {  // pci
    enum class Name { vfio, kvm, xen };
    std::optional<Name> name;
    std::string model;            // the kernel's driver; empty: the best one for the device
    std::optional<bool> iommufd;  // through /dev/iommu
    Kept kept;
    bool operator==(const HostdevDriver&) const = default;
};
template <>
inline constexpr auto names<HostdevDriver::Name> = words("vfio", "kvm", "xen");

struct IommuFd {  // <iommufd> of the domain: are its devices passed through /dev/iommu?
    bool enabled = false;
    std::string fd_group;  // of descriptors that a client gives: the first is that of /dev/iommu
    Kept kept;
    bool operator==(const IommuFd&) const = default;
};

struct HostdevTeaming {  // pci: the fast half of a network card whose other half stays when the guest migrates
    enum class Type { persistent, transient };
    Type type = Type::transient;
    std::string persistent;  // the alias of the interface that stays
    Kept kept;
    bool operator==(const HostdevTeaming&) const = default;
};
template <>
inline constexpr auto names<HostdevTeaming::Type> = words("persistent", "transient");

struct Hostdev {
    enum class Mode { subsystem };
    enum class Type { usb, pci, scsi, scsi_host, mdev };
    enum class Model {  // scsi_host: the virtio ones; mdev: the vfio ones
        virtio,
        virtio_transitional,
        virtio_non_transitional,
        vfio_pci,
        vfio_ccw,
        vfio_ap,
    };
    enum class Sgio { filtered, unfiltered };
    std::optional<Mode> mode;  // subsystem when absent
    Type type = Type::usb;
    std::optional<bool> managed;  // taken from the host's driver and given back
    std::optional<Sgio> sgio;     // scsi
    std::optional<bool> rawio;    // scsi
    std::optional<Model> model;
    std::optional<bool> display;  // mdev: the guest's screen is in the graphics
    std::optional<bool> ramfb;    // mdev: also before the guest's driver is there
    std::optional<HostdevDriver> driver;
    HostdevSource source;
    std::optional<HostdevTeaming> teaming;
    bool readonly = false;   // scsi
    bool shareable = false;  // scsi
    std::optional<std::uint32_t> boot_order;
    std::string loadparm;
    DeviceInfo info;
    Kept kept;
    bool operator==(const Hostdev&) const = default;
};
template <>
inline constexpr auto names<Hostdev::Mode> = words("subsystem");
template <>
inline constexpr auto names<Hostdev::Type> = words("usb", "pci", "scsi", "scsi_host", "mdev");
template <>
inline constexpr auto names<Hostdev::Model> =
    words("virtio", "virtio-transitional", "virtio-non-transitional", "vfio-pci", "vfio-ccw", "vfio-ap");
template <>
inline constexpr auto names<Hostdev::Sgio> = words("filtered", "unfiltered");

}  // namespace vireo::model
