// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/client.hpp"

#include "api/codec.hpp"
#include "api/types.hpp"

#include <algorithm>

namespace vireo::api {
namespace {

constexpr int method_not_found = -32601, invalid_request = -32600, parse_error = -32700;  // JSON-RPC 2.0, section 5.1

Errc code_of(int rpc_error_code) {
    for (std::size_t i = 0; i < error_names().size(); ++i)
        if (rpc_code(static_cast<Errc>(i)) == rpc_error_code) return static_cast<Errc>(i);
    switch (rpc_error_code) {
        case method_not_found:
            return Errc::not_found;
        case invalid_request:
        case parse_error:
            return Errc::invalid_argument;
        default:
            return Errc::internal;
    }
}

// Whatever is there and is text: an error must never be lost because its details are not as expected.
std::string text_of(const json::object& details, std::string_view key) {
    auto* value = details.if_contains(json::string_view(key.data(), key.size()));
    auto* text = value ? value->if_string() : nullptr;
    return text ? std::string(text->data(), text->size()) : std::string();
}

std::vector<std::string> texts_of(const json::object& details, std::string_view key) {
    std::vector<std::string> texts;
    auto* value = details.if_contains(json::string_view(key.data(), key.size()));
    if (auto* array = value ? value->if_array() : nullptr)
        for (auto& element : *array)
            if (auto* text = element.if_string()) texts.emplace_back(text->data(), text->size());
    return texts;
}

}  // namespace

Error error_from_details(int rpc_error_code, std::string_view message, const json::object* details) {
    auto code = code_of(rpc_error_code);
    std::string outermost(message);
    if (!details) return Error(code, std::move(outermost));
    auto name = text_of(*details, "name");
    if (name.starts_with(error_prefix)) {
        name.erase(0, std::string_view(error_prefix).size());
        if (auto index = index_of(error_names(), name)) code = static_cast<Errc>(*index);
    }
    auto causes = texts_of(*details, "causes");
    // the message is the whole sentence: what the causes say comes off its end
    std::string tail;
    for (auto& cause : causes) tail += ": " + cause;
    if (outermost.size() > tail.size() && outermost.ends_with(tail))
        outermost.resize(outermost.size() - tail.size());
    else
        causes.clear();
    std::optional<Error> error;
    std::for_each(causes.rbegin(), causes.rend(),
                  [&](auto& cause) { error = error ? Error(code, cause, *error) : Error(code, cause); });
    auto result = error ? Error(code, std::move(outermost), *error) : Error(code, std::move(outermost));
    if (auto object = text_of(*details, "object"); !object.empty()) result = result.with_object(object);
    if (auto stage = text_of(*details, "stage"); !stage.empty()) result = result.with_stage(stage);
    if (auto hint = text_of(*details, "hint"); !hint.empty()) result = result.with_hint(hint);
    if (auto needs = texts_of(*details, "needs"); !needs.empty()) result = result.with_needs(std::move(needs));
    return result;
}

}  // namespace vireo::api
