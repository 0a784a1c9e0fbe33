// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/macvtap.hpp"

#include "net/tap.hpp"
#include "support/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace vireo::net {
namespace {

constexpr unsigned most_names = 8192;

std::uint32_t mode_number(std::string_view mode) {
    if (mode == "bridge") return MACVLAN_MODE_BRIDGE;
    if (mode == "private") return MACVLAN_MODE_PRIVATE;
    if (mode == "passthrough") return MACVLAN_MODE_PASSTHRU;
    return MACVLAN_MODE_VEPA;
}

// The node is named by the link's index, which another network namespace may use as well: does it lead to this link?
Result<> check_link(int fd, const Link& link, const std::string& node) {
    const auto name = tap_name(fd);
    if (!name) return Failure(name.error().wrap("cannot open " + node));
    if (link.name == *name) return {};
    return Failure(Error(Errc::system_failed, fmt::format("{} belongs to another link than {}", node, link.name))
                       .with_hint("Another network namespace has a macvtap with the same index; try again"));
}

}  // namespace

Result<std::string> free_macvtap_name(Netlink& netlink) {
    for (unsigned number = 0; number < most_names; ++number) {
        auto name = fmt::format("macvtap{}", number);
        auto link = find_link(netlink, name);
        if (!link && link.error().code() == Errc::not_found) return name;
        if (!link) return Failure(link.error());
    }
    return fail(Errc::limit_exceeded, "there is no free name for a macvtap");
}

Result<Link> make_macvtap(Netlink& netlink, const MacvtapWish& wish) {
    auto lower = find_link(netlink, wish.lower);
    if (!lower) return Failure(lower.error());
    ifinfomsg header{};
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, header);
    request.text(IFLA_IFNAME, wish.name).value(IFLA_LINK, lower->index).value(IFLA_ADDRESS, wish.mac);
    request.nest(IFLA_LINKINFO, [&](Request& info) {
        info.text(IFLA_INFO_KIND, "macvtap").nest(IFLA_INFO_DATA, [&](Request& data) {
            data.value(IFLA_MACVLAN_MODE, mode_number(wish.mode));
        });
    });
    auto made =
        netlink.apply(std::move(request), fmt::format("cannot make the macvtap {} on {}", wish.name, wish.lower));
    if (!made) return Failure(made.error());
    return find_link(netlink, wish.name);
}

Result<std::vector<UniqueFd>> open_macvtap(const Link& link, unsigned queues, bool vnet_header) {
    const auto node = fmt::format("/dev/tap{}", link.index);
    std::vector<UniqueFd> opened;
    for (unsigned i = 0; i < queues; ++i) {
        auto fd = open_file(node, O_RDWR);
        if (!fd) return Failure(fd.error().wrap("cannot open the macvtap " + link.name));
        if (auto same = check_link(fd->get(), link, node); !same) return Failure(same.error());
        ifreq request{};
        request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | (vnet_header ? IFF_VNET_HDR : 0) |
                                               (queues > 1 ? IFF_MULTI_QUEUE : 0));
        if (::ioctl(fd->get(), TUNSETIFF, &request))
            return Failure(system_error(errno, fmt::format("cannot set up the macvtap {}", link.name)));
        opened.push_back(std::move(*fd));
    }
    return opened;
}

Result<> remove_macvtap(const std::string& name, const std::string& mac) {
    auto netlink = Netlink::open();
    if (!netlink) return Failure(netlink.error());
    auto link = find_link(*netlink, name);
    if (!link) return link.error().code() == Errc::not_found ? Result<>() : Result<>(Failure(link.error()));
    if (link->kind != "macvtap" || to_string(link->mac) != mac) return {};
    return remove_link(*netlink, *link);
}

}  // namespace vireo::net
