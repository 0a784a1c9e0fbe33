// SPDX-License-Identifier: LGPL-2.1-or-later
// Sessions that end, and the descriptors of a call.
#include "api/call.hpp"

#include "support/error.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

using namespace vireo;
using namespace vireo::api;

namespace {

UniqueFd some_descriptor() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_end_of_a_session_is_told_once) {
    Session session("rpc 1", 0, 1);
    int told = 0, forgotten = 0;
    auto kept = session.on_close([&] { ++told; });
    auto dropped = session.on_close([&] { ++forgotten; });
    dropped.reset();
    session.close();
    session.close();
    BOOST_TEST(told == 1);
    BOOST_TEST(forgotten == 0);
    BOOST_TEST(session.closed());
    auto late = session.on_close([&] { ++told; });  // it has gone already
    BOOST_TEST(told == 2);
}

BOOST_AUTO_TEST_CASE(what_follows_an_end_may_drop_handles_and_fail) {
    Session session("rpc 1", 0, 1);
    std::string told;
    Session::Handle a, b, c, d;
    a = session.on_close([&] {
        told += 'a';
        a.reset();
        b.reset();
    });
    b = session.on_close([&] { told += 'b'; });
    c = session.on_close([&] {
        told += 'c';
        throw Error(Errc::internal, "on purpose");
    });
    d = session.on_close([&] { told += 'd'; });
    session.close();
    BOOST_TEST(told == "acd");
}

BOOST_AUTO_TEST_CASE(copies_of_a_call_share_its_descriptors) {
    Call call(std::make_shared<Session>("rpc 1", 0, 1));
    BOOST_TEST(!call.has_outgoing());
    Call copy = call;  // made before there is any descriptor, as a coroutine's parameter is
    BOOST_TEST(copy.pass(some_descriptor()) == 0);
    BOOST_TEST(copy.pass(some_descriptor()) == 1);
    BOOST_TEST(call.has_outgoing());
    BOOST_TEST(call.outgoing().size() == 2);
    Call other(call.session);
    other = copy;
    BOOST_TEST(other.has_outgoing());
    Call moved = std::move(other);
    BOOST_TEST(moved.outgoing().size() == 2);
}

BOOST_AUTO_TEST_CASE(a_descriptor_is_taken_once) {
    Call call(std::make_shared<Session>("rpc 1", 0, 1));
    BOOST_CHECK_THROW(call.accept(0), Error);
    call.incoming().push_back(some_descriptor());
    BOOST_CHECK(call.accept(0));
    BOOST_CHECK_EXCEPTION(call.accept(0), Error, [](const Error& e) { return e.code() == Errc::invalid_argument; });
    BOOST_CHECK_THROW(call.accept(std::size_t(-1)), Error);
}
