// SPDX-License-Identifier: LGPL-2.1-or-later
// Child tasks that cannot outlive their parent. Either a member of an object whose close() cancels and joins, or made
// by scoped(); never a bare local: an exception would destroy the locals that the children use.
#pragma once
#include "support/task.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <variant>

namespace vireo {

class TaskGroup {
public:
    // cancel_siblings: the first failure cancels the others and join() rethrows it.
    // report: a failure is logged and the others go on (a server and its sessions).
    enum class OnError { cancel_siblings, report };
    explicit TaskGroup(Executor executor, OnError on_error = OnError::cancel_siblings);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;
    ~TaskGroup();  // cancels what was never joined

    void spawn(Task<> task);  // a group that is stopping starts nothing
    void cancel();
    Task<> join();  // waits for every child; then rethrows the first failure
    std::size_t size() const noexcept;

private:
    friend Task<> scoped(std::function<Task<>(TaskGroup&)>, OnError);
    struct State;
    std::shared_ptr<State> state_;  // shared with the children: safe when the loop is torn down
};

// Runs body(group) and waits for it and for all it spawned: a body that fails cancels the children, a child that
// fails cancels the body and its siblings (or, with report, is only logged). group.cancel() ends the scope quietly.
Task<> scoped(std::function<Task<>(TaskGroup&)> body,
              TaskGroup::OnError on_error = TaskGroup::OnError::cancel_siblings);

namespace detail {
template <class T>
using Slot = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
inline Task<> store(Task<> task, std::optional<std::monostate>& out) {
    co_await std::move(task);
    out.emplace();
}
}  // namespace detail

// all(a(), b(), c()) → tuple of results. The error that comes out is the one that happened first.
template <class... T>
Task<std::tuple<detail::Slot<T>...>> all(Task<T>... tasks) {
    std::tuple<std::optional<detail::Slot<T>>...> results;
    TaskGroup group(co_await asio::this_coro::executor);
    std::apply([&](auto&... out) { (group.spawn(detail::store(std::move(tasks), out)), ...); }, results);
    co_await group.join();
    co_return std::apply([](auto&... out) { return std::tuple<detail::Slot<T>...>(std::move(*out)...); }, results);
}

}  // namespace vireo
