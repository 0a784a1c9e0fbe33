// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of a start that makes the host's ends of network cards. A tap goes with its last descriptor; what stays
// behind without us (macvtaps, what scripts did) is in the status document before it is made.
#include "domain/bridge_helper.hpp"
#include "domain/networks.hpp"
#include "domain/open_vswitch.hpp"
#include "domain/servable.hpp"
#include "domain/start.hpp"
#include "support/log.hpp"

namespace vireo::domain {

using model::Interface;

namespace {

bool is_prepared(Interface::Type type) {  // the others QEMU makes itself, or they are devices of the host
    using enum Interface::Type;
    return type == bridge || type == ethernet || type == direct || type == vhostuser;
}

}  // namespace

Task<> Start::networks() {
    bool any = false;
    for (std::size_t i = 0; i < live_.devices.interfaces.size(); ++i) {
        if (!is_prepared(live_.devices.interfaces[i].type)) continue;
        any = true;
        std::exception_ptr failure;
        try {
            co_await network(live_.devices.interfaces[i]);
        } catch (...) {
            failure = std::current_exception();
        }
        if (failure) throw current_error(failure).wrap(device_place("interface", i));
    }
    if (any) write_live_definition();
}

Task<> Start::network(Interface& interface) {
    const auto copy = std::make_shared<const Interface>(interface);
    NetworkEnd end;
    if (interface.type == Interface::Type::vhostuser) {
        take(check_vhost_user(interface));
        co_return;
    }
    if (interface.type == Interface::Type::direct) {
        end = co_await direct_network(copy);
    } else {
        const bool on_bridge = interface.type == Interface::Type::bridge;
        auto make = [copy, on_bridge](std::stop_token) {
            return on_bridge ? make_bridge_tap(*copy) : make_ethernet_tap(*copy);
        };
        auto made = co_await env_.pool.call(std::move(make));
        // An ordinary user may make none, but may be allowed to have one made.
        if (!made && made.error().code() == Errc::access_denied && on_bridge && !on_open_vswitch(*copy))
            end = co_await tap_by_helper(copy);
        else
            end = take(std::move(made));
    }
    auto vhost = [copy, link = end.link, kvm = live_.type == model::DomainType::kvm](std::stop_token) {
        if (auto limited = limit_traffic(*copy, link); !limited)
            return Result<std::vector<UniqueFd>>(Failure(limited.error()));
        return open_vhost_net(*copy, kvm);
    };
    end.vhost = take(co_await env_.pool.call(std::move(vhost)));
    if (!interface.target) interface.target.emplace();
    interface.target->dev = end.link;
    const auto link = end.link;
    files_.networks[interface.info.alias] = std::move(end);
    if (on_open_vswitch(interface)) co_await join_switch(copy, link);
    if (!interface.down_script.empty()) note_taken({Taken(Taken::Kind::script, interface.down_script, "", link)});
    if (!interface.script.empty()) co_await run_link_script(interface.script, link);
}

Task<> Start::join_switch(std::shared_ptr<const Interface> interface, std::string link) {
    auto program = take(find_ovs_vsctl());
    const auto bridge = interface->source->bridge;
    note_taken({Taken(Taken::Kind::switch_port, link, "", bridge)});
    co_await run_ovs_vsctl(add_port_command(program, *interface, link, domain_.uuid()),
                           "cannot put " + link + " on the bridge " + bridge);
}

Task<NetworkEnd> Start::direct_network(std::shared_ptr<const Interface> interface) {
    auto lend = [interface](std::stop_token) { return mac_to_lend(*interface); };
    if (auto before = take(co_await env_.pool.call(std::move(lend))); !before.empty()) {
        note_taken({Taken(Taken::Kind::link_mac, interface->source->dev, before, interface->mac)});
        auto set = [interface](std::stop_token) { return lend_mac(*interface); };
        take(co_await env_.pool.call(std::move(set)));
    }
    constexpr int attempts = 20;  // others choose names too
    for (int attempt = 1;; ++attempt) {
        auto plan = [interface](std::stop_token) { return plan_macvtap(*interface); };
        const auto wish = take(co_await env_.pool.call(std::move(plan)));
        note_taken({Taken(Taken::Kind::macvtap, wish.name, "", net::to_string(wish.mac))});
        auto make = [interface, wish](std::stop_token) { return make_direct(*interface, wish); };
        auto made = co_await env_.pool.call(std::move(make));
        if (!made && made.error().code() == Errc::already_exists && attempt < attempts) continue;
        co_return take(std::move(made));
    }
}

}  // namespace vireo::domain
