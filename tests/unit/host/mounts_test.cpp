// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/mounts.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo::host;

BOOST_AUTO_TEST_SUITE(mounts)

BOOST_AUTO_TEST_CASE(unified_as_systemd_mounts_it) {
    auto mounts = parse_cgroup_mounts(
        "25 30 0:23 / /sys rw,nosuid - sysfs sysfs rw\n"
        "35 25 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
        "0::/user.slice/user-1000.slice/user@1000.service/app.slice/vireo.service\n");
    BOOST_REQUIRE(mounts.size() == 1u);
    BOOST_TEST(mounts[0].unified);
    BOOST_TEST(mounts[0].folder == "/sys/fs/cgroup");
    BOOST_TEST(mounts[0].own == "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/vireo.service");
}

BOOST_AUTO_TEST_CASE(hybrid_with_controllers_mounted_together) {
    auto mounts = parse_cgroup_mounts(
        "36 31 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        "37 31 0:34 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
        "38 31 0:35 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "39 31 0:36 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "40 31 0:36 / /mnt/again rw - cgroup cgroup rw,memory\n",
        "4:memory:/a\n3:cpu,cpuacct:/b/c\n2:name=systemd:/init.scope\n0::/\n");
    BOOST_REQUIRE(mounts.size() == 4u);
    BOOST_TEST(mounts[0].own == mounts[0].folder);
    BOOST_TEST(mounts[1].controllers.size() == 1u);
    BOOST_TEST(mounts[1].own == "/sys/fs/cgroup/systemd/init.scope");
    BOOST_TEST(mounts[2].controllers.size() == 2u);
    BOOST_TEST(mounts[2].own == "/sys/fs/cgroup/cpu,cpuacct/b/c");
    BOOST_TEST(mounts[3].folder == "/sys/fs/cgroup/memory");
}

BOOST_AUTO_TEST_CASE(a_part_that_is_mounted_and_a_path_from_outside) {
    auto line = [](const std::string& root) { return "40 31 0:36 " + root + " /cg rw - cgroup2 none rw\n"; };
    BOOST_TEST(parse_cgroup_mounts(line("/docker/x"), "0::/docker/x/y").at(0).own == "/cg/y");
    BOOST_TEST(parse_cgroup_mounts(line("/docker/x"), "0::/docker/x").at(0).own == "/cg");
    BOOST_TEST(parse_cgroup_mounts(line("/docker/x"), "0::/docker/xy").at(0).own == "/cg");
    BOOST_TEST(parse_cgroup_mounts(line("/"), "0::/../other").at(0).own == "/cg");
    BOOST_TEST(parse_cgroup_mounts(line("/"), "0::/a/../../../etc").at(0).own == "/cg");
}

BOOST_AUTO_TEST_CASE(escapes_and_malformed_lines) {
    auto mounts = parse_cgroup_mounts(
        "\n- \n1 2 3 - cgroup2\n40 31 0:36 / /with\\040space\\ rw - cgroup2 none rw\n - cgroup2 x y\n",
        "nonsense\n0:\n::\n");
    BOOST_REQUIRE(mounts.size() == 1u);
    BOOST_TEST(mounts[0].folder == "/with space\\");
    BOOST_TEST(mounts[0].own == mounts[0].folder);
    BOOST_TEST(parse_cgroup_mounts("", "").empty());
}

BOOST_AUTO_TEST_SUITE_END()
