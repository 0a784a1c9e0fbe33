// SPDX-License-Identifier: LGPL-2.1-or-later
// vCPUs that are hot-pluggable and enabled: they are not on QEMU's command line, but plugged in before the guest runs.
#pragma once
#include "model/domain.hpp"
#include "qemu/qmp_client.hpp"
#include "support/error.hpp"

#include <boost/json/value.hpp>

#include <vector>

namespace vireo::qemu {

// Are there any?
bool plugs_vcpus(const model::Domain& domain) noexcept;

// The device_add of each, in the order that the definition gives them. slots: the answer to query-hotpluggable-cpus.
// Failure(hypervisor_failed): QEMU has no place for one.
Result<std::vector<QmpCommand>> plug_vcpus(const model::Domain& domain, const boost::json::value& slots);

}  // namespace vireo::qemu
