// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/capabilities_cache.hpp"

#include <array>
#include <map>
#include <sys/utsname.h>
#include <unistd.h>

namespace vireo::qemu {
namespace fs = std::filesystem;
namespace {

// QEMU's targets (its configs/targets/*-softmmu), under the names of their binaries.
constexpr std::array<std::string_view, 33> targets{
    "aarch64",    "alpha",        "arm",     "avr",      "cris",     "hppa",   "i386",  "loongarch64", "m68k",
    "microblaze", "microblazeel", "mips",    "mips64",   "mips64el", "mipsel", "nios2", "or1k",        "ppc",
    "ppc64",      "riscv32",      "riscv64", "rx",       "s390x",    "sh4",    "sh4eb", "sparc",       "sparc64",
    "tricore",    "x86_64",       "xtensa",  "xtensaeb", "lm32",     "moxie"};
constexpr std::string_view prefix = "qemu-system-";

bool can_run(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::vector<fs::path> standard_folders() {
    return {"/usr/bin", "/usr/local/bin", "/usr/libexec"};
}

std::string host_arch() {
    utsname name{};
    ::uname(&name);
    std::string machine = name.machine;
    if (machine == "i386" || machine == "i486" || machine == "i586") return "i686";
    return machine;
}

std::vector<QemuBinary> find_binaries(std::vector<fs::path> folders) {
    std::map<std::string, std::vector<std::string>> by_arch;
    for (auto& folder : folders) {
        for (auto target : targets) {
            auto path = folder / (std::string(prefix) + std::string(target));
            if (can_run(path)) by_arch[guest_arch(target)].push_back(path.string());
        }
        auto kvm = folder / "qemu-kvm";  // Fedora's and RHEL's name for the host's own
        if (can_run(kvm)) by_arch[host_arch()].push_back(kvm.string());
    }
    std::vector<QemuBinary> found;
    for (auto& [arch, paths] : by_arch)
        for (auto& path : paths) found.push_back({path, arch});
    return found;
}

Result<std::string> default_binary(const std::string& arch, std::vector<fs::path> folders) {
    for (auto& binary : find_binaries(std::move(folders)))
        if (binary.arch == arch) return binary.path;
    auto family = arch == "x86_64" || arch == "i686" ? "x86" : arch == "aarch64" || arch == "armv7l" ? "arm" : "misc";
    Error error(Errc::not_found, "there is no QEMU for guests of architecture " + arch + " on this host");
    return Failure(error.with_hint("Install it (on Debian: apt install qemu-system-" + std::string(family) +
                                   "), or name the binary in <emulator>."));
}

}  // namespace vireo::qemu
