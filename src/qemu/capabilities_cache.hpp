// SPDX-License-Identifier: LGPL-2.1-or-later
// What every QEMU binary of this host can do: asked when first needed, kept in memory and in a folder that may vanish
// at any time, asked again when the binary, a script's real binary, QEMU's modules, the boot or the access to /dev/kvm
// have changed. Several callers at once share one probe. Files are only touched on the pool.
#pragma once
#include "qemu/capabilities.hpp"
#include "qemu/probe.hpp"
#include "support/blocking.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace vireo::qemu {

class CapabilitiesCache {
public:
    // An empty folder: nothing on disk. One that cannot be made or written: the same, with a line in the log.
    explicit CapabilitiesCache(Blocking& blocking, std::filesystem::path folder, ProbeSettings settings = {});
    ~CapabilitiesCache();
    CapabilitiesCache(const CapabilitiesCache&) = delete;
    CapabilitiesCache& operator=(const CapabilitiesCache&) = delete;

    // Error(not_found): no such file; Error(access_denied): it may not be run; Error(hypervisor_failed|timeout): it did
    // not answer as a QEMU does, and what it did instead. A failure is remembered for those who wait, not longer.
    Task<std::shared_ptr<const Capabilities>> get(std::string binary);
    // What was learnt last, without a look at the disk; null when nothing was.
    std::shared_ptr<const Capabilities> known(const std::string& binary) const;

    // One model under one accelerator, all its features. Error(unsupported): no such model or accelerator.
    Task<std::shared_ptr<const CpuExpansion>> expand_cpu(std::string binary, Accelerator accelerator,
                                                         std::string model);

    // What host-model is under an accelerator, of x86 binaries. Error(unsupported): of others, or no such accelerator.
    Task<std::shared_ptr<const HostModel>> host_model(std::string binary, Accelerator accelerator);

    std::size_t probes() const noexcept;  // how many times a binary was started, for tests and statistics

private:
    struct State;
    std::shared_ptr<State> state_;
};

// Binaries where distributions put them. These read folders: call them through Blocking.
struct QemuBinary {
    std::string path;
    std::string arch;  // of the guest, libvirt's word
    auto operator<=>(const QemuBinary&) const = default;
};
std::vector<std::filesystem::path> standard_folders();  // /usr/bin, /usr/local/bin, /usr/libexec
std::string host_arch();                                // libvirt's word
// Sorted by architecture, then by the order of the folders.
std::vector<QemuBinary> find_binaries(std::vector<std::filesystem::path> folders = standard_folders());
// Failure(not_found) says which package has it.
Result<std::string> default_binary(const std::string& arch,
                                   std::vector<std::filesystem::path> folders = standard_folders());

}  // namespace vireo::qemu
