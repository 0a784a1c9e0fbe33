// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/threads.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <sched.h>
#include <string>

namespace vireo::host {
namespace fs = std::filesystem;

Result<> pin_thread(pid_t thread, const std::vector<unsigned>& cpus) {
    if (cpus.empty()) return fail(Errc::invalid_argument, "a thread must run on some processor");
    const auto count = static_cast<std::size_t>(std::ranges::max(cpus)) + 1;
    std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(count), [](cpu_set_t* s) { CPU_FREE(s); });
    const auto size = CPU_ALLOC_SIZE(count);
    CPU_ZERO_S(size, set.get());
    for (auto cpu : cpus) CPU_SET_S(cpu, size, set.get());
    if (::sched_setaffinity(thread, size, set.get()) == 0) return {};
    if (errno == EINVAL)
        return fail(Errc::invalid_argument, "none of the processors is online, or none is in our own cpuset");
    return Failure(system_error(errno, "cannot pin the thread " + std::to_string(thread)));
}

Result<> schedule_thread(pid_t thread, Policy policy, int priority) {
    sched_param parameters{};
    int number = SCHED_BATCH;
    if (policy == Policy::idle) number = SCHED_IDLE;
    if (policy == Policy::fifo) number = SCHED_FIFO;
    if (policy == Policy::round_robin) number = SCHED_RR;
    if (policy == Policy::fifo || policy == Policy::round_robin) parameters.sched_priority = priority;
    if (::sched_setscheduler(thread, number, &parameters) == 0) return {};
    return Failure(system_error(errno, "cannot set the scheduler of the thread " + std::to_string(thread)));
}

std::vector<pid_t> threads_of(pid_t process) {
    std::vector<pid_t> threads;
    std::error_code error;
    for (auto& entry : fs::directory_iterator("/proc/" + std::to_string(process) + "/task", error)) {
        auto name = entry.path().filename().string();
        pid_t thread = 0;
        auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), thread);
        if (bad == std::errc() && end == name.data() + name.size()) threads.push_back(thread);
    }
    return threads;
}

}  // namespace vireo::host
