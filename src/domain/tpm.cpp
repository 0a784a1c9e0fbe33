// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/tpm.hpp"

#include "domain/auxiliary.hpp"
#include "domain/domain.hpp"
#include "host/programs.hpp"
#include "model/domain_xml.hpp"
#include "support/clock.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>

namespace vireo::domain {
namespace {

constexpr const char* made_key = "tpm-made";
constexpr const char* setup_configuration = "/etc/swtpm_setup.conf";

std::string banks_of(const model::PcrBanks& banks) {
    std::string text;
    auto add = [&](bool active, const char* name) {
        if (active) text += (text.empty() ? "" : ",") + std::string(name);
    };
    add(banks.sha1, "sha1");
    add(banks.sha256, "sha256");
    add(banks.sha384, "sha384");
    add(banks.sha512, "sha512");
    return text;
}

bool is_tpm2(const model::TpmBackend& backend) {
    return backend.version != model::TpmBackend::Version::v1_2;
}

// "key = value" in a file of swtpm's; empty when it is not there.
std::string setting(const std::string& text, std::string_view key) {
    std::string_view rest = text;
    while (!rest.empty()) {
        auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        auto equals = line.find('=');
        if (equals == line.npos) continue;
        auto trim = [](std::string_view part) {
            while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
            while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
            return part;
        };
        if (trim(line.substr(0, equals)) == key) return std::string(trim(line.substr(equals + 1)));
    }
    return {};
}

bool may_write(const std::string& folder, const std::optional<host::Account>& account) {
    if (!account) return ::access(folder.c_str(), W_OK | X_OK) == 0;
    struct stat status{};
    if (::stat(folder.c_str(), &status)) return false;
    if (status.st_uid == account->uid) return (status.st_mode & 0300) == 0300;
    if (status.st_gid == account->gid || std::ranges::find(account->groups, status.st_gid) != account->groups.end())
        return (status.st_mode & 0030) == 0030;
    return (status.st_mode & 0003) == 0003;
}

firmware::Disposal firmware_word(NvramDisposal how) {
    switch (how) {
        case NvramDisposal::trash:
            return firmware::Disposal::trash;
        case NvramDisposal::keep:
            return firmware::Disposal::keep;
        case NvramDisposal::remove:
            return firmware::Disposal::remove;
    }
    return firmware::Disposal::keep;
}

}  // namespace

Result<TpmPrograms> find_tpm_programs() {
    TpmPrograms programs;
    auto emulator = host::find_program("swtpm", "swtpm");
    if (!emulator) return Failure(emulator.error().wrap("an emulated TPM needs swtpm"));
    auto setup = host::find_program("swtpm_setup", "swtpm-tools");
    if (!setup) return Failure(setup.error().wrap("a new emulated TPM needs swtpm_setup"));
    programs.emulator = std::move(*emulator);
    programs.setup = std::move(*setup);
    return programs;
}

Command tpm_command(const TpmPrograms& programs, const model::TpmBackend& backend, const firmware::TpmPlace& place) {
    Command command;
    command.argv = {programs.emulator.string(),
                    "socket",
                    "--ctrl",
                    fmt::format("type=unixio,clientfd={}", channel_fd),
                    "--tpmstate",
                    fmt::format("backend-uri={},mode=0600", place.uri()),
                    "--terminate"};
    command.folder = place.folder();
    if (is_tpm2(backend)) command.argv.emplace_back("--tpm2");
    if (backend.debug) {
        command.argv.emplace_back("--log");
        command.argv.push_back(fmt::format("fd={},level={}", auxiliary_log_fd, *backend.debug));
    }
    return command;
}

Command tpm_setup_command(const TpmPrograms& programs, const model::TpmBackend& backend,
                          const firmware::TpmPlace& place, bool certificates) {
    const auto made = place.workshop();
    Command command;
    command.argv = {programs.setup.string(),
                    "--tpm-state",
                    made.uri(),
                    "--tpm",
                    programs.emulator.string() + " socket",
                    "--createek",
                    "--lock-nvram",
                    "--not-overwrite"};
    command.folder = made.folder();
    if (is_tpm2(backend)) command.argv.emplace_back("--tpm2");
    if (certificates) command.argv.insert(command.argv.end(), {"--create-ek-cert", "--create-platform-cert"});
    if (backend.profile) {
        const auto& given = backend.profile->source;
        command.argv.insert(command.argv.end(), {"--profile-name", given.empty() ? backend.profile->name : given});
        if (auto removal = backend.profile->remove_disabled)
            command.argv.insert(command.argv.end(), {"--profile-remove-disabled", std::string(to_string(*removal))});
    }
    if (is_tpm2(backend) && backend.active_pcr_banks)
        if (auto banks = banks_of(*backend.active_pcr_banks); !banks.empty())
            command.argv.insert(command.argv.end(), {"--pcr-banks", banks});
    return command;
}

Command tpm_banks_command(const TpmPrograms& programs, const model::TpmBackend& backend,
                          const firmware::TpmPlace& place) {
    Command command;
    command.argv = {programs.setup.string(),
                    "--tpm-state",
                    place.uri(),
                    "--tpm",
                    programs.emulator.string() + " socket",
                    "--tpm2",
                    "--reconfigure",
                    "--pcr-banks",
                    banks_of(*backend.active_pcr_banks)};
    command.folder = place.folder();
    return command;
}

Result<> can_certify(const std::optional<host::Account>& account) {
    auto setup = read_file(setup_configuration, 64u << 10);
    if (!setup) return Failure(setup.error());
    auto authority = setting(*setup, "create_certs_tool_config");
    if (authority.empty()) return fail(Errc::unsupported, setup_configuration, " names no create_certs_tool_config");
    auto text = read_file(authority, 64u << 10);
    if (!text) return Failure(text.error());
    auto folder = setting(*text, "statedir");
    if (may_write(folder, account)) return {};
    return fail(Errc::access_denied, "the folder of the certificate authority, ", folder, ", cannot be written by ",
                account ? account->name : "this daemon");
}

Task<> Domain::import_tpm(std::filesystem::path folder) {
    if (!folder.is_absolute())
        throw Error(Errc::invalid_argument, "the folder '" + folder.string() + "' is no absolute path");
    auto guard = co_await turn({});
    if (active())
        throw Error(Errc::invalid_state, "domain " + name_ + " runs, and its TPM with it")
            .with_object(name_)
            .with_hint("shut it down first");
    auto text = take(xml(Kind::persistent));
    auto definition = take(model::parse_domain_xml(*text, model::ParseOptions{.lenient = true})).domain;
    auto place = firmware::tpm_place(definition, env_.layout.tpm);
    if (!place) throw Error(Errc::not_applicable, "domain " + name_ + " has no emulated TPM").with_object(name_);
    auto work = [place = *place, folder, owner = tpm_owner(env_.qemu_account)](std::stop_token) {
        return firmware::import_tpm(place, folder, owner);
    };
    auto done = co_await env_.pool.call(std::move(work));
    if (!done) throw done.error().with_object(name_);
}

std::optional<firmware::TpmOwner> tpm_owner(const std::optional<host::Account>& account) {
    if (!account) return std::nullopt;
    firmware::TpmOwner owner;
    owner.uid = account->uid;
    owner.gid = account->gid;
    return owner;
}

void set_tpm_made(state::Status& status) {
    status.extra[made_key] = true;
}
bool tpm_made(const state::Status& status) {
    auto* value = status.extra.if_contains(made_key);
    return value && value->is_bool() && value->get_bool();
}

Task<> plan_tpm_disposal(Environment& environment, std::string uuid, NvramDisposal how) {
    auto work = [tpms = environment.layout.tpm, uuid, how](std::stop_token) {
        return firmware::note_tpm_disposal(tpms, uuid, firmware_word(how));
    };
    take(co_await environment.pool.call(std::move(work)));
}

Task<> dispose_of_tpm(Environment& environment, std::string uuid, NvramDisposal how) {
    if (how == NvramDisposal::keep) co_return;
    auto work = [tpms = environment.layout.tpm, trash = environment.layout.data / "trash", uuid, how,
                 now = static_cast<std::int64_t>(now_usec())](std::stop_token) {
        return firmware::dispose_of_tpm(tpms, trash, uuid, firmware_word(how), now);
    };
    auto place = take(co_await environment.pool.call(std::move(work)));
    if (!place.empty()) log::info("the TPM's state of domain {} is in the trash now: {}", uuid, place.string());
}

Task<> dispose_of_transient_tpm(Environment& environment, const Running& run) {
    auto uuid = run.status.uuid;
    auto disposal = disposal_of(run.status, tpm_key);
    if (!disposal && tpm_made(run.status)) {
        auto definition = model::parse_domain_xml(*run.live_xml, model::ParseOptions{.lenient = true});
        const auto* tpm = definition ? firmware::emulated_tpm(definition->domain) : nullptr;
        if (tpm && tpm->backend.persistent_state != true) disposal = NvramDisposal::remove;
    }
    if (disposal) co_await dispose_of_tpm(environment, uuid, *disposal);
}

}  // namespace vireo::domain
