// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/host_files.hpp"

namespace vireo::domain {
namespace {

std::vector<int> numbers(const std::vector<UniqueFd>& fds) {
    std::vector<int> list;
    for (const auto& fd : fds) list.push_back(fd.get());
    return list;
}

}  // namespace

void HostFiles::lend(qemu::Resources& resources, const model::Devices& devices_of) const {
    for (const auto& hostdev : devices_of.hostdevs)
        if (auto found = devices.find(hostdev.info.alias); found != devices.end())
            resources.host_devices[hostdev.info.alias].fd = found->second.get();
    for (const auto& [alias, path] : paths) resources.host_devices[alias].path = path;
    for (const auto& interface : devices_of.interfaces)
        if (auto found = devices.find(interface.info.alias); found != devices.end())
            resources.networks[interface.info.alias].vdpa = found->second.get();
    for (const auto& [alias, end] : networks) {
        auto& files = resources.networks[alias];
        files.taps = numbers(end.taps);
        files.vhost = numbers(end.vhost);
    }
    resources.vsock = vsock.get();
}

}  // namespace vireo::domain
