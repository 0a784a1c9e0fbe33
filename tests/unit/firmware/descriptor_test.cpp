// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/descriptor.hpp"

#include "unit/firmware/fixtures.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::firmware;
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(descriptor)

namespace {
json::object good() {
    return test::split("/c.fd", "/v.fd", {"acpi-s3", "secure-boot", "from-the-future"});
}
std::string problem(const json::object& object) {
    auto parsed = parse_descriptor(json::serialize(object));
    return parsed ? "" : parsed.error().what();
}
void check_problem(const json::object& object, std::string_view expected) {
    auto text = problem(object);
    BOOST_TEST(text.find(expected) != std::string::npos, "'" << text << "' does not say '" << expected << "'");
}
}  // namespace

BOOST_AUTO_TEST_CASE(reads_everything) {
    auto d = take(parse_descriptor(json::serialize(good())));
    BOOST_TEST(d.has_interface("uefi"));
    BOOST_TEST(!d.has_interface("bios"));
    BOOST_TEST((d.device == Device::flash && d.mode == FlashMode::split));
    BOOST_TEST(d.executable.filename == "/c.fd");
    BOOST_TEST(d.nvram_template->filename == "/v.fd");
    BOOST_TEST(d.nvram_template->format == "raw");
    BOOST_TEST(d.targets.at(0).machines.at(1) == "pc-q35-*");
    BOOST_TEST(d.has_feature("from-the-future"));
    BOOST_TEST(d.description == "test");
}

BOOST_AUTO_TEST_CASE(every_device_and_mode) {
    for (auto device : {"kernel", "memory", "igvm"}) {
        auto o = good();
        o["mapping"] = json::object{{"device", device}, {"filename", "/k.bin"}};
        auto d = take(parse_descriptor(json::serialize(o)));
        BOOST_TEST(to_string(d.device) == device);
        BOOST_TEST(d.executable.filename == "/k.bin");
        BOOST_TEST(!d.nvram_template);
    }
    auto in_qemu = good();
    in_qemu["mapping"] = json::object{
        {"device", "memory"}, {"filename", "/k.bin"}, {"uefi-vars", json::object{{"template", "/v.json"}}}};
    auto known = take(parse_descriptor(json::serialize(in_qemu)));
    BOOST_TEST((known.nvram_template == FirmwareFile{"/v.json", "json"}));
    in_qemu["mapping"].as_object()["uefi-vars"] = json::object{{"template", "v.json"}};
    check_problem(in_qemu, "'template' 'v.json' is not an absolute path");
    in_qemu["mapping"].as_object()["uefi-vars"] = "/v.json";
    check_problem(in_qemu, "'uefi-vars' must be an object");
    for (auto mode : {"split", "combined", "stateless"}) {
        auto o = good();
        o["mapping"].as_object()["mode"] = mode;
        auto d = take(parse_descriptor(json::serialize(o)));
        BOOST_TEST(to_string(d.mode) == mode);
        BOOST_TEST(d.nvram_template.has_value() == (d.mode == FlashMode::split));
    }
}

BOOST_AUTO_TEST_CASE(what_may_be_left_out) {
    auto o = good();
    o.erase("description");
    o.erase("tags");
    BOOST_TEST(problem(o) == "");
}

BOOST_AUTO_TEST_CASE(what_may_not_be_left_out) {
    for (auto key : {"interface-types", "mapping", "targets", "features"}) {
        auto o = good();
        o.erase(key);
        check_problem(o, std::string("'") + key + "' is missing");
        o[key] = 7;
        check_problem(o, std::string("'") + key + "' must be");
    }
    for (auto key : {"executable", "nvram-template"}) {
        auto o = good();
        o["mapping"].as_object().erase(key);
        check_problem(o, std::string("no '") + key + "'");
        for (auto inner : {"filename", "format"}) {
            o = good();
            o["mapping"].as_object()[key].as_object().erase(inner);
            check_problem(o, std::string(key) + ": '" + inner + "' is missing");
        }
    }
    auto o = good();
    o["mapping"] = json::object{{"device", "memory"}};
    check_problem(o, "'filename' is missing");
}

BOOST_AUTO_TEST_CASE(what_is_unknown_or_unsafe) {
    auto o = good();
    o["mapping"].as_object()["device"] = "teleporter";
    check_problem(o, "the mapping device 'teleporter' is unknown");
    o = good();
    o["mapping"].as_object()["mode"] = "sideways";
    check_problem(o, "the flash mode 'sideways' is unknown");
    o = good();
    o["mapping"].as_object()["executable"].as_object()["filename"] = "relative.fd";
    check_problem(o, "is not an absolute path");
    o = good();
    o["mapping"].as_object()["executable"].as_object()["filename"] = std::string("/a\0b", 4);
    check_problem(o, "zero character");
    o = good();
    o["features"] = json::array{"acpi-s3", 3};
    check_problem(o, "'features' must be a string");
    o = good();
    o["targets"] = json::array{"x86_64"};
    check_problem(o, "'targets' must hold objects");
}

BOOST_AUTO_TEST_CASE(what_is_no_descriptor_at_all) {
    for (auto text : {"", "{", "[]", "7", "README", "{\"a\":1} x"}) BOOST_TEST(!parse_descriptor(text));
    BOOST_TEST(!parse_descriptor(std::string(100000, '[')));
    auto huge = parse_descriptor(std::string(max_descriptor_size + 1, ' '));
    BOOST_TEST((!huge && huge.error().code() == Errc::limit_exceeded));
    auto many = good();
    many["features"] = json::array(5000, "x");
    check_problem(many, "too many elements");
}

BOOST_AUTO_TEST_SUITE_END()
