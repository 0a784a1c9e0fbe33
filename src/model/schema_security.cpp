// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<SecurityLabel>() {
    static const Element element = Declare<SecurityLabel>()
        .attribute("type", &SecurityLabel::type)
        .attribute("model", &SecurityLabel::model)
        .attribute("relabel", &SecurityLabel::relabel)
        .child("label", &SecurityLabel::label)
        .child("imagelabel", &SecurityLabel::image_label)
        .child("baselabel", &SecurityLabel::base_label)
        .kept(&SecurityLabel::kept)
        .build();
    return element;
}

template <>
const Element& schema<LaunchSecurity>() {
    static const Element element = DeclareChoice<LaunchSecurity>("type")
        .when<SevLaunch>("sev")
        .when<SevSnpLaunch>("sev-snp")
        .when<S390PvLaunch>("s390-pv")
        .when<TdxLaunch>("tdx")
        .build();
    return element;
}

template <>
const Element& schema<SevLaunch>() {
    static const Element element = Declare<SevLaunch>()
        .attribute("kernelHashes", &SevLaunch::kernel_hashes)
        .child("cbitpos", &SevLaunch::cbitpos)
        .child("reducedPhysBits", &SevLaunch::reduced_phys_bits)
        .child("policy", &SevLaunch::policy).hex(4, 16).required()
        .child("dhCert", &SevLaunch::dh_cert)
        .child("session", &SevLaunch::session)
        .kept(&SevLaunch::kept)
        .build();
    return element;
}

template <>
const Element& schema<SevSnpLaunch>() {
    static const Element element = Declare<SevSnpLaunch>()
        .attribute("kernelHashes", &SevSnpLaunch::kernel_hashes)
        .attribute("authorKey", &SevSnpLaunch::author_key)
        .attribute("vcek", &SevSnpLaunch::vcek)
        .child("cbitpos", &SevSnpLaunch::cbitpos)
        .child("reducedPhysBits", &SevSnpLaunch::reduced_phys_bits)
        .child("policy", &SevSnpLaunch::policy).hex(8, 16).required()
        .child("guestVisibleWorkarounds", &SevSnpLaunch::guest_visible_workarounds)
        .child("idBlock", &SevSnpLaunch::id_block)
        .child("idAuth", &SevSnpLaunch::id_auth)
        .child("hostData", &SevSnpLaunch::host_data)
        .kept(&SevSnpLaunch::kept)
        .build();
    return element;
}

template <>
const Element& schema<S390PvLaunch>() {
    static const Element element = Declare<S390PvLaunch>()
        .kept(&S390PvLaunch::kept)
        .build();
    return element;
}

template <>
const Element& schema<TdxLaunch>() {
    static const Element element = Declare<TdxLaunch>()
        .child("policy", &TdxLaunch::policy).hex(1, 16)
        .child("mrConfigId", &TdxLaunch::mr_config_id)
        .child("mrOwner", &TdxLaunch::mr_owner)
        .child("mrOwnerConfig", &TdxLaunch::mr_owner_config)
        .child("quoteGenerationService", &TdxLaunch::quote_service)
        .kept(&TdxLaunch::kept)
        .build();
    return element;
}

template <>
const Element& schema<TdxQuoteService>() {
    static const Element element = Declare<TdxQuoteService>()
        .attribute("path", &TdxQuoteService::path)
        .kept(&TdxQuoteService::kept)
        .build();
    return element;
}

template <>
const Element& schema<KeyWrapCipher>() {
    static const Element element = Declare<KeyWrapCipher>()
        .attribute("name", &KeyWrapCipher::name).required()
        .attribute("state", &KeyWrapCipher::on).on_off().required()
        .kept(&KeyWrapCipher::kept)
        .build();
    return element;
}

template <>
const Element& schema<IdMap>() {
    static const Element element = Declare<IdMap>()
        .child("uid", &IdMap::users)
        .child("gid", &IdMap::groups)
        .kept(&IdMap::kept)
        .build();
    return element;
}

template <>
const Element& schema<IdMapEntry>() {
    static const Element element = Declare<IdMapEntry>()
        .attribute("start", &IdMapEntry::start).required()
        .attribute("target", &IdMapEntry::target).required()
        .attribute("count", &IdMapEntry::count).range(1, 0xffffffff).required()
        .kept(&IdMapEntry::kept)
        .build();
    return element;
}

}  // namespace vireo::model
