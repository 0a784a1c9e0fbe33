// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/prepare.hpp"

#include "firmware/nvram.hpp"
#include "firmware/start_store.hpp"
#include "support/async.hpp"
#include "unit/firmware/nvram_fixture.hpp"

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
        BOOST_TEST(error.code() == Errc::not_applicable);
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

// ── with a history ──

namespace {
// A guest whose store has something in it that the firmware could have written.
struct Kept : Fixture {
    Kept() {
        request.folder = folder / "data/nvram/0b7e";
        request.who = "test";
        put_store(test::flash());
        set("Boot0001", "entry");
    }
    void put_store(const std::string& bytes) const { test::put(store(), bytes); }
    Site site() const {
        auto site = Site();
        site.store = *request.store;
        site.template_path = request.template_path;
        site.code = request.code;
        site.architecture = request.architecture;
        site.folder = request.folder;
        return site;
    }
    void set(const std::string& name, const std::string& data) const {
        auto bytes = test::get(store());
        auto variables = take(read_store(bytes));
        take(variables.set(test::variable(name, data)));
        put_store(variables.write());
    }
    std::size_t backups() const { return take(history(site())).backups.size(); }
    // A start that succeeds; the guest ends at once.
    Task<StoreReport> start() {
        Rollback rollback;
        auto prepared = co_await prepare(blocking, request, rollback);
        co_await prepared.commit();
        co_return prepared.report;
    }
};
}  // namespace

ASYNC_TEST(what_has_changed_is_backed_up) {
    Kept f;
    auto report = co_await f.start();
    BOOST_TEST((report.outcome == StoreOutcome::kept && report.looked_at));
    BOOST_REQUIRE(report.backup.has_value());
    BOOST_TEST((report.backup->reason == BackupReason::before_start));
    BOOST_TEST((take(read_backup(f.site(), "1")).content == f.content()));
    report = co_await f.start();
    BOOST_TEST(!report.backup);
    f.set("Boot0001", "other");
    report = co_await f.start();
    BOOST_TEST(report.backup.has_value());
    BOOST_TEST(f.backups() == 2u);
    auto bytes = test::get(f.store());
    auto variables = take(read_store(bytes));
    take(variables.set(Variable(guids::mtc, "MTC", std::string("\1\0\0\0", 4))));
    f.put_store(variables.write());  // as every start does
    report = co_await f.start();
    BOOST_TEST(!report.backup);
    f.request.ring = 0;
    f.set("Boot0001", "third");
    report = co_await f.start();
    BOOST_TEST(!report.backup);
}

ASYNC_TEST(an_untouched_store_is_not_read) {
    Kept f;
    timespec old[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    BOOST_REQUIRE(::utimensat(AT_FDCWD, f.store().c_str(), old, 0) == 0);
    auto index = f.request.folder / "history/index.json";
    auto report = co_await f.start();
    BOOST_TEST(report.looked_at);
    report = co_await f.start();
    BOOST_TEST(report.looked_at);  // its change (of the times) is too near
    auto text = test::get(index);
    auto document = boost::json::parse(text);
    auto& look = document.as_object()["look"].as_object();
    look["seen-ns"] = look["seen-ns"].as_int64() + 10'000'000'000;  // as if somebody had looked later
    test::put(index, document.as_object());
    report = co_await f.start();
    BOOST_TEST(!report.looked_at);
    BOOST_TEST(test::get(index) == boost::json::serialize(document));
    f.request.code = f.code("other.fd", test::code_size);
    f.set("Boot0001", "other");
    report = co_await f.start();
    BOOST_TEST(report.looked_at);
}

ASYNC_TEST(a_store_that_cannot_work_stops_the_start) {
    Kept f;
    co_await f.start();
    auto good = f.content();
    auto refused = [](const Error& error, std::string_view hint) {
        BOOST_TEST(error.code() == Errc::invalid_state);
        BOOST_TEST(error.hint().find(hint) != std::string::npos, error.hint());
    };
    auto bad = good;
    bad[0x9000] = 'x';
    f.put_store(bad);
    auto error = co_await f.failure();
    refused(error, "restore backup 1");
    refused(error, "compact it");
    take(check(f.request));  // a definition may name it all the same
    f.put_store(test::flash(test::big_store_size));
    error = co_await f.failure();
    refused(error, "migrate it");
    f.put_store("rubbish");
    error = co_await f.failure();
    refused(error, "reset it");
    BOOST_TEST(f.content() == "rubbish");
    f.request.from_memory = true;  // what is in memory counts
    auto report = co_await f.start();
    BOOST_TEST((report.outcome == StoreOutcome::kept));
    f.request.from_memory = false;
    take(restore(f.site(), "1"));
    take(check(f.request));
    report = co_await f.start();
    BOOST_TEST((f.content() == good));
}

ASYNC_TEST(compacted_when_it_is_configured) {
    Kept f;
    for (int i = 0; i < 60; ++i) f.set("Boot0001", std::string(500, static_cast<char>('a' + i % 26)));
    auto full = f.content();
    auto report = co_await f.start();
    BOOST_TEST(!report.compacted);
    f.request.compact_above = 50;
    report = co_await f.start();
    BOOST_TEST(report.compacted);
    BOOST_TEST((report.backup->reason == BackupReason::before_start || report.backup->sha256 != ""));
    BOOST_TEST((f.content() != full));
    BOOST_TEST(check_store(f.content()).statistics.dead == 0u);
}

ASYNC_TEST(reset_of_classes_in_a_start) {
    Kept f;
    f.set("Timeout", "ab");
    auto old = f.content();
    f.request.reset = true;
    f.request.reset_classes = VariableClasses{VariableClass::boot_entries};
    auto error = co_await error_of(f.failing_start());
    BOOST_TEST((f.content() == old));
    auto report = co_await f.start();
    BOOST_TEST((report.outcome == StoreOutcome::reset));
    BOOST_TEST((report.backup->reason == BackupReason::before_reset));
    auto store = take(read_store(f.content()));
    BOOST_TEST(!store.find(guids::global, "Boot0001"));
    BOOST_TEST(store.find(guids::global, "Timeout")->data == "ab");
    take(restore(f.site(), report.backup->id));
    BOOST_TEST((f.content() == old));
}

ASYNC_TEST(a_reset_that_waits) {
    Kept f;
    auto old = f.content();
    PendingReset wanted;
    wanted.who = "uid 7";
    take(write_pending(f.request.folder, wanted));
    f.request.from_memory = true;
    auto report = co_await f.start();
    BOOST_TEST((report.outcome == StoreOutcome::kept && !report.pending));
    BOOST_TEST((f.content() == old));
    BOOST_TEST(take(read_pending(f.request.folder)).has_value());
    f.request.from_memory = false;
    auto error = co_await error_of(f.failing_start());  // it goes on waiting
    BOOST_TEST((f.content() == old));
    BOOST_TEST(take(read_pending(f.request.folder)).has_value());
    f.set("Boot0002", "what the running guest wrote meanwhile");
    report = co_await f.start();
    BOOST_TEST((report.outcome == StoreOutcome::reset));
    BOOST_TEST(report.pending->who == "uid 7");
    BOOST_TEST((f.content() == f.pristine));
    BOOST_TEST(!take(read_pending(f.request.folder)).has_value());
    report = co_await f.start();
    BOOST_TEST((report.outcome == StoreOutcome::kept));
    test::put(f.request.folder / "pending.json", "rubbish");
    error = co_await f.failure();
    BOOST_TEST(error.code() == Errc::invalid_state);
    BOOST_TEST(error.hint().find("cancel") != std::string::npos);
    take(remove_pending(f.request.folder));
    f.request.reset = f.request.from_memory = true;
    error = co_await f.failure();
    BOOST_TEST(error.code() == Errc::invalid_argument);
}

// Stopped at every step: after recovery the store is the old one and the reset waits again, or, when the start is known
// to have succeeded, the new one and nothing waits.
BOOST_AUTO_TEST_CASE(a_start_stopped_at_every_step) {
    for (bool known_started : {false, true}) {
        bool died = true;
        int n = 0;
        for (; died; ++n) {
            Kept f;
            auto old = f.content();
            take(write_pending(f.request.folder, {}));
            auto work = [&f, known_started](const Site& s) {
                f.request.store = s.store;
                auto touched = std::make_shared<std::atomic<bool>>(false);
                auto started = start_store(f.request, test::code_size, touched);
                if (!started || !known_started) return;
                if (started->unsynchronised) (void)started->unsynchronised->sync();
                (void)commit_pending(s.folder, s.store.steps);
                (void)commit_store(s.store);
            };
            died = test::dies_at(n, f.site(), work);
            auto where = "step " + std::to_string(n);
            bool done = f.content() == f.pristine;
            take(recover_site(f.site(), known_started && done ? Started::yes : Started::no));
            bool waits = take(read_pending(f.request.folder)).has_value();
            BOOST_TEST((f.content() == (known_started && done ? f.pristine : old)), where);
            BOOST_TEST(waits == !(known_started && done), where);
            std::string left;
            for (auto& entry : fs::recursive_directory_iterator(f.request.folder)) {
                auto name = entry.path().filename().string();
                bool sound = name == "VARS.fd" || name == "history" || name == "index.json" || name == "pending.json" ||
                             name.ends_with(".zst");
                if (!sound) left += name + " ";
            }
            BOOST_TEST(left == "", where);
        }
        BOOST_TEST(n > 15);
    }
}

BOOST_AUTO_TEST_SUITE_END()
