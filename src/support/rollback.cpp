// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/rollback.hpp"

#include "support/error.hpp"
#include "support/log.hpp"

namespace vireo {

Task<> Rollback::undo_all() {
    while (!steps_.empty()) {
        auto step = std::move(steps_.back());
        steps_.pop_back();
        try {
            co_await step.undo();
        } catch (...) {
            log::error("undoing '{}' failed: {}", step.what, current_error(std::current_exception()).what());
        }
    }
}

}  // namespace vireo
