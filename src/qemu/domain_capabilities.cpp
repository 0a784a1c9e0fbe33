// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/cpu_names.hpp"
#include "qemu/host_capabilities.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace vireo::qemu {
namespace {

using Words = std::vector<std::string>;
struct Offer {
    const char* word;    // the definition's
    const char* device;  // what QEMU must have for it; empty: nothing
};

Words offered(const Capabilities& binary, std::initializer_list<Offer> offers) {
    Words words;
    for (auto& offer : offers) {
        bool there = !*offer.device || binary.has_device(offer.device);
        if (there && std::ranges::find(words, offer.word) == words.end()) words.emplace_back(offer.word);
    }
    return words;
}

Node& section(Node& parent, const char* name, bool supported = true) {
    auto& node = parent.add(name);
    node.set("supported", supported);
    return node;
}

bool x86(const Capabilities& binary) {
    return binary.arch == "x86_64" || binary.arch == "i686";
}

void add_os(Node& document, const Capabilities& binary, const FirmwareOffer& firmware) {
    auto& os = section(document, "os");
    os.enumeration("firmware", firmware.types);
    auto& loader = section(os, "loader");
    for (auto& file : firmware.loaders) loader.append_text("value", file);
    Words types{"rom"};
    if (!firmware.loaders.empty()) types.emplace_back("pflash");
    loader.enumeration("type", types);
    loader.enumeration("readonly", {"yes", "no"});
    loader.enumeration("secure", firmware.secure && x86(binary) ? Words{"no", "yes"} : Words{"no"});
    Words features;
    if (firmware.enrolled_keys) features.emplace_back("enrolled-keys");
    if (firmware.secure_boot) features.emplace_back("secure-boot");
    os.enumeration("firmwareFeature", features);
}

void add_host_model(Node& mode, const HostModel& host) {
    mode.text("model", host.model).set("fallback", "forbid");
    if (!host.vendor.empty()) mode.text("vendor", host.vendor);
    auto add = [&](const std::vector<std::string>& names, std::string_view policy) {
        for (auto& name : names) mode.append("feature").set("policy", policy).set("name", libvirt_feature(name));
    };
    add(host.required, "require");
    add(host.disabled, "disable");
}

void add_cpu(Node& document, const Capabilities& binary, const DomainCapabilitiesRequest& request) {
    auto& cpu = document.add("cpu");
    auto& passthrough = cpu.append("mode");
    passthrough.set("name", "host-passthrough").set("supported", request.kvm);
    if (request.kvm) passthrough.enumeration("hostPassthroughMigratable", {"on", "off"});
    auto& maximum = cpu.append("mode");
    maximum.set("name", "maximum").set("supported", binary.cpu("max") != nullptr);
    if (binary.cpu("max")) maximum.enumeration("maximumMigratable", {"on", "off"});
    auto& host_model = cpu.append("mode");
    host_model.set("name", "host-model").set("supported", request.host_model != nullptr);
    if (request.host_model) add_host_model(host_model, *request.host_model);
    auto& custom = cpu.append("mode");
    custom.set("name", "custom").set("supported", !binary.cpus.empty());
    for (auto& model : binary.cpus) {
        if (model.name == "host" || model.name == "max" || model.name == "base") continue;
        auto& entry = custom.append_text("model", model.name);
        entry.set("usable", model.usable);
        if (model.deprecated) entry.set("deprecated", true);
    }
}

void add_storage(Node& devices, const Capabilities& binary) {
    auto& disk = section(devices, "disk");
    disk.enumeration("diskDevice", {"disk", "cdrom", "floppy", "lun"});
    disk.enumeration("bus", offered(binary, {{"ide", "ide-hd"},
                                             {"fdc", "isa-fdc"},
                                             {"scsi", "scsi-hd"},
                                             {"virtio", "virtio-blk-pci"},
                                             {"virtio", "virtio-blk-ccw"},
                                             {"virtio", "virtio-blk-device"},
                                             {"usb", "usb-storage"},
                                             {"sata", "ich9-ahci"},
                                             {"nvme", "nvme-ns"}}));
    disk.enumeration("model", offered(binary, {{"virtio", ""},
                                               {"virtio-transitional", "virtio-blk-pci-transitional"},
                                               {"virtio-non-transitional", "virtio-blk-pci-non-transitional"}}));
    auto& filesystem = section(devices, "filesystem", binary.has_device("virtio-9p-pci"));
    if (binary.has_device("virtio-9p-pci"))
        filesystem.enumeration("driverType",
                               offered(binary, {{"path", "virtio-9p-pci"}, {"virtiofs", "vhost-user-fs-pci"}}));
    auto& controller = section(devices, "controller");
    controller.enumeration("type", {"fdc", "ide", "pci", "sata", "scsi", "usb", "virtio-serial", "nvme"});
}

void add_display(Node& devices, const Capabilities& binary) {
    auto& graphics = section(devices, "graphics", binary.has_option("vnc"));
    Words types;
    if (binary.has_option("vnc")) types.emplace_back("vnc");
    if (binary.has_option("spice")) types.emplace_back("spice");
    types.emplace_back("egl-headless");
    graphics.enumeration("type", types);
    section(devices, "video")
        .enumeration("modelType", offered(binary, {{"vga", "VGA"},
                                                   {"cirrus", "cirrus-vga"},
                                                   {"vmvga", "vmware-svga"},
                                                   {"qxl", "qxl"},
                                                   {"virtio", "virtio-gpu-pci"},
                                                   {"virtio", "virtio-gpu-ccw"},
                                                   {"none", ""},
                                                   {"bochs", "bochs-display"},
                                                   {"ramfb", "ramfb"}}));
}

void add_characters(Node& devices, const Capabilities& binary) {
    auto& rng = section(devices, "rng", binary.has_object("rng-random"));
    if (binary.has_object("rng-random")) {
        rng.enumeration("model", offered(binary, {{"virtio", "virtio-rng-pci"},
                                                  {"virtio", "virtio-rng-ccw"},
                                                  {"virtio", "virtio-rng-device"},
                                                  {"virtio-transitional", "virtio-rng-pci-transitional"},
                                                  {"virtio-non-transitional", "virtio-rng-pci-non-transitional"}}));
        rng.enumeration("backendModel",
                        offered(binary, {{"random", "rng-random"}, {"egd", "rng-egd"}, {"builtin", "rng-builtin"}}));
    }
    auto models = offered(
        binary,
        {{"tpm-tis", "tpm-tis"}, {"tpm-tis", "tpm-tis-device"}, {"tpm-crb", "tpm-crb"}, {"tpm-spapr", "tpm-spapr"}});
    auto& tpm = section(devices, "tpm", !models.empty());
    if (!models.empty()) {
        tpm.enumeration("model", models);
        tpm.enumeration("backendModel", {"passthrough", "emulator", "external"});
        tpm.enumeration("backendVersion", {"1.2", "2.0"});
    }
    section(devices, "redirdev", binary.has_device("usb-redir"))
        .enumeration("bus", offered(binary, {{"usb", "usb-redir"}}));
    section(devices, "channel").enumeration("type", {"pty", "unix", "spicevmc", "qemu-vdagent"});
    section(devices, "crypto", binary.has_device("virtio-crypto-pci"))
        .enumeration("backendModel",
                     offered(binary, {{"builtin", "cryptodev-backend-builtin"}, {"lkcf", "cryptodev-backend-lkcf"}}));
    section(devices, "panic").enumeration("model", offered(binary, {{"isa", "pvpanic"}, {"pci", "pvpanic-pci"}}));
}

void add_devices(Node& document, const Capabilities& binary) {
    auto& devices = document.add("devices");
    add_storage(devices, binary);
    add_display(devices, binary);
    auto& hostdev = section(devices, "hostdev");
    hostdev.enumeration("mode", {"subsystem"});
    hostdev.enumeration("startupPolicy", {"default", "mandatory", "requisite", "optional"});
    hostdev.enumeration("subsysType",
                        offered(binary, {{"usb", "usb-host"}, {"pci", "vfio-pci"}, {"scsi", "scsi-generic"}}));
    hostdev.enumeration("capsType", {});
    hostdev.enumeration("pciBackend", offered(binary, {{"vfio", "vfio-pci"}}));
    add_characters(devices, binary);
}

void add_features(Node& document, const Capabilities& binary) {
    auto& features = document.add("features");
    const bool arm = binary.arch == "aarch64" || binary.arch == "armv7l";
    auto& gic = section(features, "gic", arm);
    if (arm) gic.enumeration("version", {"2", "3"});
    section(features, "vmcoreinfo", binary.has_device("vmcoreinfo"));
    section(features, "genid", binary.has_device("vmgenid"));
    section(features, "backingStoreInput");
    section(features, "backup", binary.has_command("blockdev-backup"));
    section(features, "async-teardown", binary.has_option("run-with.async-teardown"));
    section(features, "sev", binary.has_object("sev-guest") && binary.kvm_enabled && binary.has_command("query-sev"));
}

}  // namespace

Result<Node> domain_capabilities(const Capabilities& binary, const DomainCapabilitiesRequest& request) {
    const MachineType* machine = binary.default_machine();
    if (!request.machine.empty()) {
        auto name = binary.canonical_machine(request.machine);
        if (!name) return Failure(name.error());
        machine = binary.machine(*name);
    }
    if (!machine && !binary.machines.empty()) machine = &binary.machines.front();
    if (!machine) return fail(Errc::unsupported, binary.binary, " has no machine types");
    Node document("domainCapabilities");
    document.text("path", binary.binary);
    document.text("domain", request.kvm ? "kvm" : "qemu");
    document.text("machine", machine->name);
    document.text("arch", binary.arch);
    document.add("vcpu").set("max", machine->cpu_max);
    section(document, "iothreads", binary.has_object("iothread"));
    add_os(document, binary, request.firmware);
    add_cpu(document, binary, request);
    auto& memory = section(document, "memoryBacking", binary.has_object("memory-backend-file"));
    memory.enumeration("sourceType", offered(binary, {{"file", "memory-backend-file"},
                                                      {"anonymous", "memory-backend-ram"},
                                                      {"memfd", "memory-backend-memfd"}}));
    add_devices(document, binary);
    add_features(document, binary);
    return document;
}

}  // namespace vireo::qemu
