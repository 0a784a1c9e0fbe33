// SPDX-License-Identifier: LGPL-2.1-or-later
// A server on a thread of its own with a table of methods made for these tests, and clients with blocking sockets.
#pragma once
#include "rpc/listen.hpp"
#include "rpc/server.hpp"
#include "support/async_mutex.hpp"
#include "tests/support/folder.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json.hpp>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

namespace vireo::api {

// Takes the place of the generated one: this program has its own table (fake.cpp), so that the generated one is not
// linked in.
struct Services {
    std::atomic<int> waiting = 0, holding = 0, cancelled = 0, finished = 0, echoed = 0, closed = 0;
    std::atomic<bool> released = false;  // lets Test.Hold and Test.Wait go on
    std::vector<Session::Handle> watches;
};

}  // namespace vireo::api

namespace vireo::test {
namespace json = boost::json;

// Polls, since the condition becomes true on another thread or in another process.
template <class Condition>
bool eventually(Condition condition) {
    auto limit = Clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (Clock::now() > limit) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

class Client {
public:
    explicit Client(const std::filesystem::path& path);
    void send(std::string_view text, std::vector<int> descriptors = {});
    std::optional<std::string> line();       // nothing: the server hung up
    json::value ask(std::string_view text);  // sends a line, reads one
    std::string rest();                      // all until the server hangs up
    void end_sending();
    void close() { fd.reset(); }

    UniqueFd fd;
    std::vector<UniqueFd> received;

private:
    bool fill();
    std::string buffer_;
};

class Harness {
public:
    explicit Harness(rpc::Limits limits = rpc::Limits(), bool ask_first = false);
    ~Harness();
    Client connect() const { return Client(path); }
    void emit(std::string text, std::string object = {});  // Test.Happened, or Thing.Happened of this object
    void stop();
    template <class F>
    auto on_loop(F work) -> decltype(work()) {
        std::packaged_task<decltype(work())()> task(std::move(work));
        auto result = task.get_future();
        asio::post(loop_, [&] { task(); });
        return result.get();
    }

    Folder folder;
    std::filesystem::path path = folder / "socket";
    api::Services services;
    api::Events events;

private:
    boost::asio::io_context loop_{1};
    std::optional<api::Dispatcher> dispatcher_;
    std::optional<rpc::Server> server_;
    asio::cancellation_signal stop_;
    std::thread thread_;

public:
    std::size_t connections() {
        return on_loop([this] { return server_->connections(); });
    }
};

}  // namespace vireo::test
