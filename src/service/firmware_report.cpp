// SPDX-License-Identifier: LGPL-2.1-or-later
#include "service/firmware_report.hpp"

#include <algorithm>

namespace vireo::service {
namespace {

constexpr std::size_t most_features = 64;

void check_text(std::string_view key, const std::optional<std::string>& value) {
    if (!value) return;
    bool plain = std::ranges::none_of(*value, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (value->empty() || value->size() > 4096 || !plain)
        throw Error(Errc::invalid_argument, "params.requirements." + std::string(key) + " is empty or malformed");
}

void check_format(std::string_view key, const std::optional<std::string>& value) {
    if (value && *value != "raw" && *value != "qcow2")
        throw Error(Errc::invalid_argument, "params.requirements." + std::string(key) + " must be raw or qcow2");
}

// A feature that is asked for goes before what the definition says about it.
void add_features(const std::optional<std::vector<std::string>>& names, bool enabled, firmware::Requirements& to) {
    if (!names) return;
    if (names->size() > most_features) throw Error(Errc::invalid_argument, "params.requirements: too many features");
    for (auto& name : *names) {
        check_text(enabled ? "with-features" : "without-features", name);
        std::erase_if(to.features, [&](auto& wish) { return wish.name == name && wish.enabled != enabled; });
        if (std::ranges::find(to.features, name, &firmware::FeatureWish::name) == to.features.end())
            to.features.push_back({name, enabled});
    }
}

std::string usual_machine(std::string_view architecture) {
    return architecture == "x86_64" ? "q35" : architecture == "i386" || architecture == "i686" ? "pc" : "virt";
}

firmware::Requirements asked_by(const model::Domain& definition) {
    auto wanted = firmware::requirements_of(definition);
    if (definition.os.firmware)
        wanted.template_path.clear();  // it was chosen together with the code
    else if (definition.os.loader)
        wanted.executable_path = definition.os.loader->path;
    return wanted;
}

}  // namespace

api::FirmwareDescription describe(const firmware::Entry& entry) {
    api::FirmwareDescription out;
    auto& d = entry.descriptor;
    out.name = entry.name();
    out.descriptor = entry.file;
    out.usable = entry.usable();
    if (!entry.usable()) out.problem = entry.problem;
    if (d.interface_types.empty()) return out;  // it could not be read
    out.description = d.description;
    out.interface_types = d.interface_types;
    out.device = firmware::to_string(d.device);
    if (d.device == firmware::Device::flash) out.mode = firmware::to_string(d.mode);
    out.code_file = d.executable.filename;
    out.code_format = d.executable.format;
    if (d.nvram_template) {
        out.template_file = d.nvram_template->filename;
        out.template_format = d.nvram_template->format;
    }
    auto& targets = out.targets.emplace();
    for (auto& target : d.targets) {
        auto& to = targets.emplace_back();
        to.architecture = target.architecture;
        to.machines = target.machines;
    }
    out.features = d.features;
    out.tags = d.tags;
    return out;
}

firmware::Requirements translate(const api::FirmwareRequirements& wanted, const model::Domain* definition) {
    check_text("architecture", wanted.architecture);
    check_text("machine", wanted.machine);
    check_text("loader", wanted.loader);
    check_text("template-file", wanted.template_file);
    check_format("loader-format", wanted.loader_format);
    check_format("template-format", wanted.template_format);
    auto to = definition ? asked_by(*definition) : firmware::Requirements();
    to.qcow2 = true;
    if (wanted.architecture) to.architecture = *wanted.architecture;
    if (to.architecture.empty()) to.architecture = firmware::host_architecture();
    if (wanted.machine) to.machine = *wanted.machine;
    if (to.machine.empty()) to.machine = usual_machine(to.architecture);
    if (wanted.interface) to.interface_type = api::to_string(*wanted.interface);
    add_features(wanted.with_features, true, to);
    add_features(wanted.without_features, false, to);
    if (wanted.smm) to.smm = wanted.smm;
    if (wanted.secure) to.secure = wanted.secure;
    if (wanted.stateless) to.stateless = wanted.stateless;
    if (wanted.loader) to.executable_path = *wanted.loader;
    if (wanted.loader_format) to.executable_format = *wanted.loader_format;
    if (wanted.template_file) to.template_path = *wanted.template_file;
    if (wanted.template_format) to.template_format = *wanted.template_format;
    return to;
}

api::FirmwareReport report(const firmware::Requirements& wanted, const firmware::Catalog& catalog) {
    auto choice = firmware::choose(wanted, catalog);
    api::FirmwareReport out;
    out.wanted = firmware::summary(wanted);
    if (choice.chosen) out.chosen = choice.chosen->name();
    for (std::size_t i = 0; i < choice.candidates.size(); ++i) {
        auto& candidate = choice.candidates[i];
        auto& descriptor = catalog.entries()[i].descriptor;
        auto& to = out.candidates.emplace_back();
        to.name = candidate.name;
        to.descriptor = candidate.file;
        to.fits = candidate.fits();
        to.chosen = choice.chosen && choice.chosen->file == candidate.file;
        if (!candidate.fits()) to.reason = candidate.rejected;
        if (descriptor.interface_types.empty()) continue;
        to.code_file = descriptor.executable.filename;
        if (descriptor.nvram_template) to.template_file = descriptor.nvram_template->filename;
        to.features = descriptor.features;
    }
    return out;
}

}  // namespace vireo::service
