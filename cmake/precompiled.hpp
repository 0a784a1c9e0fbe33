// SPDX-License-Identifier: LGPL-2.1-or-later
// What nearly every file includes anyway.
#pragma once
#include "support/error.hpp"
#include "support/task.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
