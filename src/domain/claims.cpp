// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/claims.hpp"

#include "firmware/resolve.hpp"
#include "storage/image_chain.hpp"

#include <algorithm>
#include <optional>
#include <sys/stat.h>
#include <tuple>

namespace vireo::domain {
namespace fs = std::filesystem;
namespace {

std::string shortest(const fs::path& path) {
    return path.lexically_normal().string();
}

using Identity = std::tuple<dev_t, ino_t, dev_t>;  // of a file; of a block device: what it is, whatever its node
std::optional<Identity> identity(const std::string& path) {
    struct stat status{};
    if (path.empty() || ::stat(path.c_str(), &status)) return std::nullopt;
    if (S_ISBLK(status.st_mode)) return Identity(0, 0, status.st_rdev);
    return Identity(status.st_dev, status.st_ino, 0);
}

// May this file have another name than the one that is known?
bool may_have_other_names(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status)) return false;
    if (S_ISBLK(status.st_mode) || status.st_nlink > 1) return true;
    std::error_code error;
    auto real = fs::canonical(path, error);
    return error || real.string() != path;
}

bool same_file(const std::string& a, const std::string& b) {
    if (a.empty() || b.empty()) return false;
    if (a == b) return true;
    auto left = identity(a);
    return left && left == identity(b);
}

Failure refused(const Claims& mine, std::string what) {
    return Failure(Error(Errc::invalid_config, std::move(what))
                       .with_object(mine.store.empty() ? mine.guest : mine.store)
                       .with_hint("leave out the path in <nvram>, and the guest gets a store of its own; to begin with "
                                  "the other's variables: vireo nvram export, then vireo nvram import"));
}

Failure two_guests(const Claims& mine, const Claims& other) {
    return refused(mine, "/domain/os/nvram: " + mine.store + " is the variable store of " + other.guest +
                             " already; two guests cannot share one");
}

Failure a_disk(const Claims& mine, const Claims& other, const std::string& disk) {
    return refused(mine, "/domain/os/nvram: " + mine.store + " is a disk of " + other.guest + " (" + disk + ")");
}

Failure others_store(const Claims& mine, const Claims& other, const std::string& disk) {
    return Failure(Error(Errc::invalid_config, "/domain/devices/disk: " + disk + " is the variable store of " +
                                                   other.guest + " (" + other.store + ")")
                       .with_object(mine.guest)
                       .with_hint("use another image: a guest that writes there would destroy that store"));
}

Result<> compare(const Claims& mine, const Claims& other, bool by_content) {
    auto same = [by_content](const std::string& a, const std::string& b) {
        return by_content ? same_file(a, b) : !a.empty() && a == b;
    };
    if (other.uuid != mine.uuid && same(mine.store, other.store)) return two_guests(mine, other);
    if (!mine.store.empty())
        for (auto& disk : other.disks)
            if (same(mine.store, disk)) return a_disk(mine, other, disk);
    if (other.store.empty()) return {};
    for (auto& disk : mine.disks)
        if (same(disk, other.store)) return others_store(mine, other, disk);
    return {};
}

}  // namespace

Claims Claims::of(const model::Domain& definition, const fs::path& data) {
    Claims claims;
    claims.guest = definition.name;
    if (definition.uuid) claims.uuid = definition.uuid->to_string();
    if (auto store = firmware::store_of(definition, data); store && store->kind != firmware::StoreKind::network) {
        claims.store = shortest(store->path);
        claims.own_store = store->own;
    }
    for (auto& disk : definition.devices.disks) {
        if (disk.empty()) continue;
        auto request = storage::request_of(disk);
        if (!request.path.empty() && request.path[0] == '/' && !request.read_only)
            claims.disks.push_back(shortest(request.path));
    }
    if (auto& loader = definition.os.loader; loader && !loader->path.empty()) claims.code = shortest(loader->path);
    if (auto& nvram = definition.os.nvram; nvram && !nvram->template_path.empty())
        claims.template_path = shortest(nvram->template_path);
    return claims;
}

Result<> check_claims(const Claims& mine, const std::vector<std::shared_ptr<const Claims>>& others) {
    if (same_file(mine.store, mine.template_path))
        return refused(mine, "/domain/os/nvram: the variable store " + mine.store + " is the template itself");
    if (same_file(mine.store, mine.code))
        return refused(mine, "/domain/os/nvram: the variable store " + mine.store + " is the firmware's code");
    if (auto ok = compare(mine, mine, false); !ok) return ok;
    bool links = may_have_other_names(mine.store) || std::ranges::any_of(mine.disks, may_have_other_names);
    if (links)
        if (auto ok = compare(mine, mine, true); !ok) return ok;
    for (auto& other : others) {
        if (!other || other->uuid == mine.uuid) continue;
        if (auto ok = compare(mine, *other, links); !ok) return ok;
    }
    return {};
}

}  // namespace vireo::domain
