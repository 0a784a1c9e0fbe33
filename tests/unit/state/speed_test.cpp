// SPDX-License-Identifier: LGPL-2.1-or-later
// Prints figures, asserts only that everything arrived: what a save costs beside the disk's own synchronisation in the
// same run, and how long ten thousand documents take to load.
#include "state/definition_store.hpp"
#include "support/file.hpp"
#include "support/task_group.hpp"
#include "tests/support/async.hpp"
#include "tests/unit/state/fixture.hpp"

#include <algorithm>
#include <fcntl.h>

using namespace vireo;
using namespace vireo::state;

BOOST_AUTO_TEST_SUITE(speed)

namespace {

const std::string document = "<domain>" + std::string(4000, ' ') + "</domain>";

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double raw_synchronisation(const std::filesystem::path& folder, int times) {
    auto fd = take(open_file(folder / "raw", O_WRONLY | O_CREAT));
    auto start = Clock::now();
    for (int i = 0; i < times; ++i) {
        BOOST_REQUIRE(::pwrite(fd.get(), document.data(), document.size(), 0) > 0);
        BOOST_REQUIRE(::fdatasync(fd.get()) == 0);
    }
    return seconds_since(start) / times;
}

Task<> save_in_turn(DefinitionStore& store, int from, int count) {
    for (int i = 0; i < count; ++i) co_await store.save(uuid_of(from + i), document);
}

Task<double> saves_per_second(DefinitionStore& store, int clients, int each) {
    auto start = Clock::now();
    auto body = [&](TaskGroup& group) -> Task<> {
        for (int c = 0; c < clients; ++c) group.spawn(save_in_turn(store, c * each, each));
        co_return;
    };
    co_await scoped(body);
    co_return clients* each / seconds_since(start);
}

}  // namespace

ASYNC_TEST(durable_saves) {
    StoreFixture f;
    double raw = raw_synchronisation(f.folder.path(), 50);
    double one = co_await saves_per_second(f.store, 1, 100);
    double sixteen = co_await saves_per_second(f.store, 16, 40);
    std::printf("state: fdatasync of 4 KiB %.0f us; durable saves: %.0f/s one at a time, %.0f/s with 16 at once\n",
                raw * 1e6, one, sixteen);
    BOOST_TEST(take(f.store.load_all()).definitions.size() == 640u);
}

BOOST_AUTO_TEST_CASE(ten_thousand_documents) {
    StoreFixture f;
    auto text = with_header(document);
    for (int i = 0; i < 10'000; ++i) take(replace_file(f.folder / (uuid_of(i) + ".xml"), text, 0600, Durable::no));
    auto start = Clock::now();
    auto loaded = take(f.store.load_all());
    std::printf("state: %zu documents loaded in %.0f ms\n", loaded.definitions.size(), seconds_since(start) * 1e3);
    BOOST_TEST(loaded.definitions.size() == 10'000u);
}

BOOST_AUTO_TEST_SUITE_END()
