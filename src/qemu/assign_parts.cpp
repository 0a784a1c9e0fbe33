// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Controller;
using model::to_string;

namespace {
// nvme1n2: the second namespace of controller 1.
std::optional<std::uint32_t> nvme_number(std::string_view name) noexcept {
    std::uint32_t controller = 0, space = 0;
    const auto* end = name.data() + name.size();
    const auto first = std::from_chars(name.data(), end, controller);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != 'n') return std::nullopt;
    const auto second = std::from_chars(first.ptr + 1, end, space);
    if (second.ec != std::errc() || second.ptr != end || space == 0 || space > nvme_namespaces) return std::nullopt;
    return controller * nvme_namespaces + space - 1;
}
}  // namespace

std::optional<std::uint32_t> disk_number(std::string_view name) noexcept {
    constexpr std::string_view nvme = "nvme";
    if (name.starts_with(nvme)) return nvme_number(name.substr(nvme.size()));
    for (std::string_view prefix : {"hd", "sd", "vd", "fd", "xvd", "ubd"}) {
        if (!name.starts_with(prefix) || name.size() == prefix.size() || name.size() > prefix.size() + 4) continue;
        std::uint32_t number = 0;
        for (char letter : name.substr(prefix.size())) {
            if (letter < 'a' || letter > 'z') return std::nullopt;
            number = number * 26 + static_cast<std::uint32_t>(letter - 'a') + 1;
        }
        return number - 1;
    }
    return std::nullopt;
}

std::uint32_t usb_ports(const Controller& controller) noexcept {
    using enum Controller::Model;
    switch (controller.model.value_or(none)) {
        case qemu_xhci:
        case nec_xhci:
            return controller.ports.value_or(4);
        case ehci:
        case ich9_ehci1:
            return 6;
        case pci_ohci:
            return 3;
        case piix3_uhci:
        case piix4_uhci:
        case vt82c686b_uhci:
            return 2;
        default:
            return 0;  // companions share the ports of their EHCI controller
    }
}

const Controller* find_controller(const model::Domain& domain, Controller::Type type, std::uint32_t index) {
    auto found = std::ranges::find_if(domain.devices.controllers,
                                      [&](const Controller& c) { return c.type == type && c.index == index; });
    return found == domain.devices.controllers.end() ? nullptr : &*found;
}

const model::Address* host_address(const model::Interface& interface) noexcept {
    if (interface.type != model::Interface::Type::hostdev || !interface.source || !interface.source->host_device)
        return nullptr;
    return &*interface.source->host_device;
}

std::string describe(const model::Disk& disk) {
    return fmt::format("the disk '{}'", disk.target.dev);
}
std::string describe(const Controller& controller) {
    return fmt::format("the {} controller {}", to_string(controller.type), controller.index.value_or(0));
}
std::string describe(const model::Interface& interface) {
    return interface.mac.empty() ? "a network interface" : "the network interface " + interface.mac;
}
std::string describe(const model::Serial& serial) {
    return fmt::format("the serial port {}", serial.target ? serial.target->port.value_or(0) : 0);
}
std::string describe(const model::Parallel& parallel) {
    return fmt::format("the parallel port {}", parallel.port.value_or(0));
}
std::string describe(const model::Console& console) {
    return fmt::format("the console {}", console.target ? console.target->port.value_or(0) : 0);
}
std::string describe(const model::Channel& channel) {
    return fmt::format("the channel '{}'", channel.target.name);
}
std::string describe(const model::Input& input) {
    return fmt::format("the input device '{}'", to_string(input.type));
}
std::string describe(const model::Video& video) {
    return fmt::format("the video device '{}'", to_string(video.model.kind()));
}
std::string describe(const model::Watchdog&) {
    return "the watchdog";
}
std::string describe(const model::Memballoon&) {
    return "the memory balloon";
}
std::string describe(const model::Rng&) {
    return "the random number generator";
}
std::string describe(const model::Panic&) {
    return "the panic device";
}

std::string describe(const model::Sound& sound) {
    return fmt::format("the sound card '{}'", to_string(sound.model));
}
std::string describe(const model::Hostdev& hostdev) {
    return fmt::format("the {} device of the host", to_string(hostdev.type));
}
std::string describe(const model::Filesystem& filesystem) {
    return fmt::format("the filesystem '{}'", filesystem.target);
}
std::string describe(const model::Smartcard& smartcard) {
    return fmt::format("the smart card '{}'", to_string(smartcard.mode));
}
std::string describe(const model::NvramDevice&) {
    return "the NVRAM device";
}
std::string describe(const model::Hub&) {
    return "a USB hub";
}
std::string describe(const model::Shmem& shmem) {
    return fmt::format("the shared memory '{}'", shmem.name);
}
std::string describe(const model::Tpm&) {
    return "the TPM";
}
std::string describe(const model::Redirdev&) {
    return "a redirected device";
}
std::string describe(const model::MemoryDevice& memory) {
    return fmt::format("the memory device '{}'", to_string(memory.model));
}
std::string describe(const model::Iommu& iommu) {
    return fmt::format("the IOMMU '{}'", to_string(iommu.model));
}
std::string describe(const model::Vsock&) {
    return "the vsock device";
}
std::string describe(const model::Crypto&) {
    return "the crypto device";
}
std::string describe(const model::Pstore&) {
    return "the pstore device";
}

Failure wrong_address(const std::string& device, std::string_view wanted) {
    return fail(Errc::invalid_config, device, " needs an address of type '", wanted, "', not the one that it has");
}

}  // namespace vireo::qemu
