// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/common.hpp"

#include "api/codec.hpp"
#include "cli/interrupt.hpp"
#include "cli/table.hpp"
#include "support/file.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

namespace vireo::cli {

std::string state_text(api::DomainState state) {
    if (state == api::DomainState::pm_suspended) return "pmsuspended";
    std::string text(to_string(state));
    std::replace(text.begin(), text.end(), '-', ' ');
    return text;
}

std::string json_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

api::DomainSummary summary_of(Context& context, const std::string& key) {
    api::ManagerClient manager(context.connection());
    auto path = manager.lookup_domain(key);
    for (auto& domain : manager.list_domains())
        if (domain.domain == path) return domain;
    throw Error(Errc::not_found, "the domain '" + key + "' has just gone");
}

std::string read_input(const std::string& file, std::size_t limit) {
    if (file == "-") return take(read_fd(STDIN_FILENO, "standard input", limit));
    auto content = read_file(file, limit);
    if (!content) throw content.error().wrap("cannot read '" + file + "'");
    return std::move(*content);
}

bool looks_like_json(std::string_view document) {
    auto first = document.find_first_not_of(" \t\r\n");
    return first != document.npos && document[first] == '{';
}

std::optional<std::uint64_t> if_revision(const Context& context) {
    return context.arguments.number("if-revision");
}

int exit_code(const Error& error) {
    switch (error.code()) {
        case Errc::not_found:
            return Exit::not_found;
        case Errc::invalid_state:
        case Errc::busy:
        case Errc::conflict:
        case Errc::needs_confirmation:
        case Errc::not_applicable:
            return Exit::wrong_state;
        case Errc::access_denied:
            return Exit::denied;
        case Errc::unavailable:
            return Exit::no_connection;
        case Errc::timeout:
            return Exit::timed_out;
        default:
            return Exit::failed;
    }
}

JobWatch::JobWatch(Context& context) : context_(context) {
    if (!context.verbose()) return;
    context.connection().on_event([this](std::string_view method, const json::object& params) {
        if (method != "Job.StageChanged") return;
        if (job_.empty())
            early_.push_back(params);
        else
            tell(params);
    });
    api::ManagerClient(context.connection()).subscribe();
}

JobWatch::~JobWatch() {
    if (context_.verbose()) context_.connection().on_event({});
}

void JobWatch::tell(const json::object& params) const {
    auto* job = params.if_contains("job");
    auto* stage = params.if_contains("stage");
    if (!job || !stage || *job != json::value(job_)) return;
    api::JobStage s;
    decode(*stage, s, api::Where("stage", api::Where::Side::answer));
    if (s.state == api::StageState::running)
        context_.warn(fmt::format("  {:<20} …", s.name));
    else
        context_.warn(fmt::format("  {:<20} {} after {}", s.name, to_string(s.state), duration_text(s.duration_usec)));
}

void JobWatch::show_timeline(const std::string& job) const {
    constexpr std::uint64_t columns = 40;
    auto info = api::JobClient(context_.connection(), job).get_info();
    if (info.stages.empty()) return;
    context_.warn(
        fmt::format("{}: {} in {}", info.operation, to_string(info.state), duration_text(info.duration_usec)));
    auto whole = std::max<std::uint64_t>(1, info.duration_usec);
    for (auto& stage : info.stages) {
        auto from = std::min(columns - 1, stage.begin_usec * columns / whole);
        auto length = std::clamp<std::uint64_t>(stage.duration_usec * columns / whole, 1, columns - from);
        context_.warn(fmt::format("  {:<20} {:>10}  |{}{}{}|", stage.name, duration_text(stage.duration_usec),
                                  std::string(from, ' '), std::string(length, '#'),
                                  std::string(columns - from - length, ' ')));
    }
}

api::JobInfo JobWatch::wait(const api::ObjectPath& job, std::optional<std::uint64_t> limit_usec) {
    job_ = job.value;
    for (auto& params : early_) tell(params);
    early_.clear();
    api::WaitOptions options;
    options.timeout_usec = limit_usec;
    std::exception_ptr failure;
    api::JobInfo info;
    try {
        info = api::JobClient(context_.connection(), job.value).wait(options);
    } catch (const Error&) {
        failure = std::current_exception();
    } catch (const Interrupted&) {
        auto number = json_name(job.value);
        context_.warn(
            fmt::format("interrupted; the work goes on: 'vireo job show {}', 'vireo job cancel {}'", number, number));
        throw;
    }
    if (context_.verbose()) show_timeline(job.value);
    if (failure) std::rethrow_exception(failure);
    return info;
}

int finish_job(Context& context, JobWatch& watch, const api::ObjectPath& job, std::string_view sentence) {
    if (context.has("no-wait")) {
        if (context.json())
            context.print_json(as_json(api::JobClient(context.connection(), job.value).get_info()));
        else
            context.say("Job " + json_name(job.value) + " is under way");
        return Exit::success;
    }
    auto info = watch.wait(job);
    if (context.json()) context.print_json(as_json(info));
    context.say(sentence);
    return Exit::success;
}

}  // namespace vireo::cli
