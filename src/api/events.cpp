// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/events.hpp"

#include "api/codec.hpp"
#include "support/clock.hpp"
#include "support/error.hpp"
#include "support/log.hpp"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <sys/random.h>

namespace vireo::api {
namespace {

std::string random_uuid() {  // RFC 4122, version 4
    std::array<unsigned char, 16> bytes{};
    while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        if (errno != EINTR) throw system_error(errno, "cannot get random numbers for the epoch of events");
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", bytes[i]);
    }
    return text;
}

}  // namespace

Events::Events(std::size_t keep) : epoch_(random_uuid()), keep_(keep) {}

Events::Handle Events::listen(Listener listener) {
    auto shared = std::make_shared<Listener>(std::move(listener));
    std::erase_if(listeners_, [](auto& weak) { return weak.expired(); });
    listeners_.push_back(shared);
    return shared;
}

void Events::emit(Event event) {
    if (event.kind == Event::Kind::signal) {
        event.sequence = ++sequence_;
        json::object stamp;  // EventStamp of interfaces/types.xml
        stamp.reserve(3);
        put(stamp, "epoch", epoch_);
        put(stamp, "sequence", event.sequence);
        put(stamp, "time-usec", now_usec());
        put(event.args, "stamp", std::move(stamp));
    }
    auto shared = std::make_shared<const Event>(std::move(event));
    if (shared->kind == Event::Kind::signal && keep_ > 0) {
        if (kept_.size() == keep_) kept_.pop_front();
        kept_.push_back(shared);
    }
    // A listener that emits does not go before the others: they hear the first event first.
    untold_.push_back(std::move(shared));
    if (telling_) return;
    telling_ = true;
    while (!untold_.empty()) {
        auto next = std::move(untold_.front());
        untold_.pop_front();
        tell(*next);
    }
    telling_ = false;
}

// Listeners may come and go meanwhile: one that goes is not told any more, one that comes is told the next event.
void Events::tell(const Event& event) {
    auto listeners = listeners_;
    for (auto& weak : listeners) {
        auto listener = weak.lock();
        if (!listener) continue;
        try {
            (*listener)(event);
        } catch (...) {
            log::error("an event was not passed on: {}", current_error(std::current_exception()).what());
        }
    }
}

Events::Missed Events::since(std::string_view epoch, std::uint64_t sequence) const {
    Missed missed;
    auto oldest = sequence_ - kept_.size() + 1;
    missed.gap = epoch != epoch_ || sequence > sequence_ || sequence + 1 < oldest;
    if (missed.gap) return missed;
    missed.events.reserve(sequence_ - sequence);
    for (auto i = sequence + 1 - oldest; i < kept_.size(); ++i) missed.events.push_back(kept_[i].get());
    return missed;
}

}  // namespace vireo::api
