// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/prepare.hpp"

#include "firmware/disposal.hpp"
#include "support/async.hpp"
#include "unit/firmware/fixtures.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

using namespace vireo;
using namespace vireo::firmware;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(prepare_start)

namespace {
struct Fixture : test::Host {
    Blocking blocking{1};
    Request request;
    const std::string pristine = test::volume();
    const std::string old = test::volume(test::store_size, 'o');

    Fixture() {
        request.kind = Request::Kind::flash;
        request.code = code("code.fd");
        request.template_path = vars("vars.fd");
        request.store = StoreSpec(folder / "data/nvram/0b7e/VARS.fd", true);
        request.architecture = "x86_64";
    }
    const fs::path& store() const { return request.store->path; }
    fs::path before_start() const { return store().string() + ".before-start"; }
    std::string content() const { return fs::exists(store()) ? test::get(store()) : ""; }

    // A start that fails after this stage.
    Task<> failing_start() {
        auto body = [this](Rollback& rollback) -> Task<> {
            auto prepared = co_await prepare(blocking, request, rollback);
            throw Error(Errc::hypervisor_failed, "QEMU died");
        };
        return transaction(body);
    }
    Task<Error> failure() {
        Rollback rollback;
        try {
            auto prepared = co_await prepare(blocking, request, rollback);
        } catch (const Error& error) {
            co_return error;
        }
        co_return Error();
    }
};

std::string read_all(const UniqueFd& fd) {
    BOOST_REQUIRE(::lseek(fd.get(), 0, SEEK_SET) == 0);
    return take(read_fd(fd.get(), "descriptor"));
}

int access_of(const UniqueFd& fd) {
    return ::fcntl(fd.get(), F_GETFL) & O_ACCMODE;
}

Task<Error> error_of(Task<> work) {
    try {
        co_await std::move(work);
    } catch (const Error& error) {
        co_return error;
    }
    co_return Error();
}
}  // namespace

ASYNC_TEST(first_start_then_kept) {
    Fixture f;
    Rollback rollback;
    auto first = co_await prepare(f.blocking, f.request, rollback);
    BOOST_TEST((first.outcome == StoreOutcome::created));
    BOOST_TEST((f.content() == f.pristine));
    BOOST_TEST((read_all(*first.nvram) == f.pristine));
    BOOST_TEST(access_of(*first.nvram) == O_RDWR);
    BOOST_TEST(access_of(first.code) == O_RDONLY);
    BOOST_TEST(read_all(first.code).size() == test::code_size);
    co_await first.commit();
    co_await rollback.undo_all();  // a later failure is not the start's any more
    first.nvram.reset();
    test::put(f.store(), f.old);
    auto second = co_await prepare(f.blocking, f.request, rollback);
    BOOST_TEST((second.outcome == StoreOutcome::kept));
    BOOST_TEST((f.content() == f.old));
    co_await second.commit();
    co_await rollback.undo_all();
    BOOST_TEST((f.content() == f.old));
}

ASYNC_TEST(failed_first_start_leaves_nothing) {
    Fixture f;
    auto error = co_await error_of(f.failing_start());
    BOOST_TEST(error.code() == Errc::hypervisor_failed);
    BOOST_TEST(!fs::exists(f.store().parent_path()));
}

ASYNC_TEST(reset_and_its_undo) {
    Fixture f;
    test::put(f.store(), f.old);
    f.request.reset = true;
    auto error = co_await error_of(f.failing_start());
    BOOST_TEST(error.code() == Errc::hypervisor_failed);
    BOOST_TEST((f.content() == f.old));
    BOOST_TEST(!fs::exists(f.before_start()));
    Rollback rollback;
    auto prepared = co_await prepare(f.blocking, f.request, rollback);
    BOOST_TEST((prepared.outcome == StoreOutcome::reset));
    BOOST_TEST((f.content() == f.pristine));
    BOOST_TEST(fs::exists(f.before_start()));
    co_await prepared.commit();
    BOOST_TEST(!fs::exists(f.before_start()));
}

ASYNC_TEST(a_failure_never_touches_the_old_store) {
    Fixture f;
    test::put(f.store(), f.old);
    f.request.reset = true;
    auto check = [&f](std::string_view text, const Error& error) {
        BOOST_TEST(std::string(error.what()).find(text) != std::string::npos, error.what());
        BOOST_TEST((f.content() == f.old));
        BOOST_TEST(std::distance(fs::directory_iterator(f.store().parent_path()), fs::directory_iterator()) == 1);
    };
    auto good = f.request.template_path;
    auto bad = f.share / "bad.fd";
    f.request.template_path = f.share / "none.fd";
    auto error = co_await f.failure();
    check("cannot be used: cannot open", error);
    f.request.template_path = bad;
    test::put(bad, "");
    error = co_await f.failure();
    check("it is empty", error);
    test::put(bad, f.pristine.substr(0, 65536));
    error = co_await f.failure();
    check("it is cut short", error);
    test::put(bad, std::string(test::store_size, 'x'));
    error = co_await f.failure();
    check("not a firmware volume", error);
    test::put(bad, std::string(test::store_size, '\0'));  // a template may not be blank
    error = co_await f.failure();
    check("not a firmware volume", error);
    test::put(bad, f.pristine + std::string(test::code_size, 'C'));
    error = co_await f.failure();
    check("something else behind its firmware volume", error);
    test::put(bad, test::volume(540672));
    error = co_await f.failure();
    check("2 MiB build", error);
    fs::remove(bad);
    fs::create_directory(bad);
    error = co_await f.failure();
    check("cannot be used", error);
    f.request.template_path.clear();
    error = co_await f.failure();
    check("no template is known", error);
    f.request.template_path = good;
    f.request.code = f.share / "none.fd";
    error = co_await f.failure();
    check("the firmware " + f.request.code.string() + " cannot be used", error);
}

// A FIFO as template must not hold up the daemon, a link is fine (distributions use them).
ASYNC_TEST(odd_templates) {
    Fixture f;
    auto real = f.request.template_path;
    f.request.template_path = f.share / "fifo";
    BOOST_REQUIRE(::mkfifo(f.request.template_path.c_str(), 0600) == 0);
    auto error = co_await f.failure();
    BOOST_TEST(std::string(error.what()).find("not a regular file") != std::string::npos);
    f.request.template_path = f.share / "link.fd";
    fs::create_symlink(real, f.request.template_path);
    Rollback rollback;
    auto prepared = co_await prepare(f.blocking, f.request, rollback);
    BOOST_TEST((f.content() == f.pristine));
}

ASYNC_TEST(store_of_another_build) {
    Fixture f;
    test::put(f.store(), test::volume(540672));
    auto error = co_await f.failure();
    BOOST_TEST(std::string(error.what()).find("2 MiB build") != std::string::npos, error.what());
    BOOST_TEST(error.hint().find("reset-nvram") != std::string::npos);
    f.request.reset = true;
    Rollback rollback;
    auto prepared = co_await prepare(f.blocking, f.request, rollback);
    BOOST_TEST((f.content() == f.pristine));
}

ASYNC_TEST(existing_store_needs_no_template) {
    Fixture f;
    test::put(f.store(), f.old);
    fs::remove(f.request.template_path);
    Rollback rollback;
    auto prepared = co_await prepare(f.blocking, f.request, rollback);
    BOOST_TEST((prepared.outcome == StoreOutcome::kept));
}

ASYNC_TEST(store_in_use) {
    Fixture f;
    Rollback first, second;
    auto running = co_await prepare(f.blocking, f.request, first);
    co_await running.commit();
    auto error = co_await f.failure();
    BOOST_TEST(error.code() == Errc::busy);
    f.request.reset = true;
    error = co_await f.failure();
    BOOST_TEST(error.code() == Errc::busy);
    co_await second.undo_all();
    BOOST_TEST((f.content() == f.pristine));
}

// Two guests on one path of the user's: who comes second must not undo what the first did.
ASYNC_TEST(second_guest_on_one_path) {
    Fixture f;
    f.request.store = StoreSpec(f.folder / "shared.fd", false);
    Rollback first;
    auto running = co_await prepare(f.blocking, f.request, first);
    auto error = co_await error_of(f.failing_start());
    BOOST_TEST(error.code() == Errc::busy);
    BOOST_TEST((f.content() == f.pristine));
    BOOST_TEST(fs::exists(f.store().string() + ".created"));
    co_await running.commit();
}

ASYNC_TEST(never_the_template_or_the_code) {
    Fixture f;
    fs::create_hard_link(f.request.template_path, f.folder / "second-name.fd");
    f.request.store = StoreSpec(f.folder / "second-name.fd", false);
    auto error = co_await f.failure();
    BOOST_TEST(error.code() == Errc::invalid_config);
    f.request.store = StoreSpec(f.request.code, false);
    error = co_await f.failure();
    BOOST_TEST(error.code() == Errc::invalid_config);
    BOOST_TEST((test::get(f.request.template_path) == f.pristine));
}

ASYNC_TEST(without_a_store) {
    Fixture f;
    Rollback rollback;
    f.request.store.reset();
    auto stateless = co_await prepare(f.blocking, f.request, rollback);
    BOOST_TEST((stateless.outcome == StoreOutcome::not_applicable && !stateless.nvram && stateless.code));
    co_await stateless.commit();
    f.request.code_writable = true;
    auto combined = co_await prepare(f.blocking, f.request, rollback);
    BOOST_TEST(access_of(combined.code) == O_RDWR);
    for (auto kind : {Request::Kind::flash, Request::Kind::rom, Request::Kind::none}) {
        f.request.kind = kind;
        f.request.reset = false;
        auto prepared = co_await prepare(f.blocking, f.request, rollback);
        BOOST_TEST((prepared.outcome == StoreOutcome::not_applicable && prepared.kind == kind));
        f.request.reset = true;
        auto error = co_await f.failure();
        BOOST_TEST(error.code() == Errc::unsupported);
        BOOST_TEST(std::string(error.what()).find("no variable store to reset") != std::string::npos);
    }
    f.request.reset = false;
    f.request.kind = Request::Kind::rom;
    f.request.code = f.share / "none.bin";
    auto error = co_await f.failure();
    BOOST_TEST(error.code() == Errc::not_found);
}

ASYNC_TEST(check_changes_nothing) {
    Fixture f;
    take(check(f.request));
    BOOST_TEST(!fs::exists(f.folder / "data"));
    fs::remove(f.request.template_path);
    BOOST_TEST(!check(f.request));
    co_return;
}

ASYNC_TEST(recovery_of_many) {
    Fixture f;
    auto other = *f.request.store;
    other.path = f.folder / "data/nvram/1111/VARS.fd";
    StoreSpec clean(f.folder / "data/nvram/2222/VARS.fd", true);
    test::put(f.store(), f.old);
    test::put(other.path, f.old);
    take(reset_store(*f.request.store, f.pristine));
    take(reset_store(other, f.pristine));
    std::vector<Leftover> leftovers;
    leftovers.emplace_back(*f.request.store, Started::no);
    leftovers.emplace_back(other, Started::yes);
    leftovers.emplace_back(clean, Started::no);
    auto results = co_await recover(f.blocking, leftovers);
    BOOST_TEST((take(results.at(0)) == Recovered::undone));
    BOOST_TEST((take(results.at(1)) == Recovered::committed));
    BOOST_TEST((take(results.at(2)) == Recovered::nothing));
    BOOST_TEST((f.content() == f.old));
    BOOST_TEST((test::get(other.path) == f.pristine));
}

BOOST_AUTO_TEST_SUITE_END()

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

BOOST_AUTO_TEST_SUITE_END()
