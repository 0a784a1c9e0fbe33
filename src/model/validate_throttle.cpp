// SPDX-License-Identifier: LGPL-2.1-or-later
// Limits of what disks transfer: those of one disk, and those that several share.
#include "model/validate_parts.hpp"

#include <optional>
#include <set>

namespace vireo::model {
namespace {
using Limit = std::optional<std::uint64_t>;

bool set(const Limit& limit) {
    return limit.value_or(0) > 0;
}

class LimitCheck {
public:
    explicit LimitCheck(std::string_view owner) : owner_(owner) {}

    // A limit of both directions excludes those of each.
    Result<> directions(const Limit& total, const Limit& read, const Limit& write, std::string_view what) const {
        if (set(total) && (set(read) || set(write)))
            return wrong("has limits of " + std::string(what) + " for both directions together and for each");
        constexpr std::uint64_t most = 1000000000000000;
        for (const auto* limit : {&total, &read, &write})
            if (limit->value_or(0) > most)
                return wrong("has a limit of " + std::string(what) + " above 10^15, the most that QEMU can keep");
        return {};
    }
    Result<> burst(const Limit& limit, const Limit& most, const Limit& length, std::string_view what) const {
        if (set(most) && !set(limit))
            return wrong("has " + std::string(what) + "_max without a limit " + std::string(what));
        if (set(length) && !set(most))
            return wrong("has " + std::string(what) + "_max_length without " + std::string(what) + "_max");
        return {};
    }

private:
    Failure wrong(std::string_view what) const { return fail(Errc::invalid_config, owner_, " ", what); }
    std::string_view owner_;
};

}  // namespace

Result<> check_limits(const IoTune& t, std::string_view owner) {
    const LimitCheck check(owner);
    for (const auto& good : {check.directions(t.total_bytes, t.read_bytes, t.write_bytes, "bytes_sec"),
                             check.directions(t.total_iops, t.read_iops, t.write_iops, "iops_sec"),
                             check.directions(t.total_bytes_max, t.read_bytes_max, t.write_bytes_max, "bytes_sec_max"),
                             check.directions(t.total_iops_max, t.read_iops_max, t.write_iops_max, "iops_sec_max"),
                             check.burst(t.total_bytes, t.total_bytes_max, t.total_bytes_length, "total_bytes_sec"),
                             check.burst(t.read_bytes, t.read_bytes_max, t.read_bytes_length, "read_bytes_sec"),
                             check.burst(t.write_bytes, t.write_bytes_max, t.write_bytes_length, "write_bytes_sec"),
                             check.burst(t.total_iops, t.total_iops_max, t.total_iops_length, "total_iops_sec"),
                             check.burst(t.read_iops, t.read_iops_max, t.read_iops_length, "read_iops_sec"),
                             check.burst(t.write_iops, t.write_iops_max, t.write_iops_length, "write_iops_sec"),
                             check.directions(t.size_iops, {}, {}, "size_iops_sec")})
        if (!good) return good;
    return {};
}

Result<> validate_throttle_groups(const Domain& domain) {
    std::set<std::string_view> names;
    for (const auto& group : domain.throttle_groups) {
        const auto& name = group.group_name;
        if (name.empty()) return fail(Errc::invalid_config, "throttlegroups/throttlegroup: it needs a <group_name>");
        if (!names.insert(name).second)
            return fail(Errc::invalid_config, "throttlegroups: two of them have the group_name '", name, "'");
        if (auto good = check_limits(group, "throttlegroup '" + name + "'"); !good) return good;
    }
    return {};
}

}  // namespace vireo::model
