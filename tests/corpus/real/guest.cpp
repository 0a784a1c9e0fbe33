// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/real/guest.hpp"

#include "corpus/real/prepared.hpp"
#include "qemu/disk_throttle.hpp"
#include "qemu/machine_process.hpp"
#include "qemu/vcpu_plug.hpp"
#include "support/file.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fmt/format.h>

namespace vireo::corpus {
namespace {

// Where a device is, and what it is connected to.
constexpr std::array<std::string_view, 40> telling{
    "mq",     "addr",       "parent_bus",    "port",       "nr",     "name",      "channel",    "scsi-id",
    "nsid",   "lun",        "unit",          "drive",      "mac",    "netdev",    "chardev",    "bootindex",
    "iobase", "irq",        "index",         "slot",       "node",   "memdev",    "size",       "iothread",
    "serial", "devno",      "multifunction", "rng",        "tpmdev", "fsdev",     "mount_tag",  "audiodev",
    "wwn",    "queue-size", "chassis",       "chassis_nr", "bus_nr", "numa_node", "acpi-index", "write-cache"};

constexpr std::array<std::string_view, 19> questions{"query-pci",
                                                     "query-named-block-nodes",
                                                     "query-block",
                                                     "query-chardev",
                                                     "query-iothreads",
                                                     "query-cpus-fast",
                                                     "query-hotpluggable-cpus",
                                                     "query-memory-devices",
                                                     "query-memdev",
                                                     "query-memory-size-summary",
                                                     "query-tpm",
                                                     "query-rx-filter",
                                                     "query-vnc-servers",
                                                     "query-spice",
                                                     "query-name",
                                                     "query-uuid",
                                                     "query-status",
                                                     "query-vm-generation-id",
                                                     "query-kvm"};

class Asking {
public:
    Asking(qemu::MachineProcess& qemu, Answers& answers) : qemu_(qemu), answers_(answers) {}

    Task<> ask() {
        co_await ask_all();
        co_await list("/machine/peripheral");
        co_await list("/machine/peripheral-anon");
        co_await list_properties();
        json::object tree;
        tree["command-line"] = "info qtree";
        const json::value text = co_await qemu_.execute("human-monitor-command", std::move(tree));
        answers_.tree = text.as_string();
    }

private:
    // QEMU takes only so many commands ahead.
    Task<std::vector<Result<json::value>>> execute(std::vector<qemu::QmpCommand> commands) {
        constexpr std::size_t at_once = 100;
        std::vector<Result<json::value>> results;
        for (std::size_t i = 0; i < commands.size(); i += at_once) {
            std::vector<qemu::QmpCommand> some;
            for (std::size_t k = i; k < std::min(i + at_once, commands.size()); ++k)
                some.push_back(std::move(commands[k]));
            auto answered = co_await qemu_.execute_all(std::move(some));
            for (auto& one : answered) results.push_back(std::move(one));
        }
        co_return results;
    }

    Task<> ask_all() {
        std::vector<qemu::QmpCommand> commands;
        for (const auto& question : questions) commands.emplace_back(std::string(question));
        auto results = co_await execute(std::move(commands));
        for (std::size_t i = 0; i < results.size(); ++i)
            if (results[i]) answers_.said[std::string(questions[i])] = std::move(*results[i]);
    }

    Task<> list(std::string parent) {
        json::object of;
        of["path"] = parent;
        const json::value children = co_await qemu_.execute("qom-list", std::move(of));
        for (const auto& child : children.as_array()) {
            const auto type = json::value_to<std::string>(child.at("type"));
            if (!type.starts_with("child<")) continue;
            const auto name = json::value_to<std::string>(child.at("name"));
            QemuDevice device;
            device.path = parent + "/" + name;
            device.type = type.substr(6, type.size() - 7);
            if (parent.ends_with("-anon"))
                answers_.unnamed.push_back(std::move(device));
            else
                answers_.devices[name] = std::move(device);
        }
    }

    Task<> list_properties() {
        std::vector<QemuDevice*> all;
        for (auto& [id, device] : answers_.devices) all.push_back(&device);
        for (auto& device : answers_.unnamed) all.push_back(&device);
        std::vector<qemu::QmpCommand> lists, gets;
        for (const auto* device : all) lists.emplace_back("qom-list", path_of(*device));
        const auto listed = co_await execute(std::move(lists));
        std::vector<std::pair<QemuDevice*, std::string>> wanted;
        for (std::size_t i = 0; i < listed.size(); ++i) {
            if (!listed[i]) continue;
            for (const auto& property : listed[i]->as_array()) {
                const auto name = json::value_to<std::string>(property.at("name"));
                if (std::ranges::find(telling, name) == telling.end()) continue;
                auto get = path_of(*all[i]);
                get["property"] = name;
                gets.emplace_back("qom-get", std::move(get));
                wanted.emplace_back(all[i], name);
            }
        }
        auto values = co_await execute(std::move(gets));
        for (std::size_t i = 0; i < values.size(); ++i)
            if (values[i]) wanted[i].first->properties[wanted[i].second] = std::move(*values[i]);
    }

    static json::object path_of(const QemuDevice& device) {
        json::object of;
        of["path"] = device.path;
        return of;
    }

    qemu::MachineProcess& qemu_;
    Answers& answers_;
};

Task<> plug_vcpus(qemu::MachineProcess& qemu, const model::Domain& domain) {
    if (!qemu::plugs_vcpus(domain)) co_return;
    const json::value slots = co_await qemu.execute("query-hotpluggable-cpus");
    const auto results = co_await qemu.execute_all(take(qemu::plug_vcpus(domain, slots)));
    for (const auto& result : results)
        if (!result) throw result.error();
}

// As a start does, before the guest runs.
Task<> set_limits(qemu::MachineProcess& qemu, const model::Domain& domain) {
    for (const auto& disk : domain.devices.disks)
        if (auto arguments = qemu::throttle_arguments(disk))
            co_await qemu.execute("block_set_io_throttle", std::move(*arguments));
}

}  // namespace

std::string QemuDevice::text(std::string_view property) const {
    const auto* value = properties.if_contains(property);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<std::int64_t> QemuDevice::number(std::string_view property) const {
    const auto* value = properties.if_contains(property);
    if (!value || !value->is_number()) return std::nullopt;
    return value->is_int64() ? value->get_int64() : static_cast<std::int64_t>(value->get_uint64());
}

const json::value* Answers::get(const std::string& command) const {
    const auto found = said.find(command);
    return found == said.end() ? nullptr : &found->second;
}

Task<Answers> start_and_ask(const model::Domain& domain, const qemu::Capabilities& capabilities,
                            std::filesystem::path folder) {
    Prepared prepared(domain, folder);
    auto line = take(qemu::build_command_line(domain, capabilities, prepared.resources()));
    co_await prepared.start_servers();
    const auto log = take(open_file(folder / "log", O_RDWR | O_CREAT | O_TRUNC));
    Command command;
    command.argv = std::move(line.argv);
    command.env = std::move(line.env);
    command.fds = std::move(line.fds);
    command.fds[2] = log.get();
    command.dies_with_us = true;
    qemu::MachineProcess::LaunchOptions options;
    options.log_fd = log.get();
    auto process =
        co_await qemu::MachineProcess::launch(std::move(command), prepared.take_monitor(), std::move(options));
    prepared.forget_descriptors();
    Answers answers;
    answers.images = std::move(line.images);
    std::exception_ptr failure;
    try {
        co_await plug_vcpus(process, domain);
        co_await set_limits(process, domain);
        co_await Asking(process, answers).ask();
    } catch (...) {
        failure = std::current_exception();
    }
    qemu::QuitLimits limits;
    limits.terminate = Clock::duration::zero();
    co_await process.quit(std::move(limits));
    if (failure) std::rethrow_exception(failure);
    co_return answers;
}

}  // namespace vireo::corpus
