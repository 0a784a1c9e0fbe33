// SPDX-License-Identifier: LGPL-2.1-or-later
#include "state/status_store.hpp"

#include "support/file.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"

#include <algorithm>
#include <sys/stat.h>

using namespace vireo;
using namespace vireo::state;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(status_store)

namespace {

constexpr const char* uuid = "11111111-2222-3333-4444-555555555555";

Status example() {
    Status s;
    s.uuid = uuid;
    s.name = "gäst \"one\"";
    s.id = 7;
    s.phase = Phase::running;
    s.pid = 4711;
    s.process_start_time = 18'000'000'000'000'000'000u;
    s.monitor_path = "/run/vireo/7/monitor.sock";
    s.state = "running";
    s.reason = "booted";
    s.persistent = true;
    s.autodestroy = true;
    s.started_usec = 1'700'000'000'000'000;
    s.live_xml = "<domain>\n  <name>a &amp; b</name>\n</domain>\n";
    s.definition_revision = 12;
    s.firmware = "{\"path\":\"/x\"}";
    s.cgroup_folders = {"/sys/fs/cgroup/vireo/x"};
    s.auxiliaries.push_back({"swtpm", "tpm0", 4712, 18'000'000'000'000'000'001u});
    s.extra["console"] = "/dev/pts/3";
    return s;
}

void check_problem(const std::string& content, Errc code, const std::string& words) {
    test::Folder folder;
    StatusStore store(folder.path());
    take(replace_file(store.path_of(uuid), content, 0600, Durable::no));
    auto loaded = take(store.load_all());
    BOOST_TEST_CONTEXT(content) {
        BOOST_TEST(loaded.statuses.empty());
        BOOST_REQUIRE(loaded.problems.size() == 1u);
        BOOST_CHECK(loaded.problems[0].error.code() == code);
        BOOST_TEST_INFO(loaded.problems[0].error.what());
        BOOST_TEST(std::string(loaded.problems[0].error.what()).find(words) != std::string::npos);
        BOOST_TEST(fs::exists(store.path_of(uuid)));  // left alone
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_saved_is_loaded) {
    test::Folder folder;
    StatusStore store(folder.path());
    auto saved = example();
    take(store.save(saved));
    auto loaded = take(store.load_all());
    BOOST_TEST(loaded.problems.empty());
    BOOST_REQUIRE(loaded.statuses.size() == 1u);
    auto& s = loaded.statuses[0];
    BOOST_TEST(s.uuid == saved.uuid);
    BOOST_TEST(s.name == saved.name);
    BOOST_TEST(s.id == saved.id);
    BOOST_CHECK(s.phase == saved.phase);
    BOOST_TEST(s.pid == saved.pid);
    BOOST_TEST(s.process_start_time == saved.process_start_time);
    BOOST_TEST(s.monitor_path == saved.monitor_path);
    BOOST_TEST(s.state == saved.state);
    BOOST_TEST(s.reason == saved.reason);
    BOOST_TEST(s.persistent == saved.persistent);
    BOOST_TEST(s.autodestroy == saved.autodestroy);
    BOOST_TEST(s.started_usec == saved.started_usec);
    BOOST_TEST(s.live_xml == saved.live_xml);
    BOOST_TEST(s.definition_revision == saved.definition_revision);
    BOOST_TEST(s.firmware == saved.firmware);
    BOOST_TEST(s.cgroup_folders == saved.cgroup_folders, boost::test_tools::per_element());
    BOOST_REQUIRE_EQUAL(s.auxiliaries.size(), 1u);
    BOOST_TEST(s.auxiliaries[0].program == "swtpm");
    BOOST_TEST(s.auxiliaries[0].device == "tpm0");
    BOOST_TEST(s.auxiliaries[0].pid == 4712);
    BOOST_TEST(s.auxiliaries[0].start_time == saved.auxiliaries[0].start_time);
    BOOST_CHECK(s.extra == saved.extra);
}

BOOST_AUTO_TEST_CASE(saving_again_replaces_and_removing_twice_is_fine) {
    test::Folder folder;
    StatusStore store(folder.path());
    auto status = example();
    take(store.save(status));
    status.phase = Phase::stopping;
    take(store.save(status));
    auto loaded = take(store.load_all());
    BOOST_REQUIRE(loaded.statuses.size() == 1u);
    BOOST_CHECK(loaded.statuses[0].phase == Phase::stopping);
    struct stat mode{};
    BOOST_REQUIRE(::stat(store.path_of(uuid).c_str(), &mode) == 0);
    BOOST_TEST((mode.st_mode & 0777) == 0600u);
    take(store.remove(uuid));
    take(store.remove(uuid));
    BOOST_TEST(take(store.load_all()).statuses.empty());
}

BOOST_AUTO_TEST_CASE(names_cannot_leave_the_folder) {
    test::Folder folder;
    StatusStore store(folder.path());
    auto status = example();
    for (auto* bad :
         {"", "../../etc/passwd", "11111111-2222-3333-4444-55555555555G", "11111111-2222-3333-4444-5555555555555"}) {
        status.uuid = bad;
        BOOST_TEST(!store.save(status).has_value());
        BOOST_TEST(!store.remove(bad).has_value());
    }
}

BOOST_AUTO_TEST_CASE(corrupt_documents_are_named_and_left_alone) {
    check_problem("", Errc::invalid_config, "malformed");
    check_problem("{\"vireo-status\":1", Errc::invalid_config, "malformed");
    check_problem("[]", Errc::invalid_config, "not an object");
    check_problem("{}", Errc::invalid_config, "which version");
    check_problem("{\"vireo-status\":\"1\"}", Errc::invalid_config, "which version");
    check_problem("{\"vireo-status\":2,\"anything\":[]}", Errc::unsupported, "newer");
    check_problem("{\"vireo-status\":1}", Errc::invalid_config, "'uuid' is missing");
    check_problem(std::string(100'000, '['), Errc::invalid_config, "malformed");
    check_problem(std::string(max_document + 1, ' '), Errc::limit_exceeded, "larger");
}

BOOST_AUTO_TEST_CASE(each_value_is_checked) {
    test::Folder folder;
    StatusStore store(folder.path());
    take(store.save(example()));
    auto good = take(read_file(store.path_of(uuid)));
    auto with = [&](std::string_view from, std::string_view to) {
        auto text = good;
        auto at = text.find(from);
        BOOST_REQUIRE_MESSAGE(at != std::string::npos, from);
        return text.replace(at, from.size(), to);
    };
    check_problem(with("\"pid\":4711", "\"pid\":1"), Errc::invalid_config, "'pid'");
    check_problem(with("\"pid\":4711", "\"pid\":-4"), Errc::invalid_config, "'pid'");
    check_problem(with("\"pid\":4711", "\"pid\":99999999999"), Errc::invalid_config, "'pid'");
    check_problem(with("\"pid\":4711", "\"pid\":47.5"), Errc::invalid_config, "'pid'");
    check_problem(with("\"pid\":4711", "\"pid\":\"4711\""), Errc::invalid_config, "'pid'");
    check_problem(with("\"phase\":\"running\"", "\"phase\":\"jumping\""), Errc::invalid_config, "'phase'");
    check_problem(with("\"persistent\":true", "\"persistent\":1"), Errc::invalid_config, "'persistent'");
    check_problem(with("\"state\":\"running\"", "\"state\":null"), Errc::invalid_config, "'state'");
    check_problem(with("\"cgroup-folders\":[\"/sys/fs/cgroup/vireo/x\"]", "\"cgroup-folders\":[4]"),
                  Errc::invalid_config, "'cgroup-folders'");
    check_problem(with("\"pid\":4712", "\"pid\":1"), Errc::invalid_config, "'auxiliaries'");
    check_problem(with("\"program\":\"swtpm\"", "\"program\":4"), Errc::invalid_config, "'auxiliaries'");
    check_problem(with("\"extra\":{", "\"extra\":4,\"x\":{"), Errc::invalid_config, "'extra'");
    check_problem(with("\"uuid\":\"1", "\"uuid\":\"2"), Errc::invalid_config, "'uuid'");
}

BOOST_AUTO_TEST_CASE(other_files_links_and_strays) {
    test::Folder folder;
    StatusStore store(folder.path());
    take(store.save(example()));
    fs::create_symlink(store.path_of(uuid), store.path_of("22222222-2222-3333-4444-555555555555"));
    fs::create_directory(store.path_of("33333333-2222-3333-4444-555555555555"));
    take(replace_file(folder / "stranger.json", "{}", 0600, Durable::no));
    take(replace_file(folder / "README", "text", 0600, Durable::no));
    take(replace_file(folder / ".vireo-left-over", "half", 0600, Durable::no));
    auto loaded = take(store.load_all());
    BOOST_TEST(loaded.statuses.size() == 1u);
    BOOST_TEST(loaded.problems.size() == 3u);
    BOOST_TEST(!fs::exists(folder / ".vireo-left-over"));
    BOOST_TEST(fs::exists(folder / "README"));
}

BOOST_AUTO_TEST_CASE(a_missing_folder_is_an_error_that_names_it) {
    StatusStore store("/nonexistent/vireo");
    auto loaded = store.load_all();
    BOOST_REQUIRE(!loaded);
    BOOST_TEST(std::string(loaded.error().what()).find("/nonexistent/vireo") != std::string::npos);
    BOOST_TEST(!store.save(example()).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
