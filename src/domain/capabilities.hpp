// SPDX-License-Identifier: LGPL-2.1-or-later
// What this host and its hypervisors can do, as documents: gathers what host/, qemu/ and firmware/ each know.
#pragma once
#include "domain/environment.hpp"

#include <boost/json/object.hpp>

#include <string>

namespace vireo::domain {

struct DomainCapabilitiesQuestion {
    DomainCapabilitiesQuestion() = default;
    std::string emulator;      // empty: the host's for the architecture
    std::string architecture;  // empty: the emulator's, or the host's own
    std::string machine;       // empty: the emulator's default
    std::string type;          // kvm or qemu; empty: kvm where it works
};

struct CapabilitiesDocument {
    std::string xml;  // libvirt's
    boost::json::object json;
};

class HostCapabilities {
public:
    explicit HostCapabilities(Environment& environment) : env_(environment) {}

    Task<CapabilitiesDocument>
    host();  // <capabilities>. A binary that cannot be asked is left out, with a line in the log.
    // <domainCapabilities>. Error: not_found (no such emulator), unsupported (machine, type, architecture).
    Task<CapabilitiesDocument> domain(DomainCapabilitiesQuestion question);

private:
    Environment& env_;
};

}  // namespace vireo::domain
