// SPDX-License-Identifier: LGPL-2.1-or-later
// org.vireo1.Job.
#pragma once
#include "api/service.hpp"
#include "service/hub.hpp"

namespace vireo::service {

class JobApi final : public api::JobService {
public:
    explicit JobApi(Hub& hub) : hub_(hub) {}
    api::ObjectPath resolve(std::string_view key) const override;  // a path or a number
    bool exists(std::string_view path) const override;
    std::vector<api::ObjectPath> objects() const override;
    Properties properties(const api::ObjectPath& path) const override;

    api::JobInfo get_info(const api::Call&, const api::ObjectPath& path) override;
    Task<api::JobInfo> wait(api::Call, api::ObjectPath path, api::WaitOptions options) override;
    void cancel(const api::Call&, const api::ObjectPath& path) override;

private:
    std::shared_ptr<Job> require(std::string_view path) const;
    Hub& hub_;
};

}  // namespace vireo::service
