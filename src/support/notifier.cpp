// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/notifier.hpp"

#include "support/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace vireo {

Task<> Notifier::wait() {
    auto before = epoch_;
    ++waiting_;
    (void)co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    --waiting_;
    if (epoch_ == before) throw Error(Errc::cancelled, "the operation was cancelled");
}

void Notifier::notify_all() noexcept {
    ++epoch_;
    if (waiting_) timer_.cancel();  // cheap when nobody waits
}

}  // namespace vireo
