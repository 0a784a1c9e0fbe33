// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/real/findings.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <fmt/format.h>

namespace vireo::corpus {
namespace {
using namespace model;

std::string string_at(const json::value& of, std::string_view key) {
    const auto* value = of.as_object().if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string_view block_driver(DiskFormat format) {
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

std::string_view character_prefix(CharType type) {  // of query-chardev's filename
    switch (type) {
        case CharType::pty:
            return "pty:";
        case CharType::unix_:
            return "disconnected:unix: unix:";
        case CharType::file:
            return "file";
        case CharType::null:
            return "null";
        default:
            return "";
    }
}

class Backends {
public:
    Backends(const Domain& domain, const Answers& answers) : domain_(domain), answers_(answers) {}

    Findings compare() {
        if (const auto* nodes = answers_.get("query-named-block-nodes"))
            for (const auto& node : nodes->as_array()) nodes_[string_at(node, "node-name")] = &node;
        if (const auto* characters = answers_.get("query-chardev"))
            for (const auto& one : characters->as_array()) characters_[string_at(one, "label")] = &one;
        for (std::size_t i = 0; i < domain_.devices.disks.size(); ++i) disk(domain_.devices.disks[i], i);
        for (const auto& interface : domain_.devices.interfaces) network(interface);
        characters();
        for (const auto& tpm : domain_.devices.tpms) module(tpm);
        graphics();
        return std::move(findings_);
    }

private:
    const QemuDevice* device(const std::string& alias) const {
        const auto found = answers_.devices.find(alias);
        return found == answers_.devices.end() ? nullptr : &found->second;
    }

    // ── disks ──
    void disk(const Disk& disk, std::size_t at) {
        const auto* there = device(disk.info.alias);
        if (!there || disk.bus() == DiskBus::sd || disk.type == SourceType::vhostuser)
            return;  // a card's drive has no name
        const auto& alias = disk.info.alias;
        const auto top = medium_of(alias);
        if (disk.empty()) return findings_.check(top.empty(), "empty drive", alias + " has the medium " + top);
        if (at >= answers_.images.size() || answers_.images[at].empty())
            return findings_.check(false, "image", alias + " has no image");
        std::vector<DiskFormat> formats{disk.format()};
        for (auto* below = &disk.backing_store; *below && (*below)->type; below = &(*below)->backing_store)
            formats.push_back((*below)->format ? (*below)->format->type : DiskFormat::raw);
        findings_.same(answers_.images[at].size(), formats.size(), "number of images", alias);
        for (std::size_t i = 0; i < std::min(formats.size(), answers_.images[at].size()); ++i)
            image(alias, answers_.images[at][i], block_driver(formats[i]), i > 0 || read_only(disk));
        const auto expected = disk.driver && disk.driver->copy_on_read == true
                                  ? "vireo-CoR-" + disk.target.dev
                                  : fmt::format("vireo-{}-format", answers_.images[at].front());
        if (disk.throttle_filters.empty()) findings_.same(top, expected, "block node", alias);
        cache(disk, answers_.images[at].front());
        if (!disk.serial.empty()) findings_.same(there->text("serial"), disk.serial, "serial number", alias);
        if (disk.driver && disk.driver->iothread)
            findings_.same(there->text("iothread"), fmt::format("/objects/iothread{}", *disk.driver->iothread),
                           "I/O thread", alias);
        limits(disk);
    }
    // The node of what is in a drive: query-block knows it by the device or by a part of it, such as the SCSI disk that
    // a USB one consists of.
    const json::value* block_of(const std::string& alias) const {
        const auto* blocks = answers_.get("query-block");
        if (!blocks) return nullptr;
        const auto path = "/machine/peripheral/" + alias;
        for (const auto& block : blocks->as_array()) {
            const auto qdev = string_at(block, "qdev");
            if (qdev == alias || qdev == path || qdev.starts_with(path + "/")) return &block;
        }
        return nullptr;
    }
    std::string medium_of(const std::string& alias) const {
        const auto* block = block_of(alias);
        const auto* inserted = block ? block->as_object().if_contains("inserted") : nullptr;
        return inserted ? string_at(*inserted, "node-name") : std::string();
    }
    static bool read_only(const Disk& disk) { return disk.readonly || disk.device == Disk::Device::cdrom; }

    void image(const std::string& alias, std::uint32_t number, std::string_view driver, bool read_only) {
        const auto name = fmt::format("vireo-{}-format", number);
        const auto found = nodes_.find(name);
        findings_.check(found != nodes_.end(), "block node", fmt::format("{} has no node {}", alias, name));
        if (found == nodes_.end()) return;
        findings_.same(string_at(*found->second, "drv"), std::string(driver), "format", alias);
        findings_.same(found->second->at("ro").as_bool(), read_only, "read-only", alias);
        findings_.check(nodes_.contains(fmt::format("vireo-{}-storage", number)), "storage node",
                        fmt::format("{} has no storage node {}", alias, number));
    }

    void cache(const Disk& disk, std::uint32_t number) {
        using Cache = DiskDriver::Cache;
        const auto mode = disk.driver ? disk.driver->cache.value_or(Cache::default_) : Cache::default_;
        const auto found = nodes_.find(fmt::format("vireo-{}-format", number));
        if (mode == Cache::default_ || found == nodes_.end()) return;
        const auto& seen = found->second->at("cache").as_object();
        findings_.same(seen.at("direct").as_bool(), mode == Cache::none || mode == Cache::directsync, "direct cache",
                       disk.info.alias);
        findings_.same(seen.at("no-flush").as_bool(), mode == Cache::unsafe, "flushing cache", disk.info.alias);
    }

    void limits(const Disk& disk) {
        if (!disk.iotune) return;
        const auto* block = block_of(disk.info.alias);
        const auto* inserted = block ? block->as_object().if_contains("inserted") : nullptr;
        if (!inserted) return findings_.check(false, "limit", disk.info.alias + " is not in query-block");
        const std::pair<const char*, std::optional<std::uint64_t>> wanted[] = {
            {"bps", disk.iotune->total_bytes},    {"bps_rd", disk.iotune->read_bytes},
            {"bps_wr", disk.iotune->write_bytes}, {"iops", disk.iotune->total_iops},
            {"iops_rd", disk.iotune->read_iops},  {"iops_wr", disk.iotune->write_iops}};
        for (const auto& [key, limit] : wanted)
            findings_.same(inserted->at(key).to_number<std::uint64_t>(), limit.value_or(0), "limit",
                           disk.info.alias + " " + key);
    }

    // ── networks ──
    void network(const Interface& interface) {
        const auto* there = device(interface.info.alias);
        if (!there) return;
        findings_.same(there->text("mac"), interface.mac, "MAC address", interface.info.alias);
        const auto* several = there->properties.if_contains("mq");
        if (interface.driver && interface.driver->queues.value_or(1) > 1 && several && several->is_bool())
            findings_.check(several->get_bool(), "several queues", interface.info.alias + " has one queue");
        findings_.same(there->text("netdev"), "host" + interface.info.alias, "network", interface.info.alias);
    }

    // ── character devices ──
    void character(const CharBackend& backend, const std::string& alias) {
        const auto label = "char" + alias;
        const auto found = characters_.find(label);
        findings_.check(found != characters_.end(), "character device", "QEMU has no " + label);
        if (found == characters_.end()) return;
        const auto filename = string_at(*found->second, "filename");
        std::string_view wanted = character_prefix(backend.type);
        bool fits = wanted.empty();
        while (!wanted.empty()) {
            const auto space = std::min(wanted.find(' '), wanted.size());
            fits = fits || filename.starts_with(wanted.substr(0, space));
            wanted.remove_prefix(std::min(space + 1, wanted.size()));
        }
        findings_.check(fits, "kind of character device",
                        fmt::format("{} is {}, not of the type {}", label, filename, to_string(backend.type)));
        if (const auto* front = device(alias); front && front->properties.contains("chardev"))
            findings_.same(front->text("chardev"), label, "back end", alias);
    }
    void characters() {
        const auto& devices = domain_.devices;
        const auto each = [&](const auto& several) {
            for (const auto& of : several) character(of.backend, of.info.alias);
        };
        each(devices.serials);
        each(devices.parallels);
        each(devices.channels);
        each(devices.redirdevs);
        for (const auto& console : devices.consoles)
            if (console.target && console.target->type == ConsoleTarget::Type::virtio)
                character(console.backend, console.info.alias);
        for (const auto& channel : devices.channels)
            if (const auto* port = device(channel.info.alias); port && !channel.target.name.empty())
                findings_.same(port->text("name"), channel.target.name, "name", channel.info.alias);
    }

    void module(const Tpm& tpm) {
        const auto* all = answers_.get("query-tpm");
        const auto id = "tpm-" + tpm.info.alias;
        const bool there = all && std::ranges::any_of(all->as_array(), [&](const json::value& one) {
                               return string_at(one, "id") == id && string_at(one.at("options"), "type") == "emulator";
                           });
        findings_.check(there, "TPM", "query-tpm has no " + id);
    }

    void graphics() {
        std::size_t vnc = 0;
        for (const auto& one : domain_.devices.graphics) {
            if (one.type == Graphics::Type::vnc) ++vnc;
            if (one.type != Graphics::Type::spice) continue;
            const auto* spice = answers_.get("query-spice");
            findings_.check(spice && spice->at("enabled").as_bool(), "SPICE", "it is not enabled");
        }
        const auto* servers = answers_.get("query-vnc-servers");
        findings_.same(servers ? servers->as_array().size() : 0, vnc, "number of VNC servers", domain_.name);
    }

    const Domain& domain_;
    const Answers& answers_;
    std::map<std::string, const json::value*> nodes_, characters_;
    Findings findings_;
};

}  // namespace

Findings compare_backends(const Domain& domain, const Answers& answers) {
    return Backends(domain, answers).compare();
}

}  // namespace vireo::corpus
