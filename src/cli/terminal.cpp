// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/terminal.hpp"

#include "cli/interrupt.hpp"

#include <unistd.h>

namespace vireo::cli {
namespace {

int sudden_fd = -1;
termios sudden_state;

void put_back() {
    if (sudden_fd >= 0) ::tcsetattr(sudden_fd, TCSANOW, &sudden_state);  // async-signal-safe
}

}  // namespace

RawTerminal::RawTerminal(int fd) : fd_(fd) {
    if (!::isatty(fd) || ::tcgetattr(fd, &before_)) return;
    sudden_state = before_;
    sudden_fd = fd;
    on_sudden_end(put_back);
    auto raw = before_;
    ::cfmakeraw(&raw);
    active_ = ::tcsetattr(fd, TCSADRAIN, &raw) == 0;
}

RawTerminal::~RawTerminal() {
    if (active_) ::tcsetattr(fd_, TCSADRAIN, &before_);
    sudden_fd = -1;
}

}  // namespace vireo::cli
