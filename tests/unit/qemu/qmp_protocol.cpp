// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/qmp_protocol.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::qemu;

BOOST_AUTO_TEST_SUITE(qmp_protocol)

namespace {

std::vector<QmpMessage> read(std::string_view text) {
    QmpProtocol protocol;
    std::vector<QmpMessage> out;
    take(protocol.decode(text, out));
    return out;
}
std::string refused(std::string_view text) {
    QmpProtocol protocol;
    std::vector<QmpMessage> out;
    auto done = protocol.decode(text, out);
    BOOST_REQUIRE(!done);
    BOOST_TEST((done.error().code() == Errc::hypervisor_failed || done.error().code() == Errc::unsupported));
    return done.error().what();
}
bool has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

}  // namespace

BOOST_AUTO_TEST_CASE(greeting) {
    auto all = read(R"({"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian 1:7.2"},)"
                    R"( "capabilities": ["oob"]}})"
                    "\r\n");
    BOOST_REQUIRE(all.size() == 1u);
    auto& g = std::get<QmpGreeting>(all[0]);
    BOOST_TEST(g.out_of_band);
    BOOST_TEST(g.major == 7);
    BOOST_TEST(g.minor == 2);
    BOOST_TEST(g.micro == 22);
    BOOST_TEST(g.package == "Debian 1:7.2");
    auto bare = read("{\"QMP\":{}}\n");
    BOOST_TEST(!std::get<QmpGreeting>(bare.at(0)).out_of_band);
    auto odd = read(
        R"({"QMP":{"version":{"qemu":{"major":"7","minor":-1,"micro":99999999999},"package":3},"capabilities":[1,"x"]}})"
        "\n");
    BOOST_TEST(std::get<QmpGreeting>(odd.at(0)).major == 0);
    BOOST_TEST(std::get<QmpGreeting>(odd.at(0)).micro == 0);
}

BOOST_AUTO_TEST_CASE(replies_and_errors) {
    auto all = read(
        "{\"return\": {\"a\": 1}, \"id\": 3}\r\n"
        "{\"id\":4,\"error\":{\"class\":\"CommandNotFound\",\"desc\":\"no such\"}}\r\n"
        "{\"id\":5,\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"gone\"}}\n"
        "\r\n"
        "{\"id\":6,\"error\":{\"class\":\"GenericError\",\"desc\":\"bad value\"}}\n"
        "{\"id\":7,\"error\":{}}\n");
    BOOST_REQUIRE(all.size() == 5u);
    BOOST_TEST(std::get<QmpReply>(all[0]).id == 3u);
    BOOST_TEST(std::get<QmpReply>(all[0]).result.value().at("a").as_int64() == 1);
    auto code = [&](std::size_t i) { return std::get<QmpReply>(all[i]).result.error().code(); };
    BOOST_TEST((code(1) == Errc::unsupported));
    BOOST_TEST((code(2) == Errc::not_found));
    BOOST_TEST((code(3) == Errc::hypervisor_failed));
    BOOST_TEST((code(4) == Errc::hypervisor_failed));
    BOOST_TEST(std::get<QmpReply>(all[3]).result.error().message() == "bad value");
}

BOOST_AUTO_TEST_CASE(events) {
    auto all = read(
        "{\"timestamp\": {\"seconds\": 1700000000, \"microseconds\": 17}, \"event\": \"SHUTDOWN\", \"data\": "
        "{\"guest\": true}}\r\n"
        "{\"timestamp\": {\"seconds\": -1, \"microseconds\": -1}, \"event\": \"STOP\"}\n"
        "{\"event\": \"RESUME\", \"data\": 3, \"timestamp\": {\"seconds\": 9223372036854775807, \"microseconds\": "
        "5}}\n");
    BOOST_REQUIRE(all.size() == 3u);
    auto& e = std::get<QmpEvent>(all[0]);
    BOOST_TEST(e.name == "SHUTDOWN");
    BOOST_TEST(e.timestamp_usec == 1700000000000017);
    BOOST_TEST(e.data.at("guest").as_bool());
    BOOST_TEST(std::get<QmpEvent>(all[1]).timestamp_usec == 0);
    BOOST_TEST(std::get<QmpEvent>(all[2]).timestamp_usec == 0);
    BOOST_TEST(std::get<QmpEvent>(all[2]).data.empty());
}

BOOST_AUTO_TEST_CASE(any_cut_gives_the_same) {
    std::string text =
        "{\"QMP\":{\"capabilities\":[]}}\r\n{\"return\":{},\"id\":1}\r\n{\"event\":\"STOP\"}\r\n{\"return\":[1,2],"
        "\"id\":2}\r\n";
    for (std::size_t a = 0; a <= text.size(); ++a)
        for (std::size_t b = a; b <= text.size(); ++b) {
            QmpProtocol protocol;
            std::vector<QmpMessage> out;
            std::string_view all = text;
            for (auto piece : {all.substr(0, a), all.substr(a, b - a), all.substr(b)})
                take(protocol.decode(piece, out));
            BOOST_REQUIRE(out.size() == 4u);
            BOOST_REQUIRE(json::serialize(*std::get<QmpReply>(out[3]).result) == "[1,2]");
        }
}

BOOST_AUTO_TEST_CASE(nonsense_is_refused) {
    BOOST_TEST(has(refused("hello\n"), "not JSON: hello"));
    BOOST_TEST(has(refused("[1]\n"), "not an object"));
    BOOST_TEST(has(refused("{\"return\":{}}\n"), "no command"));
    BOOST_TEST(has(refused("{\"return\":{},\"id\":\"1\"}\n"), "no command"));
    BOOST_TEST(has(refused("{\"return\":{},\"id\":-1}\n"), "no command"));
    BOOST_TEST(has(refused("{\"id\":1}\n"), "neither"));
    BOOST_TEST(has(refused("{\"id\":1,\"error\":3}\n"), "neither"));
    BOOST_TEST(has(refused("{\"error\":{\"class\":\"GenericError\",\"desc\":\"Parse error\"}}\n"),
                   "could not read a command"));
    BOOST_TEST(has(refused(std::string("\x01\x02\xff\x1b[2J") + std::string(500, 'x') + "\n"), "???"));
    BOOST_TEST(has(refused(std::string(1000, '[') + "\n"), "not JSON"));
    BOOST_TEST(has(refused(std::string(QmpProtocol::longest_line + 1, ' ')), "endless"));
    QmpProtocol protocol;  // also when it comes in pieces
    std::vector<QmpMessage> out;
    std::string piece(1u << 20, ' ');
    Result<> last;
    for (int i = 0; i < 17 && last; ++i) last = protocol.decode(piece, out);
    BOOST_TEST(!last);
    // what came before the fault is delivered
    QmpProtocol other;
    out.clear();
    BOOST_TEST(!other.decode("{\"event\":\"STOP\"}\nboom\n", out));
    BOOST_TEST(out.size() == 1u);
}

BOOST_AUTO_TEST_CASE(encoding) {
    BOOST_TEST(QmpProtocol::encode(7, "query-status", {}) == "{\"execute\":\"query-status\",\"id\":7}\n");
    json::object arguments;
    arguments["name"] = "a\n\"b";
    auto line = QmpProtocol::encode(8, "x-yank", arguments, true);
    BOOST_TEST(line == "{\"exec-oob\":\"x-yank\",\"arguments\":{\"name\":\"a\\n\\\"b\"},\"id\":8}\n");
}

BOOST_AUTO_TEST_SUITE_END()
