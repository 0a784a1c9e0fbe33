// SPDX-License-Identifier: LGPL-2.1-or-later
// What the engine can do for a schema, shown with structs of this file's own.
#include "model/read_json.hpp"
#include "model/read_xml.hpp"
#include "model/write_json.hpp"
#include "model/write_xml.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <tinyxml2.h>

using namespace vireo;
using namespace vireo::model;

namespace {

struct Arg {
    std::string value;
    bool operator==(const Arg&) const = default;
};
struct Extra {
    std::vector<Arg> args;
    bool operator==(const Extra&) const = default;
};
struct PciPlace {
    std::uint32_t slot = 0;
    bool operator==(const PciPlace&) const = default;
};
struct UsbPlace {
    std::string port;
    bool operator==(const UsbPlace&) const = default;
};
struct Chip {
    std::optional<bool> eoi;
    bool operator==(const Chip&) const = default;
};
struct Thing {
    enum class Kind { pci, usb };
    Kind kind = Kind::pci;
    std::optional<PciPlace> pci;
    std::optional<UsbPlace> usb;
    std::optional<std::uint64_t> memory, size, pretty, cache;
    NumberSet cpus;
    std::optional<std::int32_t> vendor;
    std::optional<Chip> apic;
    std::optional<Extra> extra;
    std::string foreign;
    Kept kept;
    bool operator==(const Thing&) const = default;
};
bool is_pci(const Thing& thing) {
    return thing.kind == Thing::Kind::pci;
}
bool is_usb(const Thing& thing) {
    return thing.kind == Thing::Kind::usb;
}

}  // namespace

namespace vireo::model {
template <>
inline constexpr auto names<Thing::Kind> = words("pci", "usb");
template <>
const Element& schema<Arg>() {
    static const Element element = Declare<Arg>().attribute("value", &Arg::value).required().build();
    return element;
}
template <>
const Element& schema<Extra>() {
    static const Element element = Declare<Extra>().child("qemu:arg", &Extra::args).build();
    return element;
}
template <>
const Element& schema<PciPlace>() {
    static const Element element =
        Declare<PciPlace>().attribute("slot", &PciPlace::slot).hex(2).range(0, 31).required().build();
    return element;
}
template <>
const Element& schema<UsbPlace>() {
    static const Element element = Declare<UsbPlace>().attribute("port", &UsbPlace::port).required().build();
    return element;
}
template <>
const Element& schema<Chip>() {
    static const Element element = Declare<Chip>().attribute("eoi", &Chip::eoi).on_off().build();
    return element;
}
template <>
const Element& schema<Thing>() {
    static const Element element = Declare<Thing>()
                                       .attribute("kind", &Thing::kind)
                                       .child("place", &Thing::pci)
                                       .only_if<is_pci>()
                                       .child("place", &Thing::usb)
                                       .only_if<is_usb>()
                                       .child("memory", &Thing::memory)
                                       .bytes()
                                       .attribute("size", &Thing::size)
                                       .bytes()
                                       .unit<"M", "bytes">()
                                       .child("pretty", &Thing::pretty)
                                       .bytes()
                                       .unit<"", "MiB">()
                                       .child_attribute("cache", "value", &Thing::cache)
                                       .bytes()
                                       .unit<"B", "KiB">()
                                       .attribute("cpus", &Thing::cpus)
                                       .range(0, 100)
                                       .child("vendor", &Thing::vendor)
                                       .hex(4)
                                       .child("apic", &Thing::apic)
                                       .bare()
                                       .child("qemu:extra", &Thing::extra)
                                       .raw("foreign", &Thing::foreign)
                                       .kept(&Thing::kept)
                                       .build();
    return element;
}
}  // namespace vireo::model

namespace {

struct Outcome {
    Thing thing;
    std::string error;
};
Outcome read(const std::string& xml) {
    tinyxml2::XMLDocument document;
    BOOST_REQUIRE_MESSAGE(document.Parse(xml.data(), xml.size()) == tinyxml2::XML_SUCCESS, xml);
    Outcome out;
    XmlReader reader(false);
    const Frame at{nullptr, "thing", document.RootElement(), {}};
    if (!reader.read(*document.RootElement(), &out.thing, schema<Thing>(), at)) out.error = reader.error().what();
    return out;
}
std::string written(const Thing& thing) {
    std::string out;
    write_xml(out, "thing", &thing, schema<Thing>());
    return out;
}
// Reads it and gives what is written; checks that this is read as the same, and the same through JSON.
std::string canonical(const std::string& xml) {
    const auto first = read(xml);
    BOOST_REQUIRE_MESSAGE(first.error.empty(), first.error << "\n" << xml);
    const auto out = written(first.thing);
    const auto again = read(out);
    BOOST_TEST(again.error == "");
    BOOST_TEST((again.thing == first.thing), out);
    Thing from_json;
    JsonReader reader(false);
    const Frame at{nullptr, "thing", nullptr, {}};
    const auto json = write_json(&first.thing, schema<Thing>());
    const bool good = reader.read(json, &from_json, schema<Thing>(), at);
    BOOST_TEST(good, boost::json::serialize(json));
    BOOST_TEST((from_json == first.thing), boost::json::serialize(json));
    return out;
}

constexpr std::string_view qemu_uri = "http://libvirt.org/schemas/domain/qemu/1.0";
std::string with(std::string text) {  // URI → the URI of QEMU's namespace
    for (auto at = text.find("URI"); at != text.npos; at = text.find("URI", at)) text.replace(at, 3, qemu_uri);
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(engine)

BOOST_AUTO_TEST_CASE(a_namespace_is_matched_by_its_uri) {
    const auto expected = with(
        "<thing kind='pci' xmlns:qemu='URI'>\n  <qemu:extra>\n    <qemu:arg value='-x'/>\n"
        "  </qemu:extra>\n</thing>\n");
    for (const std::string xml : {
             "<thing xmlns:qemu='URI'><qemu:extra><qemu:arg value='-x'/></qemu:extra></thing>",
             "<thing xmlns:q='URI'><q:extra><q:arg value='-x'/></q:extra></thing>",
             "<thing><a:extra xmlns:a='URI'><b:arg xmlns:b='URI' value='-x'/></a:extra></thing>",
             "<thing><extra xmlns='URI'><arg value='-x'/></extra></thing>",
         })
        BOOST_TEST(canonical(with(xml)) == expected);
    BOOST_TEST(canonical(with("<thing xmlns:qemu='URI'/>")) == "<thing kind='pci'/>\n");
}

BOOST_AUTO_TEST_CASE(a_prefix_that_means_something_else_is_declared_where_it_is_needed) {
    const auto out =
        canonical(with("<thing xmlns:qemu='urn:other'><qemu:extra xmlns:qemu='URI'><qemu:arg "
                       "value='1'/></qemu:extra></thing>"));
    BOOST_TEST(out == with("<thing kind='pci' xmlns:qemu='urn:other'>\n  <qemu:extra xmlns:qemu='URI'>\n"
                           "    <qemu:arg value='1'/>\n  </qemu:extra>\n</thing>\n"));
}

BOOST_AUTO_TEST_CASE(a_prefix_without_a_declaration_is_refused) {
    const auto outcome = read("<thing>\n<qemu:extra/></thing>");
    BOOST_TEST(outcome.error.starts_with("line 2: /thing/qemu:extra has the prefix 'qemu', which is not declared"));
    BOOST_TEST(!read("<thing xmlns:qemu='urn:other'><qemu:extra/></thing>").error.empty());
}

BOOST_AUTO_TEST_CASE(foreign_xml_takes_the_declarations_along_that_are_not_kept) {
    BOOST_TEST(canonical(with("<thing xmlns:q='URI'><foreign><q:a><b q:c='1'/></q:a></foreign></thing>")) ==
               with("<thing kind='pci'>\n  <foreign>\n    <q:a xmlns:q='URI'>\n      <b q:c='1'/>\n    </q:a>\n"
                    "  </foreign>\n</thing>\n"));
}

BOOST_AUTO_TEST_CASE(a_child_has_the_shape_that_its_parent_says) {
    BOOST_TEST(canonical("<thing><place slot='3'/></thing>") ==
               "<thing kind='pci'>\n  <place slot='0x03'/>\n</thing>\n");
    BOOST_TEST(canonical("<thing kind='usb'><place port='1.2'/></thing>") ==
               "<thing kind='usb'>\n  <place port='1.2'/>\n</thing>\n");
    BOOST_TEST(!read("<thing kind='usb'><place slot='3'/></thing>").error.empty());
    Thing thing;
    JsonReader reader(false);
    const Frame at{nullptr, "thing", nullptr, {}};
    const auto json = boost::json::parse(R"({"place": {"port": "1"}, "kind": "usb"})");
    BOOST_TEST(reader.read(json.as_object(), &thing, schema<Thing>(), at));
    BOOST_TEST((thing.usb && thing.usb->port == "1"));
}

BOOST_AUTO_TEST_CASE(sizes_have_their_units) {
    BOOST_TEST(canonical("<thing><memory>1</memory></thing>") ==
               "<thing kind='pci'>\n  <memory unit='KiB'>1</memory>\n</thing>\n");
    BOOST_TEST(canonical("<thing unit='G' size='2'/>") == "<thing kind='pci' size='2048' unit='M'/>\n");
    BOOST_TEST(canonical("<thing size='1048576'/>") == "<thing kind='pci' size='1' unit='M'/>\n");
    BOOST_TEST(canonical("<thing><pretty>3</pretty></thing>") ==
               "<thing kind='pci'>\n  <pretty unit='MiB'>3</pretty>\n</thing>\n");
    BOOST_TEST(canonical("<thing><pretty unit='KiB'>1023</pretty></thing>") ==
               "<thing kind='pci'>\n  <pretty unit='KiB'>1023</pretty>\n</thing>\n");
    BOOST_TEST(canonical("<thing><cache value='1'/></thing>") ==
               "<thing kind='pci'>\n  <cache value='1024' unit='B'/>\n</thing>\n");
    BOOST_TEST(!read("<thing unit='KiB'/>").error.empty());
    BOOST_TEST(!read("<thing size='1' unit='ells'/>").error.empty());
}

BOOST_AUTO_TEST_CASE(sets_of_numbers) {
    BOOST_TEST(canonical("<thing cpus=' 0-3,^2, 8 ,9'/>") == "<thing kind='pci' cpus='0-1,3,8-9'/>\n");
    for (const std::string_view bad : {"", "3-1", "1,", "a", "^1", "1,^1", "101", "0-101", "1-", "-1", "0x1"})
        BOOST_TEST(!read("<thing cpus='" + std::string(bad) + "'/>").error.empty(), bad);
    NumberSet set = NumberSet::of(4, 7);
    set.add(0, 2);
    BOOST_TEST(set.to_string() == "0-2,4-7");
    set.add(3, 3);
    BOOST_TEST(set.to_string() == "0-7");
    set.remove(0);
    set.remove(7);
    set.remove(3);
    BOOST_TEST(set.to_string() == "1-2,4-6");
    BOOST_TEST(set.count() == 5u);
    BOOST_TEST(set.last() == 6u);
    BOOST_TEST((set.contains(4) && !set.contains(3) && set.overlaps(NumberSet::of(6, 9))));
    BOOST_TEST(!set.overlaps(NumberSet::of(7, 9)));
}

BOOST_AUTO_TEST_CASE(a_negative_number_is_not_hexadecimal) {
    BOOST_TEST(canonical("<thing><vendor>0x1af4</vendor></thing>") ==
               "<thing kind='pci'>\n  <vendor>0x1af4</vendor>\n</thing>\n");
    BOOST_TEST(canonical("<thing><vendor>-1</vendor></thing>") ==
               "<thing kind='pci'>\n  <vendor>-1</vendor>\n</thing>\n");
}

BOOST_AUTO_TEST_CASE(an_empty_element_is_true_in_json) {
    const auto thing = read("<thing><apic/></thing>").thing;
    BOOST_TEST(boost::json::serialize(write_json(&thing, schema<Thing>())) == R"({"kind":"pci","apic":true})");
    canonical("<thing><apic/></thing>");
    canonical("<thing><apic eoi='on'/></thing>");
}

BOOST_AUTO_TEST_SUITE_END()
