// SPDX-License-Identifier: LGPL-2.1-or-later
// What several devices have in common.
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<VirtioOptions>() {
    static const Element element = Declare<VirtioOptions>()
        .attribute("iommu", &VirtioOptions::iommu).on_off()
        .attribute("ats", &VirtioOptions::ats).on_off()
        .attribute("packed", &VirtioOptions::packed).on_off()
        .attribute("page_per_vq", &VirtioOptions::page_per_vq).on_off()
        .build();
    return element;
}

template <>
const Element& schema<VirtioDriver>() {
    static const Element element = Declare<VirtioDriver>()
        .include(&VirtioDriver::virtio)
        .kept(&VirtioDriver::kept)
        .build();
    return element;
}

template <>
const Element& schema<DeviceSeclabel>() {
    static const Element element = Declare<DeviceSeclabel>()
        .attribute("model", &DeviceSeclabel::model)
        .attribute("labelskip", &DeviceSeclabel::label_skip)
        .attribute("relabel", &DeviceSeclabel::relabel)
        .child("label", &DeviceSeclabel::label)
        .kept(&DeviceSeclabel::kept)
        .build();
    return element;
}

}  // namespace vireo::model
