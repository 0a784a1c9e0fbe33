// SPDX-License-Identifier: LGPL-2.1-or-later
// What can be done with a domain's variable store. Reads answer at any time, from its file, which a running guest may
// change at any moment; changes take the domain's turn and are refused while it runs, but for a reset, which then waits
// for the next cold start. A domain without a store: Error(not_applicable), nothing is changed.
//
// Whatever changes the store is told to the Observer.
#pragma once
#include "domain/domain.hpp"
#include "firmware/nvram.hpp"
#include "firmware/secure_boot.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vireo::domain {

// On which terms somebody changes a store.
struct StoreTerms {
    StoreTerms() = default;
    std::optional<std::string> if_sha256;  // Error(conflict) when the content has another
    std::vector<std::string> confirm;      // what is accepted by name
};

// What is to be reset, and what the caller accepts (START_RESET_NVRAM, SAVE_RESET_NVRAM, SNAPSHOT_REVERT_RESET_NVRAM).
struct ResetWish {
    ResetWish() = default;
    firmware::VariableClasses classes = firmware::VariableClasses::all();
    firmware::VariableClasses keep;
    StoreTerms terms;
};

struct MigrationWish {
    MigrationWish() = default;
    std::optional<firmware::StoreFormat> format, template_format;
    std::string code, template_path;  // empty: what the definition names
    std::vector<std::string> confirm;
    bool dry_run = false;
};
struct MigrationResult {
    firmware::Migrated migrated;
    std::filesystem::path path;
    firmware::StoreFormat format = firmware::StoreFormat::raw;
};

class Nvram {
public:
    // who asks, for the history and the events.
    Nvram(std::shared_ptr<Domain> domain, std::string who) : domain_(std::move(domain)), who_(std::move(who)) {}

    struct Looked {
        firmware::Site site;
        firmware::View view;
        std::uint64_t seen_usec = 0;  // microseconds since the epoch
        bool live = false;            // the domain runs
        bool tpm = false;
    };
    Task<Looked> look();
    Task<firmware::Checked> check();
    Task<firmware::Ring> history();
    // The variables of a backup, of the template. Error(invalid_state) when they cannot be read.
    Task<firmware::VariableStore> backup_variables(std::string id);
    Task<firmware::VariableStore> template_variables();
    // What the host's firmware packages enrol: all of it, or only what Microsoft vouches for. Error(not_found).
    Task<firmware::KeySet> host_keys(bool only_microsoft);
    Task<std::optional<bool>> secure_boot_supported();  // nothing when no descriptor knows this firmware
    Task<firmware::ResetPlan> plan_reset(ResetWish wish);
    // What an edit would change; nothing is changed.
    Task<firmware::Changed> preview(firmware::Edit edit);

    Task<firmware::Changed> change(firmware::Edit edit, StoreTerms terms);
    Task<firmware::Changed> compact(StoreTerms terms);
    Task<MigrationResult> migrate(MigrationWish wish);
    // The variables of a store in a file that is not this domain's, which stays as it is; this domain must not have a
    // store yet (already_exists). For domains that come from elsewhere.
    Task<firmware::Migrated> import_store(std::filesystem::path file);
    Task<firmware::Backup> back_up();
    Task<firmware::Changed> restore(std::string id, StoreTerms terms);
    Task<std::size_t> prune(std::optional<std::size_t> keep, std::vector<std::string> ids);
    // Nothing: it waits for the next cold start.
    Task<std::optional<firmware::Changed>> reset(ResetWish wish);
    Task<bool> cancel_reset();  // was there one?
    // Puts a store from the trash in the place of this one; it leaves the trash.
    Task<firmware::Changed> take_back(std::string trash_id, StoreTerms terms);

    // The one way for operations that start a domain with a reset, in the domain's turn: what they have to know before
    // anything is touched. A start from saved memory asks with `memory`: the reset is then written down for the next
    // cold start (see firmware/pending_reset.hpp), and the result undoes that when the operation fails.
    Task<> require_confirmed(const model::Domain& definition, const ResetWish& wish);
    Task<firmware::MemoryReset> reset_with_memory(const model::Domain& definition, const ResetWish& wish);
    Task<> undo_reset_with_memory(const model::Domain& definition, firmware::MemoryReset made);

private:
    struct Place {  // what the operations below work on
        model::Domain definition;
        firmware::Site site;
        bool tpm = false;
    };
    model::Domain definition() const;
    Place place() const;  // throws Error(not_applicable)
    Place place_of(model::Domain definition) const;
    Task<AsyncMutex::Guard> turn(const char* what);  // the domain's, and it is off
    template <class Work>
    auto blocking(Work work) -> Task<typename std::invoke_result_t<Work>::value_type>;
    void note_health(firmware::HealthState health, bool exists);
    void note_pending(std::optional<firmware::PendingReset> pending);
    void tell(StoreEvent event);
    void tell(StoreEvent::What what, const firmware::Changed& changed);

    std::shared_ptr<Domain> domain_;
    std::string who_;
};

bool has_tpm(const model::Domain& definition);

template <class Work>
auto Nvram::blocking(Work work) -> Task<typename std::invoke_result_t<Work>::value_type> {
    auto job = [&work](std::stop_token) { return work(); };
    auto result = co_await domain_->env_.pool.call(std::move(job));
    if (!result) throw result.error().with_object(domain_->name());
    if constexpr (!std::is_void_v<typename std::invoke_result_t<Work>::value_type>) co_return std::move(*result);
}

}  // namespace vireo::domain
