// SPDX-License-Identifier: LGPL-2.1-or-later
// org.vireo1.Manager.
#pragma once
#include "api/service.hpp"
#include "domain/capabilities.hpp"
#include "service/hub.hpp"

#include <functional>

namespace vireo::service {

class ManagerApi final : public api::ManagerService {
public:
    struct Host {  // what the daemon knows and this folder need not find out
        Host() = default;
        api::HostInfo info;
        std::function<Task<std::vector<api::Hypervisor>>()> hypervisors;
        domain::HostCapabilities* capabilities = nullptr;
    };
    ManagerApi(Hub& hub, Host host) : hub_(hub), host_(std::move(host)) {}
    Properties properties() const override;

    void ping(const api::Call&) override {}
    api::HostInfo get_host_info(const api::Call&) override { return host_.info; }
    Task<std::vector<api::Hypervisor>> list_hypervisors(api::Call) override { return host_.hypervisors(); }
    Task<api::AnyDict> get_capabilities(api::Call) override;
    Task<std::string> get_capabilities_xml(api::Call) override;
    Task<api::AnyDict> get_domain_capabilities(api::Call, api::DomainCapabilitiesOptions options) override;
    Task<std::string> get_domain_capabilities_xml(api::Call, api::DomainCapabilitiesOptions options) override;
    Task<api::ManagerListFirmwareResult> list_firmware(api::Call) override;
    Task<api::FirmwareReport> describe_firmware(api::Call, api::FirmwareRequirements requirements) override;
    Task<api::DefineResult> define_domain_xml(api::Call, std::string xml, api::DefineOptions options) override;
    Task<api::DefineResult> define_domain(api::Call, api::AnyDict definition, api::DefineOptions options) override;
    Task<api::ManagerCreateDomainXMLResult> create_domain_xml(api::Call call, std::string xml,
                                                              api::CreateOptions options) override;
    Task<api::ManagerCreateDomainResult> create_domain(api::Call call, api::AnyDict definition,
                                                       api::CreateOptions options) override;
    Task<std::vector<api::TrashedStore>> list_nvram_trash(api::Call call) override;
    Task<> remove_nvram_trash(api::Call call, std::vector<std::string> ids) override;
    Task<api::NativeCommand> domain_xml_to_native(api::Call, std::string xml) override;
    api::ObjectPath lookup_domain(const api::Call&, std::string key) override;
    std::vector<api::DomainSummary> list_domains(const api::Call&, api::DomainFilter filter) override;
    std::vector<api::JobInfo> list_jobs(const api::Call&) override;
    api::Subscription subscribe(const api::Call& call, api::SubscribeOptions options) override;
    void unsubscribe(const api::Call& call) override;
    api::Snapshot get_snapshot(const api::Call&) override;

private:
    Task<api::DefineResult> define(model::Parsed parsed, api::DefineOptions options);
    Task<std::pair<api::ObjectPath, api::ObjectPath>> create(api::Call call, model::Parsed parsed,
                                                             api::CreateOptions options);
    api::EventPosition position() const;

    Hub& hub_;
    Host host_;
};

}  // namespace vireo::service
