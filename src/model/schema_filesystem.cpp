// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_boot_order = 1000000;
constexpr std::uint64_t most_32 = 0xffffffff;
}  // namespace

template <>
const Element& schema<Filesystem>() {
    static const Element element = Declare<Filesystem>()
        .attribute("type", &Filesystem::type).decides()
        .attribute("accessmode", &Filesystem::access)
        .attribute("multidevs", &Filesystem::multidevs)
        .attribute("fmode", &Filesystem::fmode)
        .attribute("dmode", &Filesystem::dmode)
        .attribute("model", &Filesystem::model).decides()
        .child("driver", &Filesystem::driver)
        .child("binary", &Filesystem::binary)
        .child("source", &Filesystem::source)
        .child("idmap", &Filesystem::idmap)
        .child_attribute("target", "dir", &Filesystem::target)
        .flag("readonly", &Filesystem::readonly)
        .child_attribute("boot", "order", &Filesystem::boot_order).range(1, most_boot_order)
        .include(&Filesystem::info)
        .child("space_hard_limit", &Filesystem::space_hard_limit).bytes().unit<"bytes">()
        .child("space_soft_limit", &Filesystem::space_soft_limit).bytes().unit<"bytes">()
        .kept(&Filesystem::kept)
        .build();
    return element;
}

template <>
const Element& schema<FilesystemDriver>() {
    static const Element element = Declare<FilesystemDriver>()
        .attribute("type", &FilesystemDriver::type)
        .attribute("format", &FilesystemDriver::format)
        .attribute("wrpolicy", &FilesystemDriver::write_policy)
        .attribute("queue", &FilesystemDriver::queue).range(1, most_32)
        .include(&FilesystemDriver::virtio)
        .kept(&FilesystemDriver::kept)
        .build();
    return element;
}

template <>
const Element& schema<FilesystemBinary>() {
    static const Element element = Declare<FilesystemBinary>()
        .attribute("path", &FilesystemBinary::path)
        .attribute("xattr", &FilesystemBinary::xattr).on_off()
        .child_attribute("cache", "mode", &FilesystemBinary::cache)
        .child_attribute("sandbox", "mode", &FilesystemBinary::sandbox)
        .child("lock", &FilesystemBinary::lock)
        .child_attribute("thread_pool", "size", &FilesystemBinary::thread_pool)
        .child_attribute("openfiles", "max", &FilesystemBinary::open_files)
        .kept(&FilesystemBinary::kept)
        .build();
    return element;
}

template <>
const Element& schema<FilesystemLock>() {
    static const Element element = Declare<FilesystemLock>()
        .attribute("posix", &FilesystemLock::posix).on_off()
        .attribute("flock", &FilesystemLock::flock).on_off()
        .kept(&FilesystemLock::kept)
        .build();
    return element;
}

template <>
const Element& schema<FilesystemIdMap>() {
    static const Element element = Declare<FilesystemIdMap>()
        .child("uid", &FilesystemIdMap::uid)
        .child("gid", &FilesystemIdMap::gid)
        .kept(&FilesystemIdMap::kept)
        .build();
    return element;
}

template <>
const Element& schema<FilesystemIds>() {
    static const Element element = Declare<FilesystemIds>()
        .attribute("start", &FilesystemIds::start).required()
        .attribute("target", &FilesystemIds::target).required()
        .attribute("count", &FilesystemIds::count).required()
        .kept(&FilesystemIds::kept)
        .build();
    return element;
}

template <>
const Element& schema<FilesystemSource>() {
    static const Element element = Declare<FilesystemSource>()
        .attribute("dir", &FilesystemSource::dir)
        .attribute("file", &FilesystemSource::file)
        .attribute("dev", &FilesystemSource::dev)
        .attribute("name", &FilesystemSource::name)
        .attribute("socket", &FilesystemSource::socket)
        .attribute("pool", &FilesystemSource::pool)
        .attribute("volume", &FilesystemSource::volume)
        .attribute("usage", &FilesystemSource::usage).bytes().unit_in("units")
        .kept(&FilesystemSource::kept)
        .build();
    return element;
}

}  // namespace vireo::model
