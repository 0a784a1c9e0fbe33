// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/ports.hpp"

#include "support/fd.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace vireo;

namespace {

model::Domain with_displays(std::size_t count) {
    model::Domain definition;
    for (std::size_t i = 0; i < count; ++i) definition.devices.graphics.emplace_back().autoport = true;
    return definition;
}

// Occupies a port of the loopback address; none when somebody else has it.
UniqueFd occupy(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) || ::listen(fd.get(), 1))
        return UniqueFd();
    return fd;
}

}  // namespace

BOOST_AUTO_TEST_CASE(each_display_gets_a_port_of_its_own_from_5900_on) {
    auto definition = with_displays(3);
    std::set<int> taken;
    auto given = take(domain::choose_ports(definition, taken));
    BOOST_REQUIRE(given.size() == 3u);
    BOOST_TEST(taken.size() == 3u);
    BOOST_TEST(given[0] >= 5900);
    BOOST_TEST(*definition.devices.graphics[1].port == given[1]);
}

BOOST_AUTO_TEST_CASE(a_port_that_somebody_listens_on_is_passed_over) {
    auto definition = with_displays(1);
    std::set<int> taken;
    auto first = take(domain::choose_ports(definition, taken)).at(0);
    auto other = occupy(first);
    BOOST_REQUIRE(static_cast<bool>(other));
    definition = with_displays(1);
    taken.clear();
    BOOST_TEST(take(domain::choose_ports(definition, taken)).at(0) != first);
}

BOOST_AUTO_TEST_CASE(ports_that_the_definition_names_and_sockets_are_left_alone) {
    model::Domain definition;
    definition.devices.graphics.emplace_back().port = 5999;
    auto& by_socket = definition.devices.graphics.emplace_back();
    by_socket.listens.emplace_back().type = model::GraphicsListen::Type::socket;
    std::set<int> taken;
    BOOST_TEST(take(domain::choose_ports(definition, taken)).empty());
    BOOST_TEST(*definition.devices.graphics[0].port == 5999);
}

BOOST_AUTO_TEST_CASE(without_a_free_port_the_error_says_so) {
    auto definition = with_displays(1);
    std::set<int> taken;
    for (int port = 5900; port <= 65535; ++port) taken.insert(port);
    auto result = domain::choose_ports(definition, taken);
    BOOST_REQUIRE(!result);
    BOOST_TEST((result.error().code() == Errc::limit_exceeded));
}
