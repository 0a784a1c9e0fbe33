// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/cgroup.hpp"

#include "support/blocking.hpp"
#include "support/process.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/skip.hpp"

#include <algorithm>
#include <csignal>
#include <unistd.h>

using namespace vireo;
using namespace vireo::host;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(cgroup)

namespace {

std::string own_uuid(int number) {  // unique among test programs that run at the same time
    char text[40];
    std::snprintf(text, sizeof text, "%08x-0000-4000-8000-%012x", static_cast<unsigned>(::getpid()),
                  static_cast<unsigned>(number));
    return text;
}

struct Removed {  // leaves nothing behind, even when the test fails
    std::vector<fs::path> folders;
    ~Removed() { (void)Cgroups::remove(folders, std::chrono::seconds(10)); }
};

Command sleeper() {
    Command command;
    command.argv = {"/bin/sleep", "600"};
    return command;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
    return std::ranges::find(all, one) != all.end();
}

}  // namespace

ASYNC_TEST(a_process_is_born_into_its_own_and_leaves_nothing) {
    auto cgroups = Cgroups::detect();
    BOOST_TEST_MESSAGE("control groups here: " << to_string(cgroups.kind()));
    if (cgroups.kind() == CgroupKind::none) {
        test::skip("no control group may be made here");
        co_return;
    }
    auto uuid = own_uuid(1);
    auto guest = take(cgroups.make(uuid));
    Removed removed{guest.folders};
    BOOST_TEST(guest.folders.size() == cgroups.parents().size());
    BOOST_TEST(contains(cgroups.found(), uuid));

    auto command = sleeper();
    command.cgroup_fd = guest.unified.get();
    auto begin = Clock::now();
    auto process = take(Process::start(co_await asio::this_coro::executor, command));
    auto born = Clock::now();
    Blocking pool;
    auto job = [&](std::stop_token) { return Cgroups::attach(guest.to_attach, process.pid()); };
    take(co_await pool.call(std::move(job)));
    auto ms = [](Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
    std::printf("host: process started in %.1f ms, moved into %zu version 1 groups in %.1f ms\n", ms(born - begin),
                guest.to_attach.size(), ms(Clock::now() - born));
    for (auto& folder : guest.folders) {
        auto members = take(Cgroups::members(folder));
        BOOST_TEST(members.size() == 1u, folder);
        BOOST_TEST(members.at(0) == process.pid());
    }
    auto busy = Cgroups::remove(guest.folders, std::chrono::milliseconds(20));
    BOOST_TEST(!busy.has_value());
    BOOST_CHECK(busy.error().code() == Errc::busy);
    process.kill(SIGKILL);
    (void)co_await process.wait();
    take(Cgroups::remove(guest.folders));
    take(Cgroups::remove(guest.folders));  // absent is fine
    BOOST_TEST(!contains(cgroups.found(), uuid));
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_is_taken_over) {
    auto cgroups = Cgroups::detect();
    if (cgroups.kind() == CgroupKind::none) return test::skip("no control group may be made here");
    auto first = take(cgroups.make(own_uuid(2)));
    Removed removed{first.folders};
    auto second = take(cgroups.make(own_uuid(2)));
    BOOST_TEST(first.folders == second.folders);
    take(Cgroups::remove(second.folders));
}

BOOST_AUTO_TEST_CASE(a_process_that_is_gone_cannot_be_moved) {
    auto cgroups = Cgroups::detect();
    auto guest = take(cgroups.make(own_uuid(3)));
    Removed removed{guest.folders};
    if (guest.to_attach.empty()) return test::skip("no version 1 control group here");
    auto moved = Cgroups::attach(guest.to_attach, 0x3ffffff);
    BOOST_REQUIRE(!moved);
    BOOST_TEST(std::string(moved.error().what()).find("67108863") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(folders_that_are_no_control_groups_are_never_touched) {
    test::Folder folder;
    auto victim = folder / own_uuid(4);
    fs::create_directory(victim);
    BOOST_TEST(!Cgroups::remove({victim}).has_value());
    BOOST_TEST(fs::exists(victim));
    BOOST_TEST(!Cgroups::remove({folder.path()}).has_value());
    BOOST_TEST(!Cgroups::remove({"/sys/fs/cgroup"}).has_value());
    take(Cgroups::remove({}));

    auto mount = CgroupMount{true, {}, folder.path(), folder.path()};  // claims to be a mount and is none
    auto cgroups = Cgroups::from({mount}, {});
    BOOST_CHECK(cgroups.kind() == CgroupKind::none);
    BOOST_TEST(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

BOOST_AUTO_TEST_CASE(without_control_groups_a_guest_has_none) {
    auto cgroups = Cgroups::from({}, {});
    BOOST_TEST(to_string(cgroups.kind()) == "none");
    auto guest = take(cgroups.make(own_uuid(5)));
    BOOST_TEST(guest.folders.empty());
    BOOST_TEST(guest.unified.get() == -1);
    take(Cgroups::attach(guest.to_attach, ::getpid()));
    BOOST_TEST(cgroups.found().empty());
}

BOOST_AUTO_TEST_CASE(only_uuids_name_guests) {
    auto cgroups = Cgroups::from({}, {});
    for (auto* bad : {"", "..", "../../x", "web", "ZZZZZZZZ-0000-4000-8000-000000000000"})
        BOOST_TEST(!cgroups.make(bad).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
