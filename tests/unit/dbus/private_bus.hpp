// SPDX-License-Identifier: LGPL-2.1-or-later
// A message bus of the test's own, in a temporary folder, and the session bus of this process; it ends with its owner,
// and also when the test dies.
#pragma once
#include "tests/support/folder.hpp"

#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace vireo::test {

class PrivateBus {
public:
    PrivateBus() {
        ::setenv("DBUS_SESSION_BUS_ADDRESS", address().c_str(), 1);
        start();
    }
    PrivateBus(const PrivateBus&) = delete;
    PrivateBus& operator=(const PrivateBus&) = delete;
    ~PrivateBus() { stop(); }

    std::string address() const { return "unix:path=" + socket(); }
    void start() {
        std::ofstream(folder_ / "bus.conf")
            << "<busconfig><type>session</type><listen>" << address()
            << "</listen><auth>EXTERNAL</auth><limit name='max_replies_per_connection'>50000</limit>"
            << "<policy context='default'><allow send_destination='*' eavesdrop='true'/><allow "
               "eavesdrop='true'/><allow own='*'/></policy></busconfig>";
        auto config = "--config-file=" + (folder_ / "bus.conf").string();
        auto parent = ::getpid();
        pid_ = ::fork();
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != parent) ::_exit(1);
            int quiet = ::open("/dev/null", O_WRONLY);
            ::dup2(quiet, 2);
            ::execlp("dbus-daemon", "dbus-daemon", "--nofork", "--nopidfile", "--nosyslog", config.c_str(), nullptr);
            ::_exit(127);
        }
        auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!answers()) {
            if (std::chrono::steady_clock::now() > limit) throw std::runtime_error("dbus-daemon does not start");
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }
    void stop() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        ::unlink(socket().c_str());
        pid_ = -1;
    }

private:
    std::string socket() const { return (folder_ / "bus").string(); }
    bool answers() const {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        std::strncpy(name.sun_path, socket().c_str(), sizeof name.sun_path - 1);
        int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool good = ::connect(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0;
        ::close(fd);
        return good;
    }
    Folder folder_;
    pid_t pid_ = -1;
};

}  // namespace vireo::test
