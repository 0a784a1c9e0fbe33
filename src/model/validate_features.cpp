// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <bit>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

Result<> validate_hyperv(const Hyperv& hyperv) {
    constexpr std::uint32_t least_retries = 4095;
    if (hyperv.spinlocks && hyperv.spinlocks->on) {
        if (!hyperv.spinlocks->retries) return wrong("features/hyperv/spinlocks: it needs retries");
        if (*hyperv.spinlocks->retries < least_retries)
            return wrong("features/hyperv/spinlocks: retries is at least 4095");
    }
    if (hyperv.vendor_id && hyperv.vendor_id->on) {
        constexpr std::size_t longest = 12;
        const auto& value = hyperv.vendor_id->value;
        if (value.empty()) return wrong("features/hyperv/vendor_id: it needs a value");
        if (value.size() > longest) return wrong("features/hyperv/vendor_id: the value has at most 12 characters");
        if (value.find(',') != std::string::npos)
            return wrong("features/hyperv/vendor_id: the value cannot have a comma");
    }
    return {};
}

Result<> validate_dirty_ring(const Kvm& kvm) {
    if (!kvm.dirty_ring || !kvm.dirty_ring->on) return {};
    constexpr std::uint32_t least = 1024, most = 65536;
    const auto size = kvm.dirty_ring->size.value_or(0);
    if (size < least || size > most || !std::has_single_bit(size))
        return wrong("features/kvm/dirty-ring: its size is a power of two from 1024 to 65536");
    return {};
}

// Of other hypervisors: what would not be honoured is refused.
Result<> validate_foreign(const Features& features) {
    constexpr std::string_view why = " is for Xen, not for QEMU: leave it out";
    // What it asks for is what KVM does wherever the host can, and nothing can take away.
    if (features.hap == false) return wrong("features/hap: nested paging cannot be switched off with QEMU");
    if (features.viridian) return wrong("features/viridian is for Xen: use <hyperv>");
    if (features.private_network) return wrong("features/privnet is for containers: leave it out");
    if (features.xen) return wrong("features/xen" + std::string(why));
    return {};
}

}  // namespace

Result<> validate_features(const Domain& domain) {
    const auto& features = domain.features;
    if (auto good = validate_foreign(features); !good) return good;
    if (features.hyperv)
        if (auto good = validate_hyperv(*features.hyperv); !good) return good;
    if (features.kvm)
        if (auto good = validate_dirty_ring(*features.kvm); !good) return good;
    constexpr std::uint64_t mebibyte = 1u << 20;
    if (features.smm && features.smm->tseg) {
        if (!features.smm->on) return wrong("features/smm/tseg: SMM is switched off");
        if (!*features.smm->tseg || *features.smm->tseg % mebibyte)
            return wrong("features/smm/tseg: the size is a multiple of 1 MiB");
    }
    if (features.hpt && !features.hpt->resizing && !features.hpt->max_page_size)
        return wrong("features/hpt: it needs resizing or <maxpagesize>");
    if (features.hpt && features.hpt->max_page_size && !std::has_single_bit(*features.hpt->max_page_size))
        return wrong("features/hpt/maxpagesize: the size is a power of two");
    if (features.tcg && features.tcg->tb_cache && *features.tcg->tb_cache % mebibyte)
        return wrong("features/tcg/tb-cache: the size is a multiple of 1 MiB");
    if (features.tcg && domain.type != DomainType::qemu) return wrong("features/tcg is for domains of type='qemu'");
    return {};
}

}  // namespace vireo::model
