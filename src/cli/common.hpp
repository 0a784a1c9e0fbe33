// SPDX-License-Identifier: LGPL-2.1-or-later
// What several verbs need.
#pragma once
#include "api/proxies.hpp"
#include "cli/verb.hpp"

namespace vireo::cli {

std::string state_text(api::DomainState state);                           // libvirt's words: "shut off"
std::string json_name(std::string_view path);                             // "/org/vireo1/job/3" → "3"
api::DomainSummary summary_of(Context& context, const std::string& key);  // by UUID, name or number
std::string read_input(const std::string& file, std::size_t limit);       // "-": standard input
bool looks_like_json(std::string_view document);

template <class T>
json::value as_json(const T& value) {
    json::object out;
    encode(value, out);
    return out;
}
template <class T>
json::value as_json(const std::vector<T>& values) {
    json::array out;
    for (auto& value : values) out.push_back(as_json(value));
    return out;
}

// Follows jobs, telling their stages as they begin and end when --verbose asks for it. Make it before the job.
class JobWatch {
public:
    explicit JobWatch(Context& context);
    ~JobWatch();
    JobWatch(const JobWatch&) = delete;
    JobWatch& operator=(const JobWatch&) = delete;
    // Until the job's end; throws its error. With a limit: Error(timeout), and the job goes on.
    api::JobInfo wait(const api::ObjectPath& job, std::optional<std::uint64_t> limit_usec = {});

private:
    void tell(const json::object& params) const;
    void show_timeline(const std::string& job) const;
    Context& context_;
    std::string job_;
    std::vector<json::object> early_;  // stages told before the job's path was known
};

// The whole of a verb that starts a job: waits unless --no-wait, says the sentence.
int finish_job(Context& context, JobWatch& watch, const api::ObjectPath& job, std::string_view sentence);

std::optional<std::uint64_t> if_revision(const Context& context);
inline constexpr Option if_revision_option = {"if-revision", "N", Kind::number,
                                              "Refuse unless the domain is still at this revision."};

// The console of a domain as a session of this terminal; see vireo(1).
struct ConsoleSession {
    std::string domain, device;
    char escape = 0x1d;
    std::optional<std::string> until;
    std::optional<Clock::time_point> deadline;
};
ConsoleSession console_session(const Context& context, std::string domain);  // from the options
int run_console(Context& context, UniqueFd console, const ConsoleSession& session);

// The texts that completion.cpp and manual.cpp make from the table.
int exit_code(const Error& error);

}  // namespace vireo::cli
