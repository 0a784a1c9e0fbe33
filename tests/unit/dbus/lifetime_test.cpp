// SPDX-License-Identifier: LGPL-2.1-or-later
// Clients and buses that come and go, and calls beside each other.
#include "stage.hpp"

#include <thread>

using namespace vireo;
using namespace vireo::test;

namespace {

// Sends without waiting for the answer; what comes is counted.
struct Later {
    static int store(sd_bus_message* reply, void* data, sd_bus_error*) {
        auto& self = *static_cast<Later*>(data);
        if (auto* e = sd_bus_message_get_error(reply)) self.error = e->name;
        self.args = sd_bus_message_get_error(reply) ? json::array{} : Client::read(reply);
        ++self.answers;
        return 1;
    }
    void send(Client& client, sd_bus_message* message) {
        BOOST_REQUIRE_GE(sd_bus_call_async(client.raw(), nullptr, message, store, this, patience_usec), 0);
    }
    int answers = 0;
    std::string error;
    json::array args;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_slow_call_holds_up_nobody) {
    Stage stage;
    stage.state.add(1);
    stage.play([&] {
        Client client(stage.bus.address());
        Later slow;
        slow.send(client, client.message(first_job, job_interface, "Wait", "a{sv}", 0).get());
        for (int i = 0; i < 3; ++i) client.call(first_domain, domain_interface, "GetInfo");
        BOOST_TEST(slow.answers == 0);
        stage.until([&] { return stage.state.waiting == 1; });
        client.call(first_job, job_interface, "Cancel");
        client.until([&] { return slow.answers == 1; });
        BOOST_TEST(slow.args.at(0).at("state") == json::value("succeeded"));
        BOOST_TEST(slow.args.at(0).at("stages").at(0).at("name") == json::value("firmware"));
    });
}

BOOST_AUTO_TEST_CASE(calls_before_the_credentials_are_known_keep_their_order) {
    Stage stage;
    stage.state.add(60);
    stage.play([&] {
        Client client(stage.bus.address());
        Later later;
        std::vector<std::string> names;
        for (int i = 0; i < 60; ++i) {
            names.push_back("guest-" + std::to_string(i));
            later.send(client,
                       client.message(root, manager_interface, "LookupDomain", "s", names.back().c_str()).get());
        }
        client.until([&] { return later.answers == 60; });
        BOOST_TEST(later.error == "");
        auto asked = stage.on_loop([&] { return stage.state.asked; });
        BOOST_TEST(asked == names, boost::test_tools::per_element());
    });
}

BOOST_AUTO_TEST_CASE(too_many_calls_at_once_are_refused_and_disturb_nobody) {
    Stage stage;
    stage.state.add(1);
    stage.play([&] {
        Client greedy(stage.bus.address()), other(stage.bus.address());
        greedy.call(root, manager_interface, "Ping");
        Later later;
        for (int i = 0; i < 300; ++i)
            later.send(greedy, greedy.message(first_job, job_interface, "Wait", "a{sv}", 0).get());
        greedy.until([&] { return later.answers == 300 - 256; });
        BOOST_TEST(later.error == "org.vireo1.Error.LimitExceeded");
        other.call(first_domain, domain_interface, "GetInfo");
        stage.on_loop([&] { stage.job.finish(); });
        greedy.until([&] { return later.answers == 300; });
        greedy.call(first_job, job_interface, "Wait", "a{sv}", 0);  // and there is room again
    });
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_ends_its_session) {
    Stage stage;
    stage.play([&] {
        Client stays(stage.bus.address());
        stays.call(root, manager_interface, "Ping");
        {
            Client leaves(stage.bus.address());
            leaves.call(root, manager_interface, "Ping");
            leaves.call(root, manager_interface, "Ping");
            auto origins = stage.on_loop([&] {
                std::vector<std::string> out;
                for (auto& caller : stage.state.callers) out.push_back(caller->origin());
                return out;
            });
            BOOST_TEST(origins == (std::vector<std::string>{"dbus " + stays.name(), "dbus " + leaves.name()}),
                       boost::test_tools::per_element());
            stage.on_loop([&] {
                BOOST_TEST(stage.state.callers.at(1)->uid() == ::getuid());
                BOOST_TEST(stage.state.callers.at(1)->pid() == ::getpid());
                BOOST_TEST(stage.state.closed == 0);
            });
        }
        stage.until([&] { return stage.state.closed == 1; });
        stage.on_loop([&] {
            BOOST_TEST(stage.state.callers.at(1)->closed());
            BOOST_TEST(!stage.state.callers.at(0)->closed());
        });
        stays.call(root, manager_interface, "Ping");
    });
}

BOOST_AUTO_TEST_CASE(nobody_can_close_another_session_with_a_forged_signal) {
    Stage stage;
    stage.play([&] {
        Client victim(stage.bus.address()), liar(stage.bus.address());
        victim.call(root, manager_interface, "Ping");
        sd_bus_message* forged = nullptr;
        BOOST_REQUIRE_GE(sd_bus_message_new_signal(liar.raw(), &forged, "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                                   "NameOwnerChanged"),
                         0);
        dbus::MessagePtr owner(forged);
        BOOST_REQUIRE_GE(sd_bus_message_append(forged, "sss", victim.name().c_str(), victim.name().c_str(), ""), 0);
        BOOST_REQUIRE_GE(sd_bus_message_set_destination(forged, "org.vireo1"), 0);
        BOOST_REQUIRE_GE(sd_bus_send(liar.raw(), forged, nullptr), 0);
        liar.call(root, manager_interface, "Ping");  // after it
        stage.on_loop([&] { BOOST_TEST(!stage.state.callers.at(0)->closed()); });
    });
}

BOOST_AUTO_TEST_CASE(many_short_clients_leave_nothing) {
    Stage stage;
    stage.play([&] {
        for (int i = 0; i < 500; ++i) {  // more than there may be at once
            Client client(stage.bus.address());
            client.call(root, manager_interface, "Ping");
        }
        stage.until([&] { return stage.state.closed == 500; });
    });
}

BOOST_AUTO_TEST_CASE(a_change_goes_on_when_its_client_leaves) {
    Stage stage;
    stage.play([&] {
        {
            Client client(stage.bus.address());
            Later later;
            later.send(client, client.message(first_job, job_interface, "Wait", "a{sv}", 0).get());
            stage.until([&] {
                sd_bus_process(client.raw(), nullptr);
                return stage.state.waiting == 1;
            });
        }
        stage.until([&] { return stage.state.closed == 1; });
        stage.on_loop([&] { stage.job.finish(); });
        stage.until([&] { return stage.state.changes == 1; });
    });
}

BOOST_AUTO_TEST_CASE(it_works_without_a_bus_and_comes_when_there_is_one) {
    Stage stage;
    stage.bus.stop();
    stage.play(
        [&] {
            stage.on_loop([&] { BOOST_TEST(!stage.service.connected()); });
            stage.bus.start();
            stage.until([&] { return stage.service.connected(); });
            Client client(stage.bus.address());
            client.call(root, manager_interface, "Ping");
        },
        false);
}

BOOST_AUTO_TEST_CASE(the_bus_may_be_restarted) {
    Stage stage;
    stage.state.add(10);
    stage.play([&] {
        for (int round = 1; round <= 2; ++round) {
            {
                Client client(stage.bus.address());
                Later later;
                later.send(client, client.message(first_job, job_interface, "Wait", "a{sv}", 0).get());
                stage.until([&] {
                    sd_bus_process(client.raw(), nullptr);
                    return stage.state.waiting == round;
                });
                stage.bus.stop();
            }
            stage.until([&] { return !stage.service.connected(); });
            stage.until([&] { return stage.state.closed == round; });  // whoever was there is gone
            stage.on_loop([&] {                                        // nobody listens, nothing breaks
                stage.events.emit(api::domain_rebooted(api::ObjectPath(first_domain)));
            });
            stage.bus.start();
            stage.until([&] { return stage.service.connected(); });
            Client again(stage.bus.address());
            again.match("type='signal',sender='org.vireo1'");
            auto objects = again.call(root, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
            BOOST_TEST(objects.at(0).as_object().size() == 11u);
            stage.on_loop([&] { stage.events.emit(api::domain_rebooted(api::ObjectPath(first_domain))); });
            BOOST_TEST(again.signal("Rebooted").path == first_domain);
        }
        stage.on_loop([&] { stage.job.finish(); });  // what was under way goes on to its end
        stage.until([&] { return stage.state.changes == 2; });
    });
}

BOOST_AUTO_TEST_CASE(a_second_daemon_waits_for_the_name) {
    Stage stage;
    Client first(stage.bus.address());
    BOOST_REQUIRE_GE(sd_bus_request_name(first.raw(), "org.vireo1", 0), 0);
    stage.play([&] {
        Client client(stage.bus.address());
        auto owner = [&] {
            client.destination = "org.freedesktop.DBus";
            auto name =
                client.call("/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner", "s", "org.vireo1").at(0);
            client.destination = "org.vireo1";
            return name;
        };
        BOOST_TEST(owner() == json::value(first.name()));
        first.close();
        while (true) {
            try {
                client.call(root, manager_interface, "Ping");
                break;
            } catch (const Refusal& refusal) {
                // the one that left did not answer, or it has gone and the next one is not there yet
                auto gone = refusal.name == "org.freedesktop.DBus.Error.ServiceUnknown" ||
                            refusal.name == "org.freedesktop.DBus.Error.NoReply";
                BOOST_TEST(gone, refusal.name);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(large_answers_are_written_as_the_socket_takes_them) {
    Stage stage;
    stage.state.add(1000);
    stage.play([&] {
        Client client(stage.bus.address());
        client.call(root, manager_interface, "Ping");
        Later later;
        for (int i = 0; i < 30; ++i)
            later.send(client, client.message(root, manager_interface, "ListDomains", "a{sv}", 0).get());
        client.until([&] { return later.answers == 30; });
        BOOST_TEST(later.args.at(0).as_array().size() == 1000u);
    });
}
