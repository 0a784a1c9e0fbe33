// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties of all schemas at once: any value survives XML and JSON, and the declarations contradict nothing.
#include "model/schemas.hpp"

#include "model/read_json.hpp"
#include "model/read_xml.hpp"
#include "model/write_json.hpp"
#include "model/write_xml.hpp"
#include "model/xml_text.hpp"
#include "random_model.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <tinyxml2.h>

#include <algorithm>
#include <set>

using namespace vireo;
using namespace vireo::model;

namespace {

// Without validate(): the engine must carry what makes no sense, too.
Domain from_xml(const std::string& xml) {
    BOOST_REQUIRE_MESSAGE(scan_xml(xml).has_value(), xml);
    tinyxml2::XMLDocument document;
    BOOST_REQUIRE_MESSAGE(document.Parse(xml.data(), xml.size()) == tinyxml2::XML_SUCCESS, xml);
    Domain domain;
    XmlReader reader(true);
    const Frame at{nullptr, "domain", document.RootElement(), {}};
    if (!reader.read(*document.RootElement(), &domain, schema<Domain>(), at))
        BOOST_FAIL(reader.error().what() << "\n" << xml);
    return domain;
}

Domain from_json(const std::string& text) {
    Domain domain;
    JsonReader reader(true);
    const Frame at{nullptr, "domain", nullptr, {}};
    if (!reader.read(boost::json::parse(text).as_object(), &domain, schema<Domain>(), at))
        BOOST_FAIL(reader.error().what() << "\n" << text);
    return domain;
}

void check_element(const Element& element, std::set<const Element*>& met) {
    if (!met.insert(&element).second) return;
    for (const auto& alternative : element.alternatives) check_element(alternative.element(), met);
    const Field* previous = nullptr;
    std::set<std::string_view> keys;
    for (const auto& field : element.fields) {
        const bool grouped = previous && field.kind == Field::Kind::child_attribute && previous->kind == field.kind &&
                             previous->name == field.name;
        const bool other_look = std::ranges::any_of(element.fields, [&](const Field& other) {
            return other.key == field.key && other.id == field.id && &other < &field;
        });
        BOOST_TEST((grouped || other_look || keys.insert(field.key).second),
                   "the JSON key " << field.key << " means two things");
        BOOST_TEST(field.key != kept_key);
        BOOST_TEST(!element.refusal(field.name), field.name << " is both supported and refused");
        BOOST_TEST((field.kind != Field::Kind::text || !field.name.size()));
        if (field.element) check_element(field.element(), met);
        previous = &field;
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schemas)

BOOST_AUTO_TEST_CASE(the_declarations_are_consistent) {
    std::set<const Element*> met;
    check_element(schema<Domain>(), met);
    BOOST_TEST(met.size() > 40u);
}

BOOST_AUTO_TEST_CASE(any_value_survives_xml_and_json) {
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            Domain domain;
            test::RandomModel(seed).fill(&domain, schema<Domain>());
            std::string xml;
            write_xml(xml, "domain", &domain, schema<Domain>());
            BOOST_REQUIRE_MESSAGE((from_xml(xml) == domain), xml);
            const auto text = boost::json::serialize(write_json(&domain, schema<Domain>()));
            BOOST_REQUIRE_MESSAGE((from_json(text) == domain), text);
        }
    }
}

BOOST_AUTO_TEST_CASE(copies_are_deep_and_compare_equal) {
    Domain domain;
    test::RandomModel(7).fill(&domain, schema<Domain>());
    Domain copy = domain;
    BOOST_TEST((copy == domain));
    copy.devices.disks.emplace_back();
    BOOST_TEST((copy != domain));
    copy = domain;
    const auto& same = copy;
    copy = same;
    BOOST_TEST((copy == domain));
}

BOOST_AUTO_TEST_CASE(uuids) {
    const auto uuid = Uuid::parse("63840878-0DEB-4095-97e6-fc444d9bc9fa");
    BOOST_TEST(uuid->to_string() == "63840878-0deb-4095-97e6-fc444d9bc9fa");
    BOOST_TEST((Uuid::parse("638408780deb409597e6fc444d9bc9fa") == uuid));
    for (const auto* wrong : {"", "63840878-0deb-4095-97e6-fc444d9bc9f", "63840878-0deb-4095-97e6-fc444d9bc9fag",
                              "g3840878-0deb-4095-97e6-fc444d9bc9fa", "63840878-0deb-4095-97e6-fc444d9bc9fa ",
                              "6-3840878-0deb-4095-97e6-fc444d9bc9fa"})
        BOOST_TEST(!Uuid::parse(wrong));
    std::set<Uuid> many;
    for (int i = 0; i < 1000; ++i) many.insert(Uuid::random());
    BOOST_TEST(many.size() == 1000u);
    BOOST_TEST(std::ranges::all_of(many, [](const Uuid& u) { return u.octets[6] >> 4 == 4 && u.octets[8] >> 6 == 2; }));
    BOOST_TEST(Uuid().uniform());
}

BOOST_AUTO_TEST_SUITE_END()
