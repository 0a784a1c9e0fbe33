// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of a start that puts QEMU's threads where the definition wants them: after QEMU has made them, before the
// guest runs.
#include "domain/auxiliary.hpp"
#include "domain/start.hpp"
#include "domain/tuning.hpp"
#include "host/programs.hpp"
#include "host/topology.hpp"
#include "qemu/vcpu_plug.hpp"

#include <boost/json/array.hpp>

#include <charconv>
#include <fmt/format.h>

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
    take(make(thread_settings(live_, threads, advised_cpus_)));
    auto limits = thread_limits(live_, threads);
    if (limits.empty()) co_return;
    auto work = [folders = cgroup_.folders, limits = std::move(limits)](std::stop_token) {
        return host::limit_threads(folders, limits);
    };
    take(co_await env_.pool.call(std::move(work)));
}

// Before the guest runs, and before anything is done to threads.
Task<> Start::plug_vcpus() {
    if (!qemu::plugs_vcpus(live_)) co_return;
    auto slots = co_await run_->machine->execute("query-hotpluggable-cpus", {}, monitor_limit);
    auto results = co_await run_->machine->execute_all(take(qemu::plug_vcpus(live_, slots)), monitor_limit);
    for (auto& result : results)
        if (!result) throw result.error().wrap("cannot plug in a vCPU of <vcpus>");
}

// numad looks at what the host's nodes have left.
Task<> Start::ask_for_advice() {
    Command command;
    command.argv = {take(host::find_program("numad", "numad")).string(), "-w",
                    fmt::format("{}:{}", live_.vcpu.current.value_or(live_.vcpu.count), live_.memory >> 20)};
    prepare_command(command, -1);
    auto said = co_await errand("numad", "vcpu", std::move(command));
    while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.pop_back();
    auto nodes = model::NumberSet::parse(said);
    if (!nodes) throw Error(Errc::system_failed, "numad was asked where the guest should run, and said '" + said + "'");
    if (memory_is_advised(live_)) advised_nodes_ = *nodes;
    if (live_.vcpu.placement != model::Vcpu::Placement::automatic) co_return;
    auto look = [](std::stop_token) { return host::read_topology(); };
    auto topology = co_await env_.pool.call(std::move(look));
    for (auto& node : topology.nodes)
        if (nodes->contains(node.id))
            for (auto& cpu : node.cpus) advised_cpus_.push_back(cpu.id);
}

}  // namespace vireo::domain
