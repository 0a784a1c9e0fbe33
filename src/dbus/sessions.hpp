// SPDX-License-Identifier: LGPL-2.1-or-later
// Who calls: one api::Session for each unique name on the bus that has called, with credentials that the bus vouches
// for. They are asked for once, without waiting; calls that come before the answer wait for it, in their order. The
// session is closed when the name goes, or the whole connection does.
#pragma once
#include "api/call.hpp"
#include "dbus/bus.hpp"

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace vireo::dbus {

struct Entry;  // what a call is for: exporter.hpp

// One client.
struct Peer {
    std::shared_ptr<api::Session> session;  // null until its credentials are known
    std::size_t in_flight = 0;              // calls that were not answered yet
};

class Sessions {
public:
    // The bus lets a user have 256 connections, and one connection 512 matches (dbus-daemon's system bus).
    static constexpr std::size_t max_peers = 400;
    static constexpr std::size_t max_waiting = 128;  // calls of one client before its credentials are known

    using Deliver = std::function<void(sd_bus_message*, const Entry&, const std::shared_ptr<Peer>&)>;
    using Refuse = std::function<void(sd_bus_message*, const Error&)>;
    Sessions(Bus& bus, Deliver deliver, Refuse refuse);
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;
    ~Sessions();  // closes every session

    // Delivers the call now, or once its sender is known. Throws Error(limit_exceeded).
    void receive(sd_bus_message* message, const Entry& entry);
    std::size_t size() const noexcept { return known_.size(); }

private:
    struct Known {
        Sessions* sessions;
        std::string name;
        std::shared_ptr<Peer> peer;
        SlotPtr match, credentials;
        std::vector<std::pair<MessagePtr, const Entry*>> waiting;
    };
    Known& ask(const std::string& name);
    void introduced(Known& known, sd_bus_message* reply);
    void forget(const std::string& name, const Error& why);
    static int on_credentials(sd_bus_message* reply, void* data, sd_bus_error* error);
    static int on_match_installed(sd_bus_message* reply, void* data, sd_bus_error* error);
    static int on_owner_changed(sd_bus_message* signal, void* data, sd_bus_error* error);

    Bus& bus_;
    Deliver deliver_;
    Refuse refuse_;
    std::unordered_map<std::string, std::unique_ptr<Known>> known_;
};

}  // namespace vireo::dbus
