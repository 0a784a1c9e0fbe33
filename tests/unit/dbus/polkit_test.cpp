// SPDX-License-Identifier: LGPL-2.1-or-later
// Against an authority of our own.
#include "stage.hpp"
#include "support/process.hpp"

#include <atomic>
#include <thread>

using namespace vireo;
using namespace vireo::test;

namespace {

// org.freedesktop.PolicyKit1, in a thread: answers what it is told to.
class Authority {
public:
    explicit Authority(const std::string& address) : client_(address) {
        BOOST_REQUIRE_GE(sd_bus_add_filter(client_.raw(), nullptr, serve, this), 0);
        BOOST_REQUIRE_GE(sd_bus_request_name(client_.raw(), "org.freedesktop.PolicyKit1", 0), 0);
        thread_ = std::jthread([this](std::stop_token stop) {
            while (!stop.stop_requested())
                if (sd_bus_process(client_.raw(), nullptr) == 0) sd_bus_wait(client_.raw(), 5'000);
        });
    }
    ~Authority() {
        thread_.request_stop();
        thread_.join();
    }
    std::atomic<bool> authorized = false, challenge = false, silent = false;
    std::atomic<int> withdrawn = 0;
    json::array question() {
        std::lock_guard lock(mutex_);
        return question_;
    }
    json::object subject() {
        std::lock_guard lock(mutex_);
        return subject_;
    }
    std::string kind() {
        std::lock_guard lock(mutex_);
        return kind_;
    }

private:
    static int serve(sd_bus_message* message, void* data, sd_bus_error*) {
        auto& self = *static_cast<Authority*>(data);
        if (sd_bus_message_is_method_call(message, "org.freedesktop.PolicyKit1.Authority",
                                          "CancelCheckAuthorization")) {
            ++self.withdrawn;
            return sd_bus_reply_method_return(message, "");
        }
        if (!sd_bus_message_is_method_call(message, "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization"))
            return 0;
        {
            std::lock_guard lock(self.mutex_);
            const char* kind = nullptr;
            sd_bus_message_enter_container(message, 'r', "sa{sv}");
            sd_bus_message_read(message, "s", &kind);
            self.kind_ = kind;
            std::vector<UniqueFd> fds;
            self.subject_ = dbus::read_value(message, fds).as_object();
            sd_bus_message_exit_container(message);
            self.question_.clear();
            for (int i = 0; i < 4; ++i) self.question_.push_back(dbus::read_value(message, fds));
        }
        if (self.silent) return 1;
        return sd_bus_reply_method_return(message, "(bba{ss})", self.authorized.load(), self.challenge.load(), 0);
    }
    Client client_;
    std::mutex mutex_;
    json::array question_;
    json::object subject_;
    std::string kind_;
    std::jthread thread_;
};

api::Dispatcher::Authorizer asking(Stage*& stage) {
    api::Dispatcher::Authorizer out;
    out.allowed_now = [](const api::Call&, const char*) { return false; };
    out.ask = [&stage](api::Call call, const char* action) { return stage->polkit.ask(std::move(call), action); };
    return out;
}

struct PolkitStage {
    Stage* self = nullptr;
    Stage stage{asking(self)};
    PolkitStage() { self = &stage; }
};

}  // namespace

BOOST_AUTO_TEST_CASE(polkit_decides) {
    PolkitStage holder;
    auto& stage = holder.stage;
    stage.state.add(1);
    stage.play([&] {
        Authority authority(stage.bus.address());
        Client client(stage.bus.address());
        authority.authorized = true;
        client.call(first_domain, domain_interface, "Reset", "a{sv}", 0);
        BOOST_TEST(authority.kind() == "system-bus-name");
        BOOST_TEST(authority.subject() == (json::object{{"name", client.name()}}));
        BOOST_TEST(authority.question().at(0) == json::value("org.vireo1.control"));
        BOOST_TEST(authority.question().at(2) == json::value(0));
        client.call(first_domain, domain_interface, "GetInfo");  // reads are asked about, too
        BOOST_TEST(authority.question().at(0) == json::value("org.vireo1.read"));

        authority.authorized = false;
        auto denied = client.refused(first_domain, domain_interface, "Reset", "a{sv}", 0);
        BOOST_TEST(denied.name == "org.vireo1.Error.AccessDenied");
        BOOST_TEST(denied.text.find("org.vireo1.control") != std::string::npos);
        authority.challenge = true;
        denied = client.refused(first_domain, domain_interface, "Reset", "a{sv}", 0);
        BOOST_TEST(denied.text.find("\nhint: It takes a password") != std::string::npos);
    });
}

BOOST_AUTO_TEST_CASE(a_password_prompt_only_for_who_allows_it) {
    PolkitStage holder;
    auto& stage = holder.stage;
    stage.state.add(1);
    stage.play([&] {
        Authority authority(stage.bus.address());
        authority.authorized = true;
        Client client(stage.bus.address());
        auto call = client.message(first_domain, domain_interface, "Reset", "a{sv}", 0);
        BOOST_REQUIRE_GE(sd_bus_message_set_allow_interactive_authorization(call.get(), 1), 0);
        client.call_message(call.get());
        BOOST_TEST(authority.question().at(2) == json::value(1));
    });
}

BOOST_AUTO_TEST_CASE(without_polkit_it_is_refused_with_a_hint) {
    PolkitStage holder;
    auto& stage = holder.stage;
    stage.state.add(1);
    stage.play([&] {
        Client client(stage.bus.address());
        auto denied = client.refused(first_domain, domain_interface, "Reset", "a{sv}", 0);
        BOOST_TEST(denied.name == "org.vireo1.Error.AccessDenied");
        BOOST_TEST(denied.text.find("\nhint: polkit could not be asked") != std::string::npos);
    });
}

ASYNC_TEST(without_a_bus_it_is_refused_with_a_hint) {
    dbus::Polkit polkit;
    api::Call call(std::make_shared<api::Session>("rpc 1", 1000, 1));
    std::optional<Error> denied;
    try {
        co_await polkit.ask(call, "org.vireo1.control");
    } catch (const Error& e) {
        denied = e;
    }
    BOOST_REQUIRE(denied);
    BOOST_TEST((denied->code() == Errc::access_denied));
    BOOST_TEST(!denied->hint().empty());
}

BOOST_AUTO_TEST_CASE(a_process_is_named_by_pid_start_and_user) {
    Stage stage;
    stage.play([&] {
        Authority authority(stage.bus.address());
        authority.authorized = true;
        std::promise<std::exception_ptr> done;
        stage.on_loop([&] {
            api::Call call(std::make_shared<api::Session>("rpc 1", 1000, ::getpid()));
            asio::co_spawn(stage.loop, stage.polkit.ask(call, "org.vireo1.configure"),
                           [&](std::exception_ptr e) { done.set_value(e); });
        });
        BOOST_TEST(!done.get_future().get());
        BOOST_TEST(authority.kind() == "unix-process");
        auto started = static_cast<std::int64_t>(take(process_start_time(::getpid())));
        BOOST_TEST(authority.subject() == (json::object{{"pid", ::getpid()}, {"start-time", started}, {"uid", 1000}}));
    });
}

BOOST_AUTO_TEST_CASE(a_question_that_nobody_waits_for_is_withdrawn) {
    Stage stage;
    stage.play([&] {
        Authority authority(stage.bus.address());
        authority.silent = true;
        std::promise<Errc> done;
        stage.on_loop([&] {
            api::Call call(std::make_shared<api::Session>("rpc 1", 1000, ::getpid()));
            auto ask =
                with_timeout(stage.polkit.ask(call, "org.vireo1.configure"), std::chrono::milliseconds(200), "asking");
            asio::co_spawn(stage.loop, std::move(ask),
                           [&](std::exception_ptr e) { done.set_value(current_error(e).code()); });
        });
        BOOST_TEST((done.get_future().get() == Errc::timeout));
        auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (authority.withdrawn == 0 && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
        BOOST_TEST(authority.withdrawn == 1);
    });
}

BOOST_AUTO_TEST_CASE(root_and_ourselves_need_not_ask) {
    auto as = [](uid_t uid) {
        return dbus::Polkit::allowed_now(api::Call(std::make_shared<api::Session>("rpc 1", uid, 1)));
    };
    BOOST_TEST(as(0));
    BOOST_TEST(as(::geteuid()));
    BOOST_TEST(!as(65534));
}
