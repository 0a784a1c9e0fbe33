// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/limits.hpp"

#include "support/file.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"

using namespace vireo;
using namespace vireo::host;

namespace {

// A folder that looks like a guest's control group with these files.
struct Group {
    explicit Group(std::initializer_list<const char*> files) {
        for (auto* file : files) take(replace_file(folder / file, "", 0600, Durable::no));
    }
    std::string at(const std::string& file) const { return take(read_file(folder / file)); }
    test::Folder folder;
};

Limits some() {
    Limits limits;
    limits.cpu_weight = 2048;
    limits.cpu_quota = 50'000;
    limits.memory_hard = 1ull << 30;
    limits.swap_hard = 3ull << 30;
    return limits;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host_limits)

BOOST_AUTO_TEST_CASE(of_the_unified_hierarchy) {
    Group group{"cpu.weight", "cpu.max", "memory.max", "memory.swap.max"};
    take(apply_limits({group.folder.path()}, some()));
    BOOST_TEST(group.at("cpu.weight") == "2048");
    BOOST_TEST(group.at("cpu.max") == "50000 100000");
    BOOST_TEST(group.at("memory.max") == "1073741824");
    BOOST_TEST(group.at("memory.swap.max") == "2147483648");
}

BOOST_AUTO_TEST_CASE(of_version_one_each_where_its_controller_is) {
    Group cpu{"cpu.shares", "cpu.cfs_period_us", "cpu.cfs_quota_us"};
    Group memory{"memory.limit_in_bytes", "memory.memsw.limit_in_bytes"};
    take(apply_limits({cpu.folder.path(), memory.folder.path()}, some()));
    BOOST_TEST(cpu.at("cpu.shares") == "2048");
    BOOST_TEST(cpu.at("cpu.cfs_period_us") == "100000");
    BOOST_TEST(cpu.at("cpu.cfs_quota_us") == "50000");
    BOOST_TEST(memory.at("memory.limit_in_bytes") == "1073741824");
    BOOST_TEST(memory.at("memory.memsw.limit_in_bytes") == "3221225472");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_limited_is_named) {
    Group group{"cpu.weight"};
    auto applied = apply_limits({group.folder.path()}, some());
    BOOST_REQUIRE(!applied);
    BOOST_CHECK(applied.error().code() == Errc::unsupported);
    BOOST_TEST(applied.error().message().find("cputune/global_quota") != std::string::npos);
    BOOST_TEST(Limits().empty());
    take(apply_limits({}, Limits()));
}

BOOST_AUTO_TEST_CASE(only_block_devices_are_limited) {
    Group group{"io.max"};
    Limits limits;
    limits.devices.emplace_back().path = (group.folder / "io.max").string();
    limits.devices.back().read_bytes = 1;
    BOOST_CHECK(apply_limits({group.folder.path()}, limits).error().code() == Errc::invalid_argument);
    limits.devices.back().path = "/nonexistent/device";
    BOOST_CHECK(apply_limits({group.folder.path()}, limits).error().code() == Errc::not_found);
}

// The kernel makes the files of a new control group; here a folder with them is there already.
struct ThreadGroup {
    ThreadGroup(const std::filesystem::path& parent, std::initializer_list<const char*> files)
        : path(parent / "vcpu0") {
        take(make_folder(path));
        for (auto* file : files) take(replace_file(path / file, "", 0600, Durable::no));
    }
    std::string at(const std::string& file) const { return take(read_file(path / file)); }
    std::filesystem::path path;
};

ThreadLimits of_vcpu() {
    ThreadLimits limit;
    limit.name = "vcpu0";
    limit.what = "cputune/quota";
    limit.threads = {4711};
    limit.period = 50'000;
    limit.quota = 20'000;
    return limit;
}

BOOST_AUTO_TEST_CASE(threads_in_the_unified_hierarchy) {
    Group group{"cpu.max", "cgroup.subtree_control"};
    ThreadGroup threads(group.folder.path(), {"cgroup.type", "cgroup.threads", "cpu.max"});
    take(limit_threads({group.folder.path()}, {of_vcpu()}));
    BOOST_TEST(group.at("cgroup.subtree_control") == "+cpu");
    BOOST_TEST(threads.at("cgroup.type") == "threaded");
    BOOST_TEST(threads.at("cpu.max") == "20000 50000");
    BOOST_TEST(threads.at("cgroup.threads") == "4711");
}

BOOST_AUTO_TEST_CASE(threads_in_a_hierarchy_of_version_one) {
    Group unified{"cgroup.procs"};
    Group cpu{"cpu.cfs_period_us", "cpu.cfs_quota_us"};
    ThreadGroup threads(cpu.folder.path(), {"tasks", "cpu.cfs_period_us", "cpu.cfs_quota_us"});
    take(limit_threads({unified.folder.path(), cpu.folder.path()}, {of_vcpu()}));
    BOOST_TEST(threads.at("cpu.cfs_quota_us") == "20000");
    BOOST_TEST(threads.at("cpu.cfs_period_us") == "50000");
    BOOST_TEST(threads.at("tasks") == "4711");
    take(limit_threads({}, {}));
    BOOST_CHECK(limit_threads({unified.folder.path()}, {of_vcpu()}).error().code() == Errc::unsupported);
}

BOOST_AUTO_TEST_SUITE_END()
