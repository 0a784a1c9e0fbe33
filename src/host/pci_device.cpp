// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/pci_device.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace vireo::host {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view usual_driver = "vfio-pci";
// These leave a device's memory alone, so that the kernel counts them as nobody.
constexpr std::array<std::string_view, 2> harmless{"pci-stub", "pcieport"};

fs::path devices(const fs::path& root) {
    return root / "sys/bus/pci/devices";
}
fs::path drivers(const fs::path& root) {
    return root / "sys/bus/pci/drivers";
}
std::string driver_of(const fs::path& device) {
    return link_name(device / "driver");
}

bool is_bridge(const fs::path& device) {  // base class 06, subclasses 04 (PCI) and 09 (semi-transparent)
    const auto code = read_number(read_text(device / "class"), 16).value_or(0) >> 8;
    return code == 0x0604 || code == 0x0609;
}

// Is the driver one of VFIO's? The variants for some devices are known by what they make of them.
bool is_vfio(const fs::path& device, const std::string& driver) {
    std::error_code error;
    return driver == usual_driver || (!driver.empty() && fs::exists(device / "vfio-dev", error));
}

Failure problem(Errc code, const std::string& place, std::string_view what, std::string hint) {
    return Failure(Error(code, fmt::format("PCI device {} {}", place, what)).with_hint(std::move(hint)));
}

// One CPU vendor's switch is not known to the other's kernel, which ignores it.
std::string iommu_hint(const fs::path& root) {
    const auto cpu = read_text(root / "proc/cpuinfo");
    if (cpu.find("AuthenticAMD") != cpu.npos)
        return "Switch the IOMMU (AMD-Vi, SVM) on in the firmware of this machine, and boot its kernel with iommu=pt";
    if (cpu.find("GenuineIntel") != cpu.npos)
        return "Switch VT-d on in the firmware of this machine, and boot its kernel with intel_iommu=on";
    return "This machine needs an IOMMU that is switched on in its firmware and its kernel (on x86 intel_iommu=on)";
}

Result<> check_group(const PciPlan& plan, const std::vector<PciRequest>& companions, const fs::path& root) {
    for (const auto& member : names_in(root / "sys/kernel/iommu_groups" / plan.group / "devices")) {
        if (member == plan.place) continue;
        const auto device = devices(root) / member;
        const auto driver = driver_of(device);
        if (driver.empty() || is_vfio(device, driver) || std::ranges::find(harmless, driver) != harmless.end() ||
            is_bridge(device))
            continue;
        const auto taken_too = std::ranges::any_of(
            companions, [&](const PciRequest& other) { return other.managed && other.place.text() == member; });
        if (taken_too) continue;
        return problem(
            Errc::invalid_state, plan.place,
            fmt::format("shares its IOMMU group {} with {}, which the host uses (driver {}): a group goes to "
                        "a guest as a whole or not at all",
                        plan.group, member, driver),
            fmt::format("Add {} to the definition as well, or take it from its driver: echo {} > "
                        "/sys/bus/pci/devices/{}/driver/unbind",
                        member, member, member));
    }
    return {};
}

}  // namespace

std::string PciPlace::text() const {
    return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", domain, bus, slot, function);
}

bool has_pci_driver(const std::string& driver, const fs::path& root) {
    std::error_code error;
    return fs::exists(drivers(root) / driver, error);
}

Result<PciPlan> plan_pci(const PciRequest& request, const std::vector<PciRequest>& companions, const fs::path& root) {
    PciPlan plan;
    plan.place = request.place.text();
    const auto device = devices(root) / plan.place;
    std::error_code error;
    if (!fs::exists(device, error))
        return problem(Errc::not_found, plan.place, "is not on this host", "lspci -D lists the devices that are");
    if (is_bridge(device))
        return problem(Errc::unsupported, plan.place, "is a bridge, which no guest can be given",
                       "Name the devices behind it instead");
    plan.group = link_name(device / "iommu_group");
    if (plan.group.empty()) {
        const bool any = !names_in(root / "sys/kernel/iommu_groups").empty();
        return problem(Errc::unsupported, plan.place,
                       any ? "is in no IOMMU group: the IOMMU of this host does not reach it"
                           : "is in no IOMMU group: the IOMMU of this host is off, or it has none",
                       any ? "Devices below /sys/kernel/iommu_groups can be passed to guests" : iommu_hint(root));
    }
    plan.driver = driver_of(device);
    const auto wanted = request.driver.empty() ? std::string(usual_driver) : request.driver;
    const bool fits = request.driver.empty() ? is_vfio(device, plan.driver) : plan.driver == request.driver;
    if (!fits) {
        if (!request.managed)
            return problem(Errc::invalid_state, plan.place,
                           plan.driver.empty()
                               ? fmt::format("is bound to no driver, and not to {}", wanted)
                               : fmt::format("is bound to the driver {}, and not to {}", plan.driver, wanted),
                           fmt::format("Use managed='yes', or bind it yourself: driverctl set-override {} {}",
                                       plan.place, wanted));
        plan.bind_to = wanted;
    }
    if (auto good = check_group(plan, companions, root); !good) return Failure(good.error());
    return plan;
}

Result<> bind_pci(const PciPlan& plan, const fs::path& root, const AttributeWriter& write) {
    if (plan.bind_to.empty()) return {};
    if (!has_pci_driver(plan.bind_to, root))
        return problem(Errc::unsupported, plan.place,
                       fmt::format("cannot be bound to {}: the kernel has no such driver loaded", plan.bind_to),
                       "modprobe " + plan.bind_to);
    const auto device = devices(root) / plan.place;
    const auto failed = [&](const Error& error) {
        return Failure(error.wrap(fmt::format("PCI device {} cannot be bound to {}", plan.place, plan.bind_to)));
    };
    if (auto done = write(device / "driver_override", plan.bind_to); !done) return failed(done.error());
    if (!driver_of(device).empty())
        if (auto done = write(device / "driver/unbind", plan.place); !done) return failed(done.error());
    if (auto done = write(root / "sys/bus/pci/drivers_probe", plan.place); !done) return failed(done.error());
    if (driver_of(device) != plan.bind_to)
        return problem(Errc::system_failed, plan.place, fmt::format("was not taken by the driver {}", plan.bind_to),
                       "The kernel's log says why: journalctl -k");
    return {};
}

Result<> release_pci(const std::string& place, const std::string& bound_to, bool had_driver, const fs::path& root,
                     const AttributeWriter& write) {
    const auto device = devices(root) / place;
    std::error_code error;
    if (!fs::exists(device, error)) return {};
    if (read_text(device / "driver_override") != bound_to) return {};
    const auto failed = [&](const Error& cause) {
        return Failure(cause.wrap(fmt::format("PCI device {} cannot be given back to the host", place)));
    };
    if (auto done = write(device / "driver_override", "\n"); !done) return failed(done.error());
    const auto driver = driver_of(device);
    if (driver == bound_to)
        if (auto done = write(device / "driver/unbind", place); !done) return failed(done.error());
    if (had_driver && (driver.empty() || driver == bound_to))
        if (auto done = write(root / "sys/bus/pci/drivers_probe", place); !done) return failed(done.error());
    return {};
}

Result<VirtualFunction> find_virtual_function(const std::string& place, const fs::path& root) {
    const auto device = devices(root) / place;
    const auto physical = link_name(device / "physfn");
    if (physical.empty())
        return problem(Errc::unsupported, place, "is no virtual function of a network card (SR-IOV)",
                       "Give it to the guest as it is: <hostdev mode='subsystem' type='pci'>");
    VirtualFunction function;
    const auto names = names_in(devices(root) / physical / "net");
    if (names.empty())
        return problem(Errc::unsupported, place, fmt::format("belongs to {}, which has no link on this host", physical),
                       "The physical function must be with the host's own driver: lspci -k shows which one has it");
    function.link = names.front();
    constexpr std::string_view prefix = "virtfn";
    for (const auto& name : names_in(devices(root) / physical)) {
        if (!name.starts_with(prefix) || link_name(devices(root) / physical / name) != place) continue;
        function.number = static_cast<std::uint32_t>(read_number(name.substr(prefix.size())).value_or(0));
        return function;
    }
    return problem(Errc::unsupported, place, fmt::format("is none of the virtual functions of {}", physical),
                   "Make them anew: /sys/class/net/" + function.link + "/device/sriov_numvfs");
}

Result<> check_node(const std::string& node, const std::string& what, const std::string& hint, const fs::path& root) {
    const auto path = root / node.substr(node.find_first_not_of('/'));
    if (::access(path.c_str(), F_OK))
        return Failure(Error(Errc::unsupported, fmt::format("{} needs {}, which this host does not have", what, node))
                           .with_hint(hint));
    if (::access(path.c_str(), R_OK | W_OK))
        return Failure(system_error(errno, fmt::format("{} needs {}", what, node))
                           .with_hint(fmt::format("The user of this daemon (uid {}) must be able to read and write {}",
                                                  ::geteuid(), node)));
    return {};
}

Result<std::vector<std::string>> vfio_nodes(const std::string& group, const fs::path& root) {
    std::vector<std::string> nodes{"/dev/vfio/vfio", "/dev/vfio/" + group};
    const auto what = "IOMMU group " + group;
    for (const auto& node : nodes)
        if (auto good = check_node(node, what, "modprobe vfio-pci makes it", root); !good) return Failure(good.error());
    return nodes;
}

}  // namespace vireo::host
