// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/virtual_function.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <sys/socket.h>

namespace vireo::net {
namespace {

ifinfomsg about(unsigned index) {
    ifinfomsg header{};
    header.ifi_family = AF_UNSPEC;
    header.ifi_index = static_cast<int>(index);
    return header;
}

}  // namespace

std::string to_string(const FunctionSetting& setting) {
    return fmt::format("{} {}", to_string(setting.mac), setting.vlan);
}

std::optional<FunctionSetting> parse_function_setting(std::string_view text) {
    const auto blank = std::min(text.find(' '), text.size());
    const auto mac = parse_mac(text.substr(0, blank));
    if (!mac || blank == text.size()) return std::nullopt;
    FunctionSetting setting;
    setting.mac = *mac;
    const auto digits = text.substr(blank + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), setting.vlan);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return setting;
}

Request function_request(const Link& physical, std::uint32_t number, const FunctionSetting& setting) {
    ifla_vf_mac mac{};
    mac.vf = number;
    std::ranges::copy(setting.mac, mac.mac);
    ifla_vf_vlan vlan{};
    vlan.vf = number;
    vlan.vlan = setting.vlan;
    Request request(RTM_SETLINK, 0, about(physical.index));
    request.nest(IFLA_VFINFO_LIST, [&](Request& list) {
        list.nest(IFLA_VF_INFO, [&](Request& info) { info.value(IFLA_VF_MAC, mac).value(IFLA_VF_VLAN, vlan); });
    });
    return request;
}

std::optional<FunctionSetting> function_in(std::span<const std::byte> body, std::uint32_t number) {
    const auto start = std::min<std::size_t>(NLMSG_ALIGN(sizeof(ifinfomsg)), body.size());
    std::optional<FunctionSetting> found;
    Attributes(body.subspan(start)).nest(IFLA_VFINFO_LIST).each(IFLA_VF_INFO, [&](const Attributes& info) {
        const auto mac = info.value<ifla_vf_mac>(IFLA_VF_MAC);
        if (!mac || mac->vf != number) return;
        auto& setting = found.emplace();
        std::copy_n(mac->mac, setting.mac.size(), setting.mac.begin());
        if (const auto vlan = info.value<ifla_vf_vlan>(IFLA_VF_VLAN)) setting.vlan = vlan->vlan;
    });
    return found;
}

Result<FunctionSetting> read_function(Netlink& netlink, const std::string& physical, std::uint32_t number) {
    auto link = find_link(netlink, physical);
    if (!link) return Failure(link.error());
    Request request(RTM_GETLINK, 0, about(link->index));
    request.value(IFLA_EXT_MASK, std::uint32_t(RTEXT_FILTER_VF));
    auto answers = netlink.ask(std::move(request), "cannot ask for the virtual functions of " + physical);
    if (!answers) return Failure(answers.error());
    for (const auto& answer : *answers)
        if (auto setting = function_in(answer, number)) return *setting;
    return fail(Errc::unsupported, fmt::format("{} says nothing of its virtual function {}", physical, number));
}

Result<> set_function(Netlink& netlink, const std::string& physical, std::uint32_t number,
                      const FunctionSetting& setting) {
    auto link = find_link(netlink, physical);
    if (!link) return Failure(link.error());
    return netlink.apply(function_request(*link, number, setting),
                         fmt::format("cannot give the virtual function {} of {} the MAC address {} and the VLAN {}",
                                     number, physical, to_string(setting.mac), setting.vlan));
}

Result<> restore_function(const std::string& physical, std::uint32_t number, const std::string& now,
                          const std::string& before) {
    const auto old = parse_function_setting(before);
    if (!old) return {};
    auto netlink = Netlink::open();
    if (!netlink) return Failure(netlink.error());
    auto current = read_function(*netlink, physical, number);
    if (!current) return current.error().code() == Errc::not_found ? Result<>() : Result<>(Failure(current.error()));
    if (to_string(*current) != now) return {};
    return set_function(*netlink, physical, number, *old);
}

}  // namespace vireo::net
