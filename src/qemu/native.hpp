// SPDX-License-Identifier: LGPL-2.1-or-later
// A definition judged and turned into QEMU's command line without a host: nothing is opened, prepared or started.
#pragma once
#include "model/domain.hpp"
#include "qemu/capabilities.hpp"
#include "qemu/command_line.hpp"
#include "support/error.hpp"

#include <string>

namespace vireo::qemu {

struct Native {
    model::Domain domain;  // complete, with aliases
    CommandLine line;      // by paths: Resources::for_display()
};

// Completes the definition, names its devices and writes the command line. Failure: as complete() and
// build_command_line().
Result<Native> to_native(model::Domain domain, const Capabilities& capabilities);

// For the newest QEMU that Vireo knows and the machine that the definition names, whatever this host has.
// Failure(unsupported) also when no QEMU runs the architecture.
Result<Native> to_native(model::Domain domain);

// As a command for a POSIX shell: what it adds to the environment, then an option on each line.
std::string shell_text(const CommandLine& line);

}  // namespace vireo::qemu
