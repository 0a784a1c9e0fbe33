// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/huge_pages.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo::host;

BOOST_AUTO_TEST_CASE(huge_pages_are_found_by_their_size) {
    const auto folders = huge_page_folders(
        "proc /proc proc rw 0 0\n"
        "hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0\n"
        "hugetlbfs /mnt/one\\040giga hugetlbfs rw,pagesize=1024M 0 0\n"
        "hugetlbfs /mnt/again hugetlbfs rw,pagesize=2M 0 0\nhugetlbfs broken\n",
        "MemTotal: 1 kB\nHugepagesize:       2048 kB\n");
    BOOST_REQUIRE(folders.size() == 3u);
    BOOST_TEST(folders.at(0) == "/dev/hugepages");
    BOOST_TEST(folders.at(2u << 20) == "/dev/hugepages");
    BOOST_TEST(folders.at(1u << 30) == "/mnt/one giga");
    BOOST_TEST(huge_page_folders("", "").empty());
    BOOST_TEST(huge_page_folders("none /h hugetlbfs rw 0 0\n", "Hugepagesize: 2048 kB\n").at(2u << 20) == "/h");
}
