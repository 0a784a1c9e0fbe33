// SPDX-License-Identifier: LGPL-2.1-or-later
// Starting, stopping and what lies between.
#include "cli/common.hpp"
#include "cli/create.hpp"
#include "cli/groups.hpp"
#include "cli/interrupt.hpp"
#include "cli/nvram.hpp"

#include <boost/json/parse.hpp>

namespace vireo::cli {
namespace {

constexpr std::size_t longest_definition = 1u << 20;  // as the API's
const Operand domain_operand[] = {{"DOMAIN", Kind::active_domain, true}};
const Operand stopped_operand[] = {{"DOMAIN", Kind::inactive_domain, true}};
const Operand optional_file[] = {{"FILE", Kind::file, false}};

// The domain lives as long as this connection: stay until it stops, or until somebody ends this program.
void stay(Context& context, const std::string& path) {
    bool stopped = false;
    context.connection().on_event([&](std::string_view method, const json::object& params) {
        auto* domain = params.if_contains("domain");
        auto* event = params.if_contains("event");
        stopped |=
            method == "Domain.Lifecycle" && domain && event && *domain == json::value(path) && *event == "stopped";
    });
    api::ManagerClient(context.connection()).subscribe();
    auto active = [&] { return api::DomainClient(context.connection(), path).get_info().id >= 0; };
    if (!active()) return;
    context.say("It is destroyed when this command ends (Ctrl+C)");
    while (!stopped) context.connection().wait_event({});
}

int open_console(Context& context, const std::string& name, const std::string& path) {
    api::DomainClient domain(context.connection(), path);
    auto session = console_session(context, name);
    api::ConsoleOptions options;
    if (!session.device.empty()) options.device = session.device;
    std::exception_ptr failure;
    UniqueFd console;
    try {
        console = domain.open_console(options);
    } catch (const Error&) {
        failure = std::current_exception();
    }
    if (!context.has("paused")) domain.resume();  // also without its console: that is what was asked for
    if (failure) std::rethrow_exception(failure);
    return run_console(context, std::move(console), session);
}

int after_start(Context& context, JobWatch& watch, const api::ObjectPath& job, const std::string& name,
                const std::string& path) {
    int code = finish_job(context, watch, job, "Domain '" + name + "' started");
    if (code != Exit::success || context.has("no-wait")) return code;
    if (context.has("console")) return open_console(context, name, path);
    if (context.has("autodestroy")) stay(context, path);
    return code;
}

void check_start_options(const Context& context) {
    if (!context.has("no-wait")) return;
    for (auto* other : {"console", "autodestroy"})
        if (context.has(other))
            throw UsageError{"--no-wait and --" + std::string(other) + " contradict each other",
                             context.arguments.verb()};
}

template <class Options>
void take_reset_options(const Context& context, Options& options) {
    options.reset_nvram = context.flag("reset-nvram");
    options.reset_classes = classes_of(context, "reset-class");
    options.reset_keep = classes_of(context, "keep");
    options.confirm = list_of(context, "confirm");
    for (auto* other : {"reset-class", "keep"})
        if (context.has(other) && !options.reset_nvram)
            throw UsageError{"--" + std::string(other) + " goes with --reset-nvram", context.arguments.verb()};
}

int start_named(Context& context, const std::string& name) {
    api::StartOptions options;
    options.paused = context.has("console") ? std::optional(true) : context.flag("paused");
    take_reset_options(context, options);
    options.autodestroy = context.flag("autodestroy");
    options.if_revision = if_revision(context);
    JobWatch watch(context);
    auto path = api::ManagerClient(context.connection()).lookup_domain(name).value;
    auto job = api::DomainClient(context.connection(), path).start(options);
    return after_start(context, watch, job, name, path);
}

int start(Context& context) {
    check_start_options(context);
    return start_named(context, context.operand(0));
}

int create_new(Context& context) {
    auto name = define_new_domain(context);
    return name.empty() || context.has("no-start") ? static_cast<int>(Exit::success) : start_named(context, name);
}

int create(Context& context) {
    check_start_options(context);
    if (context.arguments.operands().empty()) return create_new(context);
    auto document = read_input(context.operand(0), longest_definition);
    api::CreateOptions options;
    options.paused = context.has("console") ? std::optional(true) : context.flag("paused");
    take_reset_options(context, options);
    options.autodestroy = context.flag("autodestroy");
    options.lenient = context.flag("lenient");
    if (auto what = context.arguments.value("nvram")) {
        options.nvram = api::nvram_disposal_from(*what);
        if (!options.nvram)
            throw UsageError{"--nvram is keep, trash or remove, not '" + *what + "'", context.arguments.verb()};
    }
    JobWatch watch(context);
    api::ManagerClient manager(context.connection());
    api::ObjectPath domain, job;
    if (looks_like_json(document)) {
        boost::system::error_code error;
        auto value = json::parse(document, error);
        if (error || !value.is_object())
            throw Error(Errc::invalid_config, "the definition is no JSON object: " + error.message());
        auto result = manager.create_domain(value.get_object(), options);
        domain = result.domain, job = result.job;
    } else {
        auto result = manager.create_domain_xml(document, options);
        domain = result.domain, job = result.job;
    }
    std::string name = json_name(domain.value);
    for (auto& one : manager.list_domains())
        if (one.domain == domain) name = one.name;
    return after_start(context, watch, job, name, domain.value);
}

api::ShutdownOptions shutdown_options_of(const Context& context) {
    api::ShutdownOptions options;
    options.wait = context.flag("wait");
    options.timeout_usec = context.arguments.microseconds("timeout");
    if (options.timeout_usec) options.wait = true;
    return options;
}

int shutdown(Context& context) {
    auto options = shutdown_options_of(context);
    JobWatch watch(context);
    auto job = api::DomainClient(context.connection(), context.operand(0)).shutdown(options);
    auto sentence = options.wait ? "' has shut down" : "' is being shut down";
    return finish_job(context, watch, job, "Domain '" + context.operand(0) + sentence);
}

int reboot(Context& context) {
    auto options = shutdown_options_of(context);
    JobWatch watch(context);
    auto job = api::DomainClient(context.connection(), context.operand(0)).reboot(options);
    auto sentence = options.wait ? "' has been rebooted" : "' is being rebooted";
    return finish_job(context, watch, job, "Domain '" + context.operand(0) + sentence);
}

int destroy(Context& context) {
    api::DestroyOptions options;
    options.graceful = context.flag("graceful");
    options.if_revision = if_revision(context);
    JobWatch watch(context);
    auto job = api::DomainClient(context.connection(), context.operand(0)).destroy(options);
    return finish_job(context, watch, job, "Domain '" + context.operand(0) + "' destroyed");
}

int change(Context& context, void (api::DomainClient::*call)(const api::ChangeOptions&), const char* done) {
    api::ChangeOptions options;
    options.if_revision = if_revision(context);
    api::DomainClient domain(context.connection(), context.operand(0));
    (domain.*call)(options);
    context.say("Domain '" + context.operand(0) + "' " + done);
    return Exit::success;
}
int reset(Context& context) {
    return change(context, &api::DomainClient::reset, "was reset");
}
int suspend(Context& context) {
    return change(context, &api::DomainClient::suspend, "suspended");
}
int resume(Context& context) {
    return change(context, &api::DomainClient::resume, "resumed");
}

constexpr Option paused = {"paused", nullptr, Kind::none, "Leave its processors stopped."};
constexpr Option reset_nvram = {"reset-nvram", nullptr, Kind::none, "Begin with the pristine UEFI variable store."};
constexpr Option reset_classes = {"reset-class", "CLASSES", Kind::text,
                                  "With --reset-nvram: only these; see 'vireo help nvram reset'."};
constexpr Option reset_keep = {"keep", "CLASSES", Kind::text, "With --reset-nvram: these stay as they are."};
constexpr Option autodestroy = {"autodestroy", nullptr, Kind::none,
                                "Destroy it when this command ends; the command stays until then."};
constexpr Option with_console = {"console", nullptr, Kind::none, "Open its console, from the first character on."};
constexpr Option device = {"device", "DEVICE", Kind::device, "With --console: which one."};
constexpr Option escape = {"escape", "KEY", Kind::text, "With --console: the key that ends it, such as ^]."};
constexpr Option until = {"until", "TEXT", Kind::text, "With --console: end when the guest has written this."};
constexpr Option time_limit = {"timeout", "SECONDS", Kind::number, "With --console: end after this time."};
constexpr Option wait = {"wait", nullptr, Kind::none, "Return when it runs; the default."};
constexpr Option no_wait = {"no-wait", nullptr, Kind::none, "Return at once; 'vireo job' shows the rest."};
constexpr Option lenient = {"lenient", nullptr, Kind::none, "Keep what Vireo does not honour instead of refusing it."};

const Option start_options[] = {
    paused, reset_nvram, reset_classes, reset_keep, confirm_option, autodestroy, with_console,
    device, escape,      until,         time_limit, wait,           no_wait,     if_revision_option};
// With a file, and without one.
std::vector<Option> all_create_options() {
    std::vector<Option> all = {
        paused,
        reset_nvram,
        reset_classes,
        reset_keep,
        confirm_option,
        {"nvram", "WHAT", Kind::text, "What becomes of its UEFI variable store when it stops: keep, trash or remove."},
        autodestroy,
        with_console,
        device,
        escape,
        until,
        time_limit,
        wait,
        no_wait,
        lenient,
    };
    for (auto& option : new_domain_options()) all.push_back(option);
    return all;
}
const std::vector<Option> create_options = all_create_options();
const Option shutdown_options[] = {
    {"wait", nullptr, Kind::none, "Return when the guest has done so, not when it was asked."},
    {"timeout", "SECONDS", Kind::number, "Wait so long, 60 by default; the guest goes on after it."},
    no_wait,
};
const Option destroy_options[] = {
    {"graceful", nullptr, Kind::none, "Let QEMU write out what it has, and do not force it."},
    no_wait,
    if_revision_option,
};
const Option change_options[] = {if_revision_option};

const Verb verbs[] = {
    {"start", nullptr, "Start a domain",
     "With --verbose each stage of the start is shown as it begins and ends, and the timeline after it.",
     stopped_operand, start_options, start},
    {"create", nullptr, "Start a domain from a file, or a new one from a few options",
     "FILE holds libvirt domain XML, or the JSON form of it; - is standard input. The domain is not stored, and gone "
     "when it stops. Without FILE the options describe a new domain, which is stored and started: vireo create --name "
     "web --memory 4G --disk 20G --cdrom debian.iso --os debian12. Its new disks and its seed are made in the images "
     "folder (/var/lib/vireo/images, or ~/.local/share/vireo/images).",
     optional_file, create_options, create},
    {"shutdown", nullptr, "Ask a guest to shut down", "", domain_operand, shutdown_options, shutdown},
    {"reboot", nullptr, "Ask a guest to shut down and start again", "", domain_operand, shutdown_options, reboot},
    {"reset", nullptr, "Press a domain's reset button", "", domain_operand, change_options, reset},
    {"destroy", nullptr, "Stop a domain as if its power were cut", "", domain_operand, destroy_options, destroy},
    {"suspend", nullptr, "Stop a domain's processors", "", domain_operand, change_options, suspend},
    {"resume", nullptr, "Let a domain's processors run again", "", domain_operand, change_options, resume},
};

}  // namespace

Group lifecycle_group() {
    return {"Running", verbs};
}

}  // namespace vireo::cli
