// SPDX-License-Identifier: LGPL-2.1-or-later
// The timeline of a piece of work: who runs it is told when each of its stages begins and ends.
#pragma once
#include "support/error.hpp"
#include "support/task.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace vireo::domain {

class Stages {
public:
    enum class End { done, failed, cancelled };
    virtual ~Stages() = default;
    virtual void began(std::string_view name) = 0;
    virtual void ended(std::string_view name, End how) = 0;
    virtual void expect(std::size_t count) = 0;  // how many stages there will be, for the progress
};

// Runs work as a stage: its beginning and its end are told, and an error that leaves it carries the stage's name.
Task<> stage(Stages& stages, std::string name, Task<> work);

template <class T>
Task<T> stage(Stages& stages, std::string name, Task<T> work) {
    std::optional<T> result;
    co_await stage(stages, std::move(name), vireo::detail::store(std::move(work), result));
    co_return std::move(*result);
}

}  // namespace vireo::domain
