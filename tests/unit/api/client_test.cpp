// SPDX-License-Identifier: LGPL-2.1-or-later
// The typed client, over a channel that goes straight to a dispatcher.
#include "api/client.hpp"

#include "api/codec.hpp"
#include "api/proxies.hpp"
#include "fakes.hpp"
#include "tests/support/async.hpp"

#include <sys/stat.h>

using namespace vireo;
using namespace vireo::api;
using vireo::test::domain_path;
using vireo::test::World;

namespace {

class Loop final : public ClientChannel {
public:
    explicit Loop(World& world) : world_(world), dispatcher_(world.dispatcher()) {}
    json::object call(std::string_view name, json::object params, std::vector<UniqueFd>& fds) override {
        auto* target = dispatcher_.find(name);
        if (!target) throw Error(Errc::not_found, "there is no method " + std::string(name));
        try {
            ObjectPath object;
            if (auto* key = target->interface->object) {
                object = target->interface->resolve(world_.services, std::string(params.at(key).as_string()));
                params.erase(key);
            }
            Call call(world_.session);
            json::object result;
            test::run(answer(*target, call, object, params, result));
            if (lose_descriptors) call.outgoing().clear();
            for (auto& fd : call.outgoing()) fds.push_back(std::move(fd));
            if (also) result["new-in-2031"] = 1;
            return result;
        } catch (const Error& e) {
            auto details = error_details(e);
            throw error_from_details(rpc_code(e.code()), e.what(), &details);
        }
    }
    bool lose_descriptors = false, also = false;

private:
    Task<> answer(Target target, Call& call, ObjectPath object, json::object params, json::object& result) {
        result = co_await dispatcher_.call(target, call, std::move(object), std::move(params));
    }
    World& world_;
    Dispatcher dispatcher_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_client_sends_and_reads_what_the_service_means) {
    World world;
    world.domain.info.state = DomainState::paused;
    world.domain.info.start_usec = 17;
    Loop loop(world);
    DomainClient domain(loop, "demo");
    BOOST_CHECK(domain.get_info() == world.domain.info);
    DumpOptions dump;
    dump.kind = DefinitionKind::persistent;
    BOOST_TEST(domain.get_xml(dump) == "<domain/>");
    BOOST_CHECK(world.domain.seen_dump == dump);
    BOOST_TEST(domain.start().value == "/org/vireo1/job/1");
    domain.set_autostart(true);
    BOOST_TEST(world.domain.autostart);
    ManagerClient manager(loop);
    BOOST_TEST(manager.create_domain_xml("<domain/>").job.value == "/org/vireo1/job/3");
    BOOST_TEST(manager.list_hypervisors().size() == 2);
    manager.ping();
    JobClient job(loop, "5");
    BOOST_CHECK(job.wait().state == JobState::succeeded);
    loop.also = true;  // a newer daemon says more
    BOOST_TEST(manager.lookup_domain("demo").value == domain_path);
}

BOOST_AUTO_TEST_CASE(a_descriptor_arrives) {
    World world;
    Loop loop(world);
    DomainClient domain(loop, "demo");
    auto console = domain.open_console();
    struct stat status{};
    BOOST_TEST(::fstat(console.get(), &status) == 0);
    loop.lose_descriptors = true;
    CHECK_ERROR(domain.open_console(), Errc::unsupported);
}

BOOST_AUTO_TEST_CASE(an_error_arrives_whole) {
    World world;
    Loop loop(world);
    try {
        DomainClient(loop, "demo").reset();
        BOOST_FAIL("reset must fail");
    } catch (const Error& e) {
        BOOST_CHECK(e.code() == Errc::invalid_state);
        BOOST_TEST(e.message() == "cannot reset demo");
        BOOST_TEST(std::string(e.what()) == "cannot reset demo: it does not run");
        BOOST_CHECK(e.causes() == std::vector<std::string>{"it does not run"});
        BOOST_TEST(e.object() == "demo");
        BOOST_TEST(e.stage() == "monitor");
        BOOST_TEST(e.hint() == "Start it first.");
    }
    CHECK_ERROR(DomainClient(loop, "nobody").get_info(), Errc::not_found);
}

BOOST_AUTO_TEST_CASE(an_error_without_or_with_odd_details_is_still_an_error) {
    for (std::size_t i = 0; i < error_names().size(); ++i) {
        auto code = static_cast<Errc>(i);
        BOOST_CHECK(error_from_details(rpc_code(code), "x", nullptr).code() == code);
    }
    BOOST_CHECK(error_from_details(-32601, "no method", nullptr).code() == Errc::not_found);
    BOOST_CHECK(error_from_details(-32700, "no JSON", nullptr).code() == Errc::invalid_argument);
    BOOST_CHECK(error_from_details(7, "?", nullptr).code() == Errc::internal);
    json::object odd{{"name", 3}, {"causes", {1, "b", nullptr}}, {"hint", json::array()}, {"object", "o"}};
    auto error = error_from_details(rpc_code(Errc::busy), "a: c", &odd);
    BOOST_CHECK(error.code() == Errc::busy);
    BOOST_TEST(std::string(error.what()) == "a: c");
    BOOST_TEST(error.object() == "o");
    json::object newer{{"name", "org.vireo1.Error.FromTheFuture"}, {"message", "m"}};
    BOOST_CHECK(error_from_details(-32001, "m", &newer).code() != Errc::busy);
}
