// SPDX-License-Identifier: LGPL-2.1-or-later
// The host's ends of network cards: which link a definition wants, made and set up. All of it blocks.
#pragma once
#include "domain/host_files.hpp"
#include "model/interface.hpp"
#include "net/macvtap.hpp"
#include "support/error.hpp"

#include <string>

namespace vireo::domain {

// The MAC address of the host's end of a tap. On a bridge it must be no guest's, and high: a bridge takes the lowest of
// its ports' as its own, which must not change with its guests.
Result<net::Mac> tap_mac(const std::string& guest, bool on_bridge);

// Names that are chosen anew at each start, as libvirt has it: what a definition says of those is of an earlier one.
bool is_chosen_name(const std::string& name);

// A tap on its bridge, up. Error(not_found: no such bridge), Error(invalid_config: it is none) …
Result<NetworkEnd> make_bridge_tap(const model::Interface& interface);
// A tap on no bridge, with the addresses and routes that the host's side is to have, or one that is there already.
Result<NetworkEnd> make_ethernet_tap(const model::Interface& interface);

// In two steps: what it is to be called and is known by, then the link.
Result<net::MacvtapWish> plan_macvtap(const model::Interface& interface);
Result<NetworkEnd> make_direct(const model::Interface& interface, const net::MacvtapWish& wish);
// The MAC address of the link below, when the mode lends it to the guest (passthrough) and it has another one yet.
Result<std::string> mac_to_lend(const model::Interface& interface);
Result<> lend_mac(const model::Interface& interface);

// What <bandwidth> says of the guest's ends becomes of the host's: a tap sends what the guest receives, a macvtap is
// the guest's own end.
Result<> limit_traffic(const model::Interface& interface, const std::string& link);

// /dev/vhost-net for each queue; none where the definition or the hypervisor does without.
Result<std::vector<UniqueFd>> open_vhost_net(const model::Interface& interface, bool kvm);

// The socket of a vhost-user back end: is it there, or can QEMU make it?
Result<> check_vhost_user(const model::Interface& interface);

}  // namespace vireo::domain
