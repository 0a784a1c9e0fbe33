// SPDX-License-Identifier: LGPL-2.1-or-later
// Objects, properties, calls, errors and signals as a client of the bus sees them.
#include "dbus/reply.hpp"
#include "stage.hpp"

#include <fcntl.h>
#include <unistd.h>

using namespace vireo;
using namespace vireo::test;
using std::string_literals::operator""s;

BOOST_AUTO_TEST_CASE(managed_objects_are_all_there_with_their_properties) {
    Stage stage;
    stage.state.add(1000);
    stage.play([&] {
        Client client(stage.bus.address());
        auto answer = client.call(root, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
        BOOST_TEST(answer.size() == 1u);
        auto& objects = answer.at(0).as_object();
        BOOST_TEST(objects.size() == 1001u);  // and the job
        auto& one = objects.at("/org/vireo1/domain/00000000_0000_4000_8000_000000000999")
                        .as_object()
                        .at(domain_interface)
                        .as_object();
        BOOST_TEST(one.at("Name") == json::value("guest-999"));
        BOOST_TEST(one.at("State") == json::value("shut-off"));
        BOOST_TEST(one.at("Id") == json::value(-1));
        BOOST_TEST(one.at("MaxMemoryBytes") == json::value(1 << 30));
        BOOST_TEST(one.size() == api::interface_of("Domain").properties.size());
        auto& job = objects.at(first_job).as_object().at(job_interface).as_object();
        BOOST_TEST(job.at("Progress") == json::value(0.5));
        // each object is read once, not once for each property
        BOOST_TEST(stage.on_loop([&] { return stage.state.property_reads; }) == 1000);
    });
}

BOOST_AUTO_TEST_CASE(properties) {
    Stage stage;
    stage.state.add(2);
    stage.play([&] {
        Client client(stage.bus.address());
        auto version = client.call(root, properties_interface, "Get", "ss", manager_interface, "Version");
        BOOST_TEST(version == (json::array{"1.2.3"}));
        auto all = client.call(first_domain, properties_interface, "GetAll", "s", domain_interface);
        BOOST_TEST(all.at(0).as_object().at("UUID") == json::value("00000000-0000-4000-8000-000000000000"));
        stage.on_loop([&] { stage.state.domains.begin()->second.name = "other"; });
        auto name = client.call(first_domain, properties_interface, "Get", "ss", domain_interface, "Name");
        BOOST_TEST(name == (json::array{"other"}));  // never an old one
        auto set = client.refused(first_domain, properties_interface, "Set", "ssv", domain_interface, "Name", "s", "x");
        BOOST_TEST(set.name == "org.freedesktop.DBus.Error.PropertyReadOnly");
        auto unknown = client.refused(first_domain, properties_interface, "Get", "ss", domain_interface, "Colour");
        BOOST_TEST(unknown.name == "org.freedesktop.DBus.Error.UnknownProperty");
    });
}

BOOST_AUTO_TEST_CASE(calls_and_their_results) {
    Stage stage;
    stage.state.add(3);
    stage.play([&] {
        Client client(stage.bus.address());
        BOOST_TEST(client.call(root, manager_interface, "Ping").empty());
        auto info = client.call(first_domain, domain_interface, "GetInfo").at(0).as_object();
        BOOST_TEST(info.at("state") == json::value("running"));
        BOOST_TEST(info.at("max-memory-bytes") == json::value(1LL << 33));
        BOOST_TEST(info.at("pid") == json::value(4242));
        BOOST_TEST(!info.contains("start-usec"));
        auto two = client.call(root, manager_interface, "CreateDomainXML", "sa{sv}", "<domain/>", 0);
        BOOST_TEST(two == (json::array{"/org/vireo1/domain/new", first_job}));
        auto found = client.call(root, manager_interface, "LookupDomain", "s", "guest-2");
        BOOST_TEST(found == (json::array{"/org/vireo1/domain/00000000_0000_4000_8000_000000000002"}));
        auto list = client.call(root, manager_interface, "ListDomains", "a{sv}", 1, "name", "s", "guest-1");
        BOOST_TEST(list.at(0).as_array().size() == 1u);
        // an option of another width than declared is as good
        auto defined = client.call(root, manager_interface, "DefineDomainXML", "sa{sv}", "x", 2, "dry-run", "b", 1,
                                   "if-revision", "q", 7);
        BOOST_TEST(defined.at(0).as_object().at("revision") == json::value(7));
        BOOST_TEST(defined.at(0).as_object().at("created") == json::value(true));
        auto hypervisors = client.call(root, manager_interface, "ListHypervisors");
        BOOST_TEST(hypervisors.at(0).at(0).at("machines") == (json::value{"q35", "pc"}));
    });
}

BOOST_AUTO_TEST_CASE(a_definition_survives_the_way_in_and_out) {
    Stage stage;
    stage.state.add(1);
    stage.play([&] {
        Client client(stage.bus.address());
        client.call(root, manager_interface, "DefineDomain", "a{sv}a{sv}", 4, "name", "s", "vm", "memory", "a{sv}", 2,
                    "unit", "s", "KiB", "value", "t", 1048576ULL, "disks", "aa{sv}", 2, 1, "file", "s", "/a", 0,
                    "flags", "av", 3, "b", 1, "d", 0.5, "as", 1, "x", 0);
        json::value expected{{"name", "vm"},
                             {"memory", {{"unit", "KiB"}, {"value", 1048576}}},
                             {"disks", json::array{json::object{{"file", "/a"}}, json::object{}}},
                             {"flags", json::array{true, 0.5, json::array{"x"}}}};
        auto stored = stage.on_loop([&] { return json::value(stage.state.domains.begin()->second.definition); });
        BOOST_TEST(stored == expected);
        auto back = client.call(first_domain, domain_interface, "GetDefinition", "a{sv}", 0);
        BOOST_TEST(back.at(0) == expected);
    });
}

BOOST_AUTO_TEST_CASE(errors_carry_their_details_as_lines) {
    Stage stage;
    stage.state.add(1);
    stage.play([&] {
        Client client(stage.bus.address());
        auto bad = client.refused(root, manager_interface, "DefineDomainXML", "sa{sv}", "bad", 0);
        BOOST_TEST(bad.name == "org.vireo1.Error.InvalidConfig");
        BOOST_TEST(bad.text ==
                   "cannot define the domain: line 1: <x> is unknown: really unknown\n"
                   "hint: Leave it out.\nobject: guest-1\nstage: parse\n"
                   "cause: line 1: <x> is unknown\ncause: really unknown");
        auto missing = client.refused(root, manager_interface, "LookupDomain", "s", "nobody");
        BOOST_TEST(missing.name == "org.vireo1.Error.NotFound");
        BOOST_TEST(missing.text == "there is no domain called nobody\nhint: List them.\nobject: nobody");
    });
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
    Stage stage;
    stage.state.add(1);
    stage.play([&] {
        Client client(stage.bus.address());
        auto invalid = [](const Refusal& refusal) {
            BOOST_TEST_MESSAGE(refusal.text);
            return refusal.name == "org.vireo1.Error.InvalidArgument";
        };
        auto unknown = client.refused(first_domain, domain_interface, "Start", "a{sv}", 1, "reset-nvrm", "b", 1);
        BOOST_TEST(invalid(unknown));
        BOOST_TEST(unknown.text.find("reset-nvram") != std::string::npos);  // the nearest
        BOOST_TEST(invalid(client.refused(first_domain, domain_interface, "Start", "a{sv}", 1, "paused", "s", "yes")));
        BOOST_TEST(invalid(client.refused(first_domain, domain_interface, "Start", "a{sv}", 1, "paused", "(b)", 1)));
        BOOST_TEST(invalid(
            client.refused(first_domain, domain_interface, "Start", "a{sv}", 2, "paused", "b", 1, "paused", "b", 0)));
        BOOST_TEST(
            invalid(client.refused(first_domain, domain_interface, "Start", "a{sv}", 1, "if-revision", "i", -1)));
        BOOST_TEST(invalid(client.refused(first_domain, domain_interface, "GetXML", "a{sv}", 1, "kind", "s", "paper")));
        BOOST_TEST(client.refused(first_domain, domain_interface, "Start", "s", "x").name ==
                   "org.freedesktop.DBus.Error.InvalidArgs");
        BOOST_TEST(client.refused(first_domain, domain_interface, "Begin").name ==
                   "org.freedesktop.DBus.Error.UnknownMethod");
        BOOST_TEST(client.refused(first_domain, manager_interface, "Ping").name ==
                   "org.freedesktop.DBus.Error.UnknownMethod");
        BOOST_TEST(client.refused("/org/vireo1/domain", domain_interface, "GetInfo").name ==
                   "org.freedesktop.DBus.Error.UnknownMethod");
        BOOST_TEST(client.refused("/org/vireo1/job/99", job_interface, "GetInfo").name ==
                   "org.freedesktop.DBus.Error.UnknownObject");
        client.call(root, manager_interface, "Ping");  // and all goes on
    });
}

BOOST_AUTO_TEST_CASE(descriptors_come_with_the_answer) {
    Stage stage;
    stage.state.add(1);
    stage.play([&] {
        Client client(stage.bus.address());
        auto answer =
            client.call_message(client.message(first_domain, domain_interface, "OpenConsole", "a{sv}", 0).get());
        int borrowed = -1;
        BOOST_REQUIRE_GE(sd_bus_message_read(answer.get(), "h", &borrowed), 0);
        char text[64];
        auto length = ::read(borrowed, text, sizeof text);
        BOOST_REQUIRE_GT(length, 0);
        BOOST_TEST(std::string(text, static_cast<std::size_t>(length)) == "console of guest-0");
        BOOST_TEST(::read(borrowed, text, sizeof text) == 0);  // nobody else has the other end
    });
}

BOOST_AUTO_TEST_CASE(signals_and_changed_properties) {
    Stage stage;
    stage.state.add(1);
    stage.play([&] {
        Client client(stage.bus.address());
        client.match("type='signal',sender='org.vireo1'");
        stage.on_loop([&] {
            stage.events.emit(
                api::domain_lifecycle(api::ObjectPath(first_domain), api::LifecycleEvent::started, "booted"));
            stage.events.emit(api::domain_properties_changed(api::ObjectPath(first_domain),
                                                             {{"State", "running"}, {"Id", 3}, {"Revision", 9}}));
            stage.events.emit(api::manager_domain_added(api::ObjectPath(first_domain), "uuid", "guest-0"));
            stage.events.emit(api::job_finished(api::ObjectPath(first_job), api::JobState::failed,
                                                {{"name", "x"}, {"causes", {"a"}}}));
            api::Event added;
            added.kind = api::Event::Kind::object_added;
            added.interface = &api::interface_of("Domain");
            added.object = api::ObjectPath(first_domain);
            stage.events.emit(added);
            api::Event removed = added;
            removed.kind = api::Event::Kind::object_removed;
            stage.events.emit(removed);
        });
        auto started = client.signal("Lifecycle");
        BOOST_TEST(started.path == first_domain);
        BOOST_TEST(started.interface == domain_interface);
        BOOST_TEST(started.args.at(0) == json::value("started"));
        BOOST_TEST(started.args.at(2).at("sequence") == json::value(1));
        auto changed = client.signal("PropertiesChanged");
        BOOST_TEST(changed.args.at(0) == json::value(domain_interface));
        BOOST_TEST(changed.args.at(1) == (json::value{{"State", "running"}, {"Id", 3}, {"Revision", 9}}));
        BOOST_TEST(changed.args.at(2).as_array().empty());
        auto domain = client.signal("DomainAdded");
        BOOST_TEST(domain.path == root);
        BOOST_TEST(domain.args.at(2) == json::value("guest-0"));
        auto finished = client.signal("Finished");
        BOOST_TEST(finished.args.at(1) == (json::value{{"name", "x"}, {"causes", {"a"}}}));
        auto added = client.signal("InterfacesAdded");
        BOOST_TEST(added.path == root);
        BOOST_TEST(added.args.at(0) == json::value(first_domain));
        BOOST_TEST(added.args.at(1).at(domain_interface).at("Name") == json::value("guest-0"));
        auto removed = client.signal("InterfacesRemoved");
        BOOST_TEST(removed.args.at(1) == (json::value{domain_interface, domain_interface + ".Firmware"s}));
    });
}

BOOST_AUTO_TEST_CASE(an_error_text_is_never_empty_and_one_line_each) {
    BOOST_TEST(dbus::error_text(Error(Errc::busy, "a\nb").with_hint("c\nd")) == "a b\nhint: c d");
    BOOST_TEST(!dbus::error_text(Error(Errc::busy, "")).empty());
    BOOST_TEST(dbus::error_name(Error(Errc::access_denied, "x")) == "org.vireo1.Error.AccessDenied");
}
