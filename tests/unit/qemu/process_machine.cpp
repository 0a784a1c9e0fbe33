// SPDX-License-Identifier: LGPL-2.1-or-later
// A QEMU's life as a process: started, adopted, lost, ended. With the fake one, and with the real one where there is
// any.
#include "process_fake.hpp"
#include "qemu/machine_process.hpp"
#include "support/async.hpp"
#include "support/skip.hpp"
#include "support/task_group.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <sys/stat.h>

using namespace vireo;
using namespace vireo::qemu;
using namespace vireo::qemu::test;
using namespace std::chrono_literals;
using vireo::test::Folder;

BOOST_AUTO_TEST_SUITE(process_machine)

namespace {

constexpr const char* real_qemu = "/usr/bin/qemu-system-x86_64";

bool has(const Error& error, std::string_view part) {
    return std::string_view(error.what()).find(part) != std::string_view::npos;
}

// Everything that one guest needs, and what was heard from it.
struct Guest {
    explicit Guest(std::string binary) : log(take(open_file(folder / "log", O_RDWR | O_CREAT | O_APPEND))) {
        auto socket = take(MonitorSocket::create(path()));
        command.argv = {std::move(binary),
                        "-machine",
                        "q35,accel=tcg",
                        "-m",
                        "32",
                        "-nodefaults",
                        "-no-user-config",
                        "-display",
                        "none",
                        "-S",
                        "-chardev",
                        "socket,id=mon,fd=5,server=on,wait=off",
                        "-mon",
                        "chardev=mon,mode=control"};
        options.callbacks = callbacks();
        options.log_fd = log.get();
        socket_.emplace(std::move(socket));
        command.fds = {{5, socket_->fd()}, {2, log.get()}};
    }
    Task<MachineProcess> launch() {
        auto socket = std::move(*socket_);
        return MachineProcess::launch(command, std::move(socket), options);
    }
    MachineProcess::Callbacks callbacks() {
        MachineProcess::Callbacks c;
        c.event = [this](const QmpEvent& e) { seen.push_back(e.name); };
        c.lost = [this](const Error&) { seen.emplace_back("lost"); };
        c.ended = [this](const ExitStatus&) { seen.emplace_back("ended"); };
        return c;
    }
    std::filesystem::path path() const { return folder / "monitor.sock"; }
    bool saw(std::string_view what) const { return std::ranges::find(seen, what) != seen.end(); }
    Task<> until(std::string what) {
        while (!saw(what)) co_await sleep_for(1ms);
    }

    Folder folder;
    UniqueFd log;
    Command command;
    MachineProcess::LaunchOptions options;
    std::vector<std::string> seen;

private:
    std::optional<MonitorSocket> socket_;
};

Task<Error> launch_failure(Guest& guest) {
    try {
        auto machine = co_await guest.launch();
        (void)machine;
    } catch (const Error& e) {
        co_return e;
    }
    BOOST_ERROR("it did not fail");
    co_return Error();
}

// The pid that the fake wrote down is gone.
bool is_gone(const FakeQemu& fake) {
    auto text = fake.record();
    auto at = text.rfind("\"pid\": ");
    BOOST_REQUIRE(at != std::string::npos);
    return !process_start_time(std::stoi(text.substr(at + 7))).has_value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(monitor_socket_of_any_length) {
    Folder folder;
    auto deep = folder.path();
    for (int i = 0; i < 5; ++i) deep /= std::string(50, 'x');
    take(make_folder(deep));
    auto path = deep / "monitor.sock";
    auto none = connect_monitor(path);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code() == Errc::not_found));
    {
        auto socket = take(MonitorSocket::create(path));
        struct stat status{};
        BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
        BOOST_TEST(S_ISSOCK(status.st_mode));
        BOOST_TEST((status.st_mode & 0777) == 0600u);
        auto a = connect_monitor(path), b = connect_monitor(path);
        BOOST_TEST((a && b));
        std::vector<UniqueFd> more;  // nobody accepts: it ends with a clear word, not in a wait
        Result<UniqueFd> last;
        for (int i = 0; i < 20; ++i) {
            last = connect_monitor(path);
            if (!last) break;
            more.push_back(std::move(*last));
        }
        BOOST_REQUIRE(!last);
        BOOST_TEST((last.error().code() == Errc::unavailable));
    }
    auto dead = connect_monitor(path);
    BOOST_REQUIRE(!dead);
    BOOST_TEST((dead.error().code() == Errc::unavailable));
    auto again = MonitorSocket::create(path);  // over what a crash left
    BOOST_TEST(again.has_value());
    BOOST_TEST(!MonitorSocket::create(folder / "no" / "folder"));
    BOOST_TEST(!MonitorSocket::create(folder / std::string(120, 'n')));
}

ASYNC_TEST(launch_run_and_quit) {
    FakeQemu fake("record=1");
    Guest guest(fake.path);
    auto machine = co_await guest.launch();
    BOOST_TEST(machine.connected());
    BOOST_TEST(machine.greeting().major == 7);
    BOOST_TEST(machine.pid() > 0);
    BOOST_TEST(machine.start_time() > 0u);
    BOOST_TEST(!machine.ended());
    co_await machine.execute("cont");
    BOOST_TEST(guest.saw("RESUME"));
    auto status = co_await machine.quit();
    BOOST_TEST(status.ok());
    std::vector<std::string> expected{"RESUME", "SHUTDOWN", "ended"};  // the last event before the end
    BOOST_TEST(guest.seen == expected, boost::test_tools::per_element());
    BOOST_TEST(machine.ended());
    auto again = co_await machine.wait_ended();
    BOOST_TEST(again.ok());
    Errc code = Errc::internal;
    try {
        co_await machine.execute("cont");
    } catch (const Error& e) {
        code = e.code();
    }
    BOOST_TEST((code == Errc::unavailable));
    // Nothing else was inherited: standard streams, the log, the monitor.
    auto record = fake.record();
    BOOST_TEST(record.find("\"fds\": {\"0\": \"/dev/null\"") != std::string::npos, record);
    BOOST_TEST(record.find("\"5\": \"socket\"") != std::string::npos, record);
    BOOST_TEST(record.find("\"4\": \"socket\"") == std::string::npos, record);
}

ASYNC_TEST(a_failed_start_says_why_and_leaves_nothing) {
    struct {
        const char *control, *says;
        Errc code;
    } cases[] = {
        {"exit=1\nmessage=qemu: -drive file=x: Could not open 'x': No such file",
         "QEMU exited with status 1: qemu: -drive file=x: Could not open 'x'", Errc::hypervisor_failed},
        {"exit=0", "QEMU exited with status 0", Errc::hypervisor_failed},
        {"crash-after=0\ncrash-on=qmp_capabilities", "QEMU was killed by signal 9", Errc::hypervisor_failed},
        {"hang=start", "took longer than", Errc::timeout},
        {"hang=greeting\nmessage=waiting for Godot", "it wrote: waiting for Godot", Errc::timeout},
        {"hang=negotiate", "took longer than", Errc::timeout},
        {"garbage=greeting", "not JSON", Errc::hypervisor_failed},
        {"endless=greeting", "endless line", Errc::hypervisor_failed},
        {"error-on=qmp_capabilities", "told to refuse", Errc::hypervisor_failed},
    };
    for (auto& one : cases) {
        FakeQemu fake(std::string("record=1\n") + one.control);
        Guest guest(fake.path);
        take(write_all(guest.log.get(), "an older line\n", "log"));
        if (one.code == Errc::timeout) guest.options.start_limit = 1s;
        auto error = co_await launch_failure(guest);
        BOOST_TEST((error.code() == one.code), one.control << ": " << error.what());
        BOOST_TEST(has(error, one.says), one.control << ": " << error.what());
        BOOST_TEST(!has(error, "older"), error.what());
        BOOST_TEST((one.code == Errc::timeout || is_gone(fake)));
        BOOST_TEST(!guest.saw("ended"));
    }
    Guest none("/nonexistent/qemu");
    auto error = co_await launch_failure(none);
    BOOST_TEST((error.code() == Errc::not_found), error.what());
}

ASYNC_TEST(a_cancelled_start_leaves_nothing) {
    FakeQemu fake("record=1\nhang=greeting");
    Guest guest(fake.path);
    Errc code = Errc::internal;
    pid_t pid = 0;
    guest.command.before_exec = [&](pid_t p, std::uint64_t) -> Result<> {
        pid = p;
        return {};
    };
    try {
        auto machine = co_await with_timeout(guest.launch(), 100ms, "the start");
    } catch (const Error& e) {
        code = e.code();
    }
    BOOST_TEST((code == Errc::timeout));
    BOOST_TEST(pid > 0);
    BOOST_TEST(::kill(pid, 0) == -1);  // reaped
}

ASYNC_TEST(killed_from_outside) {
    FakeQemu fake;
    Guest guest(fake.path);
    auto machine = co_await guest.launch();
    ::kill(machine.pid(), SIGKILL);
    auto status = co_await machine.wait_ended();
    BOOST_TEST(status.signalled);
    std::vector<std::string> expected{"ended"};  // and not "lost"
    BOOST_TEST(guest.seen == expected, boost::test_tools::per_element());
}

ASYNC_TEST(sigterm_without_effect) {
    FakeQemu fake("ignore-sigterm=1");
    Guest guest(fake.path);
    auto machine = co_await guest.launch();
    QuitLimits limits;
    limits.terminate = 50ms;
    limits.force = false;
    Error error;
    try {
        co_await machine.quit(limits);
    } catch (const Error& e) {
        error = e;
    }
    BOOST_TEST((error.code() == Errc::timeout));
    BOOST_TEST(!error.hint().empty());
    co_await machine.execute("query-status");  // unharmed
    limits.force = true;
    auto status = co_await machine.quit(limits);
    BOOST_TEST(status.signalled);
    BOOST_TEST(status.value == SIGKILL);
}

ASYNC_TEST(a_lost_monitor_and_back) {
    FakeQemu fake("garbage=query-block");
    Guest guest(fake.path);
    auto machine = co_await guest.launch();
    Errc code = Errc::internal;
    try {
        co_await machine.execute("query-block");
    } catch (const Error& e) {
        code = e.code();
    }
    BOOST_TEST((code == Errc::hypervisor_failed));
    BOOST_TEST(!machine.connected());
    co_await guest.until("lost");
    BOOST_TEST(!machine.ended());
    co_await machine.connect();
    auto status = co_await machine.execute("query-status");
    BOOST_TEST(status.at("status").as_string() == "prelaunch");
    co_await machine.quit();
}

ASYNC_TEST(adopted_after_a_restart) {
    FakeQemu fake;
    Guest guest(fake.path);
    auto executor = co_await asio::this_coro::executor;
    pid_t pid = 0;
    std::uint64_t started = 0;
    {
        auto machine = co_await guest.launch();
        co_await machine.execute("cont");
        pid = machine.pid();
        started = machine.start_time();
    }  // the daemon goes, its guest stays
    guest.seen.clear();
    auto stranger = MachineProcess::adopt(executor, pid, started + 1, guest.path(), guest.callbacks());
    BOOST_TEST((!stranger && stranger.error().code() == Errc::not_found));
    auto machine = take(MachineProcess::adopt(executor, pid, started, guest.path(), guest.callbacks()));
    BOOST_TEST(!machine.connected());
    co_await machine.connect();
    auto status = co_await machine.execute("query-status");
    BOOST_TEST(status.at("running").as_bool());
    co_await machine.execute("stop");
    co_await machine.quit();
    std::vector<std::string> expected{"STOP", "SHUTDOWN", "ended"};
    BOOST_TEST(guest.seen == expected, boost::test_tools::per_element());
    auto gone = MachineProcess::adopt(executor, pid, started, guest.path(), guest.callbacks());
    BOOST_TEST((!gone && gone.error().code() == Errc::not_found));
}

ASYNC_TEST(adopted_but_silent) {
    FakeQemu fake;
    Guest guest(fake.path);
    auto executor = co_await asio::this_coro::executor;
    auto first = std::make_unique<MachineProcess>(co_await guest.launch());
    auto pid = first->pid();
    auto started = first->start_time();
    first.reset();
    ::kill(pid, SIGSTOP);
    auto machine = take(MachineProcess::adopt(executor, pid, started, guest.path(), guest.callbacks()));
    Errc code = Errc::internal;
    try {
        co_await machine.connect(50ms);
    } catch (const Error& e) {
        code = e.code();
    }
    BOOST_TEST((code == Errc::timeout));
    BOOST_TEST(!machine.ended());  // left alone
    ::kill(pid, SIGCONT);
    co_await machine.connect();
    co_await machine.execute("query-status");
    co_await machine.quit();
}

ASYNC_TEST(the_real_one) {
    if (::access(real_qemu, X_OK)) {
        vireo::test::skip(std::string("there is no ") + real_qemu);
        co_return;
    }
    Guest guest(real_qemu);
    auto executor = co_await asio::this_coro::executor;
    auto begin = Clock::now();
    auto ms = [&] { return static_cast<double>((Clock::now() - begin).count()) / 1e6; };
    auto machine = std::make_unique<MachineProcess>(co_await guest.launch());
    auto started = ms();
    co_await machine->execute("cont");
    BOOST_TEST(guest.saw("RESUME"));
    auto pid = machine->pid();
    auto start_time = machine->start_time();
    machine.reset();
    machine = std::make_unique<MachineProcess>(
        take(MachineProcess::adopt(executor, pid, start_time, guest.path(), guest.callbacks())));
    begin = Clock::now();
    co_await machine->connect();
    auto attached = ms();
    auto status = co_await machine->execute("query-status");
    BOOST_TEST(status.at("running").as_bool());
    begin = Clock::now();
    auto end = co_await machine->quit();
    std::printf("real QEMU: greeted after %.1f ms, attached again in %.1f ms, ended in %.1f ms\n", started, attached,
                ms());
    BOOST_TEST((!end.known || end.ok()));
    BOOST_TEST(guest.saw("SHUTDOWN"));
    BOOST_TEST(guest.seen.back() == "ended");
}

ASYNC_TEST(the_real_one_refuses_its_command_line) {
    if (::access(real_qemu, X_OK)) {
        vireo::test::skip(std::string("there is no ") + real_qemu);
        co_return;
    }
    Guest guest(real_qemu);
    guest.command.argv.insert(guest.command.argv.end(), {"-drive", "file=/nonexistent/disk.qcow2,if=none,id=d"});
    auto error = co_await launch_failure(guest);
    BOOST_TEST(has(error, "QEMU exited with status 1: qemu-system-x86_64: -drive file=/nonexistent/disk.qcow2"),
               error.what());
    BOOST_TEST(has(error, "No such file"), error.what());
}

BOOST_AUTO_TEST_SUITE_END()
