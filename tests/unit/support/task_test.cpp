// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/async_mutex.hpp"
#include "support/blocking.hpp"
#include "support/notifier.hpp"
#include "support/rollback.hpp"
#include "support/task_group.hpp"
#include "tests/support/async.hpp"

#include <boost/asio/detached.hpp>

#include <vector>

using namespace vireo;
using namespace std::chrono_literals;

namespace {

Task<int> value_after(Clock::duration duration, int value) {
    co_await sleep_for(duration);
    co_return value;
}
Task<int> failing_after(Clock::duration duration, std::string message) {
    co_await sleep_for(duration);
    throw Error(Errc::system_failed, std::move(message));
}
template <class T>
Task<std::optional<Error>> error_of(Task<T> task) {
    try {
        co_await std::move(task);
    } catch (const Error& error) {
        co_return error;
    }
    co_return std::nullopt;
}

}  // namespace

ASYNC_TEST(a_limit_that_runs_out_is_a_timeout_with_words) {
    auto error = co_await error_of(with_timeout(value_after(10s, 1), 20ms, "starting QEMU"));
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->code() == Errc::timeout));
    BOOST_TEST(std::string(error->what()) == "starting QEMU took longer than 20 ms");
}

ASYNC_TEST(a_failure_comes_out_of_a_limit_unchanged_and_at_once) {
    auto error = co_await error_of(with_timeout(failing_after(1ms, "no space"), 10s, "it"));
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST(error->message() == "no space");
}

ASYNC_TEST(the_first_failure_is_the_one_that_all_reports) {
    auto error = co_await error_of(all(value_after(10s, 1), failing_after(5ms, "the cause"), value_after(10s, 2)));
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST(error->message() == "the cause");
}

ASYNC_TEST(all_gives_every_result) {
    auto [a, b] = co_await all(value_after(2ms, 1), value_after(1ms, 2));
    BOOST_TEST((a == 1 && b == 2));
}

ASYNC_TEST(undo_runs_newest_first_also_when_cancelled) {
    std::vector<std::string> undone;
    auto body = [&](Rollback& rollback) -> Task<> {
        auto note = [&undone](std::string name) -> Task<> {
            co_await sleep_for(1ms);  // undo may wait, with cancellation off
            undone.push_back(std::move(name));
        };
        rollback.add("first", [note]() -> Task<> { return note("first"); });
        rollback.add("second", [note]() -> Task<> { return note("second"); });
        co_await sleep_for(10s);
    };
    auto error = co_await error_of(with_timeout(transaction(body), 20ms, "it"));
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->code() == Errc::timeout));
    BOOST_TEST((undone == std::vector<std::string>{"second", "first"}));
}

ASYNC_TEST(the_mutex_serves_in_order_and_survives_cancelled_waiters) {
    AsyncMutex mutex;
    std::vector<int> order;
    auto work = [&](int n) -> Task<> {
        auto guard = co_await mutex.lock();
        order.push_back(n);
        co_await sleep_for(1ms);
    };
    auto body = [&](TaskGroup& group) -> Task<> {
        for (int i = 0; i < 5; ++i) group.spawn(work(i));
        auto error = co_await error_of(with_timeout(work(99), 1ms, "waiting"));
        BOOST_TEST(error.has_value());
    };
    co_await scoped(body);
    BOOST_TEST((order == std::vector<int>{0, 1, 2, 3, 4}));
    BOOST_TEST(!mutex.locked());
}

ASYNC_TEST(a_group_whose_body_fails_before_it_waited_for_anything) {
    auto body = [](TaskGroup& group) -> Task<> {
        group.spawn(sleep_for(1h));
        throw Error(Errc::not_found, "at once");
        co_return;
    };
    auto error = co_await error_of(scoped(body));
    BOOST_TEST((error && error->code() == Errc::not_found));
    auto in_time = [&]() -> Task<> { co_await scoped(body); };
    error = co_await error_of(with_timeout(in_time(), 1h, "waiting"));
    BOOST_TEST((error && error->code() == Errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_loop_torn_down_at_any_moment_leaves_nothing_behind) {
    for (int steps = 0; steps < 12; ++steps) {
        AsyncMutex mutex;
        auto work = [&]() -> Task<> {
            auto guard = co_await mutex.lock();
            co_await sleep_for(1ms);
        };
        boost::asio::io_context loop{1};
        for (int i = 0; i < 5; ++i) asio::co_spawn(loop, work(), asio::detached);
        for (int i = 0; i < steps; ++i) loop.run_one_for(3ms);
    }
}

ASYNC_TEST(blocking_work_comes_back_as_a_value_and_keeps_its_result_when_cancelled) {
    Blocking pool(2);
    auto job = [](std::stop_token) { return std::string("done"); };
    auto text = co_await pool.call(std::move(job));
    BOOST_TEST(text == "done");
    bool stopped = false;
    auto waiting = [&stopped](std::stop_token stop) {
        for (int i = 0; i < 5000 && !stop.stop_requested(); ++i) std::this_thread::sleep_for(1ms);
        stopped = stop.stop_requested();
    };
    auto error = co_await error_of(with_timeout(pool.call(waiting), 20ms, "it"));
    BOOST_TEST(stopped);
}

ASYNC_TEST(errors_of_the_pool_come_out_on_the_loop) {
    Blocking pool(1);
    auto job = [](std::stop_token) -> int { throw Error(Errc::not_found, "no such file"); };
    auto error = co_await error_of(pool.call(job));
    BOOST_REQUIRE(error.has_value());
    BOOST_TEST((error->code() == Errc::not_found));
}
