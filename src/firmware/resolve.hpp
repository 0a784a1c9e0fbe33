// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes the choice of firmware into a definition, once, when it is defined: loader, template, variable store,
// features, SMM, and the identity of all this (identity.hpp). From then on the definition names its files and another
// package changes no existing guest. A
// definition that already names its loader keeps it, and is checked against what is known about that file.
#pragma once
#include "firmware/choice.hpp"
#include "firmware/file_hash.hpp"
#include "firmware/nvram_store.hpp"
#include "support/blocking.hpp"

namespace vireo::firmware {

struct ResolveOptions {
    ResolveOptions() = default;
    explicit ResolveOptions(std::filesystem::path data) : data(std::move(data)) {}
    std::filesystem::path data;                    // the daemon's data folder: stores are <data>/nvram/<uuid>/VARS.fd
    bool qcow2 = false;                            // can the hypervisor's driver run firmware and stores in qcow2?
    std::shared_ptr<const model::Domain> earlier;  // the definition that this one replaces: what was chosen for it
                                                   // stays the choice as long as it fits. May be null.
    KnownHashes* known = nullptr;                  // of firmware files, read and added to; null: nothing is known
};

// Fills the definition in place. Its uuid must be set and its machine type be the versioned one, or an alias.
// Fails, with the definition unchanged, with invalid_config for what contradicts itself or the files, and with
// unsupported when no firmware fits (the reasons are among the causes). Looks at files: blocks.
Result<> resolve(model::Domain& domain, const Catalog& catalog, const ResolveOptions& options);

// The same off the loop; throws.
Task<model::Domain> resolve(Blocking& blocking, model::Domain domain, std::shared_ptr<const Catalog> catalog,
                            ResolveOptions options);

// Where a guest's variable store lies when its definition does not say.
std::filesystem::path default_store(const std::filesystem::path& data, const model::Uuid& uuid, StoreFormat format);

// The variable store of a resolved definition; nothing when it has none.
std::optional<StoreSpec> store_of(const model::Domain& domain, const std::filesystem::path& data);

// What two definitions must not share: the store's path in its shortest spelling; empty without a store. The lock on
// the file finds what spelling does not (links) when both are started.
std::string store_key(const model::Domain& domain, const std::filesystem::path& data);

}  // namespace vireo::firmware
