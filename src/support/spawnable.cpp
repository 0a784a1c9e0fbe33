// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/spawnable.hpp"

#include <exception>

namespace vireo {

Task<> spawnable(Task<> task) {
    std::exception_ptr failure;
    try {
        co_await std::move(task);
    } catch (...) {
        failure = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    if (failure) std::rethrow_exception(failure);
}

}  // namespace vireo
