// SPDX-License-Identifier: LGPL-2.1-or-later
// The published JSON Schema against what is really written: any value that there can be must fit it.
#include "model/json_schema.hpp"

#include "model/domain_json.hpp"
#include "model/schemas.hpp"
#include "model/write_json.hpp"
#include "random_model.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <regex>

using namespace vireo;
using namespace vireo::model;

namespace {

// As much of JSON Schema as the published one uses.
class Validator {
public:
    explicit Validator(const json::object& root) : root_(root) {}
    std::string problem;

    bool fits(const json::value& value, const json::object& schema, const std::string& at = "") {
        if (const auto* reference = schema.if_contains("$ref")) {
            const std::string name(reference->get_string().subview(std::string_view("#/$defs/").size()));
            if (!fits(value, root_.at("$defs").get_object().at(name).get_object(), at)) return false;
        }
        for (const auto* key : {"anyOf", "oneOf"})
            if (const auto* choices = schema.if_contains(key)) {
                const auto good = std::ranges::count_if(choices->get_array(), [&](const json::value& choice) {
                    return fits(value, choice.get_object(), at);
                });
                if (good == 0) return false;
            }
        if (const auto* constant = schema.if_contains("const"); constant && *constant != value)
            return no(at + ": is not the constant");
        if (const auto* words = schema.if_contains("enum"))
            if (std::ranges::find(words->get_array(), value) == words->get_array().end())
                return no(at + ": is none of the words");
        const auto* type = schema.if_contains("type");
        return !type || fits_type(value, type->get_string(), schema, at);
    }

private:
    bool no(std::string what) {
        problem = std::move(what);
        return false;
    }

    bool fits_type(const json::value& value, std::string_view type, const json::object& schema, const std::string& at) {
        if (type == "object")
            return value.is_object() ? members(value.get_object(), schema, at) : no(at + ": no object");
        if (type == "array") {
            if (!value.is_array()) return no(at + ": no array");
            return std::ranges::all_of(value.get_array(), [&](const json::value& item) {
                return fits(item, schema.at("items").get_object(), at + "[]");
            });
        }
        if (type == "boolean") return value.is_bool() || no(at + ": no boolean");
        if (type == "integer")
            return (value.is_int64() || value.is_uint64()) ? in_range(value, schema, at) : no(at + ": no number");
        if (!value.is_string()) return no(at + ": no string");
        const auto* pattern = schema.if_contains("pattern");
        return !pattern ||
               std::regex_search(std::string(value.get_string()), std::regex(std::string(pattern->get_string()))) ||
               no(at + ": does not match");
    }

    bool in_range(const json::value& value, const json::object& schema, const std::string& at) {
        const bool negative = value.is_int64() && value.get_int64() < 0;
        const auto* least = schema.if_contains("minimum");
        const auto* most = schema.if_contains("maximum");
        if (negative) return !least || least->to_number<std::int64_t>() <= value.get_int64() || no(at + ": too small");
        const auto number = value.to_number<std::uint64_t>();
        if (least && least->is_uint64() && least->get_uint64() > number) return no(at + ": too small");
        if (least && least->is_int64() && least->get_int64() > 0 && least->to_number<std::uint64_t>() > number)
            return no(at + ": too small");
        return !most || most->to_number<std::uint64_t>() >= number || no(at + ": too large");
    }

    bool members(const json::object& object, const json::object& schema, const std::string& at) {
        const auto& properties = schema.at("properties").get_object();
        for (const auto& member : object) {
            const auto* property = properties.if_contains(member.key());
            const auto where = at + "/" + std::string(member.key());
            if (!property) return no(where + ": unknown");
            if (!fits(member.value(), property->get_object(), where)) return false;
        }
        if (const auto* required = schema.if_contains("required"))
            for (const auto& key : required->get_array())
                if (!object.contains(key.get_string()))
                    return no(at + "/" + std::string(key.get_string()) + ": is missing");
        return true;
    }

    const json::object& root_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(published_schema)

BOOST_AUTO_TEST_CASE(any_value_fits_it) {
    const auto schema_document = domain_json_schema();
    for (std::uint32_t seed = 1000; seed < 1200; ++seed) {
        Domain domain;
        test::RandomModel(seed).fill(&domain, schema<Domain>());
        Validator validator(schema_document);
        const json::value value = json::parse(json::serialize(write_json(&domain, schema<Domain>())));
        BOOST_TEST(validator.fits(value, schema_document), "seed " << seed << ": " << validator.problem);
    }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_does_not) {
    const auto document = domain_json_schema();
    const auto fits = [&](std::string_view text) {
        Validator validator(document);
        return validator.fits(json::parse(text), document);
    };
    constexpr std::string_view good = R"({"type":"kvm","name":"a","memory":"1 GiB","os":{"type":{"kind":"hvm"}}})";
    BOOST_TEST(fits(good));
    BOOST_TEST(!fits(R"({"type":"kvm","name":"a","memory":"1 GiB","os":{"type":{"kind":"hvm"}},"frob":1})"));
    BOOST_TEST(!fits(R"({"type":"kvm","name":"a","memory":1})"));
    BOOST_TEST(!fits(R"({"type":"kvm","name":"a","memory":"1 ell","os":{"type":{"kind":"hvm"}}})"));
    BOOST_TEST(!fits(R"({"type":"vmware","name":"a","memory":1,"os":{"type":{"kind":"hvm"}}})"));
    BOOST_TEST(!fits(R"({"type":"kvm","name":7,"memory":1,"os":{"type":{"kind":"hvm"}}})"));
}

BOOST_AUTO_TEST_CASE(it_says_where_things_are_in_xml) {
    const auto document = domain_json_schema();
    const auto& domain = document.at("$defs").at("domain").at("properties").get_object();
    BOOST_TEST(domain.at("type").at("x-xml").get_string() == "@type");
    BOOST_TEST(domain.at("name").at("x-xml").get_string() == "name");
    BOOST_TEST(document.at("$ref").get_string() == "#/$defs/domain");
}

BOOST_AUTO_TEST_SUITE_END()
