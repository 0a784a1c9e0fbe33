// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/rpc/fake.hpp"

#include "support/error.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/test/unit_test.hpp>

#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

namespace vireo::api {
namespace {

void echo(Services& s, const Call&, const ObjectPath& object, const json::object& params, json::object& result) {
    ++s.echoed;
    result["params"] = params;
    if (!object.value.empty()) result["object"] = object.value;
}
void fail_call(Services&, const Call&, const ObjectPath&, const json::object&, json::object&) {
    throw Error(Errc::busy, "inner").wrap("cannot do it").with_object("web").with_stage("disks").with_hint("wait");
}
void break_call(Services&, const Call&, const ObjectPath&, const json::object&, json::object&) {
    throw std::runtime_error("a fault");
}
void big(Services&, const Call&, const ObjectPath&, const json::object& params, json::object& result) {
    result["text"] = std::string(params.at("size").to_number<std::size_t>(), 'x');
}
void subscribe(Services&, const Call& call, const ObjectPath&, const json::object&, json::object& result) {
    call.session->set_subscribed(true);
    result["subscribed"] = true;
}
void watch_close(Services& s, const Call& call, const ObjectPath&, const json::object&, json::object&) {
    s.watches.push_back(call.session->on_close([&s] { ++s.closed; }));
}
void read_descriptors(Services&, const Call& call, const ObjectPath&, const json::object&, json::object& result) {
    json::array texts;
    auto copy = call;
    for (auto& fd : copy.incoming()) {
        char text[64];
        auto n = ::read(fd.get(), text, sizeof text);
        texts.emplace_back(json::string(text, n > 0 ? static_cast<std::size_t>(n) : 0));
    }
    result["texts"] = std::move(texts);
}
Task<json::object> give(Services&, Call call, ObjectPath, json::object params) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC)) throw system_error(errno, "pipe");
    UniqueFd in(ends[0]), out(ends[1]);
    auto text = params.at("text").as_string();
    (void)!::write(out.get(), text.data(), text.size());
    json::object result;
    result["pipe"] = call.pass(std::move(in));
    co_return result;
}
struct Count {
    explicit Count(Services& s, std::atomic<int>& now) : services(s), counted(now) { ++counted; }
    ~Count() {
        --counted;
        ++(done ? services.finished : services.cancelled);
    }
    Services& services;
    std::atomic<int>& counted;
    bool done = false;
};
Task<json::object> until_released(Services& s, std::atomic<int>& counter, json::object params) {
    Count count(s, counter);
    while (!s.released) co_await sleep_for(std::chrono::milliseconds(1));
    count.done = true;
    co_return params;
}
Task<json::object> hold(Services& s, Call, ObjectPath, json::object params) {
    return until_released(s, s.holding, std::move(params));
}
Task<json::object> wait(Services& s, Call, ObjectPath, json::object params) {
    return until_released(s, s.waiting, std::move(params));
}

constexpr const char *read_action = "org.vireo1.read", *control = "org.vireo1.control";
const Field echo_in[] = {{"first", "s", nullptr, false}, {"second", "s", nullptr, false}};
const Method test_methods[] = {
    {"Echo", read_action, echo_in, {}, echo, nullptr},
    {"Fail", read_action, {}, {}, fail_call, nullptr},
    {"Break", read_action, {}, {}, break_call, nullptr},
    {"Big", read_action, {}, {}, big, nullptr},
    {"Subscribe", read_action, {}, {}, subscribe, nullptr},
    {"WatchClose", read_action, {}, {}, watch_close, nullptr},
    {"ReadDescriptors", read_action, {}, {}, read_descriptors, nullptr},
    {"Give", control, {}, {}, nullptr, give},
    {"Hold", control, {}, {}, nullptr, hold},
    {"Wait", read_action, {}, {}, nullptr, wait},
};
const Method thing_methods[] = {{"Echo", read_action, echo_in, {}, echo, nullptr}};
const SignalType signals[] = {{"Happened", {}}};

ObjectPath resolve(const Services&, std::string_view key) {
    if (key == "a" || key == "/thing/a") return ObjectPath("/thing/a");
    throw Error(Errc::not_found, "there is no thing '" + std::string(key) + "'").with_object(std::string(key));
}
const Interface all[] = {
    {"org.test.Test", "Test", nullptr, test_methods, signals, {}, nullptr, nullptr, nullptr, nullptr},
    {"org.test.Thing", "Thing", "thing", thing_methods, signals, {}, nullptr, resolve, nullptr, nullptr},
};

}  // namespace

std::span<const Interface> interfaces() {
    return all;
}
const Interface& interface_of(std::string_view brief) {
    return all[brief == "Thing"];
}
std::string_view openrpc_document() {
    return "{\n  \"openrpc\": \"1.2.6\",\n  \"info\": {\"title\": \"a\\nb\"}\n}\n";
}
std::string_view introspection(std::string_view) {
    return {};
}

}  // namespace vireo::api

namespace vireo::test {

Client::Client(const std::filesystem::path& path) : fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address))
        throw system_error(errno, "cannot connect");
    timeval limit{30, 0};  // a lost answer fails the test instead of hanging it
    ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

void Client::send(std::string_view text, std::vector<int> descriptors) {
    alignas(cmsghdr) char control[CMSG_SPACE(64 * sizeof(int))] = {};
    while (!text.empty()) {
        iovec part{const_cast<char*>(text.data()), text.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        if (!descriptors.empty()) {
            auto bytes = descriptors.size() * sizeof(int);
            message.msg_control = control;
            message.msg_controllen = CMSG_SPACE(bytes);
            auto* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(bytes);
            std::memcpy(CMSG_DATA(header), descriptors.data(), bytes);
        }
        auto n = ::sendmsg(fd.get(), &message, MSG_NOSIGNAL);
        if (n < 0) throw system_error(errno, "cannot send");
        text.remove_prefix(static_cast<std::size_t>(n));
        descriptors.clear();
    }
}

bool Client::fill() {
    char data[65536];
    auto n = rpc::receive(fd.get(), data, sizeof data, received, 64);
    while (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        char peek = 0;  // receive() never blocks: wait here
        if (::recv(fd.get(), &peek, 1, MSG_PEEK) < 0 && errno != EINTR && errno != ECONNRESET)
            throw system_error(errno, "no answer");
        n = rpc::receive(fd.get(), data, sizeof data, received, 64);
    }
    if (n <= 0) return false;
    buffer_.append(data, static_cast<std::size_t>(n));
    return true;
}

std::optional<std::string> Client::line() {
    for (std::size_t from = 0;;) {
        if (auto end = buffer_.find('\n', from); end != buffer_.npos) {
            auto line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        from = buffer_.size();
        if (!fill()) return {};
    }
}

json::value Client::ask(std::string_view text) {
    send(std::string(text) + "\n");
    auto answer = line();
    if (!answer) throw std::runtime_error("the server hung up");
    return json::parse(*answer);
}

std::string Client::rest() {
    while (fill()) {}
    return std::exchange(buffer_, {});
}

void Client::end_sending() {
    ::shutdown(fd.get(), SHUT_WR);
}

Harness::Harness(rpc::Limits limits, bool ask_first) {
    api::Dispatcher::Authorizer authorizer;
    authorizer.allowed_now = [ask_first](const api::Call&, const char*) { return !ask_first; };
    authorizer.ask = [](api::Call, const char*) -> Task<> { co_await yield_now(); };
    dispatcher_.emplace(services, events, std::move(authorizer));
    server_.emplace(loop_.get_executor(), rpc::listen_on(path, 0600), *dispatcher_, limits);
    asio::co_spawn(loop_, server_->run(), asio::bind_cancellation_slot(stop_.slot(), [](std::exception_ptr) {}));
    thread_ = std::thread([this] { loop_.run(); });
}

Harness::~Harness() {
    stop();
}

void Harness::stop() {
    if (!thread_.joinable()) return;
    asio::post(loop_, [this] { stop_.emit(asio::cancellation_type::terminal); });
    thread_.join();  // the loop ends when nothing is left to do
}

void Harness::emit(std::string text, std::string object) {
    on_loop([&] {
        api::Event event;
        event.interface = &api::interface_of(object.empty() ? "Test" : "Thing");
        event.signal = &event.interface->signals[0];
        event.object = api::ObjectPath(object);
        event.args["text"] = text;
        events.emit(std::move(event));
    });
}

}  // namespace vireo::test
