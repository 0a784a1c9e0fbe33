// SPDX-License-Identifier: LGPL-2.1-or-later
// Undo steps of an operation, run newest first when it fails. Register a step before its effect; make it idempotent.
// Undo runs with cancellation off and never throws: what fails is logged and the next step goes on.
#pragma once
#include "support/task.hpp"

#include <boost/asio/cancellation_state.hpp>

#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace vireo {

class Rollback {
public:
    using Undo = std::function<Task<>()>;
    void add(std::string what, Undo undo) { steps_.push_back({std::move(what), std::move(undo)}); }
    void commit() noexcept { steps_.clear(); }
    Task<> undo_all();

private:
    struct Step {
        std::string what;
        Undo undo;
    };
    std::vector<Step> steps_;
};

// Runs body(rollback). If it throws or is cancelled: undoes, then rethrows.
template <class F>
auto transaction(F body) -> decltype(body(std::declval<Rollback&>())) {
    Rollback rollback;
    std::exception_ptr failure;
    try {
        if constexpr (std::is_void_v<typename decltype(body(rollback))::value_type>) {
            co_await body(rollback);
            rollback.commit();
            co_return;
        } else {
            auto result = co_await body(rollback);
            rollback.commit();
            co_return result;
        }
    } catch (...) {
        failure = std::current_exception();  // co_await is not allowed in a handler
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await rollback.undo_all();
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    std::rethrow_exception(failure);
}

}  // namespace vireo
