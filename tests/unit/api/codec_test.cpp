// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON to typed values and back, and what is said of values that do not fit.
#include "api/codec.hpp"

#include "api/types.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::api;

namespace {

const Where params("params");

template <class T>
T decoded(std::string_view text) {
    T out{};
    decode(json::parse(text), out, params);
    return out;
}
template <class T>
json::object encoded(const T& value) {
    json::object out;
    encode(value, out);
    return out;
}
template <class T>
std::string complaint(std::string_view text) {
    try {
        decoded<T>(text);
    } catch (const Error& e) {
        BOOST_CHECK(e.code() == Errc::invalid_argument);
        return e.what();
    }
    return "no complaint";
}

JobInfo a_job() {
    JobInfo job;
    job.job = ObjectPath("/org/vireo1/job/7");
    job.operation = "start";
    job.domain = ObjectPath("/org/vireo1/domain/x");
    job.state = JobState::failed;
    job.phase = "firmware";
    job.progress = 0.25;
    job.requester = "uid 0, rpc 1";
    job.start_usec = 1'700'000'000'000'000;
    job.duration_usec = 12;
    auto& stage = job.stages.emplace_back();
    stage.name = "firmware";
    stage.state = StageState::failed;
    auto& error = job.error.emplace();
    error.name = "org.vireo1.Error.SystemFailed";
    error.message = "disk full";
    error.causes = {"a", "b"};
    return job;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_dictionary_survives_the_way_there_and_back) {
    auto job = a_job();
    auto text = json::serialize(encoded(job));
    BOOST_CHECK(decoded<JobInfo>(text) == job);
    BOOST_TEST(text.find(R"("state":"failed","phase":"firmware","progress":2.5E-1)") != text.npos);
    BOOST_TEST(text.find("hint") == text.npos);  // what is not set is not there
}

BOOST_AUTO_TEST_CASE(optional_keys_are_absent_or_there) {
    StartOptions options;
    BOOST_TEST(encoded(options).empty());
    options.paused = false;
    options.if_revision = std::numeric_limits<std::uint64_t>::max();
    auto out = encoded(options);
    BOOST_TEST(json::serialize(out) == R"({"paused":false,"if-revision":18446744073709551615})");
    BOOST_CHECK(decoded<StartOptions>(json::serialize(out)) == options);
    BOOST_CHECK(decoded<StartOptions>("{}") == StartOptions());
}

BOOST_AUTO_TEST_CASE(the_answer_is_made_in_the_memory_of_its_object) {
    json::monotonic_resource memory;
    json::object out(&memory);
    put(out, "job", a_job());
    AnyDict any{{"a", {1, 2}}};
    put(out, "any", any);
    put(out, "moved", std::move(any));
    put(out, "list", std::vector<std::vector<std::string>>{{"x"}, {}});
    put(out, "map", std::map<std::string, std::vector<DomainState>>{{"k", {DomainState::running}}});
    for (auto& [key, value] : out) BOOST_CHECK(*value.storage() == *out.storage());
    BOOST_CHECK(*out["job"].at("stages").at(0).at("name").storage() == *out.storage());
    BOOST_CHECK(*out["moved"].at("a").storage() == *out.storage());
    BOOST_TEST(json::serialize(out["list"]) == R"([["x"],[]])");
    BOOST_TEST(json::serialize(out["map"]) == R"({"k":["running"]})");
}

BOOST_AUTO_TEST_CASE(keys_that_are_not_known_are_refused_with_the_nearest) {
    BOOST_TEST(complaint<StartOptions>(R"({"pausd":true})") == "params.pausd is not known; did you mean paused?");
    BOOST_TEST(complaint<StartOptions>(R"({"reset_nvram":true})") ==
               "params.reset_nvram is not known; did you mean reset-nvram?");
    BOOST_TEST(complaint<StartOptions>(R"({"paused":true,"puased":true})") ==
               "params.puased is not known; did you mean paused?");
    BOOST_TEST(complaint<DumpOptions>(R"({"colour":"red"})") == "params.colour is not known; what is known: kind");
    BOOST_TEST(complaint<SubscribeOptions>(R"({"since":{"epoch":"x","sequence":1,"epoc":""}})") ==
               "params.since.epoc is not known; did you mean epoch?");
    auto hostile = complaint<StartOptions>("{\"\\u001b[2J" + std::string(100'000, 'x') + "\":1}");
    BOOST_TEST(hostile.size() < 300);
    BOOST_TEST(hostile.find('\x1b') == hostile.npos);
}

BOOST_AUTO_TEST_CASE(an_answer_of_a_newer_daemon_is_read_by_what_is_known) {
    Where answer("result", Where::Side::answer);
    EventPosition out;
    decode(json::parse(R"({"epoch":"e","sequence":3,"new-in-2031":true})"), out, answer);
    BOOST_TEST(out.sequence == 3);
    DomainState state{};
    BOOST_CHECK_EXCEPTION(decode(json::value("dreaming"), state, answer), Error,
                          [](const Error& e) { return e.code() == Errc::unsupported && !e.hint().empty(); });
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_of_another_type_is_named_with_its_place) {
    BOOST_TEST(complaint<EventPosition>(R"({"epoch":"x"})") == "params.sequence is missing");
    BOOST_TEST(complaint<StartOptions>("[]") == "params must be an object");
    BOOST_TEST(complaint<StartOptions>(R"({"paused":1})") == "params.paused must be true or false");
    BOOST_TEST(complaint<StartOptions>(R"({"paused":null})") == "params.paused must be true or false");
    BOOST_TEST(complaint<DomainFilter>(R"({"name":1})") == "params.name must be a string");
    BOOST_TEST(complaint<DomainFilter>(R"({"name":"a\u0000b"})") ==
               "params.name must not contain the character U+0000");
    BOOST_TEST(complaint<DomainFilter>(R"({"states":"running"})") == "params.states must be an array");
    BOOST_TEST(complaint<DomainFilter>(R"({"states":["running","runing"]})") ==
               "params.states[1] must be one of no-state, running, blocked, paused, in-shutdown, shut-off, crashed, "
               "pm-suspended, "
               "not runing; did you mean running?");
    BOOST_TEST(complaint<DumpOptions>(R"({"kind":7})") == "params.kind must be one of live, persistent");
    BOOST_TEST(complaint<DumpOptions>(R"({"kind":"both"})") == "params.kind must be one of live, persistent, not both");
    BOOST_TEST((complaint<std::map<std::string, bool>>(R"({"k":1})")) == "params.k must be true or false");
    BOOST_TEST(complaint<double>(R"("1")") == "params must be a number");
}

BOOST_AUTO_TEST_CASE(numbers_are_whole_and_in_range) {
    BOOST_TEST(decoded<std::uint8_t>("255") == 255);
    BOOST_TEST(complaint<std::uint8_t>("256") == "params must be a whole number from 0 to 255");
    BOOST_TEST(complaint<std::uint32_t>("-1") == "params must be a whole number from 0 to 4294967295");
    BOOST_TEST(decoded<std::uint64_t>("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
    BOOST_TEST(complaint<std::uint64_t>("18446744073709551616") ==
               "params must be a whole number from 0 to 18446744073709551615");
    BOOST_TEST(decoded<std::int32_t>("-2147483648") == std::numeric_limits<std::int32_t>::min());
    BOOST_TEST(complaint<std::int32_t>("2147483648") == "params must be a whole number from -2147483648 to 2147483647");
    BOOST_TEST(complaint<std::int64_t>("9223372036854775808") ==
               "params must be a whole number from -9223372036854775808 to 9223372036854775807");
    BOOST_TEST(decoded<std::int16_t>("1e3") == 1000);  // the same number, as some libraries write it
    BOOST_TEST(decoded<std::uint16_t>("2.0") == 2);
    BOOST_TEST(complaint<std::uint16_t>("2.5") == "params must be a whole number from 0 to 65535");
    BOOST_TEST(complaint<std::int64_t>("1e300") != "no complaint");
    BOOST_TEST(decoded<double>("3") == 3.0);
}

BOOST_AUTO_TEST_CASE(object_paths_are_well_formed) {
    BOOST_TEST(decoded<ObjectPath>(R"("/")").value == "/");
    BOOST_TEST(decoded<ObjectPath>(R"("/org/vireo1/job/1")").value == "/org/vireo1/job/1");
    for (auto* bad : {R"("")", R"("org")", R"("/a//b")", R"("/a/")", R"("/a-b")", R"("/ä")", "3"})
        BOOST_TEST(complaint<ObjectPath>(bad) != "no complaint");
}

BOOST_AUTO_TEST_CASE(a_value_without_a_type_is_bounded_in_depth) {
    auto nested = [](int depth) {  // made by hand: the parser has a bound of its own
        json::value v = 1;
        for (int i = 0; i < depth; ++i)
            v = i % 2 ? json::value(json::object{{"k", std::move(v)}}) : json::value(json::array{std::move(v)});
        return v;
    };
    Any any;
    AnyDict dict;
    decode(nested(deepest_value - 1), any, params);
    BOOST_CHECK_THROW(decode(nested(deepest_value), any, params), Error);
    BOOST_CHECK_THROW(decode(nested(deepest_value + 20), dict, params), Error);
    decode(json::parse(R"({"a":[{"b":null}]})"), dict, params);
    BOOST_TEST(json::serialize(dict) == R"({"a":[{"b":null}]})");
}

BOOST_AUTO_TEST_CASE(enumerations_are_names_with_dashes) {
    BOOST_TEST(to_string(DomainState::pm_suspended) == "pm-suspended");
    BOOST_CHECK(domain_state_from("shut-off") == DomainState::shut_off);
    BOOST_CHECK(!domain_state_from("shut_off"));
    BOOST_CHECK(!domain_state_from(""));
    BOOST_TEST(to_string(static_cast<DomainState>(99)).empty());
}

BOOST_AUTO_TEST_CASE(the_nearest_name_is_near) {
    constexpr std::string_view names[] = {"timeout-usec", "wait", "mode"};
    BOOST_TEST(nearest("timeout", names).empty());
    BOOST_TEST(nearest("timeout-sec", names) == "timeout-usec");
    BOOST_TEST(nearest("wiat", names) == "wait");
    BOOST_TEST(nearest("", names).empty());
    BOOST_TEST(nearest("xyzw", names).empty());
    BOOST_TEST(nearest(std::string(1'000'000, 'a'), names).empty());
}

BOOST_AUTO_TEST_CASE(positions_become_names) {
    auto& domain = interface_of("Domain");
    auto& manager = interface_of("Manager");
    auto method = [](const Interface& i, std::string_view name) -> const Method& {
        for (auto& m : i.methods)
            if (name == m.name) return m;
        throw std::runtime_error("no such method");
    };
    auto named = [&](const Interface& i, std::string_view name, json::array values) {
        return json::serialize(named_params(i, method(i, name), std::move(values)));
    };
    BOOST_TEST(named(domain, "Rename", {"demo", "other"}) == R"({"domain":"demo","new-name":"other"})");
    BOOST_TEST(named(domain, "SetAutostart", {"demo", true, json::object()}) ==
               R"({"domain":"demo","autostart":true,"options":{}})");
    BOOST_TEST(named(manager, "LookupDomain", {"demo"}) == R"({"key":"demo"})");
    BOOST_TEST(named(manager, "Ping", {}) == "{}");
    BOOST_CHECK_EXCEPTION(named(manager, "Ping", {1}), Error, [](const Error& e) {
        return std::string(e.what()) == "Manager.Ping takes at most 0 parameters, not 1";
    });
    BOOST_CHECK_THROW(named(domain, "Start", {"demo", json::object(), 1}), Error);
    json::monotonic_resource memory;
    json::array values({"demo"}, &memory);
    auto result = named_params(domain, method(domain, "GetInfo"), std::move(values));
    BOOST_CHECK(*result.storage() == *json::storage_ptr(&memory));
}

BOOST_AUTO_TEST_CASE(a_descriptor_of_an_answer_must_have_come) {
    std::vector<UniqueFd> fds;
    BOOST_CHECK_THROW(take_descriptor(fds, 0), Error);
    fds.emplace_back(::dup(0));
    BOOST_CHECK(take_descriptor(fds, 0));
    BOOST_CHECK_THROW(take_descriptor(fds, 0), Error);
}
