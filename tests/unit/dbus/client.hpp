// SPDX-License-Identifier: LGPL-2.1-or-later
// A plain blocking client, on sd-bus itself: what other programs see of us.
#pragma once
#include "dbus/codec.hpp"
#include "dbus/message.hpp"

#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace vireo::test {

namespace json = boost::json;
inline constexpr std::uint64_t patience_usec = 30'000'000;

struct Refusal {  // a D-Bus error
    std::string name, text;
};

class Client {
public:
    explicit Client(const std::string& address) {
        must(sd_bus_new(&bus_), "new");
        must(sd_bus_set_address(bus_, address.c_str()), "address");
        must(sd_bus_set_bus_client(bus_, 1), "client");
        must(sd_bus_negotiate_fds(bus_, 1), "fds");
        must(sd_bus_start(bus_), "start");
        const char* name = nullptr;
        must(sd_bus_get_unique_name(bus_, &name), "name");
        name_ = name;
        must(sd_bus_add_filter(bus_, nullptr, on_signal, this), "filter");
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client() { close(); }
    void close() { bus_ = sd_bus_flush_close_unref(bus_); }
    sd_bus* raw() { return bus_; }
    const std::string& name() const { return name_; }

    template <class... A>
    dbus::MessagePtr message(const char* path, const char* interface, const char* member, const char* types,
                             A... args) {
        sd_bus_message* made = nullptr;
        must(sd_bus_message_new_method_call(bus_, &made, destination.c_str(), path, interface, member), "message");
        dbus::MessagePtr out(made);
        if (*types) must(sd_bus_message_append(made, types, args...), "append");
        return out;
    }
    // The arguments of the answer. Throws Refusal.
    template <class... A>
    json::array call(const char* path, const char* interface, const char* member, const char* types = "", A... args) {
        return read(call_message(message(path, interface, member, types, args...).get()).get());
    }
    template <class... A>
    Refusal refused(const char* path, const char* interface, const char* member, const char* types = "", A... args) {
        try {
            (void)call(path, interface, member, types, args...);
        } catch (const Refusal& refusal) {
            return refusal;
        }
        BOOST_ERROR("the call was not refused");
        return {};
    }
    dbus::MessagePtr call_message(sd_bus_message* request) {
        sd_bus_error error{};
        sd_bus_message* answer = nullptr;
        int r = sd_bus_call(bus_, request, patience_usec, &error, &answer);
        if (r < 0) {
            Refusal refusal{error.name ? error.name : "errno", error.message ? error.message : std::to_string(r)};
            sd_bus_error_free(&error);
            throw refusal;
        }
        return dbus::MessagePtr(answer);
    }
    static json::array read(sd_bus_message* message) {
        json::array out;
        std::vector<UniqueFd> fds;
        while (sd_bus_message_at_end(message, 1) == 0) out.push_back(dbus::read_value(message, fds));
        return out;
    }
    void match(const char* rule) { must(sd_bus_add_match(bus_, nullptr, rule, nullptr, nullptr), "match"); }

    // Handles what comes until the condition holds.
    void until(const std::function<bool()>& condition) {
        auto limit = std::chrono::steady_clock::now() + std::chrono::microseconds(patience_usec);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > limit)
                throw std::runtime_error("what was waited for did not happen");
            int r = sd_bus_process(bus_, nullptr);
            must(r, "process");
            if (r == 0) must(sd_bus_wait(bus_, 20'000), "wait");
        }
    }
    struct Signal {
        std::string path, interface, member;
        json::array args;
    };
    // The next signal with this member's name; those before it are dropped.
    Signal signal(const std::string& member) {
        for (;;) {
            until([&] { return !signals_.empty(); });
            auto next = std::move(signals_.front());
            signals_.pop_front();
            if (next.member == member) return next;
        }
    }
    std::string destination = "org.vireo1";

private:
    static void must(int r, const char* what) {
        if (r < 0) throw std::runtime_error(std::string("client: ") + what + ": " + std::to_string(r));
    }
    static int on_signal(sd_bus_message* message, void* data, sd_bus_error*) {
        std::uint8_t type = 0;
        if (sd_bus_message_get_type(message, &type) >= 0 && type == SD_BUS_MESSAGE_SIGNAL)
            static_cast<Client*>(data)->signals_.push_back({sd_bus_message_get_path(message),
                                                            sd_bus_message_get_interface(message),
                                                            sd_bus_message_get_member(message), read(message)});
        return 0;
    }
    sd_bus* bus_ = nullptr;
    std::string name_;
    std::deque<Signal> signals_;
};

}  // namespace vireo::test
