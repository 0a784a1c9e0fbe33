// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks one QEMU binary what it can do: starts it once without a machine, puts all questions into one write, kills and
// reaps it. Knows no cache.
#pragma once
#include "qemu/capabilities.hpp"
#include "support/task.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace vireo::qemu {

inline constexpr Clock::duration default_probe_limit = std::chrono::seconds(20);

// As whom QEMU runs, when probed and as a guest. Nobody set: as ourselves.
struct ProbeSettings {
    ProbeSettings() = default;
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::vector<gid_t> groups;  // kvm …
    Clock::duration limit = default_probe_limit;
};

// Everything but `files` and `host`. Throws Error(hypervisor_failed|timeout|…): what the program did instead of
// answering, with the end of what it wrote to its standard error.
// `executable` is the file that really ran, where it is not the binary itself (a wrapper script); else empty.
struct ProbeResult {
    ProbeResult() = default;
    Capabilities capabilities;
    std::string executable;
};
Task<ProbeResult> probe_binary(std::string binary, ProbeSettings settings);

// One for each model, in their order; all are asked of one process. Failure(unsupported): QEMU knows no such model, or
// cannot expand models on this architecture.
Task<std::vector<Result<CpuExpansion>>> probe_cpus(std::string binary, ProbeSettings settings, Accelerator accelerator,
                                                   std::vector<std::string> models);

}  // namespace vireo::qemu
