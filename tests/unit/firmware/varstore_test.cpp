// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore.hpp"

#include "firmware/varstore_health.hpp"
#include "unit/firmware/varstore_fixtures.hpp"

#include <fmt/format.h>
#include <map>
#include <random>

using namespace vireo;
using namespace vireo::firmware;
using test::flash, test::record, test::variable, test::with_records;

namespace vireo::firmware {
static std::ostream& operator<<(std::ostream& out, HealthState state) {
    return out << model::to_string(state);
}
}  // namespace vireo::firmware

BOOST_AUTO_TEST_SUITE(varstore)

namespace {

std::string value_of(const VariableStore& store, std::string_view name) {
    auto* found = store.find(guids::global, name);
    return found ? found->data : "(none)";
}

// What the library made can be read again and is the same.
void check_consistent(const VariableStore& store) {
    auto bytes = store.write();
    auto again = take(read_store(bytes));
    BOOST_CHECK(again.variables() == store.variables());
    BOOST_CHECK(again.write() == bytes);
    BOOST_CHECK(!again.damage());
    auto a = store.statistics(), b = again.statistics();
    BOOST_CHECK_EQUAL(a.used, b.used);
    BOOST_CHECK_EQUAL(a.dead, b.dead);
    BOOST_CHECK_EQUAL(a.free, b.free);
    if (store.kind() == VariableStore::Kind::flash) {
        BOOST_CHECK_EQUAL(a.used + a.dead + a.free, a.capacity);
        BOOST_CHECK_EQUAL(bytes.size(), store.file_size());
    }
}

using Model = std::map<std::string, std::string>;
void check_equal(const VariableStore& store, const Model& model) {
    BOOST_REQUIRE_EQUAL(store.variables().size(), model.size());
    for (auto& [name, data] : model) BOOST_REQUIRE_EQUAL(value_of(store, name), data);
}

}  // namespace

BOOST_AUTO_TEST_CASE(unchanged_stores_come_back_byte_for_byte) {
    std::string padded = flash(test::big_store_size);
    padded.append(test::arm_store_size - padded.size(), '\0');
    for (auto& bytes : {flash(), flash(test::big_store_size), flash(test::store_size, false), padded,
                        test::written_by_firmware("written-4m", test::big_store_size),
                        test::written_by_firmware("written-2m", test::store_size)}) {
        auto store = take(read_store(bytes));
        BOOST_CHECK(store.write() == bytes);
        BOOST_CHECK_EQUAL(store.file_size(), bytes.size());
    }
    for (auto* name : {"OVMF_VARS_4M.fd", "OVMF_VARS_4M.ms.fd", "OVMF_VARS_4M.snakeoil.fd", "OVMF_VARS.fd",
                       "OVMF_VARS.ms.fd", "../AAVMF/AAVMF_VARS.fd", "../AAVMF/AAVMF_VARS.ms.fd"}) {
        auto bytes = test::installed(std::filesystem::path("/usr/share/OVMF") / name);
        if (!bytes) continue;
        if (check_store(*bytes).state == HealthState::blank) {  // Arm's packages have erased flash
            BOOST_CHECK(std::string_view(name).starts_with("../AAVMF/"));
            continue;
        }
        auto store = take(read_store(*bytes));
        BOOST_CHECK(store.write() == *bytes);
        BOOST_CHECK_EQUAL(check_store(*bytes).state, HealthState::valid);
    }
}

BOOST_AUTO_TEST_CASE(what_a_firmware_wrote) {
    auto bytes = test::written_by_firmware("written-4m", test::big_store_size);
    auto store = take(read_store(bytes));
    BOOST_CHECK_EQUAL(store.variables().size(), 27u);
    BOOST_CHECK_EQUAL(value_of(store, "Lang"), std::string("eng\0", 4));
    BOOST_CHECK_EQUAL(value_of(store, "BootOrder"), std::string("\1\0\0\0\2\0", 6));
    auto figures = store.statistics();
    BOOST_CHECK_EQUAL(figures.used + figures.dead, 0x4dbcu - 0x64);
    BOOST_CHECK_EQUAL(figures.capacity, 0x40000u - 0x64);
    auto before = store.variables();
    store.compact();
    BOOST_CHECK(store.variables() == before);
    BOOST_CHECK_EQUAL(store.statistics().dead, 0u);
    BOOST_CHECK_EQUAL(store.statistics().used, figures.used);
    check_consistent(store);
    // Nothing outside the variables' area was touched.
    auto compacted = store.write();
    BOOST_CHECK(compacted.substr(0, 0x64) == bytes.substr(0, 0x64));
    BOOST_CHECK(compacted.substr(0x40000) == bytes.substr(0x40000));
}

BOOST_AUTO_TEST_CASE(keys_of_the_packaged_template) {
    auto bytes = test::installed("/usr/share/OVMF/OVMF_VARS_4M.ms.fd");
    if (!bytes) return;
    auto store = take(read_store(*bytes));
    auto* pk = store.find(guids::global, "PK");
    BOOST_REQUIRE(pk);
    BOOST_CHECK_EQUAL(pk->attributes, 0x27u);
    BOOST_CHECK(pk->time != decltype(pk->time){});
    // Deleted, not in transition: state 0x3d.
    BOOST_CHECK(!store.find(guids::global, "BootOrder"));
    auto* enable = store.find(guids::secure_boot_enable, "SecureBootEnable");
    BOOST_REQUIRE(enable);
    BOOST_CHECK_EQUAL(enable->data, "\1");
}

BOOST_AUTO_TEST_CASE(a_change_is_made_as_the_firmware_makes_it) {
    auto store = take(read_store(with_records(flash(), {record(variable("A", "one")), record(variable("B", "two"))})));
    BOOST_TEST(store.set(variable("A", "three")).has_value());
    auto expected = with_records(
        flash(), {record(variable("A", "one"), 0x3c), record(variable("B", "two")), record(variable("A", "three"))});
    BOOST_CHECK(store.write() == expected);
    BOOST_CHECK(take(store.unset(guids::global, "B")));
    expected = with_records(flash(), {record(variable("A", "one"), 0x3c), record(variable("B", "two"), 0x3d),
                                      record(variable("A", "three"))});
    BOOST_CHECK(store.write() == expected);
    BOOST_CHECK(!take(store.unset(guids::global, "B")));
    BOOST_CHECK(!take(store.unset(guids::shim, "A")));
    // The same again changes nothing.
    BOOST_TEST(store.set(variable("A", "three")).has_value());
    BOOST_CHECK(store.write() == expected);
    store.compact();
    BOOST_CHECK(store.write() == with_records(flash(), {record(variable("A", "three"))}));
    store.clear();
    BOOST_CHECK(store.write() == flash());
}

BOOST_AUTO_TEST_CASE(plain_stores_have_shorter_records) {
    auto store = take(read_store(flash(test::store_size, false)));
    BOOST_CHECK(!store.authenticated());
    BOOST_TEST(store.set(variable("A", "one")).has_value());
    BOOST_CHECK(store.write() ==
                with_records(flash(test::store_size, false), {record(variable("A", "one"), 0x3f, false)}));
    check_consistent(store);
    auto refused = store.set(variable("db", "x", 0x27));
    BOOST_REQUIRE(!refused);
    BOOST_CHECK_EQUAL(refused.error().code(), Errc::unsupported);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_stored) {
    auto store = take(read_store(flash()));
    auto code = [&store](Variable v) {
        auto result = store.set(std::move(v));
        return result ? Errc::internal : result.error().code();
    };
    BOOST_CHECK_EQUAL(code(variable("", "x")), Errc::invalid_argument);
    BOOST_CHECK_EQUAL(code(variable("A", "")), Errc::invalid_argument);
    BOOST_CHECK_EQUAL(code(variable("A", "x", 0x6)), Errc::invalid_argument);   // volatile
    BOOST_CHECK_EQUAL(code(variable("A", "x", 0x47)), Errc::invalid_argument);  // append
    BOOST_CHECK_EQUAL(code(variable("\xff", "x")), Errc::invalid_argument);
    BOOST_CHECK_EQUAL(code(variable("A\\u0000", "x")), Errc::invalid_argument);
    BOOST_CHECK_EQUAL(code(variable("A\\", "x")), Errc::invalid_argument);
    BOOST_CHECK_EQUAL(code(variable(std::string(1025, 'A'), "x")), Errc::limit_exceeded);
    BOOST_CHECK_EQUAL(code(variable("A", std::string(0x2800, 'x'))), Errc::limit_exceeded);
    BOOST_CHECK(store.write() == flash());
}

BOOST_AUTO_TEST_CASE(names_of_every_kind) {
    auto store = take(read_store(flash()));
    // Beyond the basic plane, a lone surrogate, a backslash, a control character.
    for (std::string name : {"Grüße", "\U0001f600", "\\ud800x", "a\\\\b", "\\u0007"}) {
        BOOST_TEST(store.set(variable(name, name)).has_value());
        BOOST_CHECK_EQUAL(value_of(take(read_store(store.write())), name), name);
    }
    check_consistent(store);
}

BOOST_AUTO_TEST_CASE(a_full_store_is_compacted_or_says_so) {
    auto store = take(read_store(flash()));
    const std::string large(8000, 'x');
    for (int i = 0; i < 6; ++i) BOOST_TEST_REQUIRE(store.set(variable(fmt::format("V{}", i), large)).has_value());
    auto full = store.set(variable("V6", large + large.substr(0, 1500)));
    BOOST_REQUIRE(!full);
    BOOST_CHECK_EQUAL(full.error().code(), Errc::limit_exceeded);
    BOOST_CHECK_NE(full.error().message().find("57244 bytes"), std::string::npos);
    BOOST_CHECK_EQUAL(store.variables().size(), 6u);
    // Replacing needs room for both only when the old cannot be dropped first.
    for (char c = 'a'; c < 'z'; ++c) {
        BOOST_TEST_REQUIRE(store.set(variable("V3", std::string(9000, c))).has_value());
        check_consistent(store);
    }
    BOOST_CHECK_EQUAL(value_of(store, "V3"), std::string(9000, 'y'));
    BOOST_CHECK_EQUAL(check_store(store).state, HealthState::clogged);
}

BOOST_AUTO_TEST_CASE(random_changes_equal_those_of_a_map) {
    std::mt19937 random(20240611);
    auto any = [&random](unsigned below) { return static_cast<unsigned>(random() % below); };
    for (auto& start :
         {flash(), flash(test::store_size, false), test::written_by_firmware("written-2m", test::store_size),
          std::string("{\"version\":2,\"variables\":[]}")}) {
        auto store = take(read_store(start));
        store.clear();
        Model model;
        for (int step = 0; step < 600; ++step) {
            auto name = fmt::format("Name{}", any(30));
            switch (any(8)) {
                case 0:
                case 1:
                    BOOST_REQUIRE_EQUAL(take(store.unset(guids::global, name)), model.erase(name) == 1);
                    break;
                case 2:
                    store.compact();
                    break;
                case 3:
                    store = take(read_store(store.write()));
                    break;
                default: {
                    std::string data(1 + any(3000), static_cast<char>('a' + any(26)));
                    if (auto set = store.set(variable(name, data)); set)
                        model[name] = data;
                    else
                        BOOST_REQUIRE_EQUAL(set.error().code(), Errc::limit_exceeded);
                }
            }
            check_equal(store, model);
            if (step % 20 == 0) check_consistent(store);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
