// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/nvram.hpp"

#include "firmware/digest.hpp"
#include "unit/firmware/nvram_fixture.hpp"

#include <fcntl.h>
#include <sys/file.h>

using namespace vireo;
using namespace vireo::firmware;
using test::Guest;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(nvram)

namespace {
const std::initializer_list<std::string_view> kinds{"raw", "qcow2", "chosen", "block"};

Errc code_of(const auto& result) {
    return result ? Errc::internal : result.error().code();
}
bool mentions(const auto& result, std::string_view text) {
    return !result && (std::string(result.error().what()) + result.error().hint()).find(text) != std::string::npos;
}
void damage(const Guest& guest, std::size_t at, std::string_view bytes) {
    auto file = test::get(guest.site.store.path);
    test::put(guest.site.store.path, file.replace(at, bytes.size(), bytes));
}
}  // namespace

BOOST_AUTO_TEST_CASE(a_store_that_is_not_there_yet) {
    for (auto kind : kinds) {
        Guest guest(kind);
        auto seen = take(view(guest.site));
        BOOST_TEST(!seen.exists);
        BOOST_TEST(!seen.variables);
        BOOST_TEST(seen.template_sha256 == sha256(test::flash()));
        BOOST_TEST((take(check(guest.site)).health.state == HealthState::valid));
        BOOST_TEST(take(history(guest.site)).backups.empty());
        BOOST_TEST((code_of(back_up(guest.site)) == Errc::not_found));
        BOOST_TEST(!take(compact(guest.site)).changed);
        BOOST_TEST(!guest.exists());
        auto made = take(guest.set("Timeout", "ab"));
        BOOST_TEST(made.changed);
        BOOST_TEST(made.created);
        BOOST_TEST(!made.backup);
        BOOST_TEST(made.changes.size() == 1u);
        BOOST_TEST(guest.value("Timeout") == "ab");
        BOOST_TEST(guest.content().size() == test::store_size);
    }
}

BOOST_AUTO_TEST_CASE(a_change_keeps_the_old_store) {
    for (auto kind : kinds) {
        Guest guest(kind);
        guest.fill();
        auto old = guest.content();
        auto changed = take(guest.set("Timeout", "xy"));
        BOOST_REQUIRE(changed.backup.has_value());
        BOOST_TEST(changed.backup->sha256 == sha256(old));
        BOOST_TEST(changed.backup->who == "test");
        BOOST_TEST((changed.backup->reason == BackupReason::before_change));
        BOOST_TEST(changed.sha256 == sha256(guest.content()));
        BOOST_TEST((take(read_backup(guest.site, changed.backup->id)).content == old));
        auto same = take(guest.set("Timeout", "xy"));
        BOOST_TEST(!same.changed);
        BOOST_TEST(take(history(guest.site)).backups.size() == 1u);
        auto refused = change(guest.site, BackupReason::before_change, [](VariableStore& store) -> Result<> {
            take(store.set(test::variable("Lang", "x")));
            return fail(Errc::invalid_argument, "no");
        });
        BOOST_TEST((code_of(refused) == Errc::invalid_argument));
        BOOST_TEST(guest.value("Lang") == "");
        BOOST_TEST(guest.strays() == "");
    }
}

BOOST_AUTO_TEST_CASE(owner_and_mode) {
    Guest guest;
    guest.fill();
    fs::permissions(guest.site.store.path, fs::perms(0644));
    if (::geteuid() == 0) BOOST_REQUIRE(::chown(guest.site.store.path.c_str(), 65534, 65534) == 0);
    take(guest.set("Timeout", "xy"));
    struct stat status{};
    BOOST_REQUIRE(::stat(guest.site.store.path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 07777) == 0600u);
    if (::geteuid() == 0) BOOST_TEST(status.st_uid == 65534u);
    for (auto& path : {guest.site.history() / "index.json", guest.site.history()}) {
        BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
        BOOST_TEST((status.st_mode & 0077) == 0u, path);
    }
}

BOOST_AUTO_TEST_CASE(a_users_link_stays_a_link) {
    Guest guest("chosen");
    fs::create_directories(guest.folder / "elsewhere");
    fs::create_symlink("../elsewhere/vars.fd", guest.site.store.path);
    guest.fill();
    take(guest.set("Timeout", "xy"));
    BOOST_TEST(fs::is_symlink(guest.site.store.path));
    BOOST_TEST(fs::is_regular_file(guest.folder / "elsewhere/vars.fd"));
    Guest own;
    fs::create_directories(own.site.folder);
    fs::create_symlink("/etc/passwd", own.site.store.path);
    BOOST_TEST((code_of(view(own.site)) == Errc::access_denied));
    BOOST_TEST((code_of(own.set("Timeout", "xy")) == Errc::access_denied));
    BOOST_TEST((code_of(reset(own.site)) == Errc::access_denied));
}

BOOST_AUTO_TEST_CASE(nothing_is_changed_under_a_guest) {
    for (auto kind : kinds) {
        Guest guest(kind);
        guest.fill();
        UniqueFd running(::open(guest.site.store.path.c_str(), O_RDWR | O_CLOEXEC));
        BOOST_REQUIRE(::flock(running.get(), LOCK_EX | LOCK_NB) == 0);
        BOOST_TEST(take(view(guest.site)).in_use);
        BOOST_TEST(guest.value("BootOrder").size() == 2u);
        BOOST_TEST((code_of(guest.set("Timeout", "xy")) == Errc::busy));
        BOOST_TEST((code_of(reset(guest.site)) == Errc::busy));
        BOOST_TEST((code_of(compact(guest.site)) == Errc::busy));
        BOOST_TEST((code_of(migrate(guest.site, guest.site)) == Errc::busy));
        BOOST_TEST(guest.strays() == "");
        running.reset();
        BOOST_TEST(!take(view(guest.site)).in_use);
        BOOST_TEST(guest.set("Timeout", "xy").has_value());
    }
}

BOOST_AUTO_TEST_CASE(reset_and_back) {
    for (auto kind : kinds) {
        Guest guest(kind);
        guest.fill();
        auto old = guest.content();
        auto done = take(reset(guest.site));
        BOOST_TEST(done.changed);
        BOOST_TEST((guest.content() == test::flash()));
        BOOST_TEST(done.template_sha256 == sha256(test::flash()));
        BOOST_TEST(done.changes.size() == 4u);
        BOOST_TEST((done.backup->reason == BackupReason::before_reset));
        BOOST_TEST(!take(reset(guest.site)).changed);
        auto back = take(restore(guest.site, done.backup->id));
        BOOST_TEST((guest.content() == old));
        BOOST_TEST((back.backup->reason == BackupReason::before_restore));
        take(restore(guest.site, back.backup->id));  // which can be undone
        BOOST_TEST((guest.content() == test::flash()));
        BOOST_TEST((code_of(restore(guest.site, "99")) == Errc::not_found));
        BOOST_TEST((code_of(restore(guest.site, "../../etc/passwd")) == Errc::not_found));
        BOOST_TEST(guest.strays() == "");
    }
}

BOOST_AUTO_TEST_CASE(reset_by_classes) {
    Guest guest;
    guest.fill();
    auto plan = take(plan_reset(guest.site, VariableClasses{VariableClass::boot_entries}, {}, false));
    BOOST_TEST(plan.changes.size() == 2u);
    BOOST_TEST(plan.confirmations.empty());
    BOOST_TEST(guest.value("Boot0001") != "");
    take(reset(guest.site, VariableClasses{VariableClass::boot_entries}));
    BOOST_TEST(guest.value("Boot0001") == "");
    BOOST_TEST(guest.value("PK") == "key");
    BOOST_TEST(guest.value("Timeout").size() == 2u);
    take(reset(guest.site, VariableClasses::all(), VariableClasses{VariableClass::secure_boot_keys}));
    BOOST_TEST(guest.value("PK") == "key");
    BOOST_TEST(guest.value("Timeout") == "");
    BOOST_TEST((code_of(reset(guest.site, VariableClasses::all(), VariableClasses::all())) == Errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(nothing_is_touched_before_the_template_is_known_to_be_good) {
    Guest guest;
    guest.fill();
    auto before = guest.files();
    fs::remove(guest.site.template_path);
    BOOST_TEST((code_of(reset(guest.site)) == Errc::not_found));
    test::put(guest.site.template_path, "no store");
    BOOST_TEST(mentions(reset(guest.site), "template"));
    test::put(guest.site.template_path, test::flash(test::big_store_size));
    BOOST_TEST(mentions(reset(guest.site), "2 MiB build"));
    guest.site.template_path.clear();
    BOOST_TEST(mentions(reset(guest.site), "name one with <nvram template"));
    BOOST_TEST((guest.files() == before));
}

BOOST_AUTO_TEST_CASE(the_ring_keeps_the_newest) {
    Guest guest;
    guest.site.ring = 3;
    guest.fill();
    for (char c = 'a'; c < 'g'; ++c) take(guest.set("Timeout", std::string(2, c)));
    auto ring = take(history(guest.site)).backups;
    BOOST_REQUIRE(ring.size() == 3u);
    BOOST_TEST(ring.front().id == "6");
    BOOST_TEST(ring.back().id == "4");
    std::size_t contents = 0;
    for (auto& [path, _] : guest.files()) contents += path.ends_with(".zst");
    BOOST_TEST(contents == 3u);
    BOOST_TEST((code_of(prune(guest.site, std::vector<std::string>{"5", "77"})) == Errc::not_found));
    BOOST_TEST(take(prune(guest.site, std::vector<std::string>{"5"})) == 1u);
    BOOST_TEST(take(prune(guest.site, 0)) == 2u);
    BOOST_TEST(take(history(guest.site)).backups.empty());
    BOOST_TEST(take(back_up(guest.site)).id == "7");  // never used again
    BOOST_TEST(take(back_up(guest.site)).id == "7");  // nothing has changed
    take(guest.set("Timeout", "aa"));
    take(guest.set("Timeout", "bb"));
    guest.site.ring = 0;
    take(guest.set("Timeout", "cc"));
    BOOST_TEST(take(history(guest.site)).backups.size() == 2u);
}

BOOST_AUTO_TEST_CASE(damaged_history_stops_nothing) {
    Guest guest;
    guest.fill();
    take(guest.set("Timeout", "aa"));
    take(guest.set("Timeout", "bb"));
    auto index = guest.site.history() / "index.json";
    auto ring = take(history(guest.site)).backups;
    auto content = guest.site.history() / (ring.front().sha256 + ".zst");
    test::put(content, "rubbish");
    BOOST_TEST((code_of(read_backup(guest.site, ring.front().id)) == Errc::invalid_state));
    BOOST_TEST((code_of(restore(guest.site, ring.front().id)) == Errc::invalid_state));
    fs::remove(content);
    BOOST_TEST(take(history(guest.site)).backups.front().problem == "its content is missing");
    auto sound = test::get(index);
    for (std::string text : {"", "{", "[]", "{\"version\":1}", "{\"version\":1,\"entries\":[{\"id\":\"../x\"}]}"}) {
        test::put(index, text);
        auto found = take(history(guest.site));
        BOOST_TEST(!found.warnings.empty(), text);
        BOOST_REQUIRE(found.backups.size() == 1u);
        BOOST_TEST((found.backups.front().reason == BackupReason::found));
        BOOST_TEST(read_backup(guest.site, found.backups.front().id).has_value());
    }
    take(guest.set("Timeout", "cc"));
    BOOST_TEST(take(history(guest.site)).warnings.empty());
    test::put(index, R"({"version":2,"entries":[]})");
    BOOST_TEST(!take(history(guest.site)).warnings.empty());
    BOOST_TEST(mentions(guest.set("Timeout", "dd"), "newer"));
    BOOST_TEST(guest.value("Timeout") == "cc");
    fs::remove(index);
    fs::create_symlink("/etc/passwd", index);
    BOOST_TEST(history(guest.site).has_value() == false);
}

BOOST_AUTO_TEST_CASE(health_and_what_to_do) {
    Guest guest;
    guest.fill();
    auto id = take(back_up(guest.site)).id;
    BOOST_TEST(take(check(guest.site)).advice.empty());
    auto good = test::get(guest.site.store.path);
    auto state = [&] { return take(check(guest.site)); };
    damage(guest, 0x2c, "\1");
    auto seen = state();
    BOOST_TEST((seen.health.state == HealthState::wrong_checksum));
    BOOST_TEST((seen.advice == std::vector<Advice>{{Advice::Kind::restore, id}, {Advice::Kind::reset, ""}}));
    BOOST_TEST(seen.hint().find("restore backup " + id) != std::string::npos);
    BOOST_TEST(mentions(guest.set("Timeout", "xy"), "restore backup " + id));
    take(restore(guest.site, id));
    BOOST_TEST((test::get(guest.site.store.path) == good));
    BOOST_TEST(take(history(guest.site)).backups.front().whole_file == false);

    damage(guest, 0x9000, "x");
    seen = state();
    BOOST_TEST((seen.health.state == HealthState::torn_record));
    BOOST_TEST((seen.advice[1].kind == Advice::Kind::compact));
    take(compact(guest.site));
    BOOST_TEST((state().health.state == HealthState::valid));
    BOOST_TEST(guest.value("PK") == "key");

    test::put(guest.site.store.path, test::flash(test::big_store_size));
    seen = state();
    BOOST_TEST((seen.health.state == HealthState::wrong_code));
    BOOST_TEST((seen.advice.front().kind == Advice::Kind::migrate));
    test::put(guest.site.store.path, test::flash(test::store_size, false));
    BOOST_TEST((state().health.state == HealthState::wrong_code));  // plain variables, where the template's are not
    test::put(guest.site.store.path, R"({"version": 2, "variables": []})");
    BOOST_TEST((state().health.state == HealthState::wrong_code));
    for (auto& rubbish : {std::string(), std::string("x"), std::string(test::store_size, 'x')}) {
        test::put(guest.site.store.path, rubbish);
        BOOST_TEST((state().health.state == HealthState::not_a_store), state().health.sentence);
        BOOST_TEST((code_of(reset(guest.site, VariableClasses{VariableClass::settings})) == Errc::invalid_state));
    }
    take(reset(guest.site));
    BOOST_TEST((state().health.state == HealthState::valid));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_store_is_kept_as_it_is) {
    Guest guest("qcow2");
    guest.fill();
    auto original = test::get(guest.site.store.path);
    test::put(guest.site.store.path, "not a disk image");
    BOOST_TEST((take(check(guest.site)).health.state == HealthState::not_a_store));
    auto done = take(reset(guest.site));
    BOOST_TEST(done.backup->whole_file);
    BOOST_TEST(take(read_backup(guest.site, done.backup->id)).content == "not a disk image");
    BOOST_TEST(mentions(restore(guest.site, done.backup->id), "could not be read"));
    if (std::system("qemu-img --version >/dev/null 2>&1") != 0) return;
    test::put(guest.site.store.path, original);
    BOOST_REQUIRE(std::system(("qemu-img snapshot -c one " + guest.site.store.path.string()).c_str()) == 0);
    BOOST_TEST(guest.value("PK") == "key");
    BOOST_TEST(mentions(reset(guest.site), "internal snapshots"));
}

BOOST_AUTO_TEST_CASE(templates_of_another_format) {
    Guest guest("qcow2");
    guest.fill();
    BOOST_TEST((test::get(guest.site.store.path).substr(0, 4) == "QFI\xfb"));
    take(reset(guest.site));
    BOOST_TEST((guest.content() == test::flash()));
    Guest raw;
    raw.site.template_format = StoreFormat::qcow2;
    test::put(raw.site.template_path, test::get(guest.site.store.path));
    take(reset(raw.site));
    BOOST_TEST((test::get(raw.site.store.path) == test::flash()));
}

BOOST_AUTO_TEST_CASE(json_stores) {
    Guest guest;
    guest.site.store.format = guest.site.template_format = StoreFormat::json;
    test::put(guest.site.template_path, R"({"version": 2, "variables": []})");
    guest.fill();
    BOOST_TEST(guest.value("PK") == "key");
    BOOST_TEST(guest.content().starts_with('{'));
    auto done = take(reset(guest.site));
    BOOST_TEST(guest.content() == R"({"version": 2, "variables": []})");
    take(restore(guest.site, done.backup->id));
    BOOST_TEST(guest.value("PK") == "key");
    Guest flash;
    flash.fill();
    flash.site.template_format = StoreFormat::json;
    test::put(flash.site.template_path, R"({"version": 2, "variables": []})");
    BOOST_TEST((code_of(reset(flash.site)) == Errc::unsupported));
}

BOOST_AUTO_TEST_CASE(migration) {
    Guest guest;
    guest.fill();
    auto to = guest.site;
    to.code = guest.code("code-4m.fd", 3653632);
    to.template_path = guest.share / "vars-4m.fd";
    test::put(to.template_path, test::flash(test::big_store_size));
    BOOST_TEST((take(check(to)).health.state == HealthState::wrong_code));
    auto planned = take(plan_migration(guest.site, to));
    BOOST_TEST(planned.left.empty());
    BOOST_TEST(guest.content().size() == test::store_size);
    auto done = take(migrate(to, to));  // as a definition that names the new firmware already would
    BOOST_TEST(done.left.empty());
    BOOST_TEST(done.change.changes.empty());
    guest.site = to;
    BOOST_TEST(guest.content().size() == test::big_store_size);
    BOOST_TEST(guest.value("PK") == "key");
    BOOST_TEST((take(check(to)).health.state == HealthState::valid));
    BOOST_TEST(mentions(restore(to, done.change.backup->id), "4 MiB build"));

    auto qcow2 = to;
    qcow2.store.format = StoreFormat::qcow2;
    take(migrate(to, qcow2));  // the same path
    guest.site = qcow2;
    BOOST_TEST((test::get(to.store.path).substr(0, 4) == "QFI\xfb"));
    BOOST_TEST(guest.value("PK") == "key");
    BOOST_TEST((take(check(to)).health.state == HealthState::not_a_store));  // the old definition no longer fits

    auto json = to;
    json.code.clear();
    json.store.path = to.folder / "VARS.json";
    json.store.format = json.template_format = StoreFormat::json;
    json.template_path = guest.share / "vars.json";
    test::put(json.template_path, R"({"version": 2, "variables": []})");
    take(migrate(to, json));
    BOOST_TEST(fs::exists(to.store.path));
    BOOST_TEST((code_of(migrate(to, json)) == Errc::already_exists));
    take(retire(to));
    take(retire(to));
    BOOST_TEST(!fs::exists(to.store.path));
    guest.site = json;
    BOOST_TEST(guest.value("PK") == "key");
    BOOST_TEST((code_of(migrate(to, json)) == Errc::not_found));
    BOOST_TEST(guest.strays() == "");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_said) {
    Guest guest;
    auto to = guest.site;
    guest.site.code = guest.code("code-4m.fd", 3653632);
    guest.site.template_path = guest.share / "vars-4m.fd";
    test::put(guest.site.template_path, test::flash(test::big_store_size));
    take(guest.set("Boot0001", "entry"));
    for (int i = 0; i < 4; ++i)
        take(change(guest.site, BackupReason::before_change, [&](VariableStore& store) {
            return store.set(Variable(guids::linux_crash, "dump-" + std::to_string(i), std::string(30000, 'd')));
        }));
    auto done = take(migrate(to, to));
    BOOST_TEST(done.left.size() >= 1u);
    BOOST_TEST(!done.left.front().reason.empty());
    guest.site = to;
    BOOST_TEST(guest.value("Boot0001") == "entry");
}

BOOST_AUTO_TEST_CASE(what_has_to_be_confirmed) {
    auto store = take(read_store(test::flash()));
    VariableChanges none;
    auto all = VariableClasses::all();
    using Words = std::vector<std::string>;
    BOOST_TEST(confirmations(&store, all, none, false) == Words{}, boost::test_tools::per_element());
    BOOST_TEST(confirmations(&store, all, none, true) == Words{"tpm-pcr7"}, boost::test_tools::per_element());
    BOOST_TEST(confirmations(nullptr, all, none, true) == Words{"tpm-pcr7"}, boost::test_tools::per_element());
    auto boot = VariableClasses{VariableClass::boot_entries};
    BOOST_TEST(confirmations(&store, boot, none, true) == Words{}, boost::test_tools::per_element());
    VariableChanges entry{{std::nullopt, test::variable("Boot0001", "x")}};
    BOOST_TEST(confirmations(&store, boot, entry, true) == Words{"tpm-pcr1"}, boost::test_tools::per_element());
    BOOST_TEST(confirmations(&store, boot, entry, false) == Words{}, boost::test_tools::per_element());
    auto pk = test::variable("PK", "key", attribute::usual | attribute::time_based_authenticated);
    take(store.set(pk));
    VariableChanges gone{{pk, std::nullopt}};
    BOOST_TEST(confirmations(&store, {}, gone, false) == Words{"secure-boot-keys"}, boost::test_tools::per_element());
    BOOST_TEST(confirmations(&store, all, gone, true) == (Words{"tpm-pcr7", "secure-boot-keys"}),
               boost::test_tools::per_element());
    VariableChanges shim{{std::nullopt, Variable(guids::shim, "MokList", "x")}};
    BOOST_TEST(confirmations(&store, {}, shim, true) == Words{"tpm-pcr14"}, boost::test_tools::per_element());
    BOOST_TEST(unconfirmed({"tpm-pcr1", "secure-boot-keys"}, {"tpm-pcr7"}) == Words{"secure-boot-keys"},
               boost::test_tools::per_element());
    BOOST_TEST(unconfirmed({"tpm-pcr7"}, {"tpm-pcr1"}) == Words{"tpm-pcr7"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(pending_resets) {
    Guest guest;
    auto& folder = guest.site.folder;
    BOOST_TEST(!take(read_pending(folder)));
    BOOST_TEST(!take(remove_pending(folder)));
    PendingReset wanted;
    wanted.classes = VariableClasses{VariableClass::boot_entries, VariableClass::settings};
    wanted.keep = VariableClasses{VariableClass::settings};
    wanted.who = "uid 0";
    wanted.time_usec = 42;
    wanted.confirmed = {"tpm-pcr7"};
    take(write_pending(folder, wanted));
    BOOST_TEST((*take(read_pending(folder)) == wanted));
    auto made = take(reset_with_memory(guest.site, PendingReset()));
    BOOST_TEST((take(read_pending(folder))->origin == PendingReset::Origin::from_memory));
    take(undo_reset_with_memory(guest.site, made));
    BOOST_TEST((*take(read_pending(folder)) == wanted));
    BOOST_TEST(take(remove_pending(folder)));
    made = take(reset_with_memory(guest.site, PendingReset()));
    take(undo_reset_with_memory(guest.site, made));
    BOOST_TEST(!take(read_pending(folder)));
    BOOST_TEST(!fs::exists(folder));
    fs::remove(guest.site.template_path);
    BOOST_TEST(mentions(reset_with_memory(guest.site, PendingReset()), "nothing is restored"));
    BOOST_TEST(!take(read_pending(folder)));
    for (std::string text : {"", "{}", R"({"version":2,"origin":"running","classes":[],"keep":[]})",
                             R"({"version":1,"origin":"running","classes":["boots"],"keep":[]})"}) {
        test::put(folder / "pending.json", text);
        BOOST_TEST((code_of(read_pending(folder)) == Errc::invalid_state));
        BOOST_TEST(take(remove_pending(folder)));
    }
}

BOOST_AUTO_TEST_CASE(network_stores_are_refused_by_name) {
    Guest guest;
    guest.site.store.kind = StoreKind::network;
    guest.site.store.path = "rbd:pool/vars";
    BOOST_TEST((code_of(view(guest.site)) == Errc::unsupported));
    BOOST_TEST(mentions(guest.set("Timeout", "x"), "rbd:pool/vars"));
    BOOST_TEST((code_of(reset(guest.site)) == Errc::unsupported));
    BOOST_TEST((code_of(reset_with_memory(guest.site, PendingReset())) == Errc::unsupported));
    BOOST_TEST((code_of(open_store(guest.site.store)) == Errc::unsupported));
}

BOOST_AUTO_TEST_CASE(block_devices_stay_what_they_are) {
    Guest guest("block");
    auto node = [&] {
        struct stat status{};
        BOOST_REQUIRE(::stat(guest.site.store.path.c_str(), &status) == 0);
        return status.st_ino;
    };
    auto inode = node();
    guest.fill();
    take(guest.set("Timeout", "xy"));
    take(reset(guest.site));
    BOOST_TEST(node() == inode);
    fs::resize_file(guest.site.store.path, 65536);
    BOOST_TEST((code_of(reset(guest.site)) == Errc::limit_exceeded));
    guest.site.store.file_as_device = false;
    BOOST_TEST(mentions(view(guest.site), "is not a block device"));
    BOOST_TEST(mentions(guest.set("Timeout", "xy"), "is not a block device"));
}

BOOST_AUTO_TEST_CASE(a_real_block_device) {
    Guest guest("block");
    auto image = guest.folder / "image";
    test::put(image, std::string(test::store_size, '\0'));
    auto answer = guest.folder / "loop";
    if (::geteuid() != 0 ||
        std::system(("losetup --find --show " + image.string() + " >" + answer.string() + " 2>/dev/null").c_str()) !=
            0) {
        BOOST_TEST_MESSAGE("skipped: no loop device can be had here");
        return;
    }
    auto device = test::get(answer);
    device.pop_back();
    guest.site.store.path = device;
    guest.site.store.file_as_device = false;
    BOOST_TEST(!guest.exists());
    guest.fill();
    BOOST_TEST(guest.value("PK") == "key");
    auto done = take(reset(guest.site));
    BOOST_TEST((guest.content() == test::flash()));
    take(restore(guest.site, done.backup->id));
    BOOST_TEST(guest.value("PK") == "key");
    BOOST_TEST(test::dies_at(6, guest.site, [](const Site& s) { (void)reset(s); }));
    take(recover_site(guest.site, Started::no));
    BOOST_TEST(guest.value("PK") == "key");
    BOOST_TEST(std::system(("losetup --detach " + device).c_str()) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
