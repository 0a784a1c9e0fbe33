// SPDX-License-Identifier: LGPL-2.1-or-later
// LINKS: rpc
// Any bytes, cut anywhere: the same answers, each one line of JSON, and bounded memory. The first byte of the input
// says how the rest is cut.
#include "rpc/framing.hpp"
#include "rpc/protocol.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace vireo::rpc;

namespace {

constexpr std::size_t longest = 2000;

void answer_one(std::string& out, json::value& value, AnswerWriter& writer) {
    auto begin = out.size();
    if (auto request = read_request(value)) {
        if (request->id.empty()) return;
        json::object result(value.storage());
        result["method"] = request->method;
        if (request->params) result["params"] = *request->params;
        writer.result(out, request->id, result);
    } else {
        writer.refusal(out, request.error());
    }
    auto line = std::string_view(out).substr(begin);
    boost::system::error_code error;
    json::parse_options deep;
    deep.max_depth = 64;
    (void)json::parse(line, error, {}, deep);
    if (error || line.find('\n') != line.npos) std::abort();
    out += '\n';
}

void answer(std::string& out, std::string_view line) {
    static TextParser parser;
    static AnswerWriter writer;
    json::monotonic_resource memory;
    auto value = parser.parse(line, &memory);
    if (!value) {
        writer.refusal(out, value.error());
        out += '\n';
    } else if (auto* batch = value->if_array()) {
        for (auto& one : *batch) answer_one(out, one, writer);
    } else {
        answer_one(out, *value, writer);
    }
}

std::string answers(std::string_view bytes, std::size_t piece) {
    LineBuffer buffer(longest);
    std::string out;
    while (!bytes.empty() && !buffer.overlong()) {
        auto room = buffer.room();
        auto n = std::min({room.size(), bytes.size(), piece});
        if (!n) std::abort();
        std::memcpy(room.data(), bytes.data(), n);
        buffer.filled(n);
        bytes.remove_prefix(n);
        while (auto line = buffer.next()) answer(out, *line);
        if (buffer.held() > 2 * longest + (128u << 10)) std::abort();
    }
    if (auto line = buffer.rest()) answer(out, *line);
    return out += buffer.overlong() ? "too long" : "";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (!size) return 0;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (answers(bytes, bytes.size() + 1) != answers(bytes, data[0] + 1u)) std::abort();
    return 0;
}
