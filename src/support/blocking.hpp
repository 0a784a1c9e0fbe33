// SPDX-License-Identifier: LGPL-2.1-or-later
// Blocking work off the loop: file synchronisation, large reads, compression, user look-ups. The function runs on a
// pool thread and must touch only what it was given. Cancelling the coroutine sets its stop_token and still waits for
// the function to return; a result that it returned then is kept.
#pragma once
#include "support/task.hpp"

#include <functional>
#include <memory>
#include <stop_token>
#include <type_traits>

namespace vireo {

class Blocking {
public:
    explicit Blocking(unsigned threads = 4);  // the threads start when first needed
    ~Blocking();                              // waits for what runs
    Blocking(const Blocking&) = delete;
    Blocking& operator=(const Blocking&) = delete;

    Task<> run(std::function<void(std::stop_token)> work);

    // Keep co_await and the lambda apart: auto job = [..](std::stop_token) {...}; co_await pool.call(std::move(job));
    template <class F>
    auto call(F work) -> Task<std::invoke_result_t<F, std::stop_token>> {
        using R = std::invoke_result_t<F, std::stop_token>;
        if constexpr (std::is_void_v<R>) {
            co_await run(std::move(work));
        } else {
            std::optional<R> result;
            std::function<void(std::stop_token)> job = [&](std::stop_token stop) { result.emplace(work(stop)); };
            co_await run(std::move(job));
            co_return std::move(*result);
        }
    }

private:
    struct Pool;
    std::unique_ptr<Pool> pool_;
    unsigned threads_;
};

}  // namespace vireo
