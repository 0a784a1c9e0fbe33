// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/console.hpp"

#include "support/notifier.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

namespace vireo::domain {
namespace {

constexpr std::string_view terminals = "/dev/pts/";
constexpr std::size_t client_bytes = 1u << 20;  // a client that does not read loses the oldest beyond this

Result<UniqueFd> open_terminal(const std::string& path, uid_t owner) {
    auto number = std::string_view(path).substr(std::min(path.size(), terminals.size()));
    bool plausible = path.starts_with(terminals) && !number.empty() &&
                     std::ranges::all_of(number, [](unsigned char c) { return std::isdigit(c); });
    if (!plausible)
        return fail(Errc::hypervisor_failed, "QEMU names '", path.substr(0, 100),
                    "' as a pseudo-terminal, which it is not");
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return Failure(system_error(errno, "cannot open the console " + path));
    struct stat status{};
    if (::fstat(fd.get(), &status)) return Failure(system_error(errno, "cannot look at the console " + path));
    if (!S_ISCHR(status.st_mode) || status.st_uid != owner)
        return fail(Errc::access_denied, "the console ", path, " does not belong to the guest's QEMU");
    termios raw{};
    if (::tcgetattr(fd.get(), &raw)) return Failure(system_error(errno, path + " is not a terminal"));
    ::cfmakeraw(&raw);  // else the kernel would echo the guest's output back to it
    ::tcsetattr(fd.get(), TCSANOW, &raw);
    return fd;
}

}  // namespace

struct Console::Client {
    Client(const Executor& executor, int fd) : socket(executor, asio::local::stream_protocol(), fd), more(executor) {}
    asio::local::stream_protocol::socket socket;
    std::string out;
    Notifier more;
};

Result<std::shared_ptr<Console>> Console::open(Executor executor, std::string path, uid_t owner) {
    auto terminal = open_terminal(path, owner);
    if (!terminal) return Failure(terminal.error());
    std::shared_ptr<Console> console(new Console(executor, std::move(path), std::move(*terminal)));
    console->tasks_.spawn(console->read_guest(console));
    return console;
}

Console::Console(Executor executor, std::string path, UniqueFd terminal)
    : executor_(executor),
      path_(std::move(path)),
      terminal_(executor, terminal.release()),
      tasks_(executor, TaskGroup::OnError::report) {}
Console::~Console() = default;

void Console::close() {
    tasks_.cancel();
    boost::system::error_code ignored;
    terminal_.close(ignored);
    if (client_) client_->socket.close(ignored);
    client_.reset();
}

void Console::keep(std::string_view bytes) {
    kept_.append(bytes);
    if (kept_.size() > 2 * kept_bytes) kept_.erase(0, kept_.size() - kept_bytes);
    if (!client_) return;
    client_->out.append(bytes);
    if (client_->out.size() > client_bytes) client_->out.erase(0, client_->out.size() - client_bytes);
    client_->more.notify_all();
}

Task<> Console::read_guest(std::shared_ptr<Console> self) {
    std::array<char, 4096> buffer;
    for (;;) {
        auto [error, n] = co_await terminal_.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
        if (error) co_return;  // QEMU closed its side: the guest is gone
        keep({buffer.data(), n});
    }
    (void)self;
}

Result<UniqueFd> Console::attach(bool force) {
    if (client_ && !force)
        return Failure(Error(Errc::busy, "the console is open already").with_hint("take it over with --force"));
    if (client_) detach(client_);
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends))
        return Failure(system_error(errno, "cannot open the console"));
    UniqueFd theirs(ends[1]);
    ::fcntl(theirs.get(), F_SETFL, 0);  // the client expects a blocking descriptor
    client_ = std::make_shared<Client>(executor_, ends[0]);
    client_->out = kept_.size() > kept_bytes ? kept_.substr(kept_.size() - kept_bytes) : kept_;
    tasks_.spawn(write_client(client_));
    tasks_.spawn(read_client(shared_from_this(), client_));
    return theirs;
}

void Console::detach(const std::shared_ptr<Client>& client) {
    boost::system::error_code ignored;
    client->socket.close(ignored);
    client->more.notify_all();
    if (client_ == client) client_.reset();
}

Task<> Console::write_client(std::shared_ptr<Client> client) {
    while (client->socket.is_open()) {
        while (client->out.empty() && client->socket.is_open()) co_await client->more.wait();
        auto bytes = std::exchange(client->out, {});
        auto [error, n] =
            co_await asio::async_write(client->socket, asio::buffer(bytes), asio::as_tuple(asio::use_awaitable));
        if (error) co_return;  // read_client sees the end too
    }
}

Task<> Console::read_client(std::shared_ptr<Console> self, std::shared_ptr<Client> client) {
    std::array<char, 4096> buffer;
    for (;;) {
        auto [error, n] =
            co_await client->socket.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
        if (error) break;
        auto [written, m] =
            co_await asio::async_write(terminal_, asio::buffer(buffer.data(), n), asio::as_tuple(asio::use_awaitable));
        if (written) break;
    }
    self->detach(client);
}

}  // namespace vireo::domain
