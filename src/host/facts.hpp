// SPDX-License-Identifier: LGPL-2.1-or-later
// What Manager.GetHostInfo tells about the machine. All of it may be taken at any time; collect() takes well under 1
// ms.
#pragma once
#include <cstdint>
#include <string>

namespace vireo::host {

struct Facts {
    std::string hostname;
    std::string architecture;  // as uname -m spells it: x86_64, aarch64 …
    std::string kernel;        // release: 6.1.0-18-amd64
    unsigned cpus = 1;         // online
    std::uint64_t memory = 0;  // bytes
    bool kvm = false;          // this process may open /dev/kvm
};

Facts collect_facts();

}  // namespace vireo::host
