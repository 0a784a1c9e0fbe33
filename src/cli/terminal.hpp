// SPDX-License-Identifier: LGPL-2.1-or-later
// The terminal in raw mode while this lives: each key goes through as it is. Put back by the destructor, and by a
// signal that ends the program at once.
#pragma once
#include <termios.h>

namespace vireo::cli {

class RawTerminal {
public:
    explicit RawTerminal(int fd);  // does nothing when fd is no terminal
    ~RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    bool is_terminal() const noexcept { return active_; }

private:
    int fd_;
    bool active_ = false;
    termios before_{};
};

}  // namespace vireo::cli
