// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of a start that puts QEMU's threads where the definition wants them: after QEMU has made them, before the
// guest runs.
#include "domain/start.hpp"
#include "domain/tuning.hpp"

#include <boost/json/array.hpp>

#include <charconv>

namespace vireo::domain {
namespace {

namespace json = boost::json;

pid_t thread_of(const json::object& entry) {
    auto* id = entry.if_contains("thread-id");
    return id && id->is_int64() ? static_cast<pid_t>(id->get_int64()) : 0;
}

// QEMU is not trusted with the names of other processes' threads: only its own are taken.
void note(std::map<std::uint32_t, pid_t>& known, const std::vector<pid_t>& all, std::uint32_t number, pid_t thread) {
    if (std::ranges::find(all, thread) != all.end()) known[number] = thread;
}

void note_vcpus(Threads& threads, const json::value& answer) {
    if (!answer.is_array()) return;
    for (auto& entry : answer.get_array()) {
        auto* object = entry.if_object();
        auto* index = object ? object->if_contains("cpu-index") : nullptr;
        if (index && index->is_int64())
            note(threads.vcpus, threads.all, static_cast<std::uint32_t>(index->get_int64()), thread_of(*object));
    }
}

void note_iothreads(Threads& threads, const json::value& answer) {
    constexpr std::string_view prefix = "iothread";
    if (!answer.is_array()) return;
    for (auto& entry : answer.get_array()) {
        auto* object = entry.if_object();
        auto* id = object ? object->if_contains("id") : nullptr;
        if (!id || !id->is_string()) continue;
        std::string_view name = id->get_string();
        if (!name.starts_with(prefix)) continue;
        std::uint32_t number = 0;
        auto digits = name.substr(prefix.size());
        auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc() && end == digits.data() + digits.size())
            note(threads.iothreads, threads.all, number, thread_of(*object));
    }
}

Result<> make(const std::vector<ThreadSetting>& settings) {
    for (auto& setting : settings) {
        auto done = setting.policy ? host::schedule_thread(setting.thread, *setting.policy, setting.priority)
                                   : host::pin_thread(setting.thread, setting.cpus);
        if (!done) return Failure(done.error().wrap(setting.what + " cannot be done on this host"));
    }
    return {};
}

}  // namespace

Task<> Start::tune_threads() {
    if (!tunes_threads(live_)) co_return;
    Threads threads;
    threads.process = run_->status.pid;
    threads.all = host::threads_of(threads.process);
    note_vcpus(threads, co_await run_->machine->execute("query-cpus-fast", {}, monitor_limit));
    note_iothreads(threads, co_await run_->machine->execute("query-iothreads", {}, monitor_limit));
    take(make(thread_settings(live_, threads)));
}

}  // namespace vireo::domain
