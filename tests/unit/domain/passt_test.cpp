// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/passt.hpp"

#include "model/domain_xml.hpp"
#include "support/file.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"

#include <sys/stat.h>

using namespace vireo;
using namespace vireo::domain;

namespace {

model::Interface with(const std::string& inner) {
    auto xml =
        "<domain type='qemu'><name>a</name><memory>1024</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>"
        "<devices><interface type='user'><mac address='52:54:00:12:34:56'/>" +
        inner + "</interface></devices></domain>";
    return take(model::parse_domain_xml(xml)).domain.devices.interfaces.front();
}

using Words = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(domain_passt)

BOOST_AUTO_TEST_CASE(who_needs_it) {
    BOOST_TEST(needs_passt(with("<backend type='passt'/>")));
    BOOST_TEST(!needs_passt(with("")));
}

BOOST_AUTO_TEST_CASE(command_lines) {
    BOOST_TEST(
        passt_command("/usr/bin/passt", with("<backend type='passt'/>"), 3).argv ==
            (Words{"/usr/bin/passt", "--foreground", "--fd", "3", "--mac-addr", "52:54:00:12:34:56", "--stderr"}),
        boost::test_tools::per_element());
    const auto all = with(
        "<source dev='eth0'/><ip family='ipv4' address='198.51.100.7' prefix='24'/>"
        "<ip family='ipv6' address='2001:db8::7'/><portForward proto='tcp'><range start='2222' to='22'/></portForward>"
        "<portForward proto='udp' address='192.0.2.1' dev='eth0'/><backend type='passt' logFile='/tmp/passt.log'/>");
    BOOST_TEST(passt_command("/usr/bin/passt", all, 3).argv ==
                   (Words{"/usr/bin/passt",    "--foreground", "--fd",           "3",           "--mac-addr",
                          "52:54:00:12:34:56", "--log-file",   "/tmp/passt.log", "--interface", "eth0",
                          "--address",         "198.51.100.7", "--netmask",      "24",          "--address",
                          "2001:db8::7",       "--tcp-ports",  "2222:22",        "--udp-ports", "192.0.2.1%eth0/all"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_of_the_guest) {
    const auto named = with("<backend type='passt' hostname='guest' fqdn='guest.example.org'/>");
    BOOST_TEST(passt_command("/usr/bin/passt", named, 3).argv ==
                   (Words{"/usr/bin/passt", "--foreground", "--fd", "3", "--mac-addr", "52:54:00:12:34:56", "--stderr",
                          "--hostname", "guest", "--fqdn", "guest.example.org"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ports) {
    auto text = [](const std::string& ranges) {
        const auto interface = with("<portForward proto='tcp'>" + ranges + "</portForward><backend type='passt'/>");
        return passt_ports(interface.port_forwards.front());
    };
    BOOST_TEST(text("") == "all");
    BOOST_TEST(text("<range start='80'/>") == "80");
    BOOST_TEST(text("<range start='80' end='89'/><range start='443'/>") == "80-89,443");
    BOOST_TEST(text("<range start='8000' end='8009' to='80'/>") == "8000-8009:80-89");
    BOOST_TEST(text("<range start='8000' end='8009'/><range start='8004' exclude='yes'/>") == "8000-8009,~8004");
}

BOOST_AUTO_TEST_CASE(its_log) {
    test::Folder folder;
    const auto path = (folder / "passt.log").string();
    take(make_passt_log(path, std::nullopt));
    take(replace_file(path, "words", 0640, Durable::no));
    take(make_passt_log(path, std::nullopt));  // one that is there stays as it is
    BOOST_TEST(take(read_file(path)) == "words");
    BOOST_TEST(!make_passt_log(folder / "none/passt.log", std::nullopt));
}

BOOST_AUTO_TEST_SUITE_END()
