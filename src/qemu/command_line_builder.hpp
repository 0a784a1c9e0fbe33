// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts that build_command_line() is made of. The first problem is kept and told at the end.
#pragma once
#include "qemu/assign_parts.hpp"
#include "qemu/command_line.hpp"
#include "qemu/descriptor_table.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <set>
#include <utility>

namespace vireo::qemu {

// A piece of the guest's memory: what it is made of on the host follows from <memoryBacking>, <numatune> and the NUMA
// cell, where it does not say so itself.
struct MemoryWish {
    MemoryWish() = default;
    std::string id;                          // of the object
    std::uint64_t size = 0;                  // bytes
    std::optional<std::uint32_t> cell;       // the guest's, if it is in one
    std::optional<std::uint64_t> page_size;  // bytes; 0: the host's default huge page
    const model::NumberSet* host_nodes = nullptr;
    std::string path;  // it is this file
    std::optional<model::MemoryAccess> access;
    std::optional<bool> discard;
    bool allocate = false;      // at once
    bool reserve_only = false;  // not at once, whatever <allocation> says (virtio-mem)
    bool enclave = false;       // SGX
    json::object extra;         // further properties
};

class CommandLineBuilder {
public:
    CommandLineBuilder(const model::Domain& domain, const Capabilities& capabilities, const Resources& resources);
    Result<CommandLine> build();

private:
    // Writing
    void add(std::string option) { line_.argv.push_back(std::move(option)); }
    void add(std::string option, std::string value);
    void add(std::string option, const json::object& value);
    void problem(Errc code, std::string message, std::string hint = {});
    // → the path of an fdset; for display the file's own
    std::string add_descriptor(int ours, const std::string& what, const std::string& path = {});
    // → the number that it has in QEMU, for properties that want one
    std::string add_inherited(int ours, const std::string& what);
    std::string add_inherited(const std::vector<int>& ours, const std::string& what);  // "3:4"
    // → "fd=N" of a listening socket; for display "path=…"
    std::string listener(int ours, const std::string& name);
    // → "fd=N" of a connection to the process that serves the device; for display "path=…"
    std::string connection(const std::string& alias, const std::string& path);
    json::object device(std::string_view driver, const model::DeviceInfo& info, const std::string& owner);
    // command_line_address.cpp
    void check_slots();
    void add_address(json::object& device, const model::DeviceInfo& info, const std::string& owner);
    void add_pci_address(json::object& device, const model::PciAddress& at, const std::string& owner);
    std::string bus_name(model::Controller::Type type, std::uint32_t index, const std::string& owner);
    bool x86() const noexcept { return machine_.x86(); }
    bool kvm() const noexcept { return domain_.type == model::DomainType::kvm; }

    // command_line.cpp: the process and the machine
    void check();
    void add_process();
    void add_firmware();
    void add_flash(const FlashImage& image, int number);
    void add_monitor();
    // command_line_machine.cpp
    void add_machine();
    std::string_view gic_version() const;
    void add_accelerator();
    void add_async_teardown(bool on);
    void add_launch_security();
    void add_sev(json::object& object, const model::SevLaunch& sev);
    void add_sev_snp(json::object& object, const model::SevSnpLaunch& snp);
    void add_tdx(json::object& object, const model::TdxLaunch& tdx);
    std::string launch_file(std::string_view name);
    // command_line_cpu.cpp
    void add_cpu();
    std::string cpu_model();
    void set_cpu(std::string_view name, std::string_view value);
    void set_cpu(std::string_view name, const char* value) { set_cpu(name, std::string_view(value)); }
    void set_cpu(std::string_view name, bool on);
    void add_cpu_details(const model::Cpu& cpu);
    void add_cpu_timers();
    void add_cpu_features();
    void add_hyperv(const model::Hyperv& hyperv);
    void add_cpu_sizes(const model::Cpu& cpu);
    std::uint32_t cpus_at_start() const;
    void add_smp();
    // command_line_memory.cpp
    void plan_memory();
    void add_memory();
    void add_numa();
    void add_hmat(const model::Numa& numa);
    bool has_hmat() const;
    const model::NumaCell* cell(std::optional<std::uint32_t> id) const;
    std::optional<std::uint64_t> huge_page_for(const MemoryWish& wish) const;  // its size; 0: the host's default
    std::optional<std::pair<model::NumberSet, model::NumaMemory::Mode>> host_nodes(const MemoryWish& wish) const;
    std::string huge_page_path(std::uint64_t size);
    std::string memory_file(const std::string& id);
    void add_memory_backend(const MemoryWish& wish);
    void finish_memory_backend(json::object object, const MemoryWish& wish, bool allocate);
    // command_line_clock.cpp
    std::string clock_base(const model::Clock& clock);
    void add_clock();
    void add_power();
    // command_line_system.cpp
    void add_boot();
    void add_kernel();
    void add_smbios();
    void add_smbios_tables(const model::SmbiosInfo& info);
    void add_fw_cfg();
    void add_generation_id();
    void add_core_information();
    void add_io_threads();
    void add_deprecation();
    void add_passed_through();
    void override_properties(json::object& device);
    void check_overrides();
    // command_line_disks.cpp
    void add_disks();
    void add_throttle_groups();
    void add_nvme_controller(const model::Controller& controller);
    std::string add_chain(const model::Disk& disk, const std::vector<DiskImage>& chain);
    void add_disk(const model::Disk& disk, const std::string& node);
    void add_usb_bridged(const model::Disk& disk, const std::string& node);
    void add_memory_card(const model::Disk& disk, const std::vector<DiskImage>& images);
    std::string add_disk_server(const model::Disk& disk);
    static std::string disk_driver(const model::Disk& disk);
    void add_floppy_controller();
    void place_drive(json::object& device, const model::Disk& disk);
    void place_on_scsi(json::object& device, const model::DriveAddress& at, const std::string& owner);
    std::optional<std::uint32_t> boot_index(const model::Disk& disk) const;
    // command_line_controllers.cpp
    void add_pci_controllers();
    void add_pci_root(const model::Controller& root);
    void add_pci_controller(const model::Controller& controller);
    void add_controllers();
    void add_usb_controller(const model::Controller& controller);
    void add_scsi_controller(const model::Controller& controller);
    void add_other_controller(const model::Controller& controller);
    // command_line_filesystems.cpp
    void add_filesystems();
    void add_9p(const model::Filesystem& filesystem);
    void add_virtiofs(const model::Filesystem& filesystem);
    // command_line_hostdevs.cpp
    void add_hostdevs();
    const HostDeviceFile& prepared(const model::Hostdev& hostdev);
    void add_host_pci(const model::Hostdev& hostdev);
    void add_host_usb(const model::Hostdev& hostdev);
    void add_host_scsi(const model::Hostdev& hostdev);
    void add_host_scsi_target(const model::Hostdev& hostdev);
    void add_mediated(const model::Hostdev& hostdev);
    // command_line_characters.cpp
    std::string add_character(const model::CharBackend& backend, const std::string& alias, const std::string& owner);
    std::string character_target(const model::CharBackend& backend, const CharacterFiles& files,
                                 const std::string& alias, const std::string& owner);
    std::string unix_target(const model::CharSource& source, const CharacterFiles& files, const std::string& alias,
                            const std::string& owner);
    void add_character_tls(const model::CharBackend& backend, const std::string& alias);
    void add_serials();
    void add_serial(const model::Serial& serial);
    void add_characters();
    void add_console(const model::Console& console);
    void add_channel(const model::Channel& channel);
    void add_redirected();
    void add_smartcard(const model::Smartcard& smartcard);
    void add_redirdev(const model::Redirdev& redirdev);
    // command_line_network.cpp
    void add_interfaces();
    void add_interface(const model::Interface& interface, std::optional<std::uint32_t> boot_index);
    void add_host_interface(const model::Interface& interface);
    json::object network_backend(const model::Interface& interface, const std::string& owner);
    const NetworkFiles& prepared(const model::Interface& interface);
    json::object tap_network(const model::Interface& interface, const std::string& owner);
    void add_tap_files(json::object& host, const model::Interface& interface, const std::string& owner);
    json::object passt_network(const model::Interface& interface, const std::string& owner);
    json::object vhost_user_network(const model::Interface& interface);
    // command_line_display.cpp
    void add_graphics();
    void add_vnc(const model::Graphics& graphics, const VncPlace& place);
    void add_spice(const model::Graphics& graphics, const VncPlace& place);
    std::uint32_t spice_tls_port(const model::Graphics& graphics, const VncPlace& place);
    static void add_spice_options(std::string& spice, const model::Graphics& graphics);
    void add_local_display(const model::Graphics& graphics);
    void add_videos();
    void add_video(const model::Video& video);
    static void add_video_memory(json::object& object, const model::Video& video);
    std::string video_driver(const model::Video& video);
    void add_inputs();
    void add_input(const model::Input& input);
    void add_evdev(const model::Input& input);
    // command_line_sound.cpp
    void add_audios();
    void add_sounds();
    void add_sound(const model::Sound& sound);
    void add_codecs(const model::Sound& sound, const std::string& audio);
    std::string audio_of(std::optional<std::uint32_t> id) const;
    // command_line_memory_devices.cpp
    void add_memory_device(const model::MemoryDevice& memory);
    void add_shmem(const model::Shmem& shmem);
    // command_line_devices.cpp
    void add_watchdogs();
    void add_balloon();
    void add_rng(const model::Rng& rng);
    void add_crypto(const model::Crypto& crypto);
    void add_tpm(const model::Tpm& tpm);
    void add_tpm_backend(const model::Tpm& tpm, const std::string& id);
    void add_panic(const model::Panic& panic);
    void add_pstore();
    void add_iommus();
    void add_intel_iommu(const model::Iommu& iommu);
    void add_amd_iommu(const model::Iommu& iommu);
    void add_smmus();
    void add_initiators(const model::Hostdev& hostdev);
    bool needs_version(const QemuVersion& version, const std::string& what);  // false: a problem is recorded
    void add_vsock();
    void add_rest();

    const model::Domain& domain_;
    const Capabilities& capabilities_;
    const Resources& resources_;
    Machine machine_;
    DescriptorTable table_;
    std::uint32_t images_ = 0;
    std::set<std::string> objects_;  // ids of -object that are there, for what several devices share
    CommandLine line_;
    std::optional<Error> problem_;
    std::string cpu_;                   // what follows the CPU model
    std::optional<int> memory_folder_;  // the child's descriptor
    std::string main_memory_;           // the object that is the machine's memory
    std::set<std::string> overridden_;  // aliases of <qemu:override> that were met
};

// The I/O threads, those that only <iothreads> counts as well.
std::vector<model::IoThread> io_threads(const model::Domain& domain);

// What virtio devices of every kind share.
void add_virtio_options(json::object& device, const model::VirtioOptions& options);
void use_io_threads(json::object& device, std::optional<std::uint32_t> thread,
                    const std::vector<model::IoThreadUse>& threads);
std::string virtio_driver(std::string_view base, model::VirtioModel model, const model::DeviceInfo& info);

}  // namespace vireo::qemu
