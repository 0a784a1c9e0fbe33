// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpc/protocol.hpp"

#include "rpc/limits.hpp"
#include "tests/unit/rpc/fake.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::rpc;

namespace {

int parse_code(std::string_view text) {
    TextParser parser;
    auto value = parser.parse(text, {});
    return value ? 0 : value.error().code;
}

// The id as it would be echoed, or "refused <id of the answer>".
std::string id_of(std::string_view text) {
    TextParser parser;
    auto value = parser.parse(text, {});
    BOOST_REQUIRE(value.has_value());
    auto request = read_request(*value);
    if (request) return request->id;
    BOOST_TEST(request.error().code == invalid_request);
    return "refused " + request.error().id;
}

std::string with_id(std::string_view id) {
    return R"({"jsonrpc":"2.0","method":"m","id":)" + std::string(id) + "}";
}

Arguments arguments_of(std::string_view interface, json::value params) {
    auto& description = api::interface_of(interface);
    api::Target target{&description, &description.methods[0]};
    Request request;
    request.params = &params;
    api::Services services;
    return read_arguments(target, request, services);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(protocol)

BOOST_AUTO_TEST_CASE(what_is_no_json_is_a_parse_error) {
    for (auto* text : {"", " ", "x", "{", "[1,", "{\"a\":1}}", "{} {}", "{'a':1}", "[1,]", "\"\\ud800\"", "nul", "01",
                       "+1", "{\"a\":\"\xff\"}", "\"\xc0\x80\"", "\"a\tb\"", "NaN", "// c\n1"})
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(parse_code(text) == parse_error);
        }
    BOOST_TEST(parse_code(R"({"a":["é",1e5,-0.5,null]})") == 0);
}

BOOST_AUTO_TEST_CASE(a_number_that_a_double_cannot_hold_is_a_parse_error) {
    for (auto* text : {"1e999", "-1e999", "0e600", "[1,[1e400]]", R"({"jsonrpc":"2.0","id":0e600,"method":"m"})"})
        BOOST_TEST(parse_code(text) == parse_error, text);
    BOOST_TEST(parse_code("1e300") == 0);
}

BOOST_AUTO_TEST_CASE(nesting_is_bounded) {
    auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    BOOST_TEST(parse_code(nested(deepest_nesting)) == 0);
    BOOST_TEST(parse_code(nested(deepest_nesting + 1)) == parse_error);
    BOOST_TEST(parse_code(std::string(1000000, '[')) == parse_error);
}

BOOST_AUTO_TEST_CASE(the_parser_is_as_good_as_new_after_an_error) {
    TextParser parser;
    BOOST_TEST(!parser.parse("[1,{\"a\":", {}).has_value());
    BOOST_TEST(json::serialize(parser.parse("[2]", {}).value()) == "[2]");
}

BOOST_AUTO_TEST_CASE(ids_are_echoed_exactly) {
    for (auto* id : {"1", "0", "-7", "9223372036854775807", "18446744073709551615", "-9223372036854775808", "null",
                     R"("")", R"("a b")", R"("q\"\\\n")", "1.5", "-0.25"})
        BOOST_TEST(id_of(with_id(id)) == id);
    BOOST_TEST(id_of(with_id("\"\\u00e9\"")) == "\"é\"");
    BOOST_TEST(id_of(with_id("3.0")) == "3");
    BOOST_TEST(id_of(with_id("1e3")) == "1000");
    BOOST_TEST(id_of(R"({"jsonrpc":"2.0","method":"m"})") == "");
    for (auto* id : {"true", "[]", "{}", "123456789012345678901234567890", "1e300"})
        BOOST_TEST(id_of(with_id(id)) == "refused null");
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_refused_with_its_id_where_it_is_known) {
    for (auto* text : {"1", "null", "\"x\"", "{}", R"({"jsonrpc":"2.0"})", R"({"jsonrpc":"1.0","method":"m"})",
                       R"({"method":"m"})", R"({"jsonrpc":2.0,"method":"m"})", R"({"jsonrpc":"2.0","method":1})"})
        BOOST_TEST(id_of(text) == "refused null");
    BOOST_TEST(id_of(R"({"jsonrpc":"2.0","method":1,"id":4})") == "refused 4");
    BOOST_TEST(id_of(R"({"jsonrpc":"2.0","method":"m","params":"bar","id":"x"})") == "refused \"x\"");
    BOOST_TEST(id_of(R"({"jsonrpc":"2.0","method":"m","params":null,"id":5})") == "refused 5");
}

BOOST_AUTO_TEST_CASE(parameters_by_name_and_by_position_are_the_same) {
    auto named = arguments_of("Thing", json::parse(R"({"second":"y","thing":"a","first":"x"})"));
    auto positional = arguments_of("Thing", json::parse(R"(["a","x","y"])"));
    BOOST_TEST(named.object.value == "/thing/a");
    BOOST_TEST(positional.object.value == "/thing/a");
    BOOST_CHECK(named.params == json::parse(R"({"first":"x","second":"y"})").as_object());
    BOOST_CHECK(named.params == positional.params);
    BOOST_CHECK(arguments_of("Test", json::parse(R"(["x"])")).params == json::parse(R"({"first":"x"})").as_object());
    BOOST_TEST(arguments_of("Test", json::parse("[]")).params.empty());
}

BOOST_AUTO_TEST_CASE(wrong_parameters_are_named) {
    auto message = [](std::string_view interface, std::string_view params) {
        try {
            arguments_of(interface, json::parse(std::string(params)));
        } catch (const Error& error) {
            return std::string(to_string(error.code())) + ": " + error.what();
        }
        return std::string("nothing wrong");
    };
    BOOST_TEST(message("Thing", "{}") == "InvalidArgument: params.thing is missing: it says which thing is meant");
    BOOST_TEST(message("Thing", "[]") == "InvalidArgument: params.thing is missing: it says which thing is meant");
    BOOST_TEST(message("Thing", R"({"thing":1})") == "InvalidArgument: params.thing must be a string");
    BOOST_TEST(message("Thing", R"({"thing":"b"})") == "NotFound: there is no thing 'b'");
    BOOST_TEST(message("Test", R"(["a","b","c"])") == "InvalidArgument: Test.Echo takes at most 2 parameters, not 3");
}

BOOST_AUTO_TEST_CASE(answers_are_one_line_of_json) {
    AnswerWriter writer;
    std::string out;
    json::object result;
    result["text"] = std::string(3000, 'x') + "\n";
    writer.result(out, "7", result);
    BOOST_TEST(out.find('\n') == out.npos);
    auto value = json::parse(out);
    BOOST_CHECK(value.at("result") == json::value(result));
    BOOST_TEST(value.at("id").as_int64() == 7);
    out.clear();
    writer.error(out, "null", -32014, Error(Errc::limit_exceeded, "too much").with_hint("less"));
    BOOST_CHECK(json::parse(out).at("error").at("data").at("name") == "org.vireo1.Error.LimitExceeded");
    BOOST_CHECK(json::parse(out).at("error").at("data").at("hint") == "less");
    out.clear();
    AnswerWriter::raw_result(out, "\"a\"", api::openrpc_document());
    BOOST_TEST(out.find('\n') == out.npos);
    BOOST_CHECK(json::parse(out).at("result").at("info").at("title") == "a\nb");
}

BOOST_AUTO_TEST_CASE(events_are_notifications) {
    api::Event event;
    event.interface = &api::interface_of("Thing");
    event.signal = &event.interface->signals[0];
    event.object = api::ObjectPath("/thing/a");
    event.args = {{"event", "started"}};
    BOOST_TEST(notification(event) ==
               "{\"jsonrpc\":\"2.0\",\"method\":\"Thing.Happened\",\"params\":{\"thing\":\"/thing/"
               "a\",\"event\":\"started\"}}\n");
    event.kind = api::Event::Kind::properties_changed;
    BOOST_TEST(notification(event) ==
               "{\"jsonrpc\":\"2.0\",\"method\":\"Thing.PropertiesChanged\",\"params\":"
               "{\"thing\":\"/thing/a\",\"properties\":{\"event\":\"started\"}}}\n");
    event.kind = api::Event::Kind::object_added;
    BOOST_TEST(notification(event).empty());
}

BOOST_AUTO_TEST_SUITE_END()
