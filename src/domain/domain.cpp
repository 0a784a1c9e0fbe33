// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/domain.hpp"

#include "domain/domains.hpp"
#include "model/domain_xml.hpp"
#include "support/clock.hpp"
#include "support/log.hpp"
#include "support/timeout.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace vireo::domain {

Domain::Domain(Environment& environment, std::string uuid, std::string name)
    : env_(environment), uuid_(std::move(uuid)), name_(std::move(name)) {}
Domain::~Domain() = default;

Result<std::shared_ptr<const std::string>> Domain::xml(std::optional<Kind> kind) const {
    auto wanted = kind.value_or(active() ? Kind::live : Kind::persistent);
    if (wanted == Kind::live) {
        if (!active())
            return Failure(Error(Errc::invalid_state, "domain " + name_ + " is not active").with_object(name_));
        return running_->live_xml;
    }
    if (!persistent_xml_)
        return Failure(Error(Errc::invalid_state, "domain " + name_ + " is transient: it has no persistent definition")
                           .with_object(name_));
    return persistent_xml_;
}

std::vector<SerialPort> Domain::serial_ports() const {
    if (active()) return running_->ports;
    auto parsed = model::parse_domain_xml(**xml(), model::ParseOptions{.lenient = true});
    return parsed ? ports_of(parsed->domain) : std::vector<SerialPort>();
}

Result<UniqueFd> Domain::open_console(const std::string& device, bool force) {
    if (!active())
        return Failure(Error(Errc::invalid_state, "domain " + name_ + " is not active")
                           .with_object(name_)
                           .with_hint("start it first: vireo start " + name_));
    for (auto& port : running_->ports) {
        if (device.empty() ? !port.console : port.alias != device) continue;
        if (!port.console)
            return fail(Errc::unsupported, "device ", device, " of domain ", name_, " has no pseudo-terminal to open");
        auto client = port.console->attach(force);
        if (!client)
            return Failure(client.error().wrap("cannot open " + port.alias + " of domain " + name_).with_object(name_));
        return client;
    }
    if (device.empty()) return fail(Errc::not_found, "domain ", name_, " has no serial device with a pseudo-terminal");
    return fail(Errc::not_found, "domain ", name_, " has no serial device ", device);
}

Task<AsyncMutex::Guard> Domain::turn(std::optional<std::uint64_t> if_revision) {
    auto guard = co_await queue_.lock();
    if (if_revision && *if_revision != revision_)
        throw Error(Errc::conflict,
                    fmt::format("domain {} is at revision {} now, not at {}", name_, revision_, *if_revision))
            .with_object(name_);
    co_return guard;
}

Running& Domain::require_running(const char* what) {
    if (!running_ || !running_->machine || running_->has_ended)
        throw Error(Errc::invalid_state, fmt::format("cannot {} domain {}: it is not running", what, name_))
            .with_object(name_);
    return *running_;
}

void Domain::keep_running(Task<> work) {
    auto hold = [](std::shared_ptr<Domain> self, Task<> task) -> Task<> {
        co_await std::move(task);
        (void)self;
    };
    env_.background.spawn(hold(shared_from_this(), std::move(work)));
}

void Domain::bump() {
    revision_ = std::max(revision_ + 1, now_usec());  // grows across restarts of the daemon too
    if (persistent()) note_revision();
}

// The definition's time of modification is its revision, so that it is the same after a restart of the daemon.
void Domain::note_revision() {
    timespec time{static_cast<time_t>(revision_ / 1'000'000), static_cast<long>(revision_ % 1'000'000 * 1000)};
    std::array<timespec, 2> times{timespec{0, UTIME_OMIT}, time};
    auto document = env_.definitions.folder() / (uuid_ + ".xml");
    if (::utimensat(AT_FDCWD, document.c_str(), times.data(), 0))
        log::warning("cannot note the revision of {}: {}", name_, system_error(errno, document.string()).what());
}

void Domain::set_state(State state, std::string reason) {
    state_ = state;
    reason_ = std::move(reason);
    if (running_ && running_->started && !running_->has_ended) save_status(*running_);
    env_.observer.changed(*this);
}

void Domain::tell(Lifecycle event, std::string_view detail) {
    env_.observer.lifecycle(*this, event, detail);
}

void Domain::tell(const StoreEvent& event) {
    env_.observer.store_changed(*this, event);
}

void Domain::note_definition(const model::Domain& definition) {
    summary_ = Summary::of(definition);
    store_ = StoreFacts::of(definition, env_.layout.data, std::move(store_));
    claims_ = std::make_shared<const Claims>(Claims::of(definition, env_.layout.data));
}

void Domain::save_status(Running& run) {
    run.status.name = name_;
    run.status.state = to_string(state_);
    run.status.reason = reason_;
    run.status.persistent = persistent();
    if (auto saved = env_.statuses.save(run.status); !saved)
        log::error("cannot note what domain {} is doing: {}", name_, saved.error().what());
}

Task<> Domain::set_autostart(bool on, std::optional<std::uint64_t> if_revision) {
    auto guard = co_await turn(if_revision);
    if (!persistent())
        throw Error(Errc::invalid_state, "domain " + name_ + " is transient: it cannot start with the host")
            .with_object(name_);
    if (autostart_ == on) co_return;
    co_await env_.definitions.set_autostart(uuid_, on);
    autostart_ = on;
    bump();
    env_.observer.changed(*this);
}

}  // namespace vireo::domain
