// SPDX-License-Identifier: LGPL-2.1-or-later
#include "state/layout.hpp"

#include "state/lock.hpp"
#include "support/file.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/skip.hpp"

#include <fstream>
#include <map>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace vireo;
using namespace vireo::state;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(layout)

namespace {

Layout::Environment environment(std::map<std::string, std::string> values) {
    return [values = std::move(values)](const char* name) -> const char* {
        auto found = values.find(name);
        return found == values.end() ? nullptr : found->second.c_str();
    };
}

mode_t mode_of(const fs::path& path) {
    struct stat status{};
    BOOST_REQUIRE_MESSAGE(::stat(path.c_str(), &status) == 0, path);
    return status.st_mode & 07777;
}

}  // namespace

BOOST_AUTO_TEST_CASE(system_folders_are_the_usual_ones) {
    auto layout = Layout::for_system();
    BOOST_TEST(layout.system);
    BOOST_TEST(layout.definitions == "/etc/vireo/qemu");
    BOOST_TEST(layout.nvram == "/var/lib/vireo/nvram");
    BOOST_TEST(layout.tpm == "/var/lib/vireo/tpm");
    BOOST_TEST(layout.status == "/run/vireo/status");
    BOOST_TEST(layout.cache == "/var/cache/vireo");
    BOOST_TEST(layout.log == "/var/log/vireo");
    BOOST_TEST(layout.socket() == "/run/vireo/vireo.sock");
}

BOOST_AUTO_TEST_CASE(a_users_folders_follow_the_variables) {
    auto layout = take(Layout::for_user(environment({{"HOME", "/home/u"},
                                                     {"XDG_CONFIG_HOME", "/c"},
                                                     {"XDG_DATA_HOME", "/d"},
                                                     {"XDG_CACHE_HOME", "/k"},
                                                     {"XDG_STATE_HOME", "/s"},
                                                     {"XDG_RUNTIME_DIR", "/r"}})));
    BOOST_TEST(!layout.system);
    BOOST_TEST(layout.definitions == "/c/vireo/qemu");
    BOOST_TEST(layout.data == "/d/vireo");
    BOOST_TEST(layout.cache == "/k/vireo");
    BOOST_TEST(layout.log == "/s/vireo/log");
    BOOST_TEST(layout.socket() == "/r/vireo/vireo.sock");
}

BOOST_AUTO_TEST_CASE(relative_and_empty_variables_count_as_unset) {
    auto layout = take(
        Layout::for_user(environment({{"HOME", "/home/u"}, {"XDG_CONFIG_HOME", "relative"}, {"XDG_DATA_HOME", ""}})));
    BOOST_TEST(layout.config == "/home/u/.config/vireo");
    BOOST_TEST(layout.data == "/home/u/.local/share/vireo");
    BOOST_TEST(layout.cache == "/home/u/.cache/vireo");
}

BOOST_AUTO_TEST_CASE(without_home_the_error_says_what_to_set) {
    auto layout = Layout::for_user(environment({{"XDG_CONFIG_HOME", "/c"}}));
    BOOST_REQUIRE(!layout);
    BOOST_CHECK(layout.error().code() == Errc::invalid_config);
    BOOST_TEST(layout.error().hint().find("HOME") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(folders_are_made_with_their_modes) {
    test::Folder root;
    auto layout = Layout::for_system(root.path());
    auto old = ::umask(022);
    take(layout.create());
    take(layout.create());
    ::umask(old);
    BOOST_TEST(mode_of(layout.config) == 0755u);
    BOOST_TEST(mode_of(layout.definitions) == 0700u);
    BOOST_TEST(mode_of(layout.definitions / "autostart") == 0700u);
    BOOST_TEST(mode_of(layout.nvram) == 0711u);
    BOOST_TEST(mode_of(layout.run) == 0755u);
    BOOST_TEST(mode_of(layout.status) == 0700u);
    BOOST_TEST(mode_of(layout.cache) == 0700u);
}

BOOST_AUTO_TEST_CASE(an_administrators_mode_is_kept) {
    test::Folder root;
    auto layout = Layout::for_system(root.path());
    take(layout.create());
    fs::permissions(layout.definitions, fs::perms(0750));
    take(layout.create());
    BOOST_TEST(mode_of(layout.definitions) == 0750u);
}

BOOST_AUTO_TEST_CASE(a_status_folder_that_others_can_write_is_refused) {
    test::Folder root;
    auto layout = Layout::for_system(root.path());
    take(layout.create());
    fs::permissions(layout.status, fs::perms(0777));
    auto made = layout.create();
    BOOST_REQUIRE(!made);
    BOOST_CHECK(made.error().code() == Errc::access_denied);
}

BOOST_AUTO_TEST_CASE(a_status_folder_that_is_a_link_is_refused) {
    test::Folder root;
    auto layout = Layout::for_system(root.path());
    take(layout.create());
    fs::remove(layout.status);
    fs::create_directory_symlink(root.path(), layout.status);
    auto made = layout.create();
    BOOST_REQUIRE(!made);
    BOOST_CHECK(made.error().code() == Errc::access_denied);
}

BOOST_AUTO_TEST_CASE(a_file_in_the_way_is_named) {
    test::Folder root;
    auto layout = Layout::for_system(root.path());
    fs::create_directories(layout.config.parent_path());
    std::ofstream(layout.config) << "in the way";
    auto made = layout.create();
    BOOST_REQUIRE(!made);
    BOOST_TEST(std::string(made.error().what()).find(layout.config.string()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_daemons_are_kept_apart_and_the_pid_is_named) {
    test::Folder root;
    auto layout = Layout::for_system(root.path());
    take(layout.create());
    {
        auto first = take(Lock::take(layout));
        auto second = Lock::take(layout, std::chrono::milliseconds(0));
        BOOST_REQUIRE(!second);
        BOOST_CHECK(second.error().code() == Errc::busy);
        BOOST_TEST(second.error().message().find("process " + std::to_string(::getpid())) != std::string::npos);

        auto elsewhere = layout;  // the same definitions, another run folder
        elsewhere.run = root / "other";
        elsewhere.status = root / "other/status";
        take(elsewhere.create());
        auto third = Lock::take(elsewhere, std::chrono::milliseconds(0));
        BOOST_REQUIRE(!third);
        BOOST_TEST(third.error().message().find(layout.definitions.string()) != std::string::npos);
    }
    take(Lock::take(layout, std::chrono::milliseconds(0)));
}

BOOST_AUTO_TEST_CASE(a_killed_daemon_leaves_no_lock) {
    test::Folder root;
    auto layout = Layout::for_system(root.path());
    take(layout.create());
    int ready[2];
    BOOST_REQUIRE(::pipe(ready) == 0);
    auto child = ::fork();
    if (child == 0) {
        auto lock = Lock::take(layout);
        (void)!::write(ready[1], lock ? "y" : "n", 1);
        for (;;) ::pause();
    }
    char got = 0;
    BOOST_REQUIRE(::read(ready[0], &got, 1) == 1);
    BOOST_TEST(got == 'y');
    auto refused = Lock::take(layout, std::chrono::milliseconds(0));
    BOOST_TEST(!refused.has_value());
    ::kill(child, SIGKILL);
    auto lock = Lock::take(layout, std::chrono::seconds(30));  // waits for its end
    BOOST_TEST(lock.has_value());
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
}

BOOST_AUTO_TEST_CASE(a_lock_file_that_is_a_link_is_refused) {
    test::Folder root;
    auto layout = Layout::for_system(root.path());
    take(layout.create());
    fs::create_symlink(root / "victim", layout.run / "vireod.lock");
    auto lock = Lock::take(layout);
    BOOST_REQUIRE(!lock);
    BOOST_TEST(!fs::exists(root / "victim"));
}

BOOST_AUTO_TEST_SUITE_END()
