// SPDX-License-Identifier: LGPL-2.1-or-later
// What a daemon that starts needs to know about each guest that runs: <folder>/<uuid>.json, one versioned document per
// active domain. Written whole or not at all against a crash of the daemon, not against a power cut: no guest
// survives that, and /run does not either. The calls block, but on a RAM disk: tens of microseconds.
#pragma once
#include "state/document.hpp"
#include "support/error.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace vireo::state {

enum class Phase { starting, running, stopping };  // starting and stopping: cut in half when found at start
std::string_view to_string(Phase phase) noexcept;

struct AuxiliaryProcess {  // serves the run beside its hypervisor
    std::string program;   // "swtpm"
    std::string device;    // that it serves: "tpm0"
    pid_t pid = 0;
    std::uint64_t start_time = 0;
};

struct Status {
    std::string uuid;  // names the document
    std::string name;
    std::int64_t id = -1;  // the number of this run, as in lists
    Phase phase = Phase::starting;
    pid_t pid = 0;                         // 0: no process yet
    std::uint64_t process_start_time = 0;  // with pid: who it is (support/process.hpp)
    std::string monitor_path;              // QMP socket
    std::string state;                     // as the API spells it: "running", "paused" …
    std::string reason;
    bool persistent = false;                  // also has a definition
    bool autodestroy = false;                 // ends with the connection of a client
    std::int64_t started_usec = 0;            // since the epoch
    std::string live_xml;                     // the definition as it runs
    std::uint64_t definition_revision = 0;    // of the persistent definition when it was started
    std::string firmware;                     // opaque: what the firmware stage must know to undo or go on
    std::vector<std::string> cgroup_folders;  // what was made for it
    std::vector<AuxiliaryProcess> auxiliaries;
    boost::json::object extra;  // whatever else its owner needs
};

class StatusStore {
public:
    explicit StatusStore(std::filesystem::path folder);

    Result<> save(const Status& status);
    Result<> remove(const std::string& uuid);  // absent is fine

    struct Loaded {
        std::vector<Status> statuses;
        std::vector<Problem> problems;  // malformed or too new: reported and left alone
    };
    Result<Loaded> load_all() const;  // also removes temporary files of a crash

    std::filesystem::path path_of(const std::string& uuid) const { return folder_ / (uuid + ".json"); }

private:
    std::filesystem::path folder_;
};

}  // namespace vireo::state
