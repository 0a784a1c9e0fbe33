// SPDX-License-Identifier: LGPL-2.1-or-later
// Stores that were being written when the machine stopped, that are damaged, that mean harm.
#include "firmware/varstore_health.hpp"
#include "unit/firmware/varstore_fixtures.hpp"

#include <ostream>
#include <random>

using namespace vireo;
using namespace vireo::firmware;
using test::flash, test::record, test::variable, test::with_records;

namespace vireo::firmware {
static std::ostream& operator<<(std::ostream& out, HealthState state) {
    return out << model::to_string(state);
}
}  // namespace vireo::firmware

BOOST_AUTO_TEST_SUITE(varstore_damage)

namespace {

std::string a_of(std::string_view bytes) {
    auto store = take(read_store(bytes));
    BOOST_CHECK(!store.damage());
    auto* found = store.find(guids::global, "A");
    return found ? found->data : "(none)";
}

// The working block of the 128 KiB build says that `spare`, the first blocks of the store as they should be, is to be
// copied to their place.
constexpr std::size_t working = 0xf000, spare_at = 0x10000;
std::string with_pending_write(std::string bytes, std::string_view spare, std::uint8_t record_state = 0xfd) {
    std::string queue;
    queue += '\xfc';  // header allocated, writes allocated
    queue.append(23, '\xff');
    append(queue, std::uint64_t{1});  // writes
    append(queue, std::uint64_t{0});  // private data
    queue += static_cast<char>(record_state);
    queue.append(7, '\xff');
    append(queue, std::uint64_t{0});                            // LBA
    append(queue, std::uint64_t{0x48});                         // offset
    append(queue, std::uint64_t{0xdfb8});                       // length
    append(queue, std::uint64_t{0} - std::uint64_t{spare_at});  // target minus spare
    bytes.replace(working + 32, queue.size(), queue);
    bytes.replace(spare_at, 0xe000, spare.substr(0, 0xe000));
    return bytes;
}

HealthState state_of(std::string_view bytes) {
    auto health = check_store(bytes);
    BOOST_CHECK(!health.sentence.empty());
    BOOST_CHECK_EQUAL(health.hint.empty(), health.state == HealthState::valid || health.state == HealthState::blank);
    return health.state;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_update_interrupted_at_every_byte) {
    auto start = with_records(flash(), {record(variable("A", "old")), record(variable("B", "b"))});
    auto base = 0x64 + ((record(variable("A", "old")).size() + 3) & ~3u),
         at = base + ((record(variable("B", "b")).size() + 3) & ~3u);
    auto fresh = record(variable("A", "new value"), 0xff);
    auto bytes = start;
    bytes[0x66] = '\x3e';  // the old one is in transition …
    BOOST_CHECK_EQUAL(a_of(bytes), "old");
    for (std::size_t i = 0; i < 60; ++i) {  // … the header is written …
        bytes[at + i] = fresh[i];
        BOOST_CHECK_EQUAL(a_of(bytes), "old");
    }
    bytes[at + 2] = '\x7f';
    for (std::size_t i = 60; i < fresh.size(); ++i) {  // … name and data …
        bytes[at + i] = fresh[i];
        BOOST_CHECK_EQUAL(a_of(bytes), "old");
        auto store = take(read_store(bytes));
        BOOST_CHECK(store.set(variable("A", "other")));
        BOOST_CHECK_EQUAL(a_of(store.write()), "other");
        store.compact();
        BOOST_CHECK_EQUAL(store.statistics().dead, 0u);
        BOOST_CHECK_EQUAL(a_of(store.write()), "other");
    }
    bytes[at + 2] = '\x3f';  // … it is valid …
    BOOST_CHECK_EQUAL(a_of(bytes), "new value");
    bytes[0x66] = '\x3c';  // … and the old one is gone.
    BOOST_CHECK_EQUAL(a_of(bytes), "new value");
    BOOST_CHECK_EQUAL(take(read_store(bytes)).variables().size(), 2u);
}

BOOST_AUTO_TEST_CASE(which_of_several_counts) {
    auto a = [](std::string data, std::uint8_t state) { return record(variable("A", std::move(data)), state); };
    BOOST_CHECK_EQUAL(a_of(with_records(flash(), {a("1", 0x3e), a("2", 0x3e)})), "2");
    BOOST_CHECK_EQUAL(a_of(with_records(flash(), {a("1", 0x3f), a("2", 0x3f)})), "1");
    BOOST_CHECK_EQUAL(a_of(with_records(flash(), {a("1", 0x3f), a("2", 0x3e)})), "1");
    BOOST_CHECK_EQUAL(a_of(with_records(flash(), {a("1", 0x3d), a("2", 0x7f)})), "(none)");
    BOOST_CHECK_EQUAL(a_of(with_records(flash(), {a("1", 0x3e), a("2", 0x3c)})), "1");
    // Compacting makes it an ordinary one; deleting marks it as the firmware does.
    auto store = take(read_store(with_records(flash(), {a("0", 0x3d), a("1", 0x3e)})));
    store.compact();
    BOOST_CHECK(store.write() == with_records(flash(), {a("1", 0x3f)}));
    store = take(read_store(with_records(flash(), {a("1", 0x3e)})));
    BOOST_CHECK(take(store.unset(guids::global, "A")));
    BOOST_CHECK(store.write() == with_records(flash(), {a("1", 0x3c)}));
}

BOOST_AUTO_TEST_CASE(a_clean_up_that_was_interrupted_is_completed) {
    auto old = with_records(flash(), {record(variable("A", "dead"), 0x3c), record(variable("A", "kept"))});
    auto spare = with_records(flash(), {record(variable("A", "kept"))});
    for (std::size_t torn : {std::size_t{0}, std::size_t{0x30}, std::size_t{0x1000}, std::size_t{0xe000}}) {
        // The place is erased or half-written, with or without the volume's header.
        auto bytes = old;
        std::fill_n(bytes.begin(), torn, '\xff');
        bytes = with_pending_write(bytes, spare);
        auto store = take(read_store(bytes));
        BOOST_CHECK(store.interrupted());
        BOOST_CHECK_EQUAL(a_of(bytes), "kept");
        BOOST_CHECK_EQUAL(state_of(bytes), HealthState::interrupted);
        BOOST_CHECK_EQUAL(store.statistics().dead, 0u);
        auto finished = store;
        finished.compact();
        BOOST_CHECK_EQUAL(state_of(finished.write()), HealthState::valid);
        BOOST_CHECK(finished.variables() == store.variables());
        BOOST_CHECK(store.write() == bytes);  // nothing changed
        // A change completes it, or else the firmware would undo the change at its next start.
        BOOST_CHECK(store.set(variable("B", "b")));
        BOOST_CHECK(!store.interrupted());
        auto again = take(read_store(store.write()));
        BOOST_CHECK(!again.interrupted());
        BOOST_CHECK_EQUAL(again.variables().size(), 2u);
        BOOST_CHECK(store.write().substr(0, 0x48) == bytes.substr(spare_at, 0x48));
    }
    // Not copied to the spare area yet, or done: the place counts.
    BOOST_CHECK(!take(read_store(with_pending_write(old, spare, 0xff))).interrupted());
    BOOST_CHECK(!take(read_store(with_pending_write(old, spare, 0xf9))).interrupted());
}

BOOST_AUTO_TEST_CASE(hostile_fault_tolerant_writes) {
    auto good = with_pending_write(with_records(flash(), {record(variable("A", "x"))}), flash());
    std::mt19937 random(7);
    for (int i = 0; i < 3000; ++i) {
        auto bytes = good;
        for (auto n = 1 + random() % 4; n > 0; --n) {
            auto at = working + 24 + random() % 96;
            bytes[at] = static_cast<char>(random());
        }
        auto store = read_store(bytes);
        if (store) BOOST_CHECK(store->write() == bytes);
    }
}

BOOST_AUTO_TEST_CASE(health_of_the_outside) {
    auto good = flash();
    BOOST_CHECK_EQUAL(state_of(good), HealthState::valid);
    BOOST_CHECK_EQUAL(state_of(std::string(test::store_size, '\xff')), HealthState::blank);
    BOOST_CHECK_EQUAL(state_of(std::string(test::store_size, '\0')), HealthState::blank);
    BOOST_CHECK_EQUAL(state_of(""), HealthState::not_a_store);
    BOOST_CHECK_EQUAL(state_of(std::string(8192, 'x')), HealthState::not_a_store);
    BOOST_CHECK_EQUAL(state_of("{\"a\": 1}"), HealthState::not_a_store);
    BOOST_CHECK_EQUAL(state_of(good.substr(0, 65536)), HealthState::wrong_size);
    BOOST_CHECK_EQUAL(state_of(good + std::string(4096, 'C')), HealthState::wrong_size);
    auto changed = [&good](std::size_t at, char byte) {
        auto bytes = good;
        bytes[at] = byte;
        return state_of(bytes);
    };
    BOOST_CHECK_EQUAL(changed(0x21, 1), HealthState::wrong_checksum);
    BOOST_CHECK_EQUAL(changed(0x10, 1), HealthState::wrong_checksum);
    BOOST_CHECK_EQUAL(changed(0x48, 1), HealthState::not_a_store);
    BOOST_CHECK_EQUAL(changed(0x5c, 1), HealthState::not_a_store);  // format
    BOOST_CHECK_EQUAL(changed(0x5d, 1), HealthState::not_a_store);  // state
    BOOST_CHECK_EQUAL(changed(0x5a, 15), HealthState::wrong_size);  // larger than the volume
    BOOST_CHECK_EQUAL(changed(0xdfff, 0), HealthState::torn_record);
    // A block map that does not give the volume's length, with the checksum put right.
    auto bytes = good;
    bytes[0x38] = 31;
    bytes[0x32] = static_cast<char>(bytes[0x32] + 1);
    BOOST_CHECK_EQUAL(state_of(bytes), HealthState::wrong_size);
    BOOST_CHECK_EQUAL(check_store(good, {1966080, "x86_64"}).state, HealthState::valid);
    BOOST_CHECK_EQUAL(check_store(good, {3653632, "x86_64"}).state, HealthState::wrong_code);
    BOOST_CHECK(!check_store(good, {3653632, "x86_64"}).usable());
    BOOST_CHECK_EQUAL(read_store(std::string(test::store_size, '\0')).error().code(), Errc::invalid_state);
}

BOOST_AUTO_TEST_CASE(what_is_readable_survives_damage) {
    auto long_record = record(variable("C", "x"));
    store(long_record, 40, std::uint32_t{0x7fffffff});
    auto nameless = record(variable("C", "x"));
    store(nameless, 36, std::uint32_t{3});
    for (auto& broken : {long_record, nameless, std::string("garbage behind the last record")}) {
        auto bytes = with_records(flash(), {record(variable("A", "a")), broken});
        auto health = check_store(bytes);
        BOOST_CHECK_EQUAL(health.state, HealthState::torn_record);
        BOOST_CHECK_EQUAL(health.offset, 0x64u + 68);
        auto store = take(read_store(bytes));
        BOOST_CHECK_EQUAL(store.variables().size(), 1u);
        BOOST_CHECK(store.write() == bytes);
        BOOST_CHECK_EQUAL(store.set(variable("D", "d")).error().code(), Errc::invalid_state);
        BOOST_CHECK_EQUAL(store.unset(guids::global, "A").error().code(), Errc::invalid_state);
        store.compact();
        BOOST_CHECK(store.write() == with_records(flash(), {record(variable("A", "a"))}));
        BOOST_CHECK(store.set(variable("D", "d")));
    }
}

BOOST_AUTO_TEST_CASE(clogged_with_dead_records) {
    auto store = take(read_store(flash()));
    for (int i = 0; i < 25; ++i) BOOST_CHECK(store.set(variable("A", std::string(2000, static_cast<char>('a' + i)))));
    auto health = check_store(store);
    BOOST_CHECK_EQUAL(health.state, HealthState::clogged);
    BOOST_CHECK(health.usable());
    BOOST_CHECK_EQUAL(health.hint, "compact the variable store");
    store.compact();
    BOOST_CHECK_EQUAL(check_store(store).state, HealthState::valid);
}

BOOST_AUTO_TEST_CASE(random_damage_never_hurts) {
    auto good = test::written_by_firmware("written-2m", test::store_size);
    std::mt19937 random(99);
    for (int i = 0; i < 1500; ++i) {
        auto bytes = good;
        for (auto n = 1 + random() % 8; n > 0; --n) bytes[random() % 0x4100] = static_cast<char>(random());
        auto store = read_store(bytes);
        if (!store) continue;
        BOOST_CHECK(store->write() == bytes);
        auto before = store->variables();
        store->compact();
        auto again = take(read_store(store->write()));
        BOOST_CHECK(!again.damage());
        BOOST_CHECK(again.variables() == before);
    }
}

BOOST_AUTO_TEST_CASE(the_json_of_qemu) {
    std::string text = R"({ "version": 2, "variables": [
        {"guid": "8be4df61-93ca-11d2-aa0d-00e098032b8c", "name": "Timeout", "attr": 7, "data": "0500"},
        {"guid": "8BE4DF61-93CA-11D2-AA0D-00E098032B8C", "name": "PK", "attr": 39, "data": "AB",
         "time": "e907030a02351e000000000000000000", "digest": "00ff"}]})";
    auto store = take(read_store(text));
    BOOST_CHECK(store.kind() == VariableStore::Kind::json);
    BOOST_CHECK(store.write() == text);
    BOOST_CHECK_EQUAL(store.find(guids::global, "PK")->digest, std::string("\0\xff", 2));
    BOOST_CHECK(store.set(variable("A", "1")));
    auto again = take(read_store(store.write()));
    BOOST_CHECK(again.variables() == store.variables());
    BOOST_CHECK_EQUAL(store.set(variable("Grüße", "1")).error().code(), Errc::unsupported);
    BOOST_CHECK_EQUAL(store.set(variable("A", std::string(300000, 'x'))).error().code(), Errc::limit_exceeded);
    BOOST_CHECK(take(store.unset(guids::global, "PK")));
    BOOST_CHECK_EQUAL(take(read_store(store.write())).variables().size(), 2u);
    BOOST_CHECK(take(read_store(VariableStore::empty_json().write())).variables().empty());
    BOOST_CHECK_EQUAL(check_store(text).state, HealthState::valid);
}

BOOST_AUTO_TEST_CASE(json_keeps_times_of_authenticated_variables_only) {
    auto store = VariableStore::empty_json();
    auto plain = variable("A", "1"), timed = variable("B", "1", 0x27);
    plain.time[0] = timed.time[0] = 1;
    plain.digest = timed.digest = "d";
    plain.monotonic_count = timed.public_key = 7;
    BOOST_CHECK(store.set(plain));
    BOOST_CHECK(store.set(timed));
    auto again = take(read_store(store.write()));
    BOOST_CHECK(again.variables() == store.variables());
    BOOST_CHECK(again.find(guids::global, "A")->digest.empty());
    BOOST_CHECK_EQUAL(again.find(guids::global, "B")->digest, "d");
    // Flash keeps the counter, and not the digest.
    auto in_flash = take(read_store(flash()));
    BOOST_CHECK(in_flash.set(plain));
    BOOST_CHECK(take(read_store(in_flash.write())).variables() == in_flash.variables());
    BOOST_CHECK_EQUAL(in_flash.find(guids::global, "A")->monotonic_count, 7u);
}

BOOST_AUTO_TEST_CASE(json_that_is_none) {
    for (
        std::string text :
        {R"({"version": 1, "variables": []})", R"({"version": 2})", R"({"version": 2, "variables": [1]})", "{", "{}",
         R"({"version": 2, "variables": [{"guid": "x", "name": "a", "attr": 7, "data": ""}]})",
         R"({"version": 2, "variables": [{"guid": "8be4df61-93ca-11d2-aa0d-00e098032b8c", "name": "", "attr": 7, "data": "00"}]})",
         R"({"version": 2, "variables": [{"guid": "8be4df61-93ca-11d2-aa0d-00e098032b8c", "name": "a", "attr": -1, "data": "00"}]})",
         R"({"version": 2, "variables": [{"guid": "8be4df61-93ca-11d2-aa0d-00e098032b8c", "name": "a", "attr": 7, "data": "0"}]})",
         R"({"version": 2, "variables": [{"guid": "8be4df61-93ca-11d2-aa0d-00e098032b8c", "name": "a", "attr": 7, "data": "00", "time": "00"}]})"}) {
        auto store = read_store(text);
        BOOST_CHECK_MESSAGE(!store, text);
        BOOST_CHECK_EQUAL(state_of(text), HealthState::not_a_store);
    }
}

BOOST_AUTO_TEST_SUITE_END()
