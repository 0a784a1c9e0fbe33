// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts that build_command_line() is made of. The first problem is kept and told at the end.
#pragma once
#include "qemu/assign_parts.hpp"
#include "qemu/command_line.hpp"
#include "qemu/descriptor_table.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace vireo::qemu {

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
    // → "fd=N" of a listening socket; for display "path=…"
    std::string listener(int ours, const std::string& name);
    json::object device(std::string_view driver, const model::DeviceInfo& info, const std::string& owner);
    void add_address(json::object& device, const model::DeviceInfo& info, const std::string& owner);
    std::string bus_name(model::Controller::Type type, std::uint32_t index, const std::string& owner);
    bool x86() const noexcept { return machine_.x86(); }
    bool kvm() const noexcept { return domain_.type == model::DomainType::kvm; }

    // command_line.cpp: the process and the machine
    void check();
    void add_process();
    void add_firmware();
    void add_flash(const FlashImage& image, int number);
    void add_machine();
    void add_memory();
    void add_monitor();
    void add_kernel();
    void add_boot();
    void add_power();
    // command_line_cpu.cpp: processors and time
    void add_cpu();
    void add_cpu_features(std::string& cpu);
    void add_smp();
    void add_clock();
    // command_line_disks.cpp
    void add_disks();
    std::string add_chain(const model::Disk& disk, const std::vector<DiskImage>& chain);
    json::object storage_node(const model::Disk& disk, const DiskImage& image, std::uint32_t number);
    void add_disk(const model::Disk& disk, const std::string& node);
    void add_usb_cdrom(const model::Disk& disk, const std::string& node);
    void add_floppy_controller();
    void place_drive(json::object& device, const model::Disk& disk);
    std::optional<std::uint32_t> boot_index(const model::Disk& disk) const;
    // command_line_controllers.cpp
    void add_pci_controllers();
    void add_pci_controller(const model::Controller& controller);
    void add_controllers();
    void add_usb_controller(const model::Controller& controller);
    // command_line_characters.cpp
    std::string add_character(const model::CharBackend& backend, const std::string& alias, const std::string& owner);
    std::string character_target(const model::CharBackend& backend, const CharacterFiles& files,
                                 const std::string& owner);
    void add_serials();
    void add_characters();
    // command_line_devices.cpp
    void add_interfaces();
    void add_inputs();
    void add_graphics();
    void add_videos();
    void add_video(const model::Video& video);
    void add_rest();

    const model::Domain& domain_;
    const Capabilities& capabilities_;
    const Resources& resources_;
    Machine machine_;
    DescriptorTable table_;
    std::uint32_t images_ = 0;
    CommandLine line_;
    std::optional<Error> problem_;
};

}  // namespace vireo::qemu
