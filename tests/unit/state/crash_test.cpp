// SPDX-License-Identifier: LGPL-2.1-or-later
// kill -9 at every system call of a change: what is found afterwards is the old state or the new one, never neither.
// And the order of the calls that a power cut depends on. The child is traced with ptrace(2), no hook in the code.
#include "state/definition_store.hpp"
#include "support/file.hpp"
#include "support/task_group.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/skip.hpp"
#include "tests/unit/state/fixture.hpp"

#include <algorithm>
#include <csignal>
#include <functional>
#include <limits>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

using namespace vireo;
using namespace vireo::state;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(crash)

namespace {

struct Trace {
    bool traced = true;       // false: tracing is not allowed here
    bool ended = false;       // the body came to its end
    std::vector<long> calls;  // system calls entered by the writing thread and all others
};

// Only calls that change or synchronise something are steps; a crash between two others is the same crash.
bool is_step(long number) {
    switch (number) {
        case SYS_openat:
        case SYS_write:
        case SYS_fsync:
        case SYS_fdatasync:
        case SYS_sync_file_range:
        case SYS_rename:
        case SYS_renameat:
        case SYS_renameat2:
        case SYS_unlink:
        case SYS_unlinkat:
        case SYS_symlinkat:
        case SYS_close:
            return true;
        default:
            return false;
    }
}

// Runs body in a child and kills it with SIGKILL when it enters its kill_at-th step.
Trace run_traced(const std::function<void()>& body, std::size_t kill_at) {
    Trace trace;
    auto child = ::fork();
    if (child == 0) {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)) ::_exit(77);
        ::raise(SIGSTOP);
        try {
            body();
        } catch (...) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSTOPPED(status)) return trace.traced = false, trace;
    ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACECLONE | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    for (;;) {
        auto who = ::waitpid(-1, &status, __WALL);
        if (who < 0) return trace;
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (who != child) continue;
            trace.ended = WIFEXITED(status);
            BOOST_REQUIRE_MESSAGE(!trace.ended || WEXITSTATUS(status) == 0, "the change itself failed");
            return trace;
        }
        int signal = WSTOPSIG(status);
        bool at_call = signal == (SIGTRAP | 0x80);
        if (at_call) {
            __ptrace_syscall_info info{};
            if (::ptrace(PTRACE_GET_SYSCALL_INFO, who, sizeof info, &info) > 0 &&
                info.op == PTRACE_SYSCALL_INFO_ENTRY && is_step(static_cast<long>(info.entry.nr))) {
                trace.calls.push_back(static_cast<long>(info.entry.nr));
                if (trace.calls.size() == kill_at) ::kill(child, SIGKILL);
            }
        }
        bool own = at_call || signal == SIGTRAP || signal == SIGSTOP;  // clone events and the first stop of a thread
        ::ptrace(PTRACE_SYSCALL, who, nullptr, own ? 0 : signal);
    }
}

constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

std::string state_of(DefinitionStore& store) {
    auto loaded = take(store.load_all());
    std::ranges::sort(loaded.definitions, {}, &Definition::uuid);
    std::string text;
    for (auto& d : loaded.definitions) text += d.xml.substr(d.xml.find("-->\n") + 4) + (d.autostart ? "auto;" : ";");
    for (auto& p : loaded.problems) text += std::string("problem ") + p.error.what() + ";";
    return text;
}

// Prepares, then kills the change at each of its steps; each time the result must be one of the two states.
void crash_everywhere(const std::function<void(DefinitionStore&)>& prepare,
                      const std::function<void(DefinitionStore&)>& change, const std::string& before,
                      const std::string& after, const std::vector<std::string>& between = {}) {
    bool seen_before = false, seen_after = false;
    for (std::size_t kill_at = 1;; ++kill_at) {
        StoreFixture f;
        {
            Blocking pool;  // gone, with its threads, before the fork
            DefinitionStore store(pool, f.folder.path());
            prepare(store);
        }
        BOOST_REQUIRE(state_of(f.store) == before);
        auto path = f.folder.path();
        auto trace = run_traced(
            [&] {
                Blocking pool;
                DefinitionStore store(pool, path);
                change(store);
            },
            kill_at);
        if (!trace.traced) return test::skip("processes may not be traced here");
        StoreFixture g;
        DefinitionStore again(g.pool, path);
        auto found = state_of(again);
        BOOST_TEST_INFO("killed at step " << kill_at);
        BOOST_TEST((found == before || found == after || std::ranges::find(between, found) != between.end()), found);
        seen_before = seen_before || found == before;
        seen_after = seen_after || found == after;
        for (auto& entry : fs::directory_iterator(path))
            BOOST_TEST(!entry.path().filename().string().starts_with(stray_prefix));
        if (trace.ended) {
            BOOST_TEST(found == after);
            break;
        }
        BOOST_REQUIRE(kill_at < 1000u);
    }
    BOOST_TEST(seen_before);
    BOOST_TEST(seen_after);
}

void save(DefinitionStore& store, int number, const std::string& xml) {
    test::run(store.save(uuid_of(number), xml));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_first_save) {
    crash_everywhere([](auto&) {}, [](auto& store) { save(store, 1, "<new/>"); }, "", "<new/>\n;");
}

BOOST_AUTO_TEST_CASE(a_replacement) {
    crash_everywhere([](auto& store) { save(store, 1, "<old/>"); }, [](auto& store) { save(store, 1, "<new/>"); },
                     "<old/>\n;", "<new/>\n;");
}

BOOST_AUTO_TEST_CASE(a_removal_takes_the_mark_along) {
    auto prepare = [](DefinitionStore& store) {
        save(store, 1, "<old/>");
        test::run(store.set_autostart(uuid_of(1), true));
    };
    crash_everywhere(prepare, [](auto& store) { test::run(store.remove(uuid_of(1))); }, "<old/>\nauto;", "");
}

BOOST_AUTO_TEST_CASE(a_mark) {
    crash_everywhere([](auto& store) { save(store, 1, "<old/>"); },
                     [](auto& store) { test::run(store.set_autostart(uuid_of(1), true)); }, "<old/>\n;",
                     "<old/>\nauto;");
}

// Several that share a batch: each is old or new by itself.
BOOST_AUTO_TEST_CASE(a_batch) {
    auto save_both = [](DefinitionStore& store) {
        auto both = [&store]() -> Task<> {
            co_await all(store.save(uuid_of(1), "<new/>"), store.save(uuid_of(2), "<new/>"),
                         store.save(uuid_of(3), "<new/>"));
        };
        test::run(both());
    };
    auto prepare = [](DefinitionStore& store) {
        for (int i : {1, 2, 3}) save(store, i, "<old/>");
    };
    std::string o = "<old/>\n;", n = "<new/>\n;";
    crash_everywhere(prepare, save_both, o + o + o, n + n + n,
                     {n + o + o, o + n + o, o + o + n, n + n + o, n + o + n, o + n + n});
}

// The order that survives a power cut, as far as POSIX promises anything: content before name, name before the answer.
BOOST_AUTO_TEST_CASE(content_is_synchronised_before_the_name_and_the_name_before_the_answer) {
    StoreFixture f;
    auto trace = run_traced(
        [&] {
            Blocking pool;
            DefinitionStore store(pool, f.folder.path());
            save(store, 1, "<new/>");
        },
        never);
    if (!trace.traced) return test::skip("processes may not be traced here");
    BOOST_REQUIRE(trace.ended);
    std::vector<long> order;
    for (long call : trace.calls)
        if (call == SYS_fsync || call == SYS_fdatasync || call == SYS_renameat || call == SYS_renameat2)
            order.push_back(call == SYS_fdatasync ? SYS_fsync : call == SYS_renameat2 ? SYS_renameat : call);
    std::vector<long> wanted{SYS_fsync, SYS_renameat, SYS_fsync};
    BOOST_TEST(order == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
