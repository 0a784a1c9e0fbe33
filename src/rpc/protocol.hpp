// SPDX-License-Identifier: LGPL-2.1-or-later
// JSON-RPC 2.0 (https://www.jsonrpc.org/specification), without I/O: one JSON text → requests, results and errors →
// text.
#pragma once
#include "api/dispatcher.hpp"

#include <boost/json/parser.hpp>
#include <boost/json/serializer.hpp>

#include <expected>
#include <string>
#include <string_view>

namespace vireo::rpc {
namespace json = boost::json;

// Section 5.1 of the specification; the others come from rpc_code().
inline constexpr int parse_error = -32700, invalid_request = -32600, method_not_found = -32601;

// A request that never reached a method. id is JSON text; "null" when it is not known; empty: never to be answered.
struct Refusal {
    int code;
    Error error;
    std::string id = "null";
};

// Parses JSON texts one after another, reusing its memory. Strict JSON in valid UTF-8, nested at most deepest_nesting.
class TextParser {
public:
    TextParser();
    std::expected<json::value, Refusal> parse(std::string_view text, json::storage_ptr storage);

private:
    json::parser parser_;
};

struct Request {
    std::string id;                 // JSON text, for the answer; empty: a notification, never answered
    std::string_view method;        // points into the value it was read from
    json::value* params = nullptr;  // an object or an array, or null: none
};

// A member of a batch, or the whole text. An id that could not be echoed exactly (a number beyond 2^53 that is no
// 64-bit integer) is refused. Members that the specification does not know are passed over.
std::expected<Request, Refusal> read_request(json::value& value);

// What the request is about: the object taken out of the parameters and looked up, positional parameters named.
// Throws Error(invalid_argument), Error(not_found).
struct Arguments {
    api::ObjectPath object;
    json::object params;  // in the memory of the request's value
};
Arguments read_arguments(const api::Target& target, const Request& request, const api::Services& services);

// Answers, appended to out without a line's end.
class AnswerWriter {
public:
    void result(std::string& out, std::string_view id, const json::object& result);
    void error(std::string& out, std::string_view id, int code, const Error& error);
    void refusal(std::string& out, const Refusal& refusal) { error(out, refusal.id, refusal.code, refusal.error); }
    static void raw_result(std::string& out, std::string_view id, std::string_view result_text);

private:
    template <class T>
    void append(std::string& out, const T& value);
    json::serializer serializer_;
};

// An event as a notification, with its line's end: {"jsonrpc":"2.0","method":"Domain.Lifecycle","params":{"domain":…}}.
// Empty: not one that JSON-RPC clients are told of.
std::string notification(const api::Event& event);

}  // namespace vireo::rpc
