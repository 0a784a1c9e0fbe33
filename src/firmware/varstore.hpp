// SPDX-License-Identifier: LGPL-2.1-or-later
// A guest's UEFI variables: bytes in, model, bytes out. No I/O.
//
// Two forms. Flash: EDK2's firmware volume, raw (131072 bytes, 540672 bytes, or padded to the 64 MiB of Arm's flash),
// with authenticated or plain variables. JSON: what QEMU's uefi-vars device keeps (version 2).
// What nobody changed is written byte for byte as it was read. A change does to flash what the firmware would do: the
// new record is appended, the old one marked deleted, the rest stays.
//
// Sources: MdeModulePkg/Include/Guid/VariableFormat.h and Universal/Variable/RuntimeDxe in EDK2 (records, and which of
// several the firmware takes after an interrupted update); Universal/FaultTolerantWriteDxe (writes that were
// interrupted); QEMU's qapi/uefi.json; UEFI specification, 8.2 "Variable Services".
#pragma once
#include "firmware/varstore_guid.hpp"
#include "support/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::firmware {

// UEFI specification, 8.2.1; the bits of Variable::attributes.
namespace attribute {
inline constexpr std::uint32_t non_volatile = 0x1, boot_service = 0x2, runtime = 0x4, hardware_error = 0x8,
                               authenticated = 0x10, time_based_authenticated = 0x20, append = 0x40,
                               enhanced_authenticated = 0x80;
inline constexpr std::uint32_t usual = non_volatile | boot_service | runtime;
}  // namespace attribute

struct Variable {
    Variable() = default;
    Variable(Guid vendor, std::string name, std::string data, std::uint32_t attributes = attribute::usual)
        : vendor(vendor), name(std::move(name)), data(std::move(data)), attributes(attributes) {}

    Guid vendor;
    std::string name;  // UTF-8, with name_from_ucs2()'s escapes
    std::string data;  // bytes; a variable without is none and cannot be set
    std::uint32_t attributes = attribute::usual;
    std::array<std::uint8_t, 16> time{};  // EFI_TIME of the last authenticated write; zero for all others
    std::uint64_t monotonic_count = 0;    // flash only, obsolete
    std::uint32_t public_key = 0;         // flash only, obsolete
    std::string digest;                   // JSON only: bytes that identify who may write an authenticated variable
    bool operator==(const Variable&) const = default;
};

struct StoreStatistics {         // bytes
    std::uint64_t capacity = 0;  // for variables
    std::uint64_t used = 0;      // by those that live
    std::uint64_t dead = 0;      // by deleted and superseded ones, until the store is compacted
    std::uint64_t free = 0;      // behind the last
};

// Something in a store that the firmware cannot have meant. The variables that could be read are there; compact() drops
// the rest.
struct StoreDamage {
    std::uint64_t offset = 0;  // in the file
    std::string what;          // a sentence
};

class VariableStore {
public:
    enum class Kind { flash, json };

    static VariableStore empty_json();

    Kind kind() const noexcept { return kind_; }
    // May it hold authenticated variables (Secure Boot's keys)?
    bool authenticated() const noexcept { return kind_ == Kind::json || flash_.authenticated; }
    std::uint64_t file_size() const noexcept;  // of flash; 0 of JSON

    // Those that live, in the order of the store. Valid until the next change.
    const std::vector<Variable>& variables() const noexcept { return variables_; }
    const Variable* find(const Guid& vendor, std::string_view name) const noexcept;

    // Adds or replaces; what is there already, wholly equal, changes nothing. Compacts by itself when the rest of the
    // flash is too small. Errors: invalid_argument (name, data, attributes), limit_exceeded with the figures,
    // unsupported (an authenticated variable in a store without them), invalid_state (damaged: compact() first).
    Result<> set(Variable variable);
    // Was there one? Error: invalid_state (damaged).
    Result<bool> unset(const Guid& vendor, std::string_view name);
    // Drops what is dead or damaged, closes the gaps, in order, and finishes an interrupted write of the firmware.
    // Nothing happens when there is nothing to do.
    void compact();
    void clear();  // drops all

    StoreStatistics statistics() const noexcept;
    const std::optional<StoreDamage>& damage() const noexcept { return damage_; }
    // A write of the firmware was interrupted; the variables are those that it was about to put in place. Any change
    // finishes it.
    bool interrupted() const noexcept { return !original_.empty() && kind_ == Kind::flash; }

    std::string write() const;

private:
    friend Result<VariableStore> read_flash_store(std::string_view);
    friend Result<VariableStore> read_json_store(std::string_view);
    struct Flash {
        std::string volume;         // the firmware volume; `rest` follows it
        std::string rest;           // empty when it is the padding
        std::uint64_t padding = 0;  // bytes behind the volume, all of them …
        char padding_byte = 0;      // … this
        std::size_t first = 0;      // offset of the first record,
        std::size_t tail = 0;       // of the erased flash behind the last,
        std::size_t end = 0;        // of the end of the variables' area
        bool authenticated = true;
        std::vector<std::size_t> offsets;  // of the record of each of variables_
        std::size_t pending_write = 0;     // offset of the interrupted write's header …
        std::size_t pending_record = 0;    // … and record; 0: none
    };

    VariableStore() = default;
    std::size_t index_of(const Guid& vendor, std::string_view name) const noexcept;
    Result<> check_new(const Variable& variable, std::string_view ucs2_name) const;
    void forget_what_has_no_place(Variable& variable) const;
    Result<> set_flash(std::size_t index, Variable variable, std::string_view ucs2_name);
    void touch();
    void scan_flash();
    void append_record(const Variable& variable, std::string_view ucs2_name);

    Kind kind_ = Kind::json;
    Flash flash_;
    std::vector<Variable> variables_;
    std::optional<StoreDamage> damage_;
    std::string original_;  // what was read, as long as nothing changed and it is not what the model would write
};

// Either form, recognised by its content. Errors: invalid_config with a sentence that does not name the file,
// invalid_state for erased flash, limit_exceeded. A damaged store is read as far as it goes: see damage().
Result<VariableStore> read_store(std::string_view bytes);
Result<VariableStore> read_flash_store(std::string_view bytes);
Result<VariableStore> read_json_store(std::string_view bytes);

// Bounds that keep a hostile file cheap.
inline constexpr std::uint64_t max_volume_size = 8u << 20;  // bytes; the largest that EDK2 builds have 768 KiB
inline constexpr std::size_t max_variables = 16384;
inline constexpr std::size_t max_json_store = 16u << 20;  // bytes of text
inline constexpr std::size_t max_name_units = 1024;       // UCS-2 units of the name of a variable that is set

}  // namespace vireo::firmware
