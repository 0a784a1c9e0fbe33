// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/account.hpp"

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <grp.h>
#include <optional>
#include <pwd.h>
#include <string_view>

namespace vireo::host {
namespace {

constexpr std::size_t largest_entry = 1u << 20;  // a group with very many members

// Calls ask(buffer, size) with a growing buffer until it fits; returns its error number.
template <class F>
int with_buffer(F ask) {
    std::vector<char> buffer(1024);
    for (;;) {
        int error = ask(buffer.data(), buffer.size());
        if (error != ERANGE || buffer.size() >= largest_entry) return error;
        buffer.resize(buffer.size() * 4);
    }
}

// Some of these numbers mean "no such entry" (getpwnam_r(3), ERRORS).
bool is_absence(int error) {
    return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

Result<std::optional<Account>> look_up(const std::string& name) {
    std::optional<Account> account;
    int error = with_buffer([&](char* buffer, std::size_t size) {
        passwd entry{}, *found = nullptr;
        int result = ::getpwnam_r(name.c_str(), &entry, buffer, size, &found);
        if (found) account = Account{name, found->pw_uid, found->pw_gid, {}};
        return result;
    });
    if (!account && !is_absence(error))
        return Failure(system_error(error, "cannot look up the account '" + name + "'").with_code(Errc::unavailable));
    return account;
}

std::optional<std::uint32_t> number_of(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    std::uint32_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<gid_t> group_id(const char* name) {
    std::optional<gid_t> id;
    (void)with_buffer([&](char* buffer, std::size_t size) {
        group entry{}, *found = nullptr;
        int result = ::getgrnam_r(name, &entry, buffer, size, &found);
        if (found) id = found->gr_gid;
        return result;
    });
    return id;
}

}  // namespace

const std::vector<std::string>& default_accounts() {
    static const std::vector<std::string> names{"vireo-qemu", "libvirt-qemu", "nobody"};
    return names;
}

Result<Account> find_account(const std::string& configured) {
    auto names = configured.empty() ? default_accounts() : std::vector<std::string>{configured};
    for (auto& name : names) {
        auto account = look_up(name);
        if (!account) return Failure(account.error());
        if (!*account) continue;
        if ((*account)->uid == 0)
            return Failure(Error(Errc::invalid_config, "guests cannot run as the account '" + name + "', which is root")
                               .with_hint("Name an unprivileged account, or none: then vireo-qemu is used."));
        if (auto kvm = group_id("kvm"); kvm && *kvm != (*account)->gid) (*account)->groups.push_back(*kvm);
        return std::move(**account);
    }
    return Failure(
        Error(Errc::not_found, configured.empty() ? "there is no account that guests could run as"
                                                  : "there is no account '" + configured + "' that guests could run as")
            .with_hint("Make one: systemd-sysusers, or: useradd --system --shell /usr/sbin/nologin vireo-qemu"));
}

Result<Account> account_of_label(const std::string& label) {
    const auto colon = label.find(':');
    const auto user = label.substr(0, colon), group = colon == label.npos ? std::string() : label.substr(colon + 1);
    std::optional<Account> account;
    if (!user.starts_with('+')) {
        auto known = look_up(user);
        if (!known) return Failure(known.error());
        account = std::move(*known);
    }
    if (auto number = account ? std::nullopt : number_of(user)) account = Account{user, *number, *number, {}};
    if (!account) return fail(Errc::not_found, "there is no account '", user, "', which the label '", label, "' names");
    if (!group.empty()) {
        auto id = group.starts_with('+') ? std::nullopt : group_id(group.c_str());
        if (!id) id = number_of(group);
        if (!id) return fail(Errc::not_found, "there is no group '", group, "', which the label '", label, "' names");
        account->gid = *id;
    }
    if (account->uid == 0)
        return Failure(Error(Errc::invalid_config, "guests never run as root, as the label '" + label + "' has it"));
    if (auto kvm = group_id("kvm"); kvm && *kvm != account->gid) account->groups.push_back(*kvm);
    return std::move(*account);
}

}  // namespace vireo::host
