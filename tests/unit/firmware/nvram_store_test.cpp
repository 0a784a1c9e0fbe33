// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/nvram_store.hpp"

#include "unit/firmware/fixtures.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <set>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace vireo;
using namespace vireo::firmware;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(nvram_store)

namespace {
const std::string old_content = test::volume(test::store_size, 'o');
const std::string new_content = test::volume(test::store_size, 'n');

struct Fixture {
    test::Folder folder;
    StoreSpec spec{folder / "nvram/0b7e/VARS.fd", true};

    std::string content() const { return fs::exists(spec.path) ? test::get(spec.path) : ""; }
    // Everything in the store's folder, in order.
    std::string files() const {
        std::set<std::string> names;
        std::error_code ignored;
        for (auto& entry : fs::directory_iterator(spec.path.parent_path(), ignored))
            names.insert(entry.path().filename());
        std::string all;
        for (auto& name : names) all += name + " ";
        return all;
    }
    void make_old() const { test::put(spec.path, old_content); }
    Errc error_of(const auto& result) const { return result ? Errc::internal : result.error().code(); }
};

mode_t mode_of(const fs::path& path) {
    struct stat status{};
    BOOST_REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

// Runs the operation in a child that dies, as by kill -9, at step n. True: it died; false: it came to its end before.
bool dies_at(int n, StoreSpec spec, const std::function<void(const StoreSpec&)>& operation) {
    pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        int count = 0;
        spec.steps = [&](std::string_view) {
            if (count++ == n) ::_exit(77);
            return 0;
        };
        operation(spec);
        ::_exit(0);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
    return WEXITSTATUS(status) == 77;
}

// An operation with one failing step. True: it reached the step.
bool fails_at(int n, int error, StoreSpec spec, const std::function<void(const StoreSpec&)>& operation) {
    int count = 0;
    spec.steps = [&](std::string_view) { return count++ == n ? error : 0; };
    operation(spec);
    return count > n;
}
}  // namespace

BOOST_FIXTURE_TEST_CASE(created_from_the_template_byte_for_byte, Fixture) {
    BOOST_TEST(!take(open_store(spec)));
    ::umask(0);
    auto store = take(create_store(spec, new_content));
    ::umask(022);
    BOOST_TEST((content() == new_content));
    BOOST_TEST(store.image.size == test::store_size);
    BOOST_TEST(mode_of(spec.path) == 0600u);
    BOOST_TEST(mode_of(spec.path.parent_path()) == 0700u);
    BOOST_TEST(mode_of(spec.path.parent_path().parent_path()) == 0700u);
    BOOST_TEST(files() == "VARS.fd VARS.fd.created ");
    take(commit_store(spec));
    BOOST_TEST(files() == "VARS.fd ");
    take(commit_store(spec));
    take(undo_store(spec));  // comes too late: does nothing
    BOOST_TEST((content() == new_content));
}

BOOST_FIXTURE_TEST_CASE(created_and_undone_leaves_nothing, Fixture) {
    take(create_store(spec, new_content));
    take(undo_store(spec));
    BOOST_TEST(!fs::exists(spec.path.parent_path()));
    take(undo_store(spec));
    BOOST_TEST(error_of(create_store(spec, "not a volume")) == Errc::invalid_config);
    BOOST_TEST(!fs::exists(spec.path.parent_path()));
}

BOOST_FIXTURE_TEST_CASE(never_created_over_another, Fixture) {
    make_old();
    BOOST_TEST(error_of(create_store(spec, new_content)) == Errc::already_exists);
    BOOST_TEST((content() == old_content));
    BOOST_TEST(files() == "VARS.fd ");
}

BOOST_FIXTURE_TEST_CASE(appears_while_it_is_created, Fixture) {
    spec.steps = [&](std::string_view step) {
        if (step == "rename") make_old();
        return 0;
    };
    BOOST_TEST(error_of(create_store(spec, new_content)) == Errc::already_exists);
    BOOST_TEST((content() == old_content));
    BOOST_TEST(files() == "VARS.fd ");
}

BOOST_FIXTURE_TEST_CASE(opened_as_it_is, Fixture) {
    make_old();
    auto store = take(open_store(spec));
    BOOST_REQUIRE(store.has_value());
    BOOST_TEST(store->image.size == test::store_size);
    BOOST_TEST((::fcntl(store->fd.get(), F_GETFL) & O_ACCMODE) == O_RDWR);
    BOOST_TEST((::fcntl(store->fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    BOOST_TEST(files() == "VARS.fd ");
}

BOOST_FIXTURE_TEST_CASE(reset_committed_and_undone, Fixture) {
    make_old();
    fs::permissions(spec.path, fs::perms(0644));
    auto store = take(reset_store(spec, new_content));
    BOOST_TEST((content() == new_content));
    BOOST_TEST(mode_of(spec.path) == 0600u);
    BOOST_TEST((test::get(spec.path.string() + ".before-start") == old_content));
    take(undo_store(spec));
    BOOST_TEST((content() == old_content));
    BOOST_TEST(files() == "VARS.fd ");
    take(undo_store(spec));
    store = take(reset_store(spec, new_content));
    take(commit_store(spec));
    BOOST_TEST((content() == new_content));
    BOOST_TEST(files() == "VARS.fd ");
    take(undo_store(spec));
    BOOST_TEST((content() == new_content));
}

BOOST_FIXTURE_TEST_CASE(reset_of_none_creates_and_of_a_broken_one_keeps_it, Fixture) {
    take(reset_store(spec, new_content));
    take(undo_store(spec));
    BOOST_TEST(!fs::exists(spec.path));
    for (std::string broken : {"", "short", "\0\0\0"}) {
        test::put(spec.path, broken);
        take(reset_store(spec, new_content));
        take(undo_store(spec));
        BOOST_TEST((content() == broken));
        BOOST_TEST(files() == "VARS.fd ");
    }
}

BOOST_FIXTURE_TEST_CASE(reset_without_second_names_copies, Fixture) {
    make_old();
    spec.steps = [](std::string_view step) { return step == "link" ? EPERM : 0; };
    take(reset_store(spec, new_content));
    BOOST_TEST(files() == "VARS.fd VARS.fd.before-start ");
    take(undo_store(spec));
    BOOST_TEST((content() == old_content));
    BOOST_TEST(files() == "VARS.fd ");
}

BOOST_FIXTURE_TEST_CASE(locked_while_in_use, Fixture) {
    make_old();
    auto first = take(open_store(spec));
    BOOST_TEST(error_of(open_store(spec)) == Errc::busy);
    BOOST_TEST(error_of(reset_store(spec, new_content)) == Errc::busy);
    StoreSpec other(folder / "second-name.fd", false);
    fs::create_hard_link(spec.path, other.path);
    BOOST_TEST(error_of(open_store(other)) == Errc::busy);
    UniqueFd of_the_guest(::dup(first->fd.get()));  // handed on: the lock goes with it
    first.reset();
    BOOST_TEST(error_of(open_store(spec)) == Errc::busy);
    of_the_guest.reset();
    auto again = take(open_store(spec));
    BOOST_TEST(again.has_value());
    again.reset();
    auto fresh = take(reset_store(spec, new_content));
    BOOST_TEST(error_of(open_store(spec)) == Errc::busy);
    BOOST_TEST(error_of(recover_store(spec, Started::no)) == Errc::busy);  // never under a guest that runs
    BOOST_TEST((content() == new_content));
    BOOST_TEST((take(recover_store(spec, Started::yes)) == Recovered::committed));
}

BOOST_FIXTURE_TEST_CASE(unfinished_start_is_finished_first, Fixture) {
    make_old();
    take(reset_store(spec, new_content));
    auto store = take(open_store(spec));
    BOOST_REQUIRE(store.has_value());
    BOOST_TEST((content() == old_content));
    store.reset();
    take(reset_store(spec, test::volume(test::store_size, 'x')));
    take(reset_store(spec, new_content));
    take(undo_store(spec));
    BOOST_TEST((content() == old_content));
    fs::remove(spec.path);
    take(create_store(spec, new_content));
    BOOST_TEST(!take(open_store(spec)));
    BOOST_TEST(files() == "");
}

BOOST_FIXTURE_TEST_CASE(refuses_what_is_no_store, Fixture) {
    auto refused = [&](const std::string& bytes, std::string_view text) {
        test::put(spec.path, bytes);
        auto store = open_store(spec);
        BOOST_REQUIRE(!store);
        BOOST_TEST(std::string(store.error().what()).find(text) != std::string::npos, store.error().what());
        BOOST_TEST(store.error().hint().find("reset-nvram") != std::string::npos);
        BOOST_TEST((content() == bytes));
    };
    refused("", "it is empty");
    refused(old_content.substr(0, 5000), "multiple of 4096");
    refused(old_content.substr(0, 65536), "it is cut short");
    refused(std::string(8192, 'x'), "not a firmware volume");
    auto wrong = old_content;
    wrong[0x2c] = 1;
    refused(wrong, "checksum");
    for (char erased : {'\0', '\xff'}) {
        test::put(spec.path, std::string(test::store_size, erased));
        auto store = take(open_store(spec));
        BOOST_TEST(store->image.blank);
    }
    fs::remove(spec.path);
    fs::create_directory(spec.path);
    BOOST_TEST(!open_store(spec));
    fs::remove(spec.path);
    BOOST_REQUIRE(::mkfifo(spec.path.c_str(), 0600) == 0);
    BOOST_TEST(error_of(open_store(spec)) == Errc::invalid_config);
}

BOOST_FIXTURE_TEST_CASE(planted_links_are_not_followed, Fixture) {
    test::put(folder / "victim", old_content);
    fs::create_directories(spec.path.parent_path());
    fs::create_symlink(folder / "victim", spec.path);
    for (auto code : {error_of(open_store(spec)), error_of(reset_store(spec, new_content)),
                      error_of(create_store(spec, new_content))})
        BOOST_TEST(code == Errc::access_denied);
    BOOST_TEST((test::get(folder / "victim") == old_content));
    BOOST_TEST(files() == "VARS.fd ");
}

BOOST_FIXTURE_TEST_CASE(links_of_others_are_not_followed, Fixture) {
    if (::geteuid() != 0) {
        BOOST_TEST_MESSAGE("skipped: only root can make another user's link");
        return;
    }
    test::put(folder / "real/victim.fd", old_content);
    fs::create_symlink("real/victim.fd", folder / "link.fd");
    fs::create_directory_symlink("real", folder / "way");
    for (auto name : {"link.fd", "way"}) BOOST_REQUIRE(::lchown((folder / name).c_str(), 65534, 65534) == 0);
    for (auto path : {folder / "link.fd", folder / "way/victim.fd"}) {
        StoreSpec chosen(path, false);
        BOOST_TEST(error_of(open_store(chosen)) == Errc::access_denied);
        BOOST_TEST(error_of(reset_store(chosen, new_content)) == Errc::access_denied);
    }
    BOOST_TEST((test::get(folder / "real/victim.fd") == old_content));
}

BOOST_FIXTURE_TEST_CASE(users_own_link_stays_a_link, Fixture) {
    test::put(folder / "real/vars.fd", old_content);
    fs::create_symlink("real/../real/vars.fd", folder / "link.fd");
    StoreSpec chosen(folder / "link.fd", false);
    BOOST_TEST(take(open_store(chosen)).has_value());
    take(reset_store(chosen, new_content));
    BOOST_TEST((test::get(folder / "real/vars.fd") == new_content));
    BOOST_TEST(fs::is_symlink(folder / "link.fd"));
    take(undo_store(chosen));
    BOOST_TEST((test::get(folder / "real/vars.fd") == old_content));
    fs::remove(folder / "real/vars.fd");  // a link to a store that is still to be made
    take(create_store(chosen, new_content));
    take(commit_store(chosen));
    BOOST_TEST((test::get(folder / "real/vars.fd") == new_content));
    fs::create_symlink("loop.fd", folder / "loop.fd");
    BOOST_TEST(!open_store(StoreSpec(folder / "loop.fd", false)));
}

BOOST_FIXTURE_TEST_CASE(a_path_of_the_users, Fixture) {
    StoreSpec chosen(folder / "none/VARS.fd", false);
    BOOST_TEST(error_of(create_store(chosen, new_content)) == Errc::not_found);
    BOOST_TEST(!fs::exists(folder / "none"));
    BOOST_TEST(error_of(open_store(StoreSpec("relative.fd", false))) == Errc::invalid_config);
    fs::create_directories(folder / "there");
    test::put(folder / "there/.vireo-VARS.fd.other.012345678901", "another store's");
    StoreSpec second(folder / "there/VARS.fd", false);
    take(create_store(second, new_content));
    take(undo_store(second));
    BOOST_TEST((take(recover_store(second, Started::no)) == Recovered::nothing));
    BOOST_TEST(fs::exists(folder / "there"));  // not ours: stays
    BOOST_TEST(fs::exists(folder / "there/.vireo-VARS.fd.other.012345678901"));
}

BOOST_FIXTURE_TEST_CASE(padding_of_large_stores_is_a_hole, Fixture) {
    auto large = test::volume(0xc0000) + std::string((64u << 20) - 0xc0000, '\0');
    take(create_store(spec, large));
    BOOST_TEST((content() == large));
    struct stat status{};
    BOOST_REQUIRE(::stat(spec.path.c_str(), &status) == 0);
    BOOST_TEST(status.st_blocks * 512 < 4 << 20);
}

BOOST_FIXTURE_TEST_CASE(owner_is_set_and_kept, Fixture) {
    if (::geteuid() != 0) {
        BOOST_TEST_MESSAGE("skipped: only root can give files away");
        return;
    }
    auto owner = [&] {
        struct stat status{};
        BOOST_REQUIRE(::stat(spec.path.c_str(), &status) == 0);
        return status.st_uid;
    };
    spec.owner = Owner{65534, 65534};
    take(create_store(spec, new_content));
    BOOST_TEST(owner() == 65534u);
    take(commit_store(spec));
    spec.owner.reset();
    take(reset_store(spec, new_content));
    BOOST_TEST(owner() == 65534u);
}

// ── every crash ──

BOOST_FIXTURE_TEST_CASE(killed_while_creating, Fixture) {
    auto create = [](const StoreSpec& s) { (void)create_store(s, new_content); };
    int n = 0;
    for (; dies_at(n, spec, create); ++n) {
        auto now = content();
        BOOST_TEST((now.empty() || now == new_content), "step " << n);
        take(recover_store(spec, Started::no));
        BOOST_TEST(content() == "", "step " << n);
        BOOST_TEST(!fs::exists(spec.path.parent_path()), "step " << n);
    }
    BOOST_TEST(n >= 7);
    BOOST_TEST((take(recover_store(spec, Started::no)) == Recovered::undone));
}

BOOST_FIXTURE_TEST_CASE(killed_while_resetting, Fixture) {
    auto reset = [](const StoreSpec& s) { (void)reset_store(s, new_content); };
    int n = 0;
    for (make_old(); dies_at(n, spec, reset); ++n) {
        auto now = content();
        BOOST_TEST((now == old_content || now == new_content), "step " << n);
        take(recover_store(spec, Started::no));
        BOOST_TEST((content() == old_content), "step " << n);
        BOOST_TEST(files() == "VARS.fd ", "step " << n);
    }
    BOOST_TEST(n >= 7);
    BOOST_TEST((take(recover_store(spec, Started::yes)) == Recovered::committed));
    BOOST_TEST((content() == new_content));
    BOOST_TEST(files() == "VARS.fd ");
}

BOOST_FIXTURE_TEST_CASE(killed_while_resetting_with_a_copy, Fixture) {
    auto reset = [](const StoreSpec& s) {
        StoreSpec without = s;
        without.steps = [&](std::string_view step) {
            int error = s.steps(step);
            return step == "link" ? EOPNOTSUPP : error;
        };
        (void)reset_store(without, new_content);
    };
    int n = 0;
    for (make_old(); dies_at(n, spec, reset); ++n) {
        take(recover_store(spec, Started::no));
        BOOST_TEST((content() == old_content), "step " << n);
        BOOST_TEST(files() == "VARS.fd ", "step " << n);
    }
    BOOST_TEST(n >= 10);
}

BOOST_FIXTURE_TEST_CASE(killed_while_undoing_committing_recovering, Fixture) {
    struct Case {
        std::function<void(const StoreSpec&)> operation;
        Started started;
        const std::string& expected;
    };
    Case cases[] = {
        {[](const StoreSpec& s) { (void)undo_store(s); }, Started::no, old_content},
        {[](const StoreSpec& s) { (void)recover_store(s, Started::no); }, Started::no, old_content},
        {[](const StoreSpec& s) { (void)commit_store(s); }, Started::yes, new_content},
        {[](const StoreSpec& s) { (void)recover_store(s, Started::yes); }, Started::yes, new_content},
    };
    for (auto& [operation, started, expected] : cases) {
        for (int n = 0;; ++n) {
            fs::remove_all(spec.path.parent_path());
            make_old();
            take(reset_store(spec, new_content));
            bool died = dies_at(n, spec, operation);
            take(recover_store(spec, started));
            BOOST_TEST((content() == expected), "step " << n);
            BOOST_TEST(files() == "VARS.fd ", "step " << n);
            fs::remove_all(spec.path.parent_path());
            take(create_store(spec, new_content));
            dies_at(n, spec, operation);
            take(recover_store(spec, started));
            BOOST_TEST(content() == (started == Started::yes ? new_content : ""), "created, step " << n);
            BOOST_TEST(files() == (started == Started::yes ? "VARS.fd " : ""), "created, step " << n);
            if (!died) break;
        }
    }
}

BOOST_FIXTURE_TEST_CASE(marker_cut_by_a_power_failure, Fixture) {
    for (std::string marker : {"", "12", "12\nx", "999999999999\n"}) {
        test::put(spec.path, new_content);
        test::put(spec.path.string() + ".created", marker);
        take(recover_store(spec, Started::no));
        BOOST_TEST((content() == new_content));  // not surely ours: stays
        BOOST_TEST(files() == "VARS.fd ");
    }
}

// ── every failure ──

BOOST_FIXTURE_TEST_CASE(failing_steps_change_nothing, Fixture) {
    for (int error : {ENOSPC, EIO, EACCES, EROFS, EDQUOT}) {
        for (int n = 0;; ++n) {
            bool succeeded = false;
            bool reached = fails_at(n, error, spec,
                                    [&](const StoreSpec& s) { succeeded = create_store(s, new_content).has_value(); });
            BOOST_TEST(succeeded == !reached, "create, step " << n);
            if (!reached) break;
            BOOST_TEST(!fs::exists(spec.path.parent_path()), "create, step " << n << " leaves " << files());
        }
        fs::remove_all(spec.path.parent_path());
        make_old();
        for (int n = 0;; ++n) {
            bool succeeded = false;
            bool reached = fails_at(n, error, spec,
                                    [&](const StoreSpec& s) { succeeded = reset_store(s, new_content).has_value(); });
            if (succeeded) take(undo_store(spec));  // "link" has another way
            BOOST_TEST((content() == old_content), "reset, step " << n);
            BOOST_TEST(files() == "VARS.fd ", "reset, step " << n);
            if (!reached) break;
        }
        fs::remove_all(spec.path.parent_path());
    }
}

BOOST_FIXTURE_TEST_CASE(failing_undo_and_commit_can_be_repeated, Fixture) {
    for (int n = 0;; ++n) {
        make_old();
        take(reset_store(spec, new_content));
        bool reached =
            fails_at(n, EIO, spec, [&](const StoreSpec& s) { BOOST_TEST(undo_store(s).has_value() == (n >= 2)); });
        take(undo_store(spec));
        BOOST_TEST((content() == old_content));
        take(reset_store(spec, new_content));
        fails_at(n, EIO, spec, [&](const StoreSpec& s) { (void)commit_store(s); });
        take(commit_store(spec));
        BOOST_TEST((content() == new_content));
        BOOST_TEST(files() == "VARS.fd ");
        if (!reached) break;
    }
}

BOOST_FIXTURE_TEST_CASE(full_disk, Fixture) {
    pid_t child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        auto disk = folder / "disk";
        fs::create_directory(disk);
        if (::unshare(CLONE_NEWNS) || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) ||
            ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k,mode=700"))
            ::_exit(2);
        StoreSpec full(disk / "nvram/0b7e/VARS.fd", true);
        auto files = [&] {
            int count = 0;
            for (auto& entry : fs::directory_iterator(full.path.parent_path())) count += entry.exists();
            return count;
        };
        auto refused = [&](auto result) {
            return !result && result.error().hint().find("free some space") != std::string::npos;
        };
        auto large = test::volume(540672);
        bool ok = refused(create_store(full, large)) && !fs::exists(full.path.parent_path());
        ok = ok && create_store(full, old_content).has_value() && commit_store(full).has_value();
        ok = ok && refused(reset_store(full, large)) && test::get(full.path) == old_content && files() == 1;
        ok = ok && open_store(full).has_value();
        ::_exit(ok ? 0 : 1);
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2) {
        BOOST_TEST_MESSAGE("skipped: a small tmpfs cannot be mounted here");
        return;
    }
    BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
