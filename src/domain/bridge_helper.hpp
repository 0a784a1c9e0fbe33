// SPDX-License-Identifier: LGPL-2.1-or-later
// An ordinary user's way onto a bridge: QEMU's own qemu-bridge-helper makes the tap. It is setuid, and
// /etc/qemu/bridge.conf says who may use which bridge.
#pragma once
#include "domain/host_files.hpp"
#include "model/interface.hpp"
#include "support/task.hpp"

#include <chrono>
#include <memory>

namespace vireo::domain {

inline constexpr auto bridge_helper_limit = std::chrono::seconds(15);

// Error(access_denied): the helper refuses, or the definition wants of the tap what only a daemon of the whole system
// can set; Error(unsupported): there is no helper.
Task<NetworkEnd> tap_by_helper(std::shared_ptr<const model::Interface> interface);

}  // namespace vireo::domain
