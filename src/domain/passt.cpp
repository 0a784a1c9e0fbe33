// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/passt.hpp"

#include "host/programs.hpp"
#include "support/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <utility>

namespace vireo::domain {
namespace {

std::string range_text(const model::PortRange& range) {
    auto text = fmt::format("{}{}", range.exclude == true ? "~" : "", range.start);
    if (range.end) text += fmt::format("-{}", *range.end);
    if (!range.to) return text;
    text += fmt::format(":{}", *range.to);
    if (range.end) text += fmt::format("-{}", *range.end - range.start + *range.to);
    return text;
}

}  // namespace

bool needs_passt(const model::Interface& interface) noexcept {
    return interface.type == model::Interface::Type::user && interface.backend &&
           interface.backend->type == model::InterfaceBackend::Type::passt;
}

Result<std::string> find_passt() {
    auto found = host::find_program("passt", "passt");
    if (!found) return Failure(found.error());
    return found->string();
}

std::string passt_ports(const model::PortForward& forward) {
    std::string text = forward.address;
    if (!forward.dev.empty()) text += "%" + forward.dev;
    if (!text.empty()) text += "/";
    if (forward.ranges.empty()) return text + "all";
    bool first = true;
    for (const auto& range : forward.ranges) {
        if (!std::exchange(first, false)) text += ",";
        text += range_text(range);
    }
    return text;
}

Command passt_command(const std::string& program, const model::Interface& interface, int socket) {
    Command command;
    command.argv = {program, "--foreground", "--fd", std::to_string(socket), "--mac-addr", interface.mac};
    auto add = [&](const char* option, std::string value) {
        command.argv.emplace_back(option);
        command.argv.push_back(std::move(value));
    };
    if (interface.backend && !interface.backend->log_file.empty())
        add("--log-file", interface.backend->log_file);
    else
        command.argv.emplace_back("--stderr");
    if (interface.backend && !interface.backend->hostname.empty()) add("--hostname", interface.backend->hostname);
    if (interface.backend && !interface.backend->fqdn.empty()) add("--fqdn", interface.backend->fqdn);
    if (interface.source && !interface.source->dev.empty()) add("--interface", interface.source->dev);
    for (const auto& ip : interface.ips) {
        add("--address", ip.address);
        if (ip.prefix && ip.address.find(':') == ip.address.npos) add("--netmask", std::to_string(*ip.prefix));
    }
    for (const auto& forward : interface.port_forwards)
        add(forward.protocol == model::PortForward::Protocol::tcp ? "--tcp-ports" : "--udp-ports",
            passt_ports(forward));
    return command;
}

Result<> make_passt_log(const std::string& path, const std::optional<host::Account>& account) {
    auto made = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!made) return made.error().code() == Errc::already_exists ? Result<>() : Result<>(Failure(made.error()));
    if (account && ::fchown(made->get(), account->uid, account->gid))
        return Failure(system_error(errno, fmt::format("cannot give {} to {}", path, account->name)));
    return {};
}

}  // namespace vireo::domain
