// SPDX-License-Identifier: LGPL-2.1-or-later
// Which firmware a domain was given, what became of its files, and what a person decides about it.
#include "service/firmware_report.hpp"
#include "service/firmware_service.hpp"
#include "service/translate.hpp"

namespace vireo::service {
namespace {

api::FirmwareFileState translate(firmware::FileState state) {
    switch (state) {
        case firmware::FileState::same:
            return api::FirmwareFileState::same;
        case firmware::FileState::changed:
            return api::FirmwareFileState::changed;
        case firmware::FileState::gone:
            return api::FirmwareFileState::gone;
    }
    return api::FirmwareFileState::gone;
}

api::FirmwareFile translate(const model::FirmwareRecord& record, firmware::FileState state, bool kept) {
    api::FirmwareFile out;
    out.file = record.file;
    out.size_bytes = record.size;
    out.sha256 = record.sha256;
    out.state = translate(state);
    out.kept = kept;
    return out;
}

api::FirmwareUpdate translate(const firmware::Update& update) {
    api::FirmwareUpdate out;
    out.compatible = update.obstacle.empty();
    if (!update.obstacle.empty()) out.obstacle = update.obstacle;
    auto& now = update.identity;
    out.code_file = now.code->file;
    out.code_sha256 = now.code->sha256;
    if (now.store_template) {
        out.template_file = now.store_template->file;
        out.template_sha256 = now.store_template->sha256;
    }
    if (!now.descriptor.empty()) out.descriptor = now.descriptor;
    out.features = now.features;
    return out;
}

}  // namespace

api::RecordedFirmware recorded(const firmware::Standing& standing) {
    auto& identity = standing.recorded;
    api::RecordedFirmware out;
    out.policy = static_cast<api::FirmwarePolicy>(static_cast<int>(identity.effective_policy()));
    if (!identity.descriptor.empty()) out.descriptor = identity.descriptor;
    out.features = identity.features;
    out.code = translate(*identity.code, standing.code, standing.code_kept);
    if (identity.store_template)
        out.template_ = translate(*identity.store_template, standing.store_template, standing.template_kept);
    if (standing.update) out.update = translate(*standing.update);
    return out;
}

Task<api::RecordedFirmware> FirmwareApi::get_firmware(api::Call, api::ObjectPath path) {
    auto domain = hub_.require(path);
    auto standing = co_await domain->firmware_standing();
    if (!standing)
        throw Error(Errc::not_applicable, "domain " + domain->name() + " records no firmware")
            .with_object(domain->name());
    co_return recorded(*standing);
}

Task<> FirmwareApi::set_firmware_policy(api::Call, api::ObjectPath path, api::FirmwarePolicy policy,
                                        api::ChangeOptions options) {
    auto wanted = static_cast<model::FirmwarePolicy>(static_cast<int>(policy));
    co_await hub_.require(path)->set_firmware_policy(wanted, options.if_revision);
}

Task<bool> FirmwareApi::accept_firmware(api::Call call, api::ObjectPath path, api::ChangeOptions options) {
    co_return co_await hub_.require(path)->accept_firmware(options.if_revision, requester_of(call));
}

}  // namespace vireo::service
