// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/prepare.hpp"

#include "firmware/choice.hpp"
#include "firmware/firmware_file.hpp"
#include "firmware/nvram_transaction.hpp"
#include "firmware/resolve.hpp"
#include "firmware/start_store.hpp"
#include "support/clock.hpp"
#include "support/log.hpp"

#include <sys/stat.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

struct Opened {
    OpenFile code;
    std::optional<StartedStore> store;
};

bool same_file(const fs::path& a, const fs::path& b) {
    struct stat left{}, right{};
    if (a.empty() || b.empty() || ::stat(a.c_str(), &left) || ::stat(b.c_str(), &right)) return false;
    return left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

// A guest that writes into the template would hand its settings and keys to all guests that come after.
Result<> check_distinct(const Request& request) {
    auto& store = request.store->path;
    if (same_file(store, request.template_path))
        return fail(Errc::invalid_config, "the variable store ", store.string(), " is the template itself");
    if (same_file(store, request.code))
        return fail(Errc::invalid_config, "the variable store ", store.string(), " is the firmware's code");
    return {};
}

Failure nothing_to_reset(const Request& request) {
    std::string_view why = request.kind != Request::Kind::flash ? "it does not boot from flash"
                           : request.code_writable              ? "its flash holds code and variables in one file"
                                                                : "its firmware is stateless";
    return Failure(Error(Errc::not_applicable, "the domain has no variable store to reset: " + std::string(why))
                       .with_hint("start it without reset-nvram"));
}

Result<> open_store_too(const Request& request, const Touched& touched, Opened& out) {
    if (!request.store) return {};
    if (auto ok = check_distinct(request); !ok) return ok;
    auto store = start_store(request, out.code.size, touched);
    if (!store) return Failure(store.error());
    out.store = std::move(*store);
    return {};
}

Result<Opened> open_all(const Request& request, const Touched& touched) {
    Opened opened;
    bool flash = request.kind == Request::Kind::flash,
         json = request.store && request.store->format == StoreFormat::json;
    if (request.reset && (!request.store || !(flash || json))) return nothing_to_reset(request);
    if (request.kind == Request::Kind::none) return opened;
    if (request.kind == Request::Kind::rom) {
        if (auto ok = check_rom(request.code); !ok) return Failure(ok.error());
        if (!json) return opened;
    } else {
        auto code = open_code(request.code, request.code_format,
                              request.code_writable ? Access::read_write : Access::read_only);
        if (!code) return Failure(code.error());
        opened.code = std::move(*code);
    }
    if (auto ok = open_store_too(request, touched, opened); !ok) return Failure(ok.error());
    return opened;
}

// A reset that waits again comes before its store is back: see pending_reset.hpp.
Result<> undo(const StoreSpec& spec, const fs::path& folder) {
    auto waits = folder.empty() ? Result<>() : unstage_pending(folder, spec.steps);
    auto back = undo_store(spec);
    return back ? waits : back;
}

Task<> undo_later(Blocking& blocking, StoreSpec spec, fs::path folder, Touched touched) {
    if (!*touched) co_return;
    auto job = [spec = std::move(spec), folder = std::move(folder)](std::stop_token) { return undo(spec, folder); };
    auto done = co_await blocking.call(std::move(job));
    take(std::move(done));
}

}  // namespace

std::string_view to_string(StoreOutcome outcome) noexcept {
    switch (outcome) {
        case StoreOutcome::not_applicable:
            return "not-applicable";
        case StoreOutcome::kept:
            return "kept";
        case StoreOutcome::created:
            return "created";
        case StoreOutcome::reset:
            return "reset";
    }
    return {};
}

Request request_for(const model::Domain& domain, const fs::path& data, bool reset) {
    Request request;
    request.reset = reset;
    request.architecture = domain.os.type.arch.empty() ? host_architecture() : domain.os.type.arch;
    auto& loader = domain.os.loader;
    if (!loader || loader->path.empty()) return request;
    request.code = loader->path;
    request.code_format = loader->format.value_or(Format::raw);
    request.kind = loader->type == model::Loader::Type::pflash ? Request::Kind::flash : Request::Kind::rom;
    request.code_writable = request.kind == Request::Kind::flash && loader->readonly != true;
    bool json = request.kind == Request::Kind::rom && domain.os.varstore;
    bool flash = request.kind == Request::Kind::flash && !request.code_writable && domain.os.nvram;
    if (!json && !flash) return request;
    auto site = site_of(domain, data);
    if (!site) return request;
    request.store = std::move(site->store);
    request.template_path = std::move(site->template_path);
    request.template_format = site->template_format;
    request.folder = std::move(site->folder);
    request.time_usec = static_cast<std::int64_t>(now_usec());
    return request;
}

Task<PreparedFirmware> prepare(Blocking& blocking, Request request, Rollback& rollback) {
    auto touched = std::make_shared<std::atomic<bool>>(false);
    if (request.store) {
        auto back = [&blocking, spec = *request.store, folder = request.folder, touched] {
            return undo_later(blocking, spec, folder, touched);
        };
        rollback.add("bring back the variable store", std::move(back));
    }
    auto job = [&request, touched](std::stop_token) { return open_all(request, touched); };
    auto result = co_await blocking.call(std::move(job));
    auto opened = take(std::move(result));
    PreparedFirmware prepared;
    prepared.kind = request.kind;
    if (request.kind == Request::Kind::rom) prepared.rom = request.code;
    prepared.code = std::move(opened.code.fd);
    prepared.code_format = request.code_format;
    prepared.code_writable = request.code_writable;
    if (opened.store) {
        prepared.nvram = std::move(opened.store->fd);
        prepared.nvram_format = request.store->format;
        prepared.report = std::move(opened.store->report);
        prepared.outcome = prepared.report.outcome;
        prepared.unsynchronised_ = std::move(opened.store->unsynchronised);
        prepared.blocking_ = &blocking;
        prepared.store_ = std::move(request.store);
        prepared.folder_ = std::move(request.folder);
    }
    co_return prepared;
}

namespace {

// In this order: the old store stays until its backup is safe, and until the reset no longer waits.
Result<> finish(const StoreSpec& spec, const fs::path& folder, bool made, bool was_pending,
                const std::shared_ptr<History>& history) {
    if (history)
        if (auto ok = history->sync(); !ok) log::warning("the last backup may be lost: {}", ok.error().what());
    if (was_pending)
        if (auto ok = commit_pending(folder, spec.steps); !ok) return ok;
    return made ? commit_store(spec) : Result<>();
}

}  // namespace

Task<> PreparedFirmware::commit() {
    bool made = outcome == StoreOutcome::created || outcome == StoreOutcome::reset;
    if (!made && !unsynchronised_) co_return;
    auto job = [spec = *store_, folder = folder_, made, pending = report.pending.has_value(),
                history = unsynchronised_](std::stop_token) { return finish(spec, folder, made, pending, history); };
    auto done = co_await blocking_->call(std::move(job));
    unsynchronised_.reset();
    take(std::move(done));
}

Result<> check(const Request& request) {
    if (request.reset && !request.store) return nothing_to_reset(request);
    if (request.kind == Request::Kind::none) return {};
    if (request.kind == Request::Kind::rom) return check_rom(request.code);
    auto code =
        open_code(request.code, request.code_format, request.code_writable ? Access::read_write : Access::read_only);
    if (!code) return Failure(code.error());
    if (!request.store) return {};
    if (auto ok = check_distinct(request); !ok) return ok;
    const auto site = site_of(request);
    if (request.reset) {
        auto plan = plan_reset(site, request.reset_classes, request.reset_keep, false);
        return plan ? Result<>() : Failure(plan.error());
    }
    auto seen = view(site);
    if (!seen) return Failure(seen.error());
    if (seen->exists) return {};  // whether it fits is the start's to say: it may be about to be migrated to this code
    auto plan = plan_reset(site, VariableClasses::all(), {}, false);
    return plan ? Result<>() : Failure(plan.error());
}

Task<std::vector<Result<Recovered>>> recover(Blocking& blocking, std::vector<Leftover> leftovers) {
    auto job = [&leftovers](std::stop_token) {
        std::vector<Result<Recovered>> results;
        for (auto& leftover : leftovers) {
            results.push_back(recover_store(leftover.spec, leftover.started));
            if (!results.back())
                log::error("cannot recover {}: {}", leftover.spec.path.string(), results.back().error().what());
        }
        return results;
    };
    co_return co_await blocking.call(std::move(job));
}

}  // namespace vireo::firmware
