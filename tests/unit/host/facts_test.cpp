// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/facts.hpp"

#include "host/account.hpp"
#include "tests/support/async.hpp"
#include "tests/support/skip.hpp"

#include <pwd.h>

using namespace vireo;
using namespace vireo::host;

BOOST_AUTO_TEST_SUITE(host_facts)

BOOST_AUTO_TEST_CASE(they_are_filled_in) {
    auto facts = collect_facts();
    BOOST_TEST(!facts.hostname.empty());
    BOOST_TEST(!facts.architecture.empty());
    BOOST_TEST(!facts.kernel.empty());
    BOOST_TEST(facts.cpus >= 1u);
    BOOST_TEST(facts.memory > (16u << 20));
}

BOOST_AUTO_TEST_CASE(an_account_is_found_and_never_root) {
    if (!::getpwnam("nobody")) return test::skip("this system has no account 'nobody'");
    auto account = take(find_account());
    BOOST_TEST(account.uid != 0u);
    BOOST_TEST(take(find_account("nobody")).name == "nobody");
    auto root = find_account("root");
    BOOST_REQUIRE(!root);
    BOOST_CHECK(root.error().code() == Errc::invalid_config);
    auto missing = find_account("no-such-account-here");
    BOOST_REQUIRE(!missing);
    BOOST_CHECK(missing.error().code() == Errc::not_found);
    BOOST_TEST(missing.error().message().find("no-such-account-here") != std::string::npos);
    BOOST_TEST(!missing.error().hint().empty());
}

BOOST_AUTO_TEST_SUITE_END()
