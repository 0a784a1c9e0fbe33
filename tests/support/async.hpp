// SPDX-License-Identifier: LGPL-2.1-or-later
// ASYNC_TEST(name) { co_await …; }: a test case that is a coroutine, on a loop of its own, with a limit, so that a
// lost wake-up fails instead of hanging. Keep co_await out of BOOST_* macros: await first, then check the value.
#pragma once
#include "support/error.hpp"
#include "support/task.hpp"
#include "support/timeout.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

namespace vireo::test {

inline void run(Task<> task, Clock::duration limit = std::chrono::seconds(60)) {
    boost::asio::io_context loop{1};
    std::exception_ptr failure;
    asio::co_spawn(loop, with_timeout(std::move(task), limit, "the test"), [&](std::exception_ptr e) { failure = e; });
    loop.run();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace vireo::test

#define ASYNC_TEST(name)                 \
    static vireo::Task<> name##_body();  \
    BOOST_AUTO_TEST_CASE(name) {         \
        vireo::test::run(name##_body()); \
    }                                    \
    static vireo::Task<> name##_body()

// The expression throws an Error with this code.
#define CHECK_ERROR(expression, errc)                                           \
    BOOST_CHECK_EXCEPTION(expression, vireo::Error, [](const vireo::Error& e) { \
        BOOST_TEST_INFO(e.what());                                              \
        return e.code() == (errc);                                              \
    })
