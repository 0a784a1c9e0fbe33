// SPDX-License-Identifier: LGPL-2.1-or-later
// Places that only some machines have: virtio-mmio, spapr-vio (pseries), CCW and zPCI (s390x), memory slots.
#include "model/each_device.hpp"
#include "qemu/assign_parts.hpp"
#include "qemu/pci_need.hpp"

#include <fmt/format.h>
#include <map>
#include <set>

namespace vireo::qemu {
namespace {
using model::CcwAddress;
using model::Controller;
using model::DimmAddress;
using model::Hostdev;
using model::PciAddress;
using model::SpaprVioAddress;
using model::VirtioMmioAddress;

// What libvirt declares to sit on the machine's own virtio transport when the definition does not say.
bool on_transport(const model::Disk& device) {
    return is_virtio(device);
}
bool on_transport(const Controller& device) {
    return is_virtio(device);
}
bool on_transport(const model::Interface& device) {
    return is_virtio(device);
}
bool on_transport(const model::Video& device) {
    return is_virtio(device);
}
bool on_transport(const model::Input& device) {
    return is_virtio(device);
}
bool on_transport(const model::Memballoon& device) {
    return is_virtio(device);
}
bool on_transport(const model::Rng& device) {
    return is_virtio(device);
}
template <class Device>
bool on_transport(const Device&) {
    return false;
}

bool on_ccw(const Hostdev& device) {
    return is_virtio(device) || (device.type == Hostdev::Type::mdev && device.model == Hostdev::Model::vfio_ccw);
}
template <class Device>
bool on_ccw(const Device& device) {
    return is_virtio(device);
}

bool has_pcie_root(const Assignment& assignment) {
    const auto* root = find_controller(assignment.domain, Controller::Type::pci, 0);
    return root && root->model == Controller::Model::pcie_root;
}

// ── spapr-vio ──
class SpaprVio {
public:
    Result<> keep(const model::DeviceInfo& info, const std::string& device) {
        const auto* at = info.at<SpaprVioAddress>();
        if (!at || !at->reg) return {};
        if (taken_.insert(*at->reg).second) return {};
        return fail(Errc::invalid_config, device,
                    fmt::format(": the spapr-vio address {:#x} is already taken", *at->reg));
    }
    void place(model::DeviceInfo& info, std::uint64_t first) {
        constexpr std::uint64_t step = 0x1000;
        if (info.address && !info.at<SpaprVioAddress>()) return;  // somewhere else, on purpose
        auto address = info.at<SpaprVioAddress>() ? *info.at<SpaprVioAddress>() : SpaprVioAddress{};
        for (auto reg = first; !address.reg; reg += step)
            if (taken_.insert(reg).second) address.reg = reg;
        info.address = std::move(address);
    }

private:
    std::set<std::uint64_t> taken_;
};

// ── CCW ──
using CcwPlace = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>;

std::string text(const CcwAddress& at) {
    return fmt::format("{:x}.{:x}.{:04x}", *at.cssid, *at.ssid, *at.devno);
}

class Ccw {
public:
    Result<> keep(const model::DeviceInfo& info, const std::string& device) {
        const auto* at = info.at<CcwAddress>();
        if (!at || !at->complete()) return {};
        const auto [other, fresh] = taken_.try_emplace({*at->cssid, *at->ssid, *at->devno}, device);
        if (fresh) return {};
        return fail(Errc::invalid_config, other->second, " and ", device, " are both at the CCW address ", text(*at));
    }
    Result<> place(model::DeviceInfo& info, const std::string& device) {
        constexpr std::uint32_t virtio_subsystem = 0xfe, last_set = 3, last_number = 0xffff;
        if (info.address && (!info.at<CcwAddress>() || info.at<CcwAddress>()->complete())) return {};
        while (taken_.contains({virtio_subsystem, ssid_, devno_})) {
            if (devno_ < last_number) {
                ++devno_;
            } else if (ssid_ < last_set) {
                ++ssid_;
                devno_ = 0;
            } else {
                return fail(Errc::limit_exceeded, "no CCW address is free for ", device);
            }
        }
        CcwAddress address;
        address.cssid = virtio_subsystem;
        address.ssid = ssid_;
        address.devno = devno_;
        taken_.try_emplace({virtio_subsystem, ssid_, devno_}, device);
        info.address = std::move(address);
        return {};
    }

private:
    std::map<CcwPlace, std::string> taken_;
    std::uint32_t ssid_ = 0, devno_ = 0;
};

// ── zPCI ──
class ZpciNumbers {
public:
    Result<> keep(const PciAddress& at, const std::string& device) {
        if (!at.zpci) return {};
        if (at.zpci->uid && !uids_.insert(*at.zpci->uid).second)
            return fail(Errc::invalid_config, device,
                        fmt::format(": the zPCI uid {:#x} is already taken", *at.zpci->uid));
        if (at.zpci->fid && !fids_.insert(*at.zpci->fid).second)
            return fail(Errc::invalid_config, device,
                        fmt::format(": the zPCI fid {:#x} is already taken", *at.zpci->fid));
        return {};
    }
    void place(PciAddress& at) {
        if (!at.zpci) at.zpci.emplace();
        auto next = [](std::set<std::uint32_t>& taken, std::uint32_t first) {
            while (!taken.insert(first).second) ++first;
            return first;
        };
        if (!at.zpci->uid) at.zpci->uid = next(uids_, 1);
        if (!at.zpci->fid) at.zpci->fid = next(fids_, 0);
    }

private:
    std::set<std::uint32_t> uids_, fids_;
};

}  // namespace

Result<> assign_virtio_mmio(Assignment& assignment) {
    const auto& machine = assignment.machine;
    if (!machine.virtio_mmio()) return {};
    auto& devices = assignment.domain.devices;
    if (has_pcie_root(assignment)) {  // only for those who use it already
        bool used = false;
        model::for_each_device(devices, [&](const auto& device) {
            used = used || device.info.template at<VirtioMmioAddress>() != nullptr;
        });
        if (!used) return {};
    }
    model::for_each_device(devices, [](auto& device) {
        if (!device.info.address && on_transport(device)) device.info.address = VirtioMmioAddress{};
    });
    return {};
}

Result<> assign_spapr_vio(Assignment& assignment) {
    if (!assignment.machine.pseries()) return {};
    auto& devices = assignment.domain.devices;
    SpaprVio bus;
    Result<> kept;
    model::for_each_device(devices, [&](const auto& device) {
        if (kept) kept = bus.keep(device.info, describe(device));
    });
    if (!kept) return kept;
    // Where QEMU itself begins with each kind.
    constexpr std::uint64_t network = 0x1000, scsi = 0x2000, nvram = 0x3000, tpm_module = 0x4000, serial = 0x30000000;
    for (auto& interface : devices.interfaces)
        if (interface.model == "spapr-vlan") bus.place(interface.info, network);
    for (auto& controller : devices.controllers)
        if (controller.type == Controller::Type::scsi && controller.model == Controller::Model::ibmvscsi)
            bus.place(controller.info, scsi);
    for (auto& port : devices.serials)
        if (port.target && port.target->type == model::SerialTarget::Type::spapr_vio_serial)
            bus.place(port.info, serial);
    if (devices.nvram) bus.place(devices.nvram->info, nvram);
    for (auto& tpm : devices.tpms)
        if (tpm.model == model::Tpm::Model::spapr) bus.place(tpm.info, tpm_module);
    return {};
}

Result<> assign_ccw(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    Result<> result;
    if (!assignment.machine.ccw()) {
        model::for_each_device(devices, [&](const auto& device) {
            if (result && device.info.template at<CcwAddress>())
                result = fail(Errc::invalid_config, describe(device),
                              " has an address of type 'ccw', which machines of "
                              "the type '",
                              assignment.machine.name, "' do not have");
        });
        return result;
    }
    Ccw channels;
    model::for_each_device(devices, [&](const auto& device) {
        if (result) result = channels.keep(device.info, describe(device));
    });
    model::for_each_device(devices, [&](auto& device) {
        if (result && (on_ccw(device) || device.info.template at<CcwAddress>()))
            result = channels.place(device.info, describe(device));
    });
    return result;
}

Result<> assign_zpci(Assignment& assignment) {
    auto& devices = assignment.domain.devices;
    const bool s390 = assignment.machine.s390();
    Result<> result;
    ZpciNumbers numbers;
    model::for_each_device(devices, [&](const auto& device) {
        const auto* at = device.info.template at<PciAddress>();
        if (!result || !at) return;
        if (at->zpci && !s390)
            result = fail(Errc::invalid_config, describe(device), ": <zpci> in an address is for s390x only");
        else
            result = numbers.keep(*at, describe(device));
    });
    if (!result || !s390) return result;
    // As in libvirt, those that have one of both come first.
    for (const bool half : {true, false})
        model::for_each_device(devices, [&](auto& device) {
            auto* at = device.info.template at<PciAddress>();
            if (!at || (half && !at->zpci)) return;
            if (pci_need(assignment.machine, device) != pci::nothing) numbers.place(*at);
        });
    return {};
}

Result<> assign_memory_slots(Assignment& assignment) {
    auto& memory = assignment.domain.devices.memory_devices;
    std::set<std::uint32_t> taken;
    const auto in_slot = [](const model::MemoryDevice& device) {
        return device.model == model::MemoryDevice::Model::dimm || device.model == model::MemoryDevice::Model::nvdimm;
    };
    for (const auto& device : memory) {
        const auto* at = device.info.at<DimmAddress>();
        if (device.info.address && in_slot(device) && !at) return wrong_address(describe(device), "dimm");
        if (at && at->slot && !taken.insert(*at->slot).second)
            return fail(Errc::invalid_config, "two memory devices are in slot ", std::to_string(*at->slot));
    }
    std::uint32_t next = 0;
    for (auto& device : memory) {
        if (!in_slot(device)) continue;
        auto address = device.info.at<DimmAddress>() ? *device.info.at<DimmAddress>() : DimmAddress{};
        for (; !address.slot; ++next)
            if (taken.insert(next).second) address.slot = next;
        device.info.address = std::move(address);
    }
    return {};
}

}  // namespace vireo::qemu
