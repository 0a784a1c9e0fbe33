// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/libvirt_plan.hpp"

#include "model/domain_xml.hpp"
#include "support/file.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace vireo::cli {
namespace fs = std::filesystem;
namespace json = boost::json;
namespace {

constexpr std::size_t longest_definition = 1u << 20;  // as the API's

bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

std::vector<fs::path> documents_in(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (auto& entry : fs::directory_iterator(folder, error))
        if (entry.path().extension() == ".xml" && entry.is_regular_file(error)) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

// The store that libvirt would use. It is copied, never used in place: libvirt may still start the domain.
fs::path store_of(const LibvirtFolders& folders, const model::Domain& domain) {
    const auto& nvram = domain.os.nvram;
    if (nvram && nvram->on_network()) return {};
    if (nvram && !nvram->place().empty()) return nvram->place();
    const bool has_one = nvram || domain.os.firmware == model::FirmwareType::efi;
    if (!has_one) return {};
    for (auto* suffix : {"_VARS.fd", "_VARS.qcow2"})
        if (auto usual = folders.data / "qemu/nvram" / (domain.name + suffix); is_there(usual)) return usual;
    return {};
}

// Vireo's own place instead of libvirt's. A device node cannot be copied to one, and both would write to it.
void take_out_place(model::Nvram& nvram, LibvirtDomain& planned) {
    if (nvram.type == model::SourceType::block)
        planned.refused =
            "its variable store is the device " + nvram.place() + ": copy it to a file and name that in <nvram>";
    nvram.path.clear();
    nvram.type.reset();
    nvram.source.reset();
}

void note_left_behind(const LibvirtFolders& folders, LibvirtDomain& domain) {
    const auto qemu = folders.data / "qemu";
    if (auto save = qemu / "save" / (domain.name + ".save"); is_there(save))
        domain.notes.push_back(
            fmt::format("its saved memory ({}) is not taken over: it starts afresh here", save.string()));
    for (auto* kind : {"snapshot", "checkpoint"})
        if (auto folder = qemu / kind / domain.name; is_there(folder))
            domain.notes.push_back(fmt::format("its {}s ({}) are not taken over", kind, folder.string()));
}

// libvirt's place of an emulated TPM's state, unless the definition names one.
fs::path tpm_of(const LibvirtFolders& folders, const model::Domain& domain) {
    using Version = model::TpmBackend::Version;
    for (auto& tpm : domain.devices.tpms) {
        if (tpm.backend.type != model::TpmBackend::Type::emulator || !domain.uuid) continue;
        if (tpm.backend.source && !tpm.backend.source->path.empty()) return {};  // Vireo uses the same place
        auto state = folders.data / "swtpm" / domain.uuid->to_string() /
                     (tpm.backend.version == Version::v1_2 ? "tpm1.2" : "tpm2");
        return is_there(state) ? state : fs::path();
    }
    return {};
}

// What libvirt chose before it wrote its choice down, and would choose otherwise for a new domain.
void keep_hardware(model::Domain& domain) {
    for (auto& disk : domain.devices.disks)
        if (disk.bus() == model::DiskBus::usb && !disk.model) disk.model = model::Disk::Model::usb_storage;
}

void read_definition(const LibvirtFolders& folders, LibvirtDomain& planned) {
    auto text = read_file(planned.file, longest_definition);
    if (!text) {
        planned.refused = text.error().what();
        return;
    }
    auto parsed = model::parse_domain_xml(*text);
    if (!parsed) {
        planned.refused = parsed.error().what();
        if (!parsed.error().hint().empty()) planned.refused += " (" + parsed.error().hint() + ")";
        return;
    }
    auto& domain = parsed->domain;
    planned.name = domain.name;
    planned.uuid = domain.uuid ? domain.uuid->to_string() : "";
    planned.autostart = is_there(folders.config / "qemu/autostart" / planned.file.filename());
    planned.nvram = store_of(folders, domain);
    if (!planned.nvram.empty() && domain.os.nvram) take_out_place(*domain.os.nvram, planned);
    if (!planned.nvram.empty() && !is_there(planned.nvram)) {
        planned.notes.push_back("its variable store " + planned.nvram.string() +
                                " is not there: it begins with a new one");
        planned.nvram.clear();
    }
    keep_hardware(domain);
    planned.xml = model::format_domain_xml(domain);
    if (is_there(folders.run / "qemu" / (domain.name + ".pid")))
        planned.refused = "it runs under libvirt: shut it down there first";
    planned.tpm = tpm_of(folders, domain);
    note_left_behind(folders, planned);
}

void note_others(const LibvirtFolders& folders, LibvirtPlan& plan) {
    const auto note = [&plan](const fs::path& folder, const char* what) {
        auto files = documents_in(folder);
        if (files.empty()) return;
        std::string names;
        for (auto& file : files) names += (names.empty() ? "" : ", ") + file.stem().string();
        plan.notes.push_back(fmt::format("{} in {} are not taken over: {}", what, folder.string(), names));
    };
    note(folders.config / "qemu/networks", "the networks");
    note(folders.config / "nwfilter", "the network filters");
    note(folders.config / "storage", "the storage pools");
    note(folders.config / "secrets", "the secrets");
    if (is_there(folders.config / "hooks"))
        plan.notes.push_back("the hooks in " + (folders.config / "hooks").string() + " are not taken over");
}

}  // namespace

LibvirtFolders system_folders(const fs::path& root) {
    LibvirtFolders folders;
    folders.config = root / "etc/libvirt";
    folders.data = root / "var/lib/libvirt";
    folders.run = root / "run/libvirt";
    return folders;
}

LibvirtFolders user_folders() {
    const auto place = [](const char* variable, const char* below_home) -> fs::path {
        if (auto* value = std::getenv(variable); value && *value == '/') return fs::path(value) / "libvirt";
        auto* home = std::getenv("HOME");
        return fs::path(home ? home : "/") / below_home / "libvirt";
    };
    LibvirtFolders folders;
    folders.config = folders.data = place("XDG_CONFIG_HOME", ".config");
    folders.run = place("XDG_RUNTIME_DIR", ".cache");
    return folders;
}

LibvirtPlan plan_import(const LibvirtFolders& folders) {
    const auto definitions = folders.config / "qemu";
    if (!is_there(definitions))
        throw Error(Errc::not_found, "there is no " + definitions.string() + ": libvirt keeps no definitions there")
            .with_object(definitions.string())
            .with_hint("name the folder that holds its etc and var with --root, or --session for a user's");
    LibvirtPlan plan;
    for (auto& file : documents_in(definitions)) {
        LibvirtDomain domain;
        domain.file = file;
        domain.name = file.stem().string();
        read_definition(folders, domain);
        plan.domains.push_back(std::move(domain));
    }
    note_others(folders, plan);
    return plan;
}

json::object to_json(const LibvirtPlan& plan) {
    json::array domains;
    for (auto& domain : plan.domains) {
        json::object entry{{"name", domain.name}, {"file", domain.file.string()}, {"autostart", domain.autostart}};
        if (!domain.uuid.empty()) entry["uuid"] = domain.uuid;
        if (!domain.nvram.empty()) entry["nvram"] = domain.nvram.string();
        if (!domain.tpm.empty()) entry["tpm"] = domain.tpm.string();
        if (!domain.refused.empty()) entry["refused"] = domain.refused;
        entry["notes"] = json::array(domain.notes.begin(), domain.notes.end());
        domains.push_back(entry);
    }
    return {{"domains", domains}, {"notes", json::array(plan.notes.begin(), plan.notes.end())}};
}

}  // namespace vireo::cli
