// SPDX-License-Identifier: LGPL-2.1-or-later
// What the guest's firmware is told, what the host counts, and what goes to QEMU past the definition's meaning.
#include "model/validate_parts.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// ── sysinfo ──
bool is_date(std::string_view text) {  // mm/dd/yy or mm/dd/yyyy
    unsigned parts[3] = {};
    for (int i = 0; i < 3; ++i) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parts[i]);
        if (error != std::errc()) return false;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        if (i == 2) break;
        if (!text.starts_with('/')) return false;
        text.remove_prefix(1);
    }
    return text.empty() && parts[0] >= 1 && parts[0] <= 12 && parts[1] >= 1 && parts[1] <= 31 &&
           (parts[2] < 100 || (parts[2] >= 1900 && parts[2] <= 9999));
}

template <class Field>
Result<> validate_table(const SmbiosTable<Field>& table, std::string_view name) {
    std::set<Field> met;
    for (const auto& entry : table.entries)
        if (!met.insert(entry.name).second)
            return wrong("sysinfo/" + std::string(name) + ": the entry '" + std::string(to_string(entry.name)) +
                         "' is given twice");
    return {};
}

Result<> validate_smbios(const Domain& domain, const SmbiosInfo& info) {
    if (info.bios) {
        if (auto good = validate_table(*info.bios, "bios"); !good) return good;
        for (const auto& entry : info.bios->entries)
            if (entry.name == SmbiosBios::date && !is_date(entry.value))
                return wrong("sysinfo/bios: '" + entry.value + "' is not a date of the form mm/dd/yyyy");
    }
    if (info.chassis)
        if (auto good = validate_table(*info.chassis, "chassis"); !good) return good;
    for (const auto& board : info.boards)
        if (auto good = validate_table(board, "baseBoard"); !good) return good;
    if (!info.system) return {};
    for (const auto& entry : info.system->entries) {
        if (entry.name != SmbiosSystem::uuid) continue;
        const auto uuid = Uuid::parse(entry.value);
        if (!uuid) return wrong("sysinfo/system: '" + entry.value + "' is not a UUID");
        if (domain.uuid && *uuid != *domain.uuid)
            return wrong("sysinfo/system: its uuid is not the domain's (" + domain.uuid->to_string() + ")");
    }
    return validate_table(*info.system, "system");
}

Result<> validate_fw_cfg(const FwCfgInfo& info) {
    for (const auto& entry : info.entries) {
        if (!entry.name.starts_with("opt/"))
            return wrong("sysinfo/entry '" + entry.name + "': the name of a firmware entry begins with 'opt/'");
        if (entry.name.starts_with("opt/ovmf/") || entry.name.starts_with("opt/org.qemu/"))
            return wrong("sysinfo/entry '" + entry.name + "': that name belongs to the firmware and to QEMU");
        if (entry.value.empty() == entry.file.empty())
            return wrong("sysinfo/entry '" + entry.name + "': it needs either a value or a file");
    }
    return {};
}

Result<> validate_sysinfo(const Domain& domain) {
    bool smbios = false, blobs = false;
    for (const auto& info : domain.sysinfo) {
        if (const auto* tables = std::get_if<SmbiosInfo>(&info)) {
            if (std::exchange(smbios, true)) return wrong("sysinfo: there are two of type='smbios'");
            if (auto good = validate_smbios(domain, *tables); !good) return good;
        } else if (std::exchange(blobs, true)) {
            return wrong("sysinfo: there are two of type='fwcfg'");
        } else if (auto good = validate_fw_cfg(std::get<FwCfgInfo>(info)); !good) {
            return good;
        }
    }
    if (domain.os.smbios == SmbiosMode::sysinfo && !smbios)
        return wrong("os/smbios: mode='sysinfo' needs <sysinfo type='smbios'>");
    return {};
}

// ── the QEMU namespace ──
bool is_variable(std::string_view name) {
    return !name.empty() && (is_letter(name[0]) || name[0] == '_') &&
           std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

template <class Number>
bool is_number(std::string_view text) {
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

Result<> validate_property(const QemuProperty& property, const std::string& device) {
    const auto name = "qemu:override for '" + device + "': the property '" + property.name + "'";
    using enum QemuProperty::Type;
    if (property.name.empty()) return wrong("qemu:override for '" + device + "': a property has no name");
    if ((property.type == remove) == property.value.has_value())
        return wrong(name + (property.type == remove ? " is removed, and has a value" : " needs a value"));
    const std::string value = property.value.value_or("");
    const bool possible = property.type == signed_number     ? is_number<std::int64_t>(value)
                          : property.type == unsigned_number ? is_number<std::uint64_t>(value)
                          : property.type == boolean         ? value == "true" || value == "false"
                                                             : true;
    if (!possible)
        return wrong(name + ": '" + value + "' is not a value of the type '" + std::string(to_string(property.type)) +
                     "'");
    return {};
}

Result<> validate_qemu(const Domain& domain) {
    if (domain.qemu_command_line) {
        for (const auto& argument : domain.qemu_command_line->arguments)
            if (argument.value.empty()) return wrong("qemu:commandline: an argument is empty");
        for (const auto& variable : domain.qemu_command_line->environment)
            if (!is_variable(variable.name))
                return wrong("qemu:commandline: '" + variable.name + "' is not the name of an environment variable");
    }
    if (!domain.qemu_override) return {};
    std::set<std::string_view> aliases;
    for (const auto& device : domain.qemu_override->devices) {
        if (!aliases.insert(device.alias).second)
            return wrong("qemu:override: the device '" + device.alias + "' is given twice");
        if (!device.frontend) continue;
        for (const auto& property : device.frontend->properties)
            if (auto good = validate_property(property, device.alias); !good) return good;
    }
    return {};
}

Result<> validate_block_tune(const BlkioTune& tune) {
    std::set<std::string_view> paths;
    for (const auto& device : tune.devices) {
        if (!device.path.starts_with('/')) return wrong("blkiotune/device: the path must be absolute");
        if (!paths.insert(device.path).second)
            return wrong("blkiotune: the device '" + device.path + "' is given twice");
    }
    return {};
}

}  // namespace

Result<> validate_system(const Domain& domain) {
    if (auto good = validate_sysinfo(domain); !good) return good;
    if (domain.blkio_tune)
        if (auto good = validate_block_tune(*domain.blkio_tune); !good) return good;
    if (domain.resource) {
        if (auto good = check_path(domain.resource->partition, "resource/partition"); !good) return good;
        constexpr std::size_t longest = 128;
        const auto& id = domain.resource->app_id;
        if (id.size() > longest || std::ranges::any_of(id, [](char c) { return c < 0x20 || c > 0x7e; }))
            return wrong("resource/fibrechannel: appid has at most 128 printable characters");
    }
    std::set<PerfEvent::Name> events;
    for (const auto& event : domain.perf)
        if (!events.insert(event.name).second)
            return wrong("perf: the event '" + std::string(to_string(event.name)) + "' is given twice");
    return validate_qemu(domain);
}

}  // namespace vireo::model
