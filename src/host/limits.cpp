// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/limits.hpp"

#include "support/fd.hpp"
#include "support/file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace vireo::host {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t no_memory_limit = 9007199254740991ull * 1024;  // libvirt's word for it, in bytes

// A control file and what is written into it; version 2's first, then version 1's.
struct Setting {
    std::string what;  // for messages
    std::string unified, unified_value;
    std::string legacy, legacy_value;
};

Result<> write_setting(const fs::path& file, const std::string& value, const std::string& what) {
    UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (fd && ::write(fd.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size())) return {};
    return Failure(system_error(errno, fmt::format("cannot set {} ({} in {})", what, value, file.string())));
}

Result<> put(const std::vector<fs::path>& folders, const Setting& setting) {
    for (auto& folder : folders) {
        std::error_code ignored;
        if (!setting.unified.empty() && fs::exists(folder / setting.unified, ignored))
            return write_setting(folder / setting.unified, setting.unified_value, setting.what);
        if (!setting.legacy.empty() && fs::exists(folder / setting.legacy, ignored))
            return write_setting(folder / setting.legacy, setting.legacy_value, setting.what);
    }
    return Failure(Error(Errc::unsupported, "the guest's control groups have no controller for " + setting.what)
                       .with_hint("leave it out of the definition, or give vireod control groups with this controller "
                                  "(systemd: Delegate=yes; see cgroup-parent in vireod(8))"));
}

std::string limit_word(std::uint64_t bytes, std::string_view unlimited) {
    return bytes >= no_memory_limit ? std::string(unlimited) : std::to_string(bytes);
}

void add_quota(std::vector<Setting>& settings, const std::string& what, std::optional<std::uint64_t> wanted_period,
               std::int64_t wanted_quota) {
    constexpr std::uint64_t usual_period = 100'000;
    const auto period = std::to_string(wanted_period.value_or(usual_period));
    const bool limited = wanted_quota > 0;
    const auto quota = limited ? std::to_string(wanted_quota) : "-1";
    const auto unified = (limited ? quota : "max") + (" " + period);
    settings.push_back({what, "cpu.max", unified, "cpu.cfs_period_us", period});
    settings.push_back({what, "cpu.max", unified, "cpu.cfs_quota_us", quota});
}

void add_cpu(std::vector<Setting>& settings, const Limits& limits) {
    if (limits.cpu_weight) {
        constexpr std::uint64_t most = 10000;  // of version 2
        auto weight = std::clamp<std::uint64_t>(*limits.cpu_weight, 1, most);
        settings.push_back(
            {"cputune/shares", "cpu.weight", std::to_string(weight), "cpu.shares", std::to_string(*limits.cpu_weight)});
    }
    if (limits.cpu_period || limits.cpu_quota)
        add_quota(settings, "cputune/global_quota", limits.cpu_period, limits.cpu_quota.value_or(-1));
}

void add_memory(std::vector<Setting>& settings, const Limits& limits) {
    if (limits.memory_hard)
        settings.push_back({"memtune/hard_limit", "memory.max", limit_word(*limits.memory_hard, "max"),
                            "memory.limit_in_bytes", limit_word(*limits.memory_hard, "-1")});
    if (limits.memory_soft)
        settings.push_back({"memtune/soft_limit", "memory.high", limit_word(*limits.memory_soft, "max"),
                            "memory.soft_limit_in_bytes", limit_word(*limits.memory_soft, "-1")});
    if (!limits.swap_hard) return;
    // Version 2 counts swap alone.
    const auto hard = limits.memory_hard.value_or(0);
    const auto swap = *limits.swap_hard >= no_memory_limit ? *limits.swap_hard
                                                           : *limits.swap_hard - std::min(hard, *limits.swap_hard);
    settings.push_back({"memtune/swap_hard_limit", "memory.swap.max", limit_word(swap, "max"),
                        "memory.memsw.limit_in_bytes", limit_word(*limits.swap_hard, "-1")});
}

Result<std::string> device_number(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status)) return Failure(system_error(errno, "blkiotune: cannot look at " + path));
    if (!S_ISBLK(status.st_mode)) return fail(Errc::invalid_argument, "blkiotune: ", path, " is no block device");
    return fmt::format("{}:{}", major(status.st_rdev), minor(status.st_rdev));
}

Result<> add_device(std::vector<Setting>& settings, const DeviceLimits& device) {
    auto number = device_number(device.path);
    if (!number) return Failure(number.error());
    const auto what = "blkiotune of " + device.path;
    if (device.weight) {
        auto value = fmt::format("{} {}", *number, *device.weight);
        settings.push_back({what, "io.bfq.weight", value, "blkio.weight_device", value});
    }
    const auto limit = [&](const std::optional<std::uint64_t>& value, const char* key, const char* legacy) {
        if (!value) return;
        settings.push_back({what, "io.max",
                            fmt::format("{} {}={}", *number, key, *value ? std::to_string(*value) : "max"), legacy,
                            fmt::format("{} {}", *number, *value)});
    };
    limit(device.read_bytes, "rbps", "blkio.throttle.read_bps_device");
    limit(device.write_bytes, "wbps", "blkio.throttle.write_bps_device");
    limit(device.read_operations, "riops", "blkio.throttle.read_iops_device");
    limit(device.write_operations, "wiops", "blkio.throttle.write_iops_device");
    return {};
}

}  // namespace

bool Limits::empty() const noexcept {
    return !cpu_weight && !cpu_period && !cpu_quota && !memory_hard && !memory_soft && !swap_hard && !io_weight &&
           devices.empty();
}

Result<> apply_limits(const std::vector<fs::path>& folders, const Limits& limits) {
    std::vector<Setting> settings;
    add_cpu(settings, limits);
    add_memory(settings, limits);
    if (limits.io_weight) {
        auto weight = std::to_string(*limits.io_weight);
        settings.push_back({"blkiotune/weight", "io.weight", "default " + weight, "blkio.weight", weight});
    }
    for (auto& device : limits.devices)
        if (auto ok = add_device(settings, device); !ok) return ok;
    for (auto& setting : settings)
        if (auto ok = put(folders, setting); !ok) return ok;
    return {};
}

namespace {

// The guest's group that has the controller of processors, able to have such children.
Result<fs::path> processor_group(const std::vector<fs::path>& folders) {
    std::error_code ignored;
    for (auto& folder : folders) {
        if (fs::exists(folder / "cpu.cfs_quota_us", ignored)) return folder;
        if (!fs::exists(folder / "cpu.max", ignored)) continue;
        if (auto on = write_setting(folder / "cgroup.subtree_control", "+cpu", "limits of threads"); !on)
            return Failure(on.error());
        return folder;
    }
    return Failure(Error(Errc::unsupported, "the guest's control groups have no controller for limits of threads")
                       .with_hint("leave the quota out of the definition, or give vireod control groups with the "
                                  "controller cpu (see cgroup-parent in vireod(8))"));
}

Result<> limit_group(const fs::path& group, const ThreadLimits& limit) {
    if (auto made = make_folder(group, 0755); !made) return made;
    std::error_code ignored;
    const bool unified = fs::exists(group / "cgroup.type", ignored);
    if (unified)
        if (auto threaded = write_setting(group / "cgroup.type", "threaded", limit.what); !threaded) return threaded;
    std::vector<Setting> settings;
    add_quota(settings, limit.what, limit.period, limit.quota);
    for (auto& setting : settings)
        if (auto ok = put({group}, setting); !ok) return ok;
    for (auto thread : limit.threads) {
        auto moved = write_setting(group / (unified ? "cgroup.threads" : "tasks"), std::to_string(thread), limit.what);
        if (!moved && moved.error().code() != Errc::not_found) return moved;  // one that has ended needs no limit
    }
    return {};
}

}  // namespace

Result<> limit_threads(const std::vector<fs::path>& folders, const std::vector<ThreadLimits>& limits) {
    if (limits.empty()) return {};
    auto group = processor_group(folders);
    if (!group) return Failure(group.error());
    for (auto& limit : limits)
        if (auto done = limit_group(*group / limit.name, limit); !done) return done;
    return {};
}

}  // namespace vireo::host
