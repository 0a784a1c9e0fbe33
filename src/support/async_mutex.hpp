// SPDX-License-Identifier: LGPL-2.1-or-later
// Mutual exclusion between coroutines of the loop thread (a strand is no lock: coroutines interleave at each co_await).
// FIFO: unlock() hands the lock to the longest waiter, so nobody overtakes. Waiting can be cancelled.
#pragma once
#include "support/task.hpp"

#include <boost/asio/steady_timer.hpp>

#include <list>

namespace vireo {

class AsyncMutex {
public:
    class [[nodiscard]] Guard {
    public:
        Guard() = default;
        Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
        Guard& operator=(Guard&& other) noexcept {
            unlock();
            mutex_ = std::exchange(other.mutex_, nullptr);
            return *this;
        }
        ~Guard() { unlock(); }
        void unlock() noexcept {
            if (auto* mutex = std::exchange(mutex_, nullptr)) mutex->unlock();
        }

    private:
        friend class AsyncMutex;
        explicit Guard(AsyncMutex* mutex) : mutex_(mutex) {}
        AsyncMutex* mutex_ = nullptr;
    };

    AsyncMutex() = default;
    AsyncMutex(const AsyncMutex&) = delete;
    AsyncMutex& operator=(const AsyncMutex&) = delete;
    Task<Guard> lock();  // throws Error(cancelled)
    bool locked() const noexcept { return locked_; }
    std::size_t waiting() const noexcept { return waiters_.size(); }

private:
    struct Waiter {
        asio::steady_timer wake;
        bool granted = false, taken = false;
    };
    void unlock() noexcept;
    bool locked_ = false;
    std::list<Waiter*> waiters_;
};

}  // namespace vireo
