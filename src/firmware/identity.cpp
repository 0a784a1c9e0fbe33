// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/identity.hpp"

#include "firmware/firmware_file.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

using model::FirmwareIdentity;
using model::FirmwarePolicy;
using model::FirmwareRecord;

std::vector<std::string> sorted(std::vector<std::string> words) {
    std::ranges::sort(words);
    words.erase(std::unique(words.begin(), words.end()), words.end());
    return words;
}

// The size is the one that the guest sees.
Result<FirmwareRecord> record_image(const fs::path& file, Format format, KnownHashes& known) {
    auto record = record_of(file, known);
    if (!record || format == Format::raw) return record;
    auto opened = open_code(file, format);
    if (!opened) return Failure(opened.error());
    record->size = opened->size;
    return record;
}

bool is_flash(const model::Domain& domain) {
    return domain.os.loader && domain.os.loader->type == model::Loader::Type::pflash;
}

// Whose content is the package's, not the guest's.
bool has_code(const model::Domain& domain) {
    auto& loader = domain.os.loader;
    return loader && !loader->path.empty() && (!is_flash(domain) || loader->readonly == true);
}

std::string template_of(const model::Domain& domain) {
    if (domain.os.nvram) return domain.os.nvram->template_path;
    return domain.os.varstore ? domain.os.varstore->template_path : std::string();
}

Format code_format_of(const model::Domain& domain) {
    return domain.os.loader ? domain.os.loader->format.value_or(Format::raw) : Format::raw;
}
Format template_format_of(const model::Domain& domain) {
    return domain.os.nvram ? domain.os.nvram->template_format.value_or(Format::raw) : Format::raw;
}

Format format_named(std::string_view name) {
    return model::from_string<Format>(name).value_or(Format::raw);
}

Result<FirmwareIdentity> identity_in(const model::Domain& domain) {
    auto identity = model::firmware_identity_of(domain);
    if (!identity) return Failure(identity.error());
    return identity->value_or(FirmwareIdentity());
}

// Recorded earlier, for the very files that the definition names now.
bool is_about(const FirmwareIdentity& identity, const model::Domain& domain) {
    if (!identity.code || identity.code->file != domain.os.loader->path) return false;
    auto recorded = identity.store_template ? identity.store_template->file : std::string();
    return recorded == template_of(domain);
}

Result<> no_identity(model::Domain& domain, const FirmwareIdentity& given) {
    if (given.policy)
        return Failure(Error(Errc::invalid_config,
                             "metadata/vireo:firmware: a policy is for firmware whose code Vireo is told; "
                             "this guest's is the hypervisor's default or a flash image of its own")
                           .with_hint("leave the element out"));
    if (given.recorded()) model::set_firmware_identity(domain, {});
    return {};
}

// ── comparing ──

FileState state_of(const std::optional<FirmwareRecord>& recorded, const Result<FirmwareRecord>& now) {
    if (!recorded) return FileState::same;
    if (!now) return FileState::gone;
    return now->sha256 == recorded->sha256 ? FileState::same : FileState::changed;
}

// What the definition asks for besides the files that were chosen for it.
Requirements wanted_today(const model::Domain& domain) {
    auto wanted = requirements_of(domain);
    wanted.qcow2 = true;
    wanted.template_path.clear();
    return wanted;
}

// The descriptor by which a guest's firmware was chosen, where it is now; else one for the same files.
const Entry* entry_for(const FirmwareIdentity& recorded, const Catalog& catalog) {
    auto name = fs::path(recorded.descriptor).filename();
    auto same_files = [&](const Entry& entry) {
        auto& known = entry.descriptor.nvram_template;
        return entry.descriptor.executable.filename == recorded.code->file &&
               (known ? known->filename : "") == (recorded.store_template ? recorded.store_template->file : "");
    };
    const Entry* other = nullptr;
    for (auto& entry : catalog.entries()) {
        if (!entry.usable()) continue;
        if (!name.empty() && entry.file.filename() == name) return &entry;
        if (!other && same_files(entry)) other = &entry;
    }
    return other;
}

std::string features_obstacle(const FirmwareIdentity& recorded, const FirmwareIdentity& now) {
    for (auto& feature : recorded.features)
        if (std::ranges::find(now.features, feature) == now.features.end())
            return "it has no feature " + feature + " now";
    for (auto& feature : now.features)
        if (std::ranges::find(recorded.features, feature) == recorded.features.end())
            return "it has the feature " + feature + " now";
    return {};
}

std::string size_obstacle(std::string_view what, const std::optional<FirmwareRecord>& recorded,
                          const std::optional<FirmwareRecord>& now) {
    if (!recorded || !now || recorded->size == now->size) return {};
    return fmt::format("its {} has {} bytes now, not {}", what, now->size, recorded->size);
}

class Look {
public:
    Look(const model::Domain& domain, const FirmwareIdentity& recorded, const Catalog& catalog, KnownHashes& known)
        : domain_(domain),
          recorded_(recorded),
          catalog_(catalog),
          known_(known),
          entry_(entry_for(recorded, catalog)) {}

    // Files that are there are read; none of them is an error.
    void states(Standing& standing) {
        code_ = record_image(recorded_.code->file, code_format_of(domain_), known_);
        standing.code = state_of(recorded_.code, code_);
        if (!recorded_.store_template) return;
        template_ = record_image(recorded_.store_template->file, template_format_of(domain_), known_);
        standing.store_template = state_of(recorded_.store_template, template_);
    }

    std::optional<Update> update(const Standing& standing) {
        Update update;
        update.identity = recorded_;
        update.code_format = code_format_of(domain_);
        update.template_format = template_format_of(domain_);
        bool moved = standing.code == FileState::gone;
        if (moved && !take_code(update) && !choose_anew(update)) return std::nullopt;
        if (!moved) update.identity.code = *code_;
        if (recorded_.store_template) take_template(update, moved || standing.store_template == FileState::gone);
        if (entry_) {
            update.identity.descriptor = entry_->file;
            update.identity.features = sorted(entry_->descriptor.features);
        }
        if (update.obstacle.empty()) update.obstacle = obstacle(update);
        return update;
    }

private:
    // The code was moved: to where its descriptor says.
    bool take_code(Update& update) {
        if (!entry_ || entry_->descriptor.executable.filename == recorded_.code->file) return false;
        auto& file = entry_->descriptor.executable;
        update.code_format = format_named(file.format);
        auto now = record_image(file.filename, update.code_format, known_);
        if (now) update.identity.code = std::move(*now);
        return now.has_value();
    }

    // Nothing took its place: what would be chosen today, for a person to accept.
    bool choose_anew(Update& update) {
        if (!domain_.os.firmware) return false;
        auto choice = choose(wanted_today(domain_), catalog_);
        if (!choice.chosen) return false;
        for (auto& entry : catalog_.entries())
            if (entry.file == choice.chosen->file) entry_ = &entry;
        update.obstacle = "it is other firmware, of " + entry_->name();
        return take_code(update);
    }

    // Without one the recorded template stays named; whoever needs it will say that it is not there.
    void take_template(Update& update, bool moved) {
        if (!moved) {
            update.identity.store_template = *template_;
            return;
        }
        if (!entry_ || !entry_->descriptor.nvram_template) return;
        auto& file = *entry_->descriptor.nvram_template;
        auto format = format_named(file.format);
        auto now = record_image(file.filename, format, known_);
        if (!now) return;
        update.identity.store_template = std::move(*now);
        update.template_format = format;
    }

    std::string obstacle(const Update& update) const {
        auto& now = update.identity;
        if (!entry_ && !recorded_.descriptor.empty())
            return "its descriptor " + recorded_.descriptor + " is gone, so that its features are not known";
        if (auto why = features_obstacle(recorded_, now); !why.empty() && !recorded_.descriptor.empty()) return why;
        if (update.code_format != code_format_of(domain_))
            return "its code is in another format: " + std::string(model::to_string(update.code_format));
        if (is_flash(domain_))
            if (auto why = size_obstacle("code", recorded_.code, now.code); !why.empty()) return why;
        if (auto why = size_obstacle("template", recorded_.store_template, now.store_template); !why.empty())
            return why;
        if (!entry_) return {};
        return machine_reason(entry_->descriptor, wanted_today(domain_));
    }

    const model::Domain& domain_;
    const FirmwareIdentity& recorded_;
    const Catalog& catalog_;
    KnownHashes& known_;
    const Entry* entry_;
    Result<FirmwareRecord> code_ = fail(Errc::not_found), template_ = fail(Errc::not_found);
};

// ── deciding ──

std::string sentence(const Standing& standing) {
    auto& recorded = standing.recorded;
    auto say = [](std::string_view what, const std::string& file, FileState state) {
        return fmt::format("the {} {} {}", what, file,
                           state == FileState::gone ? "is gone" : "is not what was recorded when it was chosen");
    };
    if (standing.code != FileState::same) return say("firmware", recorded.code->file, standing.code);
    return say("variable store template", recorded.store_template->file, standing.store_template);
}

Failure left_to_a_person(const Standing& standing, std::string why) {
    if (why.empty()) why = "the guest's policy is " + std::string(to_string(standing.recorded.effective_policy()));
    auto& file =
        standing.code != FileState::same ? standing.recorded.code->file : standing.recorded.store_template->file;
    std::string hint = standing.update ? "take what is there now: vireo firmware accept DOMAIN, or start with "
                                         "--confirm firmware-changed; or put the old file back"
                                       : "install the firmware's package again, or name another loader in the "
                                         "definition; the variables are kept";
    Error error(Errc::needs_confirmation, sentence(standing), Error(Errc::needs_confirmation, std::move(why)));
    if (!standing.update) error = error.with_code(Errc::not_found);  // there is nothing to accept
    if (standing.update) error = error.with_needs({std::string(changed_word)});
    return Failure(error.with_object(file).with_hint(hint));
}

// With the reason for each firmware of the host.
Failure nothing_took_its_place(const Standing& standing, const Choice& choice) {
    Error why(Errc::not_found, "no installed firmware took its place");
    if (auto causes = reasons(choice)) why = Error(Errc::not_found, why.message(), *causes);
    return Failure(Error(Errc::not_found, sentence(standing), why)
                       .with_object(standing.recorded.code->file)
                       .with_hint("install the firmware's package again, or name another loader in the definition; "
                                  "the variables are kept"));
}

// Pinned: what differs has to be there as a copy.
Result<Decision> use_copies(const Standing& standing, const model::Domain& domain, const DecideOptions& options) {
    Decision decision;
    auto& recorded = standing.recorded;
    if (standing.code != FileState::same) {
        if (!standing.code_kept)
            return left_to_a_person(standing,
                                    "the policy is pin, but the guest has not booted with this code, so that "
                                    "no copy of it was kept");
        decision.code = kept_copy(options.data, *domain.uuid, recorded.code->sha256);
    }
    if (options.with_template && standing.store_template != FileState::same) {
        if (!standing.template_kept)
            return left_to_a_person(standing, "the policy is pin, but no copy of the template was kept");
        decision.store_template = kept_copy(options.data, *domain.uuid, recorded.store_template->sha256);
    }
    return decision;
}

void set_format(std::optional<Format>& to, Format format) {
    if (to || format != Format::raw) to = format;
}

}  // namespace

Result<> record_identity(model::Domain& domain, const Entry* described, const model::Domain* earlier,
                         KnownHashes& known) {
    auto given = identity_in(domain);
    if (!given) return Failure(given.error());
    auto before = earlier ? identity_in(*earlier) : Result<FirmwareIdentity>(FirmwareIdentity());
    if (!before) before = FirmwareIdentity();  // an older definition that cannot be read says nothing
    if (!has_code(domain)) return no_identity(domain, *given);
    FirmwareIdentity identity;
    if (is_about(*given, domain)) {
        identity = std::move(*given);
    } else if (is_about(*before, domain)) {
        identity = std::move(*before);
        if (given->policy) identity.policy = given->policy;
    } else {
        auto code = record_image(domain.os.loader->path, code_format_of(domain), known);
        if (!code) return Failure(code.error());
        identity.code = std::move(*code);
        if (auto file = template_of(domain); !file.empty())
            if (auto record = record_image(file, template_format_of(domain), known))
                identity.store_template = std::move(*record);
        identity.policy = given->policy ? given->policy : before->policy;
        if (described) identity.descriptor = described->file;
        if (described) identity.features = sorted(described->descriptor.features);
    }
    if (!identity.policy) identity.policy = before->policy;
    if (identity.policy == FirmwarePolicy::pin && !is_flash(domain))
        return fail(Errc::invalid_config,
                    "metadata/vireo:firmware/@policy: pin is for code in flash; this guest's firmware is a ROM");
    model::set_firmware_identity(domain, identity);
    return {};
}

Result<std::optional<Standing>> standing_of(const model::Domain& domain, const fs::path& data, const Catalog& catalog,
                                            KnownHashes& known) {
    auto recorded = identity_in(domain);
    if (!recorded) return Failure(recorded.error());
    if (!recorded->code || !has_code(domain)) return std::nullopt;
    Standing standing;
    standing.recorded = std::move(*recorded);
    Look look(domain, standing.recorded, catalog, known);
    look.states(standing);
    auto kept = [&](const std::optional<FirmwareRecord>& record) {
        return record && ::access(kept_copy(data, *domain.uuid, record->sha256).c_str(), F_OK) == 0;
    };
    standing.code_kept = kept(standing.recorded.code);
    standing.template_kept = kept(standing.recorded.store_template);
    if (!standing.same()) standing.update = look.update(standing);
    return standing;
}

bool surely_as_recorded(const model::Domain& domain, bool with_template, const KnownHashes& known) {
    auto recorded = identity_in(domain);
    if (!recorded) return false;
    if (!recorded->code || !has_code(domain)) return true;
    if (!surely_same(*recorded->code, known)) return false;
    return !with_template || !recorded->store_template || surely_same(*recorded->store_template, known);
}

Result<Decision> decide(const model::Domain& domain, const Catalog& catalog, const DecideOptions& options,
                        KnownHashes& known) {
    auto standing = standing_of(domain, options.data, catalog, known);
    if (!standing) return Failure(standing.error());
    if (!*standing) return Decision();
    auto& now = **standing;
    bool same = now.code == FileState::same && (!options.with_template || now.store_template == FileState::same);
    if (same) return Decision();
    Decision decision;
    if (options.accepted && now.update) {
        decision.update = std::move(now.update);
        return decision;
    }
    switch (now.recorded.effective_policy()) {
        case FirmwarePolicy::pin:
            return use_copies(now, domain, options);
        case FirmwarePolicy::ask:
            return left_to_a_person(now, {});
        case FirmwarePolicy::follow:
            break;
    }
    if (!now.update) return nothing_took_its_place(now, choose(wanted_today(domain), catalog));
    if (!now.update->obstacle.empty())
        return left_to_a_person(now, "what is there now is no compatible update: " + now.update->obstacle);
    decision.update = std::move(now.update);
    return decision;
}

void adopt(model::Domain& domain, const Update& update) {
    auto& identity = update.identity;
    auto& loader = *domain.os.loader;
    auto has = [&](std::string_view feature) {
        return std::ranges::find(identity.features, feature) != identity.features.end();
    };
    loader.path = identity.code->file;
    set_format(loader.format, update.code_format);
    if (domain.os.nvram && identity.store_template) {
        domain.os.nvram->template_path = identity.store_template->file;
        set_format(domain.os.nvram->template_format, update.template_format);
    }
    if (!identity.descriptor.empty()) {
        for (auto& feature : domain.os.firmware_features) feature.enabled = has(model::to_string(feature.name));
        if (has("requires-smm"))
            domain.features.smm = loader.secure = true;
        else if (loader.secure == true)
            loader.secure = false;
    }
    model::set_firmware_identity(domain, identity);
}

}  // namespace vireo::firmware
