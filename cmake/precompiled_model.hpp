// SPDX-License-Identifier: LGPL-2.1-or-later
// For the folders that work on definitions: the model's headers take longer to read than most files that include them.
#pragma once
#include "model/domain.hpp"
#include "precompiled.hpp"
