// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/running.hpp"

#include <array>
#include <utility>

namespace vireo::domain {

void describe(Running& run, const model::Domain& live) {
    run.summary = Summary::of(live);
    run.on_poweroff = live.on_poweroff.value_or(model::LifecycleAction::destroy);
    run.on_reboot = live.on_reboot.value_or(model::LifecycleAction::restart);
    run.on_crash = live.on_crash.value_or(model::CrashAction::destroy);
    run.ports = ports_of(live);
    run.display_ports.clear();
    for (auto& graphics : live.devices.graphics)
        if (graphics.autoport.value_or(false) && graphics.port.value_or(-1) > 0)
            run.display_ports.push_back(*graphics.port);
}

namespace {

constexpr std::array<std::pair<NvramDisposal, std::string_view>, 3> disposals{
    {{NvramDisposal::trash, "trash"}, {NvramDisposal::keep, "keep"}, {NvramDisposal::remove, "remove"}}};

}  // namespace

std::optional<NvramDisposal> disposal_of(const state::Status& status, const char* of) {
    auto* value = status.extra.if_contains(of);
    auto* text = value ? value->if_string() : nullptr;
    if (text)
        for (auto& [disposal, word] : disposals)
            if (word == std::string_view(*text)) return disposal;
    return std::nullopt;
}

void set_disposal(state::Status& status, const char* of, NvramDisposal disposal) {
    for (auto& [known, word] : disposals)
        if (known == disposal) status.extra[of] = word;
}

std::vector<SerialPort> ports_of(const model::Domain& definition) {
    std::vector<SerialPort> ports;
    auto add = [&](const std::string& alias, const char* kind, std::size_t number) {
        SerialPort port;
        port.alias = alias.empty() ? kind + std::to_string(number) : alias;
        port.kind = kind;
        ports.push_back(std::move(port));
    };
    auto& devices = definition.devices;
    for (std::size_t i = 0; i < devices.serials.size(); ++i) add(devices.serials[i].info.alias, "serial", i);
    for (std::size_t i = 0; i < devices.consoles.size(); ++i) {
        auto& target = devices.consoles[i].target;
        bool own = target && target->type == model::ConsoleTarget::Type::virtio;
        if (own) add(devices.consoles[i].info.alias, "console", i);  // the others are serial ports seen again
    }
    for (std::size_t i = 0; i < devices.parallels.size(); ++i) add(devices.parallels[i].info.alias, "parallel", i);
    return ports;
}

}  // namespace vireo::domain
