// SPDX-License-Identifier: LGPL-2.1-or-later
// Every domain of this daemon: finding them, and the changes that make and unmake them.
#pragma once
#include "domain/domain.hpp"
#include "firmware/disposal_note.hpp"
#include "firmware/nvram.hpp"
#include "firmware/trash.hpp"
#include "model/compare.hpp"
#include "model/domain_xml.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vireo::domain {

struct DefineRequest {
    DefineRequest() = default;
    model::Domain definition;  // parsed, not yet completed
    bool dry_run = false;
    std::optional<std::uint64_t> if_revision;
};
struct Defined {
    std::shared_ptr<Domain> domain;  // null with dry_run when there is none yet
    std::string uuid, name, xml;
    bool created = false;
    std::uint64_t revision = 0;
    std::vector<model::Change> changes;  // to the definition before
};

// The hypervisor's command line for a definition, to be shown: files by their paths.
struct NativeCommand {
    NativeCommand() = default;
    std::vector<std::string> command, environment;
    std::string xml;  // the definition as it was completed for it
};

class Domains {
public:
    explicit Domains(Environment& environment);
    ~Domains();

    // Only what is listed: not what is just being defined for the first time.
    std::shared_ptr<Domain> find_uuid(std::string_view uuid) const;
    std::shared_ptr<Domain> find_name(std::string_view name) const;
    std::shared_ptr<Domain> find(std::string_view key) const;  // UUID, name, or id while it runs, in this order
    std::vector<std::shared_ptr<Domain>> all() const;          // by name
    std::size_t count() const noexcept { return by_uuid_.size(); }
    std::size_t active_count() const noexcept;

    Task<Defined> define(DefineRequest request);
    // The command line for a definition on this host; stores and prepares nothing.
    Task<NativeCommand> to_native(model::Domain definition);
    // A transient domain, made and listed, for the caller to start. When that fails it is gone again.
    Task<std::shared_ptr<Domain>> create(model::Domain definition);
    // Is a file that must be one guest's alone another's already (claims.hpp)? Error(invalid_config).
    Task<> check_files(const model::Domain& definition);
    // tpm: of the state of its emulated TPM. When absent: like nvram, since what is sealed needs both, but kept when
    // the definition says persistent_state.
    Task<> undefine(std::shared_ptr<Domain> domain, NvramDisposal nvram, std::optional<NvramDisposal> tpm,
                    std::optional<std::uint64_t> if_revision, std::string who = {});
    Task<> rename(std::shared_ptr<Domain> domain, std::string new_name, std::optional<std::uint64_t> if_revision);
    // Variable stores of domains that were undefined (firmware/trash.hpp). Those older than this are removed when the
    // daemon starts, and daily; zero: never.
    static constexpr auto usual_retention = std::chrono::days(30);
    void set_trash_retention(std::chrono::microseconds retention) { retention_ = retention; }
    std::chrono::microseconds trash_retention() const noexcept { return retention_; }
    Task<std::vector<firmware::Trashed>> list_trash();
    Task<> remove_trash(std::vector<std::string> ids);  // Error(not_found): then none was removed
    Task<> expire_trash_daily();                        // until it is cancelled

    void forget(const std::shared_ptr<Domain>& domain);  // a transient one that is off

    // The firmware of this host, never older than the call.
    Task<std::shared_ptr<const firmware::Catalog>> firmware_catalog() { return env_.firmwares.get(); }

    // At the daemon's start: reads every definition, then re-attaches to what still runs and undoes half-made starts.
    Task<> load();
    // Domains marked autostart that are off. Their errors are logged.
    Task<> start_marked(std::function<Task<>(std::shared_ptr<Domain>)> start);
    Task<> close();  // the daemon ends; guests go on

private:
    friend class Reattach;
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };
    static std::vector<model::Change> changes_to(const Domain& domain, const model::Domain& definition);
    std::shared_ptr<Domain> place(const model::Domain& definition, bool& fresh);
    void drop(const std::shared_ptr<Domain>& domain);
    void load_definitions();
    Task<> reattach();
    Task<> finish_stores();
    Task<> finish_tpms();
    Task<> finish_undefine(firmware::DisposalRequest request);

    Environment& env_;
    std::chrono::microseconds retention_ = usual_retention;
    std::vector<firmware::Site> stores_;  // found while loading: a daemon that died may have left something there
    std::unordered_map<std::string, std::shared_ptr<Domain>, TextHash, std::equal_to<>> by_uuid_;
    std::map<std::string, std::shared_ptr<Domain>, std::less<>> by_name_;
};

}  // namespace vireo::domain
