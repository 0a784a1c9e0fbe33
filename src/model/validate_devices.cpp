// SPDX-License-Identifier: LGPL-2.1-or-later
// The smaller devices, and memory that is a device.
#include "model/validate_parts.hpp"

#include <algorithm>
#include <bit>
#include <set>

namespace vireo::model {
namespace {
constexpr std::uint64_t kibibyte = 1024, mebibyte = 1024 * kibibyte;

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

Result<> validate_watchdogs(const std::vector<Watchdog>& watchdogs) {
    std::set<Watchdog::Model> models;
    for (const auto& watchdog : watchdogs) {
        if (watchdog.action != watchdogs[0].action) return wrong("watchdog: all have one action");
        if (!models.insert(watchdog.model).second && watchdog.model != Watchdog::Model::i6300esb)
            return wrong("watchdog: there is one of the model " + std::string(to_string(watchdog.model)) + " already");
    }
    return {};
}

Result<> validate_memballoon(const Memballoon& balloon) {
    if (balloon.model == Memballoon::Model::xen)
        return wrong("memballoon: the model 'xen' is not possible with QEMU; use virtio");
    if (balloon.model == Memballoon::Model::none && balloon.info.address)
        return wrong("memballoon: the model 'none' has no address");
    return {};
}

Result<> validate_rng(const Rng& rng) {
    if (const auto* random = std::get_if<RngRandom>(&rng.backend)) return check_path(random->path, "rng backend");
    if (const auto* egd = std::get_if<RngEgd>(&rng.backend)) {
        const auto type = egd->backend.type;
        if (type == CharType::spicevmc || type == CharType::qemu_vdagent || type == CharType::pty)
            return wrong("rng: the backend egd cannot be of type " + std::string(to_string(type)));
    }
    return {};
}

// ── TPM ──
Result<> validate_tpm_backend(const TpmBackend& backend) {
    using enum TpmBackend::Type;
    const std::string start = "tpm with the backend " + std::string(to_string(backend.type)) + ": ";
    const bool emulated = backend.type == emulator;
    if (!emulated && (backend.version || backend.persistent_state || backend.debug || backend.encryption ||
                      backend.profile || backend.active_pcr_banks))
        return wrong(start + "only the emulator has a version, banks, a profile, and a state to keep and encrypt");
    if (backend.type != passthrough && !backend.device.empty()) return wrong(start + "only passthrough has a device");
    if (backend.type == passthrough && backend.source) return wrong(start + "it has a <device>, not a <source>");
    if (backend.type == external) {
        if (!backend.source || backend.source->type != TpmSource::Type::unix_ || backend.source->path.empty())
            return wrong(start + "it needs <source type='unix' path='…' mode='connect'/>");
    } else if (backend.source) {
        if (backend.source->type == TpmSource::Type::unix_) return wrong(start + "its source is a file or a dir");
        if (backend.source->path.empty()) return wrong(start + "its source needs a path");
    }
    if (backend.version == TpmBackend::Version::v1_2 && (backend.active_pcr_banks || backend.profile))
        return wrong(start + "only version 2.0 has banks and profiles");
    if (backend.profile && backend.profile->source.empty() && backend.profile->name.empty())
        return wrong(start + "a profile needs a source");
    if (backend.source)
        if (auto good = check_path(backend.source->path, "tpm source"); !good) return good;
    return check_path(backend.device, "tpm device");
}

Result<> validate_tpms(const std::vector<Tpm>& tpms) {
    using enum Tpm::Model;
    std::size_t proxies = 0;
    for (const auto& tpm : tpms) {
        const bool proxy = tpm.model == spapr_proxy;
        proxies += proxy;
        if (proxy && tpm.backend.type != TpmBackend::Type::passthrough)
            return wrong("tpm: the model spapr-tpm-proxy needs the backend passthrough");
        if (tpm.backend.version == TpmBackend::Version::v1_2 && (tpm.model == crb || tpm.model == spapr))
            return wrong("tpm: the model " + std::string(to_string(*tpm.model)) + " needs version 2.0");
        if (auto good = validate_tpm_backend(tpm.backend); !good) return good;
    }
    if (proxies > 1) return wrong("tpm: only one spapr-tpm-proxy is possible");
    if (tpms.size() - proxies > 1) return wrong("tpm: only one is possible, besides a spapr-tpm-proxy");
    return {};
}

Result<> validate_panics(const std::vector<Panic>& panics) {
    std::set<std::optional<Panic::Model>> models;
    for (const auto& panic : panics) {
        using enum Panic::Model;
        if (!models.insert(panic.model).second) return wrong("panic: there are two of one model");
        if (panic.info.address && (panic.model == hyperv || panic.model == s390 || panic.model == pseries))
            return wrong("panic: the model " + std::string(to_string(*panic.model)) + " has no address");
    }
    return {};
}

// ── memory ──
Result<> validate_shmem(const Shmem& shmem) {
    const std::string start = "shmem '" + shmem.name + "': ";
    if (shmem.name.empty() || shmem.name == "." || shmem.name == ".." || shmem.name.contains('/'))
        return wrong(start + "the name must be that of a file, without '/'");
    const auto usual = shmem.server ? Shmem::Model::doorbell : Shmem::Model::plain;
    const auto model = shmem.model.value_or(usual);
    if (shmem.model == Shmem::Model::ivshmem)
        return wrong(start + "the model 'ivshmem' is gone from QEMU; use ivshmem-plain or ivshmem-doorbell");
    if (shmem.size && *shmem.size < mebibyte) return wrong(start + "the size must be at least 1 MiB");
    if (shmem.size && !std::has_single_bit(*shmem.size)) return wrong(start + "the size must be a power of two");
    if (model == Shmem::Model::plain) {
        if (shmem.server) return wrong(start + "the model ivshmem-plain has no server");
        if (shmem.msi) return wrong(start + "<msi> needs a server");
        if (!shmem.size && shmem.model) return wrong(start + "the model ivshmem-plain needs a size");
    } else {
        if (!shmem.server) return wrong(start + "the model ivshmem-doorbell needs a server");
        if (shmem.size) return wrong(start + "the size of an ivshmem-doorbell is up to its server");
    }
    return check_path(shmem.server ? shmem.server->path : std::string(), "shmem server");
}

class MemoryCheck {
public:
    explicit MemoryCheck(const MemoryDevice& memory)
        : it_(memory),
          address_(memory.info.address.has_value()),
          target_(memory.target),
          source_(memory.source ? *memory.source : nothing_) {}

    Result<> run() const {
        for (auto check : {&MemoryCheck::useless_parts, &MemoryCheck::module, &MemoryCheck::paravirtual})
            if (auto good = (this->*check)(); !good) return good;
        return check_path(source_.path, "memory source");
    }

private:
    using Model = MemoryDevice::Model;
    Failure no(const std::string& what) const {
        return wrong("memory of model " + std::string(to_string(it_.model)) + ": " + what);
    }
    bool is(Model model) const { return it_.model == model; }

    Result<> useless_parts() const {
        const bool file = is(Model::nvdimm) || is(Model::virtio_pmem);
        if (file && source_.path.empty()) return no("it needs a <source> with the path of a file");
        if (!file && !source_.path.empty()) return no("its <source> has no path");
        if (file && (source_.page_size || !source_.node_mask.empty()))
            return no("its <source> has neither pagesize nor nodemask");
        if ((source_.align_size || source_.pmem || target_.label || target_.readonly) && !is(Model::nvdimm))
            return no("only nvdimm has alignsize, pmem, a label and readonly");
        if ((target_.block || target_.requested || target_.dynamic_memslots) && !is(Model::virtio_mem))
            return no("only virtio-mem has block, requested and dynamicMemslots");
        if (it_.uuid && !is(Model::nvdimm)) return no("only nvdimm has a uuid");
        if (it_.discard == true && file) return no("discard is not possible");
        if (is(Model::virtio_pmem) && it_.access && it_.access != MemoryDevice::Access::shared)
            return no("its access is shared");
        if (is(Model::sgx_epc) && address_) return no("it has no address");
        if (is(Model::sgx_epc) && (it_.access || it_.discard)) return no("it has neither access nor discard");
        if (is(Model::virtio_pmem) && target_.node) return no("it belongs to no NUMA node");
        if (target_.size == 0) return no("its size is 0");
        return {};
    }

    Result<> module() const {
        if (!target_.label) return {};
        if (target_.label->size < 128 * kibibyte) return no("its label must have at least 128 KiB");
        if (target_.label->size >= target_.size) return no("its label must be smaller than it is");
        return {};
    }

    Result<> paravirtual() const {
        if (!is(Model::virtio_mem)) return {};
        constexpr std::uint64_t huge_page = 2 * mebibyte;
        const auto requested = target_.requested.value_or(0);
        if (requested > target_.size) return no("<requested> is more than its size");
        if (!target_.block) return {};
        const auto block = *target_.block;
        if (!std::has_single_bit(block)) return no("<block> must be a power of two");
        if (block < huge_page) return no("<block> is at least 2 MiB, a huge page");
        if (requested % block != 0 || target_.size % block != 0)
            return no("its size and <requested> must be multiples of <block>");
        return {};
    }

    const MemoryDevice& it_;
    bool address_;
    const MemoryDeviceTarget& target_;
    const MemoryDeviceSource nothing_;
    const MemoryDeviceSource& source_;
};

Result<> validate_platform(const Domain& domain) {
    const auto& devices = domain.devices;
    if (auto good = validate_iommus(domain); !good) return good;
    if (devices.vsock && devices.vsock->cid) {
        constexpr std::uint32_t first_guest = 3;
        const auto& cid = *devices.vsock->cid;
        if (cid.address && *cid.address < first_guest && cid.automatic != true)
            return wrong("vsock: the address of a guest is at least 3");
        if (cid.automatic == false && !cid.address) return wrong("vsock: auto='no' needs an address");
    }
    for (const auto& crypto : devices.cryptos)
        if (crypto.backend.queues == 0u) return wrong("crypto: at least one queue is needed");
    if (devices.pstore) {
        if (devices.pstore->size == 0) return wrong("pstore: its size is 0");
        return check_path(devices.pstore->path, "pstore path");
    }
    return {};
}

}  // namespace

Result<> validate_devices(const Domain& domain) {
    const auto& devices = domain.devices;
    if (auto good = check_each(devices.interfaces, "interface", validate_interface); !good) return good;
    if (auto good = validate_character(domain); !good) return good;
    if (auto good = validate_seen_and_heard(domain); !good) return good;
    if (auto good = validate_watchdogs(devices.watchdogs); !good) return good;
    if (devices.memballoon)
        if (auto good = validate_memballoon(*devices.memballoon); !good) return good;
    if (auto good = check_each(devices.rngs, "rng", validate_rng); !good) return good;
    if (auto good = validate_tpms(devices.tpms); !good) return good;
    if (auto good = validate_panics(devices.panics); !good) return good;
    for (const auto& shmem : devices.shmems)
        if (auto good = validate_shmem(shmem); !good) return good;
    const auto memory = [](const MemoryDevice& device) { return MemoryCheck(device).run(); };
    if (auto good = check_each(devices.memory_devices, "memory", memory); !good) return good;
    return validate_platform(domain);
}

}  // namespace vireo::model
