// SPDX-License-Identifier: LGPL-2.1-or-later
// Measures the two transports of a running vireod beside the bare unix-socket ping-pong of the same machine.
//   bench_wire SOCKET DOMAIN [BUS-ADDRESS [ROUNDS]]
// Prints one JSON object: for each measurement the rates per second of its rounds. Rounds of the different kinds take
// turns, so that a disturbance of the machine hits all of them alike.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <systemd/sd-bus.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/core.h>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;
constexpr int default_rounds = 7;
constexpr int calls = 4000;  // one at a time
constexpr int pipelined_calls = 40000;
constexpr int window = 256;  // requests under way when pipelined

void check(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(fmt::format("{}: {}", what, std::strerror(errno)));
}

class Socket {
public:
    explicit Socket(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        check(fd_ >= 0, "socket");
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the socket's path is too long");
        std::memcpy(address.sun_path, path.data(), path.size());
        check(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
    }
    explicit Socket(int fd) : fd_(fd) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { ::close(fd_); }
    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            check(n > 0, "send");
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    // Reads until so many lines have ended; returns the last whole one.
    std::string lines(std::size_t count) {
        std::string last;
        while (count) {
            auto end = buffer_.find('\n', scanned_);
            if (end != std::string::npos) {
                if (--count == 0) last = buffer_.substr(begin_, end - begin_);
                begin_ = scanned_ = end + 1;
                continue;
            }
            buffer_.erase(0, begin_);
            begin_ = 0;
            scanned_ = buffer_.size();
            char chunk[65536];
            auto n = ::recv(fd_, chunk, sizeof chunk, 0);
            check(n > 0, "recv");
            buffer_.append(chunk, static_cast<std::size_t>(n));
        }
        return last;
    }

private:
    int fd_;
    std::string buffer_;
    std::size_t begin_ = 0, scanned_ = 0;
};

double rate(int count, const std::function<void()>& work) {
    auto begin = Clock::now();
    work();
    return count / std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string request(std::string_view method, const json::object& params) {
    json::object r;
    r["jsonrpc"] = "2.0";
    r["id"] = 1;
    r["method"] = method;
    r["params"] = params;
    return json::serialize(r) + "\n";
}

void must_be_result(const std::string& line) {
    auto value = json::parse(line);
    if (!value.as_object().contains("result")) throw std::runtime_error("the daemon answered " + line.substr(0, 300));
}

// The floor: a child that sends back every line of 100 bytes.
class Echo {
public:
    Echo() {
        int ends[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
        child_ = ::fork();
        check(child_ >= 0, "fork");
        if (child_ == 0) {
            ::close(ends[0]);
            char buffer[4096];
            for (ssize_t n; (n = ::recv(ends[1], buffer, sizeof buffer, 0)) > 0;)
                if (::send(ends[1], buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL) != n) break;
            ::_exit(0);
        }
        ::close(ends[1]);
        socket_ = std::make_unique<Socket>(ends[0]);
    }
    ~Echo() {
        socket_.reset();
        ::waitpid(child_, nullptr, 0);
    }
    void run(int count) {
        std::string line(99, 'x');
        line += '\n';
        for (int i = 0; i < count; ++i) {
            socket_->send(line);
            socket_->lines(1);
        }
    }

private:
    pid_t child_ = -1;
    std::unique_ptr<Socket> socket_;
};

void one_at_a_time(Socket& socket, const std::string& line, int count) {
    std::string last;
    for (int i = 0; i < count; ++i) {
        socket.send(line);
        last = socket.lines(1);
    }
    must_be_result(last);
}

void pipelined(Socket& socket, const std::string& line, int count) {
    std::string burst;
    for (int i = 0; i < window / 2; ++i) burst += line;
    socket.send(burst);
    std::string last;
    for (int sent = window / 2; sent < count; sent += window / 2) {
        socket.send(burst);  // the next half while the first is being answered
        socket.lines(window / 2);
    }
    last = socket.lines(window / 2);
    must_be_result(last);
}

sd_bus* connect_bus(const std::string& address) {
    sd_bus* bus = nullptr;
    check(::sd_bus_new(&bus) >= 0, "sd_bus_new");
    ::sd_bus_set_address(bus, address.c_str());
    ::sd_bus_set_bus_client(bus, 1);
    if (::sd_bus_start(bus) < 0) throw std::runtime_error("cannot connect to the bus " + address);
    return bus;
}

class Bus {
public:
    // Calls this method of the object at path, on the service that has this name.
    Bus(const std::string& address, std::string service, std::string path, std::string interface, std::string method)
        : bus_(connect_bus(address)),
          service_(std::move(service)),
          path_(std::move(path)),
          interface_(std::move(interface)),
          method_(std::move(method)) {}
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;
    ~Bus() { ::sd_bus_flush_close_unref(bus_); }
    void one_at_a_time(int count) {
        for (int i = 0; i < count; ++i) {
            sd_bus_error error{};
            sd_bus_message* reply = nullptr;
            if (::sd_bus_call_method(bus_, service_.c_str(), path_.c_str(), interface_.c_str(), method_.c_str(), &error,
                                     &reply, "") < 0)
                throw std::runtime_error(error.message ? error.message : "the bus failed");
            ::sd_bus_message_unref(reply);
        }
    }
    void pipelined(int count) {
        struct Progress {
            int under_way = 0, done = 0;
        } progress;
        auto on_reply = [](sd_bus_message* m, void* data, sd_bus_error*) {
            auto* p = static_cast<Progress*>(data);
            --p->under_way;
            ++p->done;
            return ::sd_bus_message_is_method_error(m, nullptr) ? -EIO : 0;
        };
        int sent = 0;
        while (progress.done < count) {
            while (sent < count && progress.under_way < window) {
                if (::sd_bus_call_method_async(bus_, nullptr, service_.c_str(), path_.c_str(), interface_.c_str(),
                                               method_.c_str(), on_reply, &progress, "") < 0)
                    throw std::runtime_error("the bus failed");
                ++sent;
                ++progress.under_way;
            }
            int handled = ::sd_bus_process(bus_, nullptr);
            if (handled < 0) throw std::runtime_error("the bus failed");
            if (handled == 0) ::sd_bus_wait(bus_, UINT64_MAX);
        }
    }

private:
    sd_bus* bus_;
    std::string service_, path_, interface_, method_;
};

// The floor of the bus: a child with a service that answers at once. libsystemd itself answers
// org.freedesktop.DBus.Peer.
class BareService {
public:
    explicit BareService(const std::string& address) {
        int ends[2];
        check(::pipe2(ends, O_CLOEXEC) == 0, "pipe2");
        child_ = ::fork();
        check(child_ >= 0, "fork");
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve(connect_bus(address), ends[1]);
        }
        ::close(ends[1]);
        char name[256];
        auto n = ::read(ends[0], name, sizeof name);
        ::close(ends[0]);
        if (n <= 0) throw std::runtime_error("the bare service did not reach the bus");
        name_.assign(name, static_cast<std::size_t>(n));
    }
    BareService(const BareService&) = delete;
    BareService& operator=(const BareService&) = delete;
    ~BareService() {
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    const std::string& name() const { return name_; }

private:
    [[noreturn]] static void serve(sd_bus* bus, int out) {
        const char* name = nullptr;
        if (::sd_bus_get_unique_name(bus, &name) < 0 || ::write(out, name, std::strlen(name)) < 0) ::_exit(1);
        ::close(out);
        for (;;) {
            int handled = ::sd_bus_process(bus, nullptr);
            if (handled < 0) ::_exit(1);
            if (handled == 0) ::sd_bus_wait(bus, UINT64_MAX);
        }
    }
    pid_t child_ = -1;
    std::string name_;
};

int run(const std::string& path, const std::string& domain, const std::string& bus_address, int rounds) {
    json::object by_name;
    by_name["domain"] = domain;
    Socket socket(path);
    socket.send(request("Manager.LookupDomain", {{"key", domain}}));
    auto found = json::parse(socket.lines(1));
    std::string object(found.at("result").at("domain").as_string());
    auto info = request("Domain.GetInfo", by_name), xml = request("Domain.GetXML", by_name),
         ping = request("Manager.Ping", {});

    std::vector<std::pair<const char*, std::function<double()>>> measurements;
    Echo echo;
    measurements.emplace_back("bare_ping_pong", [&] { return rate(calls * 4, [&] { echo.run(calls * 4); }); });
    measurements.emplace_back("rpc_ping", [&] { return rate(calls, [&] { one_at_a_time(socket, ping, calls); }); });
    measurements.emplace_back("rpc_get_info", [&] { return rate(calls, [&] { one_at_a_time(socket, info, calls); }); });
    measurements.emplace_back("rpc_get_info_pipelined",
                              [&] { return rate(pipelined_calls, [&] { pipelined(socket, info, pipelined_calls); }); });
    measurements.emplace_back("rpc_dumpxml", [&] { return rate(calls, [&] { one_at_a_time(socket, xml, calls); }); });
    std::unique_ptr<BareService> service;
    std::unique_ptr<Bus> bare, bus;
    if (!bus_address.empty()) {
        service = std::make_unique<BareService>(bus_address);
        bare = std::make_unique<Bus>(bus_address, service->name(), "/", "org.freedesktop.DBus.Peer", "Ping");
        bus = std::make_unique<Bus>(bus_address, "org.vireo1", object, "org.vireo1.Domain", "GetInfo");
        measurements.emplace_back("dbus_bare",
                                  [&] { return rate(calls / 4, [&] { bare->one_at_a_time(calls / 4); }); });
        measurements.emplace_back("dbus_bare_pipelined", [&] { return rate(calls, [&] { bare->pipelined(calls); }); });
        measurements.emplace_back("dbus_get_info",
                                  [&] { return rate(calls / 4, [&] { bus->one_at_a_time(calls / 4); }); });
        measurements.emplace_back("dbus_get_info_pipelined",
                                  [&] { return rate(calls, [&] { bus->pipelined(calls); }); });
    }
    json::object result;
    for (int round = 0; round < rounds; ++round)
        for (auto& [name, measure] : measurements) {
            auto& list = result[name];
            if (!list.is_array()) list = json::array();
            list.as_array().push_back(measure());
        }
    fmt::print("{}\n", json::serialize(result));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        fmt::print(stderr, "usage: bench_wire SOCKET DOMAIN [BUS-ADDRESS [ROUNDS]]\n");
        return 2;
    }
    try {
        int rounds = argc > 4 ? std::atoi(argv[4]) : default_rounds;
        return run(argv[1], argv[2], argc > 3 ? argv[3] : "", std::max(rounds, 1));
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_wire: {}\n", error.what());
        return 1;
    }
}
