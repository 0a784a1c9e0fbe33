// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<SysInfo>() {
    static const Element element = DeclareChoice<SysInfo>("type")
        .when<SmbiosInfo>("smbios")
        .when<FwCfgInfo>("fwcfg")
        .build();
    return element;
}

template <>
const Element& schema<SmbiosInfo>() {
    static const Element element = Declare<SmbiosInfo>()
        .child("bios", &SmbiosInfo::bios)
        .child("system", &SmbiosInfo::system)
        .child("baseBoard", &SmbiosInfo::boards)
        .child("chassis", &SmbiosInfo::chassis)
        .child("oemStrings", &SmbiosInfo::oem_strings)
        .kept(&SmbiosInfo::kept)
        .build();
    return element;
}

template <>
const Element& schema<SmbiosTable<SmbiosBios>>() {
    static const Element element = Declare<SmbiosTable<SmbiosBios>>()
        .child("entry", &SmbiosTable<SmbiosBios>::entries)
        .kept(&SmbiosTable<SmbiosBios>::kept)
        .build();
    return element;
}

template <>
const Element& schema<SmbiosEntry<SmbiosBios>>() {
    static const Element element = Declare<SmbiosEntry<SmbiosBios>>()
        .attribute("name", &SmbiosEntry<SmbiosBios>::name).required()
        .text("value", &SmbiosEntry<SmbiosBios>::value)
        .kept(&SmbiosEntry<SmbiosBios>::kept)
        .build();
    return element;
}

template <>
const Element& schema<SmbiosTable<SmbiosSystem>>() {
    static const Element element = Declare<SmbiosTable<SmbiosSystem>>()
        .child("entry", &SmbiosTable<SmbiosSystem>::entries)
        .kept(&SmbiosTable<SmbiosSystem>::kept)
        .build();
    return element;
}

template <>
const Element& schema<SmbiosEntry<SmbiosSystem>>() {
    static const Element element = Declare<SmbiosEntry<SmbiosSystem>>()
        .attribute("name", &SmbiosEntry<SmbiosSystem>::name).required()
        .text("value", &SmbiosEntry<SmbiosSystem>::value)
        .kept(&SmbiosEntry<SmbiosSystem>::kept)
        .build();
    return element;
}

template <>
const Element& schema<SmbiosTable<SmbiosBoard>>() {
    static const Element element = Declare<SmbiosTable<SmbiosBoard>>()
        .child("entry", &SmbiosTable<SmbiosBoard>::entries)
        .kept(&SmbiosTable<SmbiosBoard>::kept)
        .build();
    return element;
}

template <>
const Element& schema<SmbiosEntry<SmbiosBoard>>() {
    static const Element element = Declare<SmbiosEntry<SmbiosBoard>>()
        .attribute("name", &SmbiosEntry<SmbiosBoard>::name).required()
        .text("value", &SmbiosEntry<SmbiosBoard>::value)
        .kept(&SmbiosEntry<SmbiosBoard>::kept)
        .build();
    return element;
}

template <>
const Element& schema<SmbiosTable<SmbiosChassis>>() {
    static const Element element = Declare<SmbiosTable<SmbiosChassis>>()
        .child("entry", &SmbiosTable<SmbiosChassis>::entries)
        .kept(&SmbiosTable<SmbiosChassis>::kept)
        .build();
    return element;
}

template <>
const Element& schema<SmbiosEntry<SmbiosChassis>>() {
    static const Element element = Declare<SmbiosEntry<SmbiosChassis>>()
        .attribute("name", &SmbiosEntry<SmbiosChassis>::name).required()
        .text("value", &SmbiosEntry<SmbiosChassis>::value)
        .kept(&SmbiosEntry<SmbiosChassis>::kept)
        .build();
    return element;
}

template <>
const Element& schema<OemStrings>() {
    static const Element element = Declare<OemStrings>()
        .child("entry", &OemStrings::entries)
        .kept(&OemStrings::kept)
        .build();
    return element;
}

template <>
const Element& schema<FwCfgInfo>() {
    static const Element element = Declare<FwCfgInfo>()
        .child("entry", &FwCfgInfo::entries)
        .kept(&FwCfgInfo::kept)
        .build();
    return element;
}

template <>
const Element& schema<FwCfgEntry>() {
    static const Element element = Declare<FwCfgEntry>()
        .attribute("name", &FwCfgEntry::name).required()
        .attribute("file", &FwCfgEntry::file)
        .text("value", &FwCfgEntry::value)
        .kept(&FwCfgEntry::kept)
        .build();
    return element;
}

}  // namespace vireo::model
