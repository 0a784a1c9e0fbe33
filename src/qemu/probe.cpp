// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/probe.hpp"

#include "qemu/process_text.hpp"
#include "qemu/qmp_client.hpp"
#include "support/process.hpp"
#include "support/task_group.hpp"
#include "support/timeout.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

namespace vireo::qemu {
namespace {

constexpr Clock::duration reap_limit = std::chrono::seconds(5);      // after SIGKILL
constexpr Clock::duration farewell_limit = std::chrono::seconds(1);  // from a process's end to that of its socket
constexpr int monitor_fd = 3;                                        // in the child
constexpr std::size_t most_entries = 20'000;
constexpr std::size_t longest_name = 255;
constexpr const char* sandbox_words = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

Command command_for(const std::string& binary, const ProbeSettings& settings, const std::string& accelerators,
                    bool sandbox) {
    Command c;
    c.dies_with_us = true;
    c.argv = {binary, "-machine", "none,accel=" + accelerators, "-nodefaults", "-no-user-config", "-display",
              "none", "-S"};
    if (sandbox) c.argv.insert(c.argv.end(), {"-sandbox", sandbox_words});
    c.argv.insert(c.argv.end(), {"-chardev", fmt::format("socket,id=monitor,fd={}", monitor_fd), "-mon",
                                 "chardev=monitor,mode=control"});
    c.env = {"LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
    c.uid = settings.uid;
    c.gid = settings.gid;
    c.groups = settings.groups;
    return c;
}

// One QEMU that answers questions and then goes.
struct Probe {
    Process process;
    QmpClient client;
    UniqueFd complaints;  // the reading end of its standard error

    // A pipe, not a file: whoever writes without end blocks itself, and the limit of the probe ends it.
    static Probe start(const Executor& executor, const Command& plan, Clock::duration limit) {
        int ends[2], errors[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
            throw system_error(errno, "cannot make a socket");
        UniqueFd ours(ends[0]), theirs(ends[1]);
        if (::pipe2(errors, O_CLOEXEC)) throw system_error(errno, "cannot make a pipe");
        UniqueFd read_end(errors[0]), write_end(errors[1]);
        ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
        auto command = plan;
        command.fds[monitor_fd] = theirs.get();
        command.fds[2] = write_end.get();
        auto process = take(Process::start(executor, command));
        QmpClient::Options options;
        options.out_of_band = false;  // it would hold back all but seven questions
        options.handshake_limit = limit;
        return Probe{std::move(process), QmpClient(executor, std::move(ours), std::move(options)), std::move(read_end)};
    }
    std::string said() const {
        std::string text(65536, '\0');
        auto n = ::read(complaints.get(), text.data(), text.size());
        text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
        return text;
    }
};

using Questions = std::vector<QmpCommand>;
using Answers = std::vector<Result<json::value>>;

// A program that goes on without its monitor, or goes and leaves the socket to a child, is noticed too.
Task<> until_ended(Process& process) {
    auto status = co_await process.wait();
    co_await sleep_for(farewell_limit);
    throw Error(Errc::hypervisor_failed, "it " + status.text());
}

Task<Answers> ask(Probe& probe, Questions questions, Clock::duration limit) {
    Answers answers;
    auto body = [&](TaskGroup& group) -> Task<> {
        group.spawn(until_ended(probe.process));
        answers = co_await probe.client.execute_all(std::move(questions), 2 * limit);  // the caller's limit comes first
        if (probe.client.is_closed()) co_await probe.client.ready();                   // throws why
        group.cancel();
    };
    co_await scoped(body);
    co_return answers;
}

Task<> end(Probe& probe) {
    probe.client.close();
    if (!probe.process.ended()) {
        ::kill(-probe.process.pid(), SIGKILL);  // its own session: a wrapper script's children go with it
        probe.process.kill(SIGKILL);
    }
    co_await with_timeout(probe.process.wait(), reap_limit, "the end of a killed process");
}

// A process that ends loses its socket a moment before it can be waited for.
Task<bool> ends_by_itself(Process& process) {
    try {
        co_await with_timeout(process.wait(), farewell_limit, "its end");
    } catch (const Error&) {
        co_return false;
    }
    co_return true;
}

struct Conversation {
    Conversation() = default;
    Answers answers;
    QmpGreeting greeting;
    std::string executable;
    std::string said;  // standard error
    bool sandbox = true;
    std::exception_ptr failure;
};

std::string running_file(pid_t pid) {
    char path[4096];
    auto n = ::readlink(fmt::format("/proc/{}/exe", pid).c_str(), path, sizeof path);
    return n > 0 && static_cast<std::size_t>(n) < sizeof path ? std::string(path, static_cast<std::size_t>(n))
                                                              : std::string();
}

// Whatever happens, also when cancelled, the process is killed and reaped before this returns.
Task<Conversation> converse_once(Command plan, Questions questions, Clock::duration limit) {
    Conversation result;
    auto executor = co_await asio::this_coro::executor;
    auto probe = Probe::start(executor, plan, limit);
    try {
        result.answers =
            co_await with_timeout(ask(probe, std::move(questions), limit), limit, "asking it what it can do");
        result.greeting = probe.client.greeting();
        result.executable = running_file(probe.process.pid());
    } catch (...) {
        result.failure = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    bool was_running = true;
    try {
        bool nonsense = probe.client.is_closed() && !probe.client.is_gone();  // its end is no news then
        if (result.failure && probe.client.is_gone())
            was_running = !co_await ends_by_itself(probe.process);
        else if (!nonsense)
            was_running = !probe.process.ended();
        co_await end(probe);
    } catch (...) {
        if (!result.failure) result.failure = std::current_exception();
    }
    co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
    if (!result.failure) co_return result;
    result.said = probe.said();
    auto error = current_error(result.failure);
    if (error.code() == Errc::hypervisor_failed && !was_running) {
        auto status = co_await probe.process.wait();
        auto text = last_words(result.said);
        error = Error(Errc::hypervisor_failed,
                      text.empty() ? "it " + status.text() : fmt::format("it {}: {}", status.text(), text));
    }
    result.failure = std::make_exception_ptr(error);
    co_return result;
}

Questions copy(const Questions& questions) {
    Questions all;
    for (auto& q : questions) all.emplace_back(q.name, q.arguments);
    return all;
}

Task<Conversation> converse(std::string binary, ProbeSettings settings, std::string accelerators, Questions questions) {
    auto plan = command_for(binary, settings, accelerators, true);
    auto result = co_await converse_once(std::move(plan), copy(questions), settings.limit);
    if (result.failure && result.said.find("-sandbox") != std::string::npos) {  // built without seccomp
        plan = command_for(binary, settings, accelerators, false);
        result = co_await converse_once(std::move(plan), copy(questions), settings.limit);
        result.sandbox = false;
    }
    if (result.failure) {
        auto error = current_error(result.failure);
        if (error.code() == Errc::cancelled) throw error;
        throw error.wrap(fmt::format("{} cannot be used as a QEMU", binary)).with_object(binary);
    }
    co_return result;
}

// Reading the answers. What is of another type than QEMU's schema says is a fault of the whole, not a gap.

const json::array& list(const Result<json::value>& answer, std::string_view what) {
    if (!answer) throw answer.error();
    auto* all = answer->if_array();
    if (!all || all->size() > most_entries)
        throw Error(Errc::hypervisor_failed, fmt::format("it answers {} with something that is not a list", what));
    return *all;
}

std::string text_at(const json::object* o, std::string_view key) {
    auto* v = o ? o->if_contains(key) : nullptr;
    auto* s = v ? v->if_string() : nullptr;
    return s && s->size() <= longest_name ? std::string(*s) : std::string();
}
bool flag_at(const json::object* o, std::string_view key) {
    auto* v = o ? o->if_contains(key) : nullptr;
    return v && v->is_bool() && v->get_bool();
}

std::vector<CpuModel> cpus(const json::array& all) {
    std::vector<CpuModel> out;
    for (auto& one : all) {
        auto* o = one.if_object();
        CpuModel model;
        model.name = text_at(o, "name");
        if (model.name.empty()) continue;
        auto* missing = o->if_contains("unavailable-features");
        model.usable = !missing || (missing->is_array() && missing->get_array().empty());
        model.deprecated = flag_at(o, "deprecated");
        out.push_back(std::move(model));
    }
    std::ranges::sort(out, {}, &CpuModel::name);
    return out;
}

// "qemu64-x86_64-cpu", "cortex-a15-arm-cpu" → the model: the types of a family end alike, whatever the target is
// called.
std::string model_of(std::string type, const std::vector<CpuModel>& models) {
    const CpuModel* found = nullptr;
    for (const auto& model : models)
        if (type.size() > model.name.size() && type[model.name.size()] == '-' && type.starts_with(model.name) &&
            (!found || found->name.size() < model.name.size()))
            found = &model;
    return found ? found->name : type;
}

std::vector<MachineType> machines(const json::array& all, const std::vector<CpuModel>& models) {
    std::vector<MachineType> out;
    for (auto& one : all) {
        auto* o = one.if_object();
        MachineType m;
        m.name = text_at(o, "name");
        if (m.name.empty() || m.name == "none") continue;
        m.alias = text_at(o, "alias");
        m.default_cpu = model_of(text_at(o, "default-cpu-type"), models);
        m.default_ram_id = text_at(o, "default-ram-id");
        auto* cpus = o->if_contains("cpu-max");
        if (cpus && cpus->is_int64())
            m.cpu_max = static_cast<std::uint32_t>(std::clamp<std::int64_t>(cpus->get_int64(), 0, 1 << 20));
        m.is_default = flag_at(o, "is-default");
        m.deprecated = flag_at(o, "deprecated");
        m.hotpluggable_cpus = flag_at(o, "hotpluggable-cpus");
        m.numa_mem = flag_at(o, "numa-mem-supported");
        out.push_back(std::move(m));
    }
    std::ranges::sort(out, {}, &MachineType::name);
    return out;
}

NameSet names(const json::array& all) {
    std::vector<std::string> out;
    for (auto& one : all) {
        auto name = text_at(one.if_object(), "name");
        // Machines and CPU models have lists of their own.
        if (!name.empty() && !name.ends_with("-machine") && !name.ends_with("-cpu")) out.push_back(std::move(name));
    }
    return NameSet(std::move(out));
}

NameSet options(const json::array& all) {
    std::vector<std::string> out;
    for (auto& one : all) {
        auto* o = one.if_object();
        auto option = text_at(o, "option");
        if (option.empty()) continue;
        if (auto* v = o->if_contains("parameters"); v && v->is_array())
            for (auto& parameter : v->get_array())
                if (auto name = text_at(parameter.if_object(), "name"); !name.empty())
                    out.push_back(option + "." + name);
        out.push_back(std::move(option));
    }
    return NameSet(std::move(out));
}

Capabilities understand(const std::string& binary, const Conversation& talk) {
    auto& a = talk.answers;
    Capabilities c;
    c.binary = binary;
    c.version = {talk.greeting.major, talk.greeting.minor, talk.greeting.micro};
    c.package = talk.greeting.package;
    c.sandbox = talk.sandbox;
    if (!a[0]) throw a[0].error();
    auto target = text_at(a[0]->if_object(), "arch");
    if (target.empty()) throw Error(Errc::hypervisor_failed, "it does not name its architecture");
    c.arch = guest_arch(target);
    if (a[5]) c.cpus = cpus(list(a[5], "query-cpu-definitions"));  // absent on some architectures
    c.machines = machines(list(a[1], "query-machines"), c.cpus);
    if (c.machines.empty()) throw Error(Errc::hypervisor_failed, "it has no machine types");
    c.types = names(list(a[2], "qom-list-types"));
    c.commands = names(list(a[3], "query-commands"));
    c.tcg = c.types.contains("tcg-accel");
    if (a[4]) {  // absent where the binary has no KVM at all
        c.kvm_present = flag_at(a[4]->if_object(), "present");
        c.kvm_enabled = flag_at(a[4]->if_object(), "enabled");
    }
    if (a[6]) c.options = options(list(a[6], "query-command-line-options"));
    return c;
}

Result<CpuExpansion> understand_cpu(const std::string& binary, Accelerator accelerator, const std::string& model,
                                    const Result<json::value>& answer) {
    if (!answer)
        return Failure(answer.error()
                           .with_code(Errc::unsupported)
                           .wrap(fmt::format("{} cannot expand the CPU model '{}'", binary, model)));
    CpuExpansion expansion;
    expansion.model = model;
    expansion.accelerator = accelerator;
    auto* body = answer->if_object();
    auto* expanded = body ? body->if_contains("model") : nullptr;
    auto* inner = expanded ? expanded->if_object() : nullptr;
    auto* props = inner ? inner->if_contains("props") : nullptr;
    if (!props || !props->is_object() || props->get_object().size() > most_entries)
        return fail(Errc::hypervisor_failed, binary, " expands the CPU model '", model, "' to nothing");
    std::vector<std::string> on, off;
    for (auto& [name, value] : props->get_object()) {
        if (value.is_bool())
            (value.get_bool() ? on : off).emplace_back(name);
        else
            expansion.values.emplace_back(name,
                                          value.is_string() ? std::string(value.get_string()) : json::serialize(value));
    }
    std::ranges::sort(expansion.values);
    expansion.on = NameSet(std::move(on));
    expansion.off = NameSet(std::move(off));
    return expansion;
}

}  // namespace

Task<ProbeResult> probe_binary(std::string binary, ProbeSettings settings) {
    Questions questions;
    for (auto* name : {"query-target", "query-machines", "qom-list-types", "query-commands", "query-kvm",
                       "query-cpu-definitions", "query-command-line-options"})
        questions.emplace_back(name);
    auto talk = co_await converse(binary, std::move(settings), "kvm:tcg", std::move(questions));
    ProbeResult result;
    try {
        result.capabilities = understand(binary, talk);
    } catch (const Error& e) {
        throw e.wrap(fmt::format("{} cannot be used as a QEMU", binary)).with_object(binary);
    }
    result.executable = talk.executable;
    co_return result;
}

Task<std::vector<Result<CpuExpansion>>> probe_cpus(std::string binary, ProbeSettings settings, Accelerator accelerator,
                                                   std::vector<std::string> models) {
    Questions questions;
    for (auto& model : models) {
        json::object arguments, which;
        which["name"] = model;
        arguments["type"] = "full";
        arguments["model"] = std::move(which);
        questions.emplace_back("query-cpu-model-expansion", std::move(arguments));
    }
    auto talk =
        co_await converse(binary, std::move(settings), std::string(to_string(accelerator)), std::move(questions));
    std::vector<Result<CpuExpansion>> expansions;
    for (std::size_t i = 0; i < models.size(); ++i)
        expansions.push_back(understand_cpu(binary, accelerator, models[i], talk.answers[i]));
    co_return expansions;
}

}  // namespace vireo::qemu
