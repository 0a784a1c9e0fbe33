// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/trash.hpp"

#include "support/file.hpp"
#include "support/log.hpp"

#include <algorithm>
#include <charconv>
#include <sys/stat.h>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view prefix = "nvram-";
constexpr std::size_t uuid_length = 36;

// "nvram-<uuid>-<time>", and nothing else: an id comes from outside and becomes part of a path.
std::optional<Trashed> from_name(const fs::path& trash, std::string_view name) {
    if (!name.starts_with(prefix) || name.size() < prefix.size() + uuid_length + 2) return std::nullopt;
    auto uuid = model::Uuid::parse(name.substr(prefix.size(), uuid_length));
    auto digits = name.substr(prefix.size() + uuid_length);
    if (!uuid || digits[0] != '-') return std::nullopt;
    digits.remove_prefix(1);
    Trashed trashed;
    auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), trashed.time_usec);
    if (error != std::errc() || end != digits.data() + digits.size() || trashed.time_usec < 0) return std::nullopt;
    trashed.id = name;
    trashed.folder = trash / trashed.id;
    trashed.guest = *uuid;
    return trashed;
}

StoreFormat format_of(const fs::path& file) {
    if (file.extension() == ".qcow2") return StoreFormat::qcow2;
    return file.extension() == ".json" ? StoreFormat::json : StoreFormat::raw;
}

// The one regular file that is a store: not the note of where it lay, and nothing in the folders beside it.
void look_into(Trashed& trashed) {
    std::error_code error;
    for (fs::directory_iterator it(trashed.folder, error), end; !error && it != end; it.increment(error)) {
        auto name = it->path().filename().string();
        struct stat status{};
        if (::lstat(it->path().c_str(), &status) || !S_ISREG(status.st_mode) || name.starts_with(".")) continue;
        if (name == "origin") {
            if (auto text = read_file(it->path(), 1u << 16)) trashed.origin = text->substr(0, text->find('\n'));
            continue;
        }
        bool store = name.ends_with(".fd") || name.ends_with(".qcow2") || name == "VARS.json";
        if (!store && (name.ends_with(".json") || !trashed.file.empty())) continue;
        trashed.file = it->path();
        trashed.format = format_of(it->path());
        trashed.size = static_cast<std::uint64_t>(status.st_size);
    }
}

}  // namespace

Result<std::vector<Trashed>> list_trash(const fs::path& trash) {
    std::vector<Trashed> all;
    std::error_code error;
    fs::directory_iterator it(trash, error);
    if (error == std::errc::no_such_file_or_directory) return all;
    for (fs::directory_iterator end; !error && it != end; it.increment(error)) {
        auto trashed = from_name(trash, it->path().filename().string());
        std::error_code ignored;
        if (!trashed || !fs::is_directory(it->symlink_status(ignored))) continue;
        look_into(*trashed);
        all.push_back(std::move(*trashed));
    }
    if (error) return Failure(system_error(error.value(), "cannot list " + trash.string()));
    std::ranges::sort(all, std::ranges::greater(), [](auto& one) { return std::pair(one.time_usec, one.id); });
    return all;
}

Result<Trashed> find_trashed(const fs::path& trash, std::string_view id) {
    auto trashed = from_name(trash, id);
    std::error_code ignored;
    if (trashed && fs::is_directory(fs::symlink_status(trashed->folder, ignored))) {
        look_into(*trashed);
        if (!trashed->file.empty()) return std::move(*trashed);
    }
    return Failure(Error(Errc::not_found, "there is no '" + std::string(id.substr(0, 200)) + "' in the trash")
                       .with_hint("see what there is: vireo nvram trash"));
}

Result<> remove_trashed(const fs::path& trash, std::string_view id) {
    auto trashed = from_name(trash, id);
    if (!trashed) return fail(Errc::not_found, "there is no '", id.substr(0, 200), "' in the trash");
    std::error_code error;
    fs::remove_all(trashed->folder, error);
    if (error) return Failure(system_error(error.value(), "cannot remove " + trashed->folder.string()));
    std::error_code ignored;
    if (!fs::exists(trash, ignored)) return {};
    return sync_folder(trash);
}

Result<std::size_t> expire_trash(const fs::path& trash, std::int64_t before_usec) {
    auto all = list_trash(trash);
    if (!all) return Failure(all.error());
    std::size_t count = 0;
    for (auto& one : *all) {
        if (one.time_usec >= before_usec) continue;
        if (auto removed = remove_trashed(trash, one.id))
            ++count;
        else
            log::warning("{}", removed.error().what());
    }
    return count;
}

void take_history_along(const Trashed& trashed, const fs::path& guest_folder) {
    auto from = trashed.folder / "history", to = guest_folder / "history";
    std::error_code error;
    if (!fs::is_directory(fs::symlink_status(from, error)) || fs::exists(to, error)) return;
    if (auto made = make_folder(guest_folder, 0700); !made) return log::warning("{}", made.error().what());
    fs::rename(from, to, error);
    if (error) return log::warning("{} is left there: {}", from.string(), error.message());
    (void)sync_folder(guest_folder);
}

}  // namespace vireo::firmware
