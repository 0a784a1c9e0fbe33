// SPDX-License-Identifier: LGPL-2.1-or-later
#include "api/dispatcher.hpp"

#include "api/codec.hpp"
#include "api/types.hpp"
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
    ErrorDetails details;
    details.name = error_prefix + std::string(to_string(error.code()));
    details.message = error.what();
    if (!error.object().empty()) details.object = error.object();
    if (!error.stage().empty()) details.stage = error.stage();
    if (auto causes = error.causes(); !causes.empty()) details.causes = std::move(causes);
    if (!error.hint().empty()) details.hint = error.hint();
    json::object out;
    encode(details, out);
    return out;
}

const Interface& interface_of(std::string_view brief) {
    for (auto& interface : interfaces())
        if (brief == interface.brief) return interface;
    throw Error(Errc::internal, "there is no interface " + std::string(brief));
}

}  // namespace vireo::api
