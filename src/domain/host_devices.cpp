// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/host_devices.hpp"

#include "domain/servable.hpp"
#include "host/mediated_device.hpp"
#include "host/scsi_device.hpp"
#include "support/file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>

namespace vireo::domain {
namespace fs = std::filesystem;
namespace {

// Of <linux/vhost.h>, which is no C++.
constexpr unsigned long set_guest_cid = _IOW(0xAF, 0x60, std::uint64_t);

using model::Hostdev;
using Kind = Taken::Kind;

// What a definition says of PCI devices, wherever it does, with the place for errors.
struct WantedPci {
    std::string place;
    host::PciRequest request;
};

host::PciRequest pci_request(host::PciPlace place, bool managed, std::string driver = {}) {
    host::PciRequest request;
    request.place = place;
    request.managed = managed;
    request.driver = std::move(driver);
    return request;
}

// Where the network card is that the guest is given whole; null: it is none, or not on PCI.
const model::PciAddress* host_pci(const model::Interface& interface) {
    if (interface.type != model::Interface::Type::hostdev || !interface.source || !interface.source->host_device)
        return nullptr;
    return std::get_if<model::PciAddress>(&*interface.source->host_device);
}

std::vector<WantedPci> wanted_pci(const model::Devices& devices) {
    std::vector<WantedPci> wanted;
    for (std::size_t i = 0; i < devices.hostdevs.size(); ++i) {
        const auto& hostdev = devices.hostdevs[i];
        if (hostdev.type != Hostdev::Type::pci || !hostdev.source.address) continue;
        const auto& at = *hostdev.source.address;
        wanted.push_back(
            {device_place("hostdev", i),
             pci_request({at.domain.value_or(0), at.bus.value_or(0), at.slot.value_or(0), at.function.value_or(0)},
                         hostdev.managed == true, hostdev.driver ? hostdev.driver->model : "")});
    }
    for (std::size_t i = 0; i < devices.interfaces.size(); ++i) {
        const auto& interface = devices.interfaces[i];
        const auto* at = host_pci(interface);
        if (at)
            wanted.push_back({device_place("interface", i),
                              pci_request({at->domain, at->bus, at->slot, at->function}, interface.managed == true)});
    }
    for (std::size_t i = 0; i < devices.disks.size(); ++i) {
        const auto& disk = devices.disks[i];
        if (disk.type != model::SourceType::nvme || !disk.source || !disk.source->address) continue;
        const auto& at = *disk.source->address;
        wanted.push_back({device_place("disk", i),
                          pci_request({at.domain, at.bus, at.slot, at.function}, disk.source->managed == true)});
    }
    return wanted;
}

Failure at_place(const std::string& place, const Error& error) {
    return Failure(error.wrap(place));
}

class Planner {
public:
    Planner(const model::Devices& devices, const fs::path& root) : devices_(devices), root_(root) {}

    Result<HostDevicePlan> run() {
        if (auto good = pci(); !good) return Failure(good.error());
        for (std::size_t i = 0; i < devices_.hostdevs.size(); ++i) {
            place_ = device_place("hostdev", i);
            if (auto good = one(devices_.hostdevs[i]); !good) return at_place(place_, good.error());
        }
        for (std::size_t i = 0; i < devices_.interfaces.size(); ++i) {
            const auto& interface = devices_.interfaces[i];
            if (auto good = function(interface, device_place("interface", i)); !good) return Failure(good.error());
            if (interface.type != model::Interface::Type::vdpa || !interface.source) continue;
            plan_.opened_here[interface.info.alias] = {interface.source->dev, device_place("interface", i),
                                                       "the vDPA device",
                                                       "vdpa dev show lists those that are; modprobe vhost-vdpa"};
        }
        return std::move(plan_);
    }

private:
    Result<> pci() {
        const auto wanted = wanted_pci(devices_);
        std::vector<host::PciRequest> together;
        for (const auto& one : wanted) together.push_back(one.request);
        for (const auto& one : wanted) {
            auto planned = host::plan_pci(one.request, together, root_);
            if (!planned) return at_place(one.place, planned.error());
            plan_.taken.emplace_back(Kind::pci, planned->place, planned->driver, planned->bind_to);
            if (plan_.groups.insert(planned->group).second) plan_.taken.emplace_back(Kind::iommu_group, planned->group);
            if (!planned->bind_to.empty()) plan_.pci.push_back(std::move(*planned));
        }
        return {};
    }

    Result<> function(const model::Interface& interface, const std::string& place) {
        const auto* at = host_pci(interface);
        if (!at) return {};
        const host::PciPlace where{at->domain, at->bus, at->slot, at->function};
        auto found = host::find_virtual_function(where.text(), root_);
        if (!found) return at_place(place, found.error());
        auto& wanted = plan_.functions.emplace_back();
        wanted.place = place;
        wanted.of = std::move(*found);
        wanted.setting.mac = net::parse_mac(interface.mac).value_or(net::Mac{});
        if (interface.vlan && !interface.vlan->tags.empty()) wanted.setting.vlan = interface.vlan->tags.front().id;
        return {};
    }

    Result<> one(const Hostdev& hostdev) {
        switch (hostdev.type) {
            case Hostdev::Type::pci:
                return {};
            case Hostdev::Type::usb:
                return usb(hostdev);
            case Hostdev::Type::scsi:
                return hostdev.source.protocol ? Result<>() : scsi(hostdev);
            case Hostdev::Type::scsi_host:
                return scsi_target(hostdev);
            case Hostdev::Type::mdev:
                return mediated(hostdev);
        }
        return {};
    }

    Result<> usb(const Hostdev& hostdev) {
        const auto& source = hostdev.source;
        host::UsbRequest request;
        request.vendor = source.vendor;
        request.product = source.product;
        if (source.address) {
            request.bus = source.address->bus;
            request.device = source.address->device;
            request.port = source.address->port;
        }
        auto found = host::find_usb_device(request, root_);
        if (!found && found.error().code() == Errc::not_found &&
            source.startup_policy == model::HostdevSource::StartupPolicy::optional) {
            plan_.missing.insert(hostdev.info.alias);
            return {};
        }
        if (!found) return Failure(found.error());
        plan_.opened_here[hostdev.info.alias] = {found->node, place_, "the USB device " + request.text(),
                                                 "/dev must be the host's own, with its /dev/bus/usb"};
        plan_.taken.emplace_back(Kind::usb, fmt::format("{:03}/{:03}", found->bus, found->device));
        plan_.usb[hostdev.info.alias] = std::move(*found);
        return {};
    }

    Result<> scsi(const Hostdev& hostdev) {
        const auto& source = hostdev.source;
        const std::string_view adapter = source.adapter;
        host::ScsiPlace place;
        const auto digits = adapter.substr(std::min(adapter.find_first_of("0123456789"), adapter.size()));
        (void)std::from_chars(digits.data(), digits.data() + digits.size(), place.host);
        if (source.address) {
            place.bus = source.address->bus.value_or(0);
            place.target = source.address->target.value_or(0);
            place.unit = source.address->unit.value_or(0);
        }
        auto node = host::find_scsi_generic(place, root_);
        if (!node) return Failure(node.error());
        plan_.opened_by_qemu[hostdev.info.alias] = {*node, place_, "the SCSI device " + place.text(), "modprobe sg"};
        plan_.taken.emplace_back(Kind::scsi, place.text()).shared = hostdev.shareable;
        return {};
    }

    Result<> scsi_target(const Hostdev& hostdev) {
        plan_.opened_here[hostdev.info.alias] = {"/dev/vhost-scsi", place_, "the vhost target " + hostdev.source.wwpn,
                                                 "modprobe vhost_scsi"};
        return host::check_vhost_scsi(hostdev.source.wwpn, root_);
    }

    Result<> mediated(const Hostdev& hostdev) {
        if (!hostdev.source.address || !hostdev.source.address->uuid) return {};
        const auto uuid = hostdev.source.address->uuid->to_string();
        auto group =
            host::find_mediated_device(uuid, to_string(hostdev.model.value_or(Hostdev::Model::vfio_pci)), root_);
        if (!group) return Failure(group.error());
        plan_.taken.emplace_back(Kind::mediated, uuid);
        plan_.groups.insert(std::move(*group));
        return {};
    }

    const model::Devices& devices_;
    const fs::path& root_;
    std::string place_;  // of the hostdev that is looked at
    HostDevicePlan plan_;
};

fs::path below(const fs::path& root, std::string_view path) {
    return root / path.substr(std::min(path.find_first_not_of('/'), path.size()));
}

}  // namespace

Result<HostDevicePlan> plan_host_devices(const model::Devices& devices, const fs::path& root) {
    auto plan = Planner(devices, root).run();
    if (!plan) return plan;
    for (const auto* nodes : {&plan->opened_here, &plan->opened_by_qemu})
        for (const auto& [alias, node] : *nodes)
            if (auto good = host::check_node(node.path, node.what, node.hint, root); !good)
                return at_place(node.place, good.error());
    return plan;
}

std::vector<std::string> missing_drivers(const HostDevicePlan& plan, const fs::path& root) {
    std::vector<std::string> missing;
    for (const auto& pci : plan.pci)
        if (!host::has_pci_driver(pci.bind_to, root) && std::ranges::find(missing, pci.bind_to) == missing.end())
            missing.push_back(pci.bind_to);
    return missing;
}

Result<> bind_host_devices(const HostDevicePlan& plan, const fs::path& root, const host::AttributeWriter& write) {
    for (const auto& pci : plan.pci)
        if (auto bound = host::bind_pci(pci, root, write); !bound) return bound;
    return {};
}

Result<std::vector<Taken>> functions_to_change(const HostDevicePlan& plan) {
    std::vector<Taken> changes;
    if (plan.functions.empty()) return changes;
    auto netlink = net::Netlink::open();
    if (!netlink) return Failure(netlink.error());
    for (const auto& [place, of, setting] : plan.functions) {
        auto now = net::read_function(*netlink, of.link, of.number);
        if (!now) return at_place(place, now.error());
        changes.emplace_back(Kind::function, fmt::format("{} {}", of.link, of.number), net::to_string(*now),
                             net::to_string(setting));
    }
    return changes;
}

Result<> change_functions(const HostDevicePlan& plan) {
    if (plan.functions.empty()) return {};
    auto netlink = net::Netlink::open();
    if (!netlink) return Failure(netlink.error());
    for (const auto& [place, of, setting] : plan.functions)
        if (auto done = net::set_function(*netlink, of.link, of.number, setting); !done)
            return at_place(place, done.error());
    return {};
}

Result<std::vector<std::string>> nodes_for_qemu(const HostDevicePlan& plan, const fs::path& root) {
    std::vector<std::string> nodes;
    for (const auto& [alias, node] : plan.opened_by_qemu) nodes.push_back(node.path);
    for (const auto& group : plan.groups) {
        auto found = host::vfio_nodes(group, root);
        if (!found) return found;
        for (auto& node : *found)
            if (std::ranges::find(nodes, node) == nodes.end()) nodes.push_back(std::move(node));
    }
    return nodes;
}

std::vector<Taken> owners_to_change(const std::vector<std::string>& nodes, const host::Account& account) {
    std::vector<Taken> changes;
    const auto wanted = fmt::format("{}:{}", account.uid, account.gid);
    for (const auto& node : nodes) {
        if (node == "/dev/vfio/vfio") continue;  // everybody's
        if (auto owner = owner_of(node); !owner.empty() && owner != wanted)
            changes.emplace_back(Kind::node, node, std::move(owner), wanted);
    }
    return changes;
}

Result<> change_owners(const std::vector<Taken>& nodes, const host::Account& account) {
    for (const auto& node : nodes)
        if (::chown(node.name.c_str(), account.uid, account.gid))
            return Failure(system_error(errno, fmt::format("cannot give {} to {}", node.name, account.name)));
    return {};
}

Result<std::map<std::string, UniqueFd>> open_host_devices(const HostDevicePlan& plan, const fs::path& root) {
    std::map<std::string, UniqueFd> opened;
    for (const auto& [alias, node] : plan.opened_here) {
        auto fd = open_file(below(root, node.path), O_RDWR);
        if (!fd) return Failure(fd.error().wrap(fmt::format("{}: cannot open {}", node.place, node.what)));
        opened[alias] = std::move(*fd);
    }
    return opened;
}

Result<VsockDevice> open_vsock(const model::Vsock& vsock, const fs::path& root) {
    constexpr std::uint32_t first_guest = 3;  // 0 to 2 are the hypervisor, the loop and the host (vsock(7))
    constexpr std::uint32_t last_guest = 0x7fffffff;
    constexpr auto node = "/dev/vhost-vsock";
    const std::string what = "devices/vsock";
    if (auto good = host::check_node(node, what, "modprobe vhost_vsock", root); !good) return Failure(good.error());
    auto fd = open_file(below(root, node), O_RDWR);
    if (!fd) return Failure(fd.error().wrap(what));
    const bool choose = !vsock.cid || vsock.cid->automatic == true || !vsock.cid->address;
    const auto wanted = vsock.cid ? vsock.cid->address.value_or(first_guest) : first_guest;
    for (std::uint64_t cid = choose ? first_guest : wanted; cid <= last_guest; ++cid) {
        if (!::ioctl(fd->get(), set_guest_cid, &cid)) {
            VsockDevice device;
            device.fd = std::move(*fd);
            device.cid = static_cast<std::uint32_t>(cid);
            return device;
        }
        if (errno == EADDRINUSE && choose) continue;
        if (errno == EADDRINUSE)
            return Failure(Error(Errc::invalid_state, fmt::format("{}: the address {} is another guest's", what, cid))
                               .with_hint("Leave it to Vireo: <cid auto='yes'/>"));
        return Failure(system_error(errno, fmt::format("{}: cannot set the guest's address {}", what, cid)));
    }
    return fail(Errc::limit_exceeded, what, ": no address is free");
}

std::optional<std::uint64_t> locked_memory(const model::Domain& domain) {
    constexpr std::uint64_t for_devices = 1u << 30;  // their own memory, mapped beside the guest's
    const auto& devices = domain.devices;
    const auto direct = [](const Hostdev& hostdev) {
        return hostdev.type == Hostdev::Type::pci || hostdev.type == Hostdev::Type::mdev;
    };
    const auto direct_network = [](const model::Interface& interface) {
        return interface.type == model::Interface::Type::hostdev || interface.type == model::Interface::Type::vdpa;
    };
    const bool any =
        std::ranges::any_of(devices.hostdevs, direct) || std::ranges::any_of(devices.interfaces, direct_network) ||
        std::ranges::any_of(devices.disks, [](const auto& disk) { return disk.type == model::SourceType::nvme; });
    if (!any) return std::nullopt;
    const auto most = domain.max_memory ? std::max(domain.memory, domain.max_memory->size) : domain.memory;
    return most + for_devices;
}

}  // namespace vireo::domain
