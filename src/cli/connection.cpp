// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/connection.hpp"

#include "cli/interrupt.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace vireo::cli {
namespace {

constexpr std::size_t longest_answer = 64u << 20;
constexpr std::size_t most_descriptors = 16;  // in one answer
const char* system_socket = "/run/vireo/vireo.sock";

std::string variable(const char* name) {
    auto* value = std::getenv(name);
    return value && *value == '/' ? value : "";
}

// Where the user's daemon puts it: state/layout.hpp.
std::string session_socket() {
    auto runtime = variable("XDG_RUNTIME_DIR");
    if (auto usual = "/run/user/" + std::to_string(::geteuid()); runtime.empty() && ::access(usual.c_str(), X_OK) == 0)
        runtime = usual;
    if (!runtime.empty()) return runtime + "/vireo/vireo.sock";
    auto cache = variable("XDG_CACHE_HOME");
    if (cache.empty()) cache = variable("HOME") + "/.cache";
    return cache + "/vireo/run/vireo.sock";
}

std::string how_to_get_one(const std::string& path) {
    if (path == system_socket)
        return "start it: systemctl start vireod.socket (or vireod --system), or use your own with --connect session";
    if (path == session_socket())
        return "start it: systemctl --user start vireod.socket (or vireod --session), or use the system's with "
               "--connect system";
    return "start it with vireod --socket " + path + ", or choose another with --connect";
}

Error cannot_connect(int error_number, const std::string& path) {
    auto reason = error_number == ENOENT || error_number == ECONNREFUSED ? std::string("no vireod serves it")
                                                                         : std::string(std::strerror(error_number));
    auto hint = error_number == EACCES ? "you may not use that daemon; use your own with --connect session"
                                       : how_to_get_one(path);
    return Error(Errc::unavailable, "cannot connect to '" + path + "': " + reason).with_hint(hint);
}

}  // namespace

std::string socket_path(std::string address) {
    if (address.empty())
        if (auto* chosen = std::getenv("VIREO_CONNECT")) address = chosen;
    if (address.empty()) address = ::geteuid() == 0 ? "system" : "session";
    if (address == "system") return system_socket;
    if (address == "session") return session_socket();
    if (address.starts_with("unix:")) return address.substr(5);
    if (address.find('/') != address.npos) return address;
    throw Error(Errc::invalid_argument, "'" + address + "' is not a place to connect to")
        .with_hint("use session, system or unix:PATH");
}

Connection::Connection(std::string path) : path_(std::move(path)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path)
        throw Error(Errc::invalid_argument, "the socket path '" + path_ + "' is too long");
    std::memcpy(address.sun_path, path_.c_str(), path_.size());
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket_) throw system_error(errno, "cannot make a socket");
    while (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address)) {
        if (errno == EISCONN) break;
        throw_if_interrupted();
        if (errno != EINTR) throw cannot_connect(errno, path_);
    }
}

void Connection::send(std::string_view text) {
    while (!text.empty()) {
        auto n = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            throw_if_interrupted();
            continue;
        }
        // a server that turned us away left a word before it hung up
        if (n < 0) return;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

bool Connection::read_some(std::vector<UniqueFd>& fds) {
    char data[65536];
    alignas(cmsghdr) char control[CMSG_SPACE(most_descriptors * sizeof(int))];
    iovec part{data, sizeof data};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    auto n = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (n <= 0)
        throw Error(Errc::unavailable, "the daemon at '" + path_ + "' closed the connection")
            .with_hint("its log says why: journalctl -u vireod");
    for (auto* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        for (std::size_t at = 0; at + sizeof(int) <= header->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(header) + at, sizeof fd);
            fds.emplace_back(fd);
        }
    }
    input_.append(data, static_cast<std::size_t>(n));
    if (input_.size() > longest_answer)
        throw Error(Errc::limit_exceeded,
                    "the daemon's answer is longer than " + std::to_string(longest_answer) + " bytes");
    return true;
}

bool Connection::fill(std::optional<Clock::time_point> deadline, std::vector<UniqueFd>& fds) {
    pollfd file{socket_.get(), POLLIN, 0};
    return wait_for(&file, 1, deadline) > 0 && (read_some(fds), true);
}

std::optional<json::object> Connection::next_message() {
    auto end = input_.find('\n', scanned_);
    if (end == input_.npos) {
        scanned_ = input_.size();
        return {};
    }
    boost::system::error_code error;
    auto value = json::parse(json::string_view(input_.data(), end), error);
    input_.erase(0, end + 1);
    scanned_ = 0;
    if (error || !value.is_object()) throw Error(Errc::unsupported, "what answers at '" + path_ + "' is no vireod");
    return std::move(value.get_object());
}

bool Connection::hand_on(const json::object& message) {
    auto* method = message.if_contains("method");
    if (!method || !method->is_string()) return false;
    auto* params = message.if_contains("params");
    auto& name = method->get_string();
    if (on_event_ && params && params->is_object()) on_event_({name.data(), name.size()}, params->get_object());
    return true;
}

json::value Connection::call_raw(std::string_view method, json::value params, std::vector<UniqueFd>& fds) {
    json::object request{
        {"jsonrpc", "2.0"}, {"id", ++last_id_}, {"method", json::string_view(method.data(), method.size())}};
    if (!params.is_null()) request["params"] = std::move(params);
    send(json::serialize(request) + "\n");
    for (;;) {
        auto message = next_message();
        if (!message) {
            fill({}, fds);
            continue;
        }
        if (hand_on(*message)) continue;
        auto* id = message->if_contains("id");
        bool ours = id && id->is_number() && *id == json::value(last_id_);
        if (auto* failure = message->if_contains("error");
            failure && failure->is_object() && (ours || (id && id->is_null()))) {
            auto& error = failure->get_object();
            auto *code = error.if_contains("code"), *text = error.if_contains("message"),
                 *data = error.if_contains("data");
            throw api::error_from_details(code && code->is_int64() ? static_cast<int>(code->get_int64()) : 0,
                                          text && text->is_string() ? std::string_view(text->get_string()) : "an error",
                                          data ? data->if_object() : nullptr);
        }
        if (!ours) continue;  // the late answer to a call that was given up
        if (auto* result = message->if_contains("result")) return std::move(*result);
        throw Error(Errc::unsupported, "what answers at '" + path_ + "' is no vireod");
    }
}

json::object Connection::call(std::string_view method, json::object params, std::vector<UniqueFd>& fds) {
    auto result = call_raw(method, std::move(params), fds);
    if (auto* object = result.if_object()) return std::move(*object);
    throw Error(Errc::unsupported, "the daemon's answer to " + std::string(method) + " is not an object");
}

bool Connection::wait_event(std::optional<Clock::time_point> deadline) {
    std::vector<UniqueFd> none;
    for (;;) {
        while (auto message = next_message())
            if (hand_on(*message)) return true;
        if (!fill(deadline, none)) return false;
    }
}

void Connection::take_events() {
    std::vector<UniqueFd> none;
    read_some(none);
    while (auto message = next_message()) hand_on(*message);
}

}  // namespace vireo::cli
