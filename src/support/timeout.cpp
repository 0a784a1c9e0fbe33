// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/timeout.hpp"

#include "support/error.hpp"
#include "support/spawnable.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace vireo {
namespace {

struct Watch {
    explicit Watch(const Executor& executor) : timer(executor) {}
    asio::cancellation_signal stop;
    asio::steady_timer timer;
    bool fired = false;
};

std::string readable(Clock::duration limit) {
    auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
    if (ms >= 1000 && ms % 1000 == 0) return std::to_string(ms / 1000) + " s";
    return std::to_string(ms) + " ms";
}

}  // namespace

Task<> with_timeout(Task<> work, Clock::duration limit, std::string what) {
    auto executor = co_await asio::this_coro::executor;
    auto state = co_await asio::this_coro::cancellation_state;
    auto watch = std::make_shared<Watch>(executor);

    auto parent = state.slot();  // the caller's cancellation reaches work
    if (parent.is_connected()) parent.assign([watch](asio::cancellation_type type) { watch->stop.emit(type); });
    struct Clear {
        asio::cancellation_slot slot;
        ~Clear() {
            if (slot.is_connected()) slot.clear();
        }
    } clear{parent};

    watch->timer.expires_after(limit);
    watch->timer.async_wait([watch](const boost::system::error_code& error) {
        if (error) return;
        watch->fired = true;
        watch->stop.emit(asio::cancellation_type::terminal);
    });
    try {
        auto token = asio::bind_cancellation_slot(watch->stop.slot(), asio::use_awaitable);
        co_await asio::co_spawn(executor, spawnable(std::move(work)), token);
        watch->timer.cancel();
        co_return;
    } catch (...) {
        watch->timer.cancel();
        if (!watch->fired || current_error(std::current_exception()).code() != Errc::cancelled) throw;
    }
    throw Error(Errc::timeout, std::move(what) + " took longer than " + readable(limit));
}

}  // namespace vireo
