// SPDX-License-Identifier: LGPL-2.1-or-later
// What every domain needs of the daemon around it; made once, by the daemon, and outlives all of them.
#pragma once
#include "domain/states.hpp"
#include "firmware/catalog.hpp"
#include "firmware/file_hash.hpp"
#include "host/account.hpp"
#include "host/cgroup.hpp"
#include "qemu/capabilities_cache.hpp"
#include "state/definition_store.hpp"
#include "state/layout.hpp"
#include "state/status_store.hpp"
#include "support/blocking.hpp"
#include "support/task_group.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace vireo::domain {

class Domains;

struct Environment {
    Environment(Executor e, Blocking& p, state::Layout l, state::DefinitionStore& d, state::StatusStore& s,
                qemu::CapabilitiesCache& c, firmware::CatalogCache& f, host::Cgroups& g, Observer& o)
        : executor(e),
          pool(p),
          layout(std::move(l)),
          definitions(d),
          statuses(s),
          capabilities(c),
          firmwares(f),
          cgroups(g),
          observer(o),
          background(e, TaskGroup::OnError::report) {}

    Executor executor;
    Blocking& pool;
    state::Layout layout;
    state::DefinitionStore& definitions;
    state::StatusStore& statuses;
    qemu::CapabilitiesCache& capabilities;
    firmware::CatalogCache& firmwares;
    host::Cgroups& cgroups;
    Observer& observer;
    std::optional<host::Account> qemu_account;    // whom QEMU runs as; none: ourselves
    std::optional<unsigned> compact_nvram_above;  // percent; see firmware::Request::compact_above
    std::map<std::string, std::string>
        default_emulators;         // by architecture, once found; get() notices when one is gone
    Domains* domains = nullptr;    // set by its constructor
    firmware::KnownHashes hashes;  // of firmware files; a job is given a copy, which takes its place afterwards
    TaskGroup background;          // what goes on without anybody waiting for it
    std::set<int> ports_in_use;    // of displays of running guests
    int last_id = 0;               // the number of the newest run
};

}  // namespace vireo::domain
