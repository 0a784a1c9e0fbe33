// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpc/listen.hpp"

#include "support/file.hpp"
#include "tests/support/async.hpp"
#include "tests/unit/rpc/fake.hpp"

#include <sys/stat.h>

using namespace vireo;
using vireo::rpc::listen_on;
using vireo::test::Folder;

BOOST_AUTO_TEST_SUITE(listen_on_a_socket)

BOOST_AUTO_TEST_CASE(it_appears_with_its_mode_and_nothing_else_does) {
    Folder folder;
    auto socket = listen_on(folder / "s", 0660);
    struct stat status{};
    BOOST_REQUIRE(::lstat((folder / "s").c_str(), &status) == 0);
    BOOST_TEST(S_ISSOCK(status.st_mode));
    BOOST_TEST((status.st_mode & 0777) == 0660u);
    test::Client client(folder / "s");
    auto begin = std::filesystem::directory_iterator(folder.path());
    BOOST_TEST(std::distance(begin, {}) == 1);
}

BOOST_AUTO_TEST_CASE(a_stale_socket_is_replaced_and_a_live_one_is_not) {
    Folder folder;
    auto first = listen_on(folder / "s", 0600);
    CHECK_ERROR(listen_on(folder / "s", 0600), Errc::already_exists);
    test::Client(folder / "s");  // still served
    first.reset();
    auto second = listen_on(folder / "s", 0600);
    test::Client(folder / "s");
}

BOOST_AUTO_TEST_CASE(what_is_no_socket_stays) {
    Folder folder;
    BOOST_REQUIRE(replace_file(folder / "s", "precious").has_value());
    CHECK_ERROR(listen_on(folder / "s", 0600), Errc::already_exists);
    BOOST_TEST(read_file(folder / "s").value() == "precious");
}

BOOST_AUTO_TEST_CASE(failures_say_what_is_wrong) {
    Folder folder;
    CHECK_ERROR(listen_on(folder / "no/s", 0600), Errc::not_found);
    CHECK_ERROR(listen_on(folder / std::string(200, 'x'), 0600), Errc::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
