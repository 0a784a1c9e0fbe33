// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/validate.hpp"

#include "model/validate_parts.hpp"

#include <algorithm>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}
Failure wrong(std::string what, std::string hint) {
    return Failure(Error(Errc::invalid_config, what).with_hint(hint));
}

Result<> validate_actions(const Domain& domain) {
    const auto is = [](const auto& action, std::string_view word) { return action && to_string(*action) == word; };
    if (is(domain.on_poweroff, "rename-restart") || is(domain.on_reboot, "rename-restart") ||
        is(domain.on_crash, "rename-restart"))
        return wrong("the action rename-restart is not possible with QEMU");
    if (is(domain.on_poweroff, "preserve") || is(domain.on_reboot, "preserve"))
        return wrong("the action preserve is for on_crash: on_poweroff and on_reboot cannot have it with QEMU");
    if (is(domain.on_poweroff, "restart") && is(domain.on_reboot, "destroy"))
        return wrong("on_poweroff='restart' together with on_reboot='destroy' is not possible with QEMU");
    return {};
}

Result<> validate_basics(const Domain& domain) {
    if (domain.uuid && domain.uuid->uniform())
        return wrong("the UUID " + domain.uuid->to_string() + " identifies nothing: all its digits are the same",
                     "Leave <uuid> out and Vireo makes one.");
    if (domain.title.find('\n') != std::string::npos) return wrong("the title must be one line");
    if (auto good = validate_actions(domain); !good) return good;
    return check_path(domain.devices.emulator, "devices/emulator");
}

bool controls(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

Result<> check_path(const std::string& path, std::string_view what) {
    if (path.empty() || path.starts_with('/')) return {};
    return wrong(std::string(what) + ": '" + path + "' must be an absolute path");
}

Result<> validate_name(std::string_view name) {
    constexpr std::size_t longest = 255;
    if (name.empty() || name.find_first_not_of(" \t\r\n") == name.npos) return wrong("the name must not be empty");
    if (name.size() > longest)
        return wrong("the name has " + std::to_string(name.size()) + " bytes; at most 255 are possible");
    if (name.find('/') != name.npos) return wrong("the name '" + std::string(name) + "' must not contain '/'");
    if (name == "." || name == "..") return wrong("'" + std::string(name) + "' is not a possible name");
    if (std::ranges::any_of(name, controls)) return wrong("the name must be one line without control characters");
    return {};
}

Result<> validate(const Domain& domain) {
    if (auto good = validate_name(domain.name); !good) return good;
    const auto about = [&domain](Result<> good) {
        if (!good) good = Failure(good.error().with_object(domain.name));
        return good;
    };
    if (auto good = validate_basics(domain); !good) return about(good);
    if (auto good = validate_firmware(domain); !good) return about(good);
    for (auto* part : {validate_processors, validate_cpu, validate_clock, validate_memory, validate_numa,
                       validate_numa_tune, validate_cpu_tune, validate_features, validate_system, validate_security})
        if (auto good = part(domain); !good) return about(good);
    if (auto good = validate_disks(domain); !good) return about(good);
    if (auto good = validate_controllers(domain); !good) return about(good);
    if (auto good = validate_hostdevs(domain); !good) return about(good);
    if (auto good = validate_devices(domain); !good) return about(good);
    return about(validate_places(domain));
}

}  // namespace vireo::model
