// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/block_nodes.hpp"

#include <fmt/format.h>

namespace vireo::qemu {
namespace {
using model::DiskDriver;
using model::DiskFormat;
using model::Encryption;
using Cache = DiskDriver::Cache;

std::string storage_name(std::uint32_t number) {
    return fmt::format("vireo-{}-storage", number);
}
std::string format_name(std::uint32_t number) {
    return fmt::format("vireo-{}-format", number);
}

bool is_direct(Cache cache) {
    return cache == Cache::none || cache == Cache::directsync;
}
void add_cache(json::object& node, Cache cache) {
    if (cache == Cache::default_) return;
    json::object modes;
    modes["direct"] = is_direct(cache);
    modes["no-flush"] = cache == Cache::unsafe;
    node["cache"] = std::move(modes);
}

std::string_view driver_of(DiskFormat format) {
    switch (format) {
        case DiskFormat::fat:
        case DiskFormat::dir:
        case DiskFormat::iso:
            return "raw";
        case DiskFormat::ploop:
            return "parallels";
        default:
            return to_string(format);
    }
}

// Others do not know the property, not even to say that there is nothing.
bool can_have_backing(DiskFormat format) {
    return format == DiskFormat::qcow2 || format == DiskFormat::qcow || format == DiskFormat::qed ||
           format == DiskFormat::vmdk;
}

class Chain {
public:
    Chain(const std::vector<BlockLayer>& layers, const DiskDriver& driver)
        : layers_(layers), driver_(driver), cache_(driver.cache.value_or(Cache::default_)) {}

    Result<BlockNodes> build(const std::string& cor_node) {
        for (std::size_t i = layers_.size(); i-- > 0;)
            if (auto done = add(i); !done) return Failure(done.error());
        if (!layers_.empty()) out_.top = format_name(layers_.front().number);
        if (!out_.top.empty() && driver_.copy_on_read == true) {
            json::object filter;
            filter["driver"] = "copy-on-read";
            filter["node-name"] = cor_node;
            filter["file"] = out_.top;
            if (driver_.discard) filter["discard"] = to_string(*driver_.discard);
            out_.nodes.push_back(std::move(filter));
            out_.top = cor_node;
        }
        return std::move(out_);
    }

private:
    static bool luks(const BlockLayer& layer) {
        return layer.encryption && layer.encryption->engine != Encryption::Engine::librbd;
    }

    Result<> add(std::size_t index) {
        const auto& layer = layers_[index];
        const auto name = storage_name(layer.number);
        auto storage = storage_node(layer, name, out_.objects);
        if (!storage) return Failure(storage.error());
        reservations(*storage, layer);
        (*storage)["node-name"] = name;
        if (layer.auto_read_only)
            (*storage)["auto-read-only"] = true;
        else
            (*storage)["read-only"] = layer.read_only;
        (*storage)["discard"] = "unmap";
        if (driver_.io && is_local(layer)) {
            if (*driver_.io == DiskDriver::Io::native && !is_direct(cache_))
                return fail(Errc::invalid_config, "has io='native', which needs cache='none' or cache='directsync'");
            (*storage)["aio"] = to_string(*driver_.io);
        }
        add_cache(*storage, cache_);
        out_.nodes.push_back(std::move(*storage));
        const auto* slice = layer.source && !layer.source->slices.empty() ? &layer.source->slices.front() : nullptr;
        const bool in_format = slice && layer.format == DiskFormat::raw && !luks(layer);
        const auto below = slice && !in_format ? add_slice(layer, *slice) : name;
        add_format(index, below, in_format ? slice : nullptr);
        return {};
    }

    static bool is_local(const BlockLayer& layer) {
        return layer.type == model::SourceType::file || layer.type == model::SourceType::block;
    }

    void reservations(json::object& storage, const BlockLayer& layer) {
        if (!layer.source || !layer.source->reservations) return;
        const auto& wanted = *layer.source->reservations;
        if (wanted.enabled == false) return;
        json::object helper;
        helper["qom-type"] = "pr-manager-helper";
        helper["id"] = wanted.managed ? std::string("pr-helper0") : fmt::format("pr-helper-{}", layer.number);
        helper["path"] = wanted.managed ? std::string("/run/vireo/pr-helper0.sock") : wanted.source->path;
        storage["pr-manager"] = helper["id"];
        out_.objects.push_back(std::move(helper));
    }

    std::string add_slice(const BlockLayer& layer, const model::SourceSlice& slice) {
        auto name = fmt::format("vireo-{}-slice", layer.number);
        json::object node;
        node["driver"] = "raw";
        node["node-name"] = name;
        node["offset"] = slice.offset;
        node["size"] = slice.size;
        node["file"] = storage_name(layer.number);
        if (layer.auto_read_only)
            node["auto-read-only"] = true;
        else
            node["read-only"] = layer.read_only;
        node["discard"] = "unmap";
        add_cache(node, cache_);
        out_.nodes.push_back(std::move(node));
        return name;
    }

    void add_encryption(json::object& node, const BlockLayer& layer) {
        if (!luks(layer) || layer.encryption->secrets.empty()) return;
        const auto id = fmt::format("vireo-{}-format-encryption-secret0", layer.number);
        out_.objects.push_back(secret_object(id, layer.encryption->secrets.front()));
        if (layer.format == DiskFormat::raw) {
            node["driver"] = "luks";
            node["key-secret"] = id;
            return;
        }
        json::object encrypt;
        encrypt["format"] = layer.encryption->format == Encryption::Format::qcow ? "aes" : "luks";
        encrypt["key-secret"] = id;
        node["encrypt"] = std::move(encrypt);
    }

    void add_format(std::size_t index, const std::string& below, const model::SourceSlice* slice) {
        const auto& layer = layers_[index];
        json::object node;
        node["node-name"] = format_name(layer.number);
        node["read-only"] = layer.read_only;
        if (index == 0) {
            const bool unmap = driver_.discard == DiskDriver::Discard::unmap;
            if (driver_.discard) node["discard"] = to_string(*driver_.discard);
            if (auto zeroes = driver_.detect_zeroes) {
                if (*zeroes == DiskDriver::DetectZeroes::unmap && !unmap) zeroes = DiskDriver::DetectZeroes::on;
                node["detect-zeroes"] = to_string(*zeroes);
            }
        }
        add_cache(node, cache_);
        node["driver"] = driver_of(layer.format);
        add_encryption(node, layer);
        if (slice) {
            node["offset"] = slice->offset;
            node["size"] = slice->size;
        }
        if (layer.format == DiskFormat::qcow2) {
            if (layer.metadata_cache) node["cache-size"] = *layer.metadata_cache;
            if (index == 0 && driver_.discard_no_unref) node["discard-no-unref"] = *driver_.discard_no_unref;
        }
        node["file"] = below;
        if (index + 1 < layers_.size())
            node["backing"] = format_name(layers_[index + 1].number);
        else if (layer.ends && can_have_backing(layer.format))
            node["backing"] = nullptr;
        out_.nodes.push_back(std::move(node));
    }

    const std::vector<BlockLayer>& layers_;
    const DiskDriver& driver_;
    Cache cache_;
    BlockNodes out_;
};

}  // namespace

Result<BlockNodes> block_nodes(const std::vector<BlockLayer>& layers, const DiskDriver& driver,
                               const std::string& cor_node) {
    return Chain(layers, driver).build(cor_node);
}

}  // namespace vireo::qemu
