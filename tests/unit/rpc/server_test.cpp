// SPDX-License-Identifier: LGPL-2.1-or-later
// What an honest client meets.
#include "tests/unit/rpc/fake.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <map>
#include <sys/socket.h>

using namespace vireo;
using namespace vireo::test;

namespace {

std::string request(int id, std::string_view method, std::string_view params = "{}") {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + std::string(method) +
           R"(","params":)" + std::string(params) + "}";
}

std::int64_t code_of(const json::value& answer) {
    return answer.at("error").at("code").as_int64();
}

std::pair<UniqueFd, UniqueFd> make_pipe() {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

UniqueFd pipe_with(std::string_view text) {
    auto [in, out] = make_pipe();
    BOOST_REQUIRE(::write(out.get(), text.data(), text.size()) > 0);
    return std::move(in);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(server)

BOOST_AUTO_TEST_CASE(a_request_is_answered) {
    Harness server;
    auto client = server.connect();
    auto answer = client.ask(R"({"jsonrpc":"2.0","id":"x","method":"Thing.Echo","params":{"thing":"a","first":"1"}})");
    BOOST_CHECK(answer ==
                json::parse(R"({"jsonrpc":"2.0","id":"x","result":{"params":{"first":"1"},"object":"/thing/a"}})"));
    BOOST_CHECK(client.ask(request(1, "rpc.discover")).at("result").at("openrpc") == "1.2.6");
}

BOOST_AUTO_TEST_CASE(errors_carry_their_code_and_details) {
    Harness server;
    auto client = server.connect();
    auto busy = client.ask(request(1, "Test.Fail")).at("error");
    BOOST_TEST(busy.at("code").as_int64() == rpc_code(Errc::busy));
    BOOST_CHECK(busy.at("message") == "cannot do it: inner");
    auto& data = busy.at("data");
    BOOST_CHECK(data.at("name") == "org.vireo1.Error.Busy");
    BOOST_CHECK(data.at("object") == "web");
    BOOST_CHECK(data.at("stage") == "disks");
    BOOST_CHECK(data.at("hint") == "wait");
    BOOST_CHECK(data.at("causes") == json::parse(R"(["inner"])"));
    BOOST_TEST(code_of(client.ask("{")) == -32700);
    BOOST_TEST(code_of(client.ask("{}")) == -32600);
    BOOST_TEST(code_of(client.ask(request(1, "Test.Nothing"))) == -32601);
    BOOST_CHECK(client.ask(request(1, "Test.Nothing")).at("error").at("data").at("name") ==
                "org.vireo1.Error.NotFound");
    BOOST_TEST(code_of(client.ask(request(1, "Test.Echo", "[1,2,3]"))) == -32602);
    BOOST_TEST(code_of(client.ask(request(1, "Test.Break"))) == -32603);
    BOOST_TEST(code_of(client.ask(request(1, "Thing.Echo", R"({"thing":"b"})"))) == rpc_code(Errc::not_found));
}

BOOST_AUTO_TEST_CASE(the_batches_of_the_specification) {
    Harness server;
    auto client = server.connect();
    BOOST_TEST(code_of(client.ask("[]")) == -32600);
    BOOST_TEST(code_of(client.ask("[1,")) == -32700);
    auto invalid = client.ask("[1,2,3]");
    BOOST_TEST(invalid.as_array().size() == 3);
    for (auto& answer : invalid.as_array()) {
        BOOST_TEST(code_of(answer) == -32600);
        BOOST_TEST(answer.at("id").is_null());
    }
    server.services.released = true;
    auto mixed = client.ask("[" + request(1, "Test.Echo") + R"(,{"jsonrpc":"2.0","method":"Test.Echo"},)" +
                            request(2, "Test.Nothing") + ",{\"foo\":1}," + request(3, "Test.Hold") + "," +
                            request(4, "rpc.discover") + "]");
    std::map<std::string, std::string> outcome;
    for (auto& answer : mixed.as_array()) {
        auto* error = answer.as_object().if_contains("error");
        outcome[json::serialize(answer.at("id"))] = error ? json::serialize(error->at("code")) : "result";
    }
    std::map<std::string, std::string> expected = {
        {"1", "result"}, {"2", "-32601"}, {"null", "-32600"}, {"3", "result"}, {"4", "result"}};
    BOOST_TEST((outcome == expected));
}

BOOST_AUTO_TEST_CASE(a_batch_is_answered_when_its_last_request_is) {
    Harness server;
    auto client = server.connect();
    client.send(" [" + request(1, "Test.Hold") + "," + request(2, "Test.Echo") +
                R"(,{"jsonrpc":"2.0","method":"Test.Hold"}])" + "\n" + request(9, "Test.Echo") + "\n");
    BOOST_CHECK(json::parse(client.line().value()).at("id") == 9);  // others go on meanwhile
    BOOST_TEST(eventually([&] { return server.services.holding == 2; }));
    server.services.released = true;
    auto answers = json::parse(client.line().value()).as_array();
    BOOST_TEST(answers.size() == 2);
    BOOST_CHECK(answers[0].at("id") == 2);
    BOOST_CHECK(answers[1].at("id") == 1);
}

BOOST_AUTO_TEST_CASE(notifications_are_never_answered) {
    Harness server;
    server.services.released = true;
    auto client = server.connect();
    for (auto* method : {"Test.Echo", "Test.Fail", "Test.Nothing", "Test.Hold", "rpc.discover", "Thing.Echo"})
        client.send(R"({"jsonrpc":"2.0","method":")" + std::string(method) + "\"}\n");
    client.send(R"([{"jsonrpc":"2.0","method":"Test.Echo"},{"jsonrpc":"2.0","method":"Test.Hold"}])"
                "\n");
    BOOST_TEST(eventually([&] { return server.services.finished == 2; }));
    BOOST_CHECK(client.ask(request(1, "Test.Echo")).at("id") == 1);
    BOOST_TEST(server.services.echoed == 3);
    client.end_sending();
    BOOST_TEST(client.rest() == "");
}

BOOST_AUTO_TEST_CASE(many_requests_in_flight_are_answered_as_they_finish) {
    Harness server;
    auto client = server.connect();
    std::string text;
    for (int i = 0; i < 100; ++i) text += request(i, "Test.Hold") + "\n";
    for (int i = 100; i < 5000; ++i) text += request(i, "Test.Echo") + "\n";
    client.send(text);
    for (int i = 100; i < 5000; ++i) BOOST_REQUIRE(json::parse(client.line().value()).at("id") == i);
    server.services.released = true;
    std::map<std::int64_t, int> seen;
    for (int i = 0; i < 100; ++i) ++seen[json::parse(client.line().value()).at("id").as_int64()];
    BOOST_TEST(seen.size() == 100);
}

BOOST_AUTO_TEST_CASE(a_client_that_ended_its_sending_gets_its_answers) {
    Harness server;
    auto client = server.connect();
    client.send(request(1, "Test.Hold") + "\n" + request(2, "Test.Echo"));  // the last without a line's end
    client.end_sending();
    BOOST_CHECK(json::parse(client.line().value()).at("id") == 2);
    BOOST_TEST(eventually([&] { return server.services.holding == 1; }));
    server.services.released = true;
    BOOST_CHECK(json::parse(client.line().value()).at("id") == 1);
    BOOST_TEST(!client.line());
}

BOOST_AUTO_TEST_CASE(hanging_up_ends_waits_and_lets_changes_finish) {
    Harness server;
    auto client = server.connect();
    client.ask(request(0, "Test.WatchClose"));
    client.send(request(1, "Test.Hold") + "\n" + request(2, "Test.Wait") + "\n");
    BOOST_TEST(eventually([&] { return server.services.holding == 1 && server.services.waiting == 1; }));
    client.close();
    BOOST_TEST(eventually([&] { return server.services.cancelled == 1; }));
    BOOST_TEST(server.services.waiting == 0);
    BOOST_TEST(server.services.holding == 1);
    BOOST_TEST(server.services.closed == 1);
    server.services.released = true;
    BOOST_TEST(eventually([&] { return server.services.finished == 1; }));
    BOOST_TEST(eventually([&] { return server.connections() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_change_sent_and_left_is_made) {
    Harness server;
    server.services.released = true;
    auto client = server.connect();
    client.send(request(1, "Test.Hold") + "\n");
    client.close();
    BOOST_TEST(eventually([&] { return server.services.finished == 1; }));
}

BOOST_AUTO_TEST_CASE(stopping_ends_everything) {
    Harness server;
    auto client = server.connect();
    auto idle = server.connect();
    client.send(request(1, "Test.Hold") + "\n" + request(2, "Test.Wait") + "\n");
    BOOST_TEST(eventually([&] { return server.services.holding == 1 && server.services.waiting == 1; }));
    server.stop();
    BOOST_TEST(server.services.cancelled == 2);
    BOOST_TEST(client.rest() == "");
    BOOST_TEST(idle.rest() == "");
    BOOST_CHECK_THROW(server.connect(), Error);
}

BOOST_AUTO_TEST_CASE(what_needs_to_be_asked_for_is_asked_for) {
    Harness server(rpc::Limits(), true);
    auto client = server.connect();
    BOOST_CHECK(client.ask(request(1, "Test.Echo", R"(["x"])")).at("result").at("params").at("first") == "x");
}

BOOST_AUTO_TEST_CASE(a_descriptor_comes_with_its_answer) {
    Harness server;
    auto client = server.connect();
    auto answer = client.ask(request(1, "Test.Give", R"({"text":"hello"})"));
    BOOST_CHECK(answer.at("result").at("pipe") == 0);
    BOOST_REQUIRE(client.received.size() == 1);
    char text[16];
    BOOST_TEST(::read(client.received[0].get(), text, sizeof text) == 5);
    client.received.clear();
    auto batch = client.ask("[" + request(1, "Test.Give", R"({"text":"b"})") + "," +
                            request(2, "Test.Give", R"({"text":"cc"})") + "]");
    BOOST_REQUIRE(client.received.size() == 2);
    for (auto& one : batch.as_array()) {
        auto index = one.at("result").at("pipe").to_number<std::size_t>();
        BOOST_TEST(::read(client.received[index].get(), text, sizeof text) == one.at("id").as_int64());
    }
    client.send(R"({"jsonrpc":"2.0","method":"Test.Give","params":{"text":"x"}})"
                "\n");
    client.received.clear();
    client.ask(request(3, "Test.Echo"));
    BOOST_TEST(client.received.empty());
}

BOOST_AUTO_TEST_CASE(a_descriptor_belongs_to_the_request_it_was_sent_with) {
    Harness server;
    auto client = server.connect();
    auto x = pipe_with("x"), y = pipe_with("y");
    client.send(request(1, "Test.Hold") + "\n" + request(2, "Test.ReadDescriptors") + "\n");
    client.send(request(3, "Test.ReadDescriptors") + "\n", {x.get()});
    client.send(request(4, "Test.ReadDescriptors") + "\n" + request(5, "Test.Echo") + "\n" + "{\"jsonrpc\":");
    client.send("\"2.0\",", {y.get()});
    client.send(R"("id":6,"method":"Test.ReadDescriptors"})"
                "\n");
    std::map<std::int64_t, json::value> answers;
    for (int i = 0; i < 5; ++i) {
        auto answer = json::parse(client.line().value());
        answers[answer.at("id").as_int64()] = answer.at("result");
    }
    BOOST_CHECK(answers[2].at("texts") == json::parse("[]"));
    BOOST_CHECK(answers[3].at("texts") == json::parse(R"(["x"])"));
    BOOST_CHECK(answers[4].at("texts") == json::parse("[]"));
    BOOST_CHECK(answers[6].at("texts") == json::parse(R"(["y"])"));
}

BOOST_AUTO_TEST_CASE(the_client_is_known) {
    Harness server;
    auto client = server.connect();
    client.ask(request(1, "Test.WatchClose"));
    BOOST_TEST(server.connections() == 1);
    client.close();
    BOOST_TEST(eventually([&] { return server.services.closed == 1 && server.connections() == 0; }));
}

BOOST_AUTO_TEST_SUITE_END()
