// SPDX-License-Identifier: LGPL-2.1-or-later
// The way from a transport to a service, with services that only take notes.
#include "api/codec.hpp"
#include "fakes.hpp"
#include "support/log.hpp"
#include "tests/support/async.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <set>

using namespace vireo;
using namespace vireo::api;
using vireo::test::domain_path;
using vireo::test::World;

namespace {

json::object object(std::string_view text) {
    return json::parse(text).as_object();
}

json::object now(World& world, std::string_view method, std::string_view params, const std::string& path = {}) {
    auto dispatcher = world.dispatcher();
    json::object result;
    auto answered = dispatcher.call_now(*dispatcher.find(method), world.call, ObjectPath(path), object(params), result);
    BOOST_TEST(answered);
    return result;
}

Task<json::object> later(World& world, std::string method, std::string params, std::string path = {}) {
    auto dispatcher = world.dispatcher();
    auto result = co_await dispatcher.call(*dispatcher.find(method), world.call, ObjectPath(path), object(params));
    co_return result;
}

template <class F>
std::string what(F work, Errc code) {
    try {
        work();
    } catch (const Error& e) {
        BOOST_CHECK(e.code() == code);
        return e.what();
    }
    return "nothing";
}

}  // namespace

BOOST_AUTO_TEST_CASE(methods_are_found_by_name) {
    World world;
    auto dispatcher = world.dispatcher();
    auto* target = dispatcher.find("Domain.GetInfo");
    BOOST_REQUIRE(target);
    BOOST_TEST(target->interface->name == "org.vireo1.Domain");
    BOOST_TEST(target->method->name == "GetInfo");
    for (auto* bad :
         {"", "GetInfo", "Domain", "Domain.", "domain.GetInfo", "Domain.GetInfo ", "org.vireo1.Domain.GetInfo"})
        BOOST_CHECK(!dispatcher.find(bad));
    std::size_t count = 0;
    for (auto& interface : interfaces())
        for (auto& method : interface.methods) {
            ++count;
            BOOST_CHECK((method.call_now == nullptr) != (method.call == nullptr));
            BOOST_CHECK(dispatcher.find(std::string(interface.brief) + "." + method.name));
        }
    BOOST_TEST(count > 25);
}

BOOST_AUTO_TEST_CASE(a_read_is_answered_at_once_in_the_memory_of_the_request) {
    World world;
    world.domain.info.state = DomainState::running;
    world.domain.info.reason = "booted";
    world.domain.info.id = 3;
    world.domain.info.pid = 4711;
    auto dispatcher = world.dispatcher();
    json::monotonic_resource memory;
    json::object params(&memory), result(&memory);
    BOOST_TEST(
        dispatcher.call_now(*dispatcher.find("Domain.GetInfo"), world.call, ObjectPath(domain_path), params, result));
    BOOST_TEST(
        json::serialize(result) ==
        R"({"info":{"state":"running","reason":"booted","health":"none","id":3,"max-memory-bytes":0,"memory-bytes":0,)"
        R"("vcpus":0,"pid":4711,"as-of-usec":0}})");
    BOOST_CHECK(*result.at("info").at("state").storage() == *json::storage_ptr(&memory));
}

BOOST_AUTO_TEST_CASE(arguments_are_decoded_and_options_may_be_left_out) {
    World world;
    now(world, "Manager.ListDomains", "{}");
    BOOST_CHECK(world.manager.seen_filter == DomainFilter());
    auto result = now(world, "Manager.ListDomains", R"({"filter":{"active":true,"states":["paused"]}})");
    BOOST_TEST(*world.manager.seen_filter.active);
    BOOST_CHECK(world.manager.seen_filter.states->front() == DomainState::paused);
    BOOST_TEST(result.at("domains").as_array().size() == 2);
    now(world, "Manager.Subscribe", R"({"options":{"since":{"epoch":"e","sequence":9}}})");
    BOOST_TEST(world.manager.seen_since->sequence == 9);
    BOOST_TEST(now(world, "Manager.Ping", "{}").empty());
    BOOST_TEST(json::serialize(now(world, "Domain.GetDefinition", "{}", domain_path)) ==
               R"({"definition":{"name":"demo","devices":{"disks":[1,2]}}})");
}

BOOST_AUTO_TEST_CASE(bad_parameters_name_their_place) {
    World world;
    auto bad = [&](std::string_view method, std::string_view params) {
        return what([&] { now(world, method, params, domain_path); }, Errc::invalid_argument);
    };
    BOOST_TEST(bad("Manager.LookupDomain", "{}") == "params.key is missing");
    BOOST_TEST(bad("Manager.LookupDomain", R"({"kye":"x","key":"demo"})") ==
               "params.kye is not known; did you mean key?");
    BOOST_TEST(bad("Manager.Ping", R"({"x":1})") == "params.x is not known: there is nothing to say here");
    BOOST_TEST(bad("Domain.GetXML", R"({"options":{"knd":"live"}})") ==
               "params.options.knd is not known; did you mean kind?");
    BOOST_TEST(bad("Domain.GetXML", R"({"options":[]})") == "params.options must be an object");
    BOOST_TEST(what(
                   [&] {
                       test::run([](World& w) -> Task<> {
                           co_await later(w, "Domain.Start", R"({"options":{"pausd":true}})", domain_path);
                       }(world));
                   },
                   Errc::invalid_argument) == "params.options.pausd is not known; did you mean paused?");
}

ASYNC_TEST(a_change_runs_as_a_coroutine) {
    World world;
    auto result = co_await later(world, "Domain.Start", R"({"options":{"paused":true,"if-revision":5}})", domain_path);
    BOOST_TEST(result.at("job").as_string() == "/org/vireo1/job/1");
    BOOST_TEST(*world.domain.seen_start.paused);
    BOOST_TEST(*world.domain.seen_start.if_revision == 5);
    BOOST_TEST(world.domain.seen_path.value == domain_path);
    BOOST_TEST(world.domain.seen_origin == "rpc 7");
    co_await later(world, "Domain.Rename", R"({"new-name":"other"})", domain_path);
    BOOST_TEST(world.domain.seen_name == "other");
    co_await later(world, "Domain.SetAutostart", R"({"autostart":true})", domain_path);
    BOOST_TEST(world.domain.autostart);
    auto two = co_await later(world, "Manager.CreateDomainXML", R"({"xml":"<domain/>"})");
    BOOST_TEST(json::serialize(two) == "{\"domain\":\"" + domain_path + "\",\"job\":\"/org/vireo1/job/3\"}");
    co_await later(world, "Manager.DefineDomain", R"({"definition":{"name":"x","cpu":{"count":2}}})");
    BOOST_TEST(json::serialize(world.manager.seen_definition) == R"({"name":"x","cpu":{"count":2}})");
    auto read = co_await later(world, "Manager.LookupDomain", R"({"key":"demo"})");  // a read may take this way too
    BOOST_TEST(read.at("domain").as_string() == domain_path);
}

ASYNC_TEST(descriptors_reach_the_call_of_the_transport) {
    World world;
    auto result = co_await later(world, "Domain.OpenConsole", "{}", domain_path);
    BOOST_TEST(result.at("console").to_number<int>() == 0);
    BOOST_REQUIRE(world.call.outgoing().size() == 1);
    BOOST_CHECK(world.call.outgoing()[0]);
}

ASYNC_TEST(permission_is_asked_before_anything_happens) {
    World world;
    world.allowed = false;
    auto dispatcher = world.dispatcher();
    json::object result;
    BOOST_TEST(!dispatcher.call_now(*dispatcher.find("Manager.Ping"), world.call, ObjectPath(), {}, result));
    BOOST_TEST(world.manager.pings == 0);
    co_await later(world, "Manager.Ping", "{}");
    BOOST_TEST(world.manager.pings == 1);
    BOOST_TEST(world.asked == std::vector<std::string>{"org.vireo1.read"});
    world.agrees = false;
    std::optional<Error> refused;
    try {
        co_await later(world, "Domain.Rename", R"({"new-name":"x"})", domain_path);
    } catch (const Error& e) {
        refused = e;
    }
    BOOST_REQUIRE(refused);
    BOOST_CHECK(refused->code() == Errc::access_denied);
    BOOST_TEST(world.asked.back() == "org.vireo1.configure");
    BOOST_TEST(world.domain.seen_name.empty());
}

ASYNC_TEST(whatever_is_thrown_arrives_as_an_error) {
    World world;
    using Pair = std::pair<std::string, std::string>;
    std::vector<Pair> calls{{"Manager.CreateDomain", R"({"definition":{}})"}, {"Domain.Reset", "{}"}};
    std::vector<Error> errors;
    for (auto& [name, params] : calls) {
        try {
            co_await later(world, name, params, domain_path);
        } catch (const Error& e) {
            errors.push_back(e);
        }
    }
    BOOST_REQUIRE(errors.size() == 2);
    BOOST_CHECK(errors[0].code() == Errc::internal);
    BOOST_CHECK(errors[1].code() == Errc::invalid_state);
    BOOST_TEST(errors[1].hint() == "Start it first.");
    CHECK_ERROR(now(world, "Manager.GetSnapshot", "{}"), Errc::internal);  // not even an exception
    CHECK_ERROR(now(world, "Domain.GetInfo", "{}", "/other"), Errc::not_found);
}

BOOST_AUTO_TEST_CASE(it_goes_on_when_every_call_is_logged) {
    World world;
    log::set_level(log::Level::debug);
    now(world, "Manager.Ping", "{}");
    CHECK_ERROR(now(world, "Manager.LookupDomain", R"({"key":"x"})"), Errc::not_found);
    log::set_level(log::Level::info);
    BOOST_TEST(world.manager.pings == 1);
}

BOOST_AUTO_TEST_CASE(an_error_becomes_the_dictionary_that_the_api_promises) {
    Error error = Error(Errc::system_failed, "cannot start demo",
                        Error(Errc::system_failed, "cannot write nvram", Error(Errc::system_failed, "disk full")))
                      .with_object("demo")
                      .with_stage("firmware")
                      .with_hint("Free some space.");
    ErrorDetails details;
    decode(json::value(error_details(error)), details, Where("data"));
    BOOST_TEST(details.name == "org.vireo1.Error.SystemFailed");
    BOOST_TEST(details.message == "cannot start demo: cannot write nvram: disk full");
    BOOST_TEST(*details.object == "demo");
    BOOST_TEST(*details.stage == "firmware");
    BOOST_TEST(*details.hint == "Free some space.");
    BOOST_CHECK(*details.causes == (std::vector<std::string>{"cannot write nvram", "disk full"}));
    BOOST_TEST(json::serialize(error_details(Error(Errc::busy, "busy"))) ==
               R"({"name":"org.vireo1.Error.Busy","message":"busy"})");
}

BOOST_AUTO_TEST_CASE(the_table_reads_properties_and_objects) {
    World world;
    auto& domain = interface_of("Domain");
    BOOST_TEST(domain.object == "domain");
    BOOST_TEST(domain.resolve(world.services, "demo").value == domain_path);
    CHECK_ERROR(domain.resolve(world.services, "x"), Errc::not_found);
    BOOST_TEST(domain.exists(world.services, domain_path));
    BOOST_TEST(domain.objects(world.services).size() == 1);
    json::object out;
    domain.read_properties(world.services, ObjectPath(domain_path), out);
    BOOST_TEST(out.size() == domain.properties.size());
    auto it = out.begin();
    for (auto& field : domain.properties) BOOST_TEST((it++)->key() == field.name);
    BOOST_TEST(out.at("VCPUCount").to_number<int>() == 2);
    BOOST_TEST(out.at("State").as_string() == "shut-off");
    CHECK_ERROR(domain.read_properties(world.services, ObjectPath("/x"), out), Errc::not_found);
    auto& manager = interface_of("Manager");
    BOOST_CHECK(!manager.object && !manager.resolve && !manager.exists && !manager.objects);
    json::object root;
    manager.read_properties(world.services, ObjectPath(root_path), root);
    BOOST_TEST(root.at("Scope").as_string() == "session");
    CHECK_ERROR(interface_of("Nothing"), Errc::internal);
}

BOOST_AUTO_TEST_CASE(the_documents_describe_the_table) {
    auto document = json::parse(std::string_view(openrpc_document())).as_object();
    std::set<std::string> described;
    for (auto& method : document.at("methods").as_array()) described.emplace(method.at("name").as_string());
    std::size_t count = 0;
    for (auto& interface : interfaces()) {
        auto xml = introspection(interface.name);
        BOOST_TEST(xml.starts_with("<!DOCTYPE node"));
        BOOST_TEST(xml.find("vireo:") == xml.npos);
        for (auto& method : interface.methods) {
            ++count;
            BOOST_TEST(described.contains(std::string(interface.brief) + "." + method.name));
            BOOST_TEST(xml.find("<method name=\"" + std::string(method.name) + "\"") != xml.npos);
        }
    }
    BOOST_TEST(described.size() == count);
    auto& errors = document.at("components").at("errors").as_object();
    BOOST_TEST(errors.size() == error_names().size());
    for (std::size_t i = 0; i < error_names().size(); ++i) {
        auto code = static_cast<Errc>(i);
        BOOST_TEST(error_names()[i] == to_string(code));
        auto name = to_string(code);
        BOOST_TEST(errors.at(json::string_view(name.data(), name.size())).at("code").to_number<int>() ==
                   rpc_code(code));
    }
    BOOST_TEST(introspection("org.vireo1.Nothing").empty());
}
