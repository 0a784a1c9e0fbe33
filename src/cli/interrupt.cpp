// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/interrupt.hpp"

#include "support/error.hpp"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <signal.h>

namespace vireo::cli {
namespace {

volatile sig_atomic_t seen = 0;
void (*restore)() = nullptr;
sigset_t before;  // the mask in which the signals come through

void on_signal(int number) {
    if (seen) {
        if (restore) restore();
        ::signal(number, SIG_DFL);
        ::raise(number);
    }
    seen = 1;
}

}  // namespace

void catch_interrupts() {
    struct sigaction action{};
    action.sa_handler = on_signal;  // without SA_RESTART: blocking calls return
    sigset_t ours;
    sigemptyset(&ours);
    for (int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction old{};
        ::sigaction(number, nullptr, &old);
        if (old.sa_handler == SIG_IGN) continue;  // nohup, a background job of a shell
        ::sigaction(number, &action, nullptr);
        sigaddset(&ours, number);
    }
    ::signal(SIGPIPE, SIG_IGN);
    ::sigprocmask(SIG_BLOCK, nullptr, &before);
}

void on_sudden_end(void (*function)()) {
    restore = function;
}
bool interrupted() noexcept {
    return seen;
}
void throw_if_interrupted() {
    if (seen) throw Interrupted();
}

int wait_for(pollfd* files, unsigned count, std::optional<Clock::time_point> deadline) {
    sigset_t blocked = before;
    for (int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&blocked, number);
    for (;;) {
        ::sigprocmask(SIG_BLOCK, &blocked, nullptr);
        if (seen) {
            ::sigprocmask(SIG_SETMASK, &before, nullptr);
            throw Interrupted();
        }
        timespec left{}, *limit = nullptr;
        if (deadline) {
            auto ns = std::max<std::int64_t>(0, std::chrono::nanoseconds(*deadline - Clock::now()).count());
            left = {static_cast<time_t>(ns / 1000000000), static_cast<long>(ns % 1000000000)};
            limit = &left;
        }
        int ready = ::ppoll(files, count, limit, &before);
        int error = errno;
        ::sigprocmask(SIG_SETMASK, &before, nullptr);
        if (ready >= 0) return ready;
        if (error != EINTR) throw system_error(error, "cannot wait");
    }
}

}  // namespace vireo::cli
