// SPDX-License-Identifier: LGPL-2.1-or-later
// One client's connection. Texts are answered as their requests finish: reads at once, while the loop looks at the
// text, everything else as a coroutine beside the others.
//
// When the client hangs up, what it waits for is cancelled (methods whose action is org.vireo1.read, such as Job.Wait);
// a change that has begun is finished, and its answer dropped. A client that only ended its own sending (shutdown(2),
// socat, nc -N) still gets its answers. A last line without a line's end counts.
//
// Descriptors that a client sends belong to the request that holds the last byte of the message they came with: send
// such a request in a message of its own. Descriptors that it is sent come with the first byte of their answer.
#pragma once
#include "api/dispatcher.hpp"
#include "rpc/framing.hpp"
#include "rpc/limits.hpp"
#include "rpc/output.hpp"
#include "rpc/protocol.hpp"
#include "support/notifier.hpp"
#include "support/task_group.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <memory>

namespace vireo::rpc {

// What a user's connections cost together.
struct Account {
    std::size_t connections = 0, bytes = 0;
};

// What the sessions of one server share; used only between two suspensions.
struct Workshop {
    Workshop(api::Dispatcher& d, Limits l) : dispatcher(d), limits(l) {}
    api::Dispatcher& dispatcher;
    const Limits limits;
    TextParser parser;
    AnswerWriter writer;
    alignas(16) std::array<unsigned char, 32u << 10> memory;  // for the values of one request
};

class Session {
public:
    Session(const Executor& executor, UniqueFd socket, std::shared_ptr<api::Session> peer, Workshop& workshop,
            Account& account);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    Task<> run();                              // until the connection has ended and nothing of it is left
    void tell(std::string_view notification);  // queues it; who does not read is cut off
    bool subscribed() const noexcept { return peer_->subscribed(); }

private:
    struct Batch;

    Task<> read_loop();
    Task<> finish_answers();
    Task<> write_loop();
    Task<> watch_hang_up();
    Task<bool> fill();  // reads what there is; false: the end
    bool may_take() const noexcept;

    static bool is_batch(std::string_view text) noexcept;
    void take_one(std::string_view text);
    Task<> take_batch(std::string text);
    void handle(json::value& value, const std::shared_ptr<Batch>& batch, std::size_t text_size);
    void dispatch(const api::Target& target, Request& request, const std::shared_ptr<Batch>& batch,
                  std::size_t text_size);
    // A request that takes its time.
    struct Work {
        Work(const api::Target& t, api::Call c) : target(t), call(std::move(c)) {}
        api::Target target;
        api::Call call;
        api::ObjectPath object;
        json::object params;
        std::string id;
        std::shared_ptr<Batch> batch;
        std::size_t text_size = 0;
        bool subscribes = false;
    };
    Task<> work(std::unique_ptr<Work> request);
    void end_work(const Work& request);

    // Where answers go: the batch's text or the output. An empty id is a notification's: nothing is written.
    void answer(const std::shared_ptr<Batch>& batch, std::string_view id, const api::Call& call,
                const json::object& result);
    void refuse(const std::shared_ptr<Batch>& batch, std::string_view id, int code, const Error& error);
    void refuse(const std::shared_ptr<Batch>& batch, std::string_view id, const Error& error);
    std::string& begin_answer(const std::shared_ptr<Batch>& batch);
    void end_answer(const std::shared_ptr<Batch>& batch, std::size_t begin, std::string_view id);
    void finish_batch(Batch& batch);
    void claim_descriptors(api::Call& call);

    void hold_events() noexcept { ++holders_; }  // until the answer to Subscribe is out
    void release_events();
    bool flush();   // false: it would block, or the connection is broken
    void settle();  // the account, the bounds
    void cut_off(std::string_view why);

    asio::posix::stream_descriptor socket_;
    std::shared_ptr<api::Session> peer_;
    Workshop& workshop_;
    Account& account_;
    LineBuffer input_;
    Output output_;
    std::string held_events_;
    struct Arrived {
        std::uint64_t position;  // of the byte after the message they came with
        std::vector<UniqueFd> descriptors;
    };
    std::deque<Arrived> arrived_;
    Notifier more_output_, room_;
    TaskGroup keepers_, waits_, changes_;
    std::size_t in_flight_ = 0, in_flight_bytes_ = 0, holders_ = 0, charged_ = 0, largest_answer_ = 0;
    bool hung_up_ = false, cut_off_ = false, writer_blocked_ = false;
};

}  // namespace vireo::rpc
