// SPDX-License-Identifier: LGPL-2.1-or-later
// The trash of variable stores, and the notes of undefines that were cut off.
#include "firmware/trash.hpp"

#include "firmware/disposal_note.hpp"
#include "unit/firmware/fixtures.hpp"

#include <boost/test/unit_test.hpp>

namespace fs = std::filesystem;
using namespace vireo;
using namespace vireo::firmware;

namespace {

const auto guest = model::Uuid::parse("11111111-2222-4333-8444-555555555555").value();

struct Place {
    test::Folder folder;
    fs::path trash = folder / "trash", nvram = folder / "nvram";

    std::string thrown(std::int64_t time, const std::string& name = "VARS.fd") {
        auto id = "nvram-" + guest.to_string() + "-" + std::to_string(time);
        test::put(trash / id / name, "store");
        return id;
    }
    DisposalRequest request(Disposal how) {
        DisposalRequest one;
        one.store.path = nvram / guest.to_string() / "VARS.fd";
        one.how = how;
        one.trash = trash;
        one.guest = guest;
        one.time_usec = 1000;
        return one;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(trash_of_stores, Place)

BOOST_AUTO_TEST_CASE(an_empty_one) {
    BOOST_TEST(take(list_trash(trash)).empty());
    BOOST_TEST(take(expire_trash(trash, 1000)) == 0u);
    BOOST_TEST(notes(trash).empty());
    BOOST_TEST(find_trashed(trash, "nvram-x").error().code() == Errc::not_found);
}

BOOST_AUTO_TEST_CASE(listed_newest_first_with_what_is_known) {
    thrown(100);
    auto newer = thrown(200, "VARS.qcow2");
    test::put(trash / newer / "origin", "/somewhere/else.fd\n");
    test::put(trash / newer / "history/index.json", "{}");
    test::put(trash / newer / "pending.json", "{}");
    test::put(trash / "README", "not ours");
    test::put(trash / "nvram-nonsense-1" / "VARS.fd", "not ours");
    auto all = take(list_trash(trash));
    BOOST_REQUIRE(all.size() == 2u);
    BOOST_TEST(all[0].id == newer);
    BOOST_TEST((all[0].format == StoreFormat::qcow2));
    BOOST_TEST(all[0].file == trash / newer / "VARS.qcow2");
    BOOST_TEST(all[0].origin == "/somewhere/else.fd");
    BOOST_TEST(all[0].size == 5u);
    BOOST_TEST((all[0].guest == guest));
    BOOST_TEST(all[1].time_usec == 100);
}

BOOST_AUTO_TEST_CASE(only_what_is_old_goes) {
    auto old = thrown(100), young = thrown(200);
    BOOST_TEST(take(expire_trash(trash, 200)) == 1u);
    BOOST_TEST(!fs::exists(trash / old));
    BOOST_TEST(fs::exists(trash / young));
    take(remove_trashed(trash, young));
    take(remove_trashed(trash, young));  // absent is fine
    BOOST_TEST(take(list_trash(trash)).empty());
}

BOOST_AUTO_TEST_CASE(an_id_is_no_path) {
    auto id = thrown(100);
    test::put(folder / "precious", "x");
    for (std::string hostile : {std::string(".."), std::string("."), std::string(), "../" + id, id + "/..",
                                id + "/../..", "nvram-" + guest.to_string() + "--1", "nvram-" + guest.to_string() + "-",
                                "nvram-" + guest.to_string() + "-99999999999999999999", std::string(5000, '/')}) {
        BOOST_TEST(!find_trashed(trash, hostile));
        BOOST_TEST(!remove_trashed(trash, hostile));
    }
    BOOST_TEST(fs::exists(folder / "precious"));
    BOOST_TEST(fs::exists(trash / id));
}

BOOST_AUTO_TEST_CASE(links_are_not_followed) {
    auto id = "nvram-" + guest.to_string() + "-7";
    test::put(folder / "elsewhere/VARS.fd", "x");
    fs::create_directories(trash);
    fs::create_directory_symlink(folder / "elsewhere", trash / id);
    BOOST_TEST(take(list_trash(trash)).empty());
    BOOST_TEST(!find_trashed(trash, id));
    auto other = thrown(8);
    fs::remove(trash / other / "VARS.fd");
    fs::create_symlink(folder / "elsewhere/VARS.fd", trash / other / "VARS.fd");
    BOOST_TEST(!find_trashed(trash, other));
    take(remove_trashed(trash, other));
    BOOST_TEST(fs::exists(folder / "elsewhere/VARS.fd"));
}

BOOST_AUTO_TEST_CASE(backups_come_back_unless_there_are_others) {
    auto id = thrown(100);
    test::put(trash / id / "history/index.json", "old");
    auto found = take(find_trashed(trash, id));
    take_history_along(found, nvram / "one");
    BOOST_TEST(test::get(nvram / "one/history/index.json") == "old");
    test::put(trash / id / "history/index.json", "other");
    take_history_along(found, nvram / "one");
    BOOST_TEST(test::get(nvram / "one/history/index.json") == "old");
}

BOOST_AUTO_TEST_CASE(a_note_comes_back_as_it_was) {
    auto wanted = request(Disposal::trash);
    wanted.store.format = StoreFormat::qcow2;
    take(write_note(wanted));
    auto all = notes(trash);
    BOOST_REQUIRE(all.size() == 1u);
    BOOST_TEST(all[0].store.path == wanted.store.path);
    BOOST_TEST((all[0].store.format == StoreFormat::qcow2));
    BOOST_TEST(all[0].store.own);
    BOOST_TEST((all[0].how == Disposal::trash));
    BOOST_TEST((all[0].guest == guest));
    BOOST_TEST(take(list_trash(trash)).empty());  // it is no store
    take(write_note(request(Disposal::remove)));
    BOOST_TEST((notes(trash).at(0).how == Disposal::remove));
    take(remove_note(wanted));
    take(remove_note(wanted));
    BOOST_TEST(notes(trash).empty());
}

BOOST_AUTO_TEST_CASE(what_is_no_note_is_left) {
    auto name = "undefine-" + guest.to_string() + ".json";
    for (auto* text : {"", "{", "[]", "{\"version\":2}", "{\"version\":1}",
                       "{\"version\":1,\"path\":\"relative\",\"format\":\"raw\",\"how\":\"remove\"}",
                       "{\"version\":1,\"path\":\"/x\",\"format\":\"paper\",\"how\":\"remove\"}",
                       "{\"version\":1,\"path\":\"/x\",\"format\":\"raw\",\"how\":\"burn\"}"}) {
        test::put(trash / name, text);
        BOOST_TEST(notes(trash).empty());
        BOOST_TEST(fs::exists(trash / name));
    }
    test::put(trash / "undefine-nobody.json", "{}");
    BOOST_TEST(notes(trash).empty());
}

BOOST_AUTO_TEST_SUITE_END()
