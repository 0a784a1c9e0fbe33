// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of a start that makes the programs run which serve QEMU: for the emulated TPM, folders behind virtiofs and
// networks by passt.
#include "domain/auxiliary.hpp"
#include "domain/folders.hpp"
#include "domain/passt.hpp"
#include "domain/start.hpp"
#include "domain/tpm.hpp"
#include "domain/tuning.hpp"
#include "domain/virtiofs.hpp"
#include "qemu/monitor_socket.hpp"
#include "qemu/process_text.hpp"
#include "support/file.hpp"
#include "support/log.hpp"
#include "support/timeout.hpp"

#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vireo::domain {
namespace {

constexpr auto errand_limit = std::chrono::seconds(60);  // for swtpm_setup: a second, on a loaded host several

struct SocketPair {
    UniqueFd ours, theirs;
};
SocketPair connected_pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()))
        throw system_error(errno, "cannot make a pair of sockets");
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace

Task<> Start::auxiliaries(Rollback& rollback) {
    if (asks_for_advice(live_)) co_await ask_for_advice();
    if (firmware::emulated_tpm(live_)) co_await tpm(rollback);
    take(open_host_tpm());
    for (const auto& filesystem : live_.devices.filesystems)
        if (needs_virtiofsd(filesystem)) co_await virtiofsd(filesystem);
    for (const auto& interface : live_.devices.interfaces)
        if (needs_passt(interface)) co_await passt(interface);
}

// Written down before it does anything: whoever finds the document can end it.
void Start::note_auxiliary(Command& command, std::string program, std::string device) {
    command.before_exec = [this, program, device](pid_t pid, std::uint64_t start_time) {
        run_->status.auxiliaries.push_back({program, device, pid, start_time});
        return env_.statuses.save(run_->status);
    };
}

Task<> Start::start_auxiliary(std::string program, std::string device, Command command) {
    auto path = auxiliary_log_path(env_, domain_.uuid(), device);
    auto open = [path](std::stop_token) { return open_log(path); };
    auto log = take(co_await env_.pool.call(std::move(open)));
    for (int number : {1, 2, auxiliary_log_fd}) command.fds[number] = log.get();
    note_auxiliary(command, program, device);
    struct stat status{};
    const long log_start = ::fstat(log.get(), &status) == 0 ? static_cast<long>(status.st_size) : 0;
    auto started =
        std::make_shared<Auxiliary>(program, device, take(Process::start(env_.executor, std::move(command))));
    started->log = std::move(log);
    started->log_start = log_start;
    run_->auxiliaries.push_back(started);
    if (cgroup_.to_attach.empty()) co_return;
    auto attach = [folders = cgroup_.to_attach, pid = started->process.pid()](std::stop_token) -> Result<> {
        auto attached = host::Cgroups::attach(folders, pid);
        return !attached && !process_start_time(pid) ? Result<>() : attached;  // its end is the launch's to explain
    };
    take(co_await env_.pool.call(std::move(attach)));
}

// A program that does one thing for the start and ends: what it wrote.
Task<std::string> Start::errand(std::string program, std::string device, Command command) {
    note_auxiliary(command, program, device);
    auto output = co_await with_timeout(run_program(std::move(command)), errand_limit, program);
    std::erase_if(run_->status.auxiliaries,
                  [&](auto& noted) { return noted.program == program && noted.device == device; });
    if (output.status.ok()) co_return output.out;
    auto words = qemu::last_words(output.err.empty() ? output.out : output.err);
    throw Error(Errc::hypervisor_failed, fmt::format("{} of device {} {}{}{}", program, device, output.status.text(),
                                                     words.empty() ? "" : ": ", words));
}

Task<> Start::tpm(Rollback& rollback) {
    const auto& tpm = *firmware::emulated_tpm(live_);
    auto place = *firmware::tpm_place(live_, env_.layout.tpm);
    auto programs = take(find_tpm_programs());
    co_await tpm_state(rollback, tpm, place, programs);
    auto pair = connected_pair();
    auto command = tpm_command(programs, tpm.backend, place);
    prepare_command(command, cgroup_.unified.get(), account_);
    command.fds[channel_fd] = pair.theirs.get();
    auxiliary_fds_[tpm.info.alias] = std::move(pair.ours);
    co_await start_auxiliary("swtpm", tpm.info.alias, std::move(command));
}

// A TPM is made once, at the first start; when that start fails it goes again.
Task<> Start::tpm_state(Rollback& rollback, const model::Tpm& tpm, firmware::TpmPlace place, TpmPrograms programs) {
    auto keep = [tpms = env_.layout.tpm, uuid = domain_.uuid(), place,
                 owner = tpm_owner(account_)](std::stop_token) -> Result<bool> {
        // An undefine that was cut off, of a domain that is there: it did not happen.
        if (auto done = firmware::note_tpm_disposal(tpms, uuid, firmware::Disposal::keep); !done)
            return Failure(done.error());
        const bool there = place.made();
        if (there && owner)
            if (auto given = firmware::give_tpm(place, *owner); !given) return Failure(given.error());
        return there;
    };
    const bool made = take(co_await env_.pool.call(std::move(keep)));
    const auto& backend = tpm.backend;
    if (made && !backend.active_pcr_banks) co_return;
    if (made) {
        auto command = tpm_banks_command(programs, backend, place);
        prepare_command(command, cgroup_.unified.get(), account_);
        co_await errand("swtpm_setup", tpm.info.alias, std::move(command));
        co_return;
    }
    set_tpm_made(run_->status);
    take(env_.statuses.save(run_->status));
    auto remove = [this, place]() -> Task<> {
        auto work = [place](std::stop_token) { return firmware::remove_tpm(place); };
        take(co_await env_.pool.call(std::move(work)));
    };
    rollback.add("the TPM's state", remove);
    // Undone before that: swtpm ends before its state goes.
    rollback.add("the programs beside QEMU", [this]() -> Task<> { return end_auxiliaries(env_, run_->status); });
    auto open = [place, owner = tpm_owner(account_)](std::stop_token) { return firmware::open_workshop(place, owner); };
    take(co_await env_.pool.call(std::move(open)));
    auto certify = [account = account_](std::stop_token) { return can_certify(account); };
    auto certified = co_await env_.pool.call(std::move(certify));
    if (!certified)
        log::info("domain {}: its TPM is made without certificates: {}", domain_.name(), certified.error().what());
    auto command = tpm_setup_command(programs, backend, place, certified.has_value());
    prepare_command(command, cgroup_.unified.get(), account_);
    co_await errand("swtpm_setup", tpm.info.alias, std::move(command));
    auto close = [place](std::stop_token) { return firmware::close_workshop(place); };
    take(co_await env_.pool.call(std::move(close)));
}

// As ourselves: it gives files to whom the guest says, within the folder, where it shuts itself in.
Task<> Start::virtiofsd(const model::Filesystem& filesystem) {
    const auto& alias = filesystem.info.alias;
    auto program = take(find_virtiofsd(filesystem));
    Command ask;
    ask.argv = {program.string(), "--print-capabilities"};
    prepare_command(ask, cgroup_.unified.get());
    auto features = VirtiofsdFeatures::of(co_await errand("virtiofsd", alias, std::move(ask)));
    auto command = take(virtiofsd_command(program, filesystem, features, channel_fd));
    prepare_command(command, cgroup_.unified.get());
    // It wants a socket to listen at; QEMU's connection waits there, and nobody else finds the way.
    auto path = run_folder(env_, domain_.uuid()) / (alias + ".sock");
    auto listener = take(qemu::MonitorSocket::create(path));
    command.fds[channel_fd] = listener.fd();
    auxiliary_fds_[alias] = take(qemu::connect_monitor(path));
    ::unlink(path.c_str());
    co_await start_auxiliary("virtiofsd", alias, std::move(command));
}

// The host's TPM, and the file that makes it give up a command; where there is no such file, nothing does.
Result<> Start::open_host_tpm() {
    for (const auto& tpm : live_.devices.tpms) {
        if (tpm.backend.type != model::TpmBackend::Type::passthrough || tpm.model == model::Tpm::Model::spapr_proxy)
            continue;
        const std::filesystem::path path = tpm.backend.device.empty() ? "/dev/tpm0" : tpm.backend.device;
        auto device = open_file(path, O_RDWR);
        if (!device) return Failure(device.error().wrap("device " + tpm.info.alias + " is the host's TPM"));
        auto cancel = open_file("/sys/class/tpm" / path.filename() / "device/cancel", O_WRONLY);
        if (!cancel) cancel = open_file("/dev/null", O_WRONLY);
        if (!cancel) return Failure(cancel.error());
        host_tpm_ = std::move(*device);
        host_tpm_cancel_ = std::move(*cancel);
    }
    return {};
}

Task<> Start::passt(const model::Interface& interface) {
    const auto alias = interface.info.alias;
    auto program = take(find_passt());
    if (const auto log = interface.backend->log_file; !log.empty()) {
        auto make = [log, account = account_](std::stop_token) { return make_passt_log(log, account); };
        take(co_await env_.pool.call(std::move(make)));
    }
    auto pair = connected_pair();
    auto command = passt_command(program, interface, channel_fd);
    prepare_command(command, cgroup_.unified.get(), account_);
    command.fds[channel_fd] = pair.theirs.get();
    auxiliary_fds_[alias] = std::move(pair.ours);
    co_await start_auxiliary("passt", alias, std::move(command));
}

}  // namespace vireo::domain
