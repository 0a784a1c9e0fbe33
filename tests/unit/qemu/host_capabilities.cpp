// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/host_capabilities.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::qemu;

namespace {

Capabilities binary() {
    Capabilities c;
    c.binary = "/opt/a & b/qemu";
    c.arch = "x86_64";
    c.tcg = true;
    MachineType q35;
    q35.name = "pc-q35-7.2";
    q35.alias = "q35";
    q35.cpu_max = 288;
    q35.is_default = true;
    c.machines = {q35};
    CpuModel cpu;
    cpu.name = "Haswell";
    c.cpus.push_back(cpu);
    c.types = NameSet({"virtio-blk-pci", "VGA", "memory-backend-ram"});
    return c;
}

bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(qemu_capability_documents)

BOOST_AUTO_TEST_CASE(a_document_is_xml_and_json) {
    Node root("root");
    root.text("path", "a<b");
    root.append("item").set("n", 1u).set("on", true);
    root.append("item").set("n", 2u);
    root.add("empty");
    root.enumeration("bus", {"ide", "sata"});
    BOOST_TEST(root.to_xml() ==
               "<root>\n  <path>a&lt;b</path>\n  <item n='1' on='yes'/>\n  <item n='2'/>\n  <empty/>\n"
               "  <enum name='bus'>\n    <value>ide</value>\n    <value>sata</value>\n  </enum>\n</root>\n");
    BOOST_TEST(boost::json::serialize(root.to_json()) ==
               R"({"path":"a<b","item":[{"n":1,"on":true},{"n":2}],"empty":true,"bus":["ide","sata"]})");
}

BOOST_AUTO_TEST_CASE(only_what_the_binary_has_is_offered) {
    auto document = domain_capabilities(binary(), {});
    BOOST_REQUIRE(document);
    auto xml = document->to_xml();
    BOOST_TEST(has(xml, "<path>/opt/a &amp; b/qemu</path>"));
    BOOST_TEST(has(xml, "<machine>pc-q35-7.2</machine>"));
    BOOST_TEST(has(xml, "<value>virtio</value>"));
    BOOST_TEST(!has(xml, "<value>cirrus</value>"));
    BOOST_TEST(has(xml, "<tpm supported='no'/>"));
    BOOST_TEST(has(xml, "<mode name='host-passthrough' supported='no'/>"));
}

BOOST_AUTO_TEST_CASE(an_unknown_machine_is_refused) {
    DomainCapabilitiesRequest request;
    request.machine = "q53";
    auto document = domain_capabilities(binary(), request);
    BOOST_REQUIRE(!document);
    BOOST_CHECK(document.error().code() == Errc::unsupported);
}

BOOST_AUTO_TEST_CASE(the_host_lists_each_architecture_once) {
    HostDescription host;
    host.architecture = "x86_64";
    host.topology.nodes.emplace_back().cpus.emplace_back().siblings = "0";
    auto one = std::make_shared<const Capabilities>(binary());
    auto xml = host_capabilities(host, {one, one}).to_xml();
    BOOST_TEST(has(xml, "<cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0'/>"));
    BOOST_TEST(has(xml, "<machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine>"));
    BOOST_TEST(has(xml, "<domain type='qemu'/>"));
    BOOST_TEST(!has(xml, "<domain type='kvm'/>"));
    BOOST_TEST(xml.find("<arch name='x86_64'>") == xml.rfind("<arch name='x86_64'>"));
}

BOOST_AUTO_TEST_SUITE_END()
