// SPDX-License-Identifier: LGPL-2.1-or-later
// How the guest boots, what its firmware is told, and what goes to QEMU past the definition's meaning.
#include "qemu/command_line_builder.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace vireo::qemu {

void CommandLineBuilder::add_boot() {
    std::string boot;
    if (const auto& menu = domain_.os.boot_menu) {
        boot += fmt::format("menu={},", menu->enable ? "on" : "off");
        if (menu->enable && menu->timeout) boot += fmt::format("splash-time={},", *menu->timeout);
    }
    if (domain_.os.bios && domain_.os.bios->reboot_timeout)
        boot += fmt::format("reboot-timeout={},", *domain_.os.bios->reboot_timeout);
    add("-boot", boot + "strict=on");
}

void CommandLineBuilder::add_kernel() {
    const auto& os = domain_.os;
    if (!os.kernel.empty()) add("-kernel", os.kernel);
    if (!os.initrd.empty()) add("-initrd", os.initrd);
    if (!os.cmdline.empty()) add("-append", os.cmdline);
    if (!os.dtb.empty()) add("-dtb", os.dtb);
    if (!os.shim.empty() && !capabilities_.has_option("shim"))
        problem(Errc::unsupported, capabilities_.binary + " has no option -shim, which <os><shim> needs");
    if (!os.shim.empty()) add("-shim", os.shim);
    for (const auto& table : os.acpi_tables) {
        const auto path = escape_commas(table.path);
        switch (table.type) {
            case model::AcpiTable::Type::slic:
                add("-acpitable", "sig=SLIC,file=" + path);
                break;
            case model::AcpiTable::Type::msdm:
                add("-acpitable", "sig=MSDM,file=" + path);
                break;
            case model::AcpiTable::Type::raw:
            case model::AcpiTable::Type::rawset:
                add("-acpitable", "file=" + path);
                break;
        }
    }
}

// ── what the guest reads about its machine ──
namespace {

template <class Field>
std::string smbios_table(int type, const model::SmbiosTable<Field>& table) {
    std::string text = fmt::format("type={}", type);
    // In the order of the fields, whatever the document's is.
    for (std::size_t i = 0; i < model::names<Field>.size(); ++i)
        for (const auto& entry : table.entries)
            if (static_cast<std::size_t>(entry.name) == i)
                text += fmt::format(",{}={}", to_string(entry.name), escape_commas(entry.value));
    return text;
}

}  // namespace

void CommandLineBuilder::add_smbios() {
    const auto mode = domain_.os.smbios.value_or(model::SmbiosMode::none);
    if (mode == model::SmbiosMode::none || mode == model::SmbiosMode::emulate) return;
    if (mode == model::SmbiosMode::host) {
        if (!resources_.host_smbios && !resources_.display)
            return problem(Errc::unsupported, "<smbios mode='host'/> cannot be started yet",
                           "Use mode='sysinfo' and say the values in <sysinfo>");
        if (resources_.host_smbios) add_smbios_tables(*resources_.host_smbios);
        return;
    }
    for (const auto& info : domain_.sysinfo)
        if (const auto* smbios = std::get_if<model::SmbiosInfo>(&info)) add_smbios_tables(*smbios);
}

void CommandLineBuilder::add_smbios_tables(const model::SmbiosInfo& info) {
    if (!capabilities_.has_option("smbios"))
        problem(Errc::unsupported, capabilities_.binary + " has no option -smbios, which <os><smbios> needs");
    if (info.bios) add("-smbios", smbios_table(0, *info.bios));
    if (info.system) add("-smbios", smbios_table(1, *info.system));
    for (const auto& board : info.boards) add("-smbios", smbios_table(2, board));
    if (info.chassis) add("-smbios", smbios_table(3, *info.chassis));
    if (!info.oem_strings) return;
    std::string strings = "type=11";
    for (const auto& entry : info.oem_strings->entries) strings += ",value=" + escape_commas(entry);
    add("-smbios", std::move(strings));
}

void CommandLineBuilder::add_fw_cfg() {
    for (const auto& info : domain_.sysinfo) {
        const auto* blobs = std::get_if<model::FwCfgInfo>(&info);
        if (!blobs) continue;
        for (const auto& entry : blobs->entries)
            add("-fw_cfg",
                fmt::format("name={},{}={}", escape_commas(entry.name), entry.file.empty() ? "string" : "file",
                            escape_commas(entry.file.empty() ? entry.value : entry.file)));
    }
}

void CommandLineBuilder::add_generation_id() {
    if (!domain_.generation_id) return;
    if (!capabilities_.has_device("vmgenid"))
        problem(Errc::unsupported, capabilities_.binary + " has no device 'vmgenid', which <genid> needs");
    json::object device;
    device["driver"] = "vmgenid";
    device["guid"] = domain_.generation_id->uuid.value_or(model::Uuid()).to_string();
    device["id"] = "vmgenid0";
    add("-device", device);
}

void CommandLineBuilder::add_core_information() {
    if (domain_.features.vmcoreinfo != true) return;
    if (!capabilities_.has_device("vmcoreinfo"))
        problem(Errc::unsupported, capabilities_.binary + " has no device 'vmcoreinfo', which <vmcoreinfo> needs");
    json::object device;
    device["driver"] = "vmcoreinfo";
    add("-device", device);
}

// ── threads ──
void CommandLineBuilder::add_io_threads() {
    const auto pool = [](json::object& object, const auto& of) {
        if (of.pool_min) object["thread-pool-min"] = *of.pool_min;
        if (of.pool_max) object["thread-pool-max"] = *of.pool_max;
    };
    for (const auto& thread : io_threads(domain_)) {
        json::object object;
        object["qom-type"] = "iothread";
        object["id"] = fmt::format("iothread{}", thread.id);
        pool(object, thread);
        if (thread.poll) {
            if (thread.poll->most) object["poll-max-ns"] = *thread.poll->most;
            if (thread.poll->grow) object["poll-grow"] = *thread.poll->grow;
            if (thread.poll->shrink) object["poll-shrink"] = *thread.poll->shrink;
        }
        add("-object", object);
    }
    if (!domain_.default_iothread) return;
    json::object object;
    object["qom-type"] = "main-loop";
    object["id"] = "main-loop";
    pool(object, *domain_.default_iothread);
    if (object.size() == 2) return;
    if (!capabilities_.has_object("main-loop"))
        problem(Errc::unsupported,
                capabilities_.binary + " cannot set the threads of its main loop, which <defaultiothread> asks for");
    add("-object", object);
}

// ── past the definition ──
void CommandLineBuilder::add_deprecation() {
    using Behavior = model::DeprecationBehavior;
    if (!domain_.qemu_deprecation || *domain_.qemu_deprecation == Behavior::off) return;
    json::object compat;
    compat["deprecated-output"] = "hide";
    if (*domain_.qemu_deprecation == Behavior::reject) compat["deprecated-input"] = "reject";
    if (*domain_.qemu_deprecation == Behavior::crash) compat["deprecated-input"] = "crash";
    add("-compat", compat);
}

void CommandLineBuilder::add_passed_through() {
    if (!domain_.qemu_command_line) return;
    for (const auto& argument : domain_.qemu_command_line->arguments) {
        if (argument.value.find('\0') != std::string::npos)
            return problem(Errc::invalid_config, "<qemu:arg> has a zero byte in its value");
        add(argument.value);
    }
    for (const auto& variable : domain_.qemu_command_line->environment)
        line_.env.push_back(variable.name + "=" + variable.value.value_or(""));
}

namespace {
template <class Number>
Number whole(std::string_view text) {  // was checked with the definition
    Number number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}
}  // namespace

// <qemu:override>: the properties of a device, by its alias.
void CommandLineBuilder::override_properties(json::object& device) {
    const auto* id = device.if_contains("id");
    if (!domain_.qemu_override || !id || !id->is_string()) return;
    using Type = model::QemuProperty::Type;
    for (const auto& of : domain_.qemu_override->devices) {
        if (std::string_view(id->get_string()) != of.alias || !of.frontend) continue;
        overridden_.insert(of.alias);
        for (const auto& property : of.frontend->properties) {
            const auto value = property.value.value_or("");
            switch (property.type) {
                case Type::text:
                    device[property.name] = value;
                    break;
                case Type::signed_number:
                    device[property.name] = whole<std::int64_t>(value);
                    break;
                case Type::unsigned_number:
                    device[property.name] = whole<std::uint64_t>(value);
                    break;
                case Type::boolean:
                    device[property.name] = value == "true";
                    break;
                case Type::remove:
                    device.stable_erase(property.name);
                    break;
            }
        }
    }
}

void CommandLineBuilder::check_overrides() {
    if (!domain_.qemu_override) return;
    for (const auto& of : domain_.qemu_override->devices)
        if (!overridden_.contains(of.alias))
            problem(Errc::invalid_config,
                    fmt::format("qemu:override: there is no device with the alias '{}'", of.alias));
}

std::vector<model::IoThread> io_threads(const model::Domain& domain) {
    auto threads = domain.iothread_ids;
    const auto wanted = domain.iothreads.value_or(0);
    for (std::uint32_t id = 1; threads.size() < wanted; ++id) {
        if (std::ranges::any_of(threads, [id](const auto& thread) { return thread.id == id; })) continue;
        threads.emplace_back().id = id;
    }
    return threads;
}

}  // namespace vireo::qemu
