// SPDX-License-Identifier: LGPL-2.1-or-later
// What a fake manager answers to questions that its test does not ask: nothing.
#pragma once
#include "api/service.hpp"

#include <string>
#include <vector>

namespace vireo::test {

class EmptyManager : public api::ManagerService {
public:
    Task<api::ManagerListFirmwareResult> list_firmware(api::Call) override {
        co_return api::ManagerListFirmwareResult();
    }
    Task<api::FirmwareReport> describe_firmware(api::Call, api::FirmwareRequirements) override {
        co_return api::FirmwareReport();
    }
    Task<api::AnyDict> get_capabilities(api::Call) override { co_return api::AnyDict(); }
    Task<std::string> get_capabilities_xml(api::Call) override { co_return std::string(); }
    Task<api::AnyDict> get_domain_capabilities(api::Call, api::DomainCapabilitiesOptions) override {
        co_return api::AnyDict();
    }
    Task<std::string> get_domain_capabilities_xml(api::Call, api::DomainCapabilitiesOptions) override {
        co_return std::string();
    }
    Task<api::NativeCommand> domain_xml_to_native(api::Call, std::string) override { co_return api::NativeCommand(); }
    Task<std::vector<api::TrashedStore>> list_nvram_trash(api::Call) override {
        co_return std::vector<api::TrashedStore>();
    }
    Task<> remove_nvram_trash(api::Call, std::vector<std::string>) override { co_return; }
};

}  // namespace vireo::test
