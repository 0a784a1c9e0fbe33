// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/account.hpp"

#include "tests/support/async.hpp"

using namespace vireo;
using namespace vireo::host;

BOOST_AUTO_TEST_SUITE(host_account)

BOOST_AUTO_TEST_CASE(labels_are_names_or_numbers) {
    auto numbers = take(account_of_label("+4711:+4712"));
    BOOST_TEST(numbers.uid == 4711u);
    BOOST_TEST(numbers.gid == 4712u);
    auto named = take(account_of_label("daemon:daemon"));  // every system has it
    BOOST_TEST(named.name == "daemon");
    BOOST_TEST(named.uid != 0u);
    BOOST_TEST(take(account_of_label("daemon")).gid == named.gid);
    BOOST_TEST(take(account_of_label("daemon:+5")).gid == 5u);
    BOOST_TEST(take(account_of_label("4711")).uid == 4711u);
}

BOOST_AUTO_TEST_CASE(what_is_no_account_is_said) {
    BOOST_CHECK(account_of_label("").error().code() == Errc::not_found);
    BOOST_CHECK(account_of_label("no-such-user:+1").error().code() == Errc::not_found);
    BOOST_CHECK(account_of_label("+4711:no-such-group").error().code() == Errc::not_found);
    BOOST_CHECK(account_of_label("+daemon").error().code() == Errc::not_found);
    BOOST_CHECK(account_of_label("+0:+0").error().code() == Errc::invalid_config);
    BOOST_CHECK(account_of_label("root:root").error().code() == Errc::invalid_config);
}

BOOST_AUTO_TEST_SUITE_END()
