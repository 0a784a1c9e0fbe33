// SPDX-License-Identifier: LGPL-2.1-or-later
// The file of QEMU's uefi-vars device: {"version": 2, "variables": [{guid, name, attr, data, time?, digest?}]}, bytes
// in hexadecimal. Source: QEMU's qapi/uefi.json and hw/uefi/var-service-json.c.
#include "firmware/varstore_bytes.hpp"
#include "firmware/varstore_health.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>
#include <set>

namespace vireo::firmware {
namespace {
namespace json = boost::json;

const json::string* text(const json::object& object, std::string_view key) {
    auto* value = object.if_contains(key);
    return value ? value->if_string() : nullptr;
}

// A member in hexadecimal; empty when absent, nothing when it is something else.
std::optional<std::string> bytes_of(const json::object& object, std::string_view key) {
    if (!object.if_contains(key)) return std::string();
    auto* hex = text(object, key);
    return hex ? from_hex(*hex) : std::nullopt;
}

Result<Variable> variable_of(const json::value& value, std::size_t position) {
    auto wrong = [position](std::string_view what) {
        return fail(Errc::invalid_config, fmt::format("its variable {} (counted from 1) {}", position + 1, what));
    };
    auto* object = value.if_object();
    if (!object) return wrong("is not an object");
    auto *guid = text(*object, "guid"), *name = text(*object, "name");
    auto parsed = guid ? Guid::parse(*guid) : std::nullopt;
    if (!parsed) return wrong("has no proper \"guid\"");
    if (!name || name->empty() || !printable_ascii(*name)) return wrong("has no proper \"name\"");
    auto units = text_to_ucs2(*name);
    auto* attr = object->if_contains("attr");
    auto attributes = attr ? json::try_value_to<std::uint32_t>(*attr) : json::result<std::uint32_t>(std::error_code());
    if (!attr || !attributes) return wrong("has no proper \"attr\"");
    auto data = bytes_of(*object, "data"), time = bytes_of(*object, "time"), digest = bytes_of(*object, "digest");
    if (!data || data->empty()) return wrong("has no proper \"data\"");
    if (!time || (!time->empty() && time->size() != 16)) return wrong("has no proper \"time\"");
    if (!digest) return wrong("has no proper \"digest\"");
    Variable variable(*parsed, name_from_ucs2(*units), std::move(*data), *attributes);
    if (!(*attributes & attribute::time_based_authenticated)) return variable;  // QEMU forgets them, too
    if (!time->empty()) std::memcpy(variable.time.data(), time->data(), 16);
    variable.digest = std::move(*digest);
    return variable;
}

json::object object_of(const Variable& variable) {
    auto units = name_to_ucs2(variable.name);
    json::object object{{"guid", variable.vendor.to_string()},
                        {"name", units ? text_from_ucs2(*units) : variable.name},
                        {"attr", variable.attributes},
                        {"data", to_hex(variable.data)}};
    if (variable.attributes & attribute::time_based_authenticated) {
        object["time"] = to_hex({reinterpret_cast<const char*>(variable.time.data()), variable.time.size()});
        if (!variable.digest.empty()) object["digest"] = to_hex(variable.digest);
    }
    return object;
}

}  // namespace

Result<VariableStore> read_json_store(std::string_view bytes) {
    if (bytes.size() > max_json_store)
        return fail(Errc::limit_exceeded, fmt::format("it is larger than {} MiB", max_json_store >> 20));
    boost::system::error_code error;
    auto value = json::parse(bytes, error);
    auto* root = value.if_object();
    if (error || !root) return fail(Errc::invalid_config, "it is not JSON: ", error ? error.message() : "no object");
    auto* version = root->if_contains("version");
    auto number = version ? version->if_int64() : nullptr;
    auto* list = root->if_contains("variables");
    auto* variables = list ? list->if_array() : nullptr;
    if (!number || !variables)
        return fail(Errc::invalid_config,
                    "it is JSON, but not a variable store: \"version\" or \"variables\" is missing");
    if (*number != 2)
        return fail(Errc::unsupported, fmt::format("it is a variable store of version {}; only 2 is known", *number));
    if (variables->size() > max_variables)
        return fail(Errc::limit_exceeded, fmt::format("it holds more than {} variables", max_variables));
    auto store = VariableStore::empty_json();
    std::set<std::pair<Guid, std::string>> known;
    for (std::size_t i = 0; i < variables->size(); ++i) {
        auto variable = variable_of((*variables)[i], i);
        if (!variable) return Failure(variable.error());
        if (!known.emplace(variable->vendor, variable->name).second) {
            if (!store.damage_) store.damage_ = StoreDamage{0, fmt::format("\"{}\" is there twice", variable->name)};
            continue;  // QEMU finds the first
        }
        store.variables_.push_back(std::move(*variable));
    }
    store.original_ = bytes;
    return store;
}

std::string VariableStore::write() const {
    if (!original_.empty()) return original_;
    if (kind_ == Kind::flash) {
        std::string bytes;
        bytes.reserve(file_size());
        bytes.append(flash_.volume).append(flash_.rest).append(flash_.padding, flash_.padding_byte);
        return bytes;
    }
    std::string out = "{\n    \"version\": 2,\n    \"variables\": [";
    for (auto& variable : variables_) {
        out += &variable == variables_.data() ? "\n        " : ",\n        ";
        out += json::serialize(object_of(variable));
    }
    return out + (variables_.empty() ? "]\n}\n" : "\n    ]\n}\n");
}

}  // namespace vireo::firmware
