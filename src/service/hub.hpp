// SPDX-License-Identifier: LGPL-2.1-or-later
// What the services share: the domains, the jobs and the events; and the bridge by which what happens to a domain
// becomes an event of the API.
#pragma once
#include "api/events.hpp"
#include "domain/domains.hpp"
#include "service/jobs.hpp"

#include <map>
#include <string>

namespace vireo::service {

class Hub final : public domain::Observer {
public:
    Hub(Executor executor, api::Events& events);
    api::Events& events;
    Jobs jobs;
    domain::Domains* domains = nullptr;  // set before the first call

    std::shared_ptr<domain::Domain> require(const api::ObjectPath& path) const;  // Error(not_found)
    api::ObjectPath resolve(std::string_view key) const;  // whatever names a domain to its path; Error(not_found)

    void added(const domain::Domain& domain) override;
    void removed(const domain::Domain& domain) override;
    void lifecycle(const domain::Domain& domain, domain::Lifecycle event, std::string_view detail) override;
    void rebooted(const domain::Domain& domain) override;
    void store_changed(const domain::Domain& domain, const domain::StoreEvent& event) override;
    void renamed(const domain::Domain& domain, const std::string& old_name) override;
    void changed(const domain::Domain& domain) override;
    void firmware_changed(const domain::Domain& domain, const domain::FirmwareChange& change) override;

private:
    struct Told {  // the properties of an object's interfaces, as they were told last
        api::json::object domain, firmware;
    };
    std::map<std::string, Told> told_;  // by UUID
};

}  // namespace vireo::service
