// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/servable.hpp"

#include <fmt/format.h>

namespace vireo::domain {
namespace {

using model::SourceType;

Failure not_served(std::string path, std::string what, std::string hint = {}) {
    Error error(Errc::unsupported, fmt::format("{}: {}", path, what));
    return Failure(hint.empty() ? error : error.with_hint(std::move(hint)));
}

// "devices/disk[2]", counted as XPath does.
std::string place(std::string_view element, std::size_t index) {
    return fmt::format("devices/{}[{}]", element, index + 1);
}

Result<> check_disk(const model::Disk& disk, const std::string& path) {
    if (disk.mirror) return not_served(path + "/mirror", "is a copy under way in a running domain, not a definition's");
    if (disk.transient) return not_served(path + "/transient", "Vireo keeps no overlay for a disk yet");
    if (disk.image_encryption())
        return not_served(path + "/encryption", "Vireo keeps no secrets yet, and the image cannot be opened without");
    if (!disk.source || disk.empty()) return {};
    auto& source = *disk.source;
    if (disk.authentication()) return not_served(path + "/auth", "Vireo keeps no secrets yet");
    if (!source.fdgroup.empty()) return not_served(path + "/source/@fdgroup", "no descriptors were passed to Vireo");
    if (source.reservations) return not_served(path + "/source/reservations", "Vireo runs no reservation helper yet");
    if (source.data_store) return not_served(path + "/source/dataStore", "Vireo opens no data files yet");
    switch (disk.type) {
        case SourceType::file:
        case SourceType::block:
        case SourceType::dir:  // QEMU opens this and the next two itself, as its own user
        case SourceType::network:
        case SourceType::vhostuser:
            return {};
        case SourceType::volume:
            return not_served(path, "Vireo has no storage pools yet", "name the volume's file: type='file'");
        default:
            return not_served(path,
                              fmt::format("a source of type '{}' is not opened by Vireo yet", to_string(disk.type)),
                              "use type='file' or type='block'");
    }
}

Result<> check_interface(const model::Interface& interface, const std::string& path) {
    if (interface.type != model::Interface::Type::user)
        return not_served(path,
                          fmt::format("an interface of type '{}' needs a network of the host, and Vireo makes none yet",
                                      to_string(interface.type)),
                          "use type='user', which needs none");
    if (interface.backend && interface.backend->type == model::InterfaceBackend::Type::passt)
        return not_served(path + "/backend", "Vireo does not run passt yet", "leave <backend> out");
    if (!interface.port_forwards.empty())
        return not_served(path + "/portForward", "only passt forwards ports, and Vireo does not run it yet");
    if (interface.bandwidth) return not_served(path + "/bandwidth", "an interface of type 'user' has no limits");
    if (interface.filter) return not_served(path + "/filterref", "an interface of type 'user' has no filters");
    if (interface.vlan) return not_served(path + "/vlan", "an interface of type 'user' has no VLANs");
    if (interface.virtual_port) return not_served(path + "/virtualport", "an interface of type 'user' is on no switch");
    if (!interface.script.empty() || !interface.down_script.empty())
        return not_served(path + "/script", "Vireo runs no scripts of definitions");
    if (interface.coalesce)
        return not_served(path + "/coalesce", "an interface of type 'user' has no queues of the host");
    if (interface.port_isolated) return not_served(path + "/port", "an interface of type 'user' is on no bridge");
    if (interface.trust_guest_rx_filters == true)
        return not_served(path + "/@trustGuestRxFilters", "an interface of type 'user' has no filters");
    return {};
}

Result<> check_graphics(const model::Graphics& graphics, const std::string& path) {
    using enum model::Graphics::Type;
    if (graphics.type != vnc && graphics.type != spice)
        return not_served(path, fmt::format("Vireo starts no display of type '{}' yet", to_string(graphics.type)),
                          "use type='vnc' or type='spice'");
    for (auto& listen : graphics.listens)
        if (listen.type == model::GraphicsListen::Type::network)
            return not_served(path + "/listen", "Vireo has no networks yet",
                              "give an address: <listen type='address'/>");
    return {};
}

Result<> check_storage(const model::Devices& devices) {
    for (std::size_t i = 0; i < devices.disks.size(); ++i)
        if (auto ok = check_disk(devices.disks[i], place("disk", i)); !ok) return ok;
    if (!devices.leases.empty())
        return not_served(place("lease", 0), "Vireo talks to no lock manager",
                          "leave it out: images are locked anyway");
    for (std::size_t i = 0; i < devices.filesystems.size(); ++i)
        if (devices.filesystems[i].virtiofs())
            return not_served(place("filesystem", i), "Vireo does not run virtiofsd yet",
                              "leave out <driver type='virtiofs'/>: 9p");
    return {};
}

Result<> check_helpers(const model::Devices& devices) {
    for (std::size_t i = 0; i < devices.tpms.size(); ++i)
        if (devices.tpms[i].backend.type == model::TpmBackend::Type::emulator)
            return not_served(place("tpm", i), "Vireo does not run swtpm yet",
                              "run one and use <backend type='external'> with its socket");
    for (std::size_t i = 0; i < devices.shmems.size(); ++i)
        if (devices.shmems[i].server)
            return not_served(place("shmem", i) + "/server", "Vireo runs no shared memory server");
    if (devices.vsock) return not_served("devices/vsock", "Vireo gives out no vsock addresses yet");
    for (std::size_t i = 0; i < devices.graphics.size(); ++i)
        if (auto ok = check_graphics(devices.graphics[i], place("graphics", i)); !ok) return ok;
    return {};
}

}  // namespace

Result<> check_devices_servable(const model::Devices& devices) {
    if (auto ok = check_storage(devices); !ok) return ok;
    for (std::size_t i = 0; i < devices.interfaces.size(); ++i)
        if (auto ok = check_interface(devices.interfaces[i], place("interface", i)); !ok) return ok;
    if (!devices.hostdevs.empty()) return not_served(place("hostdev", 0), "Vireo takes no devices from the host yet");
    return check_helpers(devices);
}

}  // namespace vireo::domain
