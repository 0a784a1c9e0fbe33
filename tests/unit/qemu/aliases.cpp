// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/aliases.hpp"

#include "qemu/assign_parts.hpp"
#include "unit/qemu/assign_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::qemu;
using namespace vireo::qemu::test;

BOOST_AUTO_TEST_CASE(aliases_are_the_same_each_time) {
    auto one = completed("q35", q35_devices);
    auto two = one;
    take(assign_aliases(one));
    take(assign_aliases(two));
    BOOST_TEST((one == two));
    BOOST_TEST(one.devices.serials[0].info.alias == "serial0");
    BOOST_TEST(one.devices.consoles[0].info.alias == "serial0");
    BOOST_TEST(one.devices.memballoon->info.alias == "balloon0");
    take(assign_aliases(one));
    BOOST_TEST((one == two));
}

BOOST_AUTO_TEST_CASE(aliases_of_the_user_stay) {
    auto domain = completed("q35", q35_devices);
    domain.devices.interfaces[0].info.alias = "ua-uplink";
    domain.devices.disks[0].info.alias = "left over";
    take(assign_aliases(domain));
    BOOST_TEST(domain.devices.interfaces[0].info.alias == "ua-uplink");
    BOOST_TEST(domain.devices.disks[0].info.alias == "virtio-disk0");
    domain.devices.disks[0].info.alias = "ua-uplink";
    BOOST_TEST(assign_aliases(domain).error().message().contains("'ua-uplink'"));
    for (const char* hostile : {"ua-a,b", "ua-a\nb", "ua-a b", "ua-é"}) {
        domain.devices.disks[0].info.alias = hostile;
        BOOST_TEST(!assign_aliases(domain).has_value());
    }
}

BOOST_AUTO_TEST_CASE(aliases_take_the_number_from_a_disks_name) {
    BOOST_TEST(*disk_number("vda") == 0u);
    BOOST_TEST(*disk_number("sdz") == 25u);
    BOOST_TEST(*disk_number("xvdaa") == 26u);
    for (const char* none : {"", "vd", "vd1", "vdA", "disk", "sdaaaaaaaaaaaaa"})
        BOOST_TEST(!disk_number(none).has_value());
}
