// SPDX-License-Identifier: LGPL-2.1-or-later
// QEMU's block nodes for one storage source and what lies under it, as -blockdev objects. Source: QEMU's
// qapi/block-core.json (BlockdevOptions).
#pragma once
#include "model/disk.hpp"
#include "support/error.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::qemu {
namespace json = boost::json;

// One image. What is null or empty is not said by the definition.
struct BlockLayer {
    BlockLayer() = default;
    std::uint32_t number = 0;  // its nodes are vireo-NUMBER-storage and vireo-NUMBER-format
    model::SourceType type = model::SourceType::file;
    const model::StorageSource* source = nullptr;
    const model::SourceAuth* auth = nullptr;
    const model::Encryption* encryption = nullptr;
    std::string file;  // type file, block, vhostvdpa, volume: what QEMU opens, a path or that of an fdset
    model::DiskFormat format = model::DiskFormat::raw;
    std::optional<std::uint64_t> metadata_cache;  // bytes
    bool block_device = false;
    bool optical = false;  // a CD drive of the host
    bool read_only = false;
    bool auto_read_only = false;  // QEMU may open the storage for reading only as long as nobody writes
    bool floppy = false;          // a folder that is shown as a floppy disk
    bool ends = false;            // nothing lies under it, whatever its header says
};

struct BlockNodes {
    BlockNodes() = default;
    std::vector<json::object> objects;  // -object: what the nodes refer to; secrets by name, never their contents
    std::vector<json::object> nodes;    // -blockdev: from the bottom up, each after those that it names
    std::string top;                    // the node that a device uses; empty: none
};

// The layers of a disk from the first image on. `driver` is about the first image and about the caches of all;
// `cor_node` names the copy-on-read filter when driver asks for one.
//
// Failure(invalid_config | unsupported): a sentence without the disk's name.
Result<BlockNodes> block_nodes(const std::vector<BlockLayer>& layers, const model::DiskDriver& driver,
                               const std::string& cor_node);

// The storage node of one source alone, without node-name and caches: driver and place. Adds the secrets that it needs
// to `objects`, with names that start with `prefix`.
Result<json::object> storage_node(const BlockLayer& layer, const std::string& prefix,
                                  std::vector<json::object>& objects);

// A -object for a secret that is known by reference only.
json::object secret_object(const std::string& id, const model::SecretReference& secret);

// The TCP port of a protocol when the definition does not say.
std::uint32_t default_port(model::NetworkProtocol protocol) noexcept;

}  // namespace vireo::qemu
