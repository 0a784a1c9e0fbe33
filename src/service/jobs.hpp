// SPDX-License-Identifier: LGPL-2.1-or-later
// Work that takes longer than a blink. A job runs as a task of this class, not of the request that asked for it: a
// client that hangs up changes nothing. Both transports see the same jobs, and each stays known for a while after its
// end.
#pragma once
#include "api/events.hpp"
#include "api/types.hpp"
#include "domain/stages.hpp"
#include "support/notifier.hpp"
#include "support/task_group.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vireo::service {

class Job final : public domain::Stages {
public:
    const api::ObjectPath path;
    const std::string operation;
    const api::ObjectPath domain;
    const std::string requester;

    api::JobState state() const noexcept { return state_; }
    const std::optional<Error>& error() const noexcept { return error_; }
    api::JobInfo info() const;
    const std::string& phase() const noexcept { return phase_; }
    double progress() const;
    std::uint64_t start_usec() const noexcept { return start_usec_; }

    void began(std::string_view name) override;
    void ended(std::string_view name, End how) override;
    void expect(std::size_t count) override { expected_ = count; }

private:
    friend class Jobs;
    Job(api::Events& events, Executor executor, api::ObjectPath p, std::string o, api::ObjectPath d, std::string r);
    void tell_stage(const api::JobStage& stage);

    api::Events& events_;
    api::JobState state_ = api::JobState::running;
    std::optional<Error> error_;
    std::string phase_ = "waiting";
    std::size_t expected_ = 0, done_ = 0;
    std::vector<api::JobStage> stages_;
    std::uint64_t start_usec_;
    Clock::time_point begin_;
    std::optional<Clock::time_point> end_;
    Notifier finished_;
    std::unique_ptr<TaskGroup> task_;
    std::vector<std::function<void()>> on_end_;
};

class Jobs {
public:
    static constexpr auto kept_for = std::chrono::minutes(5);
    static constexpr std::size_t kept_at_most = 1000;

    Jobs(Executor executor, api::Events& events);
    ~Jobs();

    // Runs work(job) as a job. What it throws is the job's error.
    std::shared_ptr<Job> start(std::string operation, api::ObjectPath domain, std::string requester,
                               std::function<Task<>(Job&)> work);
    std::shared_ptr<Job> find(std::string_view path) const;                // null: not known (any more)
    std::vector<std::shared_ptr<Job>> all() const;                         // oldest first
    std::shared_ptr<Job> working_on(const api::ObjectPath& domain) const;  // the newest that has not ended; may be null
    void cancel(Job& job);                  // asks; the job ends when it has undone its work
    Task<> wait(std::shared_ptr<Job> job);  // until it has ended, however
    Task<> close();                         // refuses new ones, cancels, waits

    // Told when a job of this domain begins or has ended. Set before the first job; may be empty.
    std::function<void(const api::ObjectPath& domain)> changed;

private:
    Task<> run(std::shared_ptr<Job> job, std::function<Task<>(Job&)> work);
    Task<> forget_later(std::shared_ptr<Job> job);
    void forget(const std::shared_ptr<Job>& job);

    Executor executor_;
    api::Events& events_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, std::shared_ptr<Job>> jobs_;
    TaskGroup running_, forgetting_;
    bool closing_ = false;
};

}  // namespace vireo::service
