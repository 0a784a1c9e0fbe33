// SPDX-License-Identifier: LGPL-2.1-or-later
// LINKS: qemu
// What QEMU sends, cut anywhere: the same messages as in one piece, the same verdict, never a crash. The first byte
// says how the rest is cut.
#include "qemu/qmp_protocol.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>

using namespace vireo;
using namespace vireo::qemu;

static std::string text(const std::vector<QmpMessage>& messages) {
    std::string all;
    for (auto& m : messages) {
        if (auto* g = std::get_if<QmpGreeting>(&m)) all += "greeting " + std::to_string(g->major) + g->package;
        if (auto* e = std::get_if<QmpEvent>(&m)) all += "event " + e->name + json::serialize(e->data);
        if (auto* r = std::get_if<QmpReply>(&m))
            all +=
                "reply " + std::to_string(r->id) + (r->result ? json::serialize(*r->result) : r->result.error().what());
        all += '\n';
    }
    return all;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    QmpProtocol whole, pieces;
    std::vector<QmpMessage> a, b;
    auto first = whole.decode(bytes, a);
    Result<> second;
    std::size_t step = data[0] ? data[0] : 1;
    for (std::size_t at = 0; at < bytes.size() && second; at += step) second = pieces.decode(bytes.substr(at, step), b);
    if (first.has_value() != second.has_value() || text(a) != text(b)) std::abort();
    if (!first && std::string(first.error().what()) != second.error().what()) std::abort();
    return 0;
}
