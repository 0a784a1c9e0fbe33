// SPDX-License-Identifier: LGPL-2.1-or-later
// A condition variable for coroutines of the loop thread. Always wait in a loop on a predicate.
#pragma once
#include "support/task.hpp"

#include <boost/asio/steady_timer.hpp>

namespace vireo {

class Notifier {
public:
    explicit Notifier(const Executor& executor) : timer_(executor, Clock::time_point::max()) {}
    Task<> wait();  // returns when notified; throws Error(cancelled)
    void notify_all() noexcept;

private:
    asio::steady_timer timer_;
    std::size_t waiting_ = 0;
    unsigned long epoch_ = 0;
};

}  // namespace vireo
