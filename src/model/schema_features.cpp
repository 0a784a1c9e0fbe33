// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<Features>() {
    static const Element element = Declare<Features>()
        .flag("acpi", &Features::acpi)
        .child("apic", &Features::apic).bare()
        .flag("pae", &Features::pae)
        .child_attribute("hap", "state", &Features::hap).on_off().implied("on")
        .flag("viridian", &Features::viridian)
        .flag("privnet", &Features::private_network)
        .child("hyperv", &Features::hyperv).bare()
        .child("kvm", &Features::kvm).bare()
        .child_attribute("pvspinlock", "state", &Features::pvspinlock).on_off().implied("on")
        .child_attribute("pmu", "state", &Features::pmu).on_off().implied("on")
        .child_attribute("vmport", "state", &Features::vmport).on_off().implied("on")
        .child("gic", &Features::gic).bare()
        .child("smm", &Features::smm)
        .child_attribute("ioapic", "driver", &Features::ioapic)
        .child("hpt", &Features::hpt)
        .child_attribute("vmcoreinfo", "state", &Features::vmcoreinfo).on_off().implied("on")
        .child_attribute("htm", "state", &Features::htm).on_off()
        .child_attribute("nested-hv", "state", &Features::nested_hv).on_off()
        .child_attribute("msrs", "unknown", &Features::msrs)
        .child_attribute("ccf-assist", "state", &Features::ccf_assist).on_off()
        .child("xen", &Features::xen).bare()
        .child_attribute("cfpc", "value", &Features::cfpc)
        .child_attribute("sbbc", "value", &Features::sbbc)
        .child_attribute("ibs", "value", &Features::ibs)
        .child("tcg", &Features::tcg).bare()
        .child_attribute("async-teardown", "enabled", &Features::async_teardown).implied("yes")
        .child_attribute("ras", "state", &Features::ras).on_off().implied("on")
        .child_attribute("ps2", "state", &Features::ps2).on_off().implied("on")
        .child_attribute("aia", "value", &Features::aia)
        .refuse("capabilities", "they are for containers")
        .kept(&Features::kept)
        .build();
    return element;
}

template <>
const Element& schema<Apic>() {
    static const Element element = Declare<Apic>()
        .attribute("eoi", &Apic::eoi).on_off()
        .kept(&Apic::kept)
        .build();
    return element;
}

template <>
const Element& schema<Hyperv>() {
    static const Element element = Declare<Hyperv>()
        .attribute("mode", &Hyperv::mode)
        .child_attribute("relaxed", "state", &Hyperv::relaxed).on_off()
        .child_attribute("vapic", "state", &Hyperv::vapic).on_off()
        .child("spinlocks", &Hyperv::spinlocks)
        .child_attribute("vpindex", "state", &Hyperv::vpindex).on_off()
        .child_attribute("runtime", "state", &Hyperv::runtime).on_off()
        .child_attribute("synic", "state", &Hyperv::synic).on_off()
        .child("stimer", &Hyperv::stimer)
        .child_attribute("reset", "state", &Hyperv::reset).on_off()
        .child("vendor_id", &Hyperv::vendor_id)
        .child_attribute("frequencies", "state", &Hyperv::frequencies).on_off()
        .child_attribute("reenlightenment", "state", &Hyperv::reenlightenment).on_off()
        .child("tlbflush", &Hyperv::tlbflush)
        .child_attribute("ipi", "state", &Hyperv::ipi).on_off()
        .child_attribute("evmcs", "state", &Hyperv::evmcs).on_off()
        .child_attribute("avic", "state", &Hyperv::avic).on_off()
        .child_attribute("emsr_bitmap", "state", &Hyperv::emsr_bitmap).on_off()
        .child_attribute("xmm_input", "state", &Hyperv::xmm_input).on_off()
        .kept(&Hyperv::kept)
        .build();
    return element;
}

template <>
const Element& schema<HypervSpinlocks>() {
    static const Element element = Declare<HypervSpinlocks>()
        .attribute("state", &HypervSpinlocks::on).on_off().required()
        .attribute("retries", &HypervSpinlocks::retries)
        .kept(&HypervSpinlocks::kept)
        .build();
    return element;
}

template <>
const Element& schema<HypervTimers>() {
    static const Element element = Declare<HypervTimers>()
        .attribute("state", &HypervTimers::on).on_off().required()
        .child_attribute("direct", "state", &HypervTimers::direct).on_off()
        .kept(&HypervTimers::kept)
        .build();
    return element;
}

template <>
const Element& schema<HypervVendor>() {
    static const Element element = Declare<HypervVendor>()
        .attribute("state", &HypervVendor::on).on_off().required()
        .attribute("value", &HypervVendor::value)
        .kept(&HypervVendor::kept)
        .build();
    return element;
}

template <>
const Element& schema<HypervTlbFlush>() {
    static const Element element = Declare<HypervTlbFlush>()
        .attribute("state", &HypervTlbFlush::on).on_off().required()
        .child_attribute("direct", "state", &HypervTlbFlush::direct).on_off()
        .child_attribute("extended", "state", &HypervTlbFlush::extended).on_off()
        .kept(&HypervTlbFlush::kept)
        .build();
    return element;
}

template <>
const Element& schema<Kvm>() {
    static const Element element = Declare<Kvm>()
        .child_attribute("hidden", "state", &Kvm::hidden).on_off()
        .child_attribute("hint-dedicated", "state", &Kvm::hint_dedicated).on_off()
        .child_attribute("poll-control", "state", &Kvm::poll_control).on_off()
        .child_attribute("pv-ipi", "state", &Kvm::pv_ipi).on_off()
        .child("dirty-ring", &Kvm::dirty_ring)
        .kept(&Kvm::kept)
        .build();
    return element;
}

template <>
const Element& schema<KvmDirtyRing>() {
    static const Element element = Declare<KvmDirtyRing>()
        .attribute("state", &KvmDirtyRing::on).on_off().required()
        .attribute("size", &KvmDirtyRing::size)
        .kept(&KvmDirtyRing::kept)
        .build();
    return element;
}

template <>
const Element& schema<Xen>() {
    static const Element element = Declare<Xen>()
        .child_attribute("e820_host", "state", &Xen::e820_host).on_off()
        .child("passthrough", &Xen::passthrough)
        .kept(&Xen::kept)
        .build();
    return element;
}

template <>
const Element& schema<XenPassthrough>() {
    static const Element element = Declare<XenPassthrough>()
        .attribute("state", &XenPassthrough::on).on_off().required()
        .attribute("mode", &XenPassthrough::mode)
        .kept(&XenPassthrough::kept)
        .build();
    return element;
}

template <>
const Element& schema<Gic>() {
    static const Element element = Declare<Gic>()
        .attribute("version", &Gic::version)
        .kept(&Gic::kept)
        .build();
    return element;
}

template <>
const Element& schema<Smm>() {
    static const Element element = Declare<Smm>()
        .attribute("state", &Smm::on).on_off()
        .child("tseg", &Smm::tseg).bytes().unit<"", "MiB">()
        .kept(&Smm::kept)
        .build();
    return element;
}

template <>
const Element& schema<Hpt>() {
    static const Element element = Declare<Hpt>()
        .attribute("resizing", &Hpt::resizing)
        .child("maxpagesize", &Hpt::max_page_size).bytes()
        .kept(&Hpt::kept)
        .build();
    return element;
}

template <>
const Element& schema<Tcg>() {
    static const Element element = Declare<Tcg>()
        .child("tb-cache", &Tcg::tb_cache).bytes()
        .kept(&Tcg::kept)
        .build();
    return element;
}

}  // namespace vireo::model
