// SPDX-License-Identifier: LGPL-2.1-or-later
// Taps: links whose other end is a descriptor (Linux, Documentation/networking/tuntap.rst). A tap that was made here is
// gone when its last descriptor is closed: a guest that ends, or a daemon that dies in a start, leaves none.
#pragma once
#include "support/error.hpp"
#include "support/fd.hpp"

#include <string>
#include <vector>

namespace vireo::net {

struct TapWish {
    TapWish() = default;
    std::string name;          // with one "%d" the kernel puts the lowest free number there
    unsigned queues = 1;       // as many descriptors
    bool vnet_header = false;  // before each packet: what virtio needs for its offloads
    std::string device = "/dev/net/tun";
};

struct Tap {
    std::string name;
    std::vector<UniqueFd> queues;
};

// Makes the tap, or opens the one that is there by this name. It is down, and on no bridge, when it is new.
// Error(access_denied), Error(busy: somebody has it open), Error(unsupported: no /dev/net/tun), system_failed.
Result<Tap> open_tap(const TapWish& wish);

// The link's, by a descriptor of a tap or a macvtap.
Result<std::string> tap_name(int fd);

}  // namespace vireo::net
