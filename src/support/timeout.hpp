// SPDX-License-Identifier: LGPL-2.1-or-later
// with_timeout(work, limit, what): cancels work after limit, waits until it has unwound, throws Error(timeout).
// A failure of work comes out at once and unchanged, a result that arrives is never dropped, and cancelling the
// caller cancels work. Since it waits for the unwinding, work may refer to the caller's locals.
#pragma once
#include "support/task.hpp"

#include <string>

namespace vireo {

Task<> with_timeout(Task<> work, Clock::duration limit, std::string what);  // "what took longer than 10 s"

template <class T>
Task<T> with_timeout(Task<T> work, Clock::duration limit, std::string what) {
    std::optional<T> result;
    co_await with_timeout(detail::store(std::move(work), result), limit, std::move(what));
    co_return std::move(*result);
}

}  // namespace vireo
