// SPDX-License-Identifier: LGPL-2.1-or-later
// Clients that are broken or mean. In each case another one must still be served.
#include "tests/unit/rpc/fake.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

using namespace vireo;
using namespace vireo::test;

namespace {

const std::string echo = R"({"jsonrpc":"2.0","id":2,"method":"Test.Echo"})";
const std::string hold = R"({"jsonrpc":"2.0","id":3,"method":"Test.Hold"})";

std::int64_t code_of(std::string_view line) {
    return json::parse(std::string(line)).at("error").at("code").as_int64();
}

struct Bystander {
    explicit Bystander(Harness& server) : client(server.connect()) {}
    ~Bystander() { BOOST_CHECK(client.ask(echo).at("id") == 2); }
    Client client;
};

// Sends without blocking until the server takes nothing more; returns how much it took.
std::size_t pour(Client& client, std::string_view text, std::size_t most) {
    std::size_t taken = 0;
    for (int refused = 0; taken < most && refused < 200;) {
        auto n = ::send(client.fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0) taken += static_cast<std::size_t>(n), refused = 0;
        if (n < 0 && errno != EAGAIN) break;
        if (n < 0) ++refused, std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return taken;
}

double cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile)

BOOST_AUTO_TEST_CASE(garbage_is_answered_and_the_connection_goes_on) {
    Harness server;
    Bystander bystander(server);
    auto client = server.connect();
    for (std::string text :
         {"GET / HTTP/1.1", "\x01\x02\xff\xfe", "{\"jsonrpc\":", "\"\xff\"", "}{", "[[[[", "nul\0l"}) {
        client.send(text + "\n");
        BOOST_TEST(code_of(client.line().value()) == -32700);
    }
    client.send(std::string(100000, '[') + "\n");
    BOOST_TEST(code_of(client.line().value()) == -32700);
    client.send(std::string("\0\0\0\n", 4));
    BOOST_TEST(code_of(client.line().value()) == -32700);
    BOOST_CHECK(client.ask(echo).at("id") == 2);
}

BOOST_AUTO_TEST_CASE(an_endless_line_ends_the_connection_after_a_word) {
    rpc::Limits limits;
    limits.longest_line = 100000;
    Harness server(limits);
    Bystander bystander(server);
    auto client = server.connect();
    client.send(std::string(100000 - 2, ' ') + "{}\n");
    BOOST_TEST(code_of(client.line().value()) == -32600);  // of the longest length: read
    pour(client, std::string(50000, 'x'), 100001);
    auto line = client.line();
    BOOST_REQUIRE(line.has_value());
    BOOST_TEST(code_of(*line) == -32700);
    BOOST_TEST(!client.line());
}

BOOST_AUTO_TEST_CASE(huge_batches_are_refused_whole) {
    rpc::Limits limits;
    limits.batch = 10;
    limits.batch_answer = 3000;
    Harness server(limits);
    Bystander bystander(server);
    auto client = server.connect();
    auto batch = [](int count, const std::string& request) {
        std::string text = "[";
        for (int i = 0; i < count; ++i) text += (i ? "," : "") + request;
        return text + "]";
    };
    BOOST_TEST(client.ask(batch(10, echo)).as_array().size() == 10);
    auto refused = client.ask(batch(11, echo));
    BOOST_CHECK(refused.at("error").at("code") == -32600);
    // answers that would pile up
    auto answers =
        client.ask(batch(10, R"({"jsonrpc":"2.0","id":1,"method":"Test.Big","params":{"size":1000}})")).as_array();
    BOOST_TEST(answers.size() == 10);
    BOOST_TEST(answers[2].as_object().contains("result"));
    BOOST_CHECK(answers[9].at("error").at("data").at("name") == "org.vireo1.Error.LimitExceeded");
}

BOOST_AUTO_TEST_CASE(an_answer_over_the_limit_becomes_an_error) {
    rpc::Limits limits;
    limits.longest_answer = 5000;
    Harness server(limits);
    auto client = server.connect();
    auto answer = client.ask(R"({"jsonrpc":"2.0","id":7,"method":"Test.Big","params":{"size":5000}})");
    BOOST_CHECK(answer.at("id") == 7);
    BOOST_CHECK(answer.at("error").at("data").at("name") == "org.vireo1.Error.LimitExceeded");
    BOOST_CHECK(client.ask(echo).at("id") == 2);
}

BOOST_AUTO_TEST_CASE(who_never_reads_is_read_no_further_and_cut_off_in_time) {
    rpc::Limits limits;
    limits.output_pause = 20000;
    limits.stalled = std::chrono::milliseconds(300);
    Harness server(limits);
    Bystander bystander(server);
    auto client = server.connect();
    auto big = R"({"jsonrpc":"2.0","id":7,"method":"Test.Big","params":{"size":1000}})"
               "\n";
    std::string many;
    for (int i = 0; i < 1000; ++i) many += big;
    auto taken = pour(client, many, 100u << 20);
    BOOST_TEST(taken < 10u << 20);  // then the kernel's buffers were full, and stayed so
    BOOST_TEST(eventually([&] { return server.connections() == 1; }));
}

BOOST_AUTO_TEST_CASE(a_slow_reader_gets_everything) {
    rpc::Limits limits;
    limits.output_pause = 20000;
    limits.output = 100000;
    Harness server(limits);
    auto client = server.connect();
    auto big = R"({"jsonrpc":"2.0","id":7,"method":"Test.Big","params":{"size":300000}})"
               "\n";
    std::thread sender([&] {
        for (int i = 0; i < 100; ++i) client.send(big);
    });
    for (int i = 0; i < 100; ++i) BOOST_REQUIRE(client.line().value().size() > 300000);
    sender.join();
    BOOST_TEST(server.connections() == 1);
}

BOOST_AUTO_TEST_CASE(half_a_request_costs_only_its_buffer) {
    Harness server;
    Bystander bystander(server);
    auto client = server.connect();
    client.send(echo.substr(0, 20));
    {
        auto other = server.connect();
        BOOST_CHECK(other.ask(echo).at("id") == 2);
    }
    client.send(echo.substr(20) + "\n");
    BOOST_CHECK(json::parse(client.line().value()).at("id") == 2);
}

BOOST_AUTO_TEST_CASE(too_many_requests_in_flight_wait_unread) {
    rpc::Limits limits;
    limits.in_flight = 10;
    Harness server(limits);
    Bystander bystander(server);
    auto client = server.connect();
    std::string text;
    for (int i = 0; i < 50; ++i) text += hold + "\n";
    client.send(text);
    BOOST_TEST(eventually([&] { return server.services.holding == 10; }));
    { BOOST_CHECK(bystander.client.ask(echo).at("id") == 2); }
    BOOST_TEST(server.services.holding == 10);
    server.services.released = true;
    for (int i = 0; i < 50; ++i) BOOST_REQUIRE(client.line().has_value());
    BOOST_TEST(server.services.finished == 50);
}

BOOST_AUTO_TEST_CASE(hanging_up_is_seen_also_while_nothing_is_read) {
    rpc::Limits limits;
    limits.in_flight = 2;
    Harness server(limits);
    auto client = server.connect();
    auto wait = R"({"jsonrpc":"2.0","id":3,"method":"Test.Wait"})"
                "\n";
    for (int i = 0; i < 5; ++i) client.send(wait);
    BOOST_TEST(eventually([&] { return server.services.waiting == 2; }));
    client.close();
    BOOST_TEST(eventually([&] { return server.services.cancelled == 2 && server.connections() == 0; }));
}

BOOST_AUTO_TEST_CASE(too_many_connections_are_turned_away_with_a_word) {
    rpc::Limits limits;
    limits.connections = 4;
    limits.connections_per_user = 3;
    Harness server(limits);
    Bystander first(server);
    auto second = server.connect(), third = server.connect();
    BOOST_CHECK(third.ask(echo).at("id") == 2);
    auto fourth = server.connect();
    auto line = fourth.line();
    BOOST_REQUIRE(line.has_value());
    BOOST_TEST(code_of(*line) == rpc_code(Errc::limit_exceeded));
    BOOST_TEST(fourth.rest() == "");
    third.close();
    BOOST_TEST(eventually([&] { return server.connections() == 2; }));
    BOOST_CHECK(server.connect().ask(echo).at("id") == 2);
}

BOOST_AUTO_TEST_CASE(a_users_connections_hold_only_so_much_together) {
    rpc::Limits limits;
    limits.bytes_per_user = 1u << 20;
    Harness server(limits);
    Bystander bystander(server);
    std::vector<Client> greedy;
    for (int i = 0; i < 5; ++i) greedy.push_back(server.connect());
    for (auto& client : greedy) pour(client, std::string(400000, 'x'), 400000);
    BOOST_TEST(eventually([&] { return server.connections() <= 4; }));
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_in_the_middle_of_its_answer_is_no_signal) {
    Harness server;
    Bystander bystander(server);
    for (int i = 0; i < 50; ++i) {
        auto client = server.connect();
        client.send(R"({"jsonrpc":"2.0","id":7,"method":"Test.Big","params":{"size":3000000}})"
                    "\n");
        if (i % 2) {
            char some[1000];
            BOOST_TEST(::recv(client.fd.get(), some, sizeof some, 0) > 0);
        }
    }
    BOOST_TEST(eventually([&] { return server.connections() == 1; }));
}

BOOST_AUTO_TEST_CASE(unclaimed_descriptors_are_bounded) {
    Harness server;
    Bystander bystander(server);
    auto client = server.connect();
    UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (int i = 0; i < 100; ++i) client.send("[", std::vector<int>(10, null.get()));
    client.send("\n");
    BOOST_TEST(code_of(client.line().value()) == -32700);
    client.send(R"({"jsonrpc":"2.0","id":1,"method":"Test.ReadDescriptors"})"
                "\n");
    BOOST_TEST(json::parse(client.line().value()).at("result").at("texts").as_array().size() <= 16);
}

BOOST_AUTO_TEST_CASE(out_of_band_data_does_not_spin) {
    Harness server;
    Bystander bystander(server);
    auto client = server.connect();
    client.ask(echo);
    if (::send(client.fd.get(), "!", 1, MSG_OOB | MSG_NOSIGNAL) != 1) return;  // a kernel without it
    BOOST_TEST(eventually([&] { return server.connections() == 1; }));
}

BOOST_AUTO_TEST_CASE(without_descriptors_the_server_waits_and_goes_on) {
    rpc::Limits limits;
    limits.accept_pause = std::chrono::milliseconds(20);
    Harness server(limits);
    Bystander bystander(server);
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    BOOST_CHECK(bystander.client.ask(echo).at("id") == 2);
    rlimit low = before;
    low.rlim_cur = 64;
    ::setrlimit(RLIMIT_NOFILE, &low);
    std::vector<UniqueFd> filling;
    while (filling.empty() || filling.back()) filling.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    filling.pop_back();  // the failure
    filling.pop_back();  // room for the client's end, none for the server's
    std::optional<Client> late;
    late.emplace(server.path);
    auto cpu = cpu_seconds();
    late->send(echo + "\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // what must not happen has no event to wait for
    BOOST_TEST(cpu_seconds() - cpu < 0.15);
    BOOST_CHECK(bystander.client.ask(echo).at("id") == 2);
    filling.clear();
    ::setrlimit(RLIMIT_NOFILE, &before);
    BOOST_CHECK(json::parse(late->line().value()).at("id") == 2);
}

BOOST_AUTO_TEST_SUITE_END()
