// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/descriptor.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace vireo::firmware {
namespace json = boost::json;
namespace {

constexpr std::size_t max_strings = 1024;        // in one list
constexpr std::size_t max_string_length = 4096;  // PATH_MAX

// Names from the file end in messages: shown quoted, shortened, and without control characters.
std::string in_quotes(std::string_view text) {
    std::string shown = "'";
    for (char c : text.substr(0, 64)) shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return shown + (text.size() > 64 ? "…'" : "'");
}

Result<std::string> text_of(const json::value& value, std::string_view key) {
    auto* text = value.if_string();
    if (!text) return fail(Errc::invalid_config, in_quotes(key), " must be a string");
    if (text->size() > max_string_length) return fail(Errc::invalid_config, in_quotes(key), " is too long");
    if (text->find('\0') != json::string::npos)
        return fail(Errc::invalid_config, in_quotes(key), " contains a zero character");
    return std::string(text->data(), text->size());
}

Result<std::string> required_text(const json::object& object, std::string_view key) {
    auto* value = object.if_contains(key);
    if (!value) return fail(Errc::invalid_config, in_quotes(key), " is missing");
    return text_of(*value, key);
}

Result<std::vector<std::string>> required_texts(const json::object& object, std::string_view key) {
    auto* value = object.if_contains(key);
    if (!value) return fail(Errc::invalid_config, in_quotes(key), " is missing");
    auto* array = value->if_array();
    if (!array) return fail(Errc::invalid_config, in_quotes(key), " must be a list");
    if (array->size() > max_strings) return fail(Errc::invalid_config, in_quotes(key), " has too many elements");
    std::vector<std::string> texts;
    texts.reserve(array->size());
    for (auto& element : *array) {
        auto text = text_of(element, key);
        if (!text) return Failure(text.error());
        texts.push_back(std::move(*text));
    }
    return texts;
}

Result<std::string> file_name(const json::object& object) {
    auto name = required_text(object, "filename");
    if (name && !name->starts_with('/'))
        return fail(Errc::invalid_config, "'filename' ", in_quotes(*name), " is not an absolute path");
    return name;
}

Result<FirmwareFile> firmware_file(const json::object& mapping, std::string_view key) {
    auto* value = mapping.if_contains(key);
    if (!value) return fail(Errc::invalid_config, "'mapping' has no ", in_quotes(key));
    auto* object = value->if_object();
    if (!object) return fail(Errc::invalid_config, in_quotes(key), " must be an object");
    auto name = file_name(*object);
    if (!name) return Failure(name.error().wrap(std::string(key)));
    auto format = required_text(*object, "format");
    if (!format) return Failure(format.error().wrap(std::string(key)));
    return FirmwareFile{std::move(*name), std::move(*format)};
}

Result<FlashMode> flash_mode(const json::object& mapping) {
    auto* value = mapping.if_contains("mode");
    if (!value) return FlashMode::split;
    auto name = text_of(*value, "mode");
    if (!name) return Failure(name.error());
    for (auto mode : {FlashMode::split, FlashMode::combined, FlashMode::stateless})
        if (*name == to_string(mode)) return mode;
    return fail(Errc::unsupported, "the flash mode ", in_quotes(*name), " is unknown");
}

// The template of a store that QEMU keeps itself, which came to the specification with QEMU 11.
Result<> host_variables(const json::object& mapping, Descriptor& out) {
    auto* value = mapping.if_contains("uefi-vars");
    auto* object = value ? value->if_object() : nullptr;
    if (value && !object) return fail(Errc::invalid_config, "'uefi-vars' must be an object");
    if (!object || !object->contains("template")) return {};
    auto name = required_text(*object, "template");
    if (!name) return Failure(name.error());
    if (!name->starts_with('/'))
        return fail(Errc::invalid_config, "'template' ", in_quotes(*name), " is not an absolute path");
    out.nvram_template = FirmwareFile{std::move(*name), "json"};
    return {};
}

Result<> parse_mapping(const json::object& top, Descriptor& out) {
    auto* value = top.if_contains("mapping");
    if (!value) return fail(Errc::invalid_config, "'mapping' is missing");
    auto* mapping = value->if_object();
    if (!mapping) return fail(Errc::invalid_config, "'mapping' must be an object");
    auto device = required_text(*mapping, "device");
    if (!device) return Failure(device.error());
    if (*device == "kernel" || *device == "memory" || *device == "igvm") {
        out.device = *device == "kernel" ? Device::kernel : *device == "memory" ? Device::memory : Device::igvm;
        auto name = file_name(*mapping);
        if (!name) return Failure(name.error());
        out.executable = {std::move(*name), "raw"};
        return out.device == Device::memory ? host_variables(*mapping, out) : Result<>();
    }
    if (*device != "flash") return fail(Errc::unsupported, "the mapping device ", in_quotes(*device), " is unknown");
    auto mode = flash_mode(*mapping);
    if (!mode) return Failure(mode.error());
    out.mode = *mode;
    auto executable = firmware_file(*mapping, "executable");
    if (!executable) return Failure(executable.error());
    out.executable = std::move(*executable);
    if (out.mode != FlashMode::split) return {};
    auto nvram_template = firmware_file(*mapping, "nvram-template");
    if (!nvram_template) return Failure(nvram_template.error());
    out.nvram_template = std::move(*nvram_template);
    return {};
}

Result<> parse_targets(const json::object& top, Descriptor& out) {
    auto* value = top.if_contains("targets");
    if (!value) return fail(Errc::invalid_config, "'targets' is missing");
    auto* array = value->if_array();
    if (!array) return fail(Errc::invalid_config, "'targets' must be a list");
    if (array->size() > max_strings) return fail(Errc::invalid_config, "'targets' has too many elements");
    for (auto& element : *array) {
        auto* object = element.if_object();
        if (!object) return fail(Errc::invalid_config, "'targets' must hold objects");
        auto architecture = required_text(*object, "architecture");
        if (!architecture) return Failure(architecture.error());
        auto machines = required_texts(*object, "machines");
        if (!machines) return Failure(machines.error());
        out.targets.push_back({std::move(*architecture), std::move(*machines)});
    }
    return {};
}

Result<> parse_lists(const json::object& top, Descriptor& out) {
    auto types = required_texts(top, "interface-types");
    if (!types) return Failure(types.error());
    out.interface_types = std::move(*types);
    auto features = required_texts(top, "features");
    if (!features) return Failure(features.error());
    out.features = std::move(*features);
    if (top.contains("tags")) {
        auto tags = required_texts(top, "tags");
        if (!tags) return Failure(tags.error());
        out.tags = std::move(*tags);
    }
    if (auto* description = top.if_contains("description")) {
        auto text = text_of(*description, "description");
        if (!text) return Failure(text.error());
        out.description = std::move(*text);
    }
    return {};
}

}  // namespace

std::string_view to_string(Device device) noexcept {
    constexpr std::array names{"flash", "kernel", "memory", "igvm"};
    return names[static_cast<std::size_t>(device)];
}

std::string_view to_string(FlashMode mode) noexcept {
    constexpr std::array names{"split", "combined", "stateless"};
    return names[static_cast<std::size_t>(mode)];
}

bool Descriptor::has_interface(std::string_view type) const noexcept {
    return std::ranges::find(interface_types, type) != interface_types.end();
}

bool Descriptor::has_feature(std::string_view name) const noexcept {
    return std::ranges::find(features, name) != features.end();
}

Result<Descriptor> parse_descriptor(std::string_view text) {
    if (text.size() > max_descriptor_size) return fail(Errc::limit_exceeded, "it is larger than 1 MiB");
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error) return fail(Errc::invalid_config, "it is not JSON: ", error.message());
    auto* top = value.if_object();
    if (!top) return fail(Errc::invalid_config, "it is not a JSON object");
    Descriptor descriptor;
    if (auto ok = parse_lists(*top, descriptor); !ok) return Failure(ok.error());
    if (auto ok = parse_mapping(*top, descriptor); !ok) return Failure(ok.error());
    if (auto ok = parse_targets(*top, descriptor); !ok) return Failure(ok.error());
    return descriptor;
}

}  // namespace vireo::firmware
