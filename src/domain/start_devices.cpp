// SPDX-License-Identifier: LGPL-2.1-or-later
// What is done over QMP between QEMU's start and the guest's: asking what QEMU made, setting what its command line
// cannot.
#include "domain/start.hpp"
#include "model/domain_xml.hpp"
#include "qemu/disk_throttle.hpp"

#include <ctime>

namespace vireo::domain {

// What QEMU made by itself: pseudo-terminals.
Task<> Start::devices() {
    co_await plug_vcpus();
    co_await settings();
    co_await tune_threads();
    if (run_->ports.empty()) co_return;
    co_await domain_.open_ports(run_);
    auto note = [this](const std::string& alias, model::CharBackend& backend) {
        for (auto& port : run_->ports) {
            if (port.alias != alias || port.path.empty()) continue;
            backend.ensure_source().path = port.path;
        }
    };
    for (auto& serial : live_.devices.serials) note(serial.info.alias, serial.backend);
    for (auto& parallel : live_.devices.parallels) note(parallel.info.alias, parallel.backend);
    for (auto& console : live_.devices.consoles) {
        note(console.info.alias, console.backend);
        if (const auto* source = console.backend.source()) console.tty = source->path;
    }
    write_live_definition();
}

namespace {

// What viewers have to know. It goes over the monitor: a command line can be read by anybody.
void add_passwords(std::vector<qemu::QmpCommand>& commands, const model::Devices& devices) {
    for (const auto& graphics : devices.graphics) {
        if (!graphics.password) continue;
        const auto protocol = to_string(graphics.type);
        boost::json::object password{{"protocol", protocol}, {"password", *graphics.password}};
        if (graphics.connected) password["connected"] = to_string(*graphics.connected);
        commands.emplace_back("set_password", std::move(password));
        if (graphics.password_valid_to.empty()) continue;
        std::tm until{};
        if (!::strptime(graphics.password_valid_to.c_str(), "%Y-%m-%dT%H:%M:%S", &until)) continue;
        commands.emplace_back("expire_password",
                              boost::json::object{{"protocol", protocol}, {"time", std::to_string(::timegm(&until))}});
    }
}

}  // namespace

// All in one write; the first refusal is the start's error.
Task<> Start::settings() {
    std::vector<qemu::QmpCommand> commands;
    add_passwords(commands, live_.devices);
    for (auto& interface : live_.devices.interfaces)
        if (interface.link == model::Interface::LinkState::down)
            commands.emplace_back("set_link", boost::json::object{{"name", interface.info.alias}, {"up", false}});
    if (live_.current_memory && *live_.current_memory < live_.memory && live_.devices.memballoon &&
        live_.devices.memballoon->model != model::Memballoon::Model::none)
        commands.emplace_back("balloon", boost::json::object{{"value", *live_.current_memory}});
    if (auto& balloon = live_.devices.memballoon; balloon && balloon->stats_period.value_or(0) > 0)
        commands.emplace_back("qom-set", boost::json::object{{"path", "/machine/peripheral/" + balloon->info.alias},
                                                             {"property", "guest-stats-polling-interval"},
                                                             {"value", *balloon->stats_period}});
    for (auto& disk : live_.devices.disks)
        if (auto limits = qemu::throttle_arguments(disk))
            commands.emplace_back("block_set_io_throttle", std::move(*limits));
    for (auto& disk : live_.devices.disks)
        if (disk.target.tray == model::DiskTarget::Tray::open)
            commands.emplace_back("blockdev-open-tray", boost::json::object{{"id", disk.info.alias}, {"force", true}});
    if (commands.empty()) co_return;
    auto results = co_await run_->machine->execute_all(std::move(commands), monitor_limit);
    for (auto& result : results)
        if (!result) throw result.error();
}

}  // namespace vireo::domain
