// SPDX-License-Identifier: LGPL-2.1-or-later
// The console of a guest in this terminal, or as a stream for scripts.
#include "cli/common.hpp"
#include "cli/groups.hpp"
#include "cli/interrupt.hpp"
#include "cli/table.hpp"
#include "cli/terminal.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vireo::cli {
namespace {

constexpr std::size_t typed_ahead = 64u << 10;  // what the guest has not taken yet

// "^]", "^A" or one character.
char parse_escape(const std::string& text, const Verb* verb) {
    if (text.size() == 1) return text[0];
    if (text.size() == 2 && text[0] == '^' &&
        ((text[1] >= '@' && text[1] <= '_') || (text[1] >= 'a' && text[1] <= 'z')))
        return static_cast<char>(text[1] & 0x1f);
    throw UsageError{"--escape is a character or ^ and a letter, such as ^], not '" + text + "'", verb};
}

std::string escape_text(char key) {
    if (key >= 0x20) return std::string(1, key);
    return std::string("Ctrl+") + static_cast<char>(key + 0x40);
}

// Whether a text came by, also across the borders of what was read.
class Watcher {
public:
    explicit Watcher(std::optional<std::string> text) : text_(std::move(text)) {}
    bool saw(std::string_view bytes) {
        if (!text_) return false;
        tail_ += bytes;
        if (tail_.find(*text_) != tail_.npos) return true;
        if (tail_.size() > text_->size()) tail_.erase(0, tail_.size() - text_->size());
        return false;
    }

private:
    std::optional<std::string> text_;
    std::string tail_;
};

enum class End { none, escape, guest, found, time, closed };

class Pump {
public:
    Pump(UniqueFd console, const ConsoleSession& session, bool terminal)
        : console_(std::move(console)), session_(session), terminal_(terminal), watcher_(session.until) {
        ::fcntl(console_.get(), F_SETFL, ::fcntl(console_.get(), F_GETFL) | O_NONBLOCK);
        typing_ = ::fcntl(STDIN_FILENO, F_GETFD) >= 0;
    }
    End run() {
        End end = End::none;
        while (end == End::none) end = step();
        return end;
    }

private:
    End step() {
        bool take_input = typing_ && to_guest_.size() < typed_ahead;
        std::array<pollfd, 2> files = {
            {{console_.get(), static_cast<short>(to_guest_.empty() ? POLLIN : POLLIN | POLLOUT), 0},
             {take_input ? STDIN_FILENO : -1, POLLIN, 0}}};
        if (!wait_for(files.data(), 2, session_.deadline)) return End::time;
        if (files[1].revents && !take_keys()) return End::escape;
        if (!to_guest_.empty()) write_guest();
        if (files[0].revents & (POLLIN | POLLHUP | POLLERR)) return read_guest();
        return End::none;
    }

    bool take_keys() {
        char keys[4096];
        auto n = ::read(STDIN_FILENO, keys, sizeof keys);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
        if (n <= 0) {
            typing_ = false;  // a script's input has ended: the guest may still have something to say
            return true;
        }
        std::string_view typed(keys, static_cast<std::size_t>(n));
        auto escape = terminal_ ? typed.find(session_.escape) : typed.npos;
        to_guest_ += typed.substr(0, escape);
        return escape == typed.npos;
    }

    void write_guest() {
        auto n = ::write(console_.get(), to_guest_.data(), to_guest_.size());
        if (n > 0) to_guest_.erase(0, static_cast<std::size_t>(n));
        if (n < 0 && errno != EAGAIN && errno != EINTR) to_guest_.clear(), typing_ = false;
    }

    End read_guest() {
        char bytes[16384];
        auto n = ::read(console_.get(), bytes, sizeof bytes);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return End::none;
        if (n <= 0) return End::guest;  // EIO: a pseudo-terminal whose other end has gone
        std::string_view text(bytes, static_cast<std::size_t>(n));
        if (!show(text)) return End::closed;
        return watcher_.saw(text) ? End::found : End::none;
    }

    static bool show(std::string_view text) {
        while (!text.empty()) {
            auto n = ::write(STDOUT_FILENO, text.data(), text.size());
            if (n < 0 && errno == EAGAIN) {
                pollfd out{STDOUT_FILENO, POLLOUT, 0};
                wait_for(&out, 1, {});
                continue;
            }
            if (n < 0 && errno != EINTR) return false;
            if (n < 0) throw_if_interrupted();
            if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }

    UniqueFd console_;
    const ConsoleSession& session_;
    bool terminal_, typing_ = false;
    std::string to_guest_;
    Watcher watcher_;
};

End pump_in_terminal(Context& context, UniqueFd console, const ConsoleSession& session) {
    bool terminal = ::isatty(STDIN_FILENO);
    if (terminal && !context.has("quiet"))
        context.warn(fmt::format("The console of '{}'. {} ends it.", session.domain, escape_text(session.escape)));
    RawTerminal raw(STDIN_FILENO);
    return Pump(std::move(console), session, terminal).run();
}

int open(Context& context) {
    auto session = console_session(context, context.operand(0));
    api::ConsoleOptions options;
    if (!session.device.empty()) options.device = session.device;
    options.force = context.flag("force");
    api::DomainClient domain(context.connection(), context.operand(0));
    return run_console(context, domain.open_console(options), session);
}

int consoles(Context& context) {
    auto all = api::DomainClient(context.connection(), context.operand(0)).list_consoles();
    if (context.json()) return context.print_json(as_json(all)), Exit::success;
    Table table({"Device", "Kind", "Terminal"});
    for (auto& one : all) table.add({one.device, one.kind, one.path.value_or("-")});
    context.print(table.text());
    return Exit::success;
}

const Operand running[] = {{"DOMAIN", Kind::active_domain, true}};
const Operand any[] = {{"DOMAIN", Kind::domain, true}};
const Option options[] = {
    {"device", "DEVICE", Kind::device, "Which one, as 'vireo consoles' names it; the first by default."},
    {"force", nullptr, Kind::none, "Take it over from whoever has it open."},
    {"escape", "KEY", Kind::text, "The key that ends the session: a character, or ^ and a letter. Default: ^]."},
    {"until", "TEXT", Kind::text, "End with success when the guest has written this; for scripts."},
    {"timeout", "SECONDS", Kind::number, "End after this time; with --until that is a failure (exit status 7)."},
};
const Verb verbs[] = {
    {"console", nullptr, "Use a guest's serial console",
     "In a terminal each key goes to the guest, Ctrl+C too, until the escape key ends the session. When standard input "
     "is no terminal, it is sent as it is, and the session ends with the guest.",
     running, options, open},
    {"consoles", nullptr, "List a domain's serial consoles", "", any, {}, consoles},
};

}  // namespace

ConsoleSession console_session(const Context& context, std::string domain) {
    ConsoleSession session;
    session.domain = std::move(domain);
    session.device = context.arguments.value("device").value_or("");
    if (auto key = context.arguments.value("escape")) session.escape = parse_escape(*key, context.arguments.verb());
    session.until = context.arguments.value("until");
    if (session.until && session.until->empty()) throw UsageError{"--until needs a text", context.arguments.verb()};
    if (auto limit = context.arguments.microseconds("timeout"))
        session.deadline = Clock::now() + std::chrono::microseconds(*limit);
    return session;
}

int run_console(Context& context, UniqueFd console, const ConsoleSession& session) {
    auto end = pump_in_terminal(context, std::move(console), session);
    if (::isatty(STDOUT_FILENO)) context.print("\n");
    auto until = session.until.value_or("");
    if (end == End::time && session.until)
        throw Error(Errc::timeout, fmt::format("the guest '{}' did not write '{}' in time", session.domain, until));
    if (end == End::guest && session.until)
        throw Error(Errc::hypervisor_failed,
                    fmt::format("the console of '{}' ended before the guest wrote '{}'", session.domain, until));
    if (end == End::guest && !context.has("quiet")) context.warn("The console has ended.");
    return Exit::success;
}

Group console_group() {
    return {"Consoles", verbs};
}

}  // namespace vireo::cli
