// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_index = 1023;
constexpr std::uint64_t most_32 = 0xffffffff;
}  // namespace

template <>
const Element& schema<Controller>() {
    static const Element element = Declare<Controller>()
        .attribute("type", &Controller::type).required().decides()
        .attribute("index", &Controller::index).range(0, most_index)
        .attribute("model", &Controller::model).decides()
        .attribute("ports", &Controller::ports).range(1, 511)
        .attribute("vectors", &Controller::vectors).range(0, 2048)
        .attribute("maxGrantFrames", &Controller::max_grant_frames)
        .attribute("maxEventChannels", &Controller::max_event_channels)
        .child_attribute("model", "name", &Controller::model_name).key("modelName")
        .child("target", &Controller::target)
        .child("driver", &Controller::driver)
        .child_attribute("master", "startport", &Controller::master_start_port).range(0, 14)
        .child("serial", &Controller::serial)
        .include(&Controller::info)
        .child("pcihole64", &Controller::pci_hole_64).bytes()
        .kept(&Controller::kept)
        .build();
    return element;
}

template <>
const Element& schema<ControllerTarget>() {
    static const Element element = Declare<ControllerTarget>()
        .attribute("chassisNr", &ControllerTarget::chassis_nr).range(1, 255)
        .attribute("chassis", &ControllerTarget::chassis).range(0, 255)
        .attribute("port", &ControllerTarget::port).hex(1).range(0, 255)
        .attribute("busNr", &ControllerTarget::bus_nr).range(1, 254)
        .attribute("index", &ControllerTarget::index).range(0, 30)
        .attribute("hotplug", &ControllerTarget::hotplug).on_off()
        .attribute("memReserve", &ControllerTarget::mem_reserve).kib()
        .child("node", &ControllerTarget::node)
        .kept(&ControllerTarget::kept)
        .build();
    return element;
}

template <>
const Element& schema<ControllerDriver>() {
    static const Element element = Declare<ControllerDriver>()
        .attribute("queues", &ControllerDriver::queues).range(1, most_32)
        .attribute("cmd_per_lun", &ControllerDriver::cmd_per_lun)
        .attribute("max_sectors", &ControllerDriver::max_sectors)
        .attribute("ioeventfd", &ControllerDriver::ioeventfd).on_off()
        .attribute("iothread", &ControllerDriver::iothread).range(1, most_32)
        .include(&ControllerDriver::virtio)
        .wrapped("iothreads", "iothread", &ControllerDriver::iothreads)
        .kept(&ControllerDriver::kept)
        .build();
    return element;
}

}  // namespace vireo::model
