// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/sessions.hpp"

#include "dbus/codec.hpp"
#include "support/log.hpp"

#include <string_view>
#include <utility>

namespace vireo::dbus {
namespace {

constexpr std::uint64_t credentials_limit_usec = 25'000'000;
constexpr const char* bus_peer = "org.freedesktop.DBus";
constexpr const char* bus_path = "/org/freedesktop/DBus";

// GetConnectionCredentials: a{sv} with UnixUserID u, ProcessID u and more.
std::shared_ptr<api::Session> session_of(const std::string& name, sd_bus_message* reply) {
    std::vector<UniqueFd> fds;  // the bus may add a pidfd: closed here
    auto value = read_value(reply, fds);
    auto& facts = value.as_object();
    auto number = [&](const char* key) -> std::optional<std::int64_t> {
        auto* fact = facts.if_contains(key);
        auto* whole = fact ? fact->if_int64() : nullptr;
        return whole ? std::optional(*whole) : std::nullopt;
    };
    auto uid = number("UnixUserID");
    if (!uid) throw Error(Errc::access_denied, "the bus does not say who " + name + " is");
    return std::make_shared<api::Session>("dbus " + name, static_cast<uid_t>(*uid),
                                          static_cast<pid_t>(number("ProcessID").value_or(0)));
}

}  // namespace

Sessions::Sessions(Bus& bus, Deliver deliver, Refuse refuse)
    : bus_(bus), deliver_(std::move(deliver)), refuse_(std::move(refuse)) {}

Sessions::~Sessions() {
    for (auto& [name, known] : known_)
        if (known->peer->session) known->peer->session->close();
}

void Sessions::receive(sd_bus_message* message, const Entry& entry) {
    auto* sender = sd_bus_message_get_sender(message);
    if (!sender) throw Error(Errc::access_denied, "the call does not say who sent it");
    auto it = known_.find(sender);
    auto& known = it != known_.end() ? *it->second : ask(sender);
    if (known.peer->session) {
        auto peer = known.peer;  // delivering may end it
        return deliver_(message, entry, peer);
    }
    if (known.waiting.size() >= max_waiting)
        throw Error(Errc::limit_exceeded, "too many calls at once from " + known.name);
    known.waiting.emplace_back(share(message), &entry);
}

Sessions::Known& Sessions::ask(const std::string& name) {
    if (known_.size() >= max_peers)
        throw Error(Errc::limit_exceeded, "more than " + std::to_string(max_peers) + " clients at once");
    auto known = std::make_unique<Known>();
    known->sessions = this;
    known->name = name;
    known->peer = std::make_shared<Peer>();
    // The match first: whoever goes before the bus answers makes the answer an error, whoever goes later is noticed.
    auto rule =
        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" +
        name + "'";
    sd_bus_slot* slot = nullptr;
    check(sd_bus_add_match_async(bus_.raw(), &slot, rule.c_str(), on_owner_changed, on_match_installed, known.get()),
          "cannot watch a client of the bus");
    known->match.reset(slot);
    sd_bus_message* request = nullptr;
    check(
        sd_bus_message_new_method_call(bus_.raw(), &request, bus_peer, bus_path, bus_peer, "GetConnectionCredentials"),
        "cannot ask the bus for a client's credentials");
    MessagePtr owner(request);
    check(sd_bus_message_append_basic(request, 's', name.c_str()), "cannot ask the bus for a client's credentials");
    check(sd_bus_call_async(bus_.raw(), &slot, request, on_credentials, known.get(), credentials_limit_usec),
          "cannot ask the bus for a client's credentials");
    known->credentials.reset(slot);
    return *known_.emplace(name, std::move(known)).first->second;
}

void Sessions::introduced(Known& known, sd_bus_message* reply) {
    known.peer->session = session_of(known.name, reply);
    auto peer = known.peer;
    for (auto& [message, entry] : std::exchange(known.waiting, {})) deliver_(message.get(), *entry, peer);
}

void Sessions::forget(const std::string& name, const Error& why) {
    auto node = known_.extract(name);
    if (node.empty()) return;
    auto& known = *node.mapped();
    for (auto& [message, entry] : known.waiting) refuse_(message.get(), why);
    if (known.peer->session) known.peer->session->close();
}

int Sessions::on_credentials(sd_bus_message* reply, void* data, sd_bus_error*) {
    auto& known = *static_cast<Known*>(data);
    auto& self = *known.sessions;
    auto name = known.name;
    try {
        if (auto* e = sd_bus_message_get_error(reply))
            throw Error(Errc::access_denied, "cannot find out who " + name + " is", error_of(*e));
        self.introduced(known, reply);
    } catch (...) {
        auto error = current_error(std::current_exception());
        log::debug("{}", error.what());
        self.forget(name, error);
    }
    return 1;
}

int Sessions::on_match_installed(sd_bus_message* reply, void* data, sd_bus_error*) {
    auto& known = *static_cast<Known*>(data);
    if (auto* e = sd_bus_message_get_error(reply)) {
        // without it the session would stay for ever, and with it what hangs on a client's life
        Error why(Errc::limit_exceeded, "the bus does not let us watch " + known.name, error_of(*e));
        log::warning("{}", why.what());
        auto name = known.name;
        known.sessions->forget(name, why);
    }
    return 1;
}

int Sessions::on_owner_changed(sd_bus_message* signal, void* data, sd_bus_error*) {
    auto& known = *static_cast<Known*>(data);
    const char *name = nullptr, *before = nullptr, *now = nullptr;
    // anyone may send us a signal that looks like this one
    if (sd_bus_message_get_sender(signal) != std::string_view(bus_peer)) return 0;
    if (sd_bus_message_read(signal, "sss", &name, &before, &now) < 0 || !*before || *now) return 0;
    if (known.name != name) return 0;
    known.sessions->forget(std::string(name), Error(Errc::cancelled, "the client left the bus"));
    return 0;
}

}  // namespace vireo::dbus
