// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/file.hpp"

#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>

using namespace vireo;
namespace fs = std::filesystem;

namespace {

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}
mode_t mode_of(const fs::path& path) {
    struct stat status{};
    ::stat(path.c_str(), &status);
    return status.st_mode & 07777;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_is_replaced_whole_with_its_mode) {
    test::Folder folder;
    BOOST_TEST(replace_file(folder / "a", "one").has_value());
    BOOST_TEST(replace_file(folder / "a", "two", 0640).has_value());
    BOOST_TEST(take(read_file(folder / "a")) == "two");
    BOOST_TEST(mode_of(folder / "a") == 0640u);
    BOOST_TEST(entries(folder.path()) == 1u);
}

BOOST_AUTO_TEST_CASE(a_replacement_that_fails_leaves_the_old_file_and_no_stray_one) {
    test::Folder folder;
    fs::create_directories(folder / "target/inside");  // rename over a folder that is not empty fails
    auto result = replace_file(folder / "target", "x");
    BOOST_REQUIRE(!result);
    BOOST_TEST(entries(folder.path()) == 1u);
    auto missing = replace_file(folder / "no/such/folder/file", "x");
    BOOST_REQUIRE(!missing);
    BOOST_TEST((missing.error().code() == Errc::not_found));
}

BOOST_AUTO_TEST_CASE(stray_files_are_found_and_removed) {
    test::Folder folder;
    auto stray = stray_name(folder / "a");
    take(replace_file(stray, "half"));
    take(replace_file(folder / "a", "whole"));
    remove_stray_files(folder.path());
    BOOST_TEST(!fs::exists(stray));
    BOOST_TEST(take(read_file(folder / "a")) == "whole");
}

BOOST_AUTO_TEST_CASE(the_longest_name_can_be_replaced) {
    test::Folder folder;
    auto name = std::string(255, 'n');
    BOOST_TEST(replace_file(folder / name, "x").has_value());
}

BOOST_AUTO_TEST_CASE(planted_links_devices_and_pipes_are_refused) {
    test::Folder folder;
    take(replace_file(folder / "real", "x"));
    fs::create_symlink(folder / "real", folder / "link");
    auto link = open_regular_file(folder / "link", O_RDONLY);
    BOOST_REQUIRE(!link);
    BOOST_TEST((link.error().code() == Errc::access_denied));
    ::mkfifo((folder / "pipe").c_str(), 0600);
    auto pipe = open_regular_file(folder / "pipe", O_RDONLY);  // and does not hang
    BOOST_REQUIRE(!pipe);
    BOOST_TEST(!open_regular_file("/dev/null", O_RDONLY).has_value());
    BOOST_TEST(open_regular_file(folder / "real", O_RDONLY).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_refused_not_read) {
    test::Folder folder;
    take(replace_file(folder / "large", std::string(5000, 'x')));
    auto content = read_file(folder / "large", 4999);
    BOOST_REQUIRE(!content);
    BOOST_TEST((content.error().code() == Errc::limit_exceeded));
    BOOST_TEST(read_file("/dev/zero", 100000).error().message().find("larger") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(folders_are_made_with_their_parents) {
    test::Folder folder;
    BOOST_TEST(make_folder(folder / "a/b/c", 0700).has_value());
    BOOST_TEST(mode_of(folder / "a/b/c") == 0700u);
    BOOST_TEST(make_folder(folder / "a/b/c").has_value());
    take(replace_file(folder / "file", "x"));
    BOOST_TEST(!make_folder(folder / "file").has_value());
}

BOOST_AUTO_TEST_CASE(an_error_keeps_its_chain_its_object_and_its_hint) {
    auto error = system_error(ENOSPC, "cannot write /x")
                     .with_object("db1")
                     .wrap("cannot create the NVRAM")
                     .wrap("cannot start db1");
    BOOST_TEST((error.code() == Errc::system_failed));
    BOOST_TEST(error.object() == "db1");
    BOOST_TEST(!error.hint().empty());
    BOOST_TEST(error.causes().size() == 2u);
    BOOST_TEST(std::string(error.what()) ==
               "cannot start db1: cannot create the NVRAM: cannot write /x: No space left on device");
}
