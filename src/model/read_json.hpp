// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads any struct that has a schema from a JSON object; the mapping is in README.md.
#pragma once
#include "model/reading.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace vireo::model {

inline constexpr std::string_view kept_key = "kept";

class JsonReader : public Reading {
public:
    using Reading::Reading;
    bool read(const boost::json::object& json, void* object, const Element& element, const Frame& at);

private:
    struct Here {
        void* object;
        const Element& element;
        const Frame& at;
        Seen& seen;
    };
    bool read_members(const boost::json::object& json, const Here& here, std::string_view skip);
    bool read_field(const boost::json::value& json, const Here& here, const Field& field);
    bool read_one(const boost::json::value& json, const Here& here, const Field& field, const Frame& at);
    bool read_group(const boost::json::value& json, const Here& here, const Field& field, const Frame& at);
    bool read_raw(const boost::json::value& json, const Here& here, const Field& field, const Frame& at);
    bool read_kept(const boost::json::value& json, const Here& here);
    bool read_kept_item(const boost::json::value& json, const Here& here, const Frame& at);
    bool read_kept_xml(const std::string& xml, const Here& here, const Frame& at);
    bool set(const boost::json::value& json, const Here& here, const Field& field, const Frame& at,
             std::string_view key);
};

}  // namespace vireo::model
