// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/tpm_state.hpp"

#include "support/file.hpp"
#include "support/log.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view trash_prefix = "tpm-";
constexpr std::size_t uuid_length = 36;
constexpr const char* note_name = "undefine";
constexpr std::size_t longest_state = 4u << 20;  // swtpm's are some ten KiB

// Of swtpm's file of what lasts.
const char* state_name(const TpmPlace& place) {
    return place.path.filename() == "tpm1.2" ? "tpm-00.permall" : "tpm2-00.permall";
}

bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(fs::symlink_status(path, ignored));
}

Result<> remove_tree(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) return Failure(system_error(error.value(), "cannot remove " + path.string()));
    return {};
}

Result<> give(const fs::path& path, std::optional<TpmOwner> owner) {
    if (owner && ::lchown(path.c_str(), owner->uid, owner->gid))
        return Failure(system_error(errno, "cannot give " + path.string() + " to the account of guests"));
    return {};
}

// When it was thrown away, by its name.
std::optional<std::int64_t> trashed_at(std::string_view name) {
    if (!name.starts_with(trash_prefix) || name.size() < trash_prefix.size() + uuid_length + 2) return std::nullopt;
    auto digits = name.substr(trash_prefix.size() + uuid_length);
    if (!model::Uuid::parse(name.substr(trash_prefix.size(), uuid_length)) || digits[0] != '-') return std::nullopt;
    std::int64_t time = 0;
    auto [end, error] = std::from_chars(digits.data() + 1, digits.data() + digits.size(), time);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return time;
}

// The trash is on another file system: whole in there, then gone here.
Result<> copy_away(const fs::path& from, const fs::path& target) {
    auto half = stray_name(target);
    std::error_code error;
    fs::copy(from, half, fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    if (!error) fs::rename(half, target, error);
    if (error) {
        std::error_code ignored;
        fs::remove_all(half, ignored);
        return Failure(system_error(error.value(), "cannot copy " + from.string() + " to " + target.string()));
    }
    return remove_tree(from);
}

}  // namespace

bool TpmPlace::made() const {
    if (own) return is_there(path);  // it takes its place when it is whole
    if (!file) return is_there(path / "tpm2-00.permall") || is_there(path / "tpm-00.permall");
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

TpmPlace TpmPlace::workshop() const {
    auto place = *this;
    if (own) place.path += ".new";
    return place;
}

const model::Tpm* emulated_tpm(const model::Domain& domain) noexcept {
    for (const auto& tpm : domain.devices.tpms)
        if (tpm.backend.type == model::TpmBackend::Type::emulator) return &tpm;
    return nullptr;
}

std::optional<TpmPlace> tpm_place(const model::Domain& domain, const fs::path& tpms) {
    const auto* tpm = emulated_tpm(domain);
    if (!tpm || !domain.uuid) return std::nullopt;
    TpmPlace place;
    if (const auto& source = tpm->backend.source; source && !source->path.empty()) {
        place.path = source->path;
        place.own = false;
        place.file = source->type == model::TpmSource::Type::file;
        return place;
    }
    const bool old = tpm->backend.version == model::TpmBackend::Version::v1_2;
    place.path = tpms / domain.uuid->to_string() / (old ? "tpm1.2" : "tpm2");
    return place;
}

Result<> open_workshop(const TpmPlace& place, std::optional<TpmOwner> owner) {
    const auto path = place.workshop().path;
    if (place.own) {
        auto guest = path.parent_path();
        if (auto made = make_folder(guest, owner ? 0711 : 0700); !made) return made;
        if (auto removed = remove_tree(path); !removed) return removed;
    } else if (is_there(path)) {
        return {};
    } else if (place.file) {
        if (auto made = open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0600); !made) return Failure(made.error());
        return give(path, owner);
    }
    if (auto made = make_folder(path, 0700); !made) return made;
    return give(path, owner);
}

Result<> close_workshop(const TpmPlace& place) {
    if (!place.own) return {};
    if (auto synced = sync_folder(place.workshop().path); !synced) return synced;
    if (::rename(place.workshop().path.c_str(), place.path.c_str()))
        return Failure(system_error(errno, "cannot rename " + place.workshop().path.string()));
    return sync_folder(place.path.parent_path());
}

Result<> import_tpm(const TpmPlace& place, const fs::path& folder, std::optional<TpmOwner> owner) {
    if (!place.own)
        return fail(Errc::unsupported, "the definition keeps the TPM's state in ", place.path.string(),
                    ": copy it there yourself");
    if (place.made()) return fail(Errc::already_exists, "the TPM has a state already, in ", place.path.string());
    const auto name = state_name(place);
    auto state = read_file(folder / name, longest_state);
    if (!state) return Failure(state.error().wrap("no state of a TPM can be taken from " + folder.string()));
    if (auto opened = open_workshop(place, owner); !opened) return opened;
    const auto copy = place.workshop().path / name;
    auto done = replace_file(copy, *state, 0600);
    if (done) done = give(copy, owner);
    if (done) done = close_workshop(place);
    if (!done && !remove_tree(place.workshop().path)) log::warning("{} is left over", place.workshop().path.string());
    return done;
}

Result<> give_tpm(const TpmPlace& place, TpmOwner owner) {
    struct stat status{};
    if (!place.own || ::lstat(place.path.c_str(), &status) || status.st_uid == owner.uid) return {};
    std::error_code error;
    for (fs::directory_iterator it(place.path, error), end; !error && it != end; it.increment(error))
        if (auto given = give(it->path(), owner); !given) return given;
    if (error) return Failure(system_error(error.value(), "cannot read " + place.path.string()));
    return give(place.path, owner);  // last: until then it is done again
}

Result<> remove_tpm(const TpmPlace& place) {
    if (!place.own) return {};
    if (auto removed = remove_tree(place.workshop().path); !removed) return removed;
    if (auto removed = remove_tree(place.path); !removed) return removed;
    ::rmdir(place.path.parent_path().c_str());  // fails, as it should, while there is one of another version
    return {};
}

Result<> note_tpm_disposal(const fs::path& tpms, const std::string& guest, Disposal how) {
    if (!is_there(tpms / guest)) return {};
    auto note = tpms / guest / note_name;
    if (how == Disposal::keep) return is_there(note) ? remove_file(note) : Result<>();
    return replace_file(note, how == Disposal::remove ? "remove\n" : "trash\n");
}

std::vector<TpmNote> tpm_notes(const fs::path& tpms) {
    std::vector<TpmNote> notes;
    std::error_code error;
    for (fs::directory_iterator it(tpms, error), end; !error && it != end; it.increment(error)) {
        TpmNote note;
        note.guest = it->path().filename().string();
        auto word = read_file(it->path() / note_name, 64);
        if (!word || !model::Uuid::parse(note.guest)) continue;
        note.how = *word == "remove\n" ? Disposal::remove : Disposal::trash;
        notes.push_back(std::move(note));
    }
    return notes;
}

Result<fs::path> dispose_of_tpm(const fs::path& tpms, const fs::path& trash, const std::string& guest, Disposal how,
                                std::int64_t time_usec) {
    auto from = tpms / guest;
    if (how == Disposal::keep || !is_there(from)) return fs::path();
    if (how == Disposal::remove) {
        // The note goes last: whoever finds it goes on.
        std::error_code error;
        for (fs::directory_iterator it(from, error), end; !error && it != end; it.increment(error))
            if (it->path().filename() != note_name)
                if (auto removed = remove_tree(it->path()); !removed) return Failure(removed.error());
        if (auto removed = remove_tree(from); !removed) return Failure(removed.error());
        return fs::path();
    }
    if (auto made = make_folder(trash, 0700); !made) return Failure(made.error());
    auto target = trash / fmt::format("{}{}-{}", trash_prefix, guest, time_usec);
    if (::rename(from.c_str(), target.c_str())) {
        if (errno != EXDEV) return Failure(system_error(errno, "cannot move " + from.string() + " to the trash"));
        if (auto copied = copy_away(from, target); !copied) return Failure(copied.error());
    }
    if (auto done = remove_file(target / note_name); !done) log::warning("{}", done.error().what());
    for (const auto& folder : {trash, tpms})
        if (auto synced = sync_folder(folder); !synced) return Failure(synced.error());
    return target;
}

std::size_t expire_trashed_tpms(const fs::path& trash, std::int64_t before_usec) {
    std::vector<fs::path> old;
    std::error_code error;
    for (fs::directory_iterator it(trash, error), end; !error && it != end; it.increment(error))
        if (auto time = trashed_at(it->path().filename().string()); time && *time < before_usec)
            old.push_back(it->path());
    std::size_t removed = 0;
    for (const auto& path : old)
        if (auto done = remove_tree(path))
            ++removed;
        else
            log::warning("{}", done.error().what());
    return removed;
}

}  // namespace vireo::firmware
