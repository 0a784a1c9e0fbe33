// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/blocking.hpp"

#include "support/error.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace vireo {

struct Blocking::Pool {
    explicit Pool(unsigned threads) : threads(threads) {}
    asio::thread_pool threads;
};

Blocking::Blocking(unsigned threads) : threads_(threads) {}
Blocking::~Blocking() {
    if (pool_) pool_->threads.join();
}

Task<> Blocking::run(std::function<void(std::stop_token)> work) {
    if (!pool_) pool_ = std::make_unique<Pool>(threads_);
    auto state = co_await asio::this_coro::cancellation_state;
    std::stop_source stop;
    auto slot = state.slot();
    if (slot.is_connected()) slot.assign([stop](asio::cancellation_type) mutable { stop.request_stop(); });
    struct Clear {
        asio::cancellation_slot slot;
        ~Clear() {
            if (slot.is_connected()) slot.clear();
        }
    } clear{slot};
    auto on_pool = [&work, token = stop.get_token()]() -> Task<> {
        work(token);
        co_return;
    };
    auto no_slot = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    co_await asio::co_spawn(pool_->threads, on_pool, no_slot);  // resumes on the loop
}

}  // namespace vireo
