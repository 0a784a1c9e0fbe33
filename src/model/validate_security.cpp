// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

bool relabels(const SecurityLabel& label) {
    return label.relabel.value_or(label.type.value_or(SecurityLabel::Type::dynamic) == SecurityLabel::Type::dynamic);
}

Result<> validate_label(const SecurityLabel& label, bool several) {
    using Type = SecurityLabel::Type;
    const auto type = label.type.value_or(Type::dynamic);
    const std::string name = label.model.empty() ? "seclabel" : "seclabel of model '" + label.model + "'";
    if (several && label.model.empty()) return wrong("seclabel: with several of them each needs a model");
    if (label.model.empty() && (type == Type::fixed || !label.base_label.empty()))
        return wrong("seclabel: one with a label of its own needs a model");
    if (type == Type::fixed && label.label.empty()) return wrong(name + ": type='static' needs a <label>");
    if (type == Type::none && label.relabel == true) return wrong(name + ": type='none' relabels nothing");
    if (type == Type::dynamic && label.relabel == false)
        return wrong(name + ": type='dynamic' labels the guest's files: relabel='no' contradicts it");
    if (type == Type::none && !(label.label.empty() && label.base_label.empty()))
        return wrong(name + ": type='none' has no labels");
    return {};
}

bool is_base64(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
               c == '=' || c == '\n' || c == '\r' || c == ' ' || c == '\t';
    });
}

Result<> validate_launch(const LaunchSecurity& security) {
    const auto check = [](const std::string& text, std::string_view name) -> Result<> {
        if (is_base64(text)) return {};
        return wrong("launchSecurity/" + std::string(name) + " is not base64");
    };
    if (const auto* snp = std::get_if<SevSnpLaunch>(&security)) {
        if (auto good = check(snp->guest_visible_workarounds, "guestVisibleWorkarounds"); !good) return good;
        if (auto good = check(snp->id_block, "idBlock"); !good) return good;
        if (auto good = check(snp->id_auth, "idAuth"); !good) return good;
        return check(snp->host_data, "hostData");
    }
    if (const auto* tdx = std::get_if<TdxLaunch>(&security)) {
        if (auto good = check(tdx->mr_config_id, "mrConfigId"); !good) return good;
        if (auto good = check(tdx->mr_owner, "mrOwner"); !good) return good;
        return check(tdx->mr_owner_config, "mrOwnerConfig");
    }
    return {};
}

Result<> validate_ids(const std::vector<IdMapEntry>& entries, std::string_view name) {
    if (entries.empty()) return {};
    const auto first = std::ranges::min_element(entries, {}, &IdMapEntry::start);
    if (first->start != 0) return wrong("idmap/" + std::string(name) + ": root (start='0') must be mapped");
    return {};
}

}  // namespace

Result<> check_labels(const std::vector<DeviceSeclabel>& labels, const Domain& domain, std::string_view what) {
    std::set<std::string_view> models;
    for (const auto& label : labels) {
        const std::string name =
            std::string(what) + " seclabel" + (label.model.empty() ? "" : " of model '" + label.model + "'");
        if (!label.model.empty() && !models.insert(label.model).second) return wrong(name + " is given twice");
        if (label.relabel == false && !label.label.empty())
            return wrong(name + ": a label with relabel='no' would be put on nothing");
        for (const auto& whole : domain.security_labels)
            if (whole.model == label.model && !relabels(whole))
                return wrong(name + ": the domain's own says that nothing is relabelled");
    }
    return {};
}

Result<> validate_security(const Domain& domain) {
    std::set<std::string_view> models;
    for (const auto& label : domain.security_labels) {
        if (auto good = validate_label(label, domain.security_labels.size() > 1); !good) return good;
        if (!models.insert(label.model).second)
            return wrong("seclabel: two of them are for the model '" + label.model + "'");
    }
    if (domain.launch_security)
        if (auto good = validate_launch(*domain.launch_security); !good) return good;
    std::set<KeyWrapCipher::Name> ciphers;
    for (const auto& cipher : domain.key_wrap)
        if (!ciphers.insert(cipher.name).second)
            return wrong("keywrap: the cipher '" + std::string(to_string(cipher.name)) + "' is given twice");
    if (!domain.idmap) return {};
    if (domain.idmap->users.empty() != domain.idmap->groups.empty())
        return wrong("idmap: both uid and gid are mapped, or neither");
    if (auto good = validate_ids(domain.idmap->users, "uid"); !good) return good;
    return validate_ids(domain.idmap->groups, "gid");
}

}  // namespace vireo::model
