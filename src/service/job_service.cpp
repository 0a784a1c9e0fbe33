// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/job_service.hpp"

#include "support/timeout.hpp"

namespace vireo::service {

std::shared_ptr<Job> JobApi::require(std::string_view path) const {
    auto job = hub_.jobs.find(path);
    if (!job) throw Error(Errc::not_found, "there is no job " + std::string(path.substr(0, 300)) + " (any more)");
    return job;
}

api::ObjectPath JobApi::resolve(std::string_view key) const {
    return require(key)->path;
}
bool JobApi::exists(std::string_view path) const {
    return path.starts_with("/") && hub_.jobs.find(path) != nullptr;
}

std::vector<api::ObjectPath> JobApi::objects() const {
    std::vector<api::ObjectPath> paths;
    for (auto& job : hub_.jobs.all()) paths.push_back(job->path);
    return paths;
}

JobApi::Properties JobApi::properties(const api::ObjectPath& path) const {
    auto job = require(path.value);
    Properties p;
    p.operation = job->operation;
    p.domain = job->domain;
    p.state = job->state();
    p.phase = job->phase();
    p.progress = job->progress();
    p.requester = job->requester;
    p.start_time = job->start_usec();
    return p;
}

api::JobInfo JobApi::get_info(const api::Call&, const api::ObjectPath& path) {
    return require(path.value)->info();
}

Task<api::JobInfo> JobApi::wait(api::Call, api::ObjectPath path, api::WaitOptions options) {
    auto job = require(path.value);
    if (options.timeout_usec) {
        constexpr std::uint64_t longest = 365ull * 24 * 3600 * 1'000'000;
        auto limit = std::chrono::microseconds(std::min(*options.timeout_usec, longest));
        co_await with_timeout(hub_.jobs.wait(job), limit, "job " + job->path.value + " (which goes on)");
    } else {
        co_await hub_.jobs.wait(job);
    }
    if (job->error()) throw *job->error();
    co_return job->info();
}

void JobApi::cancel(const api::Call&, const api::ObjectPath& path) {
    hub_.jobs.cancel(*require(path.value));
}

}  // namespace vireo::service
