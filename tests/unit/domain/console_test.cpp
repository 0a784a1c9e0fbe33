// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/console.hpp"

#include "support/timeout.hpp"
#include "tests/support/async.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

using namespace vireo;
using namespace std::chrono_literals;
using domain::Console;

namespace {

// The guest's side of a pseudo-terminal, as QEMU holds it.
struct Guest {
    Guest() : side(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        ::grantpt(side.get());
        ::unlockpt(side.get());
        char name[64];
        ::ptsname_r(side.get(), name, sizeof name);
        path = name;
    }
    void say(std::string_view text) {
        BOOST_REQUIRE(::write(side.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    UniqueFd side;
    std::string path;
};

// What arrives at a descriptor until it holds text.
Task<std::string> read_until(int fd, std::string text) {
    std::string all;
    char buffer[4096];
    while (all.find(text) == std::string::npos) {
        pollfd ready{fd, POLLIN, 0};
        if (::poll(&ready, 1, 0) == 1) {
            auto n = ::read(fd, buffer, sizeof buffer);
            if (n <= 0) co_return all;
            all.append(buffer, static_cast<std::size_t>(n));
        }
        co_await sleep_for(1ms);
    }
    co_return all;
}

}  // namespace

ASYNC_TEST(what_was_said_before_comes_first_and_bytes_go_both_ways) {
    Guest guest;
    auto console = take(Console::open(co_await asio::this_coro::executor, guest.path, ::geteuid()));
    guest.say("booting\n");
    co_await sleep_for(5ms);
    auto client = take(console->attach(false));
    guest.say("login: ");
    auto said = co_await with_timeout(read_until(client.get(), "login: "), 10s, "the guest's words");
    BOOST_TEST(said == "booting\nlogin: ");
    BOOST_REQUIRE(::write(client.get(), "root\n", 5) == 5);
    auto typed = co_await with_timeout(read_until(guest.side.get(), "root"), 10s, "what was typed");
    BOOST_TEST(typed.starts_with("root"));
    console->close();
}

ASYNC_TEST(one_client_at_a_time_unless_it_is_taken_over) {
    Guest guest;
    auto console = take(Console::open(co_await asio::this_coro::executor, guest.path, ::geteuid()));
    auto first = take(console->attach(false));
    auto refused = console->attach(false);
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().code() == Errc::busy));
    auto second = take(console->attach(true));
    auto rest = co_await with_timeout(read_until(first.get(), "never"), 10s, "the end of the first");  // it ends
    guest.say("hello");
    auto said = co_await with_timeout(read_until(second.get(), "hello"), 10s, "the guest's words");
    BOOST_TEST(said.ends_with("hello"));
    second.reset();
    while (console->attached()) co_await sleep_for(1ms);
    BOOST_TEST(console->attach(false).has_value());  // free again
    console->close();
}

ASYNC_TEST(a_guest_that_talks_much_is_not_held_up_and_its_last_words_are_kept) {
    Guest guest;
    auto console = take(Console::open(co_await asio::this_coro::executor, guest.path, ::geteuid()));
    ::fcntl(guest.side.get(), F_SETFL, O_NONBLOCK);
    std::string line(99, 'x');
    line += '\n';
    for (int i = 0; i < 5000;) {
        if (::write(guest.side.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()))
            ++i;
        else
            co_await sleep_for(1ms);
    }
    guest.say("the end");
    co_await sleep_for(20ms);
    auto client = take(console->attach(false));
    auto said = co_await with_timeout(read_until(client.get(), "the end"), 10s, "the guest's words");
    BOOST_TEST(said.ends_with("the end"));
    BOOST_TEST(said.size() <= Console::kept_bytes);
    console->close();
}

ASYNC_TEST(the_client_sees_the_end_of_the_guest) {
    Guest guest;
    auto console = take(Console::open(co_await asio::this_coro::executor, guest.path, ::geteuid()));
    auto client = take(console->attach(false));
    console->close();
    auto rest = co_await with_timeout(read_until(client.get(), "never"), 10s, "the end");
    BOOST_TEST(rest.empty());
}

ASYNC_TEST(only_a_terminal_of_the_guests_own_user_is_believed) {
    auto executor = co_await asio::this_coro::executor;
    Guest guest;
    auto stranger = Console::open(executor, guest.path, ::geteuid() + 1);
    BOOST_REQUIRE(!stranger);
    BOOST_TEST((stranger.error().code() == Errc::access_denied));
    for (auto path : {"/dev/pts/../tty", "/dev/pts/", "/etc/passwd", "", "/dev/pts/1x", "/dev/pts/999999"})
        BOOST_TEST(!Console::open(executor, path, ::geteuid()).has_value());
}
