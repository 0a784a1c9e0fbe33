// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/catalog.hpp"

#include "support/async.hpp"
#include "unit/firmware/fixtures.hpp"

#include <algorithm>
#include <sys/stat.h>

using namespace vireo;
using namespace vireo::firmware;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(catalog)

namespace {
struct Fixture : test::Host {
    fs::path c = code("c.fd"), v = vars("v.fd");
    boost::json::object good = test::split(c, v);
    Catalog load() const { return Catalog::load(folders()); }
    std::string names() const {
        std::string all;
        for (auto& entry : load().entries()) all += (entry.usable() ? "" : "!") + entry.name() + " ";
        return all;
    }
};

bool mentions(const Catalog& catalog, std::string_view file, std::string_view text) {
    for (auto& warning : catalog.warnings())
        if (warning.message.find(file) != std::string::npos && warning.message.find(text) != std::string::npos)
            return true;
    return false;
}
}  // namespace

BOOST_FIXTURE_TEST_CASE(ordered_by_name_over_all_folders, Fixture) {
    test::put(high / "50-b.json", good);
    test::put(low / "60-a.json", good);
    test::put(high / "Z.json", good);
    test::put(low / "a.json", good);
    BOOST_TEST(names() == "50-b.json 60-a.json Z.json a.json ");
}

BOOST_FIXTURE_TEST_CASE(passes_over_what_is_no_descriptor, Fixture) {
    test::put(low / "50-a.json", good);
    for (auto name : {"README", "50-a.json~", "50-a.json.bak", ".50-a.json.swp", "#50-a.json#", ".hidden.json",
                      "#x.json", ".json", "a.JSON"})
        test::put(low / name, "not json");
    fs::create_directories(low / "folder.json");
    BOOST_TEST(names() == "50-a.json ");
    BOOST_TEST(load().warnings().empty());
}

BOOST_FIXTURE_TEST_CASE(higher_folder_replaces, Fixture) {
    test::put(low / "50-a.json", good);
    good["description"] = "higher";
    test::put(high / "50-a.json", good);
    auto catalog = load();
    BOOST_TEST(catalog.entries().size() == 1u);
    BOOST_TEST(catalog.entries().at(0).descriptor.description == "higher");
    BOOST_TEST(catalog.entries().at(0).file == high / "50-a.json");
}

BOOST_FIXTURE_TEST_CASE(empty_file_and_null_device_hide, Fixture) {
    for (auto name : {"1.json", "2.json", "3.json"}) test::put(low / name, good);
    test::put(high / "1.json", "");
    fs::create_symlink("/dev/null", high / "2.json");
    BOOST_TEST(names() == "3.json ");
    BOOST_TEST(load().warnings().empty());
}

BOOST_FIXTURE_TEST_CASE(a_bad_one_hurts_no_other, Fixture) {
    test::put(low / "50-good.json", good);
    test::put(low / "10-malformed.json", "{ oops");
    fs::create_symlink("/nonexistent/x", low / "20-dangling.json");
    auto other = good;
    other["mapping"].as_object()["device"] = "teleporter";
    test::put(low / "30-device.json", other);
    test::put(low / "40-large.json", std::string(max_descriptor_size + 1, ' '));
    test::put(low / "60-code.json", test::split(share / "gone.fd", v));
    test::put(low / "61-vars.json", test::split(c, share / "gone.fd"));
    test::put(low / "62-folder.json", test::split(share, v));
    BOOST_REQUIRE(::mkfifo((low / "70-fifo.json").c_str(), 0600) == 0);
    BOOST_TEST(names() ==
               "!10-malformed.json !20-dangling.json !30-device.json !40-large.json 50-good.json !60-code.json "
               "!61-vars.json !62-folder.json !70-fifo.json ");
    auto catalog = load();
    BOOST_TEST(catalog.warnings().size() == 8u);
    BOOST_TEST(mentions(catalog, "10-malformed.json", "not JSON"));
    BOOST_TEST(mentions(catalog, "20-dangling.json", "link to a file that does not exist"));
    BOOST_TEST(mentions(catalog, "30-device.json", "teleporter"));
    BOOST_TEST(mentions(catalog, "40-large.json", "larger than"));
    BOOST_TEST(mentions(catalog, "60-code.json", "firmware file"));
    BOOST_TEST(mentions(catalog, "61-vars.json", "template"));
    BOOST_TEST(mentions(catalog, "62-folder.json", "not a regular file"));
    BOOST_TEST(mentions(catalog, "70-fifo.json", "not a regular file"));
}

BOOST_FIXTURE_TEST_CASE(a_bad_one_still_replaces, Fixture) {
    test::put(low / "50-a.json", good);
    test::put(high / "50-a.json", "{");
    BOOST_TEST(names() == "!50-a.json ");
}

BOOST_FIXTURE_TEST_CASE(missing_folders_are_fine, Fixture) {
    auto catalog = Catalog::load({folder / "none", low});
    BOOST_TEST(catalog.entries().empty());
    BOOST_TEST(catalog.warnings().empty());
    BOOST_TEST(mentions(Catalog::load({c}), "c.fd", "cannot read the firmware folder"));
}

BOOST_FIXTURE_TEST_CASE(notices_every_change, Fixture) {
    test::put(low / "50-a.json", good);
    auto changes_after = [&](auto change) {
        auto catalog = load();
        BOOST_TEST(catalog.current());
        change();
        return !catalog.current();
    };
    BOOST_TEST(changes_after([&] { test::put(high / "60-b.json", good); }));
    BOOST_TEST(changes_after([&] { fs::remove(high / "60-b.json"); }));
    BOOST_TEST(changes_after([&] { fs::resize_file(low / "50-a.json", 3); }));
    test::put(low / "50-a.json", good);
    BOOST_TEST(changes_after([&] { fs::remove(c); }));
    BOOST_TEST(changes_after([&] { code("c.fd"); }));
    auto none = Catalog::load({folder / "later"});
    fs::create_directories(folder / "later");
    BOOST_TEST(!none.current());
}

ASYNC_TEST(cache_reloads_only_after_a_change) {
    Fixture host;
    test::put(host.low / "50-a.json", host.good);
    Blocking blocking(1);
    CatalogCache cache(blocking, host.folders());
    auto first = co_await cache.get();
    auto second = co_await cache.get();
    BOOST_TEST((first == second));
    BOOST_TEST(first->entries().size() == 1u);
    test::put(host.high / "60-b.json", host.good);
    auto third = co_await cache.get();
    BOOST_TEST(third->entries().size() == 2u);
    BOOST_TEST(first->entries().size() == 1u);  // who still uses the old one keeps it
}

BOOST_AUTO_TEST_CASE(standard_folders) {
    auto system = system_folders();
    BOOST_TEST(system.size() == 2u);
    BOOST_TEST(system.at(0) == "/usr/share/qemu/firmware");
    ::setenv("XDG_CONFIG_HOME", "/x/config", 1);
    BOOST_TEST(session_folders().at(2) == "/x/config/qemu/firmware");
    ::setenv("XDG_CONFIG_HOME", "relative", 1);
    ::setenv("HOME", "/home/u", 1);
    BOOST_TEST(session_folders().at(2) == "/home/u/.config/qemu/firmware");
    ::unsetenv("XDG_CONFIG_HOME");
    BOOST_TEST(session_folders().at(2) == "/home/u/.config/qemu/firmware");
}

BOOST_AUTO_TEST_CASE(the_descriptors_of_this_host) {
    auto catalog = Catalog::load({"/usr/share/qemu/firmware"});
    if (catalog.entries().empty()) {
        BOOST_TEST_MESSAGE("skipped: no firmware descriptors are installed here");
        return;
    }
    // Debian 12's qemu-efi-aarch64 describes a file that it does not install: of that only the warning counts.
    for (auto& entry : catalog.entries())
        BOOST_TEST((entry.usable() || entry.problem.ends_with("does not exist")), entry.name()
                                                                                      << ": " << entry.problem);
    BOOST_TEST(std::ranges::any_of(catalog.entries(), &Entry::usable));
}

BOOST_AUTO_TEST_SUITE_END()
