// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore_reset.hpp"

#include "firmware/varstore_decode.hpp"
#include "firmware/varstore_health.hpp"
#include "unit/firmware/varstore_fixtures.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>
#include <set>

using namespace vireo;
using namespace vireo::firmware;
using test::flash, test::variable;
using enum vireo::firmware::VariableClass;

namespace vireo::firmware {
static std::ostream& operator<<(std::ostream& out, VariableClass c) {
    return out << model::to_string(c);
}
}  // namespace vireo::firmware

BOOST_AUTO_TEST_SUITE(varstore_reset)

namespace {

VariableStore store_of(std::vector<Variable> variables, const std::string& start = flash()) {
    auto store = take(read_store(start));
    for (auto& v : variables) take(store.set(v));
    return store;
}

std::set<std::string> names_of(const VariableStore& store) {
    std::set<std::string> names;
    for (auto& v : store.variables()) names.insert(v.name);
    return names;
}

Variable key(std::string name, std::string data = "k") {
    return {name == "PK" || name == "KEK" ? guids::global : guids::image_security, std::move(name), std::move(data),
            0x27};
}

const std::vector<Variable> one_of_each{variable("Boot0001", "user"),
                                        variable("BootOrder", "\1"),
                                        key("PK", "user"),
                                        variable("Timeout", "user"),
                                        Variable(guids::linux_crash, "dump-type0-1", "d"),
                                        Variable(guids::microsoft, "Other", "o")};

}  // namespace

BOOST_AUTO_TEST_CASE(classes_of_variables) {
    BOOST_CHECK_EQUAL(classify(guids::global, "Boot00FF"), boot_entries);
    BOOST_CHECK_EQUAL(classify(guids::global, "Bootling"), settings);
    BOOST_CHECK_EQUAL(classify(guids::microsoft, "Boot0001"), other);
    BOOST_CHECK_EQUAL(classify(guids::systemd_loader, "LoaderEntryOneShot"), boot_entries);
    BOOST_CHECK_EQUAL(classify(guids::systemd_loader, "LoaderSystemToken"), other);
    BOOST_CHECK_EQUAL(classify(guids::image_security, "dbx"), secure_boot_keys);
    BOOST_CHECK_EQUAL(classify(guids::global, "db"), settings);
    BOOST_CHECK_EQUAL(classify(guids::shim, "MokList"), secure_boot_keys);
    BOOST_CHECK_EQUAL(classify(guids::secure_boot_enable, "SecureBootEnable"), secure_boot_keys);
    BOOST_CHECK_EQUAL(classify(guids::certificates, "certdb"), other);
    BOOST_CHECK_EQUAL(classify(guids::linux_crash, "dump-type0-9-1-1700000000-C"), crash_dumps);
    BOOST_CHECK_EQUAL(classify(guids::memory_types, "MemoryTypeInformation"), settings);
    BOOST_CHECK_EQUAL(classify(guids::mtc, "MTC"), other);
}

BOOST_AUTO_TEST_CASE(everything_is_the_template_itself) {
    auto pristine = store_of({key("PK", "template"), variable("Timeout", "t")});
    auto old = store_of(one_of_each);
    auto reset = take(reset_store(old, pristine, VariableClasses::all()));
    BOOST_CHECK(reset.store.write() == pristine.write());
    BOOST_CHECK_EQUAL(reset.changes.size(), 6u);
    // Also when the old one is of another size, or damaged.
    auto damaged = old.write();
    damaged[0xdf00] = 0;
    reset = take(reset_store(take(read_store(damaged)), pristine, VariableClasses::all()));
    BOOST_CHECK(reset.store.write() == pristine.write());
}

BOOST_AUTO_TEST_CASE(only_some_classes) {
    auto pristine = store_of({key("PK", "template"), variable("Boot0000", "template"), variable("Timeout", "t")});
    auto old = store_of(one_of_each);
    auto result = [&](VariableClasses classes, VariableClasses keep = {}) {
        return take(reset_store(old, pristine, classes, keep)).store;
    };
    auto boot = result({boot_entries});
    BOOST_CHECK((names_of(boot) == std::set<std::string>{"Boot0000", "PK", "Timeout", "dump-type0-1", "Other"}));
    BOOST_CHECK_EQUAL(boot.find(guids::global, "PK")->data, "user");
    BOOST_CHECK_EQUAL(boot.statistics().dead, 0u);
    BOOST_CHECK(!names_of(result({crash_dumps})).contains("dump-type0-1"));
    BOOST_CHECK_EQUAL(result({secure_boot_keys}).find(guids::global, "PK")->data, "template");
    // Everything but …
    auto kept = result(VariableClasses::all(), {boot_entries, secure_boot_keys});
    BOOST_CHECK((names_of(kept) == std::set<std::string>{"Boot0001", "BootOrder", "PK", "Timeout"}));
    BOOST_CHECK_EQUAL(kept.find(guids::global, "PK")->data, "user");
    BOOST_CHECK_EQUAL(kept.find(guids::global, "Timeout")->data, "t");
    BOOST_CHECK(result({boot_entries}, {boot_entries}).write() == old.write());
    BOOST_CHECK(result(VariableClasses::all(), VariableClasses::all()).write() == old.write());
    BOOST_CHECK(take(read_store(kept.write())).variables() == kept.variables());
}

BOOST_AUTO_TEST_CASE(differences_in_words) {
    auto from = store_of({variable("Timeout", std::string("\5\0", 2)), variable("Lang", "en"), variable("Same", "x")});
    auto to = store_of({variable("Timeout", std::string("\0\0", 2)), variable("Same", "x"), key("db")});
    auto changes = diff(from, to);
    BOOST_REQUIRE_EQUAL(changes.size(), 3u);
    BOOST_CHECK(diff(from, from).empty());
    auto json = to_json(changes);
    auto text = boost::json::serialize(json);
    BOOST_CHECK_NE(text.find(R"("change":"changed","class":"settings")"), std::string::npos);
    BOOST_CHECK_NE(text.find(R"("name":"Timeout","before":"5 s","after":"0 s")"), std::string::npos);
    BOOST_CHECK_NE(text.find(R"("change":"removed")"), std::string::npos);
    BOOST_CHECK_NE(text.find(R"("change":"added","class":"secure-boot-keys")"), std::string::npos);
}

BOOST_AUTO_TEST_CASE(moving_to_another_size_and_back) {
    auto small = take(read_store(test::written_by_firmware("written-2m", test::store_size)));
    auto moved = migrate_store(small, take(read_store(flash(test::big_store_size))));
    BOOST_CHECK(moved.left.empty());
    BOOST_CHECK(moved.store.variables() == small.variables());
    BOOST_CHECK_EQUAL(moved.store.file_size(), test::big_store_size);
    auto back = migrate_store(moved.store, take(read_store(flash())));
    BOOST_CHECK(back.left.empty());
    BOOST_CHECK(back.store.variables() == small.variables());
    BOOST_CHECK(check_store(back.store.write()).state == HealthState::valid);
    // What the template holds besides is not mixed in.
    auto mixed = migrate_store(store_of({variable("A", "a")}), store_of({key("PK"), variable("A", "t")}));
    BOOST_CHECK((names_of(mixed.store) == std::set<std::string>{"A"}));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_stays_behind_by_importance) {
    auto large = store_of({}, flash(test::big_store_size));
    for (int i = 0; i < 10; ++i)
        take(large.set({guids::linux_crash, fmt::format("dump-{}", i), std::string(9000, 'd')}));
    take(large.set(key("db", std::string(9000, 'k'))));
    take(large.set(variable("Boot0001", std::string(9000, 'b'))));
    take(large.set(variable("Timeout", std::string(20000, 's'))));  // more than the small build takes
    auto moved = migrate_store(large, store_of({}));
    BOOST_CHECK(moved.store.find(guids::image_security, "db"));
    BOOST_CHECK(moved.store.find(guids::global, "Boot0001"));
    BOOST_CHECK(!moved.left.empty());
    BOOST_CHECK_EQUAL(moved.left.size() + moved.store.variables().size(), large.variables().size());
    for (auto& left : moved.left) {
        BOOST_CHECK(left.variable.name == "Timeout" || classify(left.variable) == crash_dumps);
        BOOST_CHECK(!left.reason.empty());
    }
}

BOOST_AUTO_TEST_CASE(moving_between_flash_and_json) {
    auto from = store_of({variable("A", "a"), key("PK"), Variable(guids::microsoft, "Private", "p", 0x27),
                          Variable(guids::certificates, "certdb", std::string("\4\0\0\0", 4), 0x27)});
    auto moved = migrate_store(from, VariableStore::empty_json());
    BOOST_CHECK((names_of(moved.store) == std::set<std::string>{"A", "PK"}));
    BOOST_REQUIRE_EQUAL(moved.left.size(), 1u);
    BOOST_CHECK_EQUAL(moved.left[0].variable.name, "Private");
    auto back = migrate_store(moved.store, store_of({}));
    BOOST_CHECK(back.left.empty());
    BOOST_CHECK((names_of(back.store) == std::set<std::string>{"A", "PK"}));
    // A build without Secure Boot has no place for keys.
    auto plain = migrate_store(from, take(read_store(flash(test::store_size, false))));
    BOOST_CHECK((names_of(plain.store) == std::set<std::string>{"A"}));
    BOOST_CHECK_EQUAL(plain.left.size(), 3u);
}

BOOST_AUTO_TEST_CASE(the_packaged_templates) {
    auto keys = test::installed("/usr/share/OVMF/OVMF_VARS.ms.fd"),
         empty = test::installed("/usr/share/OVMF/OVMF_VARS_4M.fd");
    if (!keys || !empty) return;
    auto small = take(read_store(*keys)), large = take(read_store(*empty));
    auto moved = migrate_store(small, large);
    BOOST_CHECK(moved.left.empty());
    BOOST_CHECK(moved.store.variables() == small.variables());
    auto reset = take(reset_store(moved.store, large, {secure_boot_keys}));
    BOOST_CHECK(!reset.store.find(guids::global, "PK"));
    BOOST_CHECK(reset.store.find(guids::global, "Timeout"));
    BOOST_CHECK(take(reset_store(moved.store, large, VariableClasses::all())).store.write() == *empty);
}

BOOST_AUTO_TEST_SUITE_END()
