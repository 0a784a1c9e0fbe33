// SPDX-License-Identifier: LGPL-2.1-or-later
// What a domain is doing, in libvirt's words (virDomainState and its reasons), and what is told to whoever watches.
#pragma once
#include <string>
#include <string_view>

namespace vireo::domain {

enum class State { no_state, running, blocked, paused, in_shutdown, shut_off, crashed, pm_suspended };
std::string_view to_string(State) noexcept;   // "shut-off"
State state_from(std::string_view) noexcept;  // no_state when it is none of them

// Whether the daemon can talk to the domain's hypervisor process.
enum class Health { none, ok, connecting, unresponsive };

enum class Lifecycle { defined, undefined, started, suspended, resumed, stopped, shutdown, pm_suspended, crashed };

class Domain;
struct StoreEvent;  // store_facts.hpp

// The firmware that a definition records is another one now: a start followed an update, or somebody accepted it.
struct FirmwareChange {
    std::string_view how;                              // "followed", "accepted"
    std::string who;                                   // asked for it, or for the start that followed
    std::string old_code, new_code;                    // files
    std::string old_hash, new_hash;                    // of the code, SHA-256
    std::string old_template_hash, new_template_hash;  // empty without a template
};

// Told on the loop, after the fact; must not throw and must not wait. Errors and events leave this folder only so.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void added(const Domain& domain) = 0;
    virtual void removed(const Domain& domain) = 0;
    virtual void lifecycle(const Domain& domain, Lifecycle event, std::string_view detail) = 0;
    virtual void rebooted(const Domain& domain) = 0;
    virtual void renamed(const Domain& domain, const std::string& old_name) = 0;
    virtual void store_changed(const Domain& domain, const StoreEvent& event) = 0;
    virtual void changed(const Domain& domain) = 0;  // some property may have another value now
    virtual void firmware_changed(const Domain& domain, const FirmwareChange& change) = 0;
};

}  // namespace vireo::domain
