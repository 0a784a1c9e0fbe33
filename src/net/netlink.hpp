// SPDX-License-Identifier: LGPL-2.1-or-later
// One rtnetlink socket. The kernel works on a request while it is sent, so that its answer is there at once: the calls
// block for as long as the kernel needs, which is why they belong in the pool. One socket is one thread's at a time.
#pragma once
#include "net/message.hpp"
#include "support/error.hpp"
#include "support/fd.hpp"

#include <string>
#include <vector>

namespace vireo::net {

class Netlink {
public:
    static Result<Netlink> open();  // in the network namespace of this thread

    // Errors say what (a whole sentence: "cannot put vnet0 on the bridge br0") and why in the kernel's words.
    Result<> apply(Request request, const std::string& what);
    // The answers' bodies, behind their nlmsghdr. Empty: the kernel has nothing to say.
    Result<std::vector<std::vector<std::byte>>> ask(Request request, const std::string& what);

private:
    explicit Netlink(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
    std::uint32_t sequence_ = 0;
};

}  // namespace vireo::net
