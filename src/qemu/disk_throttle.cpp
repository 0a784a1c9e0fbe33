// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/disk_throttle.hpp"

namespace vireo::qemu {

std::optional<boost::json::object> throttle_arguments(const model::Disk& disk) {
    if (!disk.iotune) return std::nullopt;
    const auto& tune = *disk.iotune;
    using Limit = std::optional<std::uint64_t>;
    boost::json::object arguments;
    // The drive of a virtio disk is its back end's, a child of the device that carries the alias.
    const bool virtio = disk.bus() == model::DiskBus::virtio;
    arguments["id"] = virtio ? "/machine/peripheral/" + disk.info.alias + "/virtio-backend" : disk.info.alias;
    const std::pair<std::string_view, const Limit&> required[] = {
        {"bps", tune.total_bytes}, {"bps_rd", tune.read_bytes}, {"bps_wr", tune.write_bytes},
        {"iops", tune.total_iops}, {"iops_rd", tune.read_iops}, {"iops_wr", tune.write_iops}};
    for (const auto& [name, limit] : required) arguments[name] = limit.value_or(0);
    const std::pair<std::string_view, const Limit&> optional[] = {{"bps_max", tune.total_bytes_max},
                                                                  {"bps_rd_max", tune.read_bytes_max},
                                                                  {"bps_wr_max", tune.write_bytes_max},
                                                                  {"iops_max", tune.total_iops_max},
                                                                  {"iops_rd_max", tune.read_iops_max},
                                                                  {"iops_wr_max", tune.write_iops_max},
                                                                  {"bps_max_length", tune.total_bytes_length},
                                                                  {"bps_rd_max_length", tune.read_bytes_length},
                                                                  {"bps_wr_max_length", tune.write_bytes_length},
                                                                  {"iops_max_length", tune.total_iops_length},
                                                                  {"iops_rd_max_length", tune.read_iops_length},
                                                                  {"iops_wr_max_length", tune.write_iops_length},
                                                                  {"iops_size", tune.size_iops}};
    for (const auto& [name, limit] : optional)
        if (limit.value_or(0) > 0) arguments[name] = *limit;
    if (!tune.group_name.empty()) arguments["group"] = tune.group_name;
    return arguments;
}

std::string throttle_group_id(const std::string& group_name) {
    return "throttle-" + group_name;
}

boost::json::object throttle_group(const model::IoTune& group) {
    boost::json::object limits;
    const auto set = [&](std::string name, const std::optional<std::uint64_t>& limit) {
        if (limit.value_or(0) > 0) limits[name] = *limit;
    };
    const auto kind = [&](const std::string& name, const auto& limit, const auto& most, const auto& length) {
        set(name, limit);
        set(name + "-max", most);
        set(name + "-max-length", length);
    };
    kind("bps-total", group.total_bytes, group.total_bytes_max, group.total_bytes_length);
    kind("bps-read", group.read_bytes, group.read_bytes_max, group.read_bytes_length);
    kind("bps-write", group.write_bytes, group.write_bytes_max, group.write_bytes_length);
    kind("iops-total", group.total_iops, group.total_iops_max, group.total_iops_length);
    kind("iops-read", group.read_iops, group.read_iops_max, group.read_iops_length);
    kind("iops-write", group.write_iops, group.write_iops_max, group.write_iops_length);
    set("iops-size", group.size_iops);
    boost::json::object object;
    object["qom-type"] = "throttle-group";
    object["id"] = throttle_group_id(group.group_name);
    object["limits"] = std::move(limits);
    return object;
}

}  // namespace vireo::qemu
