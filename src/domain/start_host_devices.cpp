// SPDX-License-Identifier: LGPL-2.1-or-later
// The part of a start that takes devices from the host. What is about to be done is in the status document first, so
// that whoever undoes the start, or finds it cut off, can give them back.
#include "domain/domains.hpp"
#include "domain/host_devices.hpp"
#include "domain/start.hpp"
#include "support/log.hpp"
#include "support/process.hpp"
#include "support/timeout.hpp"

#include <fcntl.h>

namespace vireo::domain {
namespace {

constexpr auto modprobe_limit = std::chrono::seconds(30);

// That a driver is missing is said when the device is bound.
Task<> load_driver(std::string name) {
    Command command;
    command.argv = {"/sbin/modprobe", "--", name};
    try {
        auto output = co_await with_timeout(run_program(std::move(command)), modprobe_limit, "modprobe " + name);
        if (!output.status.ok()) log::warning("modprobe {} {}: {}", name, output.status.text(), output.err);
    } catch (const Error& error) {
        if (error.code() == Errc::cancelled) throw;
        log::warning("{}", error.what());
    }
}

}  // namespace

// No other start comes in between: neither the look nor the note waits for anything.
void Start::note_taken(const std::vector<Taken>& taken) {
    if (taken.empty()) return;
    for (const auto& other : env_.domains->all())
        if (other.get() != &domain_ && other->running())
            take(check_free(taken, taken_of(other->running()->status), other->name()));
    add_taken(run_->status, taken);
    take(env_.statuses.save(run_->status));
}

Task<> Start::host_devices() {
    auto devices = std::make_shared<const model::Devices>(live_.devices);
    auto look = [devices](std::stop_token) { return plan_host_devices(*devices); };
    auto plan = std::make_shared<HostDevicePlan>(take(co_await env_.pool.call(std::move(look))));
    if (!plan->empty()) co_await take_host_devices(plan);
    if (!live_.devices.vsock) co_return;
    auto open = [vsock = *live_.devices.vsock](std::stop_token) { return open_vsock(vsock); };
    auto opened = take(co_await env_.pool.call(std::move(open)));
    files_.vsock = std::move(opened.fd);
    auto& cid = live_.devices.vsock->cid;
    if (!cid) cid.emplace();
    cid->address = opened.cid;
    write_live_definition();
}

Task<> Start::take_host_devices(std::shared_ptr<HostDevicePlan> plan) {
    note_taken(plan->taken);
    for (const auto& driver : missing_drivers(*plan)) co_await load_driver(driver);
    auto bind = [plan](std::stop_token) -> Result<std::vector<std::string>> {
        if (auto bound = bind_host_devices(*plan); !bound) return Failure(bound.error());
        return nodes_for_qemu(*plan);
    };
    auto nodes = take(co_await env_.pool.call(std::move(bind)));
    auto look = [plan](std::stop_token) { return functions_to_change(*plan); };
    note_taken(take(co_await env_.pool.call(std::move(look))));
    auto set = [plan](std::stop_token) { return change_functions(*plan); };
    take(co_await env_.pool.call(std::move(set)));
    if (account_) {
        auto owners = owners_to_change(nodes, *account_);
        note_taken(owners);
        auto change = [owners, account = *account_](std::stop_token) { return change_owners(owners, account); };
        take(co_await env_.pool.call(std::move(change)));
    }
    auto open = [plan](std::stop_token) { return open_host_devices(*plan); };
    files_.devices = take(co_await env_.pool.call(std::move(open)));
    for (const auto& [alias, node] : plan->opened_by_qemu) files_.paths[alias] = node.path;
    for (auto& hostdev : live_.devices.hostdevs) {
        auto& source = hostdev.source;
        if (plan->missing.contains(hostdev.info.alias)) {
            source.missing = true;
            log::warning("domain {} runs without its optional USB device {}", domain_.name(), hostdev.info.alias);
        }
        const auto found = plan->usb.find(hostdev.info.alias);
        if (found == plan->usb.end()) continue;
        if (!source.address) source.address.emplace();
        source.address->bus = found->second.bus;
        source.address->device = found->second.device;
    }
    write_live_definition();
}

}  // namespace vireo::domain
