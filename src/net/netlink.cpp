// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/netlink.hpp"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

namespace vireo::net {
namespace {

constexpr std::size_t largest_answer = 64 * 1024;  // bytes: a link with all its statistics takes a few KiB
constexpr timeval answer_limit{10, 0};             // the answer is there already: only a broken kernel runs into it

// What the kernel adds to an error number (NETLINK_EXT_ACK).
std::string explanation(const nlmsghdr& head, const nlmsgerr& error) {
    if (!(head.nlmsg_flags & NLM_F_ACK_TLVS)) return {};
    std::size_t skip = NLMSG_HDRLEN + sizeof error;
    if (!(head.nlmsg_flags & NLM_F_CAPPED)) skip += error.msg.nlmsg_len - sizeof(nlmsghdr);
    if (skip >= head.nlmsg_len) return {};
    const auto* data = reinterpret_cast<const std::byte*>(&head);
    return Attributes({data + skip, head.nlmsg_len - skip}).text(NLMSGERR_ATTR_MSG);
}

Failure refused(int number, const std::string& what, const std::string& why) {
    auto error = system_error(number, why.empty() ? what : fmt::format("{} ({})", what, why));
    if (number == ENODEV) error = error.with_code(Errc::not_found);
    if (number == EPERM)
        error = error.with_hint(
            "Only a daemon of the whole system may change the host's network: use an interface of "
            "type='user', or vireod as a system service");
    return Failure(std::move(error));
}

}  // namespace

Result<Netlink> Netlink::open() {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
    if (!fd) return Failure(system_error(errno, "cannot open a netlink socket"));
    const int on = 1;
    for (const int option :
         {NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, NETLINK_CAP_ACK})  // what an old kernel lacks, it lacks
        (void)::setsockopt(fd.get(), SOL_NETLINK, option, &on, sizeof on);
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &answer_limit, sizeof answer_limit);
    sockaddr_nl me{};
    me.nl_family = AF_NETLINK;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&me), sizeof me))
        return Failure(system_error(errno, "cannot bind a netlink socket"));
    return Netlink(std::move(fd));
}

Result<> Netlink::apply(Request request, const std::string& what) {
    auto answers = ask(std::move(request), what);
    if (!answers) return Failure(answers.error());
    return {};
}

Result<std::vector<std::vector<std::byte>>> Netlink::ask(Request request, const std::string& what) {
    request.number(++sequence_);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    const auto bytes = request.data();
    while (::sendto(fd_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&kernel),
                    sizeof kernel) < 0)
        if (errno != EINTR) return Failure(system_error(errno, what));
    std::vector<std::vector<std::byte>> answers;
    std::vector<std::byte> buffer(largest_answer);
    for (;;) {
        const auto size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_TRUNC);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return Failure(system_error(errno, what));
        if (static_cast<std::size_t>(size) > buffer.size())
            return fail(Errc::system_failed, what, ": the kernel's answer is too long");
        auto left = static_cast<unsigned>(size);
        for (const auto* head = reinterpret_cast<const nlmsghdr*>(buffer.data()); NLMSG_OK(head, left);
             head = NLMSG_NEXT(head, left)) {
            if (head->nlmsg_seq != sequence_) continue;
            const auto* body = static_cast<const std::byte*>(NLMSG_DATA(head));
            if (head->nlmsg_type == NLMSG_DONE) return answers;
            if (head->nlmsg_type != NLMSG_ERROR) {
                answers.emplace_back(body, body + NLMSG_PAYLOAD(head, 0));
                continue;
            }
            const auto& error = *reinterpret_cast<const nlmsgerr*>(body);
            if (error.error) return refused(-error.error, what, explanation(*head, error));
            return answers;
        }
    }
}

}  // namespace vireo::net
