// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes any struct that has a schema as a JSON object; the mapping is in README.md.
#pragma once
#include "model/schema.hpp"

#include <boost/json/object.hpp>

namespace vireo::model {

boost::json::object write_json(const void* object, const Element& element);

}  // namespace vireo::model
