// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/tap.hpp"

#include "net/links.hpp"
#include "support/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

namespace vireo::net {
namespace {

Failure refused(int number, const TapWish& wish) {
    auto error = system_error(number, fmt::format("cannot make the tap {}", wish.name));
    if (number == EPERM || number == EACCES)
        error = error.with_hint(
            "Only a daemon of the whole system may make taps: use an interface of type='user', or "
            "vireod as a system service");
    if (number == EBUSY)
        error = error.with_code(Errc::busy).with_hint("Another guest or program has a link of this name open");
    if (number == EINVAL)
        error = error.with_hint("A link of this name is there and is no tap, or one with another number of queues");
    return Failure(std::move(error));
}

}  // namespace

Result<Tap> open_tap(const TapWish& wish) {
    if (auto good = check_link_name(wish.name); !good) return Failure(good.error());
    Tap tap;
    tap.name = wish.name;
    for (unsigned i = 0; i < wish.queues; ++i) {
        auto fd = open_file(wish.device, O_RDWR);
        if (!fd && fd.error().code() == Errc::not_found)
            return Failure(fd.error().with_code(Errc::unsupported).with_hint("modprobe tun"));
        if (!fd) return Failure(fd.error());
        ifreq request{};
        tap.name.copy(request.ifr_name, IFNAMSIZ - 1);
        request.ifr_flags = static_cast<short>(IFF_TAP | IFF_NO_PI | (wish.vnet_header ? IFF_VNET_HDR : 0) |
                                               (wish.queues > 1 ? IFF_MULTI_QUEUE : 0));
        if (::ioctl(fd->get(), TUNSETIFF, &request)) return refused(errno, wish);
        tap.name = request.ifr_name;
        tap.queues.push_back(std::move(*fd));
    }
    return tap;
}

Result<std::string> tap_name(int fd) {
    ifreq request{};
    if (::ioctl(fd, TUNGETIFF, &request)) return Failure(system_error(errno, "it is no tap"));
    return std::string(request.ifr_name);
}

}  // namespace vireo::net
