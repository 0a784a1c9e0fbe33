// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything in a definition that has a DeviceInfo, in one place: a new kind of device is one line here.
#pragma once
#include "model/domain.hpp"

#include <utility>

namespace vireo::model {

// use(device) for each, in the order in which libvirt numbers what has no order of its own (CCW, zPCI). Devices: const
// or not. use() must not add devices.
template <class Devices, class Use>
void for_each_device(Devices& devices, Use&& use) {
    auto each = [&use](auto& several) {
        for (auto& device : several) use(device);
    };
    auto one = [&use](auto& perhaps) {
        if (perhaps) use(*perhaps);
    };
    each(devices.disks);
    each(devices.interfaces);
    each(devices.sounds);
    each(devices.hostdevs);
    each(devices.videos);
    each(devices.controllers);
    each(devices.smartcards);
    each(devices.serials);
    each(devices.parallels);
    each(devices.channels);
    each(devices.consoles);
    each(devices.inputs);
    each(devices.filesystems);
    each(devices.watchdogs);
    one(devices.memballoon);
    each(devices.rngs);
    one(devices.nvram);
    each(devices.hubs);
    each(devices.shmems);
    each(devices.tpms);
    each(devices.panics);
    each(devices.redirdevs);
    each(devices.memory_devices);
    each(devices.iommus);
    one(devices.vsock);
    each(devices.cryptos);
    one(devices.pstore);
}

// The same in the order in which libvirt gives out places on PCI; the PCI controllers come before all of these.
template <class Devices, class Use>
void for_each_pci_candidate(Devices& devices, Use&& use) {
    auto each = [&use](auto& several) {
        for (auto& device : several) use(device);
    };
    auto one = [&use](auto& perhaps) {
        if (perhaps) use(*perhaps);
    };
    each(devices.filesystems);
    each(devices.interfaces);
    each(devices.sounds);
    each(devices.controllers);
    each(devices.disks);
    each(devices.hostdevs);
    one(devices.memballoon);
    each(devices.rngs);
    each(devices.watchdogs);
    each(devices.videos);
    each(devices.shmems);
    each(devices.inputs);
    each(devices.parallels);
    each(devices.serials);
    each(devices.panics);
    each(devices.memory_devices);
    one(devices.vsock);
    each(devices.iommus);
    each(devices.cryptos);
    one(devices.pstore);
}

}  // namespace vireo::model
