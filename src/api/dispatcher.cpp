// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/dispatcher.hpp"

#include "api/codec.hpp"
#include "support/log.hpp"

#include <fmt/format.h>

namespace vireo::api {
namespace {

// One line for each call, and the time is only asked for when somebody wants the line.
class Record {
public:
    Record(const Target& target, const Call& call)
        : target_(target), call_(call), wanted_(log::enabled(log::Level::debug)) {
        if (wanted_) begin_ = Clock::now();
    }
    void answered() const {
        if (wanted_)
            log::debug("{}: {}.{} answered after {}", origin(), target_.interface->brief, target_.method->name,
                       duration());
    }
    // Errors are the caller's to read, except for our own faults.
    void failed(const Error& error) const {
        if (error.code() == Errc::internal)
            log::error("{}: {}.{} failed: {}", origin(), target_.interface->brief, target_.method->name, error.what());
        else if (wanted_)
            log::debug("{}: {}.{} refused after {}: {}: {}", origin(), target_.interface->brief, target_.method->name,
                       duration(), to_string(error.code()), error.what());
    }

private:
    std::string_view origin() const { return call_.session ? std::string_view(call_.session->origin()) : "?"; }
    std::string duration() const {
        return fmt::format("{:.3f} ms", std::chrono::duration<double, std::milli>(Clock::now() - begin_).count());
    }
    const Target& target_;
    const Call& call_;
    bool wanted_;
    Clock::time_point begin_;
};

}  // namespace

Dispatcher::Dispatcher(Services& services, Events& events, Authorizer authorizer)
    : services_(services), events_(events), authorizer_(std::move(authorizer)) {
    for (auto& interface : interfaces())
        for (auto& method : interface.methods)
            by_name_.emplace(fmt::format("{}.{}", interface.brief, method.name), Target{&interface, &method});
}

const Target* Dispatcher::find(std::string_view name) const noexcept {
    auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
}

bool Dispatcher::call_now(const Target& target, const Call& call, const ObjectPath& object, const json::object& params,
                          json::object& result) {
    if (!target.method->call_now || !authorizer_.allowed_now(call, target.method->action)) return false;
    Record record(target, call);
    try {
        target.method->call_now(services_, call, object, params, result);
    } catch (...) {
        auto error = current_error(std::current_exception());
        record.failed(error);
        throw error;
    }
    record.answered();
    return true;
}

Task<json::object> Dispatcher::call(Target target, Call call, ObjectPath object, json::object params) {
    Record record(target, call);
    try {
        if (!authorizer_.allowed_now(call, target.method->action))
            co_await authorizer_.ask(call, target.method->action);
        json::object result;
        if (target.method->call_now)
            target.method->call_now(services_, call, object, params, result);
        else
            result = co_await target.method->call(services_, call, std::move(object), std::move(params));
        record.answered();
        co_return result;
    } catch (...) {
        auto error = current_error(std::current_exception());
        record.failed(error);
        throw error;
    }
}

json::object error_details(const Error& error) {
    json::object details;
    details.reserve(7);
    put(details, "name", error_prefix + std::string(to_string(error.code())));
    put(details, "message", std::string(error.what()));
    if (!error.object().empty()) put(details, "object", error.object());
    if (!error.stage().empty()) put(details, "stage", error.stage());
    if (auto causes = error.causes(); !causes.empty()) put(details, "causes", causes);
    if (!error.hint().empty()) put(details, "hint", error.hint());
    if (!error.needs().empty()) put(details, "needs", error.needs());
    return details;
}

}  // namespace vireo::api
