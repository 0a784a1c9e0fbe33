// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/configuration.hpp"
#include "daemon/daemon.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <csignal>
#include <cstdio>
#include <fmt/core.h>
#include <malloc.h>

namespace {

constexpr int failed = 1, misused = 2;

int serve(vireo::daemon::Configuration configuration) {
    boost::asio::io_context loop{1};
    int result = 0;
    auto finished = [&](std::exception_ptr exception) {
        if (!exception) return;
        auto error = vireo::current_error(exception);
        vireo::log::error("{}", error.what());
        if (!error.hint().empty()) vireo::log::error("hint: {}", error.hint());
        result = failed;
    };
    vireo::asio::co_spawn(loop, vireo::daemon::run(std::move(configuration)), finished);
    loop.run();
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    ::mallopt(M_ARENA_MAX, 2);  // the pool's threads allocate little: no arena for each
    std::vector<std::string> arguments(argv + 1, argv + argc);
    auto configuration = vireo::daemon::configure(arguments);
    if (!configuration) {
        fmt::print(stderr, "vireod: {}\n", configuration.error().what());
        return misused;
    }
    if (configuration->show_help) {
        fmt::print("{}", vireo::daemon::usage());
        return 0;
    }
    if (configuration->show_version) {
        fmt::print("vireod {}\n", VIREO_VERSION);
        return 0;
    }
    vireo::log::set_level(configuration->log_level);
    return serve(std::move(*configuration));
}
