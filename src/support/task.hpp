// SPDX-License-Identifier: LGPL-2.1-or-later
// The coroutine vocabulary. One loop thread runs every Task; what blocks goes to the pool (blocking.hpp).
// Include this, not <boost/asio.hpp>.
#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace vireo {
namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;
using Clock = std::chrono::steady_clock;
using Executor = asio::any_io_executor;

Task<> sleep_for(Clock::duration duration);  // throws Error(cancelled)
Task<bool> cancellation_requested();         // was this coroutine asked to stop?
Task<> yield_now();                          // lets everything else that is ready run first

namespace detail {
template <class T>
Task<> store(Task<T> task, std::optional<T>& out) {
    out.emplace(co_await std::move(task));
}
}  // namespace detail

}  // namespace vireo
