// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware's stage of a start: checks the recorded files once more, makes or resets the variable store, and hands
// over open descriptors, so that the hypervisor needs no right to any path.
#pragma once
#include "firmware/history.hpp"
#include "firmware/nvram_store.hpp"
#include "firmware/pending_reset.hpp"
#include "firmware/varstore_health.hpp"
#include "model/domain.hpp"
#include "support/blocking.hpp"
#include "support/rollback.hpp"

#include <vector>

namespace vireo::firmware {

struct Request {
    Request() = default;

    enum class Kind {
        none,  // the hypervisor's own default
        rom,   // loaded by path; it must be readable to the hypervisor
        flash
    };
    Kind kind = Kind::none;
    std::filesystem::path code;
    Format code_format = Format::raw;
    bool code_writable = false;           // the guest's own flash image with the variables in it
    std::optional<StoreSpec> store;       // none: stateless, writable flash, or not flash at all
    std::filesystem::path template_path;  // may be empty: then the store must exist
    StoreFormat template_format = StoreFormat::raw;
    // Begin with the template, or with what reset_store() makes of the store: refused when there is no store
    // (Errc::not_applicable).
    bool reset = false;
    VariableClasses reset_classes = VariableClasses::all();
    VariableClasses reset_keep;
    // The guest goes on from saved memory, which writes its own flash over the store: a pending reset goes on waiting,
    // nothing is reset (see reset_with_memory()), judged or compacted.
    bool from_memory = false;
    std::string architecture;                // for the check of sizes
    std::filesystem::path folder;            // the guest's own, for history and pending reset; empty: without them
    std::size_t ring = History::usual_ring;  // backups that are kept
    // Compact the store when live and dead records fill more than this much of it (percent) and that helps; the
    // firmware's own clean-up takes long. Absent: never.
    std::optional<unsigned> compact_above;
    std::string who;             // on whose behalf, for the history
    std::int64_t time_usec = 0;  // now
};
// For a definition that resolve() has been through. data: the daemon's data folder.
Request request_for(const model::Domain& domain, const std::filesystem::path& data, bool reset);

enum class StoreOutcome { not_applicable, kept, created, reset };
std::string_view to_string(StoreOutcome) noexcept;

// What happened to the store, for events and logs.
struct StoreReport {
    StoreOutcome outcome = StoreOutcome::not_applicable;
    std::optional<Backup> backup;  // of what it was before this start, when one was taken
    Health health;                 // of what the guest begins with
    bool looked_at = false;        // false: untouched since the last look, health is from then
    bool compacted = false;
    std::string template_sha256;          // of the template that was used; empty when none was
    std::optional<PendingReset> pending;  // the one that was carried out
};

class PreparedFirmware {
public:
    PreparedFirmware() = default;

    Request::Kind kind = Request::Kind::none;
    std::filesystem::path rom;  // of a ROM
    UniqueFd code;              // of flash: read-only, or read-write when code_writable
    Format code_format = Format::raw;
    bool code_writable = false;
    std::optional<UniqueFd> nvram;  // read-write and locked: the lock goes where the descriptor goes
    StoreFormat nvram_format = StoreFormat::raw;
    StoreOutcome outcome = StoreOutcome::not_applicable;
    StoreReport report;

    // The start has succeeded: from now on the new store counts, a reset that waited is done, the backup is durable. To
    // be awaited before success is reported.
    Task<> commit();

private:
    friend Task<PreparedFirmware> prepare(Blocking& blocking, Request request, Rollback& rollback);
    Blocking* blocking_ = nullptr;
    std::optional<StoreSpec> store_;
    std::filesystem::path folder_;
    std::shared_ptr<History> unsynchronised_;
};

// Throws Error. The undo that it registers brings the old store back, also after a failure of a later stage; after
// commit() it does nothing. Nothing is changed before code, template and sizes are known to be right.
Task<PreparedFirmware> prepare(Blocking& blocking, Request request, Rollback& rollback);

// The same look at the files without changing or locking anything, for a definition. A store that exists is not judged:
// firmware is named first, then the store is migrated to it. Blocks.
Result<> check(const Request& request);

// At the start of the daemon: what starts that were cut off left behind. One result for each, in order; failures are
// logged too.
struct Leftover {
    Leftover() = default;
    Leftover(StoreSpec spec, Started started) : spec(std::move(spec)), started(started) {}
    StoreSpec spec;
    Started started = Started::no;
};
Task<std::vector<Result<Recovered>>> recover(Blocking& blocking, std::vector<Leftover> leftovers);

}  // namespace vireo::firmware
