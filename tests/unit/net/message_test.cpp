// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/message.hpp"

#include "net/links.hpp"
#include "net/traffic.hpp"
#include "net/virtual_function.hpp"
#include "tests/support/async.hpp"

#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>

using namespace vireo;
using namespace vireo::net;

namespace {

Attributes body_of(const Request& request) {
    return Attributes(request.data().subspan(NLMSG_LENGTH(sizeof(ifinfomsg))));
}

std::string hex(std::span<const std::byte> bytes) {
    std::string text;
    for (const auto byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(net_message)

BOOST_AUTO_TEST_CASE(what_is_built_is_read) {
    Request request(RTM_NEWLINK, NLM_F_CREATE, ifinfomsg{});
    request.text(IFLA_IFNAME, "macvtap0").value(IFLA_MTU, std::uint32_t(9000));
    request.nest(IFLA_LINKINFO, [](Request& info) {
        info.text(IFLA_INFO_KIND, "macvtap");
        info.nest(IFLA_INFO_DATA, [](Request& data) { data.value(IFLA_MACVLAN_MODE, std::uint32_t(4)); });
    });
    request.value(IFLA_LINK, std::uint32_t(7));
    request.number(42);
    nlmsghdr head{};
    std::memcpy(&head, request.data().data(), sizeof head);
    BOOST_TEST(head.nlmsg_len == request.data().size());
    BOOST_TEST(head.nlmsg_seq == 42u);
    BOOST_TEST((head.nlmsg_flags & (NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE)) ==
               (NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE));
    const auto body = body_of(request);
    BOOST_TEST(body.text(IFLA_IFNAME) == "macvtap0");
    BOOST_TEST(body.value<std::uint32_t>(IFLA_MTU).value() == 9000u);
    BOOST_TEST(body.value<std::uint32_t>(IFLA_LINK).value() == 7u);  // behind the nest
    const auto info = body.nest(IFLA_LINKINFO);
    BOOST_TEST(info.text(IFLA_INFO_KIND) == "macvtap");
    BOOST_TEST(info.nest(IFLA_INFO_DATA).value<std::uint32_t>(IFLA_MACVLAN_MODE).value() == 4u);
    BOOST_TEST(!body.value<std::uint32_t>(IFLA_MASTER));
}

BOOST_AUTO_TEST_CASE(what_is_malformed_ends_it) {
    Request request(RTM_NEWLINK, 0, ifinfomsg{});
    request.text(IFLA_IFNAME, "vnet0").value(IFLA_MTU, std::uint32_t(1500));
    const auto all = request.data().subspan(NLMSG_LENGTH(sizeof(ifinfomsg)));
    for (std::size_t size = 0; size < all.size(); ++size) {
        const Attributes cut(all.first(size));
        BOOST_TEST(!cut.value<std::uint32_t>(IFLA_MTU));
        (void)cut.text(IFLA_IFNAME);
    }
    std::vector<std::byte> broken(all.begin(), all.end());
    for (const unsigned length : {0u, 1u, 3u, 200u, 65535u}) {
        const auto wrong = static_cast<unsigned short>(length);
        std::memcpy(broken.data(), &wrong, sizeof wrong);
        BOOST_TEST(Attributes(broken).text(IFLA_IFNAME) == "");
        BOOST_TEST(!Attributes(broken).value<std::uint32_t>(IFLA_MTU));
    }
    BOOST_TEST(!Attributes(all).value<std::uint64_t>(IFLA_MTU));  // too short for that
}

BOOST_AUTO_TEST_CASE(mac_addresses_and_masks) {
    const auto mac = parse_mac("52:54:00:ab:0C:ff");
    BOOST_REQUIRE(mac.has_value());
    BOOST_TEST(to_string(*mac) == "52:54:00:ab:0c:ff");
    for (auto wrong : {"", "52:54:00:ab:0c", "52:54:00:ab:0c:ff:00", "52-54-00-ab-0c-ff", "5g:54:00:ab:0c:ff"})
        BOOST_TEST(!parse_mac(wrong).has_value(), wrong);
    BOOST_TEST(prefix_of("255.255.255.0").value() == 24u);
    BOOST_TEST(prefix_of("0.0.0.0").value() == 0u);
    BOOST_TEST(prefix_of("255.255.255.255").value() == 32u);
    BOOST_TEST(prefix_of("ffff:ffff::").value() == 32u);
    for (auto wrong : {"255.0.255.0", "255.255.255.1", "24", ""}) BOOST_TEST(!prefix_of(wrong).has_value(), wrong);
}

// Against what tc(8) of iproute2 6.1 sends for
//   tc filter add dev t0 parent ffff: protocol all prio 49 u32 match u32 0 0
//      police rate 1000kbps burst 10kb mtu 64kb drop flowid :1
//   tc class add dev t0 parent 1: classid 1:1 htb rate 1000kbps ceil 2000kbps burst 10kb
BOOST_AUTO_TEST_CASE(limits_are_what_tc_sends) {
    Link link;
    link.index = 2;
    TrafficLimit limit;
    limit.average = 1'000'000;
    limit.peak = 2'000'000;
    limit.burst = 10 * 1024;
    const auto receiving = receiving_requests(link, limit);
    BOOST_REQUIRE(receiving.size() == 2u);
    const auto filter = receiving[1].data().subspan(NLMSG_HDRLEN);
    BOOST_TEST(hex(filter.first(sizeof(tcmsg))) ==
               "000000000200000000000000"
               "0000ffff"
               "00033100");
    const Attributes options = Attributes(filter.subspan(sizeof(tcmsg))).nest(TCA_OPTIONS);
    BOOST_TEST(hex(options.find(TCA_U32_CLASSID)) == "01000000");
    BOOST_TEST(hex(options.find(TCA_U32_SEL)) == "01000100" + std::string(56, '0'));
    const auto police = options.nest(TCA_U32_POLICE);
    BOOST_TEST(hex(police.find(TCA_POLICE_TBF)) ==
               "0000000002000000000000000071020000000100"
               "09010000ffff000040420f00" +
                   std::string(48, '0'));
    const auto table = police.find(TCA_POLICE_RATE);
    BOOST_TEST(table.size() == 1024u);
    BOOST_TEST(hex(table.first(16)) == "401f0000803e0000c05d0000007d0000");
    BOOST_TEST(hex(table.last(4)) == "00401f00");
    const auto sending = sending_requests(link, limit);
    BOOST_REQUIRE(sending.size() == 2u);
    const auto shaped = sending[1].data().subspan(NLMSG_HDRLEN);
    BOOST_TEST(hex(shaped.first(sizeof(tcmsg))) ==
               "0000000002000000"
               "01000100"
               "00000100"
               "00000000");
    const auto parameters = Attributes(shaped.subspan(sizeof(tcmsg))).nest(TCA_OPTIONS).find(TCA_HTB_PARMS);
    BOOST_TEST(hex(parameters.subspan(8, 4)) == "40420f00");   // the rate
    BOOST_TEST(hex(parameters.subspan(20, 4)) == "80841e00");  // the ceiling
    BOOST_TEST(hex(parameters.subspan(24, 4)) == "00710200");  // 10 KiB at that rate
    BOOST_TEST(receiving_requests(link, limit)[0].data().size() < 64u);
}

// Against what bridge(8) of iproute2 6.1 sends for
//   bridge vlan add dev t0 vid 7 pvid untagged
//   bridge vlan add dev t0 vid 8
BOOST_AUTO_TEST_CASE(vlans_are_what_bridge_sends) {
    Link port;
    port.index = 4;
    PortVlan vlan;
    vlan.id = 7;
    vlan.of_untagged = vlan.untagged = true;
    const auto native = port_vlan_request(RTM_SETLINK, port, vlan);
    BOOST_TEST(hex(native.data().first(6)) == "2c0000001300");
    BOOST_TEST(hex(native.data().subspan(NLMSG_HDRLEN)) ==
               "07000000040000000000000000000000"
               "0c001a000800020006000700");
    vlan = {};
    vlan.id = 8;
    BOOST_TEST(hex(port_vlan_request(RTM_SETLINK, port, vlan).data().subspan(NLMSG_HDRLEN)) ==
               "07000000040000000000000000000000"
               "0c001a000800020000000800");
}

BOOST_AUTO_TEST_CASE(virtual_functions) {
    Link link;
    link.index = 5;
    FunctionSetting setting;
    setting.mac = *parse_mac("52:54:00:12:34:56");
    setting.vlan = 7;
    const auto request = function_request(link, 3, setting);
    const auto body = request.data().subspan(NLMSG_HDRLEN);
    BOOST_TEST((function_in(body, 3) == setting));  // an answer is built the same way
    BOOST_TEST(!function_in(body, 2).has_value());
    BOOST_TEST(!function_in({}, 3).has_value());
    BOOST_TEST(to_string(setting) == "52:54:00:12:34:56 7");
    BOOST_TEST((parse_function_setting(to_string(setting)) == setting));
    for (auto wrong : {"", "52:54:00:12:34:56", "52:54:00:12:34:56 x", "7 52:54:00:12:34:56"})
        BOOST_TEST(!parse_function_setting(wrong).has_value(), wrong);
    ifla_vf_mac mac{};
    std::size_t functions = 0;
    Request several(RTM_SETLINK, 0, ifinfomsg{});
    several.nest(IFLA_VFINFO_LIST, [&](Request& list) {
        for (mac.vf = 0; mac.vf < 4; ++mac.vf)
            list.nest(IFLA_VF_INFO, [&](Request& info) { info.value(IFLA_VF_MAC, mac); });
    });
    body_of(several).nest(IFLA_VFINFO_LIST).each(IFLA_VF_INFO, [&](const Attributes&) { ++functions; });
    BOOST_TEST(functions == 4u);
    BOOST_TEST(function_in(several.data().subspan(NLMSG_HDRLEN), 3).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
