// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/jobs.hpp"

#include "support/rollback.hpp"
#include "support/timeout.hpp"
#include "tests/support/async.hpp"

using namespace vireo;
using namespace std::chrono_literals;
using service::Job;
using service::Jobs;

namespace {

const api::ObjectPath some_domain("/org/vireo1/domain/x");

// What the clients heard, as "Interface.Signal".
struct Heard {
    explicit Heard(api::Events& events) {
        handle = events.listen([this](const api::Event& event) {
            if (event.kind == api::Event::Kind::signal)
                names.push_back(std::string(event.interface->brief) + "." + event.signal->name);
        });
    }
    std::size_t count(const std::string& name) const {
        return static_cast<std::size_t>(std::count(names.begin(), names.end(), name));
    }
    std::vector<std::string> names;
    api::Events::Handle handle;
};

}  // namespace

ASYNC_TEST(a_job_succeeds_and_stays_known_with_its_timeline) {
    api::Events events;
    Heard heard(events);
    Jobs jobs(co_await asio::this_coro::executor, events);
    auto work = [](Job& job) -> Task<> {
        job.expect(2);
        co_await domain::stage(job, "one", sleep_for(2ms));
        BOOST_TEST(job.progress() == 0.5);
        co_await domain::stage(job, "two", sleep_for(1ms));
    };
    auto job = jobs.start("start", some_domain, "somebody", work);
    BOOST_TEST((jobs.working_on(some_domain) == job));
    co_await jobs.wait(job);
    BOOST_TEST((jobs.working_on(some_domain) == nullptr));
    auto info = job->info();
    BOOST_TEST((info.state == api::JobState::succeeded));
    BOOST_TEST(info.progress == 1.0);
    BOOST_TEST(info.requester == "somebody");
    BOOST_REQUIRE(info.stages.size() == 2u);
    BOOST_TEST(info.stages[0].name == "one");
    BOOST_TEST((info.stages[1].state == api::StageState::done));
    BOOST_TEST(info.stages[0].duration_usec >= 2000u);
    BOOST_TEST((jobs.find(job->path.value) == job));
    BOOST_TEST((jobs.find("1") == job));
    BOOST_TEST((jobs.find("1x") == nullptr));
    BOOST_TEST(heard.count("Manager.JobAdded") == 1u);
    BOOST_TEST(heard.count("Job.StageChanged") == 4u);
    BOOST_TEST(heard.names.back() == "Job.Finished");
    co_await jobs.close();
}

ASYNC_TEST(a_failed_job_carries_its_error_with_stage_and_hint) {
    api::Events events;
    Jobs jobs(co_await asio::this_coro::executor, events);
    auto breaks = []() -> Task<> {
        co_await sleep_for(1ms);
        throw Error(Errc::system_failed, "no space left").with_hint("free some space");
    };
    auto work = [breaks](Job& job) -> Task<> { co_await domain::stage(job, "firmware", breaks()); };
    auto job = jobs.start("start", some_domain, "somebody", work);
    co_await jobs.wait(job);
    auto info = job->info();
    BOOST_TEST((info.state == api::JobState::failed));
    BOOST_REQUIRE(info.error.has_value());
    BOOST_TEST(info.error->name == "org.vireo1.Error.SystemFailed");
    BOOST_TEST(info.error->stage.value_or("") == "firmware");
    BOOST_TEST(info.error->hint.value_or("") == "free some space");
    BOOST_TEST((info.stages.at(0).state == api::StageState::failed));
    co_await jobs.close();
}

ASYNC_TEST(cancelling_undoes_and_ends_the_job) {
    api::Events events;
    Jobs jobs(co_await asio::this_coro::executor, events);
    bool undone = false;
    auto work = [&undone](Job& job) -> Task<> {
        auto body = [&](Rollback& rollback) -> Task<> {
            auto undo = [&undone]() -> Task<> {
                co_await sleep_for(1ms);
                undone = true;
            };
            rollback.add("it", undo);
            co_await domain::stage(job, "long", sleep_for(1h));
        };
        co_await transaction(body);
    };
    auto job = jobs.start("start", some_domain, "somebody", work);
    while (job->phase() != "long") co_await yield_now();
    jobs.cancel(*job);
    co_await with_timeout(jobs.wait(job), 10s, "the end");
    BOOST_TEST(undone);
    BOOST_TEST((job->state() == api::JobState::cancelled));
    BOOST_TEST((job->info().stages.at(0).state == api::StageState::cancelled));
    jobs.cancel(*job);  // one that has ended is left as it is
    BOOST_TEST((job->state() == api::JobState::cancelled));
    co_await jobs.close();
}

ASYNC_TEST(a_job_cancelled_before_it_began_is_cancelled_too) {
    api::Events events;
    Jobs jobs(co_await asio::this_coro::executor, events);
    auto work = [](Job&) -> Task<> { co_await sleep_for(1h); };
    auto job = jobs.start("start", some_domain, "somebody", work);
    jobs.cancel(*job);
    co_await with_timeout(jobs.wait(job), 10s, "the end");
    BOOST_TEST((job->state() == api::JobState::cancelled));
    co_await jobs.close();
}

ASYNC_TEST(closing_cancels_what_runs_and_refuses_what_comes) {
    api::Events events;
    Jobs jobs(co_await asio::this_coro::executor, events);
    auto work = [](Job&) -> Task<> { co_await sleep_for(1h); };
    auto job = jobs.start("start", some_domain, "somebody", work);
    co_await with_timeout(jobs.close(), 10s, "the end");
    BOOST_TEST((job->state() == api::JobState::cancelled));
    CHECK_ERROR(jobs.start("start", some_domain, "somebody", work), Errc::unavailable);
}

ASYNC_TEST(only_so_many_ended_jobs_are_kept) {
    api::Events events;
    Heard heard(events);
    Jobs jobs(co_await asio::this_coro::executor, events);
    auto work = [](Job&) -> Task<> { co_return; };
    std::shared_ptr<Job> last;
    for (std::size_t i = 0; i < Jobs::kept_at_most + 20; ++i) {
        last = jobs.start("start", some_domain, "somebody", work);
        co_await jobs.wait(last);
    }
    while (jobs.all().size() > Jobs::kept_at_most) co_await yield_now();
    BOOST_TEST(jobs.all().size() == Jobs::kept_at_most);
    BOOST_TEST((jobs.all().back() == last));
    BOOST_TEST(heard.count("Manager.JobRemoved") == 20u);
    co_await jobs.close();
}
