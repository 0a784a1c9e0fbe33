// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/stages.hpp"

namespace vireo::domain {

Task<> stage(Stages& stages, std::string name, Task<> work) {
    stages.began(name);
    std::exception_ptr failure;
    try {
        co_await std::move(work);
    } catch (...) {
        failure = std::current_exception();
    }
    if (!failure) {
        stages.ended(name, Stages::End::done);
        co_return;
    }
    auto error = current_error(failure);
    stages.ended(name, error.code() == Errc::cancelled ? Stages::End::cancelled : Stages::End::failed);
    throw error.with_stage(std::move(name));
}

}  // namespace vireo::domain
