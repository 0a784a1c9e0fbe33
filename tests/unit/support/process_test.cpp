// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/process.hpp"

#include "support/file.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"

#include <boost/asio/io_context.hpp>

#include <csignal>
#include <sys/wait.h>

using namespace vireo;
using namespace std::chrono_literals;

namespace {

Command shell(std::string script) {
    Command command;
    command.argv = {"/bin/sh", "-c", std::move(script)};
    command.env = {"PATH=/usr/bin:/bin"};
    return command;
}

}  // namespace

ASYNC_TEST(output_and_exit_status_are_kept) {
    auto output = co_await run_program(shell("echo out; echo err >&2; exit 3"));
    BOOST_TEST(output.out == "out\n");
    BOOST_TEST(output.err == "err\n");
    BOOST_TEST((!output.status.signalled && output.status.value == 3));
    BOOST_TEST(output.status.text() == "exited with status 3");
}

ASYNC_TEST(more_output_than_the_limit_is_cut_and_the_program_ends) {
    auto output = co_await run_program(shell("head -c 300000 /dev/zero"), 1000);
    BOOST_TEST(output.out.size() == 1000u);
    BOOST_TEST(output.status.ok());
}

ASYNC_TEST(only_named_descriptors_reach_the_child) {
    UniqueFd extra(::open("/dev/null", O_RDONLY));  // not close-on-exec on purpose
    auto command = shell("ls /proc/self/fd | tr '\\n' ' '");
    command.fds[5] = extra.get();
    auto output = co_await run_program(std::move(command));
    BOOST_TEST(output.out == "0 1 2 3 5 ");  // 3 is ls reading the folder
}

ASYNC_TEST(a_missing_program_is_said_with_the_step) {
    auto executor = co_await asio::this_coro::executor;
    Command command;
    command.argv = {"/nonexistent/program"};
    auto process = Process::start(executor, command);
    BOOST_REQUIRE(!process);
    BOOST_TEST((process.error().code() == Errc::not_found));
    BOOST_TEST(std::string(process.error().what()).find("cannot start /nonexistent/program (exec)") == 0u);
}

ASYNC_TEST(before_exec_sees_the_process_before_the_program_runs) {
    auto executor = co_await asio::this_coro::executor;
    test::Folder folder;
    auto made = (folder / "made").string();
    pid_t seen = 0;
    bool early = true;
    auto command = shell("touch " + made);
    command.before_exec = [&](pid_t pid, std::uint64_t start_time) -> Result<> {
        seen = pid;
        early = start_time != 0 && !std::filesystem::exists(made);
        return {};
    };
    auto process = take(Process::start(executor, command));
    auto status = co_await process.wait();
    BOOST_TEST((status.ok() && seen == process.pid() && early));
    BOOST_TEST(std::filesystem::exists(made));
}

ASYNC_TEST(a_failing_before_exec_means_the_program_never_runs) {
    auto executor = co_await asio::this_coro::executor;
    test::Folder folder;
    auto made = (folder / "made").string();
    auto command = shell("touch " + made);
    command.before_exec = [&](pid_t, std::uint64_t) -> Result<> { return fail(Errc::system_failed, "no space"); };
    auto process = Process::start(executor, command);
    BOOST_REQUIRE(!process);
    BOOST_TEST(process.error().message() == "no space");
    BOOST_TEST(!std::filesystem::exists(made));
}

BOOST_AUTO_TEST_CASE(the_program_never_runs_when_its_parent_dies_before_the_gate_opens) {
    test::Folder folder;
    auto made = (folder / "made").string();
    pid_t parent = ::fork();
    if (parent == 0) {
        boost::asio::io_context loop{1};
        auto command = shell("touch " + made);
        command.before_exec = [&](pid_t pid, std::uint64_t) -> Result<> {
            take(replace_file(folder / "pid", std::to_string(pid)));
            ::kill(::getpid(), SIGKILL);
            return {};
        };
        (void)Process::start(loop.get_executor(), command);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(parent, &status, 0);
    BOOST_REQUIRE(WIFSIGNALED(status));
    auto child = std::stoi(take(read_file(folder / "pid")));
    for (int i = 0; i < 5000 && process_start_time(child); ++i) ::usleep(1000);
    BOOST_TEST(!process_start_time(child).has_value());
    BOOST_TEST(!std::filesystem::exists(made));
}

ASYNC_TEST(kill_reaches_the_process_and_the_signal_is_reported) {
    auto executor = co_await asio::this_coro::executor;
    auto process = take(Process::start(executor, shell("exec sleep 100")));
    process.kill(SIGTERM);
    auto status = co_await with_timeout(process.wait(), 10s, "the end");
    BOOST_TEST((status.signalled && status.value == SIGTERM));
    BOOST_TEST(process.ended());
}

ASYNC_TEST(adoption_needs_the_right_start_time) {
    auto executor = co_await asio::this_coro::executor;
    auto process = take(Process::start(executor, shell("exec sleep 100")));
    BOOST_TEST(!Process::adopt(executor, process.pid(), process.start_time() + 1).has_value());
    auto again = Process::adopt(executor, process.pid(), process.start_time());
    BOOST_REQUIRE(again.has_value());
    again->kill(SIGKILL);
    (void)co_await with_timeout(again->wait(), 10s, "the end");
    BOOST_TEST(!Process::adopt(executor, process.pid(), process.start_time()).has_value());  // a zombie is dead
    (void)co_await process.wait();
}

ASYNC_TEST(a_cancelled_run_leaves_no_process) {
    test::Folder folder;
    auto file = (folder / "pid").string();
    bool timed_out = false;
    try {
        co_await with_timeout(run_program(shell("echo $$ > " + file + "; exec sleep 100")), 300ms, "the run");
    } catch (const Error& error) {
        timed_out = error.code() == Errc::timeout;
    }
    BOOST_TEST(timed_out);
    BOOST_TEST(!process_start_time(std::stoi(take(read_file(file)))).has_value());
}
