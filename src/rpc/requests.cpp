// SPDX-License-Identifier: LGPL-2.1-or-later
// What becomes of one JSON text.
#include "rpc/session.hpp"

#include <boost/json/monotonic_resource.hpp>

#include <fmt/format.h>

namespace vireo::rpc {

// The answers of a batch, collected until the last is there. The calls share their descriptors, so that the indices in
// the one answer count through all of them.
struct Session::Batch {
    explicit Batch(std::shared_ptr<api::Session> peer) : call(std::move(peer)) { call.incoming(); }
    api::Call call;
    std::string text;
    std::size_t open = 1;  // requests under way, and the reading of the batch itself
    bool holds_events = false;
};

bool Session::is_batch(std::string_view text) noexcept {
    auto first = text.find_first_not_of(" \t");
    return first != text.npos && text[first] == '[';
}

void Session::take_one(std::string_view text) {
    json::monotonic_resource memory(workshop_.memory.data(), workshop_.memory.size());
    auto value = workshop_.parser.parse(text, &memory);
    if (!value) return refuse(nullptr, value.error().id, value.error().code, value.error().error);
    handle(*value, nullptr, text.size());
}

Task<> Session::take_batch(std::string text) {
    json::monotonic_resource memory;  // its own: others use the workshop's while this one yields
    auto value = workshop_.parser.parse(text, &memory);
    if (!value) {
        refuse(nullptr, value.error().id, value.error().code, value.error().error);
        co_return;
    }
    auto& limits = workshop_.limits;
    auto& requests = value->get_array();
    if (requests.empty() || requests.size() > limits.batch) {
        auto message = fmt::format("a batch has 1 to {} requests, not {}", limits.batch, requests.size());
        refuse(nullptr, "null", invalid_request, Error(Errc::invalid_argument, message));
        co_return;
    }
    auto batch = std::make_shared<Batch>(peer_);
    claim_descriptors(batch->call);
    auto share = text.size() / requests.size() + 1;
    auto turn_ends = Clock::now() + limits.turn;
    for (auto& request : requests) {
        bool subscribed = peer_->subscribed();
        handle(request, batch, share);
        if (!subscribed && peer_->subscribed() && !std::exchange(batch->holds_events, true)) hold_events();
        if (Clock::now() < turn_ends) continue;
        co_await yield_now();
        turn_ends = Clock::now() + limits.turn;
    }
    finish_batch(*batch);
}

void Session::handle(json::value& value, const std::shared_ptr<Batch>& batch, std::size_t text_size) {
    auto request = read_request(value);
    if (!request) return refuse(batch, request.error().id, request.error().code, request.error().error);
    if (batch && batch->text.size() > workshop_.limits.batch_answer) {
        auto message = fmt::format("the batch's answer is longer than {} bytes already", workshop_.limits.batch_answer);
        return refuse(batch, request->id, Error(Errc::limit_exceeded, message));
    }
    if (auto* target = workshop_.dispatcher.find(request->method)) return dispatch(*target, *request, batch, text_size);
    if (request->method == "rpc.discover") {
        if (request->id.empty()) return;
        auto& out = begin_answer(batch);
        auto begin = out.size();
        AnswerWriter::raw_result(out, request->id, api::openrpc_document());
        return end_answer(batch, begin, request->id);
    }
    auto error = Error(Errc::not_found, fmt::format("there is no method '{:.100}'", request->method));
    refuse(batch, request->id, method_not_found, error.with_hint("rpc.discover describes every method"));
}

void Session::dispatch(const api::Target& target, Request& request, const std::shared_ptr<Batch>& batch,
                       std::size_t text_size) {
    try {
        auto call = batch ? batch->call : api::Call(peer_);
        if (!batch) claim_descriptors(call);
        auto arguments = read_arguments(target, request, workshop_.dispatcher.services());
        if (target.method->call_now) {
            json::object result(arguments.params.storage());
            if (workshop_.dispatcher.call_now(target, call, arguments.object, arguments.params, result))
                return answer(batch, request.id, call, result);
        }
        call.incoming();  // copies share the descriptors only once there is a list of them
        auto work_item = std::make_unique<Work>(target, std::move(call));
        work_item->object = std::move(arguments.object);
        work_item->params = arguments.params;  // out of the memory of the text
        work_item->id = request.id;
        work_item->batch = batch;
        work_item->text_size = text_size;
        work_item->subscribes = std::string_view(target.method->name) == "Subscribe";
        if (work_item->subscribes) hold_events();
        if (batch) ++batch->open;
        ++in_flight_;
        in_flight_bytes_ += text_size;
        bool waits = std::string_view(target.method->action) == "org.vireo1.read";
        (waits ? waits_ : changes_).spawn(work(std::move(work_item)));
    } catch (...) {
        refuse(batch, request.id, current_error(std::current_exception()));
    }
}

Task<> Session::work(std::unique_ptr<Work> request) {
    try {
        auto& r = *request;
        auto result = co_await workshop_.dispatcher.call(r.target, r.call, std::move(r.object), std::move(r.params));
        answer(r.batch, r.id, r.call, result);
    } catch (...) {
        refuse(request->batch, request->id, current_error(std::current_exception()));
    }
    end_work(*request);
}

void Session::end_work(const Work& request) {
    if (request.batch) finish_batch(*request.batch);
    if (request.subscribes) release_events();
    --in_flight_;
    in_flight_bytes_ -= request.text_size;
    more_output_.notify_all();
    room_.notify_all();
    settle();
}

std::string& Session::begin_answer(const std::shared_ptr<Batch>& batch) {
    auto& out = batch ? batch->text : output_.text();
    if (batch) out += out.empty() ? '[' : ',';
    return out;
}

void Session::end_answer(const std::shared_ptr<Batch>& batch, std::size_t begin, std::string_view id) {
    auto& out = batch ? batch->text : output_.text();
    auto limit = workshop_.limits.longest_answer;
    if (out.size() - begin > limit) {
        out.resize(begin);
        auto error = Error(Errc::limit_exceeded, fmt::format("the answer is longer than {} bytes", limit));
        workshop_.writer.error(out, id, rpc_code(error.code()), error.with_hint("ask for less at once"));
    }
    if (batch) return;
    out += '\n';
    largest_answer_ = std::max(largest_answer_, out.size() - begin);
}

void Session::answer(const std::shared_ptr<Batch>& batch, std::string_view id, const api::Call& call,
                     const json::object& result) {
    if (cut_off_ || id.empty()) return;
    auto& out = begin_answer(batch);
    auto begin = out.size();
    workshop_.writer.result(out, id, result);
    end_answer(batch, begin, id);
    if (!batch && call.has_outgoing()) output_.attach(begin, std::move(call.outgoing()));
}

void Session::refuse(const std::shared_ptr<Batch>& batch, std::string_view id, int code, const Error& error) {
    if (cut_off_ || id.empty()) return;
    auto& out = begin_answer(batch);
    auto begin = out.size();
    workshop_.writer.error(out, id, code, error);
    end_answer(batch, begin, id);
}

void Session::refuse(const std::shared_ptr<Batch>& batch, std::string_view id, const Error& error) {
    refuse(batch, id, rpc_code(error.code()), error);
}

void Session::finish_batch(Batch& batch) {
    if (--batch.open) return;
    if (!batch.text.empty() && !cut_off_) {
        auto& out = output_.text();
        auto begin = out.size();
        out += batch.text;
        out += "]\n";
        largest_answer_ = std::max(largest_answer_, out.size() - begin);
        if (batch.call.has_outgoing()) output_.attach(begin, std::move(batch.call.outgoing()));
    }
    if (batch.holds_events) release_events();
}

void Session::claim_descriptors(api::Call& call) {
    // those that came with a message whose last byte is before where the next text begins
    while (!arrived_.empty() && arrived_.front().position <= input_.position()) {
        auto& incoming = call.incoming();
        for (auto& descriptor : arrived_.front().descriptors) incoming.push_back(std::move(descriptor));
        arrived_.pop_front();
    }
}

}  // namespace vireo::rpc
