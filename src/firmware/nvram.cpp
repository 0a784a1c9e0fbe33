// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/nvram.hpp"

#include "firmware/choice.hpp"
#include "firmware/digest.hpp"
#include "firmware/identity.hpp"
#include "firmware/nvram_transaction.hpp"
#include "firmware/resolve.hpp"
#include "firmware/store_content.hpp"
#include "firmware/varstore_bytes.hpp"

namespace vireo::firmware {
namespace fs = std::filesystem;

std::optional<Site> site_of(const model::Domain& domain, const fs::path& data) {
    auto store = store_of(domain, data);
    if (!store) return std::nullopt;
    Site site;
    site.store = std::move(*store);
    site.architecture = domain.os.type.arch.empty() ? host_architecture() : domain.os.type.arch;
    site.folder = data / "nvram" / domain.uuid->to_string();
    if (domain.os.varstore) {
        site.template_path = domain.os.varstore->template_path;
        site.template_format = StoreFormat::json;
        return site;
    }
    site.template_path = domain.os.nvram->template_path;
    site.template_format = store_format(domain.os.nvram->template_format.value_or(Format::raw));
    site.code = domain.os.loader->path;
    site.code_format = domain.os.loader->format.value_or(Format::raw);
    auto copies = pinned_copies(data, domain);
    if (!copies.code.empty()) site.code = std::move(copies.code);
    if (!copies.store_template.empty()) site.template_path = std::move(copies.store_template);
    return site;
}

std::string_view why_no_store(const model::Domain& domain) noexcept {
    auto& loader = domain.os.loader;
    if (!loader || loader->path.empty()) return "it boots with the hypervisor's own firmware, which keeps no variables";
    if (loader->type != model::Loader::Type::pflash) return "it does not boot from flash";
    if (loader->readonly != true) return "its flash holds code and variables in one file";
    return "its firmware is stateless";
}

// ── looking ──

namespace {

struct Peek {
    bool exists = false, in_use = false;
    std::string file;
    std::int64_t modified_usec = 0;
};

std::int64_t modified_usec(const struct stat& status) {
    return std::int64_t{status.st_mtim.tv_sec} * 1'000'000 + status.st_mtim.tv_nsec / 1000;
}

Result<Peek> peek(const Site& site) {
    if (auto ok = check_reachable(site.store); !ok) return Failure(ok.error());
    auto folder = StoreFolder::open(site.store);
    if (!folder) return folder.error().code() == Errc::not_found ? Result<Peek>(Peek()) : Failure(folder.error());
    auto fd = folder->open_to_read(folder->store());
    if (!fd) return fd.error().code() == Errc::not_found ? Result<Peek>(Peek()) : Failure(fd.error());
    Peek seen;
    seen.exists = true;
    seen.in_use = StoreFolder::locked_by_another(fd->get());
    // While a guest writes: a few attempts to see it between two writes.
    for (int attempt = 0; attempt < 4; ++attempt) {
        struct stat before{}, after{};
        if (::fstat(fd->get(), &before))
            return Failure(system_error(errno, "cannot look at " + site.store.path.string()));
        auto file = read_device_or_file(fd->get(), site.store, max_store_file);
        if (!file) return Failure(file.error());
        seen.file = std::move(*file);
        seen.modified_usec = modified_usec(before);
        if (::fstat(fd->get(), &after) == 0 && modified_usec(after) == seen.modified_usec) break;
    }
    if (site.store.kind == StoreKind::block) {
        if (!seen.in_use)
            if (auto ok = overlay_unfinished(site.store, seen.file); !ok) return Failure(ok.error());
        seen.exists = !uniform(seen.file, '\0');
    }
    return seen;
}

}  // namespace

Result<View> view(const Site& site) {
    auto seen = peek(site);
    if (!seen) return Failure(seen.error());
    View view;
    auto pristine = site_template(site);
    if (pristine) view.template_sha256 = sha256(pristine->content);
    view.exists = seen->exists;
    view.in_use = seen->in_use;
    view.modified_usec = seen->modified_usec;
    if (!view.exists) {
        view.health.state = HealthState::blank;
        view.health.sentence = "there is none yet; it is made when the guest first starts";
        return view;
    }
    auto decoded = decode_store(std::move(seen->file), site.store.format);
    if (!decoded) {
        view.health = {HealthState::not_a_store,
                       decoded.error().message(),
                       "reset the variable store, or restore a backup of it",
                       0,
                       {}};
        return view;
    }
    view.content = std::move(decoded->bytes);
    view.sha256 = sha256(view.content);
    view.health = judge_store(view.content, site.store.format, pairing_of(site, pristine ? &*pristine : nullptr));
    if (view.health.state != HealthState::blank)
        if (auto store = read_store(view.content)) view.variables = std::move(*store);
    return view;
}

Result<VariableStore> template_variables(const Site& site) {
    auto pristine = site_template(site);
    if (!pristine) return Failure(pristine.error());
    auto store = read_store(pristine->content);
    if (store) return store;
    return Failure(store.error()
                       .wrap("the template " + site.template_path.string() + " holds no variables")
                       .with_object(site.template_path.string()));
}

// ── what to do about it ──

namespace {

// The newest backup that a guest could start with now; empty when there is none.
std::string restorable(const Site& site) {
    auto history = History::open(site.history());
    if (!history) return {};
    auto pristine = site_template(site);
    auto pairing = pairing_of(site, pristine ? &*pristine : nullptr);
    for (auto entry = history->entries().rbegin(); entry != history->entries().rend(); ++entry) {
        auto content = entry->whole_file ? Failure(Error()) : history->read(entry->id);
        if (!content) continue;
        auto health = judge_store(*content, site.store.format, pairing);
        if (health.usable() && health.state != HealthState::blank) return entry->id;
    }
    return {};
}

bool compaction_helps(const StoreStatistics& figures) {
    return figures.dead > figures.capacity / 16;
}

}  // namespace

std::vector<Advice> advice(const Site& site, const Health& health) {
    std::vector<Advice> list;
    auto restore = [&] {
        if (auto id = restorable(site); !id.empty()) list.push_back({Advice::Kind::restore, id});
    };
    auto add = [&](Advice::Kind kind) { list.push_back({kind, {}}); };
    switch (health.state) {
        case HealthState::valid:
        case HealthState::blank:
            return list;
        case HealthState::interrupted:
            add(Advice::Kind::compact);
            break;
        case HealthState::clogged:
            add(compaction_helps(health.statistics) ? Advice::Kind::compact : Advice::Kind::clean_up);
            break;
        case HealthState::torn_record:
            restore();
            add(Advice::Kind::compact);
            break;
        case HealthState::wrong_code:
            add(Advice::Kind::migrate);
            restore();
            break;
        case HealthState::wrong_checksum:
        case HealthState::wrong_size:
        case HealthState::not_a_store:
            restore();
            break;
    }
    if (!site.template_path.empty()) add(Advice::Kind::reset);
    return list;
}

std::string Checked::hint() const {
    std::string text;
    for (auto& item : advice) {
        text += text.empty() ? "" : ", or ";
        switch (item.kind) {
            case Advice::Kind::reset:
                text += "reset it ('vireo nvram reset', or start with reset-nvram)";
                break;
            case Advice::Kind::restore:
                text += "restore backup " + item.backup + " ('vireo nvram restore')";
                break;
            case Advice::Kind::migrate:
                text += "migrate it to this firmware ('vireo nvram migrate')";
                break;
            case Advice::Kind::compact:
                text += "compact it ('vireo nvram compact'), which keeps what is readable";
                break;
            case Advice::Kind::clean_up:
                text += "remove variables that are not needed ('vireo nvram unset'), crash dumps above all";
                break;
        }
    }
    return text;
}

Result<Checked> check(const Site& site) {
    auto seen = view(site);
    if (!seen) return Failure(seen.error());
    Checked checked;
    checked.health = std::move(seen->health);
    if (!seen->exists) {
        checked.health.state = HealthState::valid;
        return checked;
    }
    checked.advice = advice(site, checked.health);
    checked.health.hint = checked.hint();
    return checked;
}

}  // namespace vireo::firmware
