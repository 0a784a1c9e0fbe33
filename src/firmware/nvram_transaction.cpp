// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/nvram_transaction.hpp"

#include "firmware/digest.hpp"
#include "firmware/store_content.hpp"
#include "support/log.hpp"

#include <fmt/format.h>

namespace vireo::firmware {
namespace {

Backup new_entry(const Site& site, BackupReason reason) {
    Backup entry;
    entry.reason = reason;
    entry.who = site.who;
    entry.time_usec = site.time_usec;
    return entry;
}

}  // namespace

Result<Template> site_template(const Site& site) {
    if (site.template_path.empty())
        return Failure(
            Error(Errc::invalid_config, "no template is known for the variable store " + site.store.path.string())
                .with_object(site.store.path.string())
                .with_hint("name one with <nvram template='…'>"));
    bool from_json = site.template_format == StoreFormat::json, to_json = site.store.format == StoreFormat::json;
    if (from_json != to_json)
        return fail(Errc::unsupported, "the template ", site.template_path.string(), " is ",
                    model::to_string(site.template_format), ", of which no store in ",
                    model::to_string(site.store.format), " can be made");
    return read_template(site.template_path, site.template_format, blank_templates(site.architecture));
}

Result<std::string> pristine_file(const Site& site, const Template& pristine) {
    if (site.template_format == site.store.format) return pristine.file;
    return encode_store(pristine.content, site.store.format);
}

Pairing pairing_of(const Site& site, const Template* pristine) {
    Pairing pairing;
    pairing.architecture = site.architecture;
    if (pristine) pairing.template_content = pristine->content;
    if (site.code.empty() || site.store.format == StoreFormat::json) return pairing;
    if (auto code = open_code(site.code, site.code_format)) pairing.code_size = code->size;
    return pairing;
}

Error unusable_store(const Site& site, const Health& health) {
    Checked checked{health, advice(site, health)};
    return Error(Errc::invalid_state,
                 "the variable store " + site.store.path.string() + " cannot be used: " + health.sentence)
        .with_object(site.store.path.string())
        .with_hint(checked.hint());
}

Failure Transaction::without_template() const {
    return Failure(*no_template_);
}

Transaction::Transaction(const Site& site) : site_(&site) {
    auto pristine = site_template(site);
    if (pristine)
        pristine_ = std::move(*pristine);
    else
        no_template_ = pristine.error();
}

Result<Transaction> Transaction::look(const Site& site, const View& view) {
    Transaction transaction(site);
    transaction.exists_ = view.exists;
    if (!view.exists) return transaction;
    transaction.content_ = view.content;
    transaction.variables_ = view.variables;
    transaction.health_ = view.health;
    return transaction;
}

void Transaction::become(const Site& site) {
    Transaction other(site);
    other_format_ = site.store.format != site_->store.format;
    site_ = &site;
    pristine_ = std::move(other.pristine_);
    no_template_ = std::move(other.no_template_);
}

Result<Transaction> Transaction::begin(const Site& site) {
    auto slot = StoreSlot::open(site.store);
    if (!slot) return Failure(slot.error());
    if (!*slot) return Transaction(site);
    auto transaction = of(site, std::move(**slot));
    if (!transaction || transaction->snapshots_ == 0) return transaction;
    return Failure(Error(Errc::unsupported, fmt::format("the variable store {} holds {} internal snapshots, which "
                                                        "would be lost",
                                                        site.store.path.string(), transaction->snapshots_))
                       .with_object(site.store.path.string())
                       .with_hint("delete the snapshots first"));
}

Result<Transaction> Transaction::of(const Site& site, StoreSlot slot) {
    Transaction transaction(site);
    transaction.slot_ = std::move(slot);
    transaction.exists_ = true;
    auto ok = transaction.read();
    return ok ? Result<Transaction>(std::move(transaction)) : Failure(ok.error());
}

Result<> Transaction::read() {
    auto file = slot_->read();
    if (!file) return Failure(file.error());
    file_ = std::move(*file);
    auto decoded = decode_store(file_, site_->store.format);
    if (!decoded) {
        health_ = {HealthState::not_a_store, decoded.error().message(), {}, 0, {}};
        return {};
    }
    snapshots_ = decoded->snapshots;
    content_ = std::move(decoded->bytes);
    health_ = judge_store(*content_, site_->store.format, pairing());
    if (health_.state == HealthState::blank) return {};
    if (auto store = read_store(*content_)) variables_ = std::move(*store);
    return {};
}

Result<std::optional<Backup>> Transaction::back_up(BackupReason reason) {
    if (!slot_ || site_->ring == 0) return std::optional<Backup>();
    auto history = History::open(site_->history(), site_->store.steps);
    if (!history) return Failure(history.error());
    return back_up(reason, *history, History::Durability::now);
}

Result<std::optional<Backup>> Transaction::back_up(BackupReason reason, History& history, History::Durability how) {
    auto entry = new_entry(*site_, reason);
    entry.whole_file = !content_;
    if (pristine_) entry.template_sha256 = sha256(pristine_->content);
    auto kept = history.add(content_ ? *content_ : file_, std::move(entry), site_->ring, how);
    if (!kept)
        return Failure(
            kept.error()
                .wrap("cannot back up the variable store " + site_->store.path.string() + ", so it was not changed")
                .with_object(site_->store.path.string()));
    return std::optional(std::move(*kept));
}

Result<Changed> Transaction::plan(const std::string& content) const {
    Changed result;
    result.sha256 = sha256(content);
    result.created = !exists();
    result.changed = content_ != content || other_format_;
    if (pristine_) result.template_sha256 = sha256(pristine_->content);
    result.health = judge_store(content, site_->store.format, pairing());
    if (!result.health.usable())
        return Failure(Error(Errc::invalid_state, "the variable store " + site_->store.path.string() +
                                                      " would not be usable: " + result.health.sentence)
                           .with_object(site_->store.path.string())
                           .with_hint(result.health.hint));
    auto before = variables_, after = variables_;
    auto empty = [](std::optional<VariableStore>& like) {
        if (like) like->clear();
    };
    if (auto store = read_store(content))
        after = std::move(*store);
    else
        empty(after);  // erased flash
    if (!before) {
        before = after;
        empty(before);
    }
    if (before && after) result.changes = diff(*before, *after);
    return result;
}

Result<Changed> Transaction::finish(const std::string& content, BackupReason reason, std::optional<std::string> file) {
    auto result = plan(content);
    if (!result || !result->changed) return result;
    auto bytes = file ? Result<std::string>(std::move(*file)) : encode_store(content, site_->store.format);
    if (!bytes) return Failure(bytes.error());
    auto decoded = decode_store(*bytes, site_->store.format);
    if (!decoded || decoded->bytes != content)
        return fail(Errc::internal, "the new variable store does not hold what it should");
    auto kept = back_up(reason);
    if (!kept) return Failure(kept.error());
    result->backup = std::move(*kept);
    if (slot_) {
        if (auto ok = slot_->replace(*bytes); !ok) return Failure(ok.error());
    } else {
        auto made = create_store(site_->store, *bytes);
        if (!made) return Failure(made.error());
        if (auto ok = commit_store(site_->store); !ok) {
            made->fd.reset();
            take_back_created();
            return Failure(ok.error());
        }
    }
    file_ = std::move(*bytes);
    content_ = content;
    health_ = result->health;
    return result;
}

// A store that was made, but whose marker may be gone already.
void Transaction::take_back_created() const {
    if (auto ok = undo_store(site_->store); !ok) log::error("{}", ok.error().what());
    if (site_->store.kind == StoreKind::block) return;
    auto folder = StoreFolder::open(site_->store);
    if (!folder) return;
    if (auto ok = folder->remove(folder->store()); !ok) log::error("{}", ok.error().what());
    folder->remove_if_empty();
}

Result<> Transaction::remove(BackupReason reason) {
    if (!slot_) return {};
    if (auto kept = back_up(reason); !kept) return Failure(kept.error());
    if (site_->store.kind == StoreKind::block) return {};
    auto folder = StoreFolder::open(site_->store);
    if (!folder) return Failure(folder.error());
    if (auto ok = folder->remove(folder->store()); !ok) return ok;
    if (auto ok = folder->sync(); !ok) return ok;
    slot_.reset();
    return {};
}

}  // namespace vireo::firmware
