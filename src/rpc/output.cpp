// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpc/output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

namespace vireo::rpc {
namespace {

constexpr std::size_t most_descriptors = 64;  // in one message; SCM_MAX_FD is 253
constexpr std::size_t kept_capacity = 256u << 10;

union Control {
    cmsghdr align;
    char bytes[CMSG_SPACE(most_descriptors * sizeof(int))];
};

ssize_t send_with(int socket, const char* data, std::size_t size, const std::vector<UniqueFd>& descriptors) {
    Control control{};
    iovec part{const_cast<char*>(data), size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    auto count = std::min(descriptors.size(), most_descriptors);
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    auto* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof(int));
    for (std::size_t i = 0; i < count; ++i) {
        int fd = descriptors[i].get();
        std::memcpy(CMSG_DATA(header) + i * sizeof(int), &fd, sizeof fd);
    }
    return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

void Output::attach(std::size_t begin, std::vector<UniqueFd> descriptors) {
    if (!descriptors.empty()) attachments_.push_back({begin, text_.size(), std::move(descriptors)});
}

void Output::forget_sent() {
    if (sent_ == text_.size()) {
        text_.clear();
        sent_ = 0;
        if (text_.capacity() > kept_capacity) text_.shrink_to_fit();
    } else if (sent_ > kept_capacity && attachments_.empty()) {
        text_.erase(0, sent_);
        sent_ = 0;
    }
}

Output::Flush Output::flush(int socket) {
    while (sent_ < text_.size()) {
        auto* data = text_.data() + sent_;
        ssize_t n = 0;
        if (attachments_.empty()) {
            n = ::send(socket, data, text_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
        } else if (auto& next = attachments_.front(); next.begin > sent_) {
            n = ::send(socket, data, next.begin - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
        } else {
            n = send_with(socket, data, next.end - sent_, next.descriptors);
            if (n > 0) attachments_.pop_front();  // they went with the first byte
        }
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ETOOMANYREFS)) {
            forget_sent();
            return Flush::blocked;
        }
        if (n < 0) {
            text_.clear();
            sent_ = 0;
            attachments_.clear();
            return Flush::broken;
        }
        sent_ += static_cast<std::size_t>(n);
    }
    forget_sent();
    return Flush::done;
}

long receive(int socket, char* data, std::size_t size, std::vector<UniqueFd>& descriptors, std::size_t limit) {
    Control control;
    iovec part{data, size};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(std::clamp<std::size_t>(limit, 1, most_descriptors) * sizeof(int));
    ssize_t n = 0;
    do n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0) return n;
    for (auto* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        auto count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
            UniqueFd owned(fd);
            if (descriptors.size() < limit) descriptors.push_back(std::move(owned));
        }
    }
    return n;
}

}  // namespace vireo::rpc
