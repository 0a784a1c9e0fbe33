// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpc/output.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/socket.h>

using namespace vireo;
using rpc::Output;

namespace {

struct Pair {
    Pair() {
        int ends[2];
        BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
        ours = UniqueFd(ends[0]);
        theirs = UniqueFd(ends[1]);
    }
    std::string read(std::vector<UniqueFd>& descriptors, std::size_t limit = 16) {
        char data[1 << 16];
        auto n = rpc::receive(theirs.get(), data, sizeof data, descriptors, limit);
        return {data, n > 0 ? static_cast<std::size_t>(n) : 0};
    }
    UniqueFd ours, theirs;
};

UniqueFd null_device() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}
std::vector<UniqueFd> null_devices(int count) {
    std::vector<UniqueFd> all;
    for (int i = 0; i < count; ++i) all.push_back(null_device());
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(what_does_not_fit_waits_and_follows_in_order) {
    Pair pair;
    Output output;
    std::string sent;
    for (int i = 0; i < 200000; ++i) sent += std::to_string(i) + " ";
    output.text() += sent;
    BOOST_CHECK(output.flush(pair.ours.get()) == Output::Flush::blocked);
    BOOST_TEST(output.unsent() > 0);
    std::string got;
    std::vector<UniqueFd> none;
    while (got.size() < sent.size()) {
        got += pair.read(none);
        output.flush(pair.ours.get());
    }
    BOOST_TEST((got == sent));
    BOOST_TEST(output.unsent() == 0);
    BOOST_TEST(output.held() < 1u << 20);
}

BOOST_AUTO_TEST_CASE(descriptors_come_with_their_answer_and_not_with_the_next) {
    Pair pair;
    Output output;
    output.text() += "first\n";
    auto begin = output.text().size();
    output.text() += "second\n";
    output.attach(begin, null_devices(2));
    output.text() += "third\n";
    BOOST_CHECK(output.flush(pair.ours.get()) == Output::Flush::done);
    std::vector<UniqueFd> got;
    std::string text;
    while (got.empty()) text += pair.read(got);
    BOOST_TEST(text == "first\nsecond\n");  // the kernel ends a read after a message with descriptors
    BOOST_TEST(got.size() == 2);
    BOOST_TEST((::fcntl(got[0].get(), F_GETFD) & FD_CLOEXEC));
    BOOST_TEST(pair.read(got) == "third\n");
    BOOST_TEST(got.size() == 2);
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_gone_is_no_signal) {
    Pair pair;
    pair.theirs.reset();
    Output output;
    output.text() += "x";
    output.attach(0, null_devices(1));
    BOOST_CHECK(output.flush(pair.ours.get()) == Output::Flush::broken);
    BOOST_TEST(output.unsent() == 0);
}

BOOST_AUTO_TEST_CASE(descriptors_over_the_limit_are_closed) {
    Pair pair;
    Output output;
    output.text() += "x";
    output.attach(0, null_devices(20));
    output.flush(pair.ours.get());
    int before = null_device().get();  // the lowest free number
    std::vector<UniqueFd> got;
    BOOST_TEST(pair.read(got, 3) == "x");
    BOOST_TEST(got.size() == 3);
    got.clear();
    BOOST_TEST(null_device().get() == before);  // nothing else stayed open
    output.text() += "y";
    output.attach(0, null_devices(2));
    output.flush(pair.ours.get());
    BOOST_TEST(pair.read(got, 0) == "y");
    BOOST_TEST(got.empty());
    BOOST_TEST(null_device().get() == before);
}

BOOST_AUTO_TEST_SUITE_END()
