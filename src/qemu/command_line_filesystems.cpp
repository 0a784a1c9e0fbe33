// SPDX-License-Identifier: LGPL-2.1-or-later
// Folders of the host: 9p is served by QEMU, virtiofs by a process of its own
// behind a socket.
#include "qemu/command_line_builder.hpp"

#include <fmt/format.h>

namespace vireo::qemu {
using model::Filesystem;

namespace {

std::string_view security_model(const Filesystem& filesystem) {
    switch (filesystem.access.value_or(Filesystem::Access::passthrough)) {
        case Filesystem::Access::passthrough:
            return "passthrough";
        case Filesystem::Access::mapped:
            return "mapped";
        case Filesystem::Access::squash:
            return "none";
    }
    return {};
}

}  // namespace

void CommandLineBuilder::add_9p(const Filesystem& filesystem) {
    using Driver = model::FilesystemDriver;
    const bool handle = filesystem.driver && filesystem.driver->type == Driver::Type::handle;
    const auto id = "fsdev-" + filesystem.info.alias;
    std::string backend = handle ? "handle" : "local";
    if (!handle) backend += fmt::format(",security_model={}", security_model(filesystem));
    const auto multidevs = filesystem.multidevs.value_or(Filesystem::MultipleDevices::default_);
    if (multidevs != Filesystem::MultipleDevices::default_)
        backend += fmt::format(",multidevs={}", to_string(multidevs));
    if (!filesystem.fmode.empty()) backend += ",fmode=" + filesystem.fmode;
    if (!filesystem.dmode.empty()) backend += ",dmode=" + filesystem.dmode;
    if (filesystem.driver && filesystem.driver->write_policy) backend += ",writeout=immediate";
    backend += fmt::format(",id={},path={}", id, escape_commas(filesystem.source ? filesystem.source->dir : ""));
    if (filesystem.readonly) backend += ",readonly=on";
    add("-fsdev", std::move(backend));

    const auto model = filesystem.model.value_or(model::VirtioModel::virtio);
    auto object = device(virtio_driver("virtio-9p", model, filesystem.info), filesystem.info, describe(filesystem));
    if (filesystem.driver) add_virtio_options(object, filesystem.driver->virtio);
    object["fsdev"] = id;
    object["mount_tag"] = filesystem.target;
    add_address(object, filesystem.info, describe(filesystem));
    add("-device", object);
}

void CommandLineBuilder::add_virtiofs(const Filesystem& filesystem) {
    const auto& alias = filesystem.info.alias;
    const auto id = "chr-vu-" + alias;
    const bool served = filesystem.source && !filesystem.source->socket.empty();  // by somebody else, already
    add("-chardev", fmt::format("socket,id={},{}", id,
                                served ? "path=" + escape_commas(filesystem.source->socket)
                                       : connection(alias, fmt::format("/run/vireo/qemu/{}-fs.sock", alias))));
    const auto model = filesystem.model.value_or(model::VirtioModel::virtio);
    auto object = device(virtio_driver("vhost-user-fs", model, filesystem.info), filesystem.info, describe(filesystem));
    if (filesystem.driver) {
        add_virtio_options(object, filesystem.driver->virtio);
        if (filesystem.driver->queue) object["queue-size"] = *filesystem.driver->queue;
    }
    object["chardev"] = id;
    object["tag"] = filesystem.target;
    if (filesystem.boot_order) object["bootindex"] = *filesystem.boot_order;
    add_address(object, filesystem.info, describe(filesystem));
    add("-device", object);
}

void CommandLineBuilder::add_filesystems() {
    for (const auto& filesystem : domain_.devices.filesystems) {
        if (filesystem.virtiofs())
            add_virtiofs(filesystem);
        else
            add_9p(filesystem);
    }
}

}  // namespace vireo::qemu
