// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/prepare.hpp"

#include "firmware/choice.hpp"
#include "firmware/firmware_file.hpp"
#include "firmware/resolve.hpp"
#include "support/log.hpp"

#include <sys/stat.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

struct Opened {
    OpenFile code;
    std::optional<OpenStore> store;
    StoreOutcome outcome = StoreOutcome::not_applicable;
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

Result<> check_sizes(const Request& request, std::uint64_t code, std::uint64_t store, const fs::path& file) {
    auto ok = check_pair(code, store, request.architecture);
    if (ok) return ok;
    return Failure(
        ok.error()
            .wrap("the firmware " + request.code.string() + " cannot work with the variable store in " + file.string())
            .with_object(file.string())
            .with_hint("use the template that belongs to this firmware, and start with reset-nvram if the store was "
                       "made from another"));
}

Result<> check_template_named(const Request& request) {
    auto& file = request.template_path;
    if (file.empty())
        return Failure(
            Error(Errc::invalid_config, "no template is known for the variable store " + request.store->path.string())
                .with_hint("name one with <nvram template='…'>"));
    auto from = model::to_string(request.template_format), to = model::to_string(request.store->format);
    if (from == to) return {};
    return fail(Errc::unsupported, "the template ", file.string(), " is ", from, ", but the variable store is to be ",
                to);
}

Result<Template> checked_template(const Request& request, std::uint64_t code) {
    if (auto ok = check_template_named(request); !ok) return Failure(ok.error());
    auto content = read_template(request.template_path, request.template_format);
    if (!content) return content;
    if (auto ok = check_sizes(request, code, content->image.size, request.template_path); !ok)
        return Failure(ok.error());
    return content;
}

Result<> open_flash_store(const Request& request, const Touched& touched, Opened& out) {
    if (auto ok = check_distinct(request); !ok) return ok;
    if (!request.reset) {
        auto store = open_store(*request.store);
        if (!store) return Failure(store.error());
        if (*store) {
            out.store = std::move(**store);
            out.outcome = StoreOutcome::kept;
            return check_sizes(request, out.code.size, out.store->image.size, request.store->path);
        }
    }
    auto content = checked_template(request, out.code.size);
    if (!content) return Failure(content.error());
    auto store = request.reset ? reset_store(*request.store, content->content, touched)
                               : create_store(*request.store, content->content, touched);
    if (!store) return Failure(store.error());
    out.outcome = store->replaced ? StoreOutcome::reset : StoreOutcome::created;
    out.store = std::move(*store);
    return {};
}

Failure nothing_to_reset(const Request& request) {
    std::string_view why = request.kind != Request::Kind::flash ? "it does not boot from flash"
                           : request.code_writable              ? "its flash holds code and variables in one file"
                                                                : "its firmware is stateless";
    return Failure(Error(Errc::unsupported, "the domain has no variable store to reset: " + std::string(why))
                       .with_hint("start it without reset-nvram"));
}

Result<Opened> open_all(const Request& request, const Touched& touched) {
    Opened opened;
    if (request.reset && !request.store) return nothing_to_reset(request);
    if (request.kind == Request::Kind::none) return opened;
    if (request.kind == Request::Kind::rom) {
        auto ok = check_rom(request.code);
        return ok ? Result<Opened>(std::move(opened)) : Failure(ok.error());
    }
    auto code =
        open_code(request.code, request.code_format, request.code_writable ? Access::read_write : Access::read_only);
    if (!code) return Failure(code.error());
    opened.code = std::move(*code);
    if (!request.store) return opened;
    if (auto ok = open_flash_store(request, touched, opened); !ok) return Failure(ok.error());
    return opened;
}

Task<> undo_later(Blocking& blocking, StoreSpec spec, Touched touched) {
    if (!*touched) co_return;
    auto job = [spec = std::move(spec)](std::stop_token) { return undo_store(spec); };
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
    if (request.kind != Request::Kind::flash || request.code_writable || !domain.os.nvram) return request;
    request.store = store_of(domain, data);
    request.template_path = domain.os.nvram->template_path;
    request.template_format = store_format(domain.os.nvram->template_format.value_or(Format::raw));
    return request;
}

Task<PreparedFirmware> prepare(Blocking& blocking, Request request, Rollback& rollback) {
    auto touched = std::make_shared<std::atomic<bool>>(false);
    if (request.store) {
        auto undo = [&blocking, spec = *request.store, touched] { return undo_later(blocking, spec, touched); };
        rollback.add("bring back the variable store", std::move(undo));
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
    prepared.outcome = opened.outcome;
    if (opened.store) {
        prepared.nvram = std::move(opened.store->fd);
        prepared.nvram_format = request.store->format;
        prepared.blocking_ = &blocking;
        prepared.store_ = std::move(request.store);
    }
    co_return prepared;
}

Task<> PreparedFirmware::commit() {
    if (outcome != StoreOutcome::created && outcome != StoreOutcome::reset) co_return;
    auto job = [spec = *store_](std::stop_token) { return commit_store(spec); };
    auto done = co_await blocking_->call(std::move(job));
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
    std::error_code ignored;
    if (!request.reset && fs::exists(request.store->path, ignored)) return {};
    if (auto ok = check_template_named(request); !ok) return ok;
    auto size = inspect_template(request.template_path, request.template_format);
    if (!size) return Failure(size.error());
    return check_sizes(request, code->size, *size, request.template_path);
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
