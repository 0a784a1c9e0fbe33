// SPDX-License-Identifier: LGPL-2.1-or-later
#include "state/definition_store.hpp"

#include "support/file.hpp"
#include "support/task_group.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/skip.hpp"
#include "tests/unit/state/fixture.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace vireo;
using namespace vireo::state;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(definition_store)

namespace {

std::string find_xml(const Definitions& loaded, const std::string& uuid) {
    auto found = std::ranges::find(loaded.definitions, uuid, &Definition::uuid);
    return found == loaded.definitions.end() ? "" : found->xml;
}

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// A mount namespace; for others than root in a user namespace in which they are root.
bool own_namespace() {
    auto user = ::geteuid(), group = ::getegid();
    if (::unshare(CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER))) return false;
    auto write_map = [](const char* file, const std::string& text) {
        auto fd = open_file(file, O_WRONLY);
        return fd && write_all(fd->get(), text, file).has_value();
    };
    if (user != 0 &&
        !(write_map("/proc/self/setgroups", "deny") && write_map("/proc/self/uid_map", fmt::format("0 {} 1", user)) &&
          write_map("/proc/self/gid_map", fmt::format("0 {} 1", group))))
        return false;
    return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace

ASYNC_TEST(what_is_saved_is_loaded_with_its_header) {
    StoreFixture f;
    co_await f.store.save(uuid_of(1), "<domain>\n</domain>\n");
    co_await f.store.save(uuid_of(2), "<?xml version='1.0'?>\n<domain/>");
    auto loaded = take(f.store.load_all());
    BOOST_TEST(loaded.problems.empty());
    BOOST_TEST(loaded.definitions.size() == 2u);
    auto one = find_xml(loaded, uuid_of(1));
    BOOST_TEST(one.starts_with("<!-- vireo definition, version 1\n"));
    BOOST_TEST(one.find("vireo edit") != std::string::npos);
    auto comment = one.substr(4, one.find("-->") - 4);
    BOOST_TEST(comment.find("--") == std::string::npos);  // XML 1.0, 2.5: not allowed inside a comment
    BOOST_TEST(one.ends_with("-->\n<domain>\n</domain>\n"));
    auto two = find_xml(loaded, uuid_of(2));
    BOOST_TEST(two.starts_with("<?xml version='1.0'?>\n<!-- vireo definition"));
    BOOST_TEST(two.ends_with("-->\n<domain/>\n"));
    struct stat status{};
    BOOST_TEST(::stat((f.folder.path() / (uuid_of(1) + ".xml")).c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777) == 0600u);
}

ASYNC_TEST(saving_replaces_removing_removes) {
    StoreFixture f;
    co_await f.store.save(uuid_of(1), "<old/>");
    co_await f.store.save(uuid_of(1), "<new/>");
    BOOST_TEST(find_xml(take(f.store.load_all()), uuid_of(1)).ends_with("<new/>\n"));
    co_await f.store.remove(uuid_of(1));
    co_await f.store.remove(uuid_of(1));
    BOOST_TEST(take(f.store.load_all()).definitions.empty());
    BOOST_TEST(entries(f.folder.path()) == 1u);  // the autostart folder
}

ASYNC_TEST(autostart_marks_come_go_and_end_with_the_definition) {
    StoreFixture f;
    co_await f.store.save(uuid_of(1), "<a/>");
    co_await f.store.save(uuid_of(2), "<b/>");
    co_await f.store.set_autostart(uuid_of(1), true);
    co_await f.store.set_autostart(uuid_of(1), true);
    co_await f.store.set_autostart(uuid_of(2), true);
    co_await f.store.set_autostart(uuid_of(2), false);
    co_await f.store.set_autostart(uuid_of(2), false);
    for (auto& d : take(f.store.load_all()).definitions) BOOST_TEST(d.autostart == (d.uuid == uuid_of(1)));
    co_await f.store.save(uuid_of(1), "<again/>");
    BOOST_TEST(take(f.store.load_all()).definitions.size() == 2u);
    BOOST_TEST(entries(f.folder / "autostart") == 1u);
    co_await f.store.remove(uuid_of(1));
    BOOST_TEST(entries(f.folder / "autostart") == 0u);
    co_await f.store.set_autostart(uuid_of(9), true);  // a mark without a definition is dropped at load
    BOOST_TEST(entries(f.folder / "autostart") == 1u);
    (void)take(f.store.load_all());
    BOOST_TEST(entries(f.folder / "autostart") == 0u);
}

ASYNC_TEST(many_at_once_all_arrive) {
    StoreFixture f;
    auto body = [&f](TaskGroup& group) -> Task<> {
        for (int i = 0; i < 300; ++i) group.spawn(f.store.save(uuid_of(i), "<n>" + std::to_string(i) + "</n>"));
        co_return;
    };
    co_await scoped(body);
    auto loaded = take(f.store.load_all());
    BOOST_TEST(loaded.problems.empty());
    BOOST_TEST(loaded.definitions.size() == 300u);
    for (int i = 0; i < 300; ++i)
        BOOST_TEST(find_xml(loaded, uuid_of(i)).ends_with("<n>" + std::to_string(i) + "</n>\n"));
    BOOST_TEST(entries(f.folder.path()) == 301u);
}

ASYNC_TEST(changes_of_one_object_keep_their_order) {
    StoreFixture f;
    auto body = [&f](TaskGroup& group) -> Task<> {
        for (int i = 0; i < 20; ++i) {
            group.spawn(f.store.save(uuid_of(1), "<n>" + std::to_string(i) + "</n>"));
            group.spawn(f.store.save(uuid_of(2), "<n/>"));
            group.spawn(f.store.remove(uuid_of(2)));
        }
        co_return;
    };
    co_await scoped(body);
    auto loaded = take(f.store.load_all());
    BOOST_TEST(loaded.definitions.size() == 1u);
    BOOST_TEST(find_xml(loaded, uuid_of(1)).ends_with("<n>19</n>\n"));
}

ASYNC_TEST(one_that_fails_does_not_disturb_the_others) {
    StoreFixture f;
    fs::create_directory(f.folder / (uuid_of(3) + ".xml"));  // rename onto a folder fails
    int good = 0, bad = 0;
    auto one = [&](int i) -> Task<> {
        try {
            co_await f.store.save(uuid_of(i), "<x/>");
            ++good;
        } catch (const Error& error) {
            BOOST_TEST(std::string(error.what()).find(uuid_of(3)) != std::string::npos);
            ++bad;
        }
    };
    auto body = [&](TaskGroup& group) -> Task<> {
        for (int i = 0; i < 10; ++i) group.spawn(one(i));
        co_return;
    };
    co_await scoped(body);
    BOOST_TEST(good == 9);
    BOOST_TEST(bad == 1);
    BOOST_TEST(entries(f.folder.path()) == 11u);  // no temporary file is left
}

ASYNC_TEST(a_cancelled_caller_still_gets_it_written) {
    StoreFixture f;
    bool timed_out = false;
    try {
        co_await with_timeout(f.store.save(uuid_of(1), std::string(2'000'000, ' ') + "<x/>"),
                              std::chrono::microseconds(1), "saving");
    } catch (const Error& error) {
        timed_out = error.code() == Errc::timeout || error.code() == Errc::cancelled;
        BOOST_TEST(timed_out);
    }
    auto loaded = take(f.store.load_all());
    BOOST_TEST((loaded.definitions.size() == 1u || timed_out));  // cancelled before it began: nothing; else: whole
    BOOST_TEST(loaded.problems.empty());
}

ASYNC_TEST(what_is_not_a_uuid_is_refused) {
    StoreFixture f;
    for (std::string bad : {"", "x", "../../../etc/passwd", "AAAAAAAA-0000-0000-0000-000000000000"}) {
        bool refused = false;
        try {
            co_await f.store.save(bad, "<x/>");
        } catch (const Error& error) {
            refused = error.code() == Errc::invalid_argument;
        }
        BOOST_TEST(refused);
    }
}

ASYNC_TEST(what_a_newer_version_wrote_is_left_alone) {
    StoreFixture f;
    auto path = f.folder / (uuid_of(1) + ".xml");
    std::string newer = "<!-- vireo definition, version 2\n-->\n<domain/>\n";
    take(replace_file(path, newer, 0600, Durable::no));
    auto loaded = take(f.store.load_all());
    BOOST_TEST(loaded.definitions.empty());
    BOOST_TEST(loaded.problems.size() == 1u);
    BOOST_CHECK(loaded.problems.at(0).error.code() == Errc::unsupported);
    BOOST_TEST(loaded.problems.at(0).error.message().find("newer") != std::string::npos);
    int refused = 0;
    for (bool removing : {false, true}) {
        auto work = removing ? f.store.remove(uuid_of(1)) : f.store.save(uuid_of(1), "<x/>");
        try {
            co_await std::move(work);
        } catch (const Error& error) {
            refused += error.code() == Errc::unsupported;
        }
    }
    BOOST_TEST(refused == 2);
    BOOST_TEST(take(read_file(path)) == newer);
}

BOOST_AUTO_TEST_CASE(malformed_files_are_reported_and_left_alone) {
    StoreFixture f;
    auto put = [&](const std::string& name, const std::string& content) {
        take(replace_file(f.folder / name, content, 0600, Durable::no));
    };
    put(uuid_of(1) + ".xml", with_header("<good/>"));
    put(uuid_of(2) + ".xml", "");
    put(uuid_of(3) + ".xml", " \n\t");
    put(uuid_of(4) + ".xml", "<domain/>");
    put(uuid_of(5) + ".xml", std::string(max_document + 1, 'x'));
    put("a name.xml", with_header("<x/>"));
    put(uuid_of(6) + ".xml~", "an editor's backup");
    put(".vireo-" + uuid_of(1) + ".xml.0123", "half of a docum");
    fs::create_directory(f.folder / (uuid_of(7) + ".xml"));
    fs::create_symlink("/etc/passwd", f.folder / (uuid_of(8) + ".xml"));
    BOOST_REQUIRE(::mkfifo((f.folder / (uuid_of(9) + ".xml")).c_str(), 0600) == 0);
    put(uuid_of(10) + ".xml", "<!-- vireo definition, version 99999999999999999999 -->");
    put(uuid_of(11) + ".xml", "<!-- someone says: vireo definition, version 1 -->");
    auto loaded = take(f.store.load_all());
    BOOST_TEST(loaded.definitions.size() == 1u);
    BOOST_TEST(loaded.problems.size() == 10u);
    for (auto& problem : loaded.problems) {
        BOOST_TEST(std::string(problem.error.what()).find(problem.file.string()) != std::string::npos,
                   problem.error.what());
        BOOST_TEST(fs::exists(fs::symlink_status(problem.file)));
    }
    BOOST_TEST(!fs::exists(f.folder / (".vireo-" + uuid_of(1) + ".xml.0123")));
    BOOST_TEST(fs::exists(f.folder / (uuid_of(6) + ".xml~")));
}

BOOST_AUTO_TEST_CASE(a_missing_folder_is_an_error_that_names_it) {
    Blocking pool;
    DefinitionStore store(pool, "/nonexistent/vireo");
    auto loaded = store.load_all();
    BOOST_REQUIRE(!loaded);
    BOOST_TEST(std::string(loaded.error().what()).find("/nonexistent/vireo") != std::string::npos);
    CHECK_ERROR(test::run(store.save(uuid_of(1), "<x/>")), Errc::not_found);
}

// In a child with a mount namespace of its own: a file system of a few pages.
BOOST_AUTO_TEST_CASE(a_full_disk_keeps_the_old_document_and_says_so) {
    test::Folder folder;
    constexpr int cannot = 77;
    auto child = ::fork();
    if (child == 0) {
        if (!own_namespace() || ::mount("vireo", folder.path().c_str(), "tmpfs", 0, "size=64k")) ::_exit(cannot);
        int step = 1;
        try {
            fs::create_directory(folder / "autostart");
            Blocking pool;
            DefinitionStore store(pool, folder.path());
            test::run(store.save(uuid_of(1), "<old/>"));
            step = 2;
            try {
                test::run(store.save(uuid_of(1), "<new>" + std::string(100'000, 'x') + "</new>"));
            } catch (const Error& error) {
                step = error.code() == Errc::system_failed && !error.hint().empty() ? 3 : 4;
            }
            if (step != 3) ::_exit(step);
            step = 5;
            auto loaded = take(store.load_all());
            if (loaded.definitions.size() != 1 || !loaded.definitions[0].xml.ends_with("<old/>\n") ||
                entries(folder.path()) != 2)
                ::_exit(6);
            test::run(store.save(uuid_of(2), "<fits/>"));
            ::_exit(0);
        } catch (...) {
            ::_exit(step);
        }
    }
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_REQUIRE(WIFEXITED(status));
    if (WEXITSTATUS(status) == cannot) return test::skip("no mount namespace may be made here");
    BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
