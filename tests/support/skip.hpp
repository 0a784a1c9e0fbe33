// SPDX-License-Identifier: LGPL-2.1-or-later
// A test that cannot run here says so by name: ./dev test lists all lines that begin with "SKIPPED ".
#pragma once
#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <string>

namespace vireo::test {

inline void skip(const std::string& reason) {
    auto name = boost::unit_test::framework::current_test_case().full_name();
    std::fprintf(stderr, "SKIPPED %s: %s\n", name.c_str(), reason.c_str());
    BOOST_TEST(true);
}

}  // namespace vireo::test
