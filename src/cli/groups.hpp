// SPDX-License-Identifier: LGPL-2.1-or-later
// Each group of verbs is one file, and is found here.
#pragma once
#include "cli/verb.hpp"

namespace vireo::cli {

Group list_group();        // list.cpp
Group define_group();      // define.cpp
Group definition_group();  // definition.cpp: what needs no daemon
Group lifecycle_group();   // lifecycle.cpp
Group console_group();     // console.cpp
Group import_group();      // import_libvirt.cpp
Group watch_group();       // watch.cpp: events, jobs
Group firmware_group();    // firmware.cpp
Group nvram_group();       // nvram.cpp, nvram_*.cpp
Group host_group();        // host.cpp
Group help_group();        // help.cpp

std::string help_text(const Verb* verb);                // null: the overview
std::string usage_line(const Verb& verb);               // "vireo start DOMAIN [OPTION]..."
std::string manual();                                   // vireo(1) as roff
std::string completion_script(std::string_view shell);  // empty: no such shell
std::vector<std::string> complete(Context& context, std::span<const std::string> words);  // of the last word

}  // namespace vireo::cli
