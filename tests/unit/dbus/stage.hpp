// SPDX-License-Identifier: LGPL-2.1-or-later
// Fake services behind a real dbus::Service on a private bus, on a loop; and clients on a thread of their own.
#pragma once
#include "client.hpp"
#include "dbus/service.hpp"
#include "fakes.hpp"
#include "private_bus.hpp"
#include "tests/support/async.hpp"

#include <boost/asio/post.hpp>

#include <functional>
#include <future>
#include <string>

namespace vireo::test {

inline constexpr const char* root = "/org/vireo1";
inline constexpr const char* manager_interface = "org.vireo1.Manager";
inline constexpr const char* domain_interface = "org.vireo1.Domain";
inline constexpr const char* job_interface = "org.vireo1.Job";
inline constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";
inline constexpr const char* first_domain = "/org/vireo1/domain/00000000_0000_4000_8000_000000000000";
inline constexpr const char* first_job = "/org/vireo1/job/1";

class Stage {
public:
    explicit Stage(api::Dispatcher::Authorizer authorizer = anybody())
        : dispatcher(services, events, std::move(authorizer)) {}
    static api::Dispatcher::Authorizer anybody() {
        api::Dispatcher::Authorizer out;
        out.allowed_now = [](const api::Call&, const char*) { return true; };
        out.ask = [](api::Call, const char*) -> Task<> { co_return; };
        return out;
    }
    // Runs the scenario in a thread beside the loop. With wait: after the service is on the bus.
    void play(std::function<void()> scenario, bool wait = true) {
        std::exception_ptr failure;
        std::function<Task<>(TaskGroup&)> body = [&](TaskGroup& group) -> Task<> {
            group.spawn(service.run());
            if (wait && !co_await service.wait_connected(std::chrono::seconds(30)))
                throw Error(Errc::internal, "the service does not come up");
            std::function<void(std::stop_token)> play_it = [&](std::stop_token) {
                try {
                    scenario();
                } catch (const Refusal& refusal) {
                    failure = std::make_exception_ptr(std::runtime_error(refusal.name + ": " + refusal.text));
                } catch (...) {
                    failure = std::current_exception();
                }
            };
            co_await clients.run(std::move(play_it));
            group.cancel();
        };
        auto all = [&]() -> Task<> { co_await scoped(body); };
        auto task = with_timeout(all(), std::chrono::seconds(120), "the test");
        std::exception_ptr broken;
        asio::co_spawn(loop, std::move(task), [&](std::exception_ptr e) { broken = e; });
        loop.run();
        if (failure) std::rethrow_exception(failure);
        if (broken) std::rethrow_exception(broken);
    }
    // From the scenario: runs something on the loop and waits for it.
    template <class F>
    auto on_loop(F work) {
        std::packaged_task<std::invoke_result_t<F>()> task(std::move(work));
        auto future = task.get_future();
        asio::post(loop, [&] { task(); });
        return future.get();
    }
    void until(std::function<bool()> condition) {
        auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!on_loop(condition)) {
            if (std::chrono::steady_clock::now() > limit)
                throw std::runtime_error("what was waited for did not happen");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

    asio::io_context loop{1};
    PrivateBus bus;
    FakeState state{loop.get_executor()};
    FakeManager manager{state};
    FakeDomain domain{state};
    FakeFirmware firmware{domain};
    FakeJob job{state};
    api::Services services{manager, domain, firmware, job};
    api::Events events;
    api::Dispatcher dispatcher;
    Blocking pool{1}, clients{1};
    dbus::Polkit polkit;
    dbus::Service service{loop.get_executor(), dbus::BusKind::session, dispatcher, pool, &polkit};
};

}  // namespace vireo::test
