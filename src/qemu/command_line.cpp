// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/command_line.hpp"

#include "qemu/command_line_builder.hpp"

#include <fmt/format.h>

namespace vireo::qemu {
using model::Loader;

std::string escape_commas(std::string_view value) {
    std::string escaped;
    escaped.reserve(value.size());
    for (char c : value) {
        escaped += c;
        if (c == ',') escaped += c;
    }
    return escaped;
}

namespace {

// <qemu:capabilities>: what the binary is to be taken for. Names of devices and objects count; libvirt's other flags
// are about forms of the command line of which Vireo writes the newest only.
Capabilities taken_for(Capabilities capabilities, const model::QemuCapabilities& wanted) {
    std::vector<std::string> types;
    for (std::size_t i = 0; i < capabilities.types.size(); ++i) types.emplace_back(capabilities.types[i]);
    for (const auto& of : wanted.add) types.push_back(of.name);
    for (const auto& of : wanted.remove) std::erase(types, of.name);
    capabilities.types = NameSet(std::move(types));
    return capabilities;
}

}  // namespace

Result<CommandLine> build_command_line(const model::Domain& domain, const Capabilities& capabilities,
                                       const Resources& resources) {
    if (domain.qemu_capabilities) {
        const auto changed = taken_for(capabilities, *domain.qemu_capabilities);
        return CommandLineBuilder(domain, changed, resources).build();
    }
    return CommandLineBuilder(domain, capabilities, resources).build();
}

CommandLineBuilder::CommandLineBuilder(const model::Domain& domain, const Capabilities& capabilities,
                                       const Resources& resources)
    : domain_(domain), capabilities_(capabilities), resources_(resources) {}

void CommandLineBuilder::add(std::string option, std::string value) {
    // A NUL would end the argument, and everything behind it would be gone without a word.
    if (value.find('\0') != std::string::npos)
        problem(Errc::invalid_config, "the definition has a zero byte in a value for " + option);
    line_.argv.push_back(std::move(option));
    line_.argv.push_back(std::move(value));
}

void CommandLineBuilder::add(std::string option, const json::object& value) {
    if (domain_.qemu_override && option == "-device") {
        auto changed = value;
        override_properties(changed);
        return add(std::move(option), json::serialize(changed));
    }
    add(std::move(option), json::serialize(value));
}

void CommandLineBuilder::problem(Errc code, std::string message, std::string hint) {
    if (problem_) return;
    problem_ = Error(code, std::move(message));
    if (!hint.empty()) problem_ = problem_->with_hint(std::move(hint));
}

std::string CommandLineBuilder::add_descriptor(int ours, const std::string& what, const std::string& path) {
    if (resources_.display) return path;
    if (ours < 0) problem(Errc::internal, "no descriptor was prepared for " + what);
    const int number = table_.add(ours);
    add("-add-fd", fmt::format("set={0},fd={0},opaque={1}", number, escape_commas(what)));
    return fmt::format("/dev/fdset/{}", number);
}

std::string CommandLineBuilder::add_inherited(int ours, const std::string& what) {
    if (ours < 0) problem(Errc::internal, "no descriptor was prepared for " + what);
    return std::to_string(table_.add(ours));
}

std::string CommandLineBuilder::add_inherited(const std::vector<int>& ours, const std::string& what) {
    std::string numbers;
    for (int fd : ours) numbers += (numbers.empty() ? "" : ":") + add_inherited(fd, what);
    return numbers;
}

std::string CommandLineBuilder::listener(int ours, const std::string& name) {
    if (!resources_.display) return fmt::format("fd={}", table_.add(ours));
    return fmt::format("path=/run/vireo/qemu/{}/{}.sock", escape_commas(domain_.name), name);
}

std::string CommandLineBuilder::connection(const std::string& alias, const std::string& path) {
    if (resources_.display) return "path=" + escape_commas(path);
    const auto found = resources_.auxiliaries.find(alias);
    if (found != resources_.auxiliaries.end()) return fmt::format("fd={}", table_.add(found->second));
    problem(Errc::internal, "no connection was prepared for device " + alias);
    return {};
}

json::object CommandLineBuilder::device(std::string_view driver, const model::DeviceInfo& info,
                                        const std::string& owner) {
    if (!capabilities_.has_device(driver))
        problem(Errc::unsupported,
                fmt::format("{} has no device '{}', which {} needs", capabilities_.binary, driver, owner));
    if (info.alias.empty()) problem(Errc::internal, owner + " has no alias");
    json::object object;
    object["driver"] = driver;
    object["id"] = info.alias;
    return object;
}

Result<CommandLine> CommandLineBuilder::build() {
    check();
    if (problem_) return Failure(*problem_);
    line_.argv.reserve(96);
    add_process();
    add_monitor();
    add_deprecation();
    add_firmware();
    plan_memory();
    add_machine();
    add_cpu();
    add_memory();
    add_smp();
    add_io_threads();
    add_numa();
    add_smbios();
    add_clock();
    add_power();
    add_boot();
    add_kernel();
    add_launch_security();
    add_iommus();
    add_pci_controllers();
    add_smmus();
    add_controllers();
    add_throttle_groups();
    add_disks();
    add_filesystems();
    add_interfaces();
    add_serials();
    add_characters();
    add_redirected();
    add_inputs();
    add_audios();
    add_graphics();
    add_videos();
    add_hostdevs();
    add_sounds();
    add_rest();
    add_core_information();
    add_generation_id();
    add_fw_cfg();
    add_passed_through();
    check_overrides();
    if (problem_) return Failure(*problem_);
    line_.fds = table_.child();
    return std::move(line_);
}

void CommandLineBuilder::check() {
    if (domain_.os.type.machine.empty() || !domain_.uuid)
        return problem(Errc::internal, "the definition is not complete");
    machine_ = machine_of(domain_);
    if (!capabilities_.machine(domain_.os.type.machine))
        problem(Errc::unsupported,
                fmt::format("{} has no machine '{}'", capabilities_.binary, domain_.os.type.machine));
    if (kvm() && !capabilities_.has_accelerator(Accelerator::kvm))
        problem(Errc::unsupported, "this host cannot run the domain with KVM",
                "Is there a /dev/kvm, and may QEMU's user open it? A domain of type='qemu' needs none, and is slower");
    if (!kvm() && !capabilities_.has_accelerator(Accelerator::tcg))
        problem(Errc::unsupported, fmt::format("{} cannot emulate processors (TCG)", capabilities_.binary),
                "Use type='kvm'");
    if (resources_.disks.size() != domain_.devices.disks.size() ||
        resources_.graphics.size() != domain_.devices.graphics.size())
        problem(Errc::internal, "what was prepared does not fit the definition");
    if (!resources_.display) check_slots();
}

void CommandLineBuilder::add_process() {
    add(domain_.devices.emulator.empty() ? capabilities_.binary : domain_.devices.emulator);
    add("-name", "guest=" + escape_commas(domain_.name) + ",debug-threads=on");
    add("-uuid", domain_.uuid->to_string());
    add("-S");
    add("-no-user-config");
    add("-nodefaults");
    add("-no-shutdown");
    add("-msg", "timestamp=on");
    add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

void CommandLineBuilder::add_monitor() {
    if (resources_.monitor < 0 && !resources_.display) return problem(Errc::internal, "no monitor was prepared");
    add("-chardev",
        fmt::format("socket,id=charmonitor,{},server=on,wait=off", listener(resources_.monitor, "monitor")));
    add("-mon", "chardev=charmonitor,id=monitor,mode=control");
}

void CommandLineBuilder::add_flash(const FlashImage& image, int number) {
    const auto storage = fmt::format("vireo-pflash{}-storage", number),
               format = fmt::format("vireo-pflash{}-format", number);
    json::object file;
    file["driver"] = image.block_device ? "host_device" : "file";
    file["filename"] = add_descriptor(image.fd, fmt::format("pflash{}", number), image.path);
    file["node-name"] = storage;
    file["read-only"] = image.read_only;
    add("-blockdev", file);
    json::object node;
    node["node-name"] = format;
    node["read-only"] = image.read_only;
    node["driver"] = to_string(image.format);
    node["file"] = storage;
    add("-blockdev", node);
}

void CommandLineBuilder::add_firmware() {
    if (resources_.code) add_flash(*resources_.code, 0);
    if (resources_.variables) add_flash(*resources_.variables, 1);
    const auto& loader = domain_.os.loader;
    if (resources_.code || !loader) return;
    if (loader->type == Loader::Type::pflash) return problem(Errc::internal, "the firmware was not prepared");
    if (!loader->path.empty()) add("-bios", loader->path);
}

}  // namespace vireo::qemu
