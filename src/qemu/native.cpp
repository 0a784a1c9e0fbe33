// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/native.hpp"

#include "qemu/aliases.hpp"
#include "qemu/assign.hpp"
#include "qemu/newest_known.hpp"

#include <algorithm>
#include <string_view>

namespace vireo::qemu {
namespace {

std::string shell_word(std::string_view word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
    if (!word.empty() && word.find_first_not_of(plain) == word.npos) return std::string(word);
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    return out += '\'';
}

}  // namespace

Result<Native> to_native(model::Domain domain, const Capabilities& capabilities) {
    if (auto done = complete(domain, capabilities); !done) return Failure(done.error());
    if (auto done = assign_aliases(domain); !done) return Failure(done.error());
    auto line = build_command_line(domain, capabilities, Resources::for_display(domain));
    if (!line) return Failure(line.error());
    return Native{std::move(domain), std::move(*line)};
}

Result<Native> to_native(model::Domain domain) {
    const auto capabilities = newest_known(domain);
    if (!capabilities)
        return fail(Errc::unsupported, "no QEMU runs guests of the architecture '", domain.os.type.arch, "'");
    return to_native(std::move(domain), *capabilities);
}

std::string shell_text(const CommandLine& line) {
    std::string out;
    for (const auto& variable : line.env) {
        const auto equals = std::min(variable.find('='), variable.size() - 1);
        out += variable.substr(0, equals + 1) + shell_word(std::string_view(variable).substr(equals + 1)) + " \\\n";
    }
    for (std::size_t i = 0; i < line.argv.size(); ++i) {
        if (i) out += line.argv[i].starts_with('-') ? " \\\n" : " ";
        out += shell_word(line.argv[i]);
    }
    return out += '\n';
}

}  // namespace vireo::qemu
