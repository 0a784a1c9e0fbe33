// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/disposal.hpp"

#include "unit/firmware/nvram_fixture.hpp"

#include <cerrno>

using namespace vireo;
using namespace vireo::firmware;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(disposal)

namespace {
struct Bin {
    test::Folder folder;
    DisposalRequest request;
    const std::string bytes = test::volume(test::store_size, 'd');
    Bin() {
        request.store = StoreSpec(folder / "data/nvram/0b7e/VARS.fd", true);
        request.trash = folder / "data/trash";
        request.guest = *model::Uuid::parse("0b7e2f4c-9d3a-4f11-8a57-6a0c1d2e3f40");
        request.time_usec = 17;
        test::put(request.store.path, bytes);
    }
    fs::path target() const { return request.trash / "nvram-0b7e2f4c-9d3a-4f11-8a57-6a0c1d2e3f40-17"; }
};
}  // namespace

BOOST_FIXTURE_TEST_CASE(moved_to_the_trash, Bin) {
    take(check_disposal(request));
    BOOST_TEST(fs::exists(request.store.path));
    BOOST_TEST(take(dispose(request)) == target() / "VARS.fd");
    BOOST_TEST((test::get(target() / "VARS.fd") == bytes));
    BOOST_TEST(!fs::exists(request.store.path.parent_path()));
    BOOST_TEST(take(dispose(request)) == "");  // there is none any more
}

BOOST_FIXTURE_TEST_CASE(a_path_of_the_users_to_the_trash, Bin) {
    request.store = StoreSpec(folder / "mine/vars.fd", false);
    test::put(request.store.path, bytes);
    test::put(folder / "mine/other", "stays");
    BOOST_TEST(take(dispose(request)) == target() / "vars.fd");
    BOOST_TEST((test::get(target() / "vars.fd") == bytes));
    BOOST_TEST(test::get(target() / "origin") == request.store.path.string() + "\n");
    BOOST_TEST(!fs::exists(request.store.path));
    BOOST_TEST(fs::exists(folder / "mine/other"));
}

BOOST_FIXTURE_TEST_CASE(kept_and_removed, Bin) {
    request.how = Disposal::keep;
    BOOST_TEST(take(dispose(request)) == request.store.path);
    BOOST_TEST((test::get(request.store.path) == bytes));
    request.how = Disposal::remove;
    BOOST_TEST(take(dispose(request)) == "");
    BOOST_TEST(!fs::exists(request.store.path.parent_path()));
    BOOST_TEST(!fs::exists(request.trash));
}

BOOST_FIXTURE_TEST_CASE(not_while_it_is_used, Bin) {
    auto used = take(open_store(request.store));
    for (auto how : {Disposal::trash, Disposal::remove}) {
        request.how = how;
        BOOST_TEST(check_disposal(request).error().code() == Errc::busy);
        BOOST_TEST(dispose(request).error().code() == Errc::busy);
        BOOST_TEST((test::get(request.store.path) == bytes));
    }
    request.how = Disposal::keep;
    take(check_disposal(request));
}

BOOST_FIXTURE_TEST_CASE(its_history_goes_with_it, Bin) {
    request.folder = request.store.path.parent_path();
    test::put(request.folder / "history/index.json", "x");
    take(dispose(request));
    BOOST_TEST(test::get(target() / "history/index.json") == "x");
    BOOST_TEST(!fs::exists(request.folder));
    request.store = StoreSpec(folder / "mine/vars.fd", false);
    test::put(request.store.path, bytes);
    test::put(request.folder / "history/index.json", "y");
    request.time_usec = 18;
    auto where = take(dispose(request));
    BOOST_TEST(test::get(where.parent_path() / "history/index.json") == "y");
    BOOST_TEST(!fs::exists(request.folder));
    test::put(request.store.path, bytes);
    test::put(request.folder / "history/index.json", "z");
    test::put(request.folder / "pending.json", "z");
    request.how = Disposal::remove;
    take(dispose(request));
    BOOST_TEST(!fs::exists(request.folder));
    BOOST_TEST(!fs::exists(request.store.path));
    request.store.kind = StoreKind::block;
    request.store.file_as_device = true;
    test::put(request.store.path, bytes);
    take(dispose(request));
    BOOST_TEST((test::get(request.store.path) == bytes));  // a device stays
}

BOOST_FIXTURE_TEST_CASE(stopped_at_every_step_it_is_whole_somewhere, Bin) {
    for (bool own : {true, false})
        for (int error : {0, EXDEV, ENOSPC, EIO, EACCES}) {
            bool reached = true;
            for (int n = 0; reached; ++n) {
                Bin bin;
                auto& r = bin.request;
                if (!own) r.store = StoreSpec(bin.folder / "mine/vars.fd", false);
                test::put(r.store.path, bin.bytes);
                r.folder = bin.folder / "data/nvram/0b7e";
                test::put(r.folder / "history/index.json", "x");
                Site site;
                site.store = r.store;
                auto work = [&r](const Site& s) {
                    auto wanted = r;
                    wanted.store.steps = s.store.steps;
                    (void)dispose(wanted);
                };
                reached = error ? test::fails_at(n, error, site, work) : test::dies_at(n, site, work);
                auto name = r.store.path.filename();
                bool here = fs::exists(r.store.path) && test::get(r.store.path) == bin.bytes;
                bool there = fs::exists(bin.target() / name) && test::get(bin.target() / name) == bin.bytes;
                BOOST_TEST((here || there), "step " << n << ", error " << error);
            }
        }
}

BOOST_AUTO_TEST_SUITE_END()
