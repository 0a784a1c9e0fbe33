// SPDX-License-Identifier: LGPL-2.1-or-later
// What is known of a domain's variable store without looking at it, and what is told when something happens to it.
#pragma once
#include "firmware/pending_reset.hpp"
#include "firmware/varstore_health.hpp"
#include "model/domain.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace vireo::domain {

struct StoreFacts {
    std::string path;                               // empty: the domain has no variable store
    std::optional<firmware::HealthState> health;    // nothing: there was none, or nobody has looked yet
    std::uint64_t seen_usec = 0;                    // when somebody looked; microseconds since the epoch, 0: never
    std::optional<firmware::PendingReset> pending;  // a reset that waits for the next cold start
    bool operator==(const StoreFacts&) const = default;

    // Of a definition; what was seen before is kept while the store is the same. Looks for a pending reset: blocks for
    // a file that is usually not there.
    static StoreFacts of(const model::Domain& definition, const std::filesystem::path& data, StoreFacts before);
};

struct StoreEvent {
    enum class What {
        created,
        reset,
        restored,
        changed,
        compacted,
        migrated,
        firmware_changed,
        unhealthy,
        reset_pending,
        reset_cancelled,
        backed_up,
        trashed,
        removed
    };
    StoreEvent() = default;
    StoreEvent(What what, std::string who) : what(what), who(std::move(who)) {}

    What what = What::changed;
    std::string who;       // who asked; empty: nobody, it was found or followed from something else
    std::string sentence;  // for a person; may be empty
    std::string template_sha256, sha256, backup;   // may be empty
    std::optional<firmware::HealthState> health;   // of unhealthy
    std::string old_code_sha256, new_code_sha256;  // of firmware_changed
};

}  // namespace vireo::domain

template <>
inline constexpr auto vireo::model::names<vireo::domain::StoreEvent::What> =
    vireo::model::words("created", "reset", "restored", "changed", "compacted", "migrated", "firmware-changed",
                        "unhealthy", "reset-pending", "reset-cancelled", "backed-up", "trashed", "removed");
