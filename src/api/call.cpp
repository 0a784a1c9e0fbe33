// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/call.hpp"

#include "support/error.hpp"
#include "support/log.hpp"

#include <algorithm>

namespace vireo::api {

Session::Handle Session::on_close(std::function<void()> callback) {
    if (closed_) {
        callback();
        return nullptr;
    }
    auto watcher = std::make_shared<std::function<void()>>(std::move(callback));
    std::erase_if(watchers_, [](auto& w) { return w.expired(); });
    watchers_.push_back(watcher);
    return watcher;
}

// A callback may drop the handle of another, and then that one is not told.
void Session::close() {
    if (closed_) return;
    closed_ = true;
    auto watchers = std::move(watchers_);
    watchers_.clear();
    for (auto& weak : watchers) {
        auto watcher = weak.lock();
        if (!watcher) continue;
        try {
            (*watcher)();
        } catch (...) {
            log::error("{}: what follows a client's end failed: {}", origin_,
                       current_error(std::current_exception()).what());
        }
    }
}

Call::Call(const Call& other) : session(other.session), interactive(other.interactive) {
    other.lists();
    lists_ = other.lists_;
}

Call& Call::operator=(const Call& other) {
    if (this != &other) *this = Call(other);
    return *this;
}

Call::Lists& Call::lists() const {
    if (!lists_) lists_ = std::make_shared<Lists>();
    return *lists_;
}

std::size_t Call::pass(UniqueFd fd) const {
    auto& all = lists().outgoing;
    all.push_back(std::move(fd));
    return all.size() - 1;
}

UniqueFd Call::accept(std::size_t index) const {
    auto& all = lists().incoming;
    if (index >= all.size() || !all[index])
        throw Error(Errc::invalid_argument, "the call speaks of descriptor " + std::to_string(index) +
                                                ", which did not come with it or was named twice");
    return std::move(all[index]);
}

}  // namespace vireo::api
