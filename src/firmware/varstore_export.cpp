// SPDX-License-Identifier: LGPL-2.1-or-later
// Variables as JSON, both ways.
#include "firmware/device_path.hpp"
#include "firmware/load_option.hpp"
#include "firmware/varstore_bytes.hpp"
#include "firmware/varstore_decode.hpp"
#include "firmware/varstore_meaning.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>
#include <set>

namespace vireo::firmware {
namespace json = boost::json;
namespace {

struct AttributeName {
    std::uint32_t bit;
    std::string_view name;
};
constexpr std::array attribute_names{
    AttributeName{attribute::non_volatile, "non-volatile"},
    AttributeName{attribute::boot_service, "boot-service"},
    AttributeName{attribute::runtime, "runtime"},
    AttributeName{attribute::hardware_error, "hardware-error"},
    AttributeName{attribute::authenticated, "authenticated"},
    AttributeName{attribute::time_based_authenticated, "time-based-authenticated"},
    AttributeName{attribute::append, "append"},
    AttributeName{attribute::enhanced_authenticated, "enhanced-authenticated"},
};
constexpr std::array option_attributes{
    AttributeName{LoadOption::active, "active"},
    AttributeName{LoadOption::force_reconnect, "force-reconnect"},
    AttributeName{LoadOption::hidden, "hidden"},
    AttributeName{LoadOption::app, "app"},
};

Failure wrong(std::string_view what) {
    return fail(Errc::invalid_argument, what);
}

const json::string* text(const json::object& object, std::string_view key) {
    auto* value = object.if_contains(key);
    return value ? value->if_string() : nullptr;
}

template <std::size_t N>
Result<std::uint32_t> bits_of(const json::value& value, const std::array<AttributeName, N>& known) {
    auto* list = value.if_array();
    if (!list) return wrong("\"attributes\" must be a list of words");
    std::uint32_t bits = 0;
    for (auto& item : *list) {
        auto* word = item.if_string();
        std::uint32_t bit = 0;
        for (auto& k : known)
            if (word && k.name == std::string_view(*word)) bit = k.bit;
        if (bit == 0) return wrong("\"attributes\" holds what is not known: " + json::serialize(item).substr(0, 100));
        bits |= bit;
    }
    return bits;
}

Result<std::string> encode_load_option(const json::object& decoded) {
    LoadOption option;
    auto *description = text(decoded, "description"), *path = text(decoded, "device-path");
    if (!description || !path) return wrong("a boot entry needs \"description\" and \"device-path\"");
    option.description = *description;
    if (auto* attributes = decoded.if_contains("attributes")) {
        auto bits = bits_of(*attributes, option_attributes);
        if (!bits) return Failure(bits.error());
        option.attributes = *bits;
    }
    json::array more;
    if (auto* value = decoded.if_contains("more-paths"); value && value->is_array()) more = value->get_array();
    more.insert(more.begin(), *path);
    for (auto& one : more) {
        auto* words = one.if_string();
        auto bytes = device_path_bytes(words ? std::string_view(*words) : std::string_view{});
        if (!bytes) return bytes;
        option.paths += *bytes;
    }
    if (decoded.if_contains("optional-data")) {
        auto* hex = text(decoded, "optional-data");
        auto bytes = hex ? from_hex(*hex) : std::nullopt;
        if (!bytes) return wrong("\"optional-data\" must be hexadecimal");
        option.optional_data = std::move(*bytes);
    }
    return write_load_option(option);
}

Result<std::string> encode_option(std::string_view prefix, const json::value* value) {
    auto* name = value ? value->if_string() : nullptr;
    auto number = name ? option_number(*name, prefix) : std::nullopt;
    if (!number) return wrong(fmt::format("expected the name of an entry, like {}", option_name(prefix, 1)));
    std::string bytes;
    append(bytes, *number);
    return bytes;
}

Result<std::string> encode_order(std::string_view prefix, const json::object& decoded) {
    auto* value = decoded.if_contains("order");
    auto* list = value ? value->if_array() : nullptr;
    if (!list || list->empty()) return wrong("\"order\" must be a list of entries' names, and not empty");
    std::string bytes;
    for (auto& item : *list) {
        auto one = encode_option(prefix, &item);
        if (!one) return one;
        bytes += *one;
    }
    return bytes;
}

Result<std::string> encode_text(const json::object& decoded, bool wide) {
    auto* value = text(decoded, "text");
    if (!value) return wrong("\"text\" is missing");
    if (!wide) {
        if (!printable_ascii(*value)) return wrong("\"text\" must be ASCII");
        return std::string(*value) + '\0';
    }
    auto bytes = text_to_ucs2(*value);
    if (!bytes) return wrong("\"text\" is not UTF-8");
    return *bytes + std::string(2, '\0');
}

Result<std::string> encode_timeout(const json::object& decoded) {
    auto* value = decoded.if_contains("seconds");
    auto seconds = value ? json::try_value_to<std::uint16_t>(*value) : json::result<std::uint16_t>(std::error_code());
    if (!value || !seconds) return wrong("\"seconds\" must be a number from 0 to 65535");
    std::string bytes;
    append(bytes, *seconds);
    return bytes;
}

Result<std::string> encode_flag(const json::object& decoded) {
    auto* value = decoded.if_contains("enabled");
    auto* enabled = value ? value->if_bool() : nullptr;
    if (!enabled) return wrong("\"enabled\" must be true or false");
    return std::string(1, *enabled ? '\1' : '\0');
}

// The members that only some variables have.
Result<> read_optional(Variable& variable, const json::object& object) {
    if (object.if_contains("time")) {
        auto* hex = text(object, "time");
        auto time = hex ? from_hex(*hex) : std::nullopt;
        if (!time || time->size() != 16) return wrong("\"time\" must be 32 hexadecimal digits");
        std::memcpy(variable.time.data(), time->data(), 16);
    }
    if (object.if_contains("digest")) {
        auto* hex = text(object, "digest");
        auto digest = hex ? from_hex(*hex) : std::nullopt;
        if (!digest) return wrong("\"digest\" must be hexadecimal");
        variable.digest = std::move(*digest);
    }
    if (auto* value = object.if_contains("monotonic-count")) {
        auto count = json::try_value_to<std::uint64_t>(*value);
        if (!count) return wrong("\"monotonic-count\" must be a number");
        variable.monotonic_count = *count;
    }
    return {};
}

}  // namespace

std::uint32_t usual_attributes(const Guid& vendor, std::string_view name) noexcept {
    if (is_secure_boot_database(vendor, name)) return attribute::usual | attribute::time_based_authenticated;
    if (vendor == guids::secure_boot_enable || vendor == guids::custom_mode)
        return attribute::non_volatile | attribute::boot_service;
    if (vendor == guids::vendor_keys)
        return attribute::non_volatile | attribute::boot_service | attribute::time_based_authenticated;
    return attribute::usual;
}

Result<std::string> encode(const Guid& vendor, std::string_view name, const json::object& decoded) {
    switch (meaning_of(vendor, name)) {
        case Meaning::load_option:
            return encode_load_option(decoded);
        case Meaning::order:
            return encode_order(name.substr(0, name.size() - 5), decoded);
        case Meaning::option:
            return encode_option("Boot", decoded.if_contains("option"));
        case Meaning::timeout:
            return encode_timeout(decoded);
        case Meaning::ascii:
            return encode_text(decoded, false);
        case Meaning::ucs2:
            return encode_text(decoded, true);
        case Meaning::flag:
            return encode_flag(decoded);
        default:
            return Failure(Error(Errc::unsupported, fmt::format("\"{}\" cannot be made of its decoded form", name))
                               .with_hint("give its bytes as \"data\", in hexadecimal"));
    }
}

json::object to_json(const Variable& v) {
    json::array attributes;
    for (auto& a : attribute_names)
        if (v.attributes & a.bit) attributes.emplace_back(a.name);
    json::object object{{"guid", v.vendor.to_string()}, {"name", v.name}};
    if (auto vendor = well_known_name(v.vendor); !vendor.empty()) object["vendor"] = vendor;
    object["attributes"] = std::move(attributes);
    object["data"] = to_hex(v.data);
    if (v.time != decltype(v.time){})
        object["time"] = to_hex({reinterpret_cast<const char*>(v.time.data()), v.time.size()});
    if (!v.digest.empty()) object["digest"] = to_hex(v.digest);
    if (v.monotonic_count) object["monotonic-count"] = v.monotonic_count;
    if (auto decoded = decode(v)) object["decoded"] = std::move(*decoded);
    return object;
}

Result<Variable> variable_from_json(const json::value& value) {
    auto* object = value.if_object();
    if (!object) return wrong("a variable must be an object");
    auto *guid = text(*object, "guid"), *name = text(*object, "name");
    if (!name || name->empty()) return wrong("a variable needs a \"name\"");
    auto vendor = guid ? guid_of(*guid) : std::nullopt;
    auto context = [name](const Error& error) {
        return Failure(error.wrap(fmt::format("cannot read variable \"{}\"", std::string_view(*name).substr(0, 200))));
    };
    if (!vendor) return context(Error(Errc::invalid_argument, "\"guid\" is missing or is none"));
    Variable variable(*vendor, std::string(*name), "", usual_attributes(*vendor, *name));
    if (auto* attributes = object->if_contains("attributes")) {
        auto bits = bits_of(*attributes, attribute_names);
        if (!bits) return context(bits.error());
        variable.attributes = *bits;
    }
    if (auto ok = read_optional(variable, *object); !ok) return context(ok.error());
    if (object->if_contains("data")) {
        auto* hex = text(*object, "data");
        auto data = hex ? from_hex(*hex) : std::nullopt;
        if (!data) return context(Error(Errc::invalid_argument, "\"data\" must be hexadecimal"));
        variable.data = std::move(*data);
        return variable;
    }
    auto* decoded = object->if_contains("decoded");
    if (!decoded || !decoded->is_object())
        return context(Error(Errc::invalid_argument, "\"data\" (or \"decoded\") is missing"));
    auto data = encode(*vendor, *name, decoded->get_object());
    if (!data) return context(data.error());
    variable.data = std::move(*data);
    return variable;
}

json::array export_variables(const VariableStore& store) {
    json::array list;
    list.reserve(store.variables().size());
    for (auto& variable : store.variables()) list.emplace_back(to_json(variable));
    return list;
}

Result<> import_variables(VariableStore& store, const json::value& value, Import how) {
    auto* list = value.if_array();
    if (!list) return wrong("variables to import must be a list");
    if (list->size() > max_variables)
        return fail(Errc::limit_exceeded, fmt::format("there are more than {} variables to import", max_variables));
    auto changed = store;
    std::set<std::pair<Guid, std::string>> wanted;
    for (auto& item : *list) {
        auto variable = variable_from_json(item);
        if (!variable) return Failure(variable.error());
        if (how == Import::replace) wanted.emplace(variable->vendor, variable->name);
        if (auto ok = changed.set(std::move(*variable)); !ok) return ok;
    }
    if (how == Import::replace) {
        std::vector<std::pair<Guid, std::string>> gone;
        for (auto& v : changed.variables())
            if (!wanted.contains({v.vendor, v.name})) gone.emplace_back(v.vendor, v.name);
        for (auto& [vendor, name] : gone)
            if (auto ok = changed.unset(vendor, name); !ok) return Failure(ok.error());
    }
    store = std::move(changed);
    return {};
}

}  // namespace vireo::firmware
