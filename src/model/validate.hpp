// SPDX-License-Identifier: LGPL-2.1-or-later
// Does a definition make sense in itself, whatever the host and the hypervisor can do? The parsers ask this themselves.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <string_view>

namespace vireo::model {

// Fails with invalid_config and a sentence for the first contradiction.
Result<> validate(const Domain& domain);

// 1 … 255 bytes of UTF-8 on one line, without '/' and control characters, neither "." nor "..", and not all blanks.
Result<> validate_name(std::string_view name);

}  // namespace vireo::model
