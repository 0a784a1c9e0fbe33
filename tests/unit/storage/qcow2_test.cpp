// SPDX-License-Identifier: LGPL-2.1-or-later
#include "storage/qcow2.hpp"

#include "unit/storage/images.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::storage;
using vireo::test::HeaderBytes;

namespace {

void check_refused(const HeaderBytes& header, std::string_view part) {
    auto parsed = parse_qcow2_header(header.bytes());
    BOOST_REQUIRE_MESSAGE(!parsed, "accepted where '" << part << "' was expected");
    BOOST_TEST_INFO(parsed.error().what());
    BOOST_TEST(parsed.error().message().contains(part));
}

}  // namespace

BOOST_AUTO_TEST_CASE(version_3_with_backing_file) {
    HeaderBytes header;
    header.extension(0x6803f857, std::string(48 * 6, 'f')).extension(0xe2792aca, "qcow2").end().backing("base.qcow2");
    auto parsed = take(parse_qcow2_header(header.bytes()));
    BOOST_TEST(parsed.version == 3u);
    BOOST_TEST(parsed.virtual_size == 1u << 20);
    BOOST_TEST(parsed.backing_file == "base.qcow2");
    BOOST_TEST(parsed.backing_format == "qcow2");
    BOOST_TEST(parsed.unknown_features == 0u);
    BOOST_TEST(!parsed.external_data);
}

BOOST_AUTO_TEST_CASE(version_2_ends_its_header_at_72) {
    HeaderBytes header(2);
    header.extension(0xe2792aca, "raw").end().backing("/base.img");
    auto parsed = take(parse_qcow2_header(header.bytes()));
    BOOST_TEST(parsed.version == 2u);
    BOOST_TEST(parsed.backing_format == "raw");
    BOOST_TEST(parsed.backing_file == "/base.img");
}

BOOST_AUTO_TEST_CASE(features_are_told) {
    HeaderBytes header;
    header.put64(72, 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100).extension(0x44415441, "data.raw").end();
    auto parsed = take(parse_qcow2_header(header.bytes()));
    BOOST_TEST(parsed.dirty);
    BOOST_TEST(parsed.corrupt);
    BOOST_TEST(parsed.external_data);
    BOOST_TEST(parsed.data_file == "data.raw");
    BOOST_TEST(parsed.unknown_features == 0x100u);
}

BOOST_AUTO_TEST_CASE(numbers_that_cannot_be_are_refused) {
    check_refused(HeaderBytes().put32(4, 4), "version 4");
    check_refused(HeaderBytes().put32(20, 8), "clusters of 2^8");
    check_refused(HeaderBytes().put32(20, 64), "clusters of 2^64");
    check_refused(HeaderBytes().put64(24, ~0ULL), "size of 18446744073709551615");
    check_refused(HeaderBytes().put32(100, 0), "header of 0 bytes");
    check_refused(HeaderBytes().put32(100, 0xffffffff), "header of 4294967295 bytes");
    check_refused(HeaderBytes().put64(8, 1ULL << 40).put32(16, 10), "leads out of the header");
    check_refused(HeaderBytes().put64(8, ~0ULL).put32(16, 10), "leads out of the header");
    check_refused(HeaderBytes().put64(8, 8).put32(16, 10), "leads out of the header");
    check_refused(HeaderBytes().put64(8, 200).put32(16, 0xffffffff), "name of 4294967295 bytes");
    check_refused(HeaderBytes().extension(1, "x").put32(108, 0xfffffff0), "leads out of the header");
    check_refused(HeaderBytes().end().backing("evil\nname"), "control characters");
}

BOOST_AUTO_TEST_CASE(a_header_that_is_cut_off_anywhere_is_refused_or_read_whole) {
    HeaderBytes header;
    header.extension(0xe2792aca, "qcow2").end().backing("base.qcow2");
    const std::string whole = header.bytes().substr(0, header.used());
    for (std::size_t length = 0; length < whole.size(); ++length)
        BOOST_TEST(!parse_qcow2_header(std::string_view(whole).substr(0, length)).has_value());
    BOOST_TEST(take(parse_qcow2_header(whole)).backing_file == "base.qcow2");
}

BOOST_AUTO_TEST_CASE(extensions_without_an_end_stop_at_the_cluster) {
    HeaderBytes header;
    header.put32(20, 9);
    for (int i = 0; i < 100; ++i) header.extension(0x1234, "");
    BOOST_TEST(take(parse_qcow2_header(header.bytes())).backing_file.empty());
}
