// SPDX-License-Identifier: LGPL-2.1-or-later
// The client against a peer that the test plays.
#include "qemu/qmp_client.hpp"

#include "qmp_peer.hpp"
#include "support/notifier.hpp"
#include "support/task_group.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

using namespace vireo;
using namespace vireo::qemu;
using namespace vireo::qemu::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(qmp_client)

namespace {

bool has(const Error& error, std::string_view part) {
    return std::string_view(error.what()).find(part) != std::string_view::npos;
}

// The error that the task ends with.
template <class T>
Task<Error> failure(Task<T> task) {
    try {
        (void)co_await std::move(task);
    } catch (const Error& e) {
        co_return e;
    }
    BOOST_ERROR("it did not fail");
    co_return Error();
}
Task<Error> failure(Task<> task) {
    try {
        co_await std::move(task);
    } catch (const Error& e) {
        co_return e;
    }
    BOOST_ERROR("it did not fail");
    co_return Error();
}

struct Fixture {
    explicit Fixture(const Executor& executor, QmpClient::Options options = {})
        : ends(socket_pair()),
          peer(executor, std::move(ends.second)),
          client(executor, std::move(ends.first), std::move(options)) {}
    std::pair<UniqueFd, UniqueFd> ends;
    Peer peer;
    QmpClient client;
};

}  // namespace

ASYNC_TEST(handshake_then_commands) {
    Fixture f(co_await asio::this_coro::executor);
    co_await all(f.client.ready(), f.peer.handshake());
    BOOST_TEST(f.client.is_ready());
    BOOST_TEST(f.client.greeting().major == 7);
    auto serve = [&]() -> Task<> {
        auto command = co_await f.peer.hear();
        BOOST_TEST(command.at("execute").as_string() == "query-status");
        BOOST_TEST(!command.contains("arguments"));
        f.peer.answer(command.at("id").as_int64(), R"({"running":false})");
        command = co_await f.peer.hear();
        BOOST_TEST(command.at("arguments").as_object().at("id").as_string() == "x");
        f.peer.say(R"({"error":{"class":"DeviceNotFound","desc":"Device 'x' not found"},"id":)" +
                   std::to_string(command.at("id").as_int64()) + "}\n");
    };
    auto ask = [&]() -> Task<> {
        auto value = co_await f.client.execute("query-status");
        BOOST_TEST(!value.at("running").as_bool());
        json::object arguments;
        arguments["id"] = "x";
        auto error = co_await failure(f.client.execute("device_del", arguments));
        BOOST_TEST((error.code() == Errc::not_found));
        BOOST_TEST(has(error, "QEMU refused device_del: Device 'x' not found"));
    };
    co_await all(serve(), ask());
}

ASYNC_TEST(two_hundred_in_call_order_answered_in_any) {
    auto executor = co_await asio::this_coro::executor;
    Fixture f(executor);
    std::vector<int> sent, done;
    auto ask = [&](int i) -> Task<> {
        json::object arguments;
        arguments["n"] = i;
        auto value = co_await f.client.execute("query", arguments);
        BOOST_TEST(value.as_int64() == i);
        done.push_back(i);
    };
    auto serve = [&]() -> Task<> {
        co_await f.peer.handshake();
        std::vector<std::pair<std::int64_t, int>> open;
        for (int i = 0; i < 200; ++i) {
            auto command = co_await f.peer.hear();
            sent.push_back(static_cast<int>(command.at("arguments").at("n").as_int64()));
            open.emplace_back(command.at("id").as_int64(), sent.back());
        }
        std::reverse(open.begin(), open.end());  // as out-of-band commands may
        for (auto [id, n] : open) f.peer.answer(id, std::to_string(n));
    };
    TaskGroup group(executor);
    for (int i = 0; i < 200; ++i) group.spawn(ask(i));
    group.spawn(serve());
    co_await group.join();
    BOOST_TEST(std::is_sorted(sent.begin(), sent.end()));
    BOOST_TEST(done.size() == 200u);
    BOOST_TEST(std::is_sorted(done.rbegin(), done.rend()));
}

ASYNC_TEST(execute_all_is_one_write_with_one_result_each) {
    Fixture f(co_await asio::this_coro::executor);
    co_await all(f.client.ready(), f.peer.handshake());
    std::vector<QmpCommand> commands;
    for (auto* name : {"a", "b", "c"}) commands.emplace_back(name);
    auto serve = [&]() -> Task<> {
        auto first = co_await f.peer.hear();
        BOOST_TEST(f.peer.buffered_lines() == 2u);  // all three came together
        auto second = co_await f.peer.hear(), third = co_await f.peer.hear();
        f.peer.answer(third.at("id").as_int64(), "3");
        f.peer.answer(first.at("id").as_int64(), "1");
        f.peer.say(R"({"error":{"class":"CommandNotFound","desc":"no b"},"id":)" +
                   std::to_string(second.at("id").as_int64()) + "}\n");
    };
    auto [results, served] = co_await all(f.client.execute_all(std::move(commands)), serve());
    BOOST_REQUIRE(results.size() == 3u);
    BOOST_TEST(results[0].value().as_int64() == 1);
    BOOST_TEST((results[1].error().code() == Errc::unsupported));
    BOOST_TEST(results[2].value().as_int64() == 3);
    auto none = co_await f.client.execute_all({});
    BOOST_TEST(none.empty());
}

ASYNC_TEST(replies_and_events_keep_their_order) {
    std::vector<std::string> seen;
    QmpClient::Options options;
    options.on_event = [&](const QmpEvent& e) { seen.push_back(e.name); };
    Fixture f(co_await asio::this_coro::executor, std::move(options));
    auto serve = [&]() -> Task<> {
        co_await f.peer.handshake();
        auto command = co_await f.peer.hear();
        f.peer.say("{\"event\":\"BEFORE\"}\n{\"return\":{},\"id\":" + std::to_string(command.at("id").as_int64()) +
                   "}\n{\"event\":\"AFTER\"}\n");
    };
    auto ask = [&]() -> Task<> {
        co_await f.client.execute("cont");
        seen.push_back("reply");
    };
    co_await all(serve(), ask());
    while (seen.size() < 3) co_await yield_now();
    std::vector<std::string> expected{"BEFORE", "reply", "AFTER"};
    BOOST_TEST(seen == expected, boost::test_tools::per_element());
}

ASYNC_TEST(a_late_reply_is_dropped) {
    Fixture f(co_await asio::this_coro::executor);
    co_await all(f.client.ready(), f.peer.handshake());
    auto error = co_await failure(f.client.execute("slow", {}, 5ms));
    BOOST_TEST((error.code() == Errc::timeout));
    BOOST_TEST(has(error, "QEMU did not answer slow within 0.005 s"));
    error = co_await failure(with_timeout(f.client.execute("cancelled"), 5ms, "it"));
    BOOST_TEST((error.code() == Errc::timeout));
    auto serve = [&]() -> Task<> {
        auto slow = co_await f.peer.hear(), cancelled = co_await f.peer.hear(), next = co_await f.peer.hear();
        f.peer.answer(slow.at("id").as_int64(), "1");
        f.peer.answer(cancelled.at("id").as_int64(), "2");
        f.peer.answer(next.at("id").as_int64(), "3");
    };
    auto [value, served] = co_await all(f.client.execute("next"), serve());
    BOOST_TEST(value.as_int64() == 3);
    BOOST_TEST(!f.client.is_closed());
}

ASYNC_TEST(what_was_not_sent_yet_is_not_sent) {
    Fixture f(co_await asio::this_coro::executor);
    auto error = co_await failure(f.client.execute("early", {}, 5ms));  // no greeting yet
    BOOST_TEST((error.code() == Errc::timeout));
    auto serve = [&]() -> Task<> {
        co_await f.peer.handshake();
        auto command = co_await f.peer.hear();
        BOOST_TEST(command.at("execute").as_string() == "second");
        f.peer.answer(command.at("id").as_int64());
    };
    co_await all(f.client.execute("second"), serve());
}

ASYNC_TEST(some_of_a_batch_in_time) {
    Fixture f(co_await asio::this_coro::executor);
    co_await all(f.client.ready(), f.peer.handshake());
    std::vector<QmpCommand> commands;
    commands.emplace_back("fast");
    commands.emplace_back("never");
    auto serve = [&]() -> Task<> {
        auto command = co_await f.peer.hear();
        f.peer.answer(command.at("id").as_int64(), "1");
    };
    auto [results, served] = co_await all(f.client.execute_all(std::move(commands), 50ms), serve());
    BOOST_TEST(results.at(0).has_value());
    BOOST_TEST((results.at(1).error().code() == Errc::timeout));
}

ASYNC_TEST(silence_ends_at_the_handshake_limit) {
    Error why;
    QmpClient::Options options;
    options.handshake_limit = 20ms;
    options.on_closed = [&](const Error& e) { why = e; };
    Fixture f(co_await asio::this_coro::executor, std::move(options));
    auto [ready, command] = co_await all(failure(f.client.ready()), failure(f.client.execute("query-status")));
    BOOST_TEST((ready.code() == Errc::timeout));
    BOOST_TEST((command.code() == Errc::timeout));
    BOOST_TEST((why.code() == Errc::timeout));
    BOOST_TEST(f.client.is_closed());
    co_await f.client.closed();
}

ASYNC_TEST(death_ends_every_wait_at_once) {
    Fixture f(co_await asio::this_coro::executor);
    co_await all(f.client.ready(), f.peer.handshake());
    auto die = [&]() -> Task<> {
        for (int i = 0; i < 3; ++i) co_await f.peer.hear();
        f.peer.hang_up();
    };
    auto [a, b, c, dead] = co_await all(failure(f.client.execute("a")), failure(f.client.execute("b")),
                                        failure(f.client.execute("c")), die());
    for (auto* e : {&a, &b, &c}) BOOST_TEST((e->code() == Errc::hypervisor_failed));
    BOOST_TEST(has(a, "QEMU did not answer a: QEMU's monitor is gone"));
    auto later = co_await failure(f.client.execute("d"));
    BOOST_TEST((later.code() == Errc::hypervisor_failed));
}

ASYNC_TEST(what_was_said_last_still_arrives) {
    std::vector<std::string> seen;
    QmpClient::Options options;
    options.on_event = [&](const QmpEvent& e) { seen.push_back(e.name); };
    options.on_closed = [&](const Error&) { seen.push_back("closed"); };
    Fixture f(co_await asio::this_coro::executor, std::move(options));
    co_await all(f.client.ready(), f.peer.handshake());
    f.peer.say("{\"event\":\"SHUTDOWN\"}\n");
    f.peer.hang_up();
    (void)co_await failure(f.client.execute("system_powerdown"));  // its write fails; the event must not be lost
    std::vector<std::string> expected{"SHUTDOWN", "closed"};
    BOOST_TEST(seen == expected, boost::test_tools::per_element());
}

ASYNC_TEST(nonsense_closes_with_a_reason) {
    auto executor = co_await asio::this_coro::executor;
    struct {
        std::string says, why;
    } cases[] = {{"garbage\n", "not JSON"},
                 {"{\"return\":{},\"id\":999}\n", "command 999, which is not open"},
                 {"{\"return\":{}}\n", "no command"},
                 {"{\"QMP\":{}}\n", "second greeting"},
                 {"[]\n", "not an object"}};
    for (auto& one : cases) {
        Fixture f(executor);
        co_await all(f.client.ready(), f.peer.handshake());
        auto serve = [&]() -> Task<> {
            co_await f.peer.hear();
            f.peer.say(one.says);
        };
        auto [error, served] = co_await all(failure(f.client.execute("query-status")), serve());
        BOOST_TEST((error.code() == Errc::hypervisor_failed));
        BOOST_TEST(has(error, one.why), error.what());
        BOOST_TEST(f.client.is_closed());
    }
}

ASYNC_TEST(an_answer_before_the_question_is_nonsense) {
    Fixture f(co_await asio::this_coro::executor);
    f.peer.say("{\"return\":{},\"id\":1}\n");  // id 1 is queued, not sent
    auto error = co_await failure(f.client.execute("early"));
    BOOST_TEST(has(error, "not open"));
}

ASYNC_TEST(an_endless_line_is_cut_off) {
    Fixture f(co_await asio::this_coro::executor);
    auto flood = [&]() -> Task<> {
        std::string piece(65536, 'x');
        try {
            for (int i = 0; i < 1000; ++i) {
                f.peer.say(piece.substr(0, 32768));
                while (!f.client.is_closed()) {
                    co_await yield_now();
                    break;
                }
                co_await yield_now();
            }
            BOOST_ERROR("nobody stopped it");
        } catch (const Error&) {}
    };
    auto [error, flooded] = co_await all(failure(f.client.ready()), flood());
    BOOST_TEST(has(error, "endless line"));
}

ASYNC_TEST(descriptors_ride_one_at_a_time) {
    Fixture f(co_await asio::this_coro::executor);
    co_await all(f.client.ready(), f.peer.handshake());
    std::vector<QmpCommand> commands;
    for (auto* path : {"/dev/null", "/dev/zero"}) {
        UniqueFd fd(::open(path, O_RDWR | O_CLOEXEC));
        commands.emplace_back("getfd", json::object(), std::move(fd));
        commands.emplace_back("plain");
    }
    auto device = [&] {
        struct stat status{};
        BOOST_REQUIRE(::fstat(f.peer.fd.get(), &status) == 0);
        f.peer.fd.reset();
        return minor(status.st_rdev);
    };
    auto serve = [&]() -> Task<> {
        auto first = co_await f.peer.hear(), second = co_await f.peer.hear();
        BOOST_TEST(device() == 3u);
        f.peer.answer(second.at("id").as_int64());
        for (int i = 0; i < 10; ++i) co_await yield_now();
        BOOST_TEST(f.peer.pending() == 0);  // QEMU would drop the first descriptor if the second came now
        f.peer.answer(first.at("id").as_int64());
        auto third = co_await f.peer.hear(), fourth = co_await f.peer.hear();
        BOOST_TEST(device() == 5u);
        BOOST_TEST(third.at("execute").as_string() == "getfd");
        BOOST_TEST(fourth.at("execute").as_string() == "plain");
        f.peer.answer(third.at("id").as_int64());
        f.peer.answer(fourth.at("id").as_int64());
    };
    auto [results, served] = co_await all(f.client.execute_all(std::move(commands)), serve());
    for (auto& r : results) BOOST_TEST(r.has_value());
}

ASYNC_TEST(out_of_band_overtakes) {
    Fixture f(co_await asio::this_coro::executor);
    co_await all(f.client.ready(), f.peer.handshake(true));
    std::vector<QmpCommand> commands;
    for (int i = 0; i < 10; ++i) commands.emplace_back("slow");
    QmpCommand yank("yank");
    yank.out_of_band = true;
    auto serve = [&]() -> Task<> {
        std::vector<std::int64_t> open;
        for (int i = 0; i < 7; ++i) {
            auto command = co_await f.peer.hear();
            open.push_back(command.at("id").as_int64());
        }
        auto urgent = co_await f.peer.hear();  // though three slow ones wait: QEMU would not read the yank behind them
        BOOST_TEST(urgent.at("exec-oob").as_string() == "yank");
        f.peer.answer(urgent.at("id").as_int64());
        for (auto id : open) f.peer.answer(id);
        for (int i = 0; i < 3; ++i) {
            auto command = co_await f.peer.hear();
            f.peer.answer(command.at("id").as_int64());
        }
    };
    auto [results, answer, served] =
        co_await all(f.client.execute_all(std::move(commands)), f.client.execute(std::move(yank)), serve());
    for (auto& r : results) BOOST_TEST(r.has_value());
}

ASYNC_TEST(a_peer_that_never_reads_costs_bounded_memory) {
    Fixture f(co_await asio::this_coro::executor);
    co_await all(f.client.ready(), f.peer.handshake());
    std::vector<QmpCommand> commands;
    for (int i = 0; i < 1500; ++i) commands.emplace_back("query-" + std::string(1000, 'x'));
    auto results = co_await f.client.execute_all(std::move(commands), 50ms);
    auto count = [&](Errc code) {
        return std::count_if(results.begin(), results.end(), [&](auto& r) { return !r && r.error().code() == code; });
    };
    BOOST_TEST(count(Errc::timeout) == 1024);
    BOOST_TEST(count(Errc::busy) == 476);
}

ASYNC_TEST(closing_ends_waits_and_calls_nobody) {
    int calls = 0;
    QmpClient::Options options;
    options.on_closed = [&](const Error&) { ++calls; };
    options.on_event = [&](const QmpEvent&) { ++calls; };
    Fixture f(co_await asio::this_coro::executor, std::move(options));
    co_await all(f.client.ready(), f.peer.handshake());
    auto close = [&]() -> Task<> {
        co_await f.peer.hear();
        f.peer.say("{\"event\":\"STOP\"}\n");
        f.client.close();
    };
    auto [error, closed] = co_await all(failure(f.client.execute("query-status")), close());
    BOOST_TEST((error.code() == Errc::cancelled));
    co_await f.client.closed();
    for (int i = 0; i < 10; ++i) co_await yield_now();
    BOOST_TEST(calls == 0);
}

ASYNC_TEST(the_client_may_go_inside_its_callback) {
    auto executor = co_await asio::this_coro::executor;
    auto [ours, theirs] = socket_pair();
    Peer peer(executor, std::move(theirs));
    std::unique_ptr<QmpClient> client;
    QmpClient::Options options;
    options.on_closed = [&](const Error&) { client.reset(); };
    client = std::make_unique<QmpClient>(executor, std::move(ours), std::move(options));
    co_await all(client->ready(), peer.handshake());
    peer.hang_up();
    while (client) co_await yield_now();
}

BOOST_AUTO_TEST_SUITE_END()
