// SPDX-License-Identifier: LGPL-2.1-or-later
// A firmware service of domains that have no variable store: for tests of what does not care.
#pragma once
#include "api/service.hpp"
#include "support/error.hpp"

namespace vireo::test {

struct FakeFirmware : api::DomainFirmwareService {
    template <class T>
    static Task<T> nothing() {
        throw Error(Errc::not_applicable, "there is no variable store here");
        co_return T();
    }

    // Which objects there are is the domains' to say.
    explicit FakeFirmware(const api::DomainService& of) : domains(of) {}
    const api::DomainService& domains;
    Properties properties(const api::ObjectPath&) const override { return {}; }
    api::ObjectPath resolve(std::string_view key) const override { return domains.resolve(key); }
    bool exists(std::string_view path) const override { return domains.exists(path); }
    std::vector<api::ObjectPath> objects() const override { return domains.objects(); }

    Task<api::RecordedFirmware> get_firmware(api::Call, api::ObjectPath) override {
        return nothing<api::RecordedFirmware>();
    }
    Task<> set_firmware_policy(api::Call, api::ObjectPath, api::FirmwarePolicy, api::ChangeOptions) override {
        co_return;
    }
    Task<bool> accept_firmware(api::Call, api::ObjectPath, api::ChangeOptions) override { co_return false; }
    Task<api::StoreStatus> get_status(api::Call, api::ObjectPath) override { return nothing<api::StoreStatus>(); }
    Task<api::StoreCheck> check(api::Call, api::ObjectPath) override { return nothing<api::StoreCheck>(); }
    Task<api::DomainFirmwareListVariablesResult> list_variables(api::Call, api::ObjectPath,
                                                                api::VariableFilter) override {
        return nothing<api::DomainFirmwareListVariablesResult>();
    }
    Task<api::DomainFirmwareGetVariableResult> get_variable(api::Call, api::ObjectPath, std::string,
                                                            std::string) override {
        return nothing<api::DomainFirmwareGetVariableResult>();
    }
    Task<api::StoreChange> set_variable(api::Call, api::ObjectPath, api::FirmwareVariable,
                                        api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::StoreChange> unset_variable(api::Call, api::ObjectPath, std::string, std::string,
                                          api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::DomainFirmwareExportResult> export_(api::Call, api::ObjectPath, api::VariableFilter) override {
        return nothing<api::DomainFirmwareExportResult>();
    }
    Task<api::StoreChange> import_(api::Call, api::ObjectPath, std::vector<api::FirmwareVariable>,
                                   api::ImportOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::DomainFirmwareDiffResult> diff(api::Call, api::ObjectPath, api::DiffOptions) override {
        return nothing<api::DomainFirmwareDiffResult>();
    }
    Task<api::StoreChange> compact(api::Call, api::ObjectPath, api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::Migrated> migrate(api::Call, api::ObjectPath, api::MigrateOptions) override {
        return nothing<api::Migrated>();
    }
    Task<api::DomainFirmwareImportStoreResult> import_store(api::Call, api::ObjectPath, std::string) override {
        return nothing<api::DomainFirmwareImportStoreResult>();
    }
    Task<api::DomainFirmwareListBootEntriesResult> list_boot_entries(api::Call, api::ObjectPath) override {
        return nothing<api::DomainFirmwareListBootEntriesResult>();
    }
    Task<api::StoreChange> set_boot_order(api::Call, api::ObjectPath, std::vector<std::string>,
                                          api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::StoreChange> set_boot_next(api::Call, api::ObjectPath, std::string, api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::DomainFirmwareAddBootEntryResult> add_boot_entry(api::Call, api::ObjectPath, api::NewBootEntry,
                                                               api::StoreChangeOptions) override {
        return nothing<api::DomainFirmwareAddBootEntryResult>();
    }
    Task<api::StoreChange> remove_boot_entry(api::Call, api::ObjectPath, std::string,
                                             api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::StoreChange> set_boot_entry_active(api::Call, api::ObjectPath, std::string, bool,
                                                 api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::DomainFirmwareGetSecureBootResult> get_secure_boot(api::Call, api::ObjectPath) override {
        return nothing<api::DomainFirmwareGetSecureBootResult>();
    }
    Task<api::StoreChange> enroll_keys(api::Call, api::ObjectPath, api::EnrollOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::StoreChange> clear_keys(api::Call, api::ObjectPath, api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::StoreChange> set_secure_boot_enabled(api::Call, api::ObjectPath, bool, api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<api::StoreHistory> get_history(api::Call, api::ObjectPath) override { return nothing<api::StoreHistory>(); }
    Task<api::StoreBackup> back_up(api::Call, api::ObjectPath) override { return nothing<api::StoreBackup>(); }
    Task<api::StoreChange> restore(api::Call, api::ObjectPath, std::string, api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
    Task<std::uint32_t> prune(api::Call, api::ObjectPath, api::PruneOptions) override {
        return nothing<std::uint32_t>();
    }
    Task<api::StoreResetPlan> plan_reset(api::Call, api::ObjectPath, api::StoreResetOptions) override {
        return nothing<api::StoreResetPlan>();
    }
    Task<api::StoreResetResult> reset(api::Call, api::ObjectPath, api::StoreResetOptions) override {
        return nothing<api::StoreResetResult>();
    }
    Task<bool> cancel_pending_reset(api::Call, api::ObjectPath) override { return nothing<bool>(); }
    Task<api::StoreChange> take_back(api::Call, api::ObjectPath, std::string, api::StoreChangeOptions) override {
        return nothing<api::StoreChange>();
    }
};

}  // namespace vireo::test
