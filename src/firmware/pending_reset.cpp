// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/pending_reset.hpp"

#include "firmware/store_folder.hpp"

#include <boost/json.hpp>

namespace vireo::firmware {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

constexpr std::string_view noun = "pending reset";
constexpr std::int64_t version = 1;
constexpr std::size_t max_document = 64u << 10;  // bytes
const std::string applied = "pending.applied.json";

StoreSpec place_of(const fs::path& folder, const Steps& steps) {
    StoreSpec spec(folder / "pending.json", true);
    spec.steps = steps;
    return spec;
}

json::array words_of(VariableClasses classes) {
    json::array list;
    for (std::size_t i = 0; i < model::names<VariableClass>.size(); ++i)
        if (auto c = static_cast<VariableClass>(i); classes.contains(c)) list.emplace_back(model::to_string(c));
    return list;
}

std::optional<VariableClasses> classes_from(const json::value* value) {
    auto* list = value ? value->if_array() : nullptr;
    if (!list) return std::nullopt;
    VariableClasses classes;
    for (auto& item : *list) {
        auto* word = item.if_string();
        auto known = word ? model::from_string<VariableClass>(*word) : std::nullopt;
        if (!known) return std::nullopt;
        classes = classes | VariableClasses{*known};
    }
    return classes;
}

std::optional<PendingReset> parse(std::string_view bytes) {
    boost::system::error_code error;
    auto document = json::parse(bytes, error);
    auto* object = error ? nullptr : document.if_object();
    if (!object) return std::nullopt;
    auto* written = object->if_contains("version");
    auto* origin = object->if_contains("origin");
    auto known =
        origin && origin->is_string() ? model::from_string<PendingReset::Origin>(origin->get_string()) : std::nullopt;
    auto classes = classes_from(object->if_contains("classes")), keep = classes_from(object->if_contains("keep"));
    if (!written || !written->is_int64() || written->get_int64() != version || !known || !classes || !keep)
        return std::nullopt;
    PendingReset pending;
    pending.origin = *known;
    pending.classes = *classes;
    pending.keep = *keep;
    if (auto* who = object->if_contains("who"); who && who->is_string()) pending.who = who->get_string();
    if (auto* time = object->if_contains("time-usec"); time && time->is_int64()) pending.time_usec = time->get_int64();
    if (auto* words = object->if_contains("confirmed"); words && words->is_array())
        for (auto& word : words->get_array())
            if (word.is_string()) pending.confirmed.emplace_back(word.get_string());
    return pending;
}

std::string text_of(const PendingReset& pending) {
    json::array confirmed(pending.confirmed.begin(), pending.confirmed.end());
    json::object document{{"version", version},
                          {"origin", model::to_string(pending.origin)},
                          {"classes", words_of(pending.classes)},
                          {"keep", words_of(pending.keep)},
                          {"who", pending.who},
                          {"time-usec", pending.time_usec},
                          {"confirmed", std::move(confirmed)}};
    return json::serialize(document) + "\n";
}

// Does something in the folder; nothing is to be done when there is no folder.
template <class Work>
Result<> in_folder(const fs::path& path, const Steps& steps, Work work) {
    auto spec = place_of(path, steps);
    auto folder = StoreFolder::open(spec, noun);
    if (!folder) return folder.error().code() == Errc::not_found ? Result<>() : Failure(folder.error());
    return work(*folder);
}

}  // namespace

Result<std::optional<PendingReset>> read_pending(const fs::path& path) {
    auto spec = place_of(path, {});
    auto folder = StoreFolder::open(spec, noun);
    auto absent = [](const Error& error) { return error.code() == Errc::not_found; };
    if (!folder && absent(folder.error())) return std::optional<PendingReset>();
    if (!folder) return Failure(folder.error());
    auto bytes = folder->read(folder->store(), max_document);
    if (!bytes && absent(bytes.error())) return std::optional<PendingReset>();
    auto pending = bytes ? parse(*bytes) : std::nullopt;
    if (pending) return pending;
    return Failure(
        Error(Errc::invalid_state, "the reset that is pending in " + spec.path.string() +
                                       (bytes ? " is damaged, or was written by a newer Vireo"
                                              : " cannot be read: " + std::string(bytes.error().what())))
            .with_object(spec.path.string())
            .with_hint("cancel it ('vireo nvram cancel-reset'), and ask for it again if it is still wanted"));
}

Result<> write_pending(const fs::path& path, const PendingReset& pending, const Steps& steps) {
    auto spec = place_of(path, steps);
    if (auto ok = StoreFolder::make(spec); !ok) return ok;
    auto folder = StoreFolder::open(spec, noun);
    if (!folder) return Failure(folder.error());
    if (auto ok = folder->replace(folder->store(), text_of(pending)); !ok) {
        folder->remove_if_empty();
        return ok;
    }
    return folder->sync();
}

Result<bool> remove_pending(const fs::path& path, const Steps& steps) {
    bool was_there = false;
    auto ok = in_folder(path, steps, [&](const StoreFolder& folder) -> Result<> {
        was_there = folder.has(folder.store());
        if (!was_there) return {};
        if (auto removed = folder.remove(folder.store()); !removed) return removed;
        auto synced = folder.sync();
        folder.remove_if_empty();
        return synced;
    });
    return ok ? Result<bool>(was_there) : Failure(ok.error());
}

Result<> stage_pending(const fs::path& path, const Steps& steps) {
    return in_folder(path, steps, [](const StoreFolder& folder) -> Result<> {
        if (!folder.has(folder.store())) return {};
        if (auto ok = folder.rename(folder.store(), applied); !ok) return ok;
        return folder.sync();
    });
}

Result<> unstage_pending(const fs::path& path, const Steps& steps) {
    return in_folder(path, steps, [](const StoreFolder& folder) -> Result<> {
        if (!folder.has(applied)) return {};
        // One that was asked for meanwhile takes its place.
        auto ok = folder.has(folder.store()) ? folder.remove(applied) : folder.rename(applied, folder.store());
        return ok ? folder.sync() : ok;
    });
}

Result<> commit_pending(const fs::path& path, const Steps& steps) {
    return in_folder(path, steps, [](const StoreFolder& folder) -> Result<> {
        if (!folder.has(applied)) return {};
        if (auto ok = folder.remove(applied); !ok) return ok;
        return folder.sync();
    });
}

bool pending_is_staged(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path / applied, ignored);
}

Result<> recover_pending(const fs::path& path, const Steps& steps) {
    return in_folder(path, steps, [](const StoreFolder& folder) -> Result<> {
        for (auto& name : folder.strays())
            if (auto ok = folder.remove(name); !ok) return ok;
        folder.remove_if_empty();
        return {};
    });
}

}  // namespace vireo::firmware
