// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/taken.hpp"

#include "domain/open_vswitch.hpp"
#include "host/pci_device.hpp"
#include "net/macvtap.hpp"
#include "net/virtual_function.hpp"
#include "support/blocking.hpp"
#include "support/log.hpp"
#include "support/process.hpp"
#include "support/timeout.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <ranges>
#include <sys/stat.h>
#include <unistd.h>

namespace vireo::domain {
namespace {

namespace json = boost::json;
using Kind = Taken::Kind;

constexpr const char* taken_key = "taken";

struct Word {
    Kind kind;
    std::string_view word, spoken;
};
constexpr std::array<Word, 11> words{{{Kind::pci, "pci", "PCI device"},
                                      {Kind::iommu_group, "iommu-group", "IOMMU group"},
                                      {Kind::usb, "usb", "USB device"},
                                      {Kind::scsi, "scsi", "SCSI device"},
                                      {Kind::mediated, "mdev", "mediated device"},
                                      {Kind::node, "node", "file"},
                                      {Kind::macvtap, "macvtap", "link"},
                                      {Kind::switch_port, "switch-port", "port"},
                                      {Kind::function, "function", "virtual function"},
                                      {Kind::link_mac, "link-mac", "link"},
                                      {Kind::script, "script", "script"}}};

std::string text_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string(*text) : std::string();
}

bool is_exclusive(Kind kind) {
    return kind == Kind::pci || kind == Kind::iommu_group || kind == Kind::usb || kind == Kind::scsi ||
           kind == Kind::mediated || kind == Kind::link_mac;
}

Result<> restore_owner(const Taken& node) {
    unsigned uid = 0, gid = 0;
    if (owner_of(node.name) != node.now || std::sscanf(node.before.c_str(), "%u:%u", &uid, &gid) != 2) return {};
    if (::chown(node.name.c_str(), uid, gid))
        return Failure(system_error(errno, "cannot give " + node.name + " back to its owner"));
    return {};
}

Result<> restore_function(const Taken& taken) {
    const auto blank = std::min(taken.name.find(' '), taken.name.size());
    const auto number = host::read_number(std::string_view(taken.name).substr(blank));
    if (!number) return {};
    return net::restore_function(taken.name.substr(0, blank), static_cast<std::uint32_t>(*number), taken.now,
                                 taken.before);
}

Result<> undo(const Taken& taken) {
    switch (taken.kind) {
        case Kind::pci:
            return host::release_pci(taken.name, taken.now, !taken.before.empty());
        case Kind::node:
            return restore_owner(taken);
        case Kind::macvtap:
            return net::remove_macvtap(taken.name, taken.now);
        case Kind::function:
            return restore_function(taken);
        case Kind::link_mac:
            return net::restore_mac(taken.name, taken.now, taken.before);
        default:
            return {};
    }
}

Task<> leave_switch(Taken port) {
    auto program = take(find_ovs_vsctl());
    co_await run_ovs_vsctl(remove_port_command(program, port.now, port.name),
                           fmt::format("cannot take {} from the bridge {}", port.name, port.now));
}

}  // namespace

std::string owner_of(const std::filesystem::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status)) return {};
    return fmt::format("{}:{}", status.st_uid, status.st_gid);
}

std::vector<Taken> taken_of(const state::Status& status) {
    std::vector<Taken> taken;
    const auto* value = status.extra.if_contains(taken_key);
    const auto* list = value ? value->if_array() : nullptr;
    if (!list) return taken;
    for (const auto& element : *list) {
        const auto* object = element.if_object();
        const auto kind = object ? text_of(*object, "kind") : std::string();
        const auto word = std::ranges::find(words, kind, &Word::word);
        if (word == words.end()) continue;
        auto& one = taken.emplace_back(word->kind, text_of(*object, "name"), text_of(*object, "before"),
                                       text_of(*object, "now"));
        const auto* shared = object->if_contains("shared");
        one.shared = shared && shared->is_bool() && shared->get_bool();
    }
    return taken;
}

void add_taken(state::Status& status, const std::vector<Taken>& more) {
    if (more.empty()) return;
    auto& value = status.extra[taken_key];
    auto& list = value.is_array() ? value.get_array() : value.emplace_array();
    for (const auto& one : more) {
        json::object object{{"kind", std::ranges::find(words, one.kind, &Word::kind)->word}, {"name", one.name}};
        if (!one.before.empty()) object["before"] = one.before;
        if (!one.now.empty()) object["now"] = one.now;
        if (one.shared) object["shared"] = true;
        list.emplace_back(std::move(object));
    }
}

Result<> check_free(const std::vector<Taken>& wanted, const std::vector<Taken>& others,
                    const std::string& other_guest) {
    for (const auto& mine : wanted)
        for (const auto& theirs : others) {
            if (mine.kind != theirs.kind || mine.name != theirs.name || !is_exclusive(mine.kind)) continue;
            if (mine.shared && theirs.shared) continue;
            const auto what = std::ranges::find(words, mine.kind, &Word::kind)->spoken;
            return Failure(
                Error(Errc::invalid_state,
                      fmt::format("{} {} is in use by the domain {}, which runs", what, mine.name, other_guest))
                    .with_hint(mine.kind == Kind::scsi ? "Shut that down first, or mark both <shareable/>"
                                                       : "Shut that down first: vireo shutdown " + other_guest));
        }
    return {};
}

Task<> run_link_script(std::string program, std::string link) {
    Command command;
    command.argv = {program, link};
    command.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    auto output = co_await with_timeout(run_program(std::move(command)), script_limit, "the script " + program);
    if (output.status.ok()) co_return;
    auto said = output.err.empty() ? output.out : output.err;
    while (!said.empty() && said.back() == '\n') said.pop_back();
    throw Error(Errc::system_failed, fmt::format("the script {} for {} {}{}{}", program, link, output.status.text(),
                                                 said.empty() ? "" : ": ", said));
}

Task<> give_back(Blocking& pool, std::vector<Taken> taken) {
    for (const auto& one : taken | std::views::reverse) {
        if (one.now.empty()) continue;
        if (one.kind == Kind::script || one.kind == Kind::switch_port) {
            try {
                if (one.kind == Kind::script) co_await run_link_script(one.name, one.now);
                if (one.kind == Kind::switch_port) co_await leave_switch(one);
            } catch (const Error& error) {
                log::warning("{}", error.what());
            }
            continue;
        }
        auto work = [one](std::stop_token) { return undo(one); };
        if (auto done = co_await pool.call(std::move(work)); !done) log::error("{}", done.error().what());
    }
}

}  // namespace vireo::domain
