// SPDX-License-Identifier: LGPL-2.1-or-later
// Controllers: what buses a guest has.
#pragma once
#include "model/address.hpp"
#include "model/disk.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct ControllerTarget {                      // of PCI controllers
    std::optional<std::uint32_t> chassis_nr;   // pci-bridge: 1 … 255
    std::optional<std::uint32_t> chassis;      // ports: 0 … 255
    std::optional<std::uint32_t> port;         // ports: 0 … 255
    std::optional<std::uint32_t> bus_nr;       // expander buses: 1 … 254
    std::optional<std::uint32_t> index;        // pseries: which of its host bridges: 0 … 30
    std::optional<bool> hotplug;               // ports
    std::optional<std::uint64_t> mem_reserve;  // ports, bridges: bytes of address space kept for what is plugged in
    std::optional<std::uint32_t> node;         // expander buses, pseries: the guest's NUMA node
    Kept kept;
    bool operator==(const ControllerTarget&) const = default;
};

struct ControllerDriver {                      // scsi, virtio-serial
    std::optional<std::uint32_t> queues;       // virtio-scsi
    std::optional<std::uint32_t> cmd_per_lun;  // virtio-scsi
    std::optional<std::uint32_t> max_sectors;  // virtio-scsi
    std::optional<bool> ioeventfd;             // virtio-scsi
    std::optional<std::uint32_t> iothread;     // virtio-scsi: 1 …, one of the domain's
    VirtioOptions virtio;
    std::vector<IoThreadUse> iothreads;  // virtio-scsi, instead of iothread
    Kept kept;
    bool operator==(const ControllerDriver&) const = default;
};

struct Controller {
    enum class Type { ide, fdc, scsi, sata, virtio_serial, usb, pci, ccid, xenbus, isa, nvme };
    // Those of one type are neighbours; the virtio ones are both SCSI's and virtio-serial's.
    enum class Model {
        pci_root,
        pcie_root,
        pci_bridge,
        dmi_to_pci_bridge,
        pcie_to_pci_bridge,
        pcie_root_port,
        pcie_switch_upstream_port,
        pcie_switch_downstream_port,
        pci_expander_bus,
        pcie_expander_bus,
        none,
        piix3_uhci,
        piix4_uhci,
        ehci,
        ich9_ehci1,
        ich9_uhci1,
        ich9_uhci2,
        ich9_uhci3,
        vt82c686b_uhci,
        pci_ohci,
        nec_xhci,
        qusb1,
        qusb2,
        qemu_xhci,
        virtio_scsi,
        lsilogic,
        lsisas1078,
        buslogic,
        automatic,
        lsisas1068,
        vmpvscsi,
        ibmvscsi,
        ncr53c90,
        dc390,
        am53c974,
        virtio_transitional,
        virtio_non_transitional,
        virtio,
        piix3,
        piix4,
        ich6,
    };
    Type type = Type::pci;
    std::optional<std::uint32_t> index;  // which of its type; chosen when absent
    std::optional<Model> model;
    std::optional<std::uint32_t> ports;               // usb (xhci): 1 … 15; virtio-serial: 1 … 511
    std::optional<std::uint32_t> vectors;             // virtio-serial
    std::optional<std::uint32_t> max_grant_frames;    // xenbus
    std::optional<std::uint32_t> max_event_channels;  // xenbus
    std::string model_name;                           // <model name=…/>: the device QEMU is asked for, once chosen
    std::optional<ControllerTarget> target;
    std::optional<ControllerDriver> driver;
    std::optional<std::uint32_t> master_start_port;  // usb companion controllers
    std::string serial;                              // nvme: 1 … 20 characters
    DeviceInfo info;
    std::optional<std::uint64_t> pci_hole_64;  // roots: bytes of address space above 4 GiB
    Kept kept;
    bool operator==(const Controller&) const = default;

    bool is(Type which) const noexcept { return type == which; }
};
template <>
inline constexpr auto names<Controller::Type> =
    words("ide", "fdc", "scsi", "sata", "virtio-serial", "usb", "pci", "ccid", "xenbus", "isa", "nvme");
template <>
inline constexpr auto names<Controller::Model> =
    words("pci-root", "pcie-root", "pci-bridge", "dmi-to-pci-bridge", "pcie-to-pci-bridge", "pcie-root-port",
          "pcie-switch-upstream-port", "pcie-switch-downstream-port", "pci-expander-bus", "pcie-expander-bus", "none",
          "piix3-uhci", "piix4-uhci", "ehci", "ich9-ehci1", "ich9-uhci1", "ich9-uhci2", "ich9-uhci3", "vt82c686b-uhci",
          "pci-ohci", "nec-xhci", "qusb1", "qusb2", "qemu-xhci", "virtio-scsi", "lsilogic", "lsisas1078", "buslogic",
          "auto", "lsisas1068", "vmpvscsi", "ibmvscsi", "ncr53c90", "dc390", "am53c974", "virtio-transitional",
          "virtio-non-transitional", "virtio", "piix3", "piix4", "ich6");

}  // namespace vireo::model
