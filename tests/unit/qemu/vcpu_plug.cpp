// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/vcpu_plug.hpp"

#include "model/domain_xml.hpp"
#include "tests/support/async.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace vireo;

namespace {

model::Domain with(unsigned enabled, const std::string& vcpus) {
    return take(model::parse_domain_xml("<domain type='qemu'><name>a</name><memory>1024</memory><vcpu current='" +
                                        std::to_string(enabled) + "'>4</vcpu><vcpus>" + vcpus +
                                        "</vcpus><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>"))
        .domain;
}

// As QEMU 7.2 answers for pc-q35, newest place first.
constexpr const char* q35 = R"([
  {"props": {"core-id": 0, "thread-id": 0, "socket-id": 3}, "vcpus-count": 1, "type": "qemu64-x86_64-cpu"},
  {"props": {"core-id": 0, "thread-id": 0, "socket-id": 2}, "vcpus-count": 1, "type": "qemu64-x86_64-cpu"},
  {"props": {"core-id": 0, "thread-id": 0, "socket-id": 1}, "vcpus-count": 1, "type": "qemu64-x86_64-cpu"},
  {"props": {"core-id": 0, "thread-id": 0, "socket-id": 0}, "vcpus-count": 1, "qom-path": "/machine/unattached/device[0]", "type": "qemu64-x86_64-cpu"}])";
// And for pseries with two threads in each core.
constexpr const char* pseries = R"([
  {"props": {"core-id": 2}, "vcpus-count": 2, "type": "power9_v2.0-spapr-cpu-core"},
  {"props": {"core-id": 0}, "vcpus-count": 2, "qom-path": "/machine/unattached/device[1]", "type": "power9_v2.0-spapr-cpu-core"}])";

}  // namespace

BOOST_AUTO_TEST_SUITE(qemu_vcpu_plug)

BOOST_AUTO_TEST_CASE(in_the_order_of_the_definition) {
    const auto domain = with(3,
                             "<vcpu id='0' enabled='yes' hotpluggable='no' order='1'/>"
                             "<vcpu id='1' enabled='no' hotpluggable='yes'/>"
                             "<vcpu id='2' enabled='yes' hotpluggable='yes' order='3'/>"
                             "<vcpu id='3' enabled='yes' hotpluggable='yes' order='2'/>");
    BOOST_TEST(qemu::plugs_vcpus(domain));
    auto commands = take(qemu::plug_vcpus(domain, boost::json::parse(q35)));
    BOOST_REQUIRE_EQUAL(commands.size(), 2u);
    BOOST_TEST(commands[0].name == "device_add");
    BOOST_TEST(boost::json::serialize(commands[0].arguments) ==
               R"({"core-id":0,"thread-id":0,"socket-id":3,"driver":"qemu64-x86_64-cpu","id":"vcpu3"})");
    BOOST_TEST(commands[1].arguments.at("id") == "vcpu2");
    BOOST_TEST(commands[1].arguments.at("socket-id") == 2);
}

BOOST_AUTO_TEST_CASE(threads_of_one_core_come_together) {
    const auto domain =
        with(4,
             "<vcpu id='0' enabled='yes' hotpluggable='no'/><vcpu id='1' enabled='yes' hotpluggable='no'/>"
             "<vcpu id='2' enabled='yes' hotpluggable='yes'/><vcpu id='3' enabled='yes' hotpluggable='yes'/>");
    auto commands = take(qemu::plug_vcpus(domain, boost::json::parse(pseries)));
    BOOST_REQUIRE_EQUAL(commands.size(), 1u);
    BOOST_TEST(commands[0].arguments.at("id") == "vcpu2");
    BOOST_TEST(commands[0].arguments.at("core-id") == 2);
}

BOOST_AUTO_TEST_CASE(an_answer_that_makes_no_sense) {
    const auto domain =
        with(2,
             "<vcpu id='0' enabled='yes' hotpluggable='no'/><vcpu id='1' enabled='yes' hotpluggable='yes'/>"
             "<vcpu id='2' enabled='no' hotpluggable='yes'/><vcpu id='3' enabled='no' hotpluggable='yes'/>");
    for (const auto* answer : {"[]", "4", R"([{"type": 3}, 7, {}])", R"([{"type": "x", "props": []}])"})
        BOOST_CHECK(qemu::plug_vcpus(domain, boost::json::parse(answer)).error().code() == Errc::hypervisor_failed);
    BOOST_TEST(!qemu::plugs_vcpus(with(1, "<vcpu id='0' enabled='yes' hotpluggable='no'/>")));
}

BOOST_AUTO_TEST_SUITE_END()
