// SPDX-License-Identifier: LGPL-2.1-or-later
// Messages that really go over a bus, from a connection to itself.
#include "dbus/codec.hpp"

#include "private_bus.hpp"
#include "tests/support/async.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <functional>
#include <limits>
#include <string_view>
#include <sys/stat.h>

using namespace vireo;
using namespace vireo::dbus;
namespace json = boost::json;

namespace {

class Loopback {
public:
    Loopback() {
        BOOST_REQUIRE_GE(sd_bus_new(&bus_), 0);
        BOOST_REQUIRE_GE(sd_bus_set_address(bus_, private_.address().c_str()), 0);
        BOOST_REQUIRE_GE(sd_bus_set_bus_client(bus_, 1), 0);
        BOOST_REQUIRE_GE(sd_bus_negotiate_fds(bus_, 1), 0);
        BOOST_REQUIRE_GE(sd_bus_start(bus_), 0);
        BOOST_REQUIRE_GE(sd_bus_get_unique_name(bus_, &name_), 0);
        auto keep = [](sd_bus_message* m, void* data, sd_bus_error*) -> int {
            if (sd_bus_message_is_signal(m, "org.example.Test", "Value"))
                static_cast<Loopback*>(data)->last_ = share(m);
            return 0;
        };
        BOOST_REQUIRE_GE(sd_bus_add_filter(bus_, nullptr, keep, this), 0);
    }
    ~Loopback() {
        last_.reset();
        sd_bus_flush_close_unref(bus_);
    }
    // What fill() writes, as the bus hands it back.
    MessagePtr through(const std::function<void(sd_bus_message*)>& fill) {
        sd_bus_message* made = nullptr;
        BOOST_REQUIRE_GE(sd_bus_message_new_signal(bus_, &made, "/", "org.example.Test", "Value"), 0);
        MessagePtr message(made);
        fill(made);
        BOOST_REQUIRE_GE(sd_bus_message_set_destination(made, name_), 0);
        BOOST_REQUIRE_GE(sd_bus_send(bus_, made, nullptr), 0);
        last_.reset();
        while (!last_) {
            int r = sd_bus_process(bus_, nullptr);
            BOOST_REQUIRE_GE(r, 0);
            if (r == 0) BOOST_REQUIRE_GT(sd_bus_wait(bus_, 20'000'000), 0);
        }
        return std::move(last_);
    }
    json::value round_trip(const json::value& value, const char* signature, const api::DictType* dict = nullptr) {
        auto message = through([&](sd_bus_message* m) { write_value(m, value, signature, dict, {}); });
        BOOST_TEST(sd_bus_message_get_signature(message.get(), 1) == signature);
        std::vector<UniqueFd> fds;
        return read_value(message.get(), fds);
    }
    // A message that is never sent: for what a bus would not let through.
    MessagePtr sealed(const std::function<void(sd_bus_message*)>& fill) {
        sd_bus_message* made = nullptr;
        BOOST_REQUIRE_GE(sd_bus_message_new_signal(bus_, &made, "/", "org.example.Test", "Value"), 0);
        MessagePtr message(made);
        fill(made);
        BOOST_REQUIRE_GE(sd_bus_message_seal(made, 1, 0), 0);
        BOOST_REQUIRE_GE(sd_bus_message_rewind(made, 1), 0);
        return message;
    }

private:
    test::PrivateBus private_;
    sd_bus* bus_ = nullptr;
    const char* name_ = nullptr;
    MessagePtr last_;
};

void must(int r) {
    BOOST_REQUIRE_GE(r, 0);
}

Errc code_of(const std::function<void()>& work) {
    try {
        work();
    } catch (const Error& e) {
        BOOST_TEST_MESSAGE(e.what());
        return e.code();
    }
    BOOST_FAIL("nothing was thrown");
    return Errc::internal;
}

json::value read_one(const MessagePtr& message) {
    std::vector<UniqueFd> fds;
    return read_value(message.get(), fds);
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_signature_round_trips) {
    Loopback bus;
    struct {
        const char* signature;
        json::value value;
    } cases[] = {
        {"y", 0},
        {"y", 255},
        {"b", true},
        {"b", false},
        {"n", -32768},
        {"n", 32767},
        {"q", 65535},
        {"i", std::numeric_limits<int>::min()},
        {"i", std::numeric_limits<int>::max()},
        {"u", 4294967295u},
        {"x", std::numeric_limits<std::int64_t>::min()},
        {"x", std::numeric_limits<std::int64_t>::max()},
        {"t", 0},
        {"t", std::numeric_limits<std::uint64_t>::max()},
        {"d", -0.1},
        {"d", 1e308},
        {"s", ""},
        {"s", "über 漢 𝄞"},
        {"o", "/org/vireo1/domain/x"},
        {"g", "a{sv}"},
        {"as", json::array{"a", "", "c"}},
        {"as", json::array{}},
        {"ay", json::array{0, 1, 255}},
        {"aas", json::array{json::array{"x"}, json::array{}}},
        {"ai", json::array{-1, 0, 1}},
        {"ao", json::array{"/", "/a"}},
        {"a{ss}", json::object{{"k", "v"}, {"", ""}}},
        {"a{st}", json::object{{"k", 7}}},
        {"a{oi}", json::object{{"/a", 1}}},
        {"a{sas}", json::object{{"k", json::array{"v"}}}},
        {"a{sv}", json::object{}},
        {"aa{sv}", json::array{json::object{{"a", 1}}, json::object{}}},
        {"a{sa{sv}}", json::object{{"k", json::object{{"x", true}}}}},
        {"v", "text"},
        {"av", json::array{1, "two", 3.5, true}},
    };
    for (auto& [signature, value] : cases) {
        BOOST_TEST_CONTEXT(signature << " " << json::serialize(value)) {
            BOOST_TEST(bus.round_trip(value, signature) == value);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_plain_dictionary_keeps_kinds_and_nesting) {
    Loopback bus;
    auto value =
        json::parse(R"({"bool": true, "int": -5, "big": 18446744073709551615, "real": 2.0, "text": "x", "empty": {},
        "none": [], "texts": ["a", "b"], "ints": [1, -2], "mixed": [1, "a", {"k": [true]}, [2, [3]]],
        "objects": [{"a": 1}, {"b": {"c": {"d": []}}}], "memory": {"unit": "KiB", "value": 1048576}})");
    auto back = bus.round_trip(value, "a{sv}");
    BOOST_TEST(json::serialize(back) == json::serialize(value));  // kinds too: 2.0 stays a double
    auto& object = back.get_object();
    BOOST_TEST(object["real"].is_double());
    BOOST_TEST(object["int"].is_int64());
    BOOST_TEST(object["big"].is_uint64());
}

BOOST_AUTO_TEST_CASE(null_is_left_out) {
    Loopback bus;
    json::value value{{"a", nullptr}, {"b", 1}, {"c", json::array{1, nullptr, 2}}};
    BOOST_TEST(bus.round_trip(value, "a{sv}") == (json::value{{"b", 1}, {"c", json::array{1, 2}}}));
}

BOOST_AUTO_TEST_CASE(declared_keys_get_their_types) {
    Loopback bus;
    const api::Field inner_keys[] = {{"u", "u", nullptr, true}};
    const api::DictType inner{"Inner", inner_keys};
    const api::Field keys[] = {{"path", "o", nullptr, true},
                               {"count", "t", nullptr, true},
                               {"list", "aa{sv}", &inner, false},
                               {"share", "d", nullptr, false}};
    const api::DictType dict{"Outer", keys};
    json::value value{
        {"share", 1}, {"count", 5}, {"path", "/x"}, {"list", json::array{json::object{{"u", 9}}}}, {"other", 1}};
    auto message = bus.through([&](sd_bus_message* m) { write_value(m, value, "a{sv}", &dict, {}); });
    const char* types[] = {"d", "t", "o", "aa{sv}", "x"};  // in the order of the value
    must(sd_bus_message_enter_container(message.get(), 'a', "{sv}"));
    for (auto* expected : types) {
        const char *key = nullptr, *contents = nullptr;
        must(sd_bus_message_enter_container(message.get(), 'e', "sv"));
        must(sd_bus_message_read(message.get(), "s", &key));
        must(sd_bus_message_peek_type(message.get(), nullptr, &contents));
        BOOST_TEST(std::string_view(contents) == expected, key);
        must(sd_bus_message_skip(message.get(), "v"));
        must(sd_bus_message_exit_container(message.get()));
    }
    must(sd_bus_message_rewind(message.get(), 1));
    value.as_object()["share"] = 1.0;
    BOOST_TEST(read_one(message) == value);
}

BOOST_AUTO_TEST_CASE(text_that_is_not_utf8_is_repaired) {
    Loopback bus;
    using namespace std::string_literals;
    BOOST_TEST(bus.round_trip(json::string("a\xFFz"), "s") == json::value("a\xEF\xBF\xBDz"));
    BOOST_TEST(bus.round_trip(json::string("a\0z"s), "s") == json::value("a\xEF\xBF\xBDz"));
    BOOST_TEST(bus.round_trip(json::string("\xED\xA0\x80"), "s") ==
               json::value("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"));
    BOOST_TEST(bus.round_trip(json::string("\xC3"), "s") == json::value("\xEF\xBF\xBD"));
    BOOST_TEST(bus.round_trip(json::string("ok \xF0\x9D\x84\x9E \xC0\xAF"), "s") ==
               json::value("ok \xF0\x9D\x84\x9E \xEF\xBF\xBD\xEF\xBF\xBD"));
    json::object keys;
    keys["k\xFF"] = 1;
    BOOST_TEST(bus.round_trip(keys, "a{sv}") == (json::value{{"k\xEF\xBF\xBD", 1}}));
}

BOOST_AUTO_TEST_CASE(a_result_that_does_not_fit_its_signature_is_our_fault) {
    Loopback bus;
    auto refused = [&](json::value value, const char* signature) {
        BOOST_TEST_CONTEXT(signature << " " << json::serialize(value)) {
            auto code = code_of(
                [&] { (void)bus.sealed([&](sd_bus_message* m) { write_value(m, value, signature, nullptr, {}); }); });
            BOOST_TEST((code == Errc::internal));
        }
    };
    refused(256, "y");
    refused(-1, "u");
    refused(4294967296, "u");
    refused(1.5, "i");
    refused(2147483648, "i");
    refused("x", "t");
    refused(1, "s");
    refused(1, "b");
    refused(true, "x");
    refused(nullptr, "s");
    refused(nullptr, "v");
    refused("not a path", "o");
    refused("", "o");
    refused("a{", "g");
    refused(json::object{}, "as");
    refused(json::array{}, "a{sv}");
    refused(json::array{1}, "as");
    refused(0, "h");
    const api::Field fields[] = {{"one", "s", nullptr, true}};
    auto code = code_of([&] { (void)bus.sealed([&](sd_bus_message* m) { write(m, fields, {}, {}); }); });
    BOOST_TEST((code == Errc::internal));
}

BOOST_AUTO_TEST_CASE(what_no_bus_would_carry_is_refused_before_it_is_sent) {
    // a bus disconnects whoever sends such a message
    Loopback bus;
    json::value deep = 1;
    for (int i = 0; i < 25; ++i) deep = json::object{{"k", std::move(deep)}};
    auto code =
        code_of([&] { (void)bus.sealed([&](sd_bus_message* m) { write_value(m, deep, "a{sv}", nullptr, {}); }); });
    BOOST_TEST((code == Errc::limit_exceeded));
    json::value large = json::string(max_message_bytes + 1, 'x');
    code = code_of([&] { (void)bus.sealed([&](sd_bus_message* m) { write_value(m, large, "s", nullptr, {}); }); });
    BOOST_TEST((code == Errc::limit_exceeded));
    json::value allowed = 1;  // and the deepest that we do send gets through
    for (int i = 0; i < 21; ++i) allowed = json::object{{"k", std::move(allowed)}};
    BOOST_TEST(bus.round_trip(allowed, "a{sv}") == allowed);
}

BOOST_AUTO_TEST_CASE(hostile_messages_are_refused) {
    Loopback bus;
    auto refused = [&](const char* what, const std::function<void(sd_bus_message*)>& fill) {
        BOOST_TEST_CONTEXT(what) {
            auto message = bus.sealed(fill);
            BOOST_TEST((code_of([&] { (void)read_one(message); }) == Errc::invalid_argument));
        }
    };
    refused("nothing", [](sd_bus_message*) {});
    refused("a struct", [](sd_bus_message* m) { must(sd_bus_message_append(m, "(si)", "x", 1)); });
    refused("a struct inside", [](sd_bus_message* m) { must(sd_bus_message_append(m, "a{sv}", 1, "k", "(i)", 1)); });
    refused("keys that are numbers", [](sd_bus_message* m) { must(sd_bus_message_append(m, "a{us}", 1, 1u, "x")); });
    refused("a key twice",
            [](sd_bus_message* m) { must(sd_bus_message_append(m, "a{sv}", 2, "k", "i", 1, "k", "i", 2)); });
    refused("not a number",
            [](sd_bus_message* m) { must(sd_bus_message_append(m, "d", std::numeric_limits<double>::quiet_NaN())); });
    refused("infinite",
            [](sd_bus_message* m) { must(sd_bus_message_append(m, "d", std::numeric_limits<double>::infinity())); });
    refused("arrays in arrays", [](sd_bus_message* m) {
        must(sd_bus_message_open_container(m, 'a', "v"));
        for (int i = 0; i < max_nesting; ++i) {
            must(sd_bus_message_open_container(m, 'v', "av"));
            must(sd_bus_message_open_container(m, 'a', "v"));
        }
        for (int i = 0; i < 2 * max_nesting + 1; ++i) must(sd_bus_message_close_container(m));
    });
    refused("variants in variants", [](sd_bus_message* m) {
        for (int i = 0; i < 70; ++i) must(sd_bus_message_open_container(m, 'v', "v"));
        must(sd_bus_message_append(m, "v", "i", 1));
        for (int i = 0; i < 70; ++i) must(sd_bus_message_close_container(m));
    });
    refused("too many values", [](sd_bus_message* m) {
        std::vector<std::uint8_t> many(max_values + 1);
        must(sd_bus_message_append_array(m, 'y', many.data(), many.size()));
    });
}

BOOST_AUTO_TEST_CASE(arguments_are_named_and_checked) {
    Loopback bus;
    const api::Field fields[] = {{"name", "s", nullptr, true}, {"options", "a{sv}", nullptr, false}};
    std::vector<UniqueFd> fds;
    auto good = bus.sealed([](sd_bus_message* m) { must(sd_bus_message_append(m, "sa{sv}", "x", 1, "k", "u", 7u)); });
    BOOST_TEST(json::value(read(good.get(), fields, fds)) == (json::value{{"name", "x"}, {"options", {{"k", 7}}}}));
    auto wrong = bus.sealed([](sd_bus_message* m) { must(sd_bus_message_append(m, "ia{sv}", 1, 0)); });
    BOOST_TEST((code_of([&] { (void)read(wrong.get(), fields, fds); }) == Errc::invalid_argument));
    auto few = bus.sealed([](sd_bus_message* m) { must(sd_bus_message_append(m, "s", "x")); });
    BOOST_TEST((code_of([&] { (void)read(few.get(), fields, fds); }) == Errc::invalid_argument));
    auto many = bus.sealed([](sd_bus_message* m) { must(sd_bus_message_append(m, "sa{sv}s", "x", 0, "y")); });
    BOOST_TEST((code_of([&] { (void)read(many.get(), fields, fds); }) == Errc::invalid_argument));
    BOOST_TEST(signature_of(fields) == "sa{sv}");
}

BOOST_AUTO_TEST_CASE(descriptors_pass_in_both_directions) {
    Loopback bus;
    test::Folder folder;
    auto file = folder / "file";
    std::vector<UniqueFd> out;
    out.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    out.emplace_back(::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    const api::Field fields[] = {{"fd", "h", nullptr, true}};
    auto message = bus.through([&](sd_bus_message* m) { write(m, fields, {{"fd", 1}}, out); });
    std::vector<UniqueFd> in;
    auto args = read(message.get(), fields, in);
    message.reset();
    BOOST_TEST(args["fd"] == json::value(0));
    BOOST_REQUIRE(in.size() == 1);
    struct stat ours{}, theirs{};
    BOOST_TEST(::fstat(in[0].get(), &ours) == 0);
    BOOST_TEST(::stat(file.c_str(), &theirs) == 0);
    BOOST_TEST(ours.st_ino == theirs.st_ino);
    BOOST_TEST((::fcntl(in[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
}
