// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/history.hpp"

#include "firmware/compression.hpp"
#include "firmware/digest.hpp"
#include "firmware/store_folder.hpp"
#include "support/clock.hpp"
#include "support/log.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>

namespace vireo::firmware {
namespace json = boost::json;
namespace fs = std::filesystem;
namespace {

constexpr std::string_view noun = "history of the variable store";
constexpr std::int64_t version = 1;
constexpr std::size_t longest_who = 256;  // bytes
constexpr std::int64_t coarse_ns = 3'000'000'000;
constexpr std::string_view suffix = ".zst";

std::string file_of(const std::string& sha256) {
    return sha256 + std::string(suffix);
}

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::optional<std::uint64_t> number_of(std::string_view id) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    bool whole = error == std::errc() && end == id.data() + id.size();
    return whole && id.size() <= 18 && number > 0 && id.front() != '0' ? std::optional(number) : std::nullopt;
}

template <class T>
T number(const json::object& object, std::string_view key) {
    auto* value = object.if_contains(key);
    auto read = value ? json::try_value_to<T>(*value) : json::result<T>(std::error_code());
    return value && read ? *read : T{};
}

std::string text(const json::object& object, std::string_view key) {
    auto* value = object.if_contains(key);
    auto* string = value ? value->if_string() : nullptr;
    return string ? std::string(*string) : std::string();
}

bool flag(const json::object& object, std::string_view key) {
    auto* value = object.if_contains(key);
    return value && value->is_bool() && value->get_bool();
}

// Nothing when it is not what this version writes.
std::optional<Backup> entry_from(const json::value& value) {
    auto* object = value.if_object();
    if (!object) return std::nullopt;
    Backup entry;
    entry.id = text(*object, "id");
    entry.sha256 = text(*object, "sha256");
    auto reason = model::from_string<BackupReason>(text(*object, "reason"));
    entry.size = number<std::uint64_t>(*object, "size");
    if (!number_of(entry.id) || !is_sha256(entry.sha256) || !reason || entry.size > History::max_content)
        return std::nullopt;
    entry.reason = *reason;
    entry.time_usec = number<std::int64_t>(*object, "time-usec");
    entry.who = text(*object, "who").substr(0, longest_who);
    entry.template_sha256 = text(*object, "template-sha256");
    if (!is_sha256(entry.template_sha256)) entry.template_sha256.clear();
    entry.whole_file = flag(*object, "whole-file");
    return entry;
}

json::object to_object(const Backup& entry) {
    json::object object{{"id", entry.id},
                        {"time-usec", entry.time_usec},
                        {"sha256", entry.sha256},
                        {"size", entry.size},
                        {"reason", model::to_string(entry.reason)}};
    if (!entry.who.empty()) object["who"] = entry.who.substr(0, longest_who);
    if (!entry.template_sha256.empty()) object["template-sha256"] = entry.template_sha256;
    if (entry.whole_file) object["whole-file"] = true;
    return object;
}

std::optional<Look> look_from(const json::object& object) {
    Look look;
    look.device = number<std::uint64_t>(object, "device");
    look.inode = number<std::uint64_t>(object, "inode");
    look.size = number<std::uint64_t>(object, "size");
    look.modified_ns = number<std::int64_t>(object, "modified-ns");
    look.changed_ns = number<std::int64_t>(object, "changed-ns");
    look.seen_ns = number<std::int64_t>(object, "seen-ns");
    look.code_size = number<std::uint64_t>(object, "code-size");
    look.sha256 = text(object, "sha256");
    look.clogged = flag(object, "clogged");
    return is_sha256(look.sha256) ? std::optional(look) : std::nullopt;
}

json::object to_object(const Look& look) {
    return {{"device", look.device},           {"inode", look.inode},           {"size", look.size},
            {"modified-ns", look.modified_ns}, {"changed-ns", look.changed_ns}, {"seen-ns", look.seen_ns},
            {"code-size", look.code_size},     {"sha256", look.sha256},         {"clogged", look.clogged}};
}

}  // namespace

Look Look::of(const struct stat& status) {
    Look look;
    look.device = status.st_dev;
    look.inode = status.st_ino;
    look.size = static_cast<std::uint64_t>(status.st_size);
    look.modified_ns = nanoseconds(status.st_mtim);
    look.changed_ns = nanoseconds(status.st_ctim);
    look.seen_ns = static_cast<std::int64_t>(now_usec()) * 1000;
    return look;
}

bool Look::vouches_for(const struct stat& status) const noexcept {
    return device == status.st_dev && inode == status.st_ino && size == static_cast<std::uint64_t>(status.st_size) &&
           modified_ns == nanoseconds(status.st_mtim) && changed_ns == nanoseconds(status.st_ctim) &&
           seen_ns - std::max(modified_ns, changed_ns) > coarse_ns;
}

History::History(const fs::path& folder, Steps steps) : place_(folder / "index.json", true) {
    place_.steps = std::move(steps);
}

Result<History> History::open(const fs::path& path, Steps steps) {
    History history(path, std::move(steps));
    auto folder = StoreFolder::open(history.place_, noun);
    if (!folder && folder.error().code() == Errc::not_found) return history;
    if (!folder) return Failure(folder.error());
    auto index = folder->read(folder->store(), max_index);
    if (index) {
        history.load(*index);
    } else if (index.error().code() != Errc::not_found) {
        history.warnings_.emplace_back(index.error().what());
        history.rebuild(*folder);
    } else {
        history.rebuild(*folder);
        if (!history.entries_.empty())
            history.warnings_.push_back("the index of the history in " + path.string() +
                                        " is missing; it was made again from the backups that are there");
    }
    return history;
}

void History::load(std::string_view bytes) {
    boost::system::error_code error;
    auto document = json::parse(bytes, error);
    if (!error && load_document(document)) return;
    if (newer_) {
        warnings_.push_back("the history in " + place_.path.parent_path().string() +
                            " was written by a newer Vireo; it is left alone");
        return;
    }
    warnings_.push_back("the index of the history in " + place_.path.parent_path().string() +
                        " is damaged; it was made again from the backups that are there");
    entries_.clear();
    next_ = 1;
    if (auto folder = StoreFolder::open(place_, noun)) rebuild(*folder);
}

bool History::load_document(const json::value& document) {
    auto* object = document.if_object();
    if (!object) return false;
    auto written = number<std::int64_t>(*object, "version");
    newer_ = written > version;
    auto* list = object->if_contains("entries");
    auto* entries = list ? list->if_array() : nullptr;
    if (written != version || !entries) return false;
    std::set<std::string> ids;
    std::size_t wrong = 0;
    for (auto& value : *entries) {
        auto entry = entries_.size() < max_ring ? entry_from(value) : std::nullopt;
        if (!entry || !ids.insert(entry->id).second) {
            ++wrong;
            continue;
        }
        next_ = std::max(next_, *number_of(entry->id) + 1);
        entries_.push_back(std::move(*entry));
    }
    next_ = std::max(next_, number<std::uint64_t>(*object, "next"));
    if (next_ > 999'999'999'999'999'999) next_ = 1;  // nobody has made so many
    if (wrong) {
        if (auto folder = StoreFolder::open(place_, noun)) rebuild(*folder);
        warnings_.push_back(fmt::format("{} entries in the index of the history in {} are damaged", wrong,
                                        place_.path.parent_path().string()));
    }
    if (auto* look = object->if_contains("look"); look && look->is_object()) look_ = look_from(look->get_object());
    return true;
}

// What the folder holds and no entry names, in the order in which it was written.
void History::rebuild(const StoreFolder& folder) {
    std::set<std::string> named;
    for (auto& entry : entries_) named.insert(file_of(entry.sha256));
    std::vector<std::pair<std::int64_t, Backup>> found;
    for (auto& name : folder.list()) {
        std::string_view hash = name;
        if (!hash.ends_with(suffix) || named.contains(name)) continue;
        hash.remove_suffix(suffix.size());
        auto status = folder.status(name);
        if (!is_sha256(hash) || !status || !S_ISREG(status->st_mode)) continue;
        UniqueFd file(::openat(folder.fd(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        std::string head(32, '\0');
        auto got = file ? ::read(file.get(), head.data(), head.size()) : -1;
        Backup entry;
        entry.sha256 = hash;
        entry.size = got < 0 ? 0 : unpacked_size(std::string_view(head).substr(0, static_cast<std::size_t>(got)));
        if (entry.size > max_content) entry.size = 0;
        entry.reason = BackupReason::found;
        auto when = nanoseconds(status->st_mtim);
        entry.time_usec = when / 1000;
        found.emplace_back(when, std::move(entry));
    }
    std::ranges::sort(found, {}, [](auto& item) { return std::pair(item.first, item.second.sha256); });
    if (found.size() > max_ring) found.erase(found.begin(), found.end() - max_ring);
    for (auto& [_, entry] : found) {
        entry.id = std::to_string(next_++);
        entries_.push_back(std::move(entry));
    }
}

const Backup* History::find(std::string_view id) const noexcept {
    auto found = std::ranges::find(entries_, id, &Backup::id);
    return found == entries_.end() ? nullptr : &*found;
}

std::vector<Backup> History::examined() const {
    auto list = entries_;
    auto folder = StoreFolder::open(place_, noun);
    for (auto& entry : list) {
        auto status = folder ? folder->status(file_of(entry.sha256)) : std::nullopt;
        if (!status)
            entry.problem = "its content is missing";
        else if (!S_ISREG(status->st_mode) || status->st_size == 0)
            entry.problem = "its content is damaged";
    }
    return list;
}

Result<std::string> History::content_of(const Backup& entry) const {
    auto damaged = [&](const std::string& what) {
        return Failure(Error(Errc::invalid_state, fmt::format("backup {} {}", entry.id, what))
                           .with_object(place_.path.parent_path().string())
                           .with_hint("choose another backup"));
    };
    auto folder = StoreFolder::open(place_, noun);
    auto packed = folder ? folder->read(file_of(entry.sha256), max_content) : Failure(folder.error());
    if (!packed && packed.error().code() == Errc::not_found) return damaged("is missing");
    if (!packed) return damaged(std::string("cannot be read: ") + packed.error().what());
    auto content = unpack(*packed, max_content);
    if (!content) return damaged(content.error().message());
    if (sha256(*content) != entry.sha256) return damaged("is damaged: it is not what was written");
    return content;
}

Result<std::string> History::read(std::string_view id) const {
    auto* entry = find(id);
    if (!entry)
        return Failure(Error(Errc::not_found, "there is no backup '" + std::string(id.substr(0, 64)) + "'")
                           .with_hint("'vireo nvram history' lists those that are there"));
    return content_of(*entry);
}

// A content of this hash that is there and sound stays.
Result<> History::put_content(const StoreFolder& folder, std::string_view content, const std::string& hash,
                              bool flush) {
    if (folder.has(file_of(hash))) {
        Backup known;
        known.sha256 = hash;
        if (content_of(known)) return {};
    }
    auto packed = pack(content);
    if (!packed) return Failure(packed.error());
    return folder.replace(file_of(hash), *packed, flush ? StoreFolder::Flush::now : StoreFolder::Flush::later);
}

Result<> History::write_index(const StoreFolder& folder, bool flush) {
    json::array list;
    for (auto& entry : entries_) list.emplace_back(to_object(entry));
    json::object document{{"version", version}, {"next", next_}, {"entries", std::move(list)}};
    if (look_) document["look"] = to_object(*look_);
    auto bytes = json::serialize(document) + "\n";
    return folder.replace(folder.store(), bytes, flush ? StoreFolder::Flush::now : StoreFolder::Flush::later);
}

Result<Backup> History::add(std::string_view content, Backup entry, std::size_t ring, Durability durability) {
    if (newer_) return fail(Errc::unsupported, warnings_.back());
    if (content.size() > max_content)
        return fail(Errc::limit_exceeded, fmt::format("{} bytes are too many for a backup", content.size()));
    entry.sha256 = sha256(content);
    entry.size = content.size();
    entry.problem.clear();
    if (auto* last = newest(); last && last->sha256 == entry.sha256 && content_of(*last)) return *last;
    if (auto ok = StoreFolder::make(place_); !ok) return Failure(ok.error());
    auto folder = StoreFolder::open(place_, noun);
    if (!folder) return Failure(folder.error());
    bool flush = durability == Durability::now;
    if (auto ok = put_content(*folder, content, entry.sha256, flush); !ok) return Failure(ok.error());
    auto before = std::pair(entries_, next_);
    entry.id = std::to_string(next_++);
    entries_.push_back(entry);
    ring = std::clamp<std::size_t>(ring, 1, max_ring);
    if (entries_.size() > ring) entries_.erase(entries_.begin(), entries_.end() - static_cast<std::ptrdiff_t>(ring));
    auto ok = write_index(*folder, flush);
    if (!ok) std::tie(entries_, next_) = before;
    if (ok && flush) ok = folder->sync();
    if (!ok) {
        drop_unnamed(*folder);
        return Failure(ok.error());
    }
    if (!flush) unsynchronised_ = {file_of(entry.sha256), folder->store()};
    drop_unnamed(*folder);
    return entry;
}

Result<> History::sync() {
    if (unsynchronised_.empty()) return {};
    auto folder = StoreFolder::open(place_, noun);
    if (!folder) return Failure(folder.error());
    for (auto& name : unsynchronised_)
        if (auto ok = folder->flush(name); !ok) return ok;
    unsynchronised_.clear();
    return folder->sync();
}

void History::remember(const Look& look) {
    if (newer_ || look_ == look) return;
    look_ = look;
    if (!StoreFolder::make(place_)) return;
    if (auto folder = StoreFolder::open(place_, noun))
        if (auto ok = write_index(*folder, false); !ok) log::debug("{}", ok.error().what());
}

// Only what looks like a content: nothing else in the folder is ours to remove.
void History::drop_unnamed(const StoreFolder& folder) const {
    std::set<std::string> named;
    for (auto& entry : entries_) named.insert(file_of(entry.sha256));
    for (auto& name : folder.list()) {
        std::string_view hash = name;
        if (!hash.ends_with(suffix) || named.contains(name)) continue;
        hash.remove_suffix(suffix.size());
        if (!is_sha256(hash)) continue;
        if (auto ok = folder.remove(name); !ok) log::warning("{}", ok.error().what());
    }
}

Result<std::size_t> History::keep_only(std::vector<Backup> kept) {
    if (newer_) return fail(Errc::unsupported, warnings_.back());
    auto dropped = entries_.size() - kept.size();
    if (dropped == 0) return dropped;
    auto folder = StoreFolder::open(place_, noun);
    if (!folder) return Failure(folder.error());
    std::swap(entries_, kept);
    auto ok = write_index(*folder, true);
    if (!ok) {
        std::swap(entries_, kept);
        return Failure(ok.error());
    }
    if (ok = folder->sync(); !ok) return Failure(ok.error());
    drop_unnamed(*folder);
    return dropped;
}

Result<std::size_t> History::prune(std::size_t keep) {
    auto kept = entries_;
    if (kept.size() > keep) kept.erase(kept.begin(), kept.end() - static_cast<std::ptrdiff_t>(keep));
    return keep_only(std::move(kept));
}

Result<std::size_t> History::prune(const std::vector<std::string>& ids) {
    for (auto& id : ids)
        if (!find(id)) return fail(Errc::not_found, "there is no backup '", id.substr(0, 64), "'; none was dropped");
    auto kept = entries_;
    std::erase_if(kept, [&](const Backup& entry) { return std::ranges::find(ids, entry.id) != ids.end(); });
    return keep_only(std::move(kept));
}

Result<> History::recover() {
    auto folder = StoreFolder::open(place_, noun);
    if (!folder) return folder.error().code() == Errc::not_found ? Result<>() : Failure(folder.error());
    for (auto& name : folder->strays())
        if (auto ok = folder->remove(name); !ok) return ok;
    if (!newer_) drop_unnamed(*folder);
    return {};
}

}  // namespace vireo::firmware
