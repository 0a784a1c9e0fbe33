// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/jobs.hpp"

#include "api/dispatcher.hpp"
#include "api/service.hpp"
#include "support/clock.hpp"

#include <charconv>

namespace vireo::service {
namespace {

constexpr std::string_view job_prefix = "/org/vireo1/job/";

std::uint64_t usec_between(Clock::time_point from, Clock::time_point to) {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(to - from).count());
}

}  // namespace

Job::Job(api::Events& events, Executor executor, api::ObjectPath p, std::string o, api::ObjectPath d, std::string r)
    : path(std::move(p)),
      operation(std::move(o)),
      domain(std::move(d)),
      requester(std::move(r)),
      events_(events),
      start_usec_(now_usec()),
      begin_(Clock::now()),
      finished_(executor),
      task_(std::make_unique<TaskGroup>(executor, TaskGroup::OnError::report)) {}

double Job::progress() const {
    if (state_ == api::JobState::succeeded) return 1.0;
    if (expected_ == 0) return 0.0;
    return static_cast<double>(std::min(done_, expected_)) / static_cast<double>(expected_);
}

api::JobInfo Job::info() const {
    api::JobInfo info;
    info.job = path;
    info.operation = operation;
    info.domain = domain;
    info.state = state_;
    info.phase = phase_;
    info.progress = progress();
    info.requester = requester;
    info.start_usec = start_usec_;
    info.duration_usec = usec_between(begin_, end_.value_or(Clock::now()));
    info.stages = stages_;
    for (auto& stage : info.stages)
        if (stage.state == api::StageState::running)
            stage.duration_usec = info.duration_usec - std::min(info.duration_usec, stage.begin_usec);
    if (error_) {
        auto& details = info.error.emplace();
        details.name = api::error_prefix + std::string(to_string(error_->code()));
        details.message = error_->what();
        if (!error_->object().empty()) details.object = error_->object();
        if (!error_->stage().empty()) details.stage = error_->stage();
        if (auto causes = error_->causes(); !causes.empty()) details.causes = std::move(causes);
        if (!error_->hint().empty()) details.hint = error_->hint();
        if (!error_->needs().empty()) details.needs = error_->needs();
    }
    return info;
}

void Job::tell_stage(const api::JobStage& stage) {
    events_.emit(api::job_stage_changed(path, stage, progress()));
    api::json::object changed;
    changed["Phase"] = phase_;
    changed["Progress"] = progress();
    events_.emit(api::job_properties_changed(path, std::move(changed)));
}

void Job::began(std::string_view name) {
    phase_ = name;
    auto& stage = stages_.emplace_back();
    stage.name = name;
    stage.state = api::StageState::running;
    stage.begin_usec = usec_between(begin_, Clock::now());
    tell_stage(stage);
}

void Job::ended(std::string_view name, End how) {
    for (auto stage = stages_.rbegin(); stage != stages_.rend(); ++stage) {
        if (stage->name != name || stage->state != api::StageState::running) continue;
        stage->duration_usec = usec_between(begin_, Clock::now()) - stage->begin_usec;
        stage->state = how == End::done     ? api::StageState::done
                       : how == End::failed ? api::StageState::failed
                                            : api::StageState::cancelled;
        if (how == End::done) ++done_;
        tell_stage(*stage);
        return;
    }
}

Jobs::Jobs(Executor executor, api::Events& events)
    : executor_(executor),
      events_(events),
      running_(executor, TaskGroup::OnError::report),
      forgetting_(executor, TaskGroup::OnError::report) {}
Jobs::~Jobs() = default;

std::shared_ptr<Job> Jobs::start(std::string operation, api::ObjectPath domain, std::string requester,
                                 std::function<Task<>(Job&)> work) {
    if (closing_) throw Error(Errc::unavailable, "the daemon is stopping");
    auto number = ++last_;
    api::ObjectPath path(std::string(job_prefix) + std::to_string(number));
    std::shared_ptr<Job> job(
        new Job(events_, executor_, std::move(path), std::move(operation), std::move(domain), std::move(requester)));
    jobs_[number] = job;
    api::Event added;
    added.kind = api::Event::Kind::object_added;
    added.interface = &api::interface_of("Job");
    added.object = job->path;
    events_.emit(std::move(added));
    events_.emit(api::manager_job_added(job->path, job->operation, job->domain));
    if (changed) changed(job->domain);
    running_.spawn(run(job, std::move(work)));
    return job;
}

Task<> Jobs::run(std::shared_ptr<Job> job, std::function<Task<>(Job&)> work) {
    // A group of its own, so that this one job can be cancelled. The failure is kept here: it is the job's result.
    auto guarded = [](std::shared_ptr<Job> j, std::function<Task<>(Job&)> w) -> Task<> {
        try {
            co_await w(*j);
        } catch (...) {
            j->error_ = current_error(std::current_exception());
        }
        j->state_ = !j->error_                             ? api::JobState::succeeded
                    : j->error_->code() == Errc::cancelled ? api::JobState::cancelled
                                                           : api::JobState::failed;
    };
    job->task_->spawn(guarded(job, std::move(work)));
    co_await job->task_->join();
    if (job->state_ == api::JobState::running) {  // cancelled before it had begun
        job->error_ = Error(Errc::cancelled, "the job was cancelled");
        job->state_ = api::JobState::cancelled;
    }
    job->end_ = Clock::now();
    job->finished_.notify_all();
    if (changed) changed(job->domain);
    api::json::object changes;
    changes["State"] = api::to_string(job->state_);
    changes["Progress"] = job->progress();
    events_.emit(api::job_properties_changed(job->path, std::move(changes)));
    auto error = job->error_ ? api::error_details(*job->error_) : api::json::object();
    events_.emit(api::job_finished(job->path, job->state_, std::move(error)));
    forgetting_.spawn(forget_later(job));
    while (jobs_.size() > kept_at_most && jobs_.begin()->second->end_) forget(jobs_.begin()->second);
}

Task<> Jobs::forget_later(std::shared_ptr<Job> job) {
    co_await sleep_for(kept_for);
    forget(job);
}

void Jobs::forget(const std::shared_ptr<Job>& job) {
    auto keep = job;
    std::erase_if(jobs_, [&](auto& entry) { return entry.second == keep; });
    events_.emit(api::manager_job_removed(keep->path));
    api::Event removed;
    removed.kind = api::Event::Kind::object_removed;
    removed.interface = &api::interface_of("Job");
    removed.object = keep->path;
    events_.emit(std::move(removed));
}

std::shared_ptr<Job> Jobs::find(std::string_view path) const {
    if (path.starts_with(job_prefix)) path.remove_prefix(job_prefix.size());
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), number);
    if (error != std::errc() || end != path.data() + path.size()) return nullptr;
    auto found = jobs_.find(number);
    return found == jobs_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Job>> Jobs::all() const {
    std::vector<std::shared_ptr<Job>> list;
    for (auto& [number, job] : jobs_) list.push_back(job);
    return list;
}

std::shared_ptr<Job> Jobs::working_on(const api::ObjectPath& domain) const {
    for (auto it = jobs_.rbegin(); it != jobs_.rend(); ++it)
        if (it->second->state_ == api::JobState::running && it->second->domain == domain) return it->second;
    return nullptr;
}

void Jobs::cancel(Job& job) {
    if (job.state_ == api::JobState::running) job.task_->cancel();
}

Task<> Jobs::wait(std::shared_ptr<Job> job) {
    while (!job->end_) co_await job->finished_.wait();
}

Task<> Jobs::close() {
    closing_ = true;
    forgetting_.cancel();
    for (auto& [number, job] : jobs_) cancel(*job);
    co_await running_.join();
    co_await forgetting_.join();
}

}  // namespace vireo::service
