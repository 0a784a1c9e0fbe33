// SPDX-License-Identifier: LGPL-2.1-or-later
// org.vireo1.Domain.Firmware.
#pragma once
#include "api/service.hpp"
#include "domain/nvram.hpp"
#include "service/hub.hpp"

namespace vireo::service {

class FirmwareApi final : public api::DomainFirmwareService {
public:
    explicit FirmwareApi(Hub& hub) : hub_(hub) {}
    static Properties properties_of(const domain::Domain& domain);

    api::ObjectPath resolve(std::string_view key) const override;
    bool exists(std::string_view path) const override;
    std::vector<api::ObjectPath> objects() const override;
    Properties properties(const api::ObjectPath& path) const override;

    Task<api::RecordedFirmware> get_firmware(api::Call, api::ObjectPath path) override;
    Task<> set_firmware_policy(api::Call, api::ObjectPath path, api::FirmwarePolicy policy,
                               api::ChangeOptions options) override;
    Task<bool> accept_firmware(api::Call call, api::ObjectPath path, api::ChangeOptions options) override;

    Task<api::StoreStatus> get_status(api::Call call, api::ObjectPath path) override;
    Task<api::StoreCheck> check(api::Call call, api::ObjectPath path) override;
    Task<api::DomainFirmwareListVariablesResult> list_variables(api::Call call, api::ObjectPath path,
                                                                api::VariableFilter filter) override;
    Task<api::DomainFirmwareGetVariableResult> get_variable(api::Call call, api::ObjectPath path, std::string name,
                                                            std::string guid) override;
    Task<api::StoreChange> set_variable(api::Call call, api::ObjectPath path, api::FirmwareVariable variable,
                                        api::StoreChangeOptions options) override;
    Task<api::StoreChange> unset_variable(api::Call call, api::ObjectPath path, std::string name, std::string guid,
                                          api::StoreChangeOptions options) override;
    Task<api::DomainFirmwareExportResult> export_(api::Call call, api::ObjectPath path,
                                                  api::VariableFilter filter) override;
    Task<api::StoreChange> import_(api::Call call, api::ObjectPath path, std::vector<api::FirmwareVariable> variables,
                                   api::ImportOptions options) override;
    Task<api::DomainFirmwareDiffResult> diff(api::Call call, api::ObjectPath path, api::DiffOptions options) override;
    Task<api::StoreChange> compact(api::Call call, api::ObjectPath path, api::StoreChangeOptions options) override;
    Task<api::DomainFirmwareImportStoreResult> import_store(api::Call call, api::ObjectPath path,
                                                            std::string file) override;
    Task<api::Migrated> migrate(api::Call call, api::ObjectPath path, api::MigrateOptions options) override;

    Task<api::DomainFirmwareListBootEntriesResult> list_boot_entries(api::Call call, api::ObjectPath path) override;
    Task<api::StoreChange> set_boot_order(api::Call call, api::ObjectPath path, std::vector<std::string> order,
                                          api::StoreChangeOptions options) override;
    Task<api::StoreChange> set_boot_next(api::Call call, api::ObjectPath path, std::string entry,
                                         api::StoreChangeOptions options) override;
    Task<api::DomainFirmwareAddBootEntryResult> add_boot_entry(api::Call call, api::ObjectPath path,
                                                               api::NewBootEntry entry,
                                                               api::StoreChangeOptions options) override;
    Task<api::StoreChange> remove_boot_entry(api::Call call, api::ObjectPath path, std::string entry,
                                             api::StoreChangeOptions options) override;
    Task<api::StoreChange> set_boot_entry_active(api::Call call, api::ObjectPath path, std::string entry, bool active,
                                                 api::StoreChangeOptions options) override;

    Task<api::DomainFirmwareGetSecureBootResult> get_secure_boot(api::Call call, api::ObjectPath path) override;
    Task<api::StoreChange> enroll_keys(api::Call call, api::ObjectPath path, api::EnrollOptions options) override;
    Task<api::StoreChange> clear_keys(api::Call call, api::ObjectPath path, api::StoreChangeOptions options) override;
    Task<api::StoreChange> set_secure_boot_enabled(api::Call call, api::ObjectPath path, bool enabled,
                                                   api::StoreChangeOptions options) override;

    Task<api::StoreHistory> get_history(api::Call call, api::ObjectPath path) override;
    Task<api::StoreBackup> back_up(api::Call call, api::ObjectPath path) override;
    Task<api::StoreChange> restore(api::Call call, api::ObjectPath path, std::string backup,
                                   api::StoreChangeOptions options) override;
    Task<std::uint32_t> prune(api::Call call, api::ObjectPath path, api::PruneOptions options) override;
    Task<api::StoreResetPlan> plan_reset(api::Call call, api::ObjectPath path, api::StoreResetOptions options) override;
    Task<api::StoreResetResult> reset(api::Call call, api::ObjectPath path, api::StoreResetOptions options) override;
    Task<bool> cancel_pending_reset(api::Call call, api::ObjectPath path) override;
    Task<api::StoreChange> take_back(api::Call call, api::ObjectPath path, std::string trash,
                                     api::StoreChangeOptions options) override;

private:
    domain::Nvram nvram(const api::Call& call, const api::ObjectPath& path) const;
    Task<api::StoreChange> change(api::Call call, api::ObjectPath path, firmware::Edit edit,
                                  api::StoreChangeOptions options) const;
    Hub& hub_;
};

}  // namespace vireo::service
