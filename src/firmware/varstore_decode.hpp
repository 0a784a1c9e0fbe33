// SPDX-License-Identifier: LGPL-2.1-or-later
// What a variable means, for people, and variables as JSON.
//
// A variable is {guid, vendor?, name, attributes: ["non-volatile", …], data: hexadecimal, time?, digest?,
// monotonic-count?, decoded?: {…}}; export is an array of them, import takes the same. `vendor` (a GUID's well-known
// name) and `decoded` are for reading; when `data` is absent, `decoded` is what is stored, where that can be done:
//   Boot####, Driver####, SysPrep####  {description, device-path, attributes?: ["active", …], optional-data?: hex}
//   BootOrder, DriverOrder, SysPrepOrder  {order: ["Boot0001", …]}
//   BootNext, BootCurrent  {option: "Boot0001"}
//   Timeout  {seconds} (65535: wait for ever)
//   Lang, PlatformLang, systemd's Loader…  {text}
//   SecureBoot, SetupMode, SecureBootEnable, CustomMode, VendorKeys …  {enabled}
// and for reading only:
//   PK, KEK, db, dbx …  {certificates: [{subject, issuer, not-before, not-after, sha256, owner}], sha256-hashes,
//                        certificate-hashes, other, complete}
//   ConIn, ConOut, ErrOut …  {device-paths: [text]}    MTC  {count}    Key####  {option}
#pragma once
#include "firmware/varstore.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <optional>

namespace vireo::firmware {

// Nothing when it is not known or not what its name promises.
std::optional<boost::json::object> decode(const Variable& variable);
// One line of it: "Ubuntu: HD(1,GPT,…)/\EFI\ubuntu\shimx64.efi"; hexadecimal, shortened, of what is not known.
std::string describe(const Variable& variable);
// `decoded` → the variable's data. Errors: unsupported (not for this variable), invalid_argument.
Result<std::string> encode(const Guid& vendor, std::string_view name, const boost::json::object& decoded);
// What a variable of this name has when its creator does not say; attribute::usual of those that are not known.
std::uint32_t usual_attributes(const Guid& vendor, std::string_view name) noexcept;

boost::json::object to_json(const Variable& variable);
Result<Variable> variable_from_json(const boost::json::value& value);

boost::json::array export_variables(const VariableStore& store);
// Sets them all, in order, or none: on an error the store is as it was. With `replace` what is not in the list goes.
enum class Import { merge, replace };
Result<> import_variables(VariableStore& store, const boost::json::value& list, Import how = Import::merge);

}  // namespace vireo::firmware
