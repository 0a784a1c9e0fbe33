// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/ports.hpp"

#include "support/fd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace vireo::domain {
namespace {

constexpr int first_port = 5900, last_port = 65535;

// Can this be bound now? What is not an address (a name) is left to QEMU, which says what is wrong with it.
bool free_now(const std::string& address, int port) {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    v6.sin6_family = AF_INET6;
    v6.sin6_port = v4.sin_port;
    bool is_v6 = ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1;
    if (!is_v6 && ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr) != 1) return true;
    UniqueFd fd(::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd) return true;
    int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto* where = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    return ::bind(fd.get(), where, is_v6 ? sizeof v6 : sizeof v4) == 0;
}

}  // namespace

std::string listen_address(const model::Graphics& graphics) {
    for (auto& listen : graphics.listens)
        if (listen.type == model::GraphicsListen::Type::address && !listen.address.empty()) return listen.address;
    return graphics.listen.empty() ? "127.0.0.1" : graphics.listen;
}

bool listens_on_network(const model::Graphics& graphics) {
    using Type = model::Graphics::Type;
    if (graphics.type != Type::vnc && graphics.type != Type::spice) return false;
    if (!graphics.socket.empty()) return false;
    for (auto& listen : graphics.listens)
        if (listen.type != model::GraphicsListen::Type::address) return false;
    return true;
}

Result<std::vector<int>> choose_ports(model::Domain& definition, std::set<int>& taken) {
    std::vector<int> given;
    for (auto& graphics : definition.devices.graphics) {
        bool open = graphics.autoport.value_or(false) || graphics.port.value_or(-1) == -1;
        if (!open || !listens_on_network(graphics)) continue;
        auto address = listen_address(graphics);
        int port = first_port;
        while (port <= last_port && (taken.contains(port) || !free_now(address, port))) ++port;
        if (port > last_port)
            return fail(Errc::limit_exceeded, "no port from 5900 on is free for the display on ", address);
        taken.insert(port);
        given.push_back(port);
        graphics.port = port;
    }
    return given;
}

}  // namespace vireo::domain
