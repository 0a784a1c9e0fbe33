// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/table.hpp"
#include "cli/verb.hpp"

#include <boost/json/serialize.hpp>

#include <cerrno>
#include <cstdio>

namespace vireo::cli {
namespace {

void pretty(std::string& out, const json::value& value, std::size_t depth) {
    auto lines = [&](char open, char close, auto& elements, auto&& element) {
        out += open;
        bool first = true;
        for (auto& e : elements) {
            out += first ? "\n" : ",\n";
            first = false;
            out.append(2 * (depth + 1), ' ');
            element(e);
        }
        if (!first) {
            out += '\n';
            out.append(2 * depth, ' ');
        }
        out += close;
    };
    if (auto* object = value.if_object())
        return lines('{', '}', *object, [&](auto& member) {
            out += json::serialize(json::string(member.key())) + ": ";
            pretty(out, member.value(), depth + 1);
        });
    if (auto* array = value.if_array())
        return lines('[', ']', *array, [&](auto& element) { pretty(out, element, depth + 1); });
    if (auto* number = value.if_double();
        number && *number == static_cast<double>(static_cast<std::int64_t>(*number))) {
        out += std::to_string(static_cast<std::int64_t>(*number));  // 1, not 1E0
        return;
    }
    out += json::serialize(value);
}

}  // namespace

Connection& Context::connection() {
    if (!connection_) {
        auto address = address_ ? *address_ : arguments.value("connect").value_or("");
        connection_ = std::make_unique<Connection>(socket_path(std::move(address)));
    }
    return *connection_;
}

void Context::print(std::string_view text) const {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
        throw system_error(errno, "cannot write to standard output");
}

void Context::say(std::string_view sentence) const {
    if (has("quiet") || json()) return;
    print(printable(sentence) + "\n");
    std::fflush(stdout);
}

void Context::warn(std::string_view sentence) const {
    auto line = printable(sentence) + "\n";
    std::fwrite(line.data(), 1, line.size(), stderr);
}

void Context::print_json(const json::value& value) const {
    std::string text;
    pretty(text, value, 0);
    print(text + "\n");
}

}  // namespace vireo::cli
