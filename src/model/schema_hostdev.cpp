// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_boot_order = 1000000;
bool is_pci(const HostdevAddress& address) { return address.domain || address.slot || address.function; }
bool is_other(const HostdevAddress& address) { return !is_pci(address); }
}  // namespace

template <>
const Element& schema<Hostdev>() {
    static const Element element = Declare<Hostdev>()
        .attribute("mode", &Hostdev::mode).decides()
        .attribute("type", &Hostdev::type).required().decides()
        .attribute("managed", &Hostdev::managed)
        .attribute("sgio", &Hostdev::sgio)
        .attribute("rawio", &Hostdev::rawio)
        .attribute("model", &Hostdev::model).decides()
        .attribute("display", &Hostdev::display).on_off()
        .attribute("ramfb", &Hostdev::ramfb).on_off()
        .child("driver", &Hostdev::driver)
        .child("source", &Hostdev::source).required()
        .child("teaming", &Hostdev::teaming)
        .flag("readonly", &Hostdev::readonly)
        .flag("shareable", &Hostdev::shareable)
        .child_attribute("boot", "order", &Hostdev::boot_order).range(1, most_boot_order)
        .child_attribute("boot", "loadparm", &Hostdev::loadparm)
        .include(&Hostdev::info)
        .kept(&Hostdev::kept)
        .build();
    return element;
}

template <>
const Element& schema<HostdevSource>() {
    static const Element element = Declare<HostdevSource>()
        .attribute("startupPolicy", &HostdevSource::startup_policy)
        .attribute("guestReset", &HostdevSource::guest_reset)
        .attribute("missing", &HostdevSource::missing)
        .attribute("writeFiltering", &HostdevSource::write_filtering)
        .attribute("protocol", &HostdevSource::protocol).decides()
        .attribute("name", &HostdevSource::name)
        .attribute("wwpn", &HostdevSource::wwpn)
        .child_attribute("vendor", "id", &HostdevSource::vendor).hex(4).range(0, 0xffff)
        .child_attribute("product", "id", &HostdevSource::product).hex(4).range(0, 0xffff)
        .child_attribute("adapter", "name", &HostdevSource::adapter)
        .child("address", &HostdevSource::address)
        .child("host", &HostdevSource::hosts)
        .child("auth", &HostdevSource::auth)
        .child("initiator", &HostdevSource::initiator)
        .kept(&HostdevSource::kept)
        .build();
    return element;
}

template <>
const Element& schema<HostdevAddress>() {
    static const Element element = Declare<HostdevAddress>()
        .attribute("type", &HostdevAddress::type)
        .attribute("domain", &HostdevAddress::domain).hex(4)
        .attribute("bus", &HostdevAddress::bus).hex(2).only_if<is_pci>()
        .attribute("bus", &HostdevAddress::bus).hex(0, 0).only_if<is_other>()
        .attribute("slot", &HostdevAddress::slot).hex(2)
        .attribute("function", &HostdevAddress::function).hex(1)
        .attribute("device", &HostdevAddress::device).hex(0, 0)
        .attribute("port", &HostdevAddress::port)
        .attribute("target", &HostdevAddress::target)
        .attribute("unit", &HostdevAddress::unit)
        .attribute("uuid", &HostdevAddress::uuid)
        .kept(&HostdevAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<HostdevDriver>() {
    static const Element element = Declare<HostdevDriver>()
        .attribute("name", &HostdevDriver::name)
        .attribute("model", &HostdevDriver::model)
        .attribute("iommufd", &HostdevDriver::iommufd)
        .kept(&HostdevDriver::kept)
        .build();
    return element;
}

template <>
const Element& schema<HostdevTeaming>() {
    static const Element element = Declare<HostdevTeaming>()
        .attribute("type", &HostdevTeaming::type).required()
        .attribute("persistent", &HostdevTeaming::persistent)
        .kept(&HostdevTeaming::kept)
        .build();
    return element;
}

template <>
const Element& schema<IommuFd>() {
    static const Element element = Declare<IommuFd>()
        .attribute("enabled", &IommuFd::enabled).required()
        .attribute("fdgroup", &IommuFd::fd_group)
        .kept(&IommuFd::kept)
        .build();
    return element;
}

}  // namespace vireo::model
