// SPDX-License-Identifier: LGPL-2.1-or-later
// What nearly every unit test includes anyway.
#pragma once
#include "cmake/precompiled_model.hpp"

#include <boost/test/unit_test.hpp>
