// SPDX-License-Identifier: LGPL-2.1-or-later
// org.vireo1.Domain.
#pragma once
#include "api/service.hpp"
#include "service/hub.hpp"

namespace vireo::service {

class DomainApi final : public api::DomainService {
public:
    explicit DomainApi(Hub& hub) : hub_(hub) {}
    static Properties properties_of(const domain::Domain& domain, const Hub& hub);

    api::ObjectPath resolve(std::string_view key) const override;
    bool exists(std::string_view path) const override;
    std::vector<api::ObjectPath> objects() const override;
    Properties properties(const api::ObjectPath& path) const override;

    api::DomainInfo get_info(const api::Call&, const api::ObjectPath& path) override;
    std::string get_xml(const api::Call&, const api::ObjectPath& path, api::DumpOptions options) override;
    api::AnyDict get_definition(const api::Call&, const api::ObjectPath& path, api::DumpOptions options) override;
    std::vector<api::ConsoleInfo> list_consoles(const api::Call&, const api::ObjectPath& path) override;
    Task<UniqueFd> open_console(api::Call, api::ObjectPath path, api::ConsoleOptions options) override;

    Task<api::ObjectPath> start(api::Call call, api::ObjectPath path, api::StartOptions options) override;
    Task<api::ObjectPath> shutdown(api::Call call, api::ObjectPath path, api::ShutdownOptions options) override;
    Task<api::ObjectPath> reboot(api::Call call, api::ObjectPath path, api::ShutdownOptions options) override;
    Task<api::ObjectPath> destroy(api::Call call, api::ObjectPath path, api::DestroyOptions options) override;
    Task<> reset(api::Call, api::ObjectPath path, api::ChangeOptions options) override;
    Task<> suspend(api::Call, api::ObjectPath path, api::ChangeOptions options) override;
    Task<> resume(api::Call, api::ObjectPath path, api::ChangeOptions options) override;

    Task<> undefine(api::Call, api::ObjectPath path, api::UndefineOptions options) override;
    Task<> rename(api::Call, api::ObjectPath path, std::string new_name, api::ChangeOptions options) override;
    Task<> set_autostart(api::Call, api::ObjectPath path, bool autostart, api::ChangeOptions options) override;
    Task<> import_tpm(api::Call call, api::ObjectPath path, std::string folder) override;

private:
    Hub& hub_;
};

// Starts the domain as a job; also what Manager.CreateDomainXML does with its new domain.
std::shared_ptr<Job> start_job(Hub& hub, const api::Call& call, std::shared_ptr<domain::Domain> domain,
                               std::string operation, domain::StartRequest request, bool autodestroy);

}  // namespace vireo::service
