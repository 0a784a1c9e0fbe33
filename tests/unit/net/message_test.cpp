// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/message.hpp"

#include "net/links.hpp"
#include "tests/support/async.hpp"

#include <linux/if_link.h>

using namespace vireo;
using namespace vireo::net;

namespace {

Attributes body_of(const Request& request) {
    return Attributes(request.data().subspan(NLMSG_LENGTH(sizeof(ifinfomsg))));
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

BOOST_AUTO_TEST_SUITE_END()
