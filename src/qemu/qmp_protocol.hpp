// SPDX-License-Identifier: LGPL-2.1-or-later
// The QEMU Machine Protocol without I/O: bytes in → greeting, replies, events; commands → bytes out.
// Source: QEMU's docs/interop/qmp-spec. What comes in is not trusted: a guest may have taken over its QEMU.
#pragma once
#include "support/error.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vireo::qemu {
namespace json = boost::json;

struct QmpGreeting {
    bool out_of_band = false;             // "exec-oob" may be switched on
    int major = 0, minor = 0, micro = 0;  // QEMU's version
    std::string package;                  // the distribution's words for it; may be empty
};

struct QmpReply {
    std::uint64_t id = 0;
    Result<json::value> result;  // what "return" held, or QEMU's refusal
};

struct QmpEvent {
    std::string name;                 // "RESUME"
    json::object data;                // empty when it has none
    std::int64_t timestamp_usec = 0;  // QEMU's clock, since the epoch; 0 when it could not tell
};

using QmpMessage = std::variant<QmpGreeting, QmpReply, QmpEvent>;

class QmpProtocol {
public:
    static constexpr std::size_t longest_line = 16u << 20;  // query-qmp-schema, the longest reply, has 200 KiB

    // One line to send, with its line end; `id` comes back in its reply.
    static std::string encode(std::uint64_t id, std::string_view command, const json::object& arguments,
                              bool out_of_band = false);

    // Takes any slice of the stream and appends the messages that it completes to `out`. Failure(hypervisor_failed):
    // the peer does not speak QMP; what came before the fault is in `out`, and the stream cannot be read any further.
    Result<> decode(std::string_view bytes, std::vector<QmpMessage>& out);

private:
    std::string partial_;  // the beginning of a line whose end has not come
};

}  // namespace vireo::qemu
