// SPDX-License-Identifier: LGPL-2.1-or-later
// What the files of `vireo nvram` share.
#pragma once
#include "cli/common.hpp"

#include <span>
#include <string>
#include <vector>

namespace vireo::cli {

inline constexpr Operand nvram_domain[] = {{"DOMAIN", Kind::domain, true}};
inline constexpr Option confirm_option = {"confirm", "WORDS", Kind::text,
                                          "Accept these consequences by name, separated by commas; see "
                                          "docs/firmware.md."};
inline constexpr Option if_sha256_option = {"if-sha256", "HASH", Kind::text,
                                            "Refuse unless the store's content still has this SHA-256."};
inline constexpr Option change_store_options[] = {confirm_option, if_sha256_option};

std::vector<std::string> split(std::string_view text);  // at commas; empty parts are left out
std::optional<std::vector<std::string>> list_of(const Context& context, std::string_view option);
// Throws UsageError for a word that is none; "everything" (and "all") is every class: nothing.
std::optional<std::vector<api::VariableClass>> classes_of(const Context& context, std::string_view option);
api::StoreChangeOptions store_options(const Context& context);
api::DomainFirmwareClient firmware_of(Context& context);  // of the first operand

std::string difference_text(const std::vector<api::VariableDifference>& changes);
void note_moment(const Context& context, const api::StoreMoment& moment);  // on standard error, what is not obvious
// Says what was done: the sentence, or that nothing was to do; the changes, the backup, warnings.
int report(Context& context, const api::StoreChange& change, std::string_view sentence);

std::span<const Verb> nvram_boot_verbs();         // nvram_boot.cpp
std::span<const Verb> nvram_secure_boot_verbs();  // nvram_secure_boot.cpp
std::span<const Verb> nvram_backup_verbs();       // nvram_backup.cpp: history … trash

}  // namespace vireo::cli
