// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/networks.hpp"

#include "support/file.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"

using namespace vireo;
using namespace vireo::domain;

namespace {

model::Interface virtio(std::string device = {}) {
    model::Interface interface;
    interface.model = "virtio";
    if (!device.empty()) interface.backend.emplace().vhost = std::move(device);
    return interface;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(domain_networks)

BOOST_AUTO_TEST_CASE(addresses_of_taps) {
    BOOST_TEST(net::to_string(take(tap_mac("52:54:00:01:02:03", true))) == "fe:54:00:01:02:03");
    BOOST_TEST(net::to_string(take(tap_mac("52:54:00:01:02:03", false))) == "fe:54:00:01:02:03");
    BOOST_TEST(net::to_string(take(tap_mac("fe:54:00:01:02:03", false))) == "fa:54:00:01:02:03");
    auto refused = tap_mac("fe:54:00:01:02:03", true);
    BOOST_REQUIRE(!refused);
    BOOST_CHECK(refused.error().code() == Errc::invalid_config);
    BOOST_TEST(!tap_mac("none", true));
}

BOOST_AUTO_TEST_CASE(names_that_are_chosen) {
    for (auto name : {"vnet0", "vnet12", "macvtap3", "macvlan0"}) BOOST_TEST(is_chosen_name(name), name);
    for (auto name : {"", "tap0", "vnet-web", "my-vnet0", "vnet0a"}) BOOST_TEST(!is_chosen_name(name), name);
}

BOOST_AUTO_TEST_CASE(who_moves_the_packets) {
    test::Folder folder;
    take(replace_file(folder / "vhost-net", "", 0600, Durable::no));
    const auto there = (folder / "vhost-net").string(), missing = (folder / "none").string();
    BOOST_TEST(take(open_vhost_net(virtio(there), true)).size() == 1u);
    BOOST_TEST(take(open_vhost_net(virtio(missing), true)).empty());  // QEMU does it
    BOOST_TEST(take(open_vhost_net(virtio(there), false)).empty());   // only KVM can
    auto wanted = virtio(missing);
    wanted.driver.emplace().name = model::InterfaceDriver::Name::vhost;
    auto refused = open_vhost_net(wanted, true);
    BOOST_REQUIRE(!refused);
    BOOST_TEST(std::string(refused.error().what()).find("vhost-net is not available") != std::string::npos);
    BOOST_TEST(!refused.error().hint().empty());
    wanted.backend->vhost = there;
    wanted.driver->queues = 3;
    BOOST_TEST(take(open_vhost_net(wanted, true)).size() == 3u);
    wanted.model = "e1000e";
    BOOST_CHECK(open_vhost_net(wanted, true).error().code() == Errc::invalid_config);
    wanted.driver->name = model::InterfaceDriver::Name::qemu;
    BOOST_TEST(take(open_vhost_net(wanted, true)).empty());
}

BOOST_AUTO_TEST_CASE(sockets_of_vhost_user) {
    test::Folder folder;
    auto interface = virtio();
    auto& source = interface.source.emplace();
    source.mode = model::InterfaceSource::Mode::client;
    source.path = folder / "socket";
    BOOST_CHECK(check_vhost_user(interface).error().code() == Errc::not_found);
    take(replace_file(folder / "socket", "", 0600, Durable::no));
    BOOST_CHECK(check_vhost_user(interface).error().code() == Errc::invalid_config);
    source.mode = model::InterfaceSource::Mode::server;
    take(check_vhost_user(interface));
    source.path = folder / "none/socket";
    BOOST_CHECK(check_vhost_user(interface).error().code() == Errc::not_found);
}

BOOST_AUTO_TEST_SUITE_END()
