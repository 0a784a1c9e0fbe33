// SPDX-License-Identifier: LGPL-2.1-or-later
// One variable store, one guest: found out by path, and where links hide it.
#include "domain/claims.hpp"

#include "support/file.hpp"
#include "support/folder.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <unistd.h>

namespace fs = std::filesystem;
using namespace vireo;
using domain::Claims, domain::check_claims;

namespace {

struct Place {
    test::Folder folder;
    std::vector<std::shared_ptr<const Claims>> others;

    std::string file(const std::string& name) {
        auto path = folder.path() / name;
        take(replace_file(path, name, 0600, Durable::no));
        return path.string();
    }
    void other(std::string store, std::vector<std::string> disks = {}) {
        auto claims = std::make_shared<Claims>();
        claims->guest = "other";
        claims->uuid = "22222222-2222-4222-8222-222222222222";
        claims->store = std::move(store);
        claims->disks = std::move(disks);
        others.push_back(std::move(claims));
    }
    Claims mine(std::string store, std::vector<std::string> disks = {}) {
        Claims claims;
        claims.guest = "mine";
        claims.uuid = "11111111-1111-4111-8111-111111111111";
        claims.store = std::move(store);
        claims.disks = std::move(disks);
        return claims;
    }
    std::string refused(const Claims& claims) {
        auto result = check_claims(claims, others);
        if (result) return {};
        BOOST_TEST((result.error().code() == Errc::invalid_config));
        BOOST_TEST(!result.error().hint().empty());
        return result.error().what();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(claims, Place)

BOOST_AUTO_TEST_CASE(what_is_ones_own_is_fine) {
    auto store = file("a.fd"), disk = file("a.img");
    other(file("b.fd"), {file("b.img")});
    BOOST_TEST(refused(mine(store, {disk})).empty());
    BOOST_TEST(refused(mine("", {disk})).empty());
    BOOST_TEST(refused(mine((folder.path() / "not-there").string())).empty());
    auto again = mine(store, {disk});
    others.push_back(std::make_shared<const Claims>(again));  // the definition that is replaced
    BOOST_TEST(refused(again).empty());
}

BOOST_AUTO_TEST_CASE(anothers_store) {
    auto store = file("a.fd");
    other(store);
    BOOST_TEST(refused(mine(store)).find("other") != std::string::npos);
    BOOST_TEST(refused(mine("", {store})).find("other") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(links_hide_nothing) {
    auto store = file("a.fd");
    other(store);
    auto symbolic = (folder.path() / "symbolic.fd").string(), hard = (folder.path() / "hard.fd").string();
    BOOST_REQUIRE(::symlink(store.c_str(), symbolic.c_str()) == 0);
    BOOST_TEST(!refused(mine(symbolic)).empty());
    BOOST_TEST(!refused(mine("", {symbolic})).empty());
    BOOST_REQUIRE(::link(store.c_str(), hard.c_str()) == 0);
    BOOST_TEST(!refused(mine(hard)).empty());
    BOOST_TEST(!refused(mine("", {hard})).empty());
}

BOOST_AUTO_TEST_CASE(a_disk) {
    auto disk = file("b.img");
    other("", {disk});
    BOOST_TEST(refused(mine(disk)).find("disk") != std::string::npos);
    BOOST_TEST(!refused(mine(file("own.img"), {(folder.path() / "own.img").string()})).empty());
}

BOOST_AUTO_TEST_CASE(the_firmware_itself) {
    auto claims = mine(file("VARS.fd"));
    claims.template_path = claims.store;
    BOOST_TEST(refused(claims).find("template") != std::string::npos);
    claims.template_path = (folder.path() / "template.fd").string();
    BOOST_REQUIRE(::symlink(claims.store.c_str(), claims.template_path.c_str()) == 0);
    BOOST_TEST(refused(claims).find("template") != std::string::npos);
    claims.template_path.clear();
    claims.code = claims.store;
    BOOST_TEST(refused(claims).find("code") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
