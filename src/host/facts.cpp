// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/facts.hpp"

#include <algorithm>
#include <sys/utsname.h>
#include <unistd.h>

namespace vireo::host {

Facts collect_facts() {
    Facts facts;
    utsname names{};
    if (::uname(&names) == 0) {
        facts.hostname = names.nodename;
        facts.architecture = names.machine;
        facts.kernel = names.release;
    }
    facts.cpus = static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    auto pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0) facts.memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
    facts.kvm = ::access("/dev/kvm", R_OK | W_OK) == 0;
    return facts;
}

}  // namespace vireo::host
