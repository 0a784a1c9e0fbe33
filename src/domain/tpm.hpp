// SPDX-License-Identifier: LGPL-2.1-or-later
// The emulated TPM: the commands of swtpm and of swtpm_setup, which makes a new one, and what becomes of its state.
#pragma once
#include "domain/environment.hpp"
#include "domain/running.hpp"
#include "firmware/tpm_state.hpp"
#include "support/process.hpp"

#include <string>

namespace vireo::domain {

struct TpmPrograms {
    std::filesystem::path emulator, setup;
};
Result<TpmPrograms> find_tpm_programs();

// swtpm. It ends when QEMU's end of the channel is closed.
Command tpm_command(const TpmPrograms& programs, const model::TpmBackend& backend, const firmware::TpmPlace& place);

// Makes a new TPM in the place's workshop: an endorsement key, and certificates of it when `certificates`.
Command tpm_setup_command(const TpmPrograms& programs, const model::TpmBackend& backend,
                          const firmware::TpmPlace& place, bool certificates);
// Activates the PCR banks that the definition names in a TPM that is there.
Command tpm_banks_command(const TpmPrograms& programs, const model::TpmBackend& backend,
                          const firmware::TpmPlace& place);

// Can swtpm_setup sign certificates as this account (none: as ourselves)? A TPM without them works, but nobody can tell
// it from another. Failure says what is missing. Reads two small files.
Result<> can_certify(const std::optional<host::Account>& account);

// Whose the state is: the account of guests.
std::optional<firmware::TpmOwner> tpm_owner(const std::optional<host::Account>& account);

// Whether the state was made by this run, as its status document says it.
void set_tpm_made(state::Status& status);
bool tpm_made(const state::Status& status);

// Before the definition goes: writes down what is to become of the state (keep: nothing).
Task<> plan_tpm_disposal(Environment& environment, std::string uuid, NvramDisposal how);
Task<> dispose_of_tpm(Environment& environment, std::string uuid, NvramDisposal how);
// When a domain without a definition has stopped: the state that its last run made goes, unless it is persistent_state.
Task<> dispose_of_transient_tpm(Environment& environment, const Running& run);

}  // namespace vireo::domain
