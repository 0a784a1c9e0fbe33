// SPDX-License-Identifier: LGPL-2.1-or-later
// One domain: what is known of it, its queue of changes, and what can be done with it. Facts are answered from memory,
// at any time; changes happen one after another. Everything runs on the loop.
#pragma once
#include "domain/claims.hpp"
#include "domain/console.hpp"
#include "domain/environment.hpp"
#include "domain/running.hpp"
#include "domain/stages.hpp"
#include "domain/states.hpp"
#include "domain/store_facts.hpp"
#include "domain/summary.hpp"
#include "firmware/identity.hpp"
#include "model/domain.hpp"
#include "support/async_mutex.hpp"
#include "support/task_group.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vireo::domain {

inline constexpr auto monitor_limit = std::chrono::seconds(10);   // for one command of a running guest
inline constexpr auto graceful_limit = std::chrono::seconds(15);  // for QEMU to write out what it has
inline constexpr auto kill_after = std::chrono::seconds(2);       // SIGTERM first: QEMU takes 3 to 15 ms
inline constexpr auto probe_first =
    std::chrono::milliseconds(500);                               // until a guest that does not answer is asked again
inline constexpr auto probe_at_most = std::chrono::seconds(15);   // the pause doubles up to this
inline constexpr auto shutdown_limit = std::chrono::seconds(60);  // for a guest's own shutdown, when one waits for it

enum class Kind { live, persistent };

struct ResetWish;  // nvram.hpp

struct StartRequest {
    StartRequest() = default;
    bool paused = false;
    std::shared_ptr<const ResetWish> reset_nvram;  // null: none
    std::string who;                               // asked for it
    std::optional<NvramDisposal> nvram;            // of a transient domain: what becomes of its store when it stops
    bool accept_firmware = false;  // what is there now instead of what was recorded, whatever the guest's policy
    std::optional<std::uint64_t> if_revision;
};
struct ShutdownRequest {
    ShutdownRequest() = default;
    bool wait = false;
    Clock::duration limit = shutdown_limit;
};

class Domain : public std::enable_shared_from_this<Domain> {
public:
    Domain(Environment& environment, std::string uuid, std::string name);
    Domain(const Domain&) = delete;
    Domain& operator=(const Domain&) = delete;
    ~Domain();

    // Facts
    const std::string& uuid() const noexcept { return uuid_; }
    const std::string& name() const noexcept { return name_; }
    int id() const noexcept { return running_ ? running_->id : -1; }
    State state() const noexcept { return state_; }
    const std::string& reason() const noexcept { return reason_; }
    Health health() const noexcept { return running_ ? running_->health : Health::none; }
    bool active() const noexcept { return running_ != nullptr; }
    bool persistent() const noexcept { return persistent_xml_ != nullptr; }
    bool autostart() const noexcept { return autostart_; }
    bool listed() const noexcept { return listed_; }  // false while its first definition is being stored
    std::uint64_t revision() const noexcept { return revision_; }
    const StoreFacts& store() const noexcept { return store_; }
    const Summary& summary() const noexcept { return active() ? running_->summary : summary_; }
    const Running* running() const noexcept { return running_.get(); }
    std::shared_ptr<Running> running_shared() const noexcept { return running_; }
    std::vector<SerialPort> serial_ports() const;  // in the order of the definition
    // The definition's text. Error(invalid_state) when there is none of this kind; without a kind: live, else
    // persistent.
    Result<std::shared_ptr<const std::string>> xml(std::optional<Kind> kind = {}) const;

    // Changes. Each waits for its turn; Error(conflict) when if_revision is given and does not match then.
    Task<> start(StartRequest request, Stages& stages);
    Task<> shutdown(ShutdownRequest request, Stages& stages);
    Task<> reboot(ShutdownRequest request, Stages& stages);
    Task<> destroy(bool graceful, std::optional<std::uint64_t> if_revision, Stages& stages);
    Task<> reset(std::optional<std::uint64_t> if_revision);
    Task<> suspend(std::optional<std::uint64_t> if_revision);
    Task<> resume(std::optional<std::uint64_t> if_revision);
    Task<> set_autostart(bool on, std::optional<std::uint64_t> if_revision);

    // The state of the emulated TPM, from a folder of swtpm's (tpm.cpp). Error(not_applicable): there is no such TPM.
    Task<> import_tpm(std::filesystem::path folder);

    // The recorded firmware (firmware.cpp)
    // Against what is on the host now: reads files. Nothing when none is recorded.
    Task<std::optional<firmware::Standing>> firmware_standing();
    // The definition names and records what is there now; what runs is not changed. invalid_state when nothing is there
    // that could be accepted. True: it was another.
    Task<bool> accept_firmware(std::optional<std::uint64_t> if_revision, std::string who);
    // pin keeps a copy at once; conflict when what was recorded is no longer there to be copied.
    Task<> set_firmware_policy(model::FirmwarePolicy policy, std::optional<std::uint64_t> if_revision);

    Result<UniqueFd> open_console(const std::string& device, bool force);  // device empty: the first one

    // A change that the service shows as a job can be cancelled by one that must not wait for it: destroy cancels a
    // start. The service sets this while the start runs.
    std::function<void()> cancel_start;

private:
    friend class Domains;
    friend class Nvram;
    friend class Start;
    friend class Reattach;
    Task<> store_definition(model::Domain definition);  // replaces the persistent one, under the domain's turn
    Task<AsyncMutex::Guard> turn(std::optional<std::uint64_t> if_revision);
    Running& require_running(const char* what);
    Task<> command(std::shared_ptr<Running> run, std::string name, std::string what);
    Task<std::shared_ptr<Running>> press_power_button(bool reboot, Stages& stages);
    Task<> take_down(std::shared_ptr<Running> run, bool graceful, std::string reason);

    void keep_running(Task<> work);  // with nobody waiting; keeps this object alive meanwhile

    // What QEMU says, and what follows from it (live.cpp)
    qemu::MachineProcess::Callbacks callbacks(const std::shared_ptr<Running>& run);
    void began(const std::shared_ptr<Running>& run);              // it runs: hears what was said meanwhile
    void watch_auxiliaries(const std::shared_ptr<Running>& run);  // says so when one ends before QEMU
    void heard(const std::shared_ptr<Running>& run, const qemu::QmpEvent& event);
    void heard_stop(Running& run);
    void heard_resume(Running& run);
    void guest_shut_down(const std::shared_ptr<Running>& run, bool by_guest, const std::string& cause);
    Task<> follow_action(std::shared_ptr<Running> run, model::LifecycleAction action, std::string reason);
    Task<> follow_crash(std::shared_ptr<Running> run);
    Task<> ended(std::shared_ptr<Running> run, ExitStatus status);
    Task<> clean_up(std::shared_ptr<Running> run);

    // Reaching it again (reach.cpp)
    void answered(const std::shared_ptr<Running>& run);
    void unresponsive(const std::shared_ptr<Running>& run);
    Task<> probe(std::shared_ptr<Running> run);
    Task<> synchronise(std::shared_ptr<Running> run);
    Task<> open_ports(std::shared_ptr<Running> run);

    void set_state(State state, std::string reason);
    void tell(Lifecycle event, std::string_view detail);
    void tell(const StoreEvent& event);
    void note_definition(const model::Domain& definition);  // what facts need of the definition that is stored
    void save_status(Running& run);
    void bump();
    void note_revision();

    Environment& env_;
    std::string uuid_, name_;
    std::shared_ptr<const std::string> persistent_xml_;  // null: transient
    std::shared_ptr<const std::string> transient_xml_;   // what a transient domain is started from
    Summary summary_;
    StoreFacts store_;
    std::shared_ptr<const Claims> claims_;  // null until there is a definition
    State state_ = State::shut_off;
    std::string reason_ = "unknown";
    bool autostart_ = false, listed_ = false;
    std::uint64_t revision_ = 0;
    AsyncMutex queue_;
    std::shared_ptr<Running> running_;  // null while it is off
};

}  // namespace vireo::domain
