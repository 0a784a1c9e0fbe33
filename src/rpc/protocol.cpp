// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpc/protocol.hpp"

#include "api/codec.hpp"
#include "rpc/limits.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace vireo::rpc {
namespace {

std::string_view view(const json::string& text) {
    return {text.data(), text.size()};
}

json::parse_options options() {
    json::parse_options o;
    o.max_depth = deepest_nesting;
    return o;
}

constexpr double exact_integers = 9007199254740992.0;  // 2^53: IEEE 754 doubles hold every integer up to it

Refusal refuse(int code, std::string message, std::string id = "null") {
    return {code, Error(Errc::invalid_argument, std::move(message)), std::move(id)};
}

// The id as JSON text; nothing: not an id.
std::optional<std::string> id_text(const json::value& id) {
    switch (id.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::int64:
            return fmt::format_int(id.get_int64()).str();
        case json::kind::uint64:
            return fmt::format_int(id.get_uint64()).str();
        case json::kind::string:
            return json::serialize(id);
        case json::kind::double_: {
            auto number = id.get_double();
            if (!(std::abs(number) <= exact_integers)) return {};
            if (number == std::trunc(number)) return fmt::format_int(static_cast<std::int64_t>(number)).str();
            return fmt::format("{}", number);
        }
        default:
            return {};
    }
}

// Boost.JSON reads 1e999 as infinity and 0e600 as no number at all, which are no JSON and cannot be written back.
// Recursion: nothing is nested deeper than deepest_nesting.
bool finite(const json::value& value) {
    if (auto* number = value.if_double()) return std::isfinite(*number);
    if (auto* array = value.if_array()) return std::ranges::all_of(*array, finite);
    if (auto* object = value.if_object())
        return std::ranges::all_of(*object, [](auto& member) { return finite(member.value()); });
    return true;
}

Error missing_object(const api::Interface& interface) {
    return Error(Errc::invalid_argument,
                 fmt::format("params.{} is missing: it says which {} is meant", interface.object, interface.object));
}

}  // namespace

TextParser::TextParser() : parser_(json::storage_ptr(), options()) {}

std::expected<json::value, Refusal> TextParser::parse(std::string_view text, json::storage_ptr storage) {
    boost::system::error_code error;
    parser_.reset(std::move(storage));
    auto read = parser_.write(text.data(), text.size(), error);
    if (!error) {
        auto value = parser_.release();
        parser_.reset();
        if (finite(value)) return value;
        return std::unexpected(refuse(parse_error, "not a JSON text: a number is too large"));
    }
    parser_.reset();
    if (error == json::error::too_deep)
        return std::unexpected(
            refuse(parse_error, fmt::format("the JSON text is nested deeper than {}", deepest_nesting)));
    return std::unexpected(refuse(parse_error, fmt::format("not a JSON text: {} at byte {}", error.message(), read)));
}

std::expected<Request, Refusal> read_request(json::value& value) {
    auto* object = value.if_object();
    if (!object) return std::unexpected(refuse(invalid_request, "a request is a JSON object"));
    Request request;
    json::value *version = nullptr, *method = nullptr;
    for (auto& [key, member] : *object) {
        auto name = std::string_view(key.data(), key.size());
        if (name == "jsonrpc")
            version = &member;
        else if (name == "method")
            method = &member;
        else if (name == "params")
            request.params = &member;
        else if (name == "id") {
            auto id = id_text(member);
            if (!id)
                return std::unexpected(
                    refuse(invalid_request, "\"id\" must be a string, null, or a number that a double holds exactly"));
            request.id = std::move(*id);
        }
    }
    auto bad = [&](const char* message) {
        return std::unexpected(refuse(invalid_request, message, request.id.empty() ? "null" : std::move(request.id)));
    };
    if (!version || !version->is_string() || view(version->get_string()) != "2.0")
        return bad("\"jsonrpc\" must be \"2.0\"");
    if (!method || !method->is_string()) return bad("\"method\" must be a string");
    if (request.params && !request.params->is_object() && !request.params->is_array())
        return bad("\"params\" must be an object or an array");
    request.method = view(method->get_string());
    return request;
}

namespace {

json::object named_parameters(const api::Target& target, const Request& request) {
    if (!request.params) return {};
    if (auto* array = request.params->if_array())
        return api::named_params(*target.interface, *target.method, std::move(*array));
    return std::move(request.params->get_object());
}

}  // namespace

Arguments read_arguments(const api::Target& target, const Request& request, const api::Services& services) {
    Arguments arguments{{}, named_parameters(target, request)};
    if (!target.interface->object) return arguments;
    auto found = arguments.params.find(target.interface->object);
    if (found == arguments.params.end()) throw missing_object(*target.interface);
    auto* key = found->value().if_string();
    if (!key) throw Error(Errc::invalid_argument, fmt::format("params.{} must be a string", target.interface->object));
    arguments.object = target.interface->resolve(services, view(*key));
    arguments.params.erase(found);
    return arguments;
}

template <class T>
void AnswerWriter::append(std::string& out, const T& value) {
    serializer_.reset(&value);
    for (std::size_t step = 512; !serializer_.done(); step *= 2) {
        auto before = out.size();
        out.resize_and_overwrite(before + step, [&](char* data, std::size_t) {
            return before + serializer_.read(data + before, step).size();
        });
    }
}

void AnswerWriter::result(std::string& out, std::string_view id, const json::object& result) {
    out += R"({"jsonrpc":"2.0","id":)";
    out += id;
    out += R"(,"result":)";
    append(out, result);
    out += '}';
}

void AnswerWriter::raw_result(std::string& out, std::string_view id, std::string_view result_text) {
    out += R"({"jsonrpc":"2.0","id":)";
    out += id;
    out += R"(,"result":)";
    // one line for one answer: outside of strings a line's end is only white space, and inside it is escaped
    for (char c : result_text)
        if (c != '\n' && c != '\r') out += c;
    out += '}';
}

void AnswerWriter::error(std::string& out, std::string_view id, int code, const Error& error) {
    json::object body;
    body["code"] = code;
    body["message"] = error.what();
    body["data"] = api::error_details(error);
    out += R"({"jsonrpc":"2.0","id":)";
    out += id;
    out += R"(,"error":)";
    append(out, body);
    out += '}';
}

std::string notification(const api::Event& event) {
    const char* name = nullptr;
    json::object params;
    if (event.interface->object) params[event.interface->object] = event.object.value;
    if (event.kind == api::Event::Kind::signal) {
        name = event.signal->name;
        for (auto& [key, value] : event.args) params[key] = value;
    } else if (event.kind == api::Event::Kind::properties_changed) {
        name = "PropertiesChanged";
        params["properties"] = event.args;
    } else {
        return {};  // Manager.DomainAdded and its like say it
    }
    return fmt::format("{{\"jsonrpc\":\"2.0\",\"method\":\"{}.{}\",\"params\":{}}}\n", event.interface->brief, name,
                       json::serialize(params));
}

}  // namespace vireo::rpc
