// SPDX-License-Identifier: LGPL-2.1-or-later
// Boot entries and Secure Boot's keys in a variable store, without I/O.
#include "firmware/boot_entries.hpp"

#include "firmware/secure_boot.hpp"
#include "firmware/varstore_bytes.hpp"
#include "unit/firmware/varstore_fixtures.hpp"

#include <boost/test/unit_test.hpp>

namespace vireo::test {
namespace {

using namespace firmware;

VariableStore fresh() {
    return VariableStore::empty_json();
}

NewBootEntry entry(std::string description, std::optional<std::size_t> position = {}) {
    NewBootEntry one;
    one.description = std::move(description);
    one.device_path = "\\EFI\\debian\\shimx64.efi";
    one.position = position;
    return one;
}

std::vector<std::string> names(const BootSettings& settings) {
    std::vector<std::string> all;
    for (auto& one : settings.entries) all.push_back(one.name);
    return all;
}

using Names = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(boot_entries)

BOOST_AUTO_TEST_CASE(an_empty_store_boots_nothing) {
    auto settings = boot_settings(fresh());
    BOOST_TEST(settings.entries.empty());
    BOOST_TEST(settings.order.empty());
    BOOST_TEST(!settings.next);
    BOOST_TEST(!settings.timeout);
}

BOOST_AUTO_TEST_CASE(added_where_asked) {
    auto store = fresh();
    BOOST_TEST(take(add_boot_entry(store, entry("one"))) == "Boot0000");
    BOOST_TEST(take(add_boot_entry(store, entry("two"))) == "Boot0001");
    auto third = entry("three", 0);
    third.active = false;
    third.optional_data = std::string("\x01\x00\x02", 3);
    BOOST_TEST(take(add_boot_entry(store, third)) == "Boot0002");
    auto settings = boot_settings(store);
    BOOST_TEST(names(settings) == (Names{"Boot0002", "Boot0000", "Boot0001"}), boost::test_tools::per_element());
    BOOST_TEST(settings.order == names(settings), boost::test_tools::per_element());
    BOOST_TEST(settings.entries[0].description == "three");
    BOOST_TEST(!settings.entries[0].active);
    BOOST_TEST(settings.entries[0].optional_data == third.optional_data);
    BOOST_TEST(settings.entries[1].active);
    BOOST_TEST(settings.entries[1].device_path.find("shimx64.efi") != std::string::npos);
    BOOST_TEST(*settings.entries[2].position == 2u);
}

BOOST_AUTO_TEST_CASE(a_number_in_the_order_is_taken_even_without_its_entry) {
    auto store = fresh();
    take(add_boot_entry(store, entry("one")));
    take(add_boot_entry(store, entry("two")));
    take(store.unset(guids::global, "Boot0000"));
    BOOST_TEST(take(add_boot_entry(store, entry("three"))) == "Boot0002");
    BOOST_TEST(boot_settings(store).order == (Names{"Boot0000", "Boot0001", "Boot0002"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(order_next_and_activity) {
    auto store = fresh();
    for (auto* name : {"a", "b", "c"}) take(add_boot_entry(store, entry(name)));
    take(set_boot_order(store, {"Boot0002", "boot0000"}));
    take(set_boot_next(store, "Boot0001"));
    take(set_boot_entry_active(store, "Boot0002", false));
    auto settings = boot_settings(store);
    BOOST_TEST(settings.order == (Names{"Boot0002", "Boot0000"}), boost::test_tools::per_element());
    BOOST_TEST(names(settings) == (Names{"Boot0002", "Boot0000", "Boot0001"}), boost::test_tools::per_element());
    BOOST_TEST(*settings.next == "Boot0001");
    BOOST_TEST(!settings.entries[0].active);
    BOOST_TEST(!settings.entries[2].position);
    take(set_boot_entry_active(store, "Boot0002", true));
    take(remove_boot_entry(store, "Boot0001"));  // BootNext names it
    take(remove_boot_entry(store, "Boot0002"));
    settings = boot_settings(store);
    BOOST_TEST(!settings.next);
    BOOST_TEST(settings.order == Names{"Boot0000"}, boost::test_tools::per_element());
    take(set_boot_order(store, {}));
    BOOST_TEST(boot_settings(store).order.empty());
    take(set_boot_next(store, ""));  // there is none
}

BOOST_AUTO_TEST_CASE(refusals_change_nothing) {
    auto store = fresh();
    take(add_boot_entry(store, entry("one")));
    auto before = store.write();
    auto code = [](const Result<>& result) { return result ? Errc::internal : result.error().code(); };
    BOOST_TEST((code(set_boot_order(store, {"Boot0007"})) == Errc::not_found));
    BOOST_TEST((code(set_boot_order(store, {"Boot0000", "Boot0000"})) == Errc::invalid_argument));
    BOOST_TEST((code(set_boot_order(store, {"Boot"})) == Errc::invalid_argument));
    BOOST_TEST((code(set_boot_order(store, {std::string(5000, 'x')})) == Errc::invalid_argument));
    BOOST_TEST((code(set_boot_next(store, "Boot0001")) == Errc::not_found));
    BOOST_TEST((code(set_boot_next(store, "PXE")) == Errc::invalid_argument));
    BOOST_TEST((code(remove_boot_entry(store, "Boot0001")) == Errc::not_found));
    BOOST_TEST((code(set_boot_entry_active(store, "Boot00010", true)) == Errc::invalid_argument));
    auto wrong = entry("two");
    wrong.device_path = "Nonsense(";
    BOOST_TEST((add_boot_entry(store, wrong).error().code() == Errc::invalid_argument));
    BOOST_TEST(store.write() == before);
}

BOOST_AUTO_TEST_CASE(hostile_entries_are_shown_with_their_problem) {
    auto store = fresh();
    take(store.set(Variable(guids::global, "Boot0000", "x")));
    take(store.set(Variable(guids::global, "BootOrder", "\x01")));
    take(store.set(Variable(guids::global, "BootNext", "abc")));
    auto settings = boot_settings(store);
    BOOST_TEST(settings.entries.size() == 1u);
    BOOST_TEST(!settings.entries[0].problem.empty());
    BOOST_TEST(settings.order.empty());
    BOOST_TEST(!settings.next);
    BOOST_TEST(!set_boot_entry_active(store, "Boot0000", true));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(secure_boot_keys)

namespace {

// A list of one hash: as good as a certificate where only the bytes count.
std::string list(char c) {
    return take(hash_list(vireo_keys, {std::string(32, c)}));
}

Enrolment enrolment(std::string pk, std::string kek, std::string db) {
    Enrolment wish;
    wish.keys.pk = std::move(pk);
    wish.keys.kek = std::move(kek);
    wish.keys.db = std::move(db);
    wish.time_usec = 1'800'000'000'000'000;
    return wish;
}

}  // namespace

BOOST_AUTO_TEST_CASE(from_setup_mode_and_back) {
    auto store = fresh();
    BOOST_TEST(secure_boot_state(store).setup_mode);
    BOOST_TEST((set_secure_boot(store, true).error().code() == Errc::invalid_state));
    take(set_secure_boot(store, false));  // it is off
    take(enrol(store, enrolment(list('p'), list('k'), list('d'))));
    BOOST_TEST(secure_boot_state(store).enabled());
    auto* pk = store.find(guids::global, "PK");
    BOOST_REQUIRE(pk);
    BOOST_TEST(pk->attributes == (attribute::usual | attribute::time_based_authenticated));
    BOOST_TEST(load<std::uint16_t>({reinterpret_cast<const char*>(pk->time.data()), 16}, 0) == 2027u);
    take(set_secure_boot(store, false));
    BOOST_TEST(secure_boot_state(store).switched_off);
    BOOST_TEST(!secure_boot_state(store).enabled());
    take(set_secure_boot(store, true));
    BOOST_TEST(secure_boot_state(store).enabled());
    auto databases = enrolled_databases(store);
    BOOST_TEST(databases.size() == 3u);
    BOOST_TEST(databases[2].name == "db");
    BOOST_TEST(databases[2].signatures.sha256_hashes == 1u);
    take(clear_keys(store));
    BOOST_TEST(secure_boot_state(store).setup_mode);
    BOOST_TEST(enrolled_databases(store).empty());
}

BOOST_AUTO_TEST_CASE(added_or_replaced) {
    auto store = fresh();
    take(enrol(store, enrolment(list('p'), list('k'), list('d'))));
    auto more = enrolment("", "", list('d') + list('e'));
    more.add = true;
    take(enrol(store, more));
    auto keys = key_set_of(store);
    BOOST_TEST(keys.db == list('d') + list('e'));
    BOOST_TEST(keys.kek == list('k'));
    BOOST_TEST(keys.pk == list('p'));
    take(enrol(store, enrolment("", "", list('x'))));
    keys = key_set_of(store);
    BOOST_TEST(keys.db == list('x'));
    BOOST_TEST(keys.kek.empty());
    BOOST_TEST(keys.pk == list('p'));
}

BOOST_AUTO_TEST_CASE(a_platform_key_is_needed) {
    auto store = fresh();
    auto refused = enrol(store, enrolment("", "", list('d')));
    BOOST_TEST((refused.error().code() == Errc::invalid_argument));
    BOOST_TEST((enrol(store, Enrolment()).error().code() == Errc::invalid_argument));
    take(enrol(store, enrolment("", list('k') + list('l'), list('d'))));
    BOOST_TEST(key_set_of(store).pk == list('k'));  // the first of KEK
}

BOOST_AUTO_TEST_CASE(what_is_given_must_be_keys) {
    CustomKeys keys;
    keys.db = {"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"};
    auto refused = key_set_of(keys);
    BOOST_REQUIRE(!refused);
    BOOST_TEST(std::string(refused.error().what()).find("db[0]") != std::string::npos);
    CustomKeys hashes;
    hashes.dbx_hashes = {"abcd"};
    BOOST_TEST((key_set_of(hashes).error().code() == Errc::invalid_argument));
    hashes.dbx_hashes = {std::string(64, 'a')};
    BOOST_TEST(read_signatures(take(key_set_of(hashes)).dbx).sha256_hashes == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_of_microsofts) {
    KeySet keys;
    keys.pk = list('p');
    keys.db = list('d');
    BOOST_TEST(microsoft_keys(keys).empty());
    keys.db = take(hash_list(guids::microsoft, {std::string(32, 'm')}));
    BOOST_TEST(microsoft_keys(keys).empty());  // a hash is no certificate
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace vireo::test
