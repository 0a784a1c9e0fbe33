// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers, replay, and listeners that come and go while they are told.
#include "api/events.hpp"

#include "api/codec.hpp"
#include "api/service.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>

using namespace vireo;
using namespace vireo::api;

namespace {

Event renamed(const std::string& name) {
    return domain_renamed(ObjectPath("/d"), "old", name);
}

std::vector<std::uint64_t> numbers(const Events::Missed& missed) {
    std::vector<std::uint64_t> list;
    for (auto* event : missed.events) list.push_back(event->sequence);
    return list;
}
using Numbers = std::vector<std::uint64_t>;

}  // namespace

BOOST_AUTO_TEST_CASE(a_signal_gets_its_number_and_stamp) {
    Events events;
    std::vector<Event> heard;
    auto handle = events.listen([&](const Event& e) { heard.push_back(e); });
    auto before = std::chrono::system_clock::now();
    events.emit(domain_lifecycle(ObjectPath("/d"), LifecycleEvent::started, "booted"));
    events.emit(manager_job_removed(ObjectPath("/j")));
    BOOST_REQUIRE(heard.size() == 2);
    auto& first = heard[0];
    BOOST_TEST(first.signal->name == "Lifecycle");
    BOOST_TEST(first.interface->name == "org.vireo1.Domain");
    BOOST_TEST(first.object.value == "/d");
    BOOST_TEST(first.args.at("event").as_string() == "started");
    BOOST_TEST(first.args.at("detail").as_string() == "booted");
    EventStamp stamp;  // exactly the dictionary that interfaces/ promises
    decode(first.args.at("stamp"), stamp, Where("stamp"));
    BOOST_TEST(stamp.epoch == events.epoch());
    BOOST_TEST(stamp.sequence == 1);
    auto usec = std::chrono::duration_cast<std::chrono::microseconds>(before.time_since_epoch()).count();
    BOOST_TEST(stamp.time_usec >= static_cast<std::uint64_t>(usec));
    BOOST_TEST(heard[1].sequence == 2);
    BOOST_TEST(heard[1].object.value == root_path);
    BOOST_TEST(events.sequence() == 2);
}

BOOST_AUTO_TEST_CASE(every_argument_of_a_signal_is_there_in_order) {
    Events events;
    const Event* heard = nullptr;
    auto handle = events.listen([&](const Event& e) { heard = &e; });
    auto check = [&](Event event) {
        events.emit(std::move(event));
        auto it = heard->args.begin();
        BOOST_REQUIRE(heard->args.size() == heard->signal->args.size());
        for (auto& field : heard->signal->args) BOOST_TEST((it++)->key() == field.name);
    };
    check(manager_domain_added(ObjectPath("/d"), "u", "n"));
    check(manager_job_added(ObjectPath("/j"), "start", ObjectPath("/d")));
    check(job_stage_changed(ObjectPath("/j"), JobStage(), 0.5));
    check(job_finished(ObjectPath("/j"), JobState::failed, AnyDict{{"name", "x"}}));
    check(domain_rebooted(ObjectPath("/d")));
}

BOOST_AUTO_TEST_CASE(properties_are_neither_numbered_nor_kept) {
    Events events;
    int heard = 0;
    auto handle = events.listen([&](const Event& e) {
        ++heard;
        BOOST_CHECK(e.kind == Event::Kind::properties_changed);
        BOOST_TEST(e.sequence == 0);
        BOOST_TEST(!e.args.contains("stamp"));
    });
    events.emit(domain_properties_changed(ObjectPath("/d"), {{"State", "running"}}));
    events.emit(manager_properties_changed({{"DomainCount", 1}}));
    BOOST_TEST(heard == 2);
    BOOST_TEST(events.sequence() == 0);
    BOOST_TEST(events.since(events.epoch(), 0).events.empty());
}

BOOST_AUTO_TEST_CASE(each_run_has_an_epoch_of_its_own) {
    Events a, b;
    BOOST_TEST(a.epoch() != b.epoch());
    BOOST_TEST(a.epoch().size() == 36);
    BOOST_TEST(a.epoch()[14] == '4');
    a.emit(renamed("x"));
    BOOST_TEST(a.since(b.epoch(), 0).gap);
    BOOST_TEST(a.since("", 0).gap);
}

BOOST_AUTO_TEST_CASE(what_was_missed_is_replayed_or_called_a_gap) {
    Events events(3);
    auto& epoch = events.epoch();
    BOOST_TEST(!events.since(epoch, 0).gap);
    BOOST_TEST(events.since(epoch, 1).gap);  // it has not happened
    for (auto* name : {"a", "b", "c"}) events.emit(renamed(name));
    BOOST_CHECK(numbers(events.since(epoch, 0)) == (Numbers{1, 2, 3}));
    BOOST_CHECK(numbers(events.since(epoch, 2)) == Numbers{3});
    BOOST_TEST(events.since(epoch, 3).events.empty());
    BOOST_TEST(!events.since(epoch, 3).gap);
    events.emit(renamed("d"));  // the ring holds three
    BOOST_TEST(events.since(epoch, 0).gap);
    BOOST_TEST(events.since(epoch, 0).events.empty());
    auto rest = events.since(epoch, 1);
    BOOST_TEST(!rest.gap);
    BOOST_CHECK(numbers(rest) == (Numbers{2, 3, 4}));
    BOOST_TEST(rest.events.back()->args.at("new-name").as_string() == "d");
    BOOST_TEST(events.since(epoch, std::numeric_limits<std::uint64_t>::max()).gap);
    for (int i = 0; i < 1000; ++i) events.emit(renamed("x"));
    BOOST_TEST(events.since(epoch, 1001).events.size() == 3);
}

BOOST_AUTO_TEST_CASE(without_a_memory_only_the_present_is_known) {
    Events events(0);
    events.emit(renamed("a"));
    BOOST_TEST(events.since(events.epoch(), 0).gap);
    BOOST_TEST(!events.since(events.epoch(), 1).gap);
}

BOOST_AUTO_TEST_CASE(listeners_may_drop_themselves_and_others_while_they_are_told) {
    Events events;
    std::string heard;
    Events::Handle a, b, c, d;
    a = events.listen([&](const Event&) {
        heard += 'a';
        a.reset();
        c.reset();
    });
    b = events.listen([&](const Event&) {
        heard += 'b';
        if (!d) d = events.listen([&](const Event&) { heard += 'd'; });
    });
    c = events.listen([&](const Event&) { heard += 'c'; });
    events.emit(renamed("1"));
    BOOST_TEST(heard == "ab");  // c was dropped before its turn, d came too late
    events.emit(renamed("2"));
    BOOST_TEST(heard == "abbd");
    b.reset();
    d.reset();
    events.emit(renamed("3"));
    BOOST_TEST(heard == "abbd");
}

BOOST_AUTO_TEST_CASE(a_listener_that_emits_changes_no_order) {
    Events events;
    Numbers first, second;
    auto a = events.listen([&](const Event& e) {
        first.push_back(e.sequence);
        if (e.sequence < 3) events.emit(renamed("again"));
    });
    auto b = events.listen([&](const Event& e) { second.push_back(e.sequence); });
    events.emit(renamed("x"));
    BOOST_CHECK(first == (Numbers{1, 2, 3}));
    BOOST_CHECK(second == first);
}

BOOST_AUTO_TEST_CASE(a_listener_that_fails_harms_nobody) {
    Events events;
    int heard = 0;
    auto a = events.listen([](const Event&) { throw Error(Errc::internal, "on purpose"); });
    auto b = events.listen([&](const Event&) { ++heard; });
    events.emit(renamed("x"));
    events.emit(renamed("y"));
    BOOST_TEST(heard == 2);
}

BOOST_AUTO_TEST_CASE(a_handle_may_outlive_the_events) {
    Events::Handle handle;
    {
        Events events;
        handle = events.listen([](const Event&) {});
    }
    handle.reset();
}
