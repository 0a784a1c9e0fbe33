// SPDX-License-Identifier: LGPL-2.1-or-later
// How much goes through a link: what it sends is shaped (HTB), what it receives beyond the limit is dropped (a
// policer). They go with the link. Sources: tc-htb(8), tc-police(8), linux/pkt_sched.h, linux/pkt_cls.h.
#pragma once
#include "net/links.hpp"

#include <cstdint>

namespace vireo::net {

struct TrafficLimit {
    TrafficLimit() = default;
    std::uint64_t average = 0;  // bytes in a second; 0: no limit
    std::uint64_t peak = 0;     // bytes in a second, while the link below has room; 0: the average
    std::uint64_t burst = 0;    // bytes at once; 0: a usual amount
};

Result<> limit_sending(Netlink& netlink, const Link& link, const TrafficLimit& limit);
Result<> limit_receiving(Netlink& netlink, const Link& link, const TrafficLimit& limit);  // no peak

// The requests, in their order.
std::vector<Request> sending_requests(const Link& link, const TrafficLimit& limit);
std::vector<Request> receiving_requests(const Link& link, const TrafficLimit& limit);

}  // namespace vireo::net
