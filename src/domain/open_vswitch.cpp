// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/open_vswitch.hpp"

#include "host/programs.hpp"
#include "qemu/process_text.hpp"
#include "support/timeout.hpp"

#include <fmt/format.h>

namespace vireo::domain {
namespace {

using model::VirtualPort;
using model::VlanTag;

Command base(const std::string& program) {
    Command command;
    command.argv = {program, "--timeout=5"};
    command.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    return command;
}

// One tag: the port's packets have it. Several: those may pass; one of them may be what packets without a tag belong
// to.
std::vector<std::string> vlan_words(const model::Vlan& vlan) {
    if (vlan.tags.empty()) return {};
    const bool trunk = vlan.trunk == true || vlan.tags.size() > 1;
    if (!trunk) return {fmt::format("tag={}", vlan.tags.front().id)};
    std::vector<std::string> words;
    std::string trunks;
    for (const auto& tag : vlan.tags) {
        trunks += fmt::format("{}{}", trunks.empty() ? "" : ",", tag.id);
        if (!tag.native_mode) continue;
        words.push_back(tag.native_mode == VlanTag::NativeMode::tagged ? "vlan_mode=native-tagged"
                                                                       : "vlan_mode=native-untagged");
        words.push_back(fmt::format("tag={}", tag.id));
    }
    words.push_back("trunk=" + trunks);
    return words;
}

}  // namespace

bool on_open_vswitch(const model::Interface& interface) noexcept {
    return interface.type == model::Interface::Type::bridge && interface.virtual_port &&
           interface.virtual_port->type == VirtualPort::Type::openvswitch;
}

Result<std::string> find_ovs_vsctl() {
    auto found = host::find_program("ovs-vsctl", "openvswitch-switch");
    if (!found) return Failure(found.error());
    return found->string();
}

Command add_port_command(const std::string& program, const model::Interface& interface, const std::string& link,
                         const std::string& guest) {
    auto command = base(program);
    auto& argv = command.argv;
    auto set = [&](std::string_view key, std::string_view value) {
        argv.insert(argv.end(), {"--", "set", "Interface", link, fmt::format("external-ids:{}=\"{}\"", key, value)});
    };
    argv.insert(argv.end(), {"--", "--if-exists", "del-port", link, "--", "add-port", interface.source->bridge, link});
    if (interface.vlan)
        for (auto& word : vlan_words(*interface.vlan)) argv.push_back(std::move(word));
    set("attached-mac", interface.mac);
    const auto& parameters = interface.virtual_port->parameters;
    if (parameters && parameters->interface_id) set("iface-id", parameters->interface_id->to_string());
    set("vm-id", guest);
    if (parameters && !parameters->profile_id.empty()) set("port-profile", parameters->profile_id);
    set("iface-status", "active");
    return command;
}

Command remove_port_command(const std::string& program, const std::string& bridge, const std::string& link) {
    auto command = base(program);
    command.argv.insert(command.argv.end(), {"--", "--if-exists", "del-port", bridge, link});
    return command;
}

Task<> run_ovs_vsctl(Command command, std::string what) {
    auto output = co_await with_timeout(run_program(std::move(command)), switch_limit, what);
    if (output.status.ok()) co_return;
    const auto words = qemu::last_words(output.err.empty() ? output.out : output.err);
    throw Error(Errc::system_failed,
                fmt::format("{}: ovs-vsctl {}{}{}", what, output.status.text(), words.empty() ? "" : ": ", words))
        .with_hint("ovs-vsctl show lists the bridges of Open vSwitch");
}

}  // namespace vireo::domain
