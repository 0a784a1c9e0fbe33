// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/disposal_note.hpp"

#include "model/names.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <boost/json.hpp>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr int version = 1;
constexpr std::size_t max_note = 64u << 10;  // bytes
constexpr std::string_view prefix = "undefine-", suffix = ".json";

fs::path note_of(const fs::path& trash, const model::Uuid& guest) {
    return trash / (std::string(prefix) + guest.to_string() + std::string(suffix));
}

std::string text(const json::object& object, std::string_view key) {
    auto* value = object.if_contains(key);
    auto* string = value ? value->if_string() : nullptr;
    return string ? std::string(*string) : std::string();
}

std::optional<DisposalRequest> read_note(const fs::path& trash, const model::Uuid& guest) {
    auto content = read_file(note_of(trash, guest), max_note);
    if (!content) return std::nullopt;
    boost::system::error_code error;
    auto value = json::parse(*content, error);
    auto* object = error ? nullptr : value.if_object();
    if (!object || !object->contains("version") || object->at("version") != version) return std::nullopt;
    DisposalRequest request;
    auto path = text(*object, "path"), how = text(*object, "how");
    auto format = model::from_string<StoreFormat>(text(*object, "format"));
    if (!path.starts_with('/') || !format || (how != "trash" && how != "remove")) return std::nullopt;
    request.store.path = path;
    request.store.format = *format;
    request.store.own = object->contains("own") && object->at("own") == true;
    request.store.kind = object->contains("block") && object->at("block") == true ? StoreKind::block : StoreKind::file;
    request.how = how == "trash" ? Disposal::trash : Disposal::remove;
    request.trash = trash;
    request.guest = guest;
    return request;
}

}  // namespace

Result<> write_note(const DisposalRequest& request) {
    json::object note{{"version", version},
                      {"path", request.store.path.string()},
                      {"format", model::to_string(request.store.format)},
                      {"own", request.store.own},
                      {"block", request.store.kind == StoreKind::block},
                      {"how", request.how == Disposal::trash ? "trash" : "remove"}};
    if (auto made = make_folder(request.trash, 0700); !made) return made;
    return replace_file(note_of(request.trash, request.guest), json::serialize(note) + "\n");
}

Result<> remove_note(const DisposalRequest& request) {
    std::error_code ignored;
    auto note = note_of(request.trash, request.guest);
    if (!fs::exists(fs::symlink_status(note, ignored))) return {};
    return remove_file(note);
}

std::vector<DisposalRequest> notes(const fs::path& trash) {
    std::vector<DisposalRequest> all;
    std::error_code error;
    for (fs::directory_iterator it(trash, error), end; !error && it != end; it.increment(error)) {
        auto name = it->path().filename().string();
        if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
        auto guest = model::Uuid::parse(
            std::string_view(name).substr(prefix.size(), name.size() - prefix.size() - suffix.size()));
        auto request = guest ? read_note(trash, *guest) : std::nullopt;
        if (request)
            all.push_back(std::move(*request));
        else
            log::warning("{} cannot be understood and is left", it->path().string());
    }
    return all;
}

}  // namespace vireo::firmware
