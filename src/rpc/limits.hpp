// SPDX-License-Identifier: LGPL-2.1-or-later
// What one client, one user and all together may cost. Sizes in bytes.
#pragma once
#include "support/task.hpp"

#include <cstddef>

namespace vireo::rpc {

struct Limits {
    Limits() = default;

    std::size_t longest_line = 4u << 20;      // one JSON text; a longer one ends the connection
    std::size_t longest_answer = 32u << 20;   // a longer one becomes Error(limit_exceeded)
    std::size_t batch = 1000;                 // requests in one batch
    std::size_t batch_answer = 8u << 20;      // once over it the rest of the batch is refused
    std::size_t in_flight = 256;              // requests of one connection; more wait unread
    std::size_t in_flight_bytes = 16u << 20;  // their texts together; as above
    std::size_t output_pause = 256u << 10;    // unsent answers: nothing more is read until the client takes some
    std::size_t output = 8u << 20;            // unsent events behind the largest answer: then cut off
    std::size_t descriptors = 16;             // received and not yet claimed by a request; more are closed
    std::size_t connections = 512;
    std::size_t connections_per_user = 128;
    std::size_t bytes_per_user = 64u << 20;  // all buffers of one user's connections; who goes over is cut off
    Clock::duration stalled = std::chrono::seconds(60);   // unsent output without any progress: then cut off
    Clock::duration turn = std::chrono::milliseconds(2);  // a client's requests in one go, before others get theirs
    Clock::duration accept_pause = std::chrono::milliseconds(200);  // after accept() ran out of descriptors or memory
};

inline constexpr std::size_t deepest_nesting = 32;  // of a JSON text

}  // namespace vireo::rpc
