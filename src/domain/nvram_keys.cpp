// SPDX-License-Identifier: LGPL-2.1-or-later
// What the host's firmware packages say about Secure Boot: whose keys they enrol, and which code knows it.
#include "domain/nvram.hpp"
#include "firmware/choice.hpp"
#include "firmware/firmware_file.hpp"

namespace vireo::domain {
namespace {

bool targets(const firmware::Entry& entry, std::string_view architecture) {
    for (auto& target : entry.descriptor.targets)
        if (target.architecture == architecture) return true;
    return false;
}

Result<firmware::KeySet> keys_of(const firmware::Entry& entry) {
    auto& file = *entry.descriptor.nvram_template;
    auto format = model::from_string<firmware::StoreFormat>(file.format).value_or(firmware::StoreFormat::raw);
    auto content = firmware::read_template(file.filename, format);
    if (!content) return Failure(content.error());
    auto store = firmware::read_store(content->content);
    if (!store) return Failure(store.error());
    return firmware::key_set_of(*store);
}

// The first that has what is wanted; those for this architecture go first, but keys are the same everywhere.
Result<firmware::KeySet> find_keys(const firmware::Catalog& catalog, const std::string& architecture,
                                   bool only_microsoft) {
    std::optional<Error> trouble;
    for (bool same : {true, false})
        for (auto& entry : catalog.entries()) {
            if (!entry.usable() || !entry.descriptor.has_feature("enrolled-keys") || !entry.descriptor.nvram_template ||
                targets(entry, architecture) != same)
                continue;
            auto keys = keys_of(entry);
            if (!keys) trouble = keys.error();
            if (keys && only_microsoft) keys = firmware::microsoft_keys(*keys);
            if (keys && !keys->empty()) return keys;
        }
    auto error = Error(Errc::not_found, only_microsoft ? "no firmware of this host has Microsoft's keys enrolled"
                                                       : "no firmware of this host has keys enrolled");
    if (trouble) error = Error(Errc::not_found, error.message(), *trouble);
    return Failure(error.with_hint("install a firmware package with enrolled keys, or give your own"));
}

}  // namespace

Task<firmware::KeySet> Nvram::host_keys(bool only_microsoft) {
    auto here = place();
    auto catalog = co_await domain_->env_.firmwares.get();
    auto work = [&] { return find_keys(*catalog, here.site.architecture, only_microsoft); };
    co_return co_await blocking(std::move(work));
}

Task<std::optional<bool>> Nvram::secure_boot_supported() {
    auto here = place();
    auto catalog = co_await domain_->env_.firmwares.get();
    std::optional<bool> supported;
    for (auto& entry : catalog->entries()) {
        if (entry.descriptor.executable.filename != here.site.code.string()) continue;
        supported = supported.value_or(false) || entry.descriptor.has_feature("secure-boot");
    }
    co_return supported;
}

}  // namespace vireo::domain
