// SPDX-License-Identifier: LGPL-2.1-or-later
// Events and jobs.
#include "cli/common.hpp"
#include "cli/groups.hpp"
#include "cli/table.hpp"

#include <boost/json/serialize.hpp>

#include <charconv>
#include <cstdio>
#include <fmt/format.h>

namespace vireo::cli {
namespace {

std::string plain(const json::value& value) {
    if (auto* text = value.if_string()) return {text->data(), text->size()};
    if (auto* object = value.if_object()) {  // a stage: "(name=launch state=done …)"
        std::string out;
        for (auto& [key, member] : *object)
            out +=
                (out.empty() ? "(" : " ") + std::string(std::string_view(key.data(), key.size())) + "=" + plain(member);
        return out.empty() ? "-" : out + ")";
    }
    if (auto* number = value.if_double()) return fmt::format("{}", *number);
    return json::serialize(value);
}

class Printer {
public:
    explicit Printer(Context& context) : context_(context), left_(context.arguments.number("count")) {
        if (context.arguments.operands().empty()) return;
        path_ = api::ManagerClient(context.connection()).lookup_domain(context.operand(0)).value;
    }
    bool done() const { return left_ && *left_ == 0; }

    void print(std::string_view name, const json::object& params) {
        if (done() || !wanted(params)) return;
        if (left_) --*left_;
        if (context_.json()) {
            json::object line{{"event", json::string_view(name.data(), name.size())}, {"params", params}};
            context_.print(json::serialize(line) + "\n");
        } else {
            context_.print(printable(text(name, params)) + "\n");
        }
        std::fflush(stdout);
    }

private:
    bool wanted(const json::object& params) const {
        if (path_.empty()) return true;
        auto* domain = params.if_contains("domain");
        return domain && *domain == json::value(path_);
    }
    std::string text(std::string_view name, const json::object& params) const {
        std::string out;
        auto* stamp = params.if_contains("stamp");
        auto* fields = stamp ? stamp->if_object() : nullptr;
        auto* time = fields ? fields->if_contains("time-usec") : nullptr;
        if (context_.has("timestamp") && time && time->is_number())
            out += time_text(time->to_number<std::uint64_t>()) + "  ";
        auto* epoch = fields ? fields->if_contains("epoch") : nullptr;
        auto* sequence = fields ? fields->if_contains("sequence") : nullptr;
        if (context_.has("position") && epoch && sequence) out += plain(*epoch) + ":" + plain(*sequence) + "  ";
        out += name;
        for (auto& [key, value] : params) {
            auto label = std::string_view(key.data(), key.size());
            if (label == "stamp") continue;
            out += label == "domain" || label == "job" ? " " + json_name(plain(value))
                                                       : fmt::format(" {}={}", label, plain(value));
        }
        return out;
    }

    Context& context_;
    std::optional<std::uint64_t> left_;
    std::string path_;  // only what is about this domain; empty: everything
};

api::EventPosition position_of(const std::string& text, const Verb* verb) {
    api::EventPosition position;
    auto colon = text.rfind(':');
    auto digits = colon == text.npos ? std::string() : text.substr(colon + 1);
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), position.sequence);
    if (colon == 0 || error != std::errc() || end != digits.data() + digits.size())
        throw UsageError{"--since is EPOCH:SEQUENCE, not '" + text + "'", verb};
    position.epoch = text.substr(0, colon);
    return position;
}

std::string short_name(const api::PastEvent& event) {
    constexpr std::string_view prefix = "org.vireo1.";
    auto name = event.interface.starts_with(prefix) ? event.interface.substr(prefix.size()) : event.interface;
    return name + "." + event.signal;
}

void print_missed(Printer& printer, const api::Subscription& subscription) {
    for (auto& event : subscription.missed) {
        auto params = event.arguments;
        auto name = short_name(event);
        if (name.starts_with("Domain.")) params["domain"] = event.object.value;
        if (name.starts_with("Job.")) params["job"] = event.object.value;
        printer.print(name, params);
    }
}

int events(Context& context) {
    auto limit = context.arguments.microseconds("timeout");
    std::optional<Clock::time_point> deadline;
    if (limit) deadline = Clock::now() + std::chrono::microseconds(*limit);
    auto since = context.arguments.value("since");
    api::SubscribeOptions options;
    if (since) options.since = position_of(*since, context.arguments.verb());

    Printer printer(context);
    context.connection().on_event(
        [&](std::string_view name, const json::object& params) { printer.print(name, params); });
    auto subscription = api::ManagerClient(context.connection()).subscribe(options);
    if (subscription.gap)
        context.warn(
            "warning: not all events since then are known any more; take a fresh look with 'vireo list --all'");
    print_missed(printer, subscription);
    if (context.has("position") && !context.has("quiet"))
        context.warn(fmt::format("at {}:{}", subscription.position.epoch, subscription.position.sequence));
    bool follow = !since || context.has("follow") || context.has("count") || deadline;
    while (follow && !printer.done())
        if (!context.connection().wait_event(deadline)) return context.has("count") ? Exit::timed_out : Exit::success;
    return Exit::success;
}

// --- jobs ---

int list_jobs(Context& context) {
    api::ManagerClient manager(context.connection());
    auto jobs = manager.list_jobs();
    if (context.has("running")) std::erase_if(jobs, [](auto& job) { return job.state != api::JobState::running; });
    if (context.json()) return context.print_json(as_json(jobs)), Exit::success;
    std::map<std::string, std::string> names;
    for (auto& domain : manager.list_domains()) names[domain.domain.value] = domain.name;
    Table table({"Job", "Operation", "Domain", "State", "Took", "Phase"});
    for (auto& job : jobs) {
        auto name = names.find(job.domain.value);
        table.add({json_name(job.job.value), job.operation,
                   name == names.end() ? json_name(job.domain.value) : name->second, std::string(to_string(job.state)),
                   duration_text(job.duration_usec), job.phase});
    }
    context.print(table.text());
    return Exit::success;
}

int show_job(Context& context) {
    auto job = api::JobClient(context.connection(), context.operand(0)).get_info();
    if (context.json()) return context.print_json(as_json(job)), Exit::success;
    Facts facts;
    facts.add("Job", json_name(job.job.value));
    facts.add("Operation", job.operation);
    facts.add("Domain", json_name(job.domain.value));
    facts.add("State", to_string(job.state));
    facts.add("Phase", job.phase);
    facts.add("Progress", fmt::format("{:.0f} %", job.progress * 100));
    facts.add("Requester", job.requester);
    facts.add("Started", time_text(job.start_usec));
    facts.add("Took", duration_text(job.duration_usec));
    if (job.error) facts.add("Error", job.error->message);
    if (job.error && job.error->hint) facts.add("Hint", *job.error->hint);
    context.print(facts.text());
    if (job.stages.empty()) return Exit::success;
    Table stages({"Stage", "State", "Began after", "Took"});
    for (auto& stage : job.stages)
        stages.add({stage.name, std::string(to_string(stage.state)), duration_text(stage.begin_usec),
                    duration_text(stage.duration_usec)});
    context.print("\n" + stages.text());
    return Exit::success;
}

int wait_job(Context& context) {
    JobWatch watch(context);
    auto path = api::JobClient(context.connection(), context.operand(0)).get_info().job;
    auto info = watch.wait(path, context.arguments.microseconds("timeout"));
    if (context.json()) context.print_json(as_json(info));
    context.say("Job " + json_name(path.value) + " " + std::string(to_string(info.state)));
    return Exit::success;
}

int cancel_job(Context& context) {
    api::JobClient(context.connection(), context.operand(0)).cancel();
    context.say("Job " + context.operand(0) + " was asked to stop");
    return Exit::success;
}

const Operand maybe_domain[] = {{"DOMAIN", Kind::domain, false}};
const Operand job_operand[] = {{"JOB", Kind::job, true}};
const Option event_options[] = {
    {"since", "EPOCH:SEQUENCE", Kind::text,
     "First what happened after this position, and end there unless told to follow."},
    {"follow", nullptr, Kind::none, "Go on until interrupted; the default without --since."},
    {"count", "N", Kind::number, "End after so many events."},
    {"timeout", "SECONDS", Kind::number, "End after this time; with --count that is a failure (exit status 7)."},
    {"timestamp", nullptr, Kind::none, "Show when each happened."},
    {"position", nullptr, Kind::none, "Show the position of each, for --since."},
};
const Option list_options[] = {{"running", nullptr, Kind::none, "Only those under way."}};
const Option wait_options[] = {{"timeout", "SECONDS", Kind::number, "At most so long; the job goes on after it."}};
const Verb verbs[] = {
    {"events", "event", "Show what happens as it happens",
     "With a domain: only what is about it. With --json one object per line.", maybe_domain, event_options, events},
    {"job list",
     nullptr,
     "List jobs",
     "Those under way, and for a while those that ended.",
     {},
     list_options,
     list_jobs},
    {"job show", nullptr, "Show a job and its stages", "", job_operand, {}, show_job},
    {"job wait", nullptr, "Wait for a job's end", "Fails with the job's error when the job failed.", job_operand,
     wait_options, wait_job},
    {"job cancel", nullptr, "Ask a job to stop and to undo what it did", "", job_operand, {}, cancel_job},
};

}  // namespace

Group watch_group() {
    return {"Events and jobs", verbs};
}

}  // namespace vireo::cli
