// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/labels.hpp"

#include "support/file.hpp"

#include <unistd.h>

namespace vireo::domain {
namespace {

using model::SecurityLabel;
constexpr std::string_view file_permissions = "dac";
constexpr const char* uid_key = "qemu-uid";

bool host_has(const std::string& module) {
    if (module == "selinux") return ::access("/sys/fs/selinux/enforce", F_OK) == 0;
    if (module == "apparmor")
        return read_file("/sys/module/apparmor/parameters/enabled", 16).value_or("").starts_with('Y');
    return false;
}

// One without a model is of the host's first module; dynamic, it asks for what is done anyway.
bool asks_for_nothing(const SecurityLabel& label) {
    if (label.type == SecurityLabel::Type::none || label.model == "none") return true;
    return label.model.empty() && label.type != SecurityLabel::Type::fixed && label.base_label.empty();
}

}  // namespace

Result<> check_labels(const model::Domain& domain) {
    for (std::size_t i = 0; i < domain.security_labels.size(); ++i) {
        const auto& label = domain.security_labels[i];
        if (asks_for_nothing(label) || label.model == file_permissions) continue;
        const auto path = "seclabel[" + std::to_string(i + 1) + "]: ";
        auto what = label.model.empty()     ? std::string("its label is of no named module")
                    : host_has(label.model) ? "Vireo sets no labels of '" + label.model + "' yet"
                                            : "this host has no security module '" + label.model + "'";
        return Failure(Error(Errc::unsupported, path + what)
                           .with_hint("Use <seclabel type='none' model='" + label.model + "'/>, or leave it out"));
    }
    return {};
}

std::string account_label(const model::Domain& domain) {
    for (const auto& label : domain.security_labels) {
        if (label.model != file_permissions || label.type == SecurityLabel::Type::none) continue;
        return label.type == SecurityLabel::Type::fixed ? label.label : label.base_label;
    }
    return {};
}

void note_account(state::Status& status, const host::Account& account) {
    status.extra[uid_key] = account.uid;
}
std::optional<uid_t> account_noted_in(const state::Status& status) {
    auto* value = status.extra.if_contains(uid_key);
    boost::system::error_code error;
    if (!value) return std::nullopt;
    auto uid = value->to_number<uid_t>(error);
    return error ? std::nullopt : std::optional(uid);
}

}  // namespace vireo::domain
