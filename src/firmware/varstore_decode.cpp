// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore_decode.hpp"

#include "firmware/device_path.hpp"
#include "firmware/load_option.hpp"
#include "firmware/signature_list.hpp"
#include "firmware/varstore_bytes.hpp"
#include "firmware/varstore_meaning.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>

namespace vireo::firmware {
namespace json = boost::json;
namespace {

using Decoded = std::optional<json::object>;

constexpr std::size_t max_order = 4096;  // entries of a BootOrder that are shown

Decoded load_option(const Variable& v) {
    auto option = read_load_option(v.data);
    if (!option) return std::nullopt;
    json::array attributes, more;
    if (option->attributes & LoadOption::active) attributes.emplace_back("active");
    if (option->attributes & LoadOption::force_reconnect) attributes.emplace_back("force-reconnect");
    if (option->attributes & LoadOption::hidden) attributes.emplace_back("hidden");
    if ((option->attributes & LoadOption::category) == LoadOption::app) attributes.emplace_back("app");
    json::object object{{"description", option->description}, {"attributes", std::move(attributes)}};
    // The first path is what is loaded; what follows is for whom it may concern.
    auto paths = device_path_texts(option->paths);
    object["device-path"] = paths.empty() ? "" : paths.front();
    for (std::size_t i = 1; i < paths.size(); ++i) more.emplace_back(paths[i]);
    if (!more.empty()) object["more-paths"] = std::move(more);
    if (!option->optional_data.empty()) object["optional-data"] = to_hex(option->optional_data);
    return object;
}

Decoded order(const Variable& v) {
    if (v.data.size() % 2 || v.data.size() / 2 > max_order) return std::nullopt;
    auto prefix = std::string_view(v.name).substr(0, v.name.size() - std::string_view("Order").size());
    json::array names;
    for (std::size_t at = 0; at < v.data.size(); at += 2)
        names.emplace_back(option_name(prefix, load<std::uint16_t>(v.data, at)));
    return json::object{{"order", std::move(names)}};
}

Decoded option(const Variable& v) {
    if (v.data.size() != 2) return std::nullopt;
    return json::object{{"option", option_name("Boot", load<std::uint16_t>(v.data, 0))}};
}

Decoded timeout(const Variable& v) {
    if (v.data.size() != 2) return std::nullopt;
    return json::object{{"seconds", load<std::uint16_t>(v.data, 0)}};
}

Decoded ascii(const Variable& v) {
    return json::object{{"text", text_from_ascii(v.data)}};
}

Decoded ucs2(const Variable& v) {
    if (v.data.size() % 2) return std::nullopt;
    return json::object{{"text", text_from_ucs2(v.data)}};
}

Decoded flag(const Variable& v) {
    if (v.data.size() != 1) return std::nullopt;
    return json::object{{"enabled", v.data[0] != 0}};
}

Decoded counter(const Variable& v) {
    if (v.data.size() != 4) return std::nullopt;
    return json::object{{"count", load<std::uint32_t>(v.data, 0)}};
}

Decoded key_option(const Variable& v) {
    if (v.data.size() < 10) return std::nullopt;
    return json::object{{"option", option_name("Boot", load<std::uint16_t>(v.data, 8))}};
}

Decoded consoles(const Variable& v) {
    json::array paths;
    for (auto& path : device_path_texts(v.data)) paths.emplace_back(path);
    return json::object{{"device-paths", std::move(paths)}};
}

Decoded signatures(const Variable& v) {
    auto database = read_signatures(v.data);
    json::array certificates;
    for (auto& c : database.certificates) {
        json::object one{{"owner", c.owner.to_string()}, {"sha256", c.sha256}};
        if (c.readable) {
            one["subject"] = c.subject;
            one["issuer"] = c.issuer;
            one["not-before"] = c.not_before;
            one["not-after"] = c.not_after;
        }
        certificates.emplace_back(std::move(one));
    }
    return json::object{{"certificates", std::move(certificates)},
                        {"sha256-hashes", database.sha256_hashes},
                        {"certificate-hashes", database.certificate_hashes},
                        {"other", database.other},
                        {"complete", database.complete}};
}

std::string shortened_hex(std::string_view data) {
    constexpr std::size_t shown = 24;
    return to_hex(data.substr(0, shown)) + (data.size() > shown ? fmt::format("… ({} bytes)", data.size()) : "");
}

std::string_view text(const json::object& object, std::string_view key) {
    auto* value = object.if_contains(key);
    auto* string = value ? value->if_string() : nullptr;
    return string ? std::string_view(*string) : std::string_view{};
}

std::string joined(const json::object& object, std::string_view key, std::string_view separator) {
    std::string all;
    if (auto* value = object.if_contains(key); value && value->is_array())
        for (auto& item : value->get_array())
            if (auto* string = item.if_string())
                all.append(all.empty() ? "" : separator).append(std::string_view(*string));
    return all;
}

std::string describe_signatures(const json::object& d) {
    std::string all;
    for (auto& certificate : d.at("certificates").as_array()) {
        auto& c = certificate.as_object();
        auto subject = text(c, "subject");
        all.append(all.empty() ? "" : "; ").append(subject.empty() ? "unreadable certificate" : subject);
        if (auto end = text(c, "not-after"); !end.empty()) all.append(" until ").append(end.substr(0, 10));
    }
    auto hashes =
        d.at("sha256-hashes").to_number<std::uint64_t>() + d.at("certificate-hashes").to_number<std::uint64_t>();
    if (hashes) all.append(fmt::format("{}{} hashes", all.empty() ? "" : "; ", hashes));
    if (auto other = d.at("other").to_number<std::uint64_t>())
        all.append(fmt::format("{}{} others", all.empty() ? "" : "; ", other));
    return all;
}

}  // namespace

Decoded decode(const Variable& v) {
    switch (meaning_of(v.vendor, v.name)) {
        case Meaning::load_option:
            return load_option(v);
        case Meaning::order:
            return order(v);
        case Meaning::option:
            return option(v);
        case Meaning::timeout:
            return timeout(v);
        case Meaning::ascii:
            return ascii(v);
        case Meaning::ucs2:
            return ucs2(v);
        case Meaning::flag:
            return flag(v);
        case Meaning::counter:
            return counter(v);
        case Meaning::key:
            return key_option(v);
        case Meaning::consoles:
            return consoles(v);
        case Meaning::signatures:
            return signatures(v);
        case Meaning::unknown:
            break;
    }
    return std::nullopt;
}

std::string describe(const Variable& v) {
    auto d = decode(v);
    if (!d) return shortened_hex(v.data);
    switch (meaning_of(v.vendor, v.name)) {
        case Meaning::load_option:
            return fmt::format("{}: {}", text(*d, "description"), text(*d, "device-path"));
        case Meaning::order:
            return joined(*d, "order", " ");
        case Meaning::option:
        case Meaning::key:
            return std::string(text(*d, "option"));
        case Meaning::timeout: {
            auto seconds = d->at("seconds").to_number<std::uint64_t>();
            return seconds == 0xffff ? "wait for ever" : fmt::format("{} s", seconds);
        }
        case Meaning::ascii:
        case Meaning::ucs2:
            return std::string(text(*d, "text"));
        case Meaning::flag:
            return d->at("enabled").as_bool() ? "on" : "off";
        case Meaning::counter:
            return fmt::to_string(d->at("count").to_number<std::uint64_t>());
        case Meaning::consoles:
            return joined(*d, "device-paths", ", ");
        case Meaning::signatures:
            return describe_signatures(*d);
        case Meaning::unknown:
            break;
    }
    return shortened_hex(v.data);
}

}  // namespace vireo::firmware
