// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/start_store.hpp"

#include "firmware/digest.hpp"
#include "firmware/nvram_transaction.hpp"
#include "firmware/store_content.hpp"
#include "firmware/varstore_guid.hpp"
#include "support/log.hpp"

namespace vireo::firmware {
namespace {

bool same_for_a_person(const VariableChanges& changes) {
    // The counter of starts changes at each of them: that is no reason for a backup.
    for (auto& change : changes)
        if (change.variable().vendor != guids::mtc) return false;
    return true;
}

class Starting {
public:
    Starting(const Request& request, std::uint64_t code_size, const Touched& touched)
        : request_(request), site_(site_of(request)), code_size_(code_size), touched_(touched) {}

    Result<StartedStore> run() {
        if (request_.reset && request_.from_memory)
            return fail(Errc::invalid_argument, "a reset that comes with saved memory has to wait for a cold start");
        if (auto ok = take_pending(); !ok) return Failure(ok.error());
        auto ok = reset_ ? make_new() : keep();
        if (!ok) return Failure(ok.error());
        return std::move(started_);
    }

private:
    bool with_folder() const { return !site_.folder.empty(); }

    // A reset of this start and one that waits are done together.
    Result<> take_pending() {
        reset_ = request_.reset;
        classes_ = request_.reset_classes;
        keep_ = request_.reset_keep;
        if (!with_folder()) return {};
        if (pending_is_staged(site_.folder))  // of a start that was cut off
            if (auto ok = unstage_pending(site_.folder, site_.store.steps); !ok) return ok;
        if (request_.from_memory) return {};
        auto pending = read_pending(site_.folder);
        if (!pending) return Failure(pending.error());
        if (!*pending) return {};
        auto effective = (*pending)->classes - (*pending)->keep;
        if (reset_) {
            classes_ = (classes_ - keep_) | effective;
            keep_ = {};
        } else {
            classes_ = (*pending)->classes;
            keep_ = (*pending)->keep;
        }
        reset_ = true;
        started_.report.pending = std::move(**pending);
        return {};
    }

    // ── a new one ──

    Result<> make_new() {
        std::optional<NewContent> content;
        std::string bytes;
        {
            auto transaction = Transaction::begin(site_);
            if (!transaction) return Failure(transaction.error());
            auto wanted = reset_content(site_, *transaction, classes_, keep_);
            if (!wanted) return Failure(wanted.error());
            if (auto ok = judge_new(*transaction, wanted->bytes); !ok) return ok;
            auto file = wanted->file ? Result<std::string>(std::move(*wanted->file))
                                     : encode_store(wanted->bytes, site_.store.format);
            if (!file) return Failure(file.error());
            bytes = std::move(*file);
            if (auto ok = stage(); !ok) return ok;
            if (auto ok = back_up(*transaction, BackupReason::before_reset); !ok) return ok;
        }  // unlocked: what follows locks it again
        auto store = reset_store(site_.store, bytes, touched_);
        if (!store) return Failure(store.error());
        started_.fd = std::move(store->fd);
        started_.report.outcome = store->replaced ? StoreOutcome::reset : StoreOutcome::created;
        return {};
    }

    Result<> create(const Transaction& transaction) {
        if (!transaction.pristine()) return transaction.without_template();
        auto& pristine = *transaction.pristine();
        if (auto ok = judge_new(transaction, pristine.content); !ok) return ok;
        auto file = pristine_file(site_, pristine);
        if (!file) return Failure(file.error());
        auto store = create_store(site_.store, *file, touched_);
        if (!store) return Failure(store.error());
        started_.fd = std::move(store->fd);
        started_.report.outcome = StoreOutcome::created;
        return {};
    }

    // The template, or what a reset made with it.
    Result<> judge_new(const Transaction& transaction, const std::string& content) {
        auto& report = started_.report;
        report.looked_at = true;
        report.health = judge_store(content, site_.store.format, transaction.pairing());
        if (transaction.pristine()) report.template_sha256 = sha256(transaction.pristine()->content);
        if (report.health.usable()) return {};
        return Failure(Error(Errc::invalid_config, "the template " + site_.template_path.string() +
                                                       " cannot be used: " + report.health.sentence)
                           .with_object(site_.template_path.string())
                           .with_hint("use the template that belongs to the firmware " + site_.code.string()));
    }

    // From here on there is something to undo.
    Result<> stage() {
        if (!started_.report.pending) return {};
        if (touched_) *touched_ = true;
        return stage_pending(site_.folder, site_.store.steps);
    }

    // ── the old one ──

    Result<> keep() {
        auto slot = StoreSlot::open(site_.store);
        if (!slot) return Failure(slot.error());
        if (!*slot) {
            auto nothing = Transaction::begin(site_);
            return nothing ? create(*nothing) : Failure(nothing.error());
        }
        started_.report.outcome = StoreOutcome::kept;
        if (!with_folder()) return look(std::move(**slot), nullptr);
        auto history = History::open(site_.history(), site_.store.steps);
        if (!history) {
            log::warning("{}: {}", site_.store.path.string(), history.error().what());
            return look(std::move(**slot), nullptr);
        }
        for (auto& warning : history->warnings()) log::warning("{}", warning);
        auto status = (*slot)->status();
        if (!status) return Failure(status.error());
        auto& known = history->look();
        if (!known || known->code_size != code_size_ || !known->vouches_for(*status))
            return look(std::move(**slot), &*history);
        if (known->clogged) started_.report.health.state = HealthState::clogged;
        started_.report.health.sentence = "nothing has touched it since it was last found sound";
        started_.fd = (*slot)->take();
        return {};
    }

    Result<> look(StoreSlot slot, History* history) {
        auto transaction = Transaction::of(site_, std::move(slot));
        if (!transaction) return Failure(transaction.error());
        auto& report = started_.report;
        report.looked_at = true;
        report.health = transaction->health();
        if (!request_.from_memory)
            if (auto ok = mend(*transaction); !ok) return ok;
        if (history && !report.backup)
            if (auto ok = back_up_if_changed(*transaction, *history); !ok)
                log::warning("{}: {}", site_.store.path.string(), ok.error().what());
        started_.fd = transaction->take();
        return {};
    }

    // What cannot work stops the start; what can be mended without losing anything is.
    Result<> mend(Transaction& transaction) {
        auto& report = started_.report;
        bool interrupted = report.health.state == HealthState::interrupted;
        if (!interrupted && !report.health.usable()) return Failure(unusable_store(site_, report.health));
        if (!interrupted && !worth_compacting(report.health.statistics)) return {};
        if (transaction.snapshots()) return {};
        auto store = *transaction.variables();
        store.compact();
        auto done = transaction.finish(store.write(), BackupReason::before_compact);
        if (!done && !interrupted) {
            log::warning("{}: cannot compact it: {}", site_.store.path.string(), done.error().what());
            return {};
        }
        if (!done) return Failure(done.error());
        report.compacted = done->changed;
        report.backup = done->backup;
        report.health = done->health;
        return {};
    }

    bool worth_compacting(const StoreStatistics& figures) const {
        if (!request_.compact_above || figures.dead == 0) return false;
        return (figures.used + figures.dead) * 100 > figures.capacity * *request_.compact_above;
    }

    // ── backups ──

    Result<> back_up(Transaction& transaction, BackupReason reason) {
        if (!with_folder() || site_.ring == 0 || !transaction.exists()) return {};
        auto history = History::open(site_.history(), site_.store.steps);
        if (!history) return Failure(history.error());
        return add(transaction, *history, reason);
    }

    // Its synchronisation is left to commit(): until then the old store itself is there.
    Result<> add(Transaction& transaction, History& history, BackupReason reason) {
        auto kept = transaction.back_up(reason, history, History::Durability::later);
        if (!kept) return Failure(kept.error());
        started_.report.backup = std::move(*kept);
        started_.unsynchronised = std::make_shared<History>(history);
        return {};
    }

    Result<> back_up_if_changed(Transaction& transaction, History& history) {
        if (site_.ring == 0) return {};
        auto hash = transaction.content() ? sha256(*transaction.content()) : std::string();
        if (!same_as_newest(transaction, history, hash))
            if (auto ok = add(transaction, history, BackupReason::before_start); !ok) return ok;
        auto status = transaction.status();
        if (!status || hash.empty() || request_.from_memory) return {};
        auto look = Look::of(*status);
        look.sha256 = hash;
        look.code_size = code_size_;
        look.clogged = started_.report.health.state == HealthState::clogged;
        if (history.look() && history.look()->vouches_for(*status)) return {};
        history.remember(look);
        return {};
    }

    static bool same_as_newest(const Transaction& transaction, const History& history, const std::string& hash) {
        auto* newest = history.newest();
        if (!newest || hash.empty()) return false;
        if (newest->sha256 == hash) return true;
        if (!transaction.variables() || transaction.variables()->damage() || newest->whole_file) return false;
        auto old = history.read(newest->id);
        auto before = old ? read_store(*old) : Failure(old.error());
        return before && !before->damage() && same_for_a_person(diff(*before, *transaction.variables()));
    }

    const Request& request_;
    const Site site_;
    std::uint64_t code_size_;
    const Touched& touched_;
    bool reset_ = false;
    VariableClasses classes_, keep_;
    StartedStore started_;
};

}  // namespace

Site site_of(const Request& request) {
    Site site;
    site.store = *request.store;
    site.template_path = request.template_path;
    site.template_format = request.template_format;
    site.code = request.code;
    site.code_format = request.code_format;
    site.architecture = request.architecture;
    site.folder = request.folder;
    site.ring = request.folder.empty() ? 0 : request.ring;
    site.who = request.who;
    site.time_usec = request.time_usec;
    return site;
}

Result<StartedStore> start_store(const Request& request, std::uint64_t code_size, const Touched& touched) {
    return Starting(request, code_size, touched).run();
}

}  // namespace vireo::firmware
