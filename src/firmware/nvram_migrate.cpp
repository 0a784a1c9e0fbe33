// SPDX-License-Identifier: LGPL-2.1-or-later
// Moving variables to a store of another form, size or place.
#include "firmware/nvram_transaction.hpp"
#include "firmware/store_content.hpp"

namespace vireo::firmware {
namespace {

bool same_place(const Site& a, const Site& b) {
    return a.store.path.lexically_normal() == b.store.path.lexically_normal();
}

// The site as its file is, whatever the definition says about the format.
Result<Site> as_it_is(const Site& site) {
    auto slot = StoreSlot::open(site.store);
    if (!slot) return Failure(slot.error());
    if (!*slot) return fail(Errc::not_found, "there is no variable store at ", site.store.path.string());
    auto file = (*slot)->read();
    if (!file) return Failure(file.error());
    auto actual = site;
    actual.store.format = recognise_format(*file);
    return actual;
}

struct Moved {
    VariableStore from;
    Migration migration;
};
Result<Moved> move_variables(const Site& from, const Transaction& source, const Site& to) {
    if (!source.variables()) return Failure(unusable_store(from, source.health()));
    auto pristine = site_template(to);
    if (!pristine) return Failure(pristine.error());
    auto fresh = read_store(pristine->content);
    if (!fresh)
        return Failure(fresh.error()
                           .wrap("the template " + to.template_path.string() + " has no place for variables")
                           .with_object(to.template_path.string())
                           .with_hint("start the guest once with this firmware, then import the variables"));
    auto old = *source.variables();
    return Moved{old, migrate_store(old, *fresh)};
}

// begin() of the place where it goes: the same transaction when it is the same place, read as what it is to become.
Result<Migrated> migrate(const Site& given, const Site& to, bool write) {
    auto from = as_it_is(given);
    if (!from) return Failure(from.error());
    auto source = Transaction::begin(*from);
    if (!source) return Failure(source.error());
    auto moved = move_variables(*from, *source, to);
    if (!moved) return Failure(moved.error());
    Migrated result;
    result.left = std::move(moved->migration.left);
    auto content = moved->migration.store.write();
    if (same_place(given, to)) {
        source->become(to);
        auto done = write ? source->finish(content, BackupReason::before_migrate) : source->plan(content);
        if (!done) return Failure(done.error());
        result.change = std::move(*done);
    } else {
        auto target = Transaction::begin(to);
        if (!target) return Failure(target.error());
        if (target->exists())
            return Failure(Error(Errc::already_exists, "there is a variable store at " + to.store.path.string())
                               .with_object(to.store.path.string())
                               .with_hint("move it away first, or choose another place"));
        auto done = write ? target->finish(content, BackupReason::before_migrate) : target->plan(content);
        if (!done) return Failure(done.error());
        result.change = std::move(*done);
    }
    result.change.changes = diff(moved->from, moved->migration.store);
    return result;
}

}  // namespace

Result<Migrated> migrate(const Site& from, const Site& to) {
    return migrate(from, to, true);
}

Result<Migrated> plan_migration(const Site& from, const Site& to) {
    return migrate(from, to, false);
}

Result<> retire(const Site& from) {
    auto actual = as_it_is(from);
    if (!actual) return actual.error().code() == Errc::not_found ? Result<>() : Failure(actual.error());
    auto transaction = Transaction::begin(*actual);
    if (!transaction) return Failure(transaction.error());
    return transaction->remove(BackupReason::before_migrate);
}

}  // namespace vireo::firmware
