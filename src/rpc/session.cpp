// SPDX-License-Identifier: LGPL-2.1-or-later
// The connection: reading, writing, its end. What becomes of a text is in requests.cpp.
#include "rpc/session.hpp"

#include "support/log.hpp"
#include "support/timeout.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace vireo::rpc {

using Descriptor = asio::posix::stream_descriptor;

namespace {

constexpr std::size_t modest_size = 128u << 10;  // of one connection's buffers: never a reason to cut it off

}  // namespace

Session::Session(const Executor& executor, UniqueFd socket, std::shared_ptr<api::Session> peer, Workshop& workshop,
                 Account& account)
    : socket_(executor, socket.get()),
      peer_(std::move(peer)),
      workshop_(workshop),
      account_(account),
      input_(workshop.limits.longest_line),
      more_output_(executor),
      room_(executor),
      keepers_(executor, TaskGroup::OnError::report),
      waits_(executor, TaskGroup::OnError::report),
      changes_(executor, TaskGroup::OnError::report) {
    (void)socket.release();  // socket_ owns it now
    socket_.native_non_blocking(true);
}

Session::~Session() {
    account_.bytes -= charged_;
}

Task<> Session::run() {
    keepers_.spawn(write_loop());
    keepers_.spawn(watch_hang_up());
    try {
        co_await read_loop();
        co_await finish_answers();
    } catch (...) {
        auto error = current_error(std::current_exception());
        if (error.code() != Errc::cancelled) log::warning("{}: {}", peer_->origin(), error.what());
    }
    // not cancellation_requested(): in a cancelled coroutine any co_await of another one throws
    auto state = co_await asio::this_coro::cancellation_state;
    bool cancelled = state.cancelled() != asio::cancellation_type::none;
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    cut_off_ = true;  // answers from now on are dropped
    ::shutdown(socket_.native_handle(), SHUT_RDWR);
    peer_->set_subscribed(false);
    peer_->close();
    waits_.cancel();
    keepers_.cancel();
    if (cancelled) changes_.cancel();
    std::exception_ptr stop;
    try {
        co_await changes_.join();  // passes a cancellation of this task on
    } catch (...) {
        stop = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    co_await waits_.join();
    co_await keepers_.join();
    if (cancelled || stop) throw Error(Errc::cancelled, "the connection was closed");
}

bool Session::may_take() const noexcept {
    auto& limits = workshop_.limits;
    return in_flight_ < limits.in_flight && in_flight_bytes_ < limits.in_flight_bytes &&
           output_.unsent() < limits.output_pause;
}

Task<> Session::read_loop() {
    for (;;) {
        auto turn_ends = Clock::now() + workshop_.limits.turn;
        while (!cut_off_ && may_take()) {
            auto text = input_.next();
            if (!text) break;
            if (is_batch(*text))
                co_await take_batch(std::string(*text));
            else
                take_one(*text);
            if (output_.unsent() >= workshop_.limits.output_pause) flush();
            if (Clock::now() >= turn_ends) {
                flush();
                co_await yield_now();
                turn_ends = Clock::now() + workshop_.limits.turn;
            }
        }
        flush();
        settle();
        if (cut_off_) co_return;
        if (input_.overlong()) {
            auto limit = workshop_.limits.longest_line;
            auto error = Error(Errc::limit_exceeded,
                               fmt::format("a line is longer than {} bytes; the connection ends here", limit));
            refuse(nullptr, "null", parse_error, error);
            flush();
            co_return;
        }
        if (!may_take()) {
            if (hung_up_) co_return;
            co_await room_.wait();
            continue;
        }
        if (!co_await fill()) break;
    }
    if (auto text = input_.rest(); text && !cut_off_) {
        if (is_batch(*text))
            co_await take_batch(std::string(*text));
        else
            take_one(*text);
    }
    flush();
}

Task<bool> Session::fill() {
    for (;;) {
        co_await socket_.async_wait(Descriptor::wait_read, asio::use_awaitable);
        auto room = input_.room();
        std::size_t pending = 0;
        for (auto& message : arrived_) pending += message.descriptors.size();
        std::vector<UniqueFd> descriptors;
        // a limit of 0 would let the kernel hand over one: receive() closes it
        auto count = receive(socket_.native_handle(), room.data(), room.size(), descriptors,
                             workshop_.limits.descriptors - pending);
        if (count > 0) input_.filled(static_cast<std::size_t>(count));
        if (!descriptors.empty()) arrived_.push_back({input_.received(), std::move(descriptors)});
        if (count > 0) co_return true;
        if (count == 0) co_return false;
        if (errno == ECONNRESET) co_return false;
        if (errno != EAGAIN && errno != EWOULDBLOCK) throw system_error(errno, "cannot read from the client");
    }
}

// The client said its last word; it may still listen.
Task<> Session::finish_answers() {
    if (cut_off_) co_return;
    while (!hung_up_ && !cut_off_ && (in_flight_ || output_.unsent())) co_await room_.wait();
}

// The client is gone for good (both directions): nobody waits for answers any more.
Task<> Session::watch_hang_up() {
    auto [error] = co_await socket_.async_wait(Descriptor::wait_error, asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    pollfd state{socket_.native_handle(), 0, 0};
    ::poll(&state, 1, 0);
    if (!(state.revents & (POLLHUP | POLLERR))) cut_off("it sent out-of-band data");
    hung_up_ = true;
    room_.notify_all();
}

Task<> Session::write_loop() {
    for (;;) {
        while (!output_.unsent()) co_await more_output_.wait();
        writer_blocked_ = false;
        if (flush() || cut_off_) continue;
        std::exception_ptr failure;
        try {
            co_await with_timeout(socket_.async_wait(Descriptor::wait_write, asio::use_awaitable),
                                  workshop_.limits.stalled, "taking its answers");
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure) continue;
        if (current_error(failure).code() != Errc::timeout) std::rethrow_exception(failure);
        cut_off("it does not read its answers");
    }
}

bool Session::flush() {
    if (!output_.unsent()) return true;
    if (writer_blocked_) return false;  // the writer is waiting; sending now could not do more
    switch (output_.flush(socket_.native_handle())) {
        case Output::Flush::done:
            largest_answer_ = 0;
            room_.notify_all();
            return true;
        case Output::Flush::blocked:
            writer_blocked_ = true;
            more_output_.notify_all();
            if (output_.unsent() < workshop_.limits.output_pause) room_.notify_all();
            return false;
        case Output::Flush::broken:
            cut_off_ = true;
            room_.notify_all();
            return false;
    }
    return false;
}

void Session::settle() {
    auto held = input_.held() + in_flight_bytes_ + output_.held() + held_events_.capacity();
    bool grew = held > charged_;
    account_.bytes += held - charged_;  // unsigned arithmetic: also downwards
    charged_ = held;
    auto& limits = workshop_.limits;
    // the one that grows, and never a modest one beside it
    if (grew && held > modest_size && account_.bytes > limits.bytes_per_user)
        return cut_off("the user's connections hold too much memory together");
    if (output_.unsent() + held_events_.size() > limits.output + largest_answer_)
        cut_off("it does not read its events");
}

void Session::cut_off(std::string_view why) {
    if (std::exchange(cut_off_, true)) return;
    log::warning("{} (user {}, process {}) is cut off: {}", peer_->origin(), peer_->uid(), peer_->pid(), why);
    ::shutdown(socket_.native_handle(), SHUT_RDWR);  // wakes the reader
    room_.notify_all();
}

void Session::tell(std::string_view notification) {
    if (cut_off_ || hung_up_) return;
    if (holders_) {
        held_events_ += notification;
    } else {
        output_.text() += notification;
        more_output_.notify_all();
    }
    settle();
}

void Session::release_events() {
    if (--holders_ || held_events_.empty()) return;
    output_.text() += held_events_;
    held_events_.clear();
    held_events_.shrink_to_fit();
    more_output_.notify_all();
}

}  // namespace vireo::rpc
