// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/traffic.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <fmt/format.h>
#include <limits>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <net/if_arp.h>

namespace vireo::net {
namespace {

constexpr std::uint32_t root_handle = TC_H_MAKE(1u << 16, 0u);
constexpr std::uint32_t only_class = TC_H_MAKE(1u << 16, 1u);
constexpr std::uint64_t tick = 64;  // nanoseconds: the unit of times in tc's messages
constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint32_t largest_packet = 64 * 1024;  // with the offloads of virtio
constexpr std::uint32_t least_burst = 16 * 1024;
constexpr std::uint32_t bursts_per_second = 250;  // as often as a slow kernel's clock ticks

tcmsg about(const Link& link, std::uint32_t handle, std::uint32_t parent, std::uint32_t info = 0) {
    tcmsg header{};
    header.tcm_family = AF_UNSPEC;
    header.tcm_ifindex = static_cast<int>(link.index);
    header.tcm_handle = handle;
    header.tcm_parent = parent;
    header.tcm_info = info;
    return header;
}

std::uint32_t narrowed(std::uint64_t value) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

// The time that so many bytes take at this rate.
std::uint32_t ticks(std::uint64_t bytes, std::uint64_t rate) {
    const auto time = static_cast<double>(bytes) * static_cast<double>(second) / static_cast<double>(rate);
    return narrowed(static_cast<std::uint64_t>(time / static_cast<double>(tick)));
}

std::uint64_t burst_of(std::uint64_t wanted, std::uint64_t rate) {
    return wanted ? wanted : std::max<std::uint64_t>(rate / bursts_per_second + largest_packet, least_burst);
}

tc_ratespec rate_of(std::uint64_t rate) {
    tc_ratespec spec{};
    spec.rate = narrowed(rate);
    spec.linklayer = TC_LINKLAYER_ETHERNET;  // no table is needed
    return spec;
}

bool is_wide(std::uint64_t rate) {
    return rate > std::numeric_limits<std::uint32_t>::max();
}

Request shaped_class(const Link& link, const TrafficLimit& limit) {
    const auto ceiling = std::max(limit.peak, limit.average);
    tc_htb_opt options{};
    options.rate = rate_of(limit.average);
    options.ceil = rate_of(ceiling);
    options.buffer = ticks(burst_of(limit.burst, limit.average), limit.average);
    options.cbuffer = ticks(burst_of(0, ceiling), ceiling);
    constexpr std::uint64_t least_quantum = 1500, most_quantum = 200'000, turns = 10;  // as the kernel would choose it
    options.quantum = narrowed(std::clamp(limit.average / turns, least_quantum, most_quantum));
    Request request(RTM_NEWTCLASS, NLM_F_CREATE | NLM_F_EXCL, about(link, only_class, root_handle));
    request.text(TCA_KIND, "htb").nest(TCA_OPTIONS, [&](Request& inner) {
        inner.value(TCA_HTB_PARMS, options);
        if (is_wide(limit.average)) inner.value(TCA_HTB_RATE64, limit.average);
        if (is_wide(ceiling)) inner.value(TCA_HTB_CEIL64, ceiling);
    });
    return request;
}

// Everything that comes in, against one policer.
Request policer(const Link& link, const TrafficLimit& limit) {
    constexpr std::uint32_t priority = 49, cell_log = 9;  // 64 KiB fit into 256 cells of 2⁹ bytes with it
    tc_police police{};
    police.action = TC_POLICE_SHOT;
    police.rate = rate_of(limit.average);
    police.rate.cell_log = cell_log;
    police.rate.cell_align = -1;
    police.mtu = largest_packet;
    police.burst =
        ticks(limit.burst ? limit.burst : std::max<std::uint64_t>(limit.average, least_burst), limit.average);
    std::array<std::uint32_t, 256> table{};  // asked for, though it is not used with a link layer
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = ticks((i + 1) << cell_log, limit.average);
    std::array<std::byte, sizeof(tc_u32_sel) + sizeof(tc_u32_key)> everything{};  // one key, which masks all bits out
    everything[offsetof(tc_u32_sel, flags)] = std::byte(TC_U32_TERMINAL);
    everything[offsetof(tc_u32_sel, nkeys)] = std::byte(1);
    Request request(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL,
                    about(link, 0, TC_H_MAKE(TC_H_INGRESS, 0u), TC_H_MAKE(priority << 16, htons(ETH_P_ALL))));
    request.text(TCA_KIND, "u32").nest(TCA_OPTIONS, [&](Request& inner) {
        inner.value(TCA_U32_CLASSID, std::uint32_t(1)).bytes(TCA_U32_SEL, everything);
        inner.nest(TCA_U32_POLICE, [&](Request& act) {
            act.value(TCA_POLICE_TBF, police).value(TCA_POLICE_RATE, table);
            if (is_wide(limit.average)) act.value(TCA_POLICE_RATE64, limit.average);
        });
    });
    return request;
}

Result<> apply(Netlink& netlink, std::vector<Request> requests, const std::string& what) {
    for (auto& request : requests)
        if (auto done = netlink.apply(std::move(request), what); !done) return done;
    return {};
}

}  // namespace

std::vector<Request> sending_requests(const Link& link, const TrafficLimit& limit) {
    tc_htb_glob options{};
    options.version = TC_HTB_PROTOVER;
    options.rate2quantum = 10;
    options.defcls = TC_H_MIN(only_class);
    Request discipline(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, about(link, root_handle, TC_H_ROOT));
    discipline.text(TCA_KIND, "htb").nest(TCA_OPTIONS, [&](Request& inner) { inner.value(TCA_HTB_INIT, options); });
    std::vector<Request> requests;
    requests.push_back(std::move(discipline));
    requests.push_back(shaped_class(link, limit));
    return requests;
}

std::vector<Request> receiving_requests(const Link& link, const TrafficLimit& limit) {
    Request discipline(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, about(link, TC_H_MAKE(TC_H_INGRESS, 0u), TC_H_INGRESS));
    discipline.text(TCA_KIND, "ingress");
    std::vector<Request> requests;
    requests.push_back(std::move(discipline));
    requests.push_back(policer(link, limit));
    return requests;
}

Result<> limit_sending(Netlink& netlink, const Link& link, const TrafficLimit& limit) {
    if (!limit.average) return {};
    return apply(netlink, sending_requests(link, limit), fmt::format("cannot limit what {} sends", link.name));
}

Result<> limit_receiving(Netlink& netlink, const Link& link, const TrafficLimit& limit) {
    if (!limit.average) return {};
    return apply(netlink, receiving_requests(link, limit), fmt::format("cannot limit what {} receives", link.name));
}

}  // namespace vireo::net
