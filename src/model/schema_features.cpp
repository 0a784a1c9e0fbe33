// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<Features>() {
    static const Element element = Declare<Features>()
        .flag("acpi", &Features::acpi)
        .flag("apic", &Features::apic)
        .flag("pae", &Features::pae)
        .child_attribute("pmu", "state", &Features::pmu).on_off().implied("on")
        .child_attribute("vmport", "state", &Features::vmport).on_off().implied("on")
        .child_attribute("smm", "state", &Features::smm).on_off().implied("on")
        .kept(&Features::kept)
        .later("hap", "viridian", "privnet", "hyperv", "kvm", "xen", "pvspinlock", "capabilities", "gic", "ioapic", "hpt")
        .later("vmcoreinfo", "htm", "nested-hv", "msrs", "ccf-assist", "cfpc", "sbbc", "ibs", "tcg", "async-teardown", "ras", "ps2", "aia")
        .build();
    return element;
}

}  // namespace vireo::model
