// SPDX-License-Identifier: LGPL-2.1-or-later
// The trash of variable stores, as the daemon keeps it.
#include "domain/domains.hpp"
#include "firmware/tpm_state.hpp"
#include "support/clock.hpp"
#include "support/log.hpp"

namespace vireo::domain {

Task<std::vector<firmware::Trashed>> Domains::list_trash() {
    auto work = [trash = env_.layout.data / "trash"](std::stop_token) { return firmware::list_trash(trash); };
    co_return take(co_await env_.pool.call(std::move(work)));
}

Task<> Domains::remove_trash(std::vector<std::string> ids) {
    auto work = [trash = env_.layout.data / "trash", &ids](std::stop_token) -> Result<> {
        for (auto& id : ids)
            if (auto found = firmware::find_trashed(trash, id); !found) return Failure(found.error());
        for (auto& id : ids)
            if (auto removed = firmware::remove_trashed(trash, id); !removed) return removed;
        return {};
    };
    take(co_await env_.pool.call(std::move(work)));
}

Task<> Domains::expire_trash_daily() {
    while (retention_.count() > 0) {
        auto before = static_cast<std::int64_t>(now_usec()) - retention_.count();
        auto work = [trash = env_.layout.data / "trash", before](std::stop_token) -> Result<std::size_t> {
            if (auto tpms = firmware::expire_trashed_tpms(trash, before); tpms > 0)
                log::info("the states of {} TPMs were in the trash for too long and are deleted", tpms);
            return firmware::expire_trash(trash, before);
        };
        auto removed = co_await env_.pool.call(std::move(work));
        if (!removed)
            log::warning("{}", removed.error().what());
        else if (*removed)
            log::info("{} variable stores were in the trash for too long and are deleted", *removed);
        co_await sleep_for(std::chrono::hours(24));
    }
}

}  // namespace vireo::domain
