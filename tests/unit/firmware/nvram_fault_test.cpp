// SPDX-License-Identifier: LGPL-2.1-or-later
// Every operation, stopped at every step that changes something on disk, and with every step failing.
#include "unit/firmware/nvram_fixture.hpp"

#include <cerrno>
#include <cstdlib>
#include <set>

using namespace vireo;
using namespace vireo::firmware;
using test::Guest;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(nvram_faults)

namespace {
struct Operation {
    std::string_view name;
    std::function<bool(const Site&)> run;  // did it succeed?
    bool changes_store = true;
};

Result<> append_entry(VariableStore& store) {
    return store.set(test::variable("Boot0002", std::string("\1\0\0\0c", 5)));
}

const std::vector<Operation>& operations() {
    static const std::vector<Operation> all{
        {"change", [](const Site& s) { return change(s, BackupReason::before_change, append_entry).has_value(); }},
        {"compact", [](const Site& s) { return compact(s).has_value(); }},
        {"reset", [](const Site& s) { return reset(s).has_value(); }},
        {"reset boot entries",
         [](const Site& s) { return reset(s, VariableClasses{VariableClass::boot_entries}).has_value(); }},
        {"restore", [](const Site& s) { return restore(s, "1").has_value(); }},
        {"migrate", [](const Site& s) { return migrate(s, s).has_value(); }},
        {"back up", [](const Site& s) { return back_up(s).has_value(); }, false},
        {"prune", [](const Site& s) { return prune(s, 1).has_value(); }, false},
        {"pending", [](const Site& s) { return write_pending(s.folder, {}, s.store.steps).has_value(); }, false},
        {"cancel",
         [](const Site& s) {
             if (!take(read_pending(s.folder))) take(write_pending(s.folder, {}));
             return remove_pending(s.folder, s.store.steps).has_value();
         },
         false},
    };
    return all;
}

// A guest with a store and two backups.
// Made once of each kind, then copied.
struct Prepared : Guest {
    std::string before;
    explicit Prepared(std::string_view kind) : Guest(kind) {
        static std::map<std::string_view, std::map<std::string, std::string>> known;
        auto& copy = known[kind];
        for (auto& [path, bytes] : copy) test::put(folder / path, bytes);
        if (copy.empty()) {
            fill();
            take(set("Timeout", std::string("\7\0", 2)));
            take(set("Timeout", std::string("\x09\0", 2)));
            for (auto& [path, bytes] : files()) copy[fs::relative(path, folder.path())] = bytes;
        }
        before = content();
    }
};

// Synchronising costs nothing in memory, and there are thousands of cases.
struct InMemory {
    InMemory() {
        if (fs::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
    }
    ~InMemory() { ::unsetenv("TMPDIR"); }
};

std::string after(std::string_view kind, const Operation& operation) {
    Prepared guest(kind);
    BOOST_REQUIRE(operation.run(guest.site));
    return guest.content();
}

void sound(const Guest& guest, const std::string& where) {
    BOOST_TEST(guest.strays() == "", where << " leaves " << guest.strays());
    auto ring = take(history(guest.site));
    BOOST_TEST(ring.warnings.empty(), where);
    std::size_t contents = 0;
    for (auto& [path, _] : guest.files()) contents += path.ends_with(".zst");
    std::set<std::string> named;
    for (auto& entry : ring.backups) {
        named.insert(entry.sha256);
        BOOST_TEST(read_backup(guest.site, entry.id).has_value(), where << ": backup " << entry.id);
    }
    BOOST_TEST(contents == named.size(), where);
    auto again = guest.set("Lang", "x");
    BOOST_TEST(again.has_value(), where);
}
}  // namespace

BOOST_FIXTURE_TEST_CASE(killed_at_every_step, InMemory) {
    for (std::string_view kind : {"raw", "qcow2", "chosen", "block"})
        for (auto& operation : operations()) {
            auto wanted = after(kind, operation);
            int n = 0;
            bool saw_new = false;
            for (bool died = true; died; ++n) {
                Prepared guest(kind);
                died = test::dies_at(n, guest.site, [&](const Site& s) { operation.run(s); });
                auto where = std::string(kind) + ", " + std::string(operation.name) + ", step " + std::to_string(n);
                auto recovered = recover_site(guest.site, Started::no);
                BOOST_TEST(recovered.has_value(), where);
                auto now = guest.content();
                BOOST_TEST((now == guest.before || now == wanted), where);
                if (died && saw_new) BOOST_TEST((now == wanted), where << " is old again");
                saw_new |= now == wanted;
                sound(guest, where);
            }
            BOOST_TEST(n > 2, operation.name << " has " << n << " steps");
        }
}

BOOST_FIXTURE_TEST_CASE(every_failure_changes_nothing, InMemory) {
    for (std::string_view kind : {"raw", "qcow2", "chosen", "block"})
        for (auto& operation : operations())
            for (int error : {ENOSPC, EIO, EACCES, EXDEV}) {
                auto wanted = after(kind, operation);
                bool reached = true;
                for (int n = 0; reached; ++n) {
                    Prepared guest(kind);
                    bool succeeded = false;
                    reached =
                        test::fails_at(n, error, guest.site, [&](const Site& s) { succeeded = operation.run(s); });
                    auto where = std::string(kind) + ", " + std::string(operation.name) + ", step " +
                                 std::to_string(n) + ", error " + std::to_string(error);
                    if (succeeded || !operation.changes_store)
                        BOOST_TEST((guest.content() == wanted), where);
                    else
                        // A device whose journal could not be put away: the new content is whole, too.
                        BOOST_TEST((guest.content() == guest.before || (kind == "block" && guest.content() == wanted)),
                                   where);
                    BOOST_TEST(recover_site(guest.site, Started::no).has_value(), where);
                    sound(guest, where);
                }
            }
}

BOOST_FIXTURE_TEST_CASE(the_first_change_makes_a_store_or_nothing, InMemory) {
    for (std::string_view kind : {"raw", "qcow2", "chosen", "block"})
        for (int error : {0, ENOSPC, EIO, EACCES, EXDEV}) {
            bool reached = true;
            for (int n = 0; reached; ++n) {
                Guest guest(kind);
                bool succeeded = error == 0;
                auto work = [&](const Site& s) {
                    succeeded = change(s, BackupReason::before_change, append_entry).has_value();
                };
                reached = error ? test::fails_at(n, error, guest.site, work) : test::dies_at(n, guest.site, work);
                auto where = std::string(kind) + ", step " + std::to_string(n);
                BOOST_TEST(recover_site(guest.site, Started::no).has_value(), where);
                if (error && kind != "block") BOOST_TEST(guest.exists() == succeeded, where);
                if (guest.exists()) BOOST_TEST(guest.value("Boot0002").size() == 5u, where);
                BOOST_TEST(guest.strays() == "", where << guest.strays());
            }
        }
}

BOOST_AUTO_TEST_SUITE_END()
