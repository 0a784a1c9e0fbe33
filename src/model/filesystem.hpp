// SPDX-License-Identifier: LGPL-2.1-or-later
// Folders of the host that a guest mounts: by 9p, which QEMU serves itself, or by virtiofs, which a process beside it
// serves.
#pragma once
#include "model/address.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/virtio.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

struct FilesystemDriver {
    enum class Type { path, handle, virtiofs, mtp, loop, nbd, ploop };
    enum class WritePolicy { immediate };
    std::optional<Type> type;  // path (9p) when absent
    std::string format;        // of containers' images
    std::optional<WritePolicy> write_policy;
    std::optional<std::uint32_t> queue;  // virtiofs: the queue's size
    VirtioOptions virtio;
    Kept kept;
    bool operator==(const FilesystemDriver&) const = default;
};
template <>
inline constexpr auto names<FilesystemDriver::Type> =
    words("path", "handle", "virtiofs", "mtp", "loop", "nbd", "ploop");
template <>
inline constexpr auto names<FilesystemDriver::WritePolicy> = words("immediate");

struct FilesystemLock {
    std::optional<bool> posix;
    std::optional<bool> flock;
    Kept kept;
    bool operator==(const FilesystemLock&) const = default;
};

struct FilesystemBinary {  // how the server of virtiofs runs
    enum class Cache { none, always };
    enum class Sandbox { namespaces, chroot };
    std::string path;  // absolute; empty: what the host has
    std::optional<bool> xattr;
    std::optional<Cache> cache;
    std::optional<Sandbox> sandbox;
    std::optional<FilesystemLock> lock;
    std::optional<std::uint32_t> thread_pool;
    std::optional<std::uint64_t> open_files;  // how many it may have open at once
    Kept kept;
    bool operator==(const FilesystemBinary&) const = default;
};
template <>
inline constexpr auto names<FilesystemBinary::Cache> = words("none", "always");
template <>
inline constexpr auto names<FilesystemBinary::Sandbox> = words("namespace", "chroot");

struct FilesystemIds {  // the guest's ids start … start + count - 1 are the host's from target on
    std::uint32_t start = 0;
    std::uint32_t target = 0;
    std::uint32_t count = 0;
    Kept kept;
    bool operator==(const FilesystemIds&) const = default;
};

struct FilesystemIdMap {  // virtiofs without privileges
    std::vector<FilesystemIds> uid;
    std::vector<FilesystemIds> gid;
    Kept kept;
    bool operator==(const FilesystemIdMap&) const = default;
};

struct FilesystemSource {
    std::string dir;                     // mount, bind: absolute path
    std::string file;                    // file
    std::string dev;                     // block
    std::string name;                    // template
    std::string socket;                  // mount: of a server that runs already
    std::string pool;                    // volume
    std::string volume;                  // volume
    std::optional<std::uint64_t> usage;  // ram: bytes
    Kept kept;
    bool operator==(const FilesystemSource&) const = default;
};

struct Filesystem {
    enum class Type { mount, block, file, template_, ram, bind, volume };
    enum class Access { passthrough, mapped, squash };
    enum class MultipleDevices { default_, remap, forbid, warn };
    Type type = Type::mount;
    std::optional<Access> access;              // whose ids files have on the host; passthrough when absent
    std::optional<MultipleDevices> multidevs;  // 9p: when the folder spans file systems
    std::string fmode;                         // of files that the guest makes; octal
    std::string dmode;                         // of folders that the guest makes; octal
    std::optional<VirtioModel> model;
    std::optional<FilesystemDriver> driver;
    Box<FilesystemBinary> binary;
    std::optional<FilesystemSource> source;
    Box<FilesystemIdMap> idmap;
    std::string target;  // the guest mounts it by this name
    bool readonly = false;
    std::optional<std::uint32_t> boot_order;
    DeviceInfo info;
    std::optional<std::uint64_t> space_hard_limit;  // bytes
    std::optional<std::uint64_t> space_soft_limit;  // bytes
    Kept kept;
    bool operator==(const Filesystem&) const = default;

    bool virtiofs() const noexcept { return driver && driver->type == FilesystemDriver::Type::virtiofs; }
};
template <>
inline constexpr auto names<Filesystem::Type> = words("mount", "block", "file", "template", "ram", "bind", "volume");
template <>
inline constexpr auto names<Filesystem::Access> = words("passthrough", "mapped", "squash");
template <>
inline constexpr auto names<Filesystem::MultipleDevices> = words("default", "remap", "forbid", "warn");

}  // namespace vireo::model
