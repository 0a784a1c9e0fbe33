// SPDX-License-Identifier: LGPL-2.1-or-later
// Which firmware fits a guest, and why each of the others does not. Nothing here touches a file: the same
// requirements and the same catalog always give the same answer.
#pragma once
#include "firmware/catalog.hpp"
#include "model/domain.hpp"

#include <optional>
#include <string>
#include <vector>

namespace vireo::firmware {

struct FeatureWish {
    std::string name;     // a feature's name in a descriptor
    bool enabled = true;  // false: rules out firmware that has it
};

struct Requirements {
    std::string interface_type = "uefi";  // or bios …
    std::string architecture;             // x86_64 …
    std::string machine;                  // versioned (pc-q35-7.2); the aliases q35, pc and virt are understood
    std::vector<FeatureWish> features;
    std::optional<bool> smm;        // system management mode; false rules out what requires it
    std::optional<bool> secure;     // <loader secure=…>: true needs requires-smm, false rules it out
    std::optional<bool> stateless;  // true: no variable store
    std::optional<bool> rom;        // true: loaded as a ROM; false: as flash
    std::string executable_path;    // not empty: the code has to be this file
    std::string executable_format;  // empty: any that can be run
    std::string template_path;      // not empty: the template has to be this one
    std::string template_format;    // empty: any that can be run
    bool sealed = false;            // SEV-SNP or TDX: a ROM without variable store is usual there
    bool qcow2 = false;             // can firmware and stores in qcow2 be run here?
};
// What a definition asks for. Its architecture may be empty: the host's then.
Requirements requirements_of(const model::Domain& domain);

struct Candidate {
    std::filesystem::path file;  // the descriptor's
    std::string name;            // its basename
    std::string rejected;        // why it does not fit, as in "has no feature secure-boot"; empty: it fits

    bool fits() const noexcept { return rejected.empty(); }
};

struct Choice {
    std::optional<Entry> chosen;        // the first that fits
    std::vector<Candidate> candidates;  // all, in the order of the catalog
};
Choice choose(const Requirements& requirements, const Catalog& catalog);
// Why one descriptor does not fit; empty: it does. The second asks for architecture and machine alone.
std::string reason_against(const Entry& entry, const Requirements& requirements);
std::string machine_reason(const Descriptor& descriptor, const Requirements& requirements);
// "UEFI firmware for pc-q35-7.2 on x86_64, with secure-boot"
std::string summary(const Requirements& requirements);
inline Choice choose(const model::Domain& domain, const Catalog& catalog) {
    return choose(requirements_of(domain), catalog);
}

// A cause for each candidate, "50-x.json: has no feature secure-boot", the first outermost; nothing without candidates.
std::optional<Error> reasons(const Choice& choice);
// The chosen entry, or an error that lists each candidate with its reason among its causes.
Result<Entry> chosen(const Requirements& requirements, Choice choice);

// Is this target for such a machine? Globs know * and ?; a versioned machine or one of the aliases.
bool matches(const Target& target, std::string_view architecture, std::string_view machine) noexcept;

// What the descriptors say about one file of code (executable_path), given by hand or recorded. Only the machine, the
// features and SMM are compared. When several name it, those with the wanted template count, if there are any.
struct Description {
    const Entry* entry = nullptr;  // the first that agrees with the requirements; points into the catalog
    std::string contradiction;     // when none does but some know the file: "60-x.json: has no feature secure-boot"
};
Description describe(const Requirements& requirements, const Catalog& catalog);

std::string host_architecture();  // "x86_64", from uname(2)

}  // namespace vireo::firmware
