// SPDX-License-Identifier: LGPL-2.1-or-later
// The client against the QEMU of this machine; skipped by name where there is none.
#include "qemu/qmp_client.hpp"
#include "qmp_peer.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "support/task_group.hpp"

#include <csignal>
#include <cstdio>
#include <fcntl.h>

using namespace vireo;
using namespace vireo::qemu;
using namespace std::chrono_literals;

namespace {

constexpr const char* qemu_path = "/usr/bin/qemu-system-x86_64";

bool no_qemu() {
    if (::access(qemu_path, X_OK) == 0) return false;
    vireo::test::skip(std::string("there is no ") + qemu_path);
    return true;
}

struct Qemu {
    Qemu(const Executor& executor, QmpClient::Options options)
        : ends(vireo::qemu::test::socket_pair()),
          process(start(executor, ends.second.get())),
          client(executor, std::move(ends.first), std::move(options)) {
        ends.second.reset();
    }
    ~Qemu() { process.kill(SIGKILL); }
    static Process start(const Executor& executor, int fd) {
        Command c;
        c.argv = {qemu_path,
                  "-machine",
                  "none",
                  "-nodefaults",
                  "-no-user-config",
                  "-display",
                  "none",
                  "-S",
                  "-chardev",
                  "socket,id=monitor,fd=3",
                  "-mon",
                  "chardev=monitor,mode=control"};
        c.fds[3] = fd;
        return take(Process::start(executor, c));
    }
    std::pair<UniqueFd, UniqueFd> ends;
    Process process;
    QmpClient client;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(qmp_real)

ASYNC_TEST(greeting_pipelining_events_descriptors) {
    if (no_qemu()) co_return;
    auto executor = co_await asio::this_coro::executor;
    std::vector<std::string> seen;
    QmpClient::Options options;
    options.on_event = [&](const QmpEvent& e) {
        BOOST_TEST(e.timestamp_usec > 1'600'000'000'000'000);
        seen.push_back(e.name);
    };
    Qemu qemu(executor, std::move(options));
    co_await qemu.client.ready();
    BOOST_TEST(qemu.client.greeting().major >= 4);
    BOOST_TEST(qemu.client.greeting().out_of_band);

    int answered = 0;
    auto ask = [&]() -> Task<> {
        auto value = co_await qemu.client.execute("query-status");
        answered += value.at("status").as_string() == "prelaunch";
    };
    TaskGroup group(executor);
    for (int i = 0; i < 200; ++i) group.spawn(ask());
    co_await group.join();
    BOOST_TEST(answered == 200);

    std::vector<QmpCommand> adds;
    for (int i = 1; i <= 3; ++i) {
        UniqueFd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
        json::object arguments;
        arguments["fdset-id"] = i;
        adds.emplace_back("add-fd", std::move(arguments), std::move(fd));
    }
    auto added = co_await qemu.client.execute_all(std::move(adds));
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(take(added.at(static_cast<std::size_t>(i))).at("fdset-id").as_int64() == i + 1);

    bool refused = false;
    try {
        (void)co_await qemu.client.execute("no-such-command");
    } catch (const Error& e) {
        refused = e.code() == Errc::unsupported;
    }
    BOOST_TEST(refused);
    QmpCommand yank("query-yank");
    (void)co_await qemu.client.execute(std::move(yank));
    (void)co_await qemu.client.execute("cont");
    seen.push_back("cont returned");
    (void)co_await qemu.client.execute("stop");
    seen.push_back("stop returned");
    std::vector<std::string> expected{"RESUME", "cont returned", "STOP", "stop returned"};
    BOOST_TEST(seen == expected, boost::test_tools::per_element());
    (void)co_await qemu.client.execute("quit");
    co_await qemu.client.closed();
    auto status = co_await qemu.process.wait();
    BOOST_TEST(status.ok());
}

ASYNC_TEST(stopped_then_killed_while_somebody_waits) {
    if (no_qemu()) co_return;
    Qemu qemu(co_await asio::this_coro::executor, QmpClient::Options());
    co_await qemu.client.ready();
    qemu.process.kill(SIGSTOP);
    Errc code = Errc::internal;
    try {
        (void)co_await qemu.client.execute("query-status", {}, 20ms);
    } catch (const Error& e) {
        code = e.code();
    }
    BOOST_TEST((code == Errc::timeout));
    qemu.process.kill(SIGCONT);
    (void)co_await qemu.client.execute("query-status");  // usable again, the late reply was dropped
    qemu.process.kill(SIGSTOP);
    auto ask = [&]() -> Task<> {
        try {
            (void)co_await qemu.client.execute("query-cpus-fast");
        } catch (const Error& e) {
            code = e.code();
        }
    };
    auto kill = [&]() -> Task<> {
        qemu.process.kill(SIGKILL);
        co_return;
    };
    auto before = Clock::now();
    co_await all(ask(), kill());
    BOOST_TEST((code == Errc::hypervisor_failed));
    BOOST_TEST((Clock::now() - before < 10s));
    auto status = co_await qemu.process.wait();
    BOOST_TEST(status.signalled);
}

BOOST_AUTO_TEST_SUITE_END()
