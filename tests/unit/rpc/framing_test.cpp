// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpc/framing.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

using vireo::rpc::LineBuffer;

namespace {

void put(LineBuffer& buffer, std::string_view bytes) {
    while (!bytes.empty()) {
        auto room = buffer.room();
        auto n = std::min(room.size(), bytes.size());
        std::memcpy(room.data(), bytes.data(), n);
        buffer.filled(n);
        bytes.remove_prefix(n);
    }
}

std::vector<std::string> lines(LineBuffer& buffer) {
    std::vector<std::string> all;
    while (auto line = buffer.next()) all.emplace_back(*line);
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(framing)

BOOST_AUTO_TEST_CASE(the_same_lines_wherever_the_bytes_are_cut) {
    std::string text = "one\r\n\n\r\ntwo\nthree \xff\n" + std::string(9000, 'x') + "\nlast";
    std::vector<std::string> expected = {"one", "two", "three \xff", std::string(9000, 'x')};
    for (std::size_t piece : {1u, 2u, 3u, 7u, 4095u, 4096u, 4097u, 100000u}) {
        LineBuffer buffer(10000);
        std::vector<std::string> got;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            put(buffer, std::string_view(text).substr(at, piece));
            for (auto& line : lines(buffer)) got.push_back(line);
        }
        BOOST_TEST(got == expected, boost::test_tools::per_element());
        BOOST_TEST(std::string(buffer.rest().value_or("")) == "last");
        BOOST_TEST(!buffer.rest());
        BOOST_TEST(buffer.position() == text.size());
        BOOST_TEST(buffer.received() == text.size());
    }
}

BOOST_AUTO_TEST_CASE(a_line_of_the_longest_length_passes_and_one_byte_more_does_not) {
    LineBuffer buffer(100000);
    put(buffer, std::string(100000, 'a') + "\nb\n");
    BOOST_TEST(buffer.next().value().size() == 100000);
    BOOST_TEST(std::string(buffer.next().value()) == "b");
    BOOST_TEST(!buffer.overlong());
    put(buffer, std::string(100001, 'a') + "\nc\n");
    BOOST_TEST(!buffer.next());
    BOOST_TEST(buffer.overlong());
    BOOST_TEST(!buffer.next());
    BOOST_TEST(!buffer.rest());
}

BOOST_AUTO_TEST_CASE(an_endless_line_costs_no_more_than_the_limit) {
    LineBuffer buffer(100000);
    while (!buffer.overlong()) {
        put(buffer, std::string(1000, 'a'));
        BOOST_TEST(!buffer.next());
        BOOST_REQUIRE(buffer.received() < 200000);
    }
    BOOST_TEST(buffer.held() <= 200000);
}

BOOST_AUTO_TEST_CASE(memory_of_a_long_line_is_given_back) {
    LineBuffer buffer(1000000);
    put(buffer, std::string(900000, 'a') + "\n");
    BOOST_TEST(lines(buffer).size() == 1);
    BOOST_TEST(buffer.held() > 900000);
    (void)buffer.room();
    BOOST_TEST(buffer.held() <= 65536);
}

BOOST_AUTO_TEST_SUITE_END()
