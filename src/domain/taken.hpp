// SPDX-License-Identifier: LGPL-2.1-or-later
// What a run has taken from the host: devices that no other guest may have meanwhile, and changes that are undone when
// it ends. The run's status document holds it, written before anything is done: whoever finds the document, after a
// crash at whatever instant, can give everything back.
#pragma once
#include "state/status_store.hpp"
#include "support/error.hpp"
#include "support/task.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vireo {
class Blocking;
}

namespace vireo::domain {

struct Taken {
    enum class Kind {
        pci,          // name "0000:01:00.0"; before: the driver it had (empty: none), now: the one it was bound to
        iommu_group,  // name "7"
        usb,          // name "001/004"
        scsi,         // name "2:0:1:5"
        mediated,     // name: a UUID
        node,         // name: a path; before and now: its owner, "0:0"
        macvtap,      // name: a link that was made; now: its MAC address, by which it is known
        function,     // name "eth0 3": the link of a network card, and which of its virtual functions; before and now:
                      // MAC address and VLAN
        switch_port,  // name: a link; now: the bridge of Open vSwitch that it is a port of
        link_mac,     // name: a link whose MAC address was before and is now
        script        // name: a program to be run with the argument now
    };
    Taken() = default;
    Taken(Kind k, std::string n, std::string b = {}, std::string w = {})
        : kind(k), name(std::move(n)), before(std::move(b)), now(std::move(w)) {}
    Kind kind = Kind::pci;
    std::string name;
    std::string before, now;  // now empty: nothing was changed, it is only in use
    bool shared = false;      // scsi: others may have it that share it too
    bool operator==(const Taken&) const = default;
};

std::vector<Taken> taken_of(const state::Status& status);
void add_taken(state::Status& status, const std::vector<Taken>& more);  // after those that are there

// May a guest take these while another has those? Error(invalid_state) names the device and the guest.
Result<> check_free(const std::vector<Taken>& wanted, const std::vector<Taken>& others, const std::string& other_guest);

// Undoes what was changed, newest first. What was undone already, or is somebody else's by now, is left alone; failures
// are logged. Scripts get script_limit each.
Task<> give_back(Blocking& pool, std::vector<Taken> taken);

inline constexpr auto script_limit = std::chrono::seconds(30);
// Runs a script of a definition with the name of a link. Error(system_failed) with what it said, or timeout.
Task<> run_link_script(std::string program, std::string link);

std::string owner_of(const std::filesystem::path& path);  // "0:6"; empty when it is not there

}  // namespace vireo::domain
