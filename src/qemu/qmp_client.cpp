// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/qmp_client.hpp"

#include "support/notifier.hpp"
#include "support/task_group.hpp"
#include "support/timeout.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <sys/socket.h>

namespace vireo::qemu {
namespace {

constexpr std::size_t read_size = 16384;
constexpr std::size_t write_size = 65536;      // commands are put together up to this
constexpr std::size_t most_unanswered = 1024;  // more means that QEMU hangs and somebody goes on asking
constexpr std::size_t out_of_band_window = 7;  // QEMU stops reading at 8 queued commands (QMP_REQ_QUEUE_LEN_MAX)
constexpr auto as_tuple = asio::as_tuple(asio::use_awaitable);
using Descriptor = asio::posix::stream_descriptor;

// The callers' side of commands that are waited for together. Lives in the frame of the one who waits.
struct Batch {
    Batch(const Executor& executor, std::vector<QmpCommand> all)
        : wake(executor), commands(std::move(all)), results(commands.size()), missing(commands.size()) {}
    asio::steady_timer wake;  // ends at the deadline, or earlier by cancel()
    std::vector<QmpCommand> commands;
    std::vector<std::optional<Result<json::value>>> results;
    std::size_t missing;

    void deliver(std::size_t index, Result<json::value> result) {
        results[index].emplace(std::move(result));
        if (--missing == 0) wake.cancel();
    }
};

struct Unanswered {
    Batch* batch = nullptr;  // null: its caller gave up, the answer is dropped
    std::size_t index = 0;
    bool out_of_band = false;
    bool sent = false;
};

struct Outgoing {
    std::uint64_t id = 0;
    std::string line;
    UniqueFd fd;
    bool out_of_band = false;
};

}  // namespace

struct QmpClient::State {
    State(const Executor& executor, UniqueFd fd, Options o)
        : socket(executor, fd.release()),
          options(std::move(o)),
          can_write(executor),
          changed(executor),
          group(executor) {}

    Descriptor socket;
    Options options;
    QmpProtocol protocol;
    std::deque<Outgoing> out;
    std::map<std::uint64_t, Unanswered> unanswered;  // sent or to be sent
    std::size_t in_band_sent = 0;                    // of the unanswered: sent in-band
    std::uint64_t with_descriptor = 0;               // the unanswered command that carries a descriptor; or 0
    Notifier can_write, changed;
    std::uint64_t last_id = 0;
    enum class Phase { connecting, negotiating, ready, closed } phase = Phase::connecting;
    std::optional<QmpGreeting> greeting;
    bool out_of_band = false;  // negotiated
    bool closing = false;      // by the owner: no more callbacks
    bool finished = false;
    bool gone = false;  // the stream ended
    Error why;
    TaskGroup group;

    static Task<> run(std::shared_ptr<State> self);
    Task<> handshake();
    Task<> read_loop();
    Task<> write_loop();
    Task<> send(std::string bytes, UniqueFd fd);
    std::string next_lines(UniqueFd& fd);
    bool may_send(const Outgoing& o) const;
    void dispatch(QmpReply& reply);
    void queue(Batch& batch, std::size_t index);
    void forget(std::uint64_t first, std::uint64_t last);
    void finish(const Error& reason);
    static Task<std::vector<Result<json::value>>> transact(std::shared_ptr<State> self,
                                                           std::vector<QmpCommand> commands, Clock::duration limit);
    static Task<json::value> transact_one(std::shared_ptr<State> self, QmpCommand command, Clock::duration limit);
};

Task<> QmpClient::State::run(std::shared_ptr<State> self) {
    std::exception_ptr failure;
    try {
        auto greeted = with_timeout(self->handshake(), self->options.handshake_limit, "the greeting of QEMU's monitor");
        co_await all(self->read_loop(), self->write_loop(), std::move(greeted));
    } catch (...) {
        failure = std::current_exception();
    }
    auto reason = current_error(failure);
    if (self->closing) reason = Error(Errc::cancelled, "QEMU's monitor was closed");
    self->finish(reason);
}

void QmpClient::State::finish(const Error& reason) {
    if (finished) return;
    phase = Phase::closed;
    finished = true;
    why = reason;
    boost::system::error_code ignored;
    socket.close(ignored);
    out.clear();
    for (auto& [id, u] : std::exchange(unanswered, {}))
        if (u.batch)
            u.batch->deliver(u.index, Failure(reason.wrap("QEMU did not answer " + u.batch->commands[u.index].name)));
    changed.notify_all();
    // Kept on the stack: the callback may let go of everything here.
    auto callback = std::move(options.on_closed);
    if (callback && !closing) callback(reason);
}

Task<> QmpClient::State::handshake() {
    while (!greeting) co_await changed.wait();
    std::vector<QmpCommand> negotiate(1);
    negotiate[0].name = "qmp_capabilities";
    bool wanted = options.out_of_band && greeting->out_of_band;
    if (wanted) {
        json::array enable;
        enable.emplace_back("oob");
        negotiate[0].arguments["enable"] = std::move(enable);
    }
    auto executor = socket.get_executor();
    Batch batch(executor, std::move(negotiate));
    batch.wake.expires_at(Clock::time_point::max());  // run() limits the whole handshake
    queue(batch, 0);
    auto mine = std::move(out.back());  // before everything that was asked while QEMU was starting
    out.pop_back();
    out.push_front(std::move(mine));
    struct Forget {
        State& state;
        std::uint64_t id;
        ~Forget() { state.forget(id, id); }
    } forget_it{*this, last_id};
    phase = Phase::negotiating;
    can_write.notify_all();
    while (batch.missing) {
        (void)co_await batch.wake.async_wait(as_tuple);
        if (batch.missing) throw Error(Errc::cancelled, "QEMU's monitor was closed");
    }
    if (!*batch.results[0]) throw batch.results[0]->error();
    phase = Phase::ready;
    out_of_band = wanted;
    changed.notify_all();
    can_write.notify_all();
}

Task<> QmpClient::State::read_loop() {
    std::array<char, read_size> buffer;
    std::vector<QmpMessage> messages;
    for (;;) {
        auto n = ::recv(socket.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) {
            auto [error] = co_await socket.async_wait(Descriptor::wait_read, as_tuple);
            if (error) throw Error(Errc::cancelled, "QEMU's monitor was closed");
            continue;
        }
        gone = n <= 0;
        if (gone) throw Error(Errc::hypervisor_failed, "QEMU's monitor is gone");
        messages.clear();
        auto decoded = protocol.decode({buffer.data(), static_cast<std::size_t>(n)}, messages);
        bool replied = false;
        for (auto& message : messages) {
            if (auto* reply = std::get_if<QmpReply>(&message)) {
                dispatch(*reply);
                replied = true;
            } else if (auto* event = std::get_if<QmpEvent>(&message)) {
                if (std::exchange(replied, false)) co_await yield_now();  // its caller runs before what came after it
                if (options.on_event && !closing) options.on_event(*event);
            } else if (greeting) {
                throw Error(Errc::hypervisor_failed, "QEMU's monitor sent a second greeting");
            } else {
                greeting = std::move(std::get<QmpGreeting>(message));
                changed.notify_all();
            }
        }
        if (!decoded) throw decoded.error();
        co_await yield_now();  // a flood of events must not starve the rest of the daemon
    }
}

void QmpClient::State::dispatch(QmpReply& reply) {
    auto it = unanswered.find(reply.id);
    if (it == unanswered.end() || !it->second.sent)
        throw Error(Errc::hypervisor_failed,
                    fmt::format("QEMU's monitor answered command {}, which is not open", reply.id));
    auto found = it->second;
    unanswered.erase(it);
    if (!found.out_of_band) --in_band_sent;
    if (with_descriptor == reply.id) with_descriptor = 0;
    if (!out.empty()) can_write.notify_all();
    if (!found.batch) return;
    if (!reply.result)
        reply.result = Failure(reply.result.error().wrap("QEMU refused " + found.batch->commands[found.index].name));
    found.batch->deliver(found.index, std::move(reply.result));
}

bool QmpClient::State::may_send(const Outgoing& o) const {
    if (phase == Phase::connecting) return false;
    bool window = options.out_of_band && greeting->out_of_band;
    if (o.out_of_band) return true;
    // QEMU drops a descriptor that no command has taken when it reads the next one: one at a time.
    if (o.fd && with_descriptor) return false;
    return !window || in_band_sent < out_of_band_window;
}

// What goes into the next write: as many commands as may go, or one that carries a descriptor. Empty: nothing may go.
std::string QmpClient::State::next_lines(UniqueFd& fd) {
    std::string lines;
    bool blocked = false;
    for (auto it = out.begin(); it != out.end();) {
        if ((blocked && !it->out_of_band) || !may_send(*it)) {
            blocked = true;  // order holds among those that are not out-of-band
            ++it;
            continue;
        }
        if (!lines.empty() && (it->fd || lines.size() + it->line.size() > write_size)) break;
        if (!it->out_of_band) ++in_band_sent;
        unanswered[it->id].sent = true;
        fd = std::move(it->fd);
        if (fd) with_descriptor = it->id;
        if (lines.empty())
            lines = std::move(it->line);
        else
            lines += it->line;
        it = out.erase(it);
        if (fd) break;
    }
    return lines;
}

Task<> QmpClient::State::write_loop() {
    for (;;) {
        UniqueFd fd;
        auto lines = next_lines(fd);
        if (lines.empty())
            co_await can_write.wait();
        else
            co_await send(std::move(lines), std::move(fd));
    }
}

Task<> QmpClient::State::send(std::string bytes, UniqueFd fd) {
    std::string_view rest = bytes;
    while (!rest.empty()) {
        iovec part{const_cast<char*>(rest.data()), rest.size()};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
        if (fd) {
            message.msg_control = control;
            message.msg_controllen = sizeof control;
            auto* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof(int));
            int raw = fd.get();
            std::memcpy(CMSG_DATA(header), &raw, sizeof raw);
        }
        auto n = ::sendmsg(socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(n));
            fd.reset();
            continue;
        }
        if (errno == EINTR) continue;
        // What QEMU said last may still be in the socket: its end is the reader's to find.
        if (errno == EPIPE || errno == ECONNRESET) co_return;
        if (errno != EAGAIN)
            throw system_error(errno, "cannot write to QEMU's monitor").with_code(Errc::hypervisor_failed);
        auto [error] = co_await socket.async_wait(Descriptor::wait_write, as_tuple);
        if (error) throw Error(Errc::cancelled, "QEMU's monitor was closed");
    }
}

void QmpClient::State::queue(Batch& batch, std::size_t index) {
    auto& command = batch.commands[index];
    if (finished) return batch.deliver(index, Failure(why.wrap("QEMU was not asked " + command.name)));
    if (unanswered.size() >= most_unanswered)
        return batch.deliver(index, fail(Errc::busy, "QEMU has left ", std::to_string(unanswered.size()),
                                         " commands without an answer"));
    bool urgent = command.out_of_band && out_of_band;
    auto id = ++last_id;
    unanswered[id] = {&batch, index, urgent, false};
    out.push_back(
        {id, QmpProtocol::encode(id, command.name, command.arguments, urgent), std::move(command.fd), urgent});
}

// The caller gives up: what was not sent yet is not sent; what was keeps its place until the late answer comes.
void QmpClient::State::forget(std::uint64_t first, std::uint64_t last) {
    auto it = unanswered.lower_bound(first);
    if (it == unanswered.end() || it->first > last) return;
    std::erase_if(out, [&](const Outgoing& o) {
        bool mine = o.id >= first && o.id <= last;
        if (mine) unanswered.erase(o.id);
        return mine;
    });
    for (it = unanswered.lower_bound(first); it != unanswered.end() && it->first <= last; ++it)
        it->second.batch = nullptr;
}

namespace {

std::string in_seconds(Clock::duration limit) {
    return fmt::format("{:.3g} s", std::chrono::duration<double>(limit).count());
}

}  // namespace

Task<std::vector<Result<json::value>>> QmpClient::State::transact(std::shared_ptr<State> self,
                                                                  std::vector<QmpCommand> commands,
                                                                  Clock::duration limit) {
    auto executor = self->socket.get_executor();
    Batch batch(executor, std::move(commands));
    batch.wake.expires_after(limit);
    struct Forget {
        State& state;
        std::uint64_t first, last;
        ~Forget() { state.forget(first, last); }
    } forget_them{*self, self->last_id + 1, self->last_id};
    for (std::size_t i = 0; i < batch.commands.size(); ++i) self->queue(batch, i);
    forget_them.last = self->last_id;
    self->can_write.notify_all();
    if (batch.missing) {
        auto [error] = co_await batch.wake.async_wait(as_tuple);
        if (batch.missing && error) throw Error(Errc::cancelled, "the command to QEMU was cancelled");
    }
    std::vector<Result<json::value>> results;
    results.reserve(batch.results.size());
    for (std::size_t i = 0; i < batch.results.size(); ++i) {
        if (batch.results[i])
            results.push_back(std::move(*batch.results[i]));
        else
            results.emplace_back(
                fail(Errc::timeout, "QEMU did not answer ", batch.commands[i].name, " within ", in_seconds(limit)));
    }
    co_return results;
}

Task<json::value> QmpClient::State::transact_one(std::shared_ptr<State> self, QmpCommand command,
                                                 Clock::duration limit) {
    std::vector<QmpCommand> one;
    one.push_back(std::move(command));
    auto results = co_await transact(std::move(self), std::move(one), limit);
    co_return take(std::move(results.front()));
}

QmpClient::QmpClient(Executor executor, UniqueFd socket, Options options)
    : state_(std::make_shared<State>(executor, std::move(socket), std::move(options))) {
    state_->group.spawn(State::run(state_));
}
QmpClient::QmpClient(QmpClient&&) noexcept = default;
QmpClient& QmpClient::operator=(QmpClient&& other) noexcept {
    if (this != &other) {
        close();
        state_ = std::move(other.state_);
    }
    return *this;
}
QmpClient::~QmpClient() {
    close();
}

void QmpClient::close() noexcept {
    if (!state_ || state_->closing) return;
    auto state = state_;
    state->closing = true;
    state->finish(Error(Errc::cancelled, "QEMU's monitor was closed"));
    state->group.cancel();
}

Task<> QmpClient::ready() {
    auto state = state_;
    while (state->phase != State::Phase::ready && state->phase != State::Phase::closed) co_await state->changed.wait();
    if (state->phase == State::Phase::closed) throw state->why;
}
bool QmpClient::is_gone() const noexcept {
    return state_->gone;
}
bool QmpClient::is_ready() const noexcept {
    return state_->phase == State::Phase::ready;
}
bool QmpClient::is_closed() const noexcept {
    return state_->finished;
}
const QmpGreeting& QmpClient::greeting() const noexcept {
    static const QmpGreeting none;
    return state_->greeting ? *state_->greeting : none;
}
Task<> QmpClient::closed() {
    auto state = state_;
    while (!state->finished) co_await state->changed.wait();
}

Task<json::value> QmpClient::execute(std::string command, json::object arguments, Clock::duration limit) {
    return State::transact_one(state_, QmpCommand(std::move(command), std::move(arguments)), limit);
}
Task<json::value> QmpClient::execute(QmpCommand command, Clock::duration limit) {
    return State::transact_one(state_, std::move(command), limit);
}
Task<std::vector<Result<json::value>>> QmpClient::execute_all(std::vector<QmpCommand> commands, Clock::duration limit) {
    return State::transact(state_, std::move(commands), limit);
}

}  // namespace vireo::qemu
