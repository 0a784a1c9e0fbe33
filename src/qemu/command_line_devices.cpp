// SPDX-License-Identifier: LGPL-2.1-or-later
// What a guest has one of, or few: watchdog, balloon, random numbers, TPM, panic device, IOMMU, vsock …
#include "qemu/command_line_builder.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {

void CommandLineBuilder::add_watchdogs() {
    using enum model::Watchdog::Model;
    for (const auto& watchdog : domain_.devices.watchdogs) {
        if (watchdog.model == itco) {  // part of the chipset, which ignores its bite unless told otherwise
            add("-global", "ICH9-LPC.noreboot=off");
            continue;
        }
        const auto owner = describe(watchdog);
        auto object = device(to_string(watchdog.model), watchdog.info, owner);
        if (watchdog.model == i6300esb) add_address(object, watchdog.info, owner);
        add("-device", object);
    }
}

void CommandLineBuilder::add_balloon() {
    if (!domain_.devices.memballoon) return;
    const auto& balloon = *domain_.devices.memballoon;
    using Model = model::Memballoon::Model;
    if (balloon.model == Model::none || balloon.model == Model::xen) return;
    const auto generation = balloon.model == Model::transitional       ? model::VirtioModel::transitional
                            : balloon.model == Model::non_transitional ? model::VirtioModel::non_transitional
                                                                       : model::VirtioModel::virtio;
    auto object = device(virtio_driver("virtio-balloon", generation, balloon.info), balloon.info, describe(balloon));
    if (balloon.driver) add_virtio_options(object, balloon.driver->virtio);
    if (balloon.autodeflate) object["deflate-on-oom"] = *balloon.autodeflate;
    if (balloon.free_page_reporting) object["free-page-reporting"] = *balloon.free_page_reporting;
    add_address(object, balloon.info, describe(balloon));
    add("-device", object);
}

void CommandLineBuilder::add_rng(const model::Rng& rng) {
    const auto owner = describe(rng);
    json::object source;
    const auto id = "obj" + rng.info.alias;
    if (const auto* random = std::get_if<model::RngRandom>(&rng.backend)) {
        source["qom-type"] = "rng-random";
        source["id"] = id;
        source["filename"] = random->path.empty() ? "/dev/urandom" : random->path;
    } else if (const auto* egd = std::get_if<model::RngEgd>(&rng.backend)) {
        source["qom-type"] = "rng-egd";
        source["id"] = id;
        source["chardev"] = add_character(egd->backend, rng.info.alias, owner);
    } else {
        source["qom-type"] = "rng-builtin";
        source["id"] = id;
    }
    add("-object", source);
    auto object = device(virtio_driver("virtio-rng", rng.model, rng.info), rng.info, owner);
    if (rng.driver) add_virtio_options(object, rng.driver->virtio);
    object["rng"] = id;
    if (rng.rate) {
        object["max-bytes"] = rng.rate->bytes;
        object["period"] = rng.rate->period.value_or(1000);
    }
    add_address(object, rng.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_crypto(const model::Crypto& crypto) {
    const auto owner = describe(crypto);
    const bool builtin = crypto.backend.model == model::CryptoBackend::Model::builtin;
    json::object engine;
    engine["qom-type"] = builtin ? "cryptodev-backend-builtin" : "cryptodev-backend-lkcf";
    engine["id"] = "obj" + crypto.info.alias;
    if (crypto.backend.queues) engine["queues"] = *crypto.backend.queues;
    add("-object", engine);
    auto object = device(virtio_driver("virtio-crypto", crypto.info), crypto.info, owner);
    if (crypto.driver) add_virtio_options(object, crypto.driver->virtio);
    object["cryptodev"] = engine["id"];
    add_address(object, crypto.info, owner);
    add("-device", object);
}

// ── TPM ──
void CommandLineBuilder::add_tpm_backend(const model::Tpm& tpm, const std::string& id) {
    using enum model::TpmBackend::Type;
    const auto& backend = tpm.backend;
    if (backend.type == passthrough) {
        const auto path = backend.device.empty() ? std::string("/dev/tpm0") : backend.device;
        const auto name = path.substr(path.rfind('/') + 1);
        const auto device = add_descriptor(resources_.host_tpm, describe(tpm), path);
        const auto cancel = add_descriptor(resources_.host_tpm_cancel, describe(tpm) + " cancel",
                                           fmt::format("/sys/class/tpm/{}/device/cancel", name));
        return add("-tpmdev", fmt::format("passthrough,id={},path={},cancel-path={}", id, escape_commas(device),
                                          escape_commas(cancel)));
    }
    const bool elsewhere = backend.type == external && backend.source;
    const auto path =
        elsewhere ? backend.source->path : fmt::format("/run/vireo/{}/tpm.sock", domain_.uuid->to_string());
    add("-chardev",
        "socket,id=chrtpm," + (elsewhere ? "path=" + escape_commas(path) : connection(tpm.info.alias, path)));
    add("-tpmdev", fmt::format("emulator,id={},chardev=chrtpm", id));
}

void CommandLineBuilder::add_tpm(const model::Tpm& tpm) {
    using enum model::Tpm::Model;
    const auto owner = describe(tpm);
    const auto kind = tpm.model.value_or(tis);
    if (kind == spapr_proxy) {
        auto object = device("spapr-tpm-proxy", tpm.info, owner);
        object["host-path"] = tpm.backend.device.empty() ? "/dev/tpm0" : tpm.backend.device;
        if (!resources_.display) problem(Errc::unsupported, owner + " is the host's, which cannot be handed over yet");
        return add("-device", object);
    }
    const auto id = "tpm-" + tpm.info.alias;
    add_tpm_backend(tpm, id);
    const auto driver = kind == tis && machine_.arm_virt() ? std::string_view("tpm-tis-device") : to_string(kind);
    auto object = device(driver, tpm.info, owner);
    object["tpmdev"] = id;
    if (tpm.info.address) add_address(object, tpm.info, owner);
    add("-device", object);
}

// ── what notices a crash ──
void CommandLineBuilder::add_panic(const model::Panic& panic) {
    const auto owner = describe(panic);
    json::object object;
    switch (panic.model.value_or(model::Panic::Model::isa)) {
        case model::Panic::Model::isa:
            if (!capabilities_.has_device("pvpanic"))
                problem(Errc::unsupported,
                        capabilities_.binary + " has no device 'pvpanic', which " + owner + " needs");
            object["driver"] = "pvpanic";
            if (const auto* at = panic.info.at<model::IsaAddress>(); at && at->iobase) object["ioport"] = *at->iobase;
            return add("-device", object);
        case model::Panic::Model::pvpanic:
            object = device("pvpanic-pci", panic.info, owner);
            add_address(object, panic.info, owner);
            return add("-device", object);
        default:  // a part of the machine, or of the processors
            return;
    }
}

void CommandLineBuilder::add_pstore() {
    if (!domain_.devices.pstore) return;
    const auto& pstore = *domain_.devices.pstore;
    const auto owner = describe(pstore);
    if (pstore.path.empty() && !resources_.display)
        problem(Errc::unsupported, owner + " needs a file, which was not prepared");
    json::object memory;
    memory["qom-type"] = "memory-backend-file";
    memory["id"] = "mem" + pstore.info.alias;
    memory["share"] = true;
    memory["mem-path"] =
        pstore.path.empty() ? fmt::format("/var/lib/vireo/nvram/{}/pstore", domain_.uuid->to_string()) : pstore.path;
    memory["size"] = pstore.size;
    add("-object", memory);
    auto object = device("acpi-erst", pstore.info, owner);
    object["memdev"] = memory["id"];
    add_address(object, pstore.info, owner);
    add("-device", object);
}

// ── the platform ──
void CommandLineBuilder::add_vsock() {
    if (!domain_.devices.vsock) return;
    const auto& vsock = *domain_.devices.vsock;
    const auto owner = describe(vsock);
    const auto generation = vsock.model.value_or(model::VirtioModel::virtio);
    auto object = device(virtio_driver("vhost-vsock", generation, vsock.info), vsock.info, owner);
    if (vsock.driver) add_virtio_options(object, vsock.driver->virtio);
    constexpr std::uint32_t first_guest = 3;
    object["guest-cid"] = vsock.cid ? vsock.cid->address.value_or(first_guest) : first_guest;
    if (!resources_.display) object["vhostfd"] = add_inherited(resources_.vsock, owner);
    add_address(object, vsock.info, owner);
    add("-device", object);
}

void CommandLineBuilder::add_rest() {
    const auto& devices = domain_.devices;
    add_watchdogs();
    add_balloon();
    for (const auto& rng : devices.rngs) add_rng(rng);
    for (const auto& tpm : devices.tpms) add_tpm(tpm);
    if (const auto* at = devices.nvram ? devices.nvram->info.at<model::SpaprVioAddress>() : nullptr; at && at->reg)
        add("-global", fmt::format("spapr-nvram.reg={:#x}", *at->reg));
    for (const auto& panic : devices.panics) add_panic(panic);
    for (const auto& shmem : devices.shmems) add_shmem(shmem);
    for (const auto& memory : devices.memory_devices) add_memory_device(memory);
    for (const auto& crypto : devices.cryptos) add_crypto(crypto);
    add_vsock();
    add_pstore();
}

}  // namespace vireo::qemu
