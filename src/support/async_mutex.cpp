// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/async_mutex.hpp"

#include "support/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace vireo {

Task<AsyncMutex::Guard> AsyncMutex::lock() {
    if (!locked_) {
        locked_ = true;
        co_return Guard(this);
    }
    auto executor = co_await asio::this_coro::executor;
    Waiter me{asio::steady_timer(executor, Clock::time_point::max())};
    auto where = waiters_.insert(waiters_.end(), &me);
    // A frame destroyed while it waits (loop torn down) must neither stay in the list nor keep a grant.
    struct Leave {
        AsyncMutex* mutex;
        Waiter* waiter;
        std::list<Waiter*>::iterator place;
        ~Leave() {
            if (!waiter->granted)
                mutex->waiters_.erase(place);
            else if (!waiter->taken)
                mutex->unlock();
        }
    } leave{this, &me, where};

    (void)co_await me.wake.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!me.granted) throw Error(Errc::cancelled, "stopped waiting for the lock");
    me.taken = true;
    Guard mine(this);
    auto state = co_await asio::this_coro::cancellation_state;  // granted and cancelled at once: pass the lock on
    if (state.cancelled() != asio::cancellation_type::none)
        throw Error(Errc::cancelled, "stopped waiting for the lock");
    co_return mine;
}

void AsyncMutex::unlock() noexcept {
    if (waiters_.empty()) {
        locked_ = false;
        return;
    }
    auto* next = waiters_.front();
    waiters_.pop_front();
    next->granted = true;  // stays locked: ownership moves
    next->wake.cancel();
}

}  // namespace vireo
