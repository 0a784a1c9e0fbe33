// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/task_group.hpp"

#include "support/error.hpp"
#include "support/log.hpp"
#include "support/spawnable.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <list>

namespace vireo {

struct TaskGroup::State {
    State(Executor e, OnError mode) : executor(e), idle(e, Clock::time_point::max()), on_error(mode) {}
    Executor executor;
    std::list<asio::cancellation_signal> running;
    asio::steady_timer idle;
    std::exception_ptr first;
    OnError on_error;
    bool stopping = false;

    void stop() {
        stopping = true;
        // emit() may end a task at once and erase its node: step before emitting
        for (auto it = running.begin(); it != running.end();) (it++)->emit(asio::cancellation_type::terminal);
    }
    void failed(std::exception_ptr exception) {
        if (stopping) return;
        first = exception;
        stop();
    }
};

TaskGroup::TaskGroup(Executor executor, OnError on_error) : state_(std::make_shared<State>(executor, on_error)) {}
TaskGroup::~TaskGroup() {
    cancel();
}
std::size_t TaskGroup::size() const noexcept {
    return state_->running.size();
}
void TaskGroup::cancel() {
    state_->stop();
}

void TaskGroup::spawn(Task<> task) {
    if (state_->stopping) return;
    auto it = state_->running.emplace(state_->running.end());
    auto finished = [state = state_, it](std::exception_ptr exception) {
        state->running.erase(it);
        if (exception && state->on_error == OnError::cancel_siblings) state->failed(exception);
        if (exception && state->on_error == OnError::report) {
            auto error = current_error(exception);
            if (error.code() != Errc::cancelled) log::error("a background task failed: {}", error.what());
        }
        if (state->running.empty()) state->idle.cancel();
    };
    asio::co_spawn(state_->executor, spawnable(std::move(task)),
                   asio::bind_cancellation_slot(it->slot(), std::move(finished)));
}

Task<> TaskGroup::join() {
    // When the parent is cancelled the children are, and the parent still waits for them.
    co_await asio::this_coro::throw_if_cancelled(false);
    bool parent_cancelled = false;
    while (!state_->running.empty()) {
        state_->idle.expires_at(Clock::time_point::max());
        co_await state_->idle.async_wait(asio::as_tuple(asio::use_awaitable));
        auto cancellation = co_await asio::this_coro::cancellation_state;
        if (!parent_cancelled && cancellation.cancelled() != asio::cancellation_type::none) {
            parent_cancelled = true;
            cancel();
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        }
    }
    if (parent_cancelled) co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    co_await asio::this_coro::throw_if_cancelled(true);
    if (parent_cancelled) throw Error(Errc::cancelled, "the operation was cancelled");
    if (state_->first) std::rethrow_exception(std::exchange(state_->first, nullptr));
}

Task<> scoped(std::function<Task<>(TaskGroup&)> body, TaskGroup::OnError on_error) {
    TaskGroup group(co_await asio::this_coro::executor, on_error);
    auto guarded = [&]() -> Task<> {
        try {
            co_await body(group);
        } catch (...) {
            group.state_->failed(std::current_exception());
        }
    };
    group.spawn(guarded());
    co_await group.join();
}

}  // namespace vireo
