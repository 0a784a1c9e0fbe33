// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/rpc/fake.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::test;

namespace {

constexpr const char* subscribe = R"({"jsonrpc":"2.0","id":1,"method":"Test.Subscribe"})";
constexpr const char* echo = R"({"jsonrpc":"2.0","id":2,"method":"Test.Echo"})";
constexpr const char* hold = R"({"jsonrpc":"2.0","id":3,"method":"Test.Hold"})";

json::value next(Client& client) {
    return json::parse(client.line().value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(events)

BOOST_AUTO_TEST_CASE(who_subscribed_is_told_and_nobody_else) {
    Harness server;
    auto deaf = server.connect(), listener = server.connect(), other = server.connect();
    deaf.ask(echo);
    BOOST_CHECK(listener.ask(subscribe).at("id") == 1);
    BOOST_CHECK(other.ask(subscribe).at("id") == 1);
    server.emit("one", "/thing/a");
    server.emit("two");
    for (auto* client : {&listener, &other}) {
        auto one = next(*client), two = next(*client);
        BOOST_CHECK(one.at("method") == "Thing.Happened");
        BOOST_CHECK(one.at("params").at("thing") == "/thing/a");
        BOOST_CHECK(one.at("params").at("text") == "one");
        BOOST_CHECK(two.at("method") == "Test.Happened");
        BOOST_CHECK(two.at("params").at("text") == "two");
    }
    BOOST_CHECK(deaf.ask(echo).at("id") == 2);  // nothing came in between
}

BOOST_AUTO_TEST_CASE(a_client_that_went_is_told_nothing) {
    Harness server;
    {
        auto listener = server.connect();
        listener.ask(subscribe);
    }
    for (int i = 0; i < 100; ++i) server.emit("x");
    BOOST_TEST(eventually([&] { return server.connections() == 0; }));
}

// The answer comes first, though events happen while the batch, or the permission, is still under way.
BOOST_AUTO_TEST_CASE(the_answer_to_subscribe_comes_before_the_first_event) {
    Harness server;
    auto client = server.connect();
    client.send("[" + std::string(subscribe) + "," + hold + "]\n");
    BOOST_TEST(eventually([&] { return server.services.holding == 1; }));
    server.emit("early");
    server.services.released = true;
    BOOST_TEST(next(client).is_array());
    BOOST_CHECK(next(client).at("params").at("text") == "early");
    server.emit("late");
    BOOST_CHECK(next(client).at("params").at("text") == "late");
}

BOOST_AUTO_TEST_CASE(also_when_permission_had_to_be_asked_for) {
    Harness server(rpc::Limits(), true);
    auto client = server.connect();
    std::atomic<bool> stop = false;
    std::thread noise([&] {
        while (!stop) server.emit("x");
    });
    BOOST_CHECK(client.ask(subscribe).at("id") == 1);
    BOOST_CHECK(next(client).at("method") == "Test.Happened");
    stop = true;
    noise.join();
}

BOOST_AUTO_TEST_CASE(who_does_not_read_its_events_is_cut_off_and_nobody_waits_for_it) {
    rpc::Limits limits;
    limits.output = 200000;
    Harness server(limits);
    auto lazy = server.connect(), good = server.connect();
    lazy.ask(subscribe);
    good.ask(subscribe);
    int sent = 0;
    while (server.connections() == 2 && sent < 10000) {
        server.emit(std::string(1000, 'x'));
        ++sent;
        BOOST_REQUIRE(good.line().has_value());
    }
    BOOST_TEST(sent < 2000);  // the kernel's buffers and ours, not more
    BOOST_TEST(sent > 200);
    BOOST_CHECK(good.ask(echo).at("id") == 2);
    lazy.rest();  // ends: the server hung up
}

BOOST_AUTO_TEST_SUITE_END()
