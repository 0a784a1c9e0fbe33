// SPDX-License-Identifier: LGPL-2.1-or-later
#include "state/lock.hpp"

#include "support/file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>

namespace vireo::state {
namespace {

constexpr std::chrono::milliseconds between_tries(10);

// False: somebody else has it. A file system that knows no locks (EBADF and others on network file systems) locks
// nothing, and does not stop us.
bool lock_until(int fd, std::chrono::steady_clock::time_point deadline) {
    while (::flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(between_tries);
    }
    return true;
}

std::string holder(int fd, const std::filesystem::path& name) {
    auto text = read_fd(fd, name, 64).value_or("");
    text.erase(std::ranges::find_if(text, [](char c) { return c < '0' || c > '9'; }), text.end());
    return text.empty() ? "another process" : "process " + text;
}

Failure in_use(const std::filesystem::path& folder, const std::string& by) {
    return Failure(Error(Errc::busy, "another vireod is already running here: " + by + " uses " + folder.string())
                       .with_hint("Stop that one first, or give this one other folders."));
}

}  // namespace

Result<Lock> Lock::take(const Layout& layout, std::chrono::milliseconds patience) {
    auto deadline = std::chrono::steady_clock::now() + patience;
    auto path = layout.run / "vireod.lock";
    auto run = open_regular_file(path, O_RDWR | O_CREAT, 0600);
    if (!run) return Failure(run.error().wrap("cannot make sure that no other vireod runs here"));
    if (!lock_until(run->get(), deadline)) return in_use(layout.run, holder(run->get(), path));
    auto definitions = open_file(layout.definitions, O_RDONLY | O_DIRECTORY);
    if (!definitions) return Failure(definitions.error());
    if (!lock_until(definitions->get(), deadline)) return in_use(layout.definitions, "another process");
    auto text = std::to_string(::getpid()) + "\n";
    if (::ftruncate(run->get(), 0)) return Failure(system_error(errno, "cannot write " + path.string()));
    if (auto written = write_all(run->get(), text, path); !written) return Failure(written.error());
    return Lock(std::move(*run), std::move(*definitions));
}

}  // namespace vireo::state
