// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/bridge_helper.hpp"

#include "domain/networks.hpp"
#include "host/programs.hpp"
#include "net/tap.hpp"
#include "qemu/process_text.hpp"
#include "support/process.hpp"
#include "support/timeout.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/socket.h>

namespace vireo::domain {
namespace {

constexpr int helper_socket = 3;  // its number in the helper

// The helper knows a bridge and nothing else.
Result<> check_plain(const model::Interface& interface) {
    const auto only = [](std::string_view what) {
        return Failure(
            Error(Errc::access_denied, fmt::format("{} can be set by a daemon of the whole system only", what))
                .with_hint("Leave it out, or use vireod as a system service"));
    };
    if (interface.mtu) return only("<mtu>");
    if (interface.bandwidth) return only("<bandwidth>");
    if (interface.vlan && !interface.vlan->tags.empty()) return only("<vlan>");
    if (interface.coalesce) return only("<coalesce>");
    if (interface.port_isolated == true) return only("<port isolated='yes'>");
    if (interface.driver && interface.driver->queues.value_or(1) > 1) return only("queues");
    if (interface.target && !interface.target->dev.empty() && !is_chosen_name(interface.target->dev))
        return only("the name of the link, <target dev=…>,");
    return {};
}

// The descriptor that came with one byte.
Result<UniqueFd> received(int socket) {
    char byte = 0;
    iovec data{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    if (::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
        return Failure(system_error(errno, "qemu-bridge-helper sent no tap"));
    const auto* head = CMSG_FIRSTHDR(&message);
    if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
        head->cmsg_len != CMSG_LEN(sizeof(int)))
        return fail(Errc::hypervisor_failed, "qemu-bridge-helper sent no tap");
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(head), sizeof fd);
    return UniqueFd(fd);
}

}  // namespace

Task<NetworkEnd> tap_by_helper(std::shared_ptr<const model::Interface> interface) {
    const auto program = take(host::find_program("qemu-bridge-helper", "qemu-system-common"));
    take(check_plain(*interface));
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()))
        throw system_error(errno, "cannot make a pair of sockets");
    const UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    const auto& bridge = interface->source->bridge;
    Command command;
    command.argv = {program.string(), fmt::format("--fd={}", helper_socket), "--br=" + bridge};
    if (interface->is_virtio()) command.argv.insert(command.argv.begin() + 1, "--use-vnet");
    command.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    command.fds[helper_socket] = theirs.get();
    auto output = co_await with_timeout(run_program(std::move(command)), bridge_helper_limit, "qemu-bridge-helper");
    theirs.reset();
    if (!output.status.ok())
        throw Error(Errc::access_denied, fmt::format("qemu-bridge-helper makes no tap on {}: {}", bridge,
                                                     qemu::last_words(output.err.empty() ? output.out : output.err)))
            .with_hint(
                fmt::format("An administrator allows it: \"allow {}\" in /etc/qemu/bridge.conf, and chmod u+s {}",
                            bridge, program.string()));
    NetworkEnd end;
    end.taps.push_back(take(received(ours.get())));
    end.link = take(net::tap_name(end.taps.front().get()));
    co_return end;
}

}  // namespace vireo::domain
