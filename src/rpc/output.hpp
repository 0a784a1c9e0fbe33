// SPDX-License-Identifier: LGPL-2.1-or-later
// What waits to be sent on one stream socket, with the descriptors that ride along.
#pragma once
#include "support/fd.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <vector>

namespace vireo::rpc {

class Output {
public:
    std::string& text() noexcept { return text_; }  // append only
    // These descriptors go with the bytes from begin (a size that text() had) to text()'s end, in a message of their
    // own.
    void attach(std::size_t begin, std::vector<UniqueFd> descriptors);
    std::size_t unsent() const noexcept { return text_.size() - sent_; }
    std::size_t held() const noexcept { return text_.capacity(); }

    enum class Flush { done, blocked, broken };  // broken: the peer is gone, the rest is dropped
    Flush flush(int socket);                     // never blocks, never raises SIGPIPE

private:
    struct Attachment {
        std::size_t begin, end;
        std::vector<UniqueFd> descriptors;
    };
    void forget_sent();

    std::string text_;
    std::size_t sent_ = 0;
    std::deque<Attachment> attachments_;
};

// Reads bytes and descriptors (close-on-exec; at most limit of them, the kernel closes the others) without blocking.
// Returns recvmsg(2)'s result: -1 with errno, 0 at the end.
long receive(int socket, char* data, std::size_t size, std::vector<UniqueFd>& descriptors, std::size_t limit);

}  // namespace vireo::rpc
