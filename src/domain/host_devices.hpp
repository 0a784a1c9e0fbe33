// SPDX-License-Identifier: LGPL-2.1-or-later
// The devices of the host that a definition wants: looked for, checked, taken and opened, in steps between which the
// start notes what it is about to do. All of it blocks; root stands in front of /sys and /dev, for tests.
#pragma once
#include "domain/taken.hpp"
#include "host/account.hpp"
#include "host/pci_device.hpp"
#include "host/usb_device.hpp"
#include "model/domain.hpp"
#include "net/virtual_function.hpp"
#include "support/fd.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vireo::domain {

struct HostDevicePlan {
    HostDevicePlan() = default;
    struct Node {
        std::string path;
        std::string place, what;  // whose it is: in the definition, and for people
        std::string hint;         // for when it is missing
    };
    std::vector<Taken> taken;                    // other guests must not have these
    std::vector<host::PciPlan> pci;              // those that have to be bound to VFIO
    std::set<std::string> groups;                // IOMMU groups, whose files QEMU opens itself
    std::map<std::string, Node> opened_here;     // by alias: QEMU is given a descriptor
    std::map<std::string, Node> opened_by_qemu;  // by alias
    struct Function {                            // of a network card: what it is to have
        std::string place;
        host::VirtualFunction of;
        net::FunctionSetting setting;
    };
    std::vector<Function> functions;
    std::map<std::string, host::UsbDevice> usb;  // by alias: where it was found
    std::set<std::string> missing;               // aliases of USB devices that may be missing, and are
    bool empty() const { return taken.empty() && opened_here.empty() && opened_by_qemu.empty() && missing.empty(); }
};

// Changes nothing. The first error says which device is meant, by its place in the definition ("devices/hostdev[2]"),
// what is missing, and what to do.
Result<HostDevicePlan> plan_host_devices(const model::Devices& devices, const std::filesystem::path& root = "/");

// Kernel drivers that bind_host_devices() needs and that are not loaded.
std::vector<std::string> missing_drivers(const HostDevicePlan& plan, const std::filesystem::path& root = "/");
// To be noted before: plan.taken.
Result<> bind_host_devices(const HostDevicePlan& plan, const std::filesystem::path& root = "/",
                           const host::AttributeWriter& write = host::write_attribute);

// What virtual functions have now, to be noted; then what they are to have.
Result<std::vector<Taken>> functions_to_change(const HostDevicePlan& plan);
Result<> change_functions(const HostDevicePlan& plan);

// Once they are bound: the files that QEMU opens itself, all there and accessible to us.
Result<std::vector<std::string>> nodes_for_qemu(const HostDevicePlan& plan, const std::filesystem::path& root = "/");
// Those of them that its account cannot have as they are: to be noted, then given.
std::vector<Taken> owners_to_change(const std::vector<std::string>& nodes, const host::Account& account);
Result<> change_owners(const std::vector<Taken>& nodes, const host::Account& account);

Result<std::map<std::string, UniqueFd>> open_host_devices(const HostDevicePlan& plan,
                                                          const std::filesystem::path& root = "/");

// /dev/vhost-vsock with this address of the guest set; none given: the lowest that is free.
struct VsockDevice {
    UniqueFd fd;
    std::uint32_t cid = 0;
};
Result<VsockDevice> open_vsock(const model::Vsock& vsock, const std::filesystem::path& root = "/");

// What QEMU must be able to lock when devices of the host write to the guest's memory; nothing: none do. Bytes.
std::optional<std::uint64_t> locked_memory(const model::Domain& domain);

}  // namespace vireo::domain
