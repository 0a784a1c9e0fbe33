// SPDX-License-Identifier: LGPL-2.1-or-later
// One definition tried on this machine's QEMU: started twice, and once more with a device added.
#pragma once
#include "corpus/real/findings.hpp"
#include "corpus/real/runnable.hpp"
#include "qemu/capabilities_cache.hpp"

#include <filesystem>
#include <string>

namespace vireo::corpus {

struct Trial {
    Trial() = default;
    std::string name;
    bool started = false;
    std::string not_here;  // why it was not started, and that is no fault: "other architecture: s390x"
    std::string refused;   // why it was not started, and should have been: who said what
    Changes changes;
    Findings findings;        // of all starts
    std::size_t devices = 0;  // with names, that QEMU had

    bool good() const { return refused.empty() && findings.wrong.empty(); }
};

struct Bench {  // what all trials share
    qemu::CapabilitiesCache& capabilities;
    ImageTemplates& templates;
    bool taps = false;             // as Changes::taps
    std::filesystem::path folder;  // each trial makes one of its own in it
};

// Never throws for what the definition or QEMU does.
Task<Trial> try_definition(Bench& bench, std::filesystem::path file);

}  // namespace vireo::corpus
