// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/real/runnable.hpp"

#include "corpus/real/prepared.hpp"
#include "model/each_device.hpp"
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <unistd.h>
#include <utility>

namespace vireo::corpus {
namespace {
using namespace model;

class Runnable {
public:
    Runnable(Domain& domain, const qemu::Capabilities& capabilities, Changes& changes)
        : domain_(domain), devices_(domain.devices), capabilities_(capabilities), changes_(changes) {}

    void apply() {
        impossible();
        options();
        system();
        memory();
        disks();
        interfaces();
        characters();
        screens();
        host_devices();
        others();
    }

private:
    void replaced(std::string what) { changes_.replaced.push_back(std::move(what)); }
    // Takes out each of which why() says something.
    template <class Devices, class Why>
    void take_out(Devices& devices, Why&& why) {
        std::erase_if(devices, [&](const auto& device) {
            const std::string reason = why(device);
            if (!reason.empty()) changes_.out.push_back(reason);
            return !reason.empty();
        });
    }
    template <class T>
    void drop(T& value, std::string_view what) {
        if (!value) return;
        value.reset();
        replaced(std::string(what) + " left out");
    }

    // What libvirt takes and QEMU refuses, emulated or not; and what it does with KVM only.
    void impossible() {
        constexpr std::uint32_t without_x2apic = 255;
        std::map<std::pair<std::uint32_t, std::uint32_t>, bool> alone;
        for_each_device(devices_, [&](const auto& device) {
            if (const auto* at = device.info.template at<PciAddress>(); at && at->function == 0)
                alone[{at->bus, at->slot}] = at->multifunction == false;
        });
        for_each_device(devices_, [&](const auto& device) {
            const auto* at = device.info.template at<PciAddress>();
            if (at && at->function != 0 && alone[{at->bus, at->slot}])
                changes_.impossible = "multifunction='off' in a slot with several functions";
        });
        const auto transports = qemu::machine_of(domain_).virtio_mmio_transports();
        std::uint32_t on_transports = 0;
        for_each_device(devices_, [&](const auto& device) {
            on_transports += device.info.template at<VirtioMmioAddress>() != nullptr;
        });
        if (on_transports > transports)
            changes_.impossible = fmt::format("more than {} devices on virtio-mmio", transports);
        if (domain_.vcpu.count > without_x2apic) changes_.impossible = "more than 255 vCPUs need KVM";
    }

    // Options of devices that QEMU has for others only.
    void options() {
        for_each_device(devices_, [this](auto& device) {
            if (device.info.rom && !device.info.rom->file.empty()) {
                device.info.rom->file.clear();
                replaced("ROM file left out");
            }
            if constexpr (requires { device.driver->virtio.iommu; })
                if (device.driver && device.driver->virtio.iommu == true && conventional(device.info)) {
                    device.driver->virtio.iommu.reset();
                    replaced("iommu='on' on a conventional bus, which QEMU refuses");
                }
        });
    }
    // On such a bus a virtio device is a transitional one.
    bool conventional(const DeviceInfo& info) const {
        const auto* at = info.at<PciAddress>();
        if (!at) return false;
        const auto* bus = qemu::find_controller(domain_, Controller::Type::pci, at->bus);
        using enum Controller::Model;
        return bus && bus->model &&
               (*bus->model == pci_root || *bus->model == pci_bridge || *bus->model == dmi_to_pci_bridge ||
                *bus->model == pcie_to_pci_bridge || *bus->model == pci_expander_bus);
    }

    void system() {
        auto& os = domain_.os;
        if (!os.kernel.empty() || !os.dtb.empty() || !os.shim.empty()) replaced("kernel left out");
        os.kernel.clear(), os.initrd.clear(), os.cmdline.clear(), os.dtb.clear(), os.shim.clear();
        if (!os.acpi_tables.empty()) replaced("ACPI tables left out");
        os.acpi_tables.clear();
        if (os.smbios == SmbiosMode::host) os.smbios.reset(), replaced("the host's SMBIOS left out");
        drop(domain_.launch_security, "launch security");
        if (!domain_.key_wrap.empty()) domain_.key_wrap.clear(), replaced("key wrapping left out");
        if (domain_.qemu_command_line) domain_.qemu_command_line.reset(), replaced("qemu:commandline left out");
        if (domain_.qemu_override) domain_.qemu_override.reset(), replaced("qemu:override left out");
        domain_.qemu_capabilities.reset();  // the binary is taken for what it is
        if (domain_.cpu && domain_.cpu->check == Cpu::Check::full) {
            domain_.cpu->check.reset();
            replaced("full check of CPU features left out");
        }
        std::erase_if(domain_.sysinfo, [&](SysInfo& info) {
            auto* blobs = std::get_if<FwCfgInfo>(&info);
            if (!blobs) return false;
            const auto files = std::erase_if(blobs->entries, [](const auto& entry) { return !entry.file.empty(); });
            if (files) replaced("fw_cfg file left out");
            return blobs->entries.empty();
        });
    }

    void memory() {
        constexpr std::uint64_t most = std::uint64_t{64} << 30;  // what 40 bits of address leave room for
        if (domain_.max_memory && domain_.max_memory->size > most) {
            domain_.max_memory->size = std::max(most, domain_.memory);
            replaced("maxMemory → 64 GiB");
        }
        const bool modules = std::ranges::any_of(devices_.memory_devices, [](const MemoryDevice& memory) {
            return memory.model == MemoryDevice::Model::dimm || memory.model == MemoryDevice::Model::nvdimm;
        });
        if (modules && !domain_.features.acpi && qemu::machine_of(domain_).x86()) {
            domain_.features.acpi = true;
            replaced("ACPI added: memory modules need it");
        }
        if (domain_.memory_backing) {
            auto& backing = *domain_.memory_backing;
            drop(backing.huge_pages, "huge pages");
            if (backing.locked) backing.locked = false, replaced("locked memory left out");
            drop(backing.allocation, "allocation of memory");
        }
        if (domain_.numa_tune) domain_.numa_tune.reset(), replaced("numatune left out");
        take_out(devices_.memory_devices,
                 [](const MemoryDevice& memory) { return memory.model == MemoryDevice::Model::sgx_epc ? "SGX" : ""; });
        for (auto& memory : devices_.memory_devices) {
            const auto* at = memory.info.at<DimmAddress>();
            if (at && at->base && *at->base < above_memory()) {
                memory.info.at<DimmAddress>()->base.reset();
                replaced("memory base below the end of the memory → QEMU's choice");
            }
            if (!memory.source) continue;
            auto& source = *memory.source;
            if (!source.node_mask.empty() || source.page_size || source.pmem) replaced("memory device's host nodes");
            source.node_mask = {}, source.page_size.reset(), source.pmem = false;
            if (!source.path.empty()) source.path = changes_.folder / fmt::format("memory{}", ++files_);
        }
    }

    // Where QEMU's x86 and Arm machines end with the memory that is there from the start, at least.
    std::uint64_t above_memory() const {
        constexpr std::uint64_t gibibyte = 1u << 30, below = 3 * gibibyte;
        return 4 * gibibyte + (domain_.memory > below ? domain_.memory - below : gibibyte);
    }

    static std::string_view served_elsewhere(const Disk& disk) {
        if (disk.type == SourceType::vhostuser && ::access(storage_daemon, X_OK) != 0) return "vhost-user-blk";
        if (disk.type == SourceType::vhostvdpa) return "vDPA";
        if (disk.device == Disk::Device::lun) return "SCSI pass-through";
        const auto* at = disk.info.at<DriveAddress>();
        if (at && disk.bus() == DiskBus::ide && (at->bus > 1 || at->unit > 1)) return "IDE channel or unit above 1";
        return {};
    }
    void image(SourceType& type, std::optional<StorageSource>& source) {
        if (type != SourceType::file) replaced(fmt::format("{} source → file", to_string(type)));
        auto slices = source ? source->slices : std::vector<SourceSlice>();
        if (source && source->encryption) replaced("encryption left out");
        if (source && source->reservations) replaced("persistent reservations left out");
        if (source && source->data_store) replaced("data store left out");
        type = SourceType::file;
        source.emplace();
        source->slices = std::move(slices);
        for (auto& slice : source->slices) {  // raw images are whole sectors
            constexpr std::uint64_t sector = 512;
            if (slice.offset % sector == 0 && slice.size % sector == 0) continue;
            slice.offset += sector - 1 - (slice.offset + sector - 1) % sector;
            slice.size += sector - 1 - (slice.size + sector - 1) % sector;
            replaced("slice → whole sectors");
        }
        source->file = changes_.folder / fmt::format("image{}", ++files_);
    }
    void disks() {
        take_out(devices_.disks, [](const Disk& disk) { return std::string(served_elsewhere(disk)); });
        for (auto& disk : devices_.disks) {
            if (disk.empty()) continue;
            if (disk.type == SourceType::vhostuser) {
                disk.source->path = changes_.folder / fmt::format("disk{}", ++files_);
                disk.source->reconnect.reset();
                continue;
            }
            if (disk.encryption) replaced("encryption left out");
            disk.auth.reset(), disk.encryption.reset();
            image(disk.type, disk.source);
            for (auto* below = &disk.backing_store; *below && (*below)->type; below = &(*below)->backing_store)
                image(*(*below)->type, (*below)->source);
        }
    }

    void interfaces() {
        take_out(devices_.interfaces,
                 [](const Interface& interface) { return interface.type == Interface::Type::hostdev ? "vfio" : ""; });
        for (auto& interface : devices_.interfaces) {
            const bool passt = interface.backend && interface.backend->type == InterfaceBackend::Type::passt;
            if (interface.type == Interface::Type::user && !passt) continue;
            if (changes_.taps && has_tap(interface)) continue;
            replaced(fmt::format("{} interface → user", passt ? "passt" : to_string(interface.type)));
            interface.type = Interface::Type::user;
            interface.source.reset(), interface.backend.reset();
            // What the user's own network does not have.
            interface.script.clear(), interface.down_script.clear();
            interface.virtual_port.reset(), interface.vlan.reset(), interface.coalesce.reset();
            interface.port_isolated.reset(), interface.mtu.reset(), interface.tune.reset();
            if (interface.driver) interface.driver->queues.reset();
        }
    }

    // What QEMU can have of itself, or what a socket and a file in the folder can be.
    void character(CharBackend& backend) {
        using enum CharType;
        if (backend.log) backend.log->file = changes_.folder / fmt::format("log{}", ++files_);
        switch (backend.type) {
            case null:
            case pty:
            case vc:
            case qemu_vdagent:
                return;
            case spicevmc:
            case spiceport:
                if (std::ranges::any_of(devices_.graphics,
                                        [](const auto& g) { return g.type == Graphics::Type::spice; }))
                    return;
                break;
            case file:
                backend.ensure_source().path = changes_.folder / fmt::format("output{}", ++files_);
                return;
            case unix_:
                backend.ensure_source().path = changes_.folder / fmt::format("socket{}", ++files_);
                return;
            default:
                break;
        }
        replaced(fmt::format("{} character device → null", to_string(backend.type)));
        backend.type = null;
        backend.sources.clear(), backend.protocol.reset();
    }
    void characters() {
        take_out(devices_.smartcards, [](const Smartcard& card) {
            return card.mode == Smartcard::Mode::passthrough ? "" : "smart card reader";
        });
        for (auto& serial : devices_.serials) character(serial.backend);
        for (auto& parallel : devices_.parallels) character(parallel.backend);
        for (auto& console : devices_.consoles) character(console.backend);
        for (auto& channel : devices_.channels) character(channel.backend);
        for (auto& redirdev : devices_.redirdevs) character(redirdev.backend);
        for (auto& card : devices_.smartcards) {
            auto backend = card.backend();
            character(backend);
            card.type = backend.type, card.sources = backend.sources;
            card.protocol = backend.protocol, card.log = backend.log;
        }
        for (auto& rng : devices_.rngs)
            if (auto* egd = std::get_if<RngEgd>(&rng.backend)) character(egd->backend);
    }

    void screens() {
        take_out(devices_.graphics, [](const Graphics& graphics) {
            if (graphics.type == Graphics::Type::sdl) return "a screen";
            return graphics.type == Graphics::Type::egl_headless ? "a render node" : "";
        });
        for (auto& graphics : devices_.graphics) {
            if (graphics.type == Graphics::Type::dbus) graphics.p2p = true, graphics.address.clear();
            graphics.gl.reset();
            graphics.tls_port.reset(), graphics.websocket.reset(), graphics.default_mode.reset();
            graphics.spice.channels.clear();
        }
        for (auto& video : devices_.videos) {
            if (video.driver && video.driver->name == VideoDriver::Name::vhostuser) {
                video.driver->name.reset();
                replaced("vhost-user video → QEMU's");
            }
            if (video.model.acceleration && video.model.acceleration->accel3d == true) {
                video.model.acceleration.reset();
                replaced("3D acceleration left out");
            }
            if (video.model.blob) video.model.blob.reset(), replaced("blob resources left out");
        }
        for (auto& audio : devices_.audios) {
            if (audio.type == Audio::Type::none || audio.type == Audio::Type::spice) continue;
            replaced(fmt::format("{} audio → none", to_string(audio.type)));
            const auto id = audio.id;
            audio = Audio();
            audio.id = id;
        }
    }

    void host_devices() {
        take_out(devices_.hostdevs, [](const Hostdev& hostdev) -> std::string {
            switch (hostdev.type) {
                case Hostdev::Type::pci:
                    return "vfio";
                case Hostdev::Type::usb:
                    return "a USB device of the host";
                case Hostdev::Type::mdev:
                    return "a mediated device";
                default:
                    return "a SCSI device of the host";
            }
        });
        take_out(devices_.inputs, [](const Input& input) {
            const bool of_host = input.type == Input::Type::passthrough || input.type == Input::Type::evdev;
            return of_host ? "an event device" : "";
        });
        if (devices_.vsock && ::access("/dev/vhost-vsock", R_OK | W_OK) != 0) {
            devices_.vsock.reset();
            changes_.out.emplace_back("vhost-vsock");
        }
    }

    void others() {
        const bool can_serve = ::access(virtiofsd, X_OK) == 0 && ::geteuid() == 0;
        take_out(devices_.filesystems, [can_serve](const Filesystem& filesystem) {
            return filesystem.virtiofs() && !can_serve ? "virtiofsd, or the right to run it" : "";
        });
        for (auto& filesystem : devices_.filesystems) {
            if (!filesystem.source) continue;
            auto& source = *filesystem.source;
            filesystem.binary.reset();
            source.dir = filesystem.virtiofs() ? std::string() : changes_.folder.string();
            if (filesystem.virtiofs()) source.socket = changes_.folder / fmt::format("folder{}", ++files_);
        }
        take_out(devices_.shmems, [](const Shmem& shmem) {
            return shmem.server || shmem.model == Shmem::Model::doorbell ? "a server of shared memory" : "";
        });
        for (auto& shmem : devices_.shmems)  // of the whole host: a name that nobody else has
            shmem.name = fmt::format("vireo-real-check-{}-{}", ::getpid(), ++shared_);
        const bool emulated = ::access(swtpm, X_OK) == 0;
        take_out(devices_.tpms, [emulated](const Tpm&) { return emulated ? "" : "swtpm"; });
        for (auto& tpm : devices_.tpms) {
            if (tpm.backend.type == TpmBackend::Type::passthrough) replaced("the host's TPM → swtpm");
            TpmBackend served;
            served.type = TpmBackend::Type::external;
            served.source.emplace();
            served.source->type = TpmSource::Type::unix_;
            served.source->path = changes_.folder / fmt::format("tpm{}", ++files_);
            tpm.backend = std::move(served);
        }
        take_out(devices_.cryptos, [this](const Crypto& crypto) {
            const bool kernels = crypto.backend.model == CryptoBackend::Model::lkcf;
            return kernels && !capabilities_.has_object("cryptodev-backend-lkcf") ? "lkcf (a newer QEMU)" : "";
        });
        for (auto& rng : devices_.rngs)
            if (auto* random = std::get_if<RngRandom>(&rng.backend)) random->path = "/dev/urandom";
        if (devices_.pstore) devices_.pstore->path = changes_.folder / "pstore";
        for (auto& iommu : devices_.iommus) {
            if (!iommu.driver || iommu.driver->eim != true) continue;
            iommu.driver->eim.reset();
            replaced("extended interrupts of the IOMMU, which need KVM");
        }
    }

    Domain& domain_;
    Devices& devices_;
    const qemu::Capabilities& capabilities_;
    Changes& changes_;
    int files_ = 0;
    static inline int shared_ = 0;
};

}  // namespace

bool has_tap(const Interface& interface) noexcept {
    using enum Interface::Type;
    return interface.type == network || interface.type == bridge || interface.type == direct ||
           interface.type == ethernet;
}

void use_emulation(Domain& domain, const qemu::Capabilities& capabilities, Changes& changes) {
    const auto replaced = [&](const char* what) { changes.replaced.emplace_back(what); };
    domain.type = DomainType::qemu;
    domain.devices.emulator = capabilities.binary;
    if (domain.cpu && domain.cpu->mode == Cpu::Mode::host_passthrough) {
        domain.cpu->mode = Cpu::Mode::maximum;
        replaced("the host's CPU → the most that is emulated");
    }
    if (domain.features.kvm && domain.features.kvm->dirty_ring) {
        domain.features.kvm->dirty_ring.reset();
        replaced("KVM's dirty ring left out");
    }
    if (domain.clock &&
        std::erase_if(domain.clock->timers, [](const Timer& timer) { return timer.name == Timer::Name::armvtimer; }))
        replaced("KVM's armvtimer left out");
    if (domain.features.gic && domain.features.gic->version == Gic::Version::host) {
        domain.features.gic.reset();
        replaced("the host's interrupt controller → the usual one");
    }
    // QEMU's own user network, instead of passt, forwards no ports.
    for (auto& interface : domain.devices.interfaces)
        if (std::exchange(interface.port_forwards, {}).size()) replaced("port forwarding left out");
}

void make_runnable(Domain& domain, const qemu::Capabilities& capabilities, Changes& changes) {
    Runnable(domain, capabilities, changes).apply();
}

}  // namespace vireo::corpus
