// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/qmp_protocol.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <limits>
#include <optional>

namespace vireo::qemu {
namespace {

constexpr std::size_t deepest_json = 256;   // a disk's chain of backing files nests one level per file
constexpr std::size_t longest_quote = 200;  // of what QEMU sent, in an error

const json::object* object_at(const json::object& o, std::string_view key) {
    auto* v = o.if_contains(key);
    return v ? v->if_object() : nullptr;
}
const json::string* string_at(const json::object& o, std::string_view key) {
    auto* v = o.if_contains(key);
    return v ? v->if_string() : nullptr;
}
std::optional<std::int64_t> integer_at(const json::object& o, std::string_view key) {
    auto* v = o.if_contains(key);
    if (!v || !v->is_int64()) return std::nullopt;
    return v->get_int64();
}
int small_integer_at(const json::object& o, std::string_view key) {
    auto n = integer_at(o, key).value_or(0);
    return n < 0 || n > std::numeric_limits<int>::max() ? 0 : static_cast<int>(n);
}

// Part of a foreign text that may be shown to a person.
std::string quote(std::string_view text) {
    std::string out;
    for (char c : text.substr(0, longest_quote)) out += (c >= ' ' && c < 0x7f) ? c : '?';
    if (text.size() > longest_quote) out += "…";
    return out;
}

Failure nonsense(std::string_view what, std::string_view line = {}) {
    if (line.empty()) return fail(Errc::hypervisor_failed, "QEMU's monitor sent ", std::string(what));
    return fail(Errc::hypervisor_failed, "QEMU's monitor sent ", std::string(what), ": ", quote(line));
}

QmpGreeting greeting(const json::object& body) {
    QmpGreeting g;
    if (auto* v = body.if_contains("capabilities"))
        if (auto* all = v->if_array())
            for (auto& one : *all) g.out_of_band |= one.is_string() && one.get_string() == "oob";
    auto* version = object_at(body, "version");
    if (!version) return g;
    if (auto* package = string_at(*version, "package")) g.package = *package;
    if (auto* qemu = object_at(*version, "qemu")) {
        g.major = small_integer_at(*qemu, "major");
        g.minor = small_integer_at(*qemu, "minor");
        g.micro = small_integer_at(*qemu, "micro");
    }
    return g;
}

QmpEvent event(const json::string& name, json::object& body) {
    constexpr std::int64_t latest = std::numeric_limits<std::int64_t>::max() / 1'000'000 - 1;
    QmpEvent e;
    e.name = name;
    if (auto* v = body.if_contains("data"))
        if (auto* data = v->if_object()) e.data = std::move(*data);
    if (auto* t = object_at(body, "timestamp")) {
        auto seconds = integer_at(*t, "seconds").value_or(0), micro = integer_at(*t, "microseconds").value_or(0);
        // QEMU says -1 when its clock fails
        if (seconds > 0 && seconds < latest && micro >= 0 && micro < 1'000'000)
            e.timestamp_usec = seconds * 1'000'000 + micro;
    }
    return e;
}

Error refusal(const json::object& body) {
    auto code = Errc::hypervisor_failed;
    if (auto* name = string_at(body, "class")) {
        if (*name == "CommandNotFound" || *name == "KVMMissingCap") code = Errc::unsupported;
        if (*name == "DeviceNotFound") code = Errc::not_found;
        if (*name == "DeviceNotActive") code = Errc::invalid_state;
    }
    auto* text = string_at(body, "desc");
    return Error(code, text && !text->empty() ? std::string(*text) : "QEMU does not say why");
}

Result<QmpMessage> message(std::string_view line) {
    json::parse_options options;
    options.max_depth = deepest_json;
    boost::system::error_code error;
    auto value = json::parse(line, error, {}, options);
    if (error) return nonsense("what is not JSON", line);
    auto* o = value.if_object();
    if (!o) return nonsense("what is not an object", line);
    if (auto* body = object_at(*o, "QMP")) return QmpMessage(greeting(*body));
    if (auto* name = string_at(*o, "event")) return QmpMessage(event(*name, *o));

    auto* refused = object_at(*o, "error");
    auto id = integer_at(*o, "id");
    if (!id || *id < 0) {
        if (refused) return Failure(refusal(*refused).wrap("QEMU's monitor could not read a command"));
        return nonsense("a reply to no command", line);
    }
    QmpReply reply{static_cast<std::uint64_t>(*id), json::value()};
    if (refused) {
        reply.result = Failure(refusal(*refused));
    } else if (auto* result = o->if_contains("return")) {
        reply.result = std::move(*result);
    } else {
        return nonsense("a reply with neither a result nor an error", line);
    }
    return QmpMessage(std::move(reply));
}

}  // namespace

std::string QmpProtocol::encode(std::uint64_t id, std::string_view command, const json::object& arguments,
                                bool out_of_band) {
    std::string line = out_of_band ? R"({"exec-oob":)" : R"({"execute":)";
    line += json::serialize(json::string_view(command));
    if (!arguments.empty()) line.append(R"(,"arguments":)").append(json::serialize(arguments));
    line.append(R"(,"id":)").append(std::to_string(id)).append("}\n");
    return line;
}

Result<> QmpProtocol::decode(std::string_view bytes, std::vector<QmpMessage>& out) {
    while (!bytes.empty()) {
        auto end = bytes.find('\n');
        auto piece = bytes.substr(0, end);
        if (partial_.size() + piece.size() > longest_line) return nonsense("an endless line");
        if (end == bytes.npos) {
            partial_.append(piece);
            return {};
        }
        std::string_view line = piece;
        if (!partial_.empty()) line = partial_.append(piece);
        bytes.remove_prefix(end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) {
            auto one = message(line);
            if (!one) return Failure(std::move(one.error()));
            out.push_back(std::move(*one));
        }
        partial_.clear();
        if (partial_.capacity() > 65536) partial_.shrink_to_fit();  // one long reply is no reason to keep its room
    }
    return {};
}

}  // namespace vireo::qemu
