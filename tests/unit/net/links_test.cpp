// SPDX-License-Identifier: LGPL-2.1-or-later
// Links and taps for real, in a network namespace of the test's own.
#include "net/links.hpp"

#include "net/macvtap.hpp"
#include "net/tap.hpp"
#include "tests/support/async.hpp"
#include "tests/support/skip.hpp"

#include <functional>
#include <linux/if_link.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

using namespace vireo;
using namespace vireo::net;

namespace {

// Runs the test on a thread in a new, empty network namespace, which ends with it.
void in_own_network(const std::function<void(Netlink&)>& body) {
    std::exception_ptr failure;
    bool possible = true;
    std::thread([&] {
        if (::unshare(CLONE_NEWNET) || ::access("/dev/net/tun", R_OK | W_OK)) {
            possible = false;
            return;
        }
        try {
            auto netlink = take(Netlink::open());
            body(netlink);
        } catch (...) {
            failure = std::current_exception();
        }
    }).join();
    if (!possible) test::skip("no network namespace or no /dev/net/tun for us");
    if (failure) std::rethrow_exception(failure);
}

Link bridge(Netlink& netlink, const std::string& name) {
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
    request.text(IFLA_IFNAME, name).nest(IFLA_LINKINFO, [](Request& info) { info.text(IFLA_INFO_KIND, "bridge"); });
    take(netlink.apply(std::move(request), "cannot make " + name));
    return take(find_link(netlink, name));
}

TapWish wish(std::string name, unsigned queues = 1) {
    TapWish wish;
    wish.name = std::move(name);
    wish.queues = queues;
    wish.vnet_header = true;
    return wish;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(net_links)

BOOST_AUTO_TEST_CASE(taps_on_a_bridge) {
    in_own_network([](Netlink& netlink) {
        const auto br = bridge(netlink, "br0");
        BOOST_TEST(br.kind == "bridge");
        auto first = take(open_tap(wish("vnet%d")));
        auto second = take(open_tap(wish("vnet%d", 4)));
        BOOST_TEST(first.name == "vnet0");
        BOOST_TEST(second.name == "vnet1");
        BOOST_TEST(second.queues.size() == 4u);
        auto link = take(find_link(netlink, "vnet0"));
        BOOST_TEST(link.kind == "tun");
        BOOST_TEST(link.master == 0u);
        BOOST_TEST(!link.up);
        take(set_mac(netlink, link, *parse_mac("fe:54:00:01:02:03")));
        take(set_mtu(netlink, link, 1400));
        take(set_master(netlink, link, br));
        take(set_isolated(netlink, link, true));
        take(set_up(netlink, link));
        link = take(find_link(netlink, "vnet0"));
        BOOST_TEST(to_string(link.mac) == "fe:54:00:01:02:03");
        BOOST_TEST(link.mtu == 1400u);
        BOOST_TEST(link.master == br.index);
        BOOST_TEST(link.up);
        take(set_coalesced_frames("vnet0", 32));
        first.queues.clear();  // it goes with its last descriptor
        BOOST_CHECK(find_link(netlink, "vnet0").error().code() == Errc::not_found);
        second.queues.pop_back();
        take(find_link(netlink, "vnet1"));
    });
}

BOOST_AUTO_TEST_CASE(errors_say_what_and_why) {
    in_own_network([](Netlink& netlink) {
        auto missing = find_link(netlink, "br7");
        BOOST_REQUIRE(!missing);
        BOOST_CHECK(missing.error().code() == Errc::not_found);
        BOOST_TEST(missing.error().message() == "there is no link br7");
        BOOST_CHECK(find_link(netlink, "a-name-that-is-too-long").error().code() == Errc::invalid_config);
        auto held = take(open_tap(wish("mine")));
        auto busy = open_tap(wish("mine"));
        BOOST_REQUIRE(!busy);
        BOOST_CHECK(busy.error().code() == Errc::busy);
        BOOST_TEST(busy.error().message().find("mine") != std::string::npos);
        const auto link = take(find_link(netlink, "mine"));
        auto mtu = set_mtu(netlink, link, 10);
        BOOST_REQUIRE(!mtu);
        BOOST_TEST(std::string(mtu.error().what()).find("cannot set the MTU of mine to 10") != std::string::npos);
        auto no_tun = wish("other");
        no_tun.device = "/dev/net/none";
        BOOST_CHECK(open_tap(no_tun).error().code() == Errc::unsupported);
    });
}

BOOST_AUTO_TEST_CASE(addresses_and_routes) {
    in_own_network([](Netlink& netlink) {
        auto tap = take(open_tap(wish("t0")));
        const auto link = take(find_link(netlink, "t0"));
        LinkAddress v4;
        v4.address = "192.0.2.1";
        v4.prefix = 24;
        take(add_address(netlink, link, v4));
        BOOST_CHECK(add_address(netlink, link, v4).error().code() == Errc::already_exists);
        LinkAddress v6;
        v6.address = "2001:db8::1";
        v6.prefix = 64;
        take(add_address(netlink, link, v6));
        take(set_up(netlink, link));
        LinkRoute route;
        route.destination = "198.51.100.0";
        route.prefix = 24;
        route.gateway = "192.0.2.7";
        route.metric = 5;
        take(add_route(netlink, link, route));
        route.gateway = "203.0.113.1";
        route.destination = "203.0.113.128";
        route.prefix = 25;
        BOOST_TEST(!add_route(netlink, link, route));  // nothing leads there
        v4.address = "192.0.2";
        BOOST_CHECK(add_address(netlink, link, v4).error().code() == Errc::invalid_config);
        v6.prefix = 129;
        BOOST_CHECK(add_address(netlink, link, v6).error().code() == Errc::invalid_config);
    });
}

BOOST_AUTO_TEST_CASE(macvtaps) {
    in_own_network([](Netlink& netlink) {
        bridge(netlink, "lower");
        MacvtapWish wanted;
        wanted.lower = "lower";
        wanted.mode = "bridge";
        wanted.mac = *parse_mac("52:54:00:00:00:07");
        wanted.name = take(free_macvtap_name(netlink));
        BOOST_TEST(wanted.name == "macvtap0");
        const auto link = take(make_macvtap(netlink, wanted));
        BOOST_TEST(link.kind == "macvtap");
        BOOST_TEST(to_string(link.mac) == "52:54:00:00:00:07");
        BOOST_CHECK(make_macvtap(netlink, wanted).error().code() == Errc::already_exists);
        BOOST_TEST(take(free_macvtap_name(netlink)) == "macvtap1");
        auto opened = open_macvtap(link, 2, true);
        if (opened) BOOST_TEST(opened->size() == 2u);           // where /dev is kept by the kernel or udev
        take(remove_macvtap("macvtap0", "52:54:00:00:00:08"));  // somebody else's
        take(find_link(netlink, "macvtap0"));
        take(remove_macvtap("macvtap0", "52:54:00:00:00:07"));
        BOOST_CHECK(find_link(netlink, "macvtap0").error().code() == Errc::not_found);
        take(remove_macvtap("macvtap0", "52:54:00:00:00:07"));
        wanted.lower = "nowhere";
        BOOST_CHECK(make_macvtap(netlink, wanted).error().code() == Errc::not_found);
    });
}

BOOST_AUTO_TEST_CASE(a_mac_address_that_is_lent) {
    in_own_network([](Netlink& netlink) {
        const auto link = bridge(netlink, "lower");
        const auto before = to_string(link.mac);
        take(set_mac(netlink, link, *parse_mac("52:54:00:00:00:07")));
        take(restore_mac("lower", "52:54:00:00:00:09", before));  // set by somebody else meanwhile
        BOOST_TEST(to_string(take(find_link(netlink, "lower")).mac) == "52:54:00:00:00:07");
        take(restore_mac("lower", "52:54:00:00:00:07", before));
        BOOST_TEST(to_string(take(find_link(netlink, "lower")).mac) == before);
        take(restore_mac("gone", "52:54:00:00:00:07", before));
    });
}

BOOST_AUTO_TEST_SUITE_END()
