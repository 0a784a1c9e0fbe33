// SPDX-License-Identifier: LGPL-2.1-or-later
// Can a guest start with this variable store? No I/O.
#pragma once
#include "firmware/varstore.hpp"
#include "model/names.hpp"

namespace vireo::firmware {

enum class HealthState {
    valid,
    blank,        // erased flash: the firmware makes a store of it when it first runs
    interrupted,  // the firmware was rewriting the store when the machine stopped. OVMF under QEMU, observed, does not
                  // finish that properly at its next start and loses variables; VariableStore::compact() does
    clogged,      // works, but the firmware will stop to clean up soon, or has no room for what it wants to write
    torn_record,  // a record that the firmware cannot have finished, or something behind the last
    wrong_checksum,  // of the volume's header
    wrong_size,      // cut short, or not what its headers say
    wrong_code,      // a store, but not for this firmware
    not_a_store,
};

struct Health {
    HealthState state = HealthState::valid;
    std::string sentence;      // for a person, about "it"; says what is wrong and the figures
    std::string hint;          // what to do; empty when there is nothing to do
    std::uint64_t offset = 0;  // in the file, where it was found
    StoreStatistics statistics;

    // May a guest start with it?
    bool usable() const noexcept {
        return state == HealthState::valid || state == HealthState::blank || state == HealthState::clogged;
    }
};

// The firmware that is to use the store, as far as it is known.
struct Pairing {
    Pairing() = default;
    Pairing(std::uint64_t code_size, std::string_view architecture)
        : code_size(code_size), architecture(architecture) {}

    std::uint64_t code_size = 0;  // bytes as the guest sees them; 0: do not compare
    std::string_view architecture;
    std::string_view template_content;  // what the firmware's package starts with; empty: do not compare
};
Health check_store(std::string_view bytes, const Pairing& pairing = {});

// Of a store that has been read. Less than an eighth of the room left, or less than the firmware's largest variable.
Health check_store(const VariableStore& store);

}  // namespace vireo::firmware

template <>
inline constexpr auto vireo::model::names<vireo::firmware::HealthState> =
    vireo::model::words("valid", "blank", "interrupted", "clogged", "torn-record", "wrong-checksum", "wrong-size",
                        "wrong-code", "not-a-store");
