// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/native.hpp"

#include "model/domain_xml.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace vireo;
using namespace vireo::qemu;

namespace {

model::Domain definition(std::string_view os, std::string_view devices = "") {
    return take(model::parse_domain_xml(
                    "<domain type='kvm'><name>one</name><memory unit='MiB'>512</memory><vcpu>1</vcpu><os>" +
                    std::string(os) + "</os><devices>" + std::string(devices) + "</devices></domain>"))
        .domain;
}

}  // namespace

BOOST_AUTO_TEST_CASE(native_of_a_definition_opens_nothing) {
    const auto native = take(to_native(definition(
        "<type arch='x86_64' machine='q35'>hvm</type>",
        "<disk type='file' device='disk'><source file='/nowhere/it.img'/><target dev='vda' bus='virtio'/></disk>")));
    BOOST_TEST(native.line.fds.empty());
    BOOST_TEST(std::ranges::any_of(native.line.argv,
                                   [](const std::string& word) { return word.contains("/nowhere/it.img"); }));
    BOOST_TEST(!native.domain.devices.disks.front().info.alias.empty());
}

BOOST_AUTO_TEST_CASE(native_knows_machines_that_this_host_may_lack) {
    for (const auto* type :
         {"<type arch='aarch64' machine='virt'>hvm</type>", "<type arch='riscv64' machine='virt'>hvm</type>",
          "<type arch='ppc64' machine='pseries'>hvm</type>",
          "<type arch='s390x' machine='s390-ccw-virtio'>hvm</type>"}) {
        const auto native = to_native(definition(type));
        BOOST_TEST(native.has_value(), type << ": " << (native ? "" : native.error().message()));
    }
    const auto none = to_native(definition("<type arch='pdp11' machine='big'>hvm</type>"));
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code() == Errc::unsupported || none.error().code() == Errc::invalid_config));
}

BOOST_AUTO_TEST_CASE(native_command_for_a_shell) {
    CommandLine line;
    line.argv = {"/usr/bin/qemu", "-name", "it's", "-S", "-append", ""};
    line.env = {"TZ=Europe/Paris", "A=b c"};
    BOOST_TEST(shell_text(line) ==
               "TZ=Europe/Paris \\\nA='b c' \\\n/usr/bin/qemu \\\n-name 'it'\\''s' \\\n-S \\\n-append ''\n");
}
