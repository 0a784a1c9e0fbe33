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

Result<CommandLine> build_command_line(const model::Domain& domain, const Capabilities& capabilities,
                                       const Resources& resources) {
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

std::string CommandLineBuilder::listener(int ours, const std::string& name) {
    if (!resources_.display) return fmt::format("fd={}", table_.add(ours));
    return fmt::format("path=/run/vireo/qemu/{}/{}.sock", escape_commas(domain_.name), name);
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

std::string CommandLineBuilder::bus_name(model::Controller::Type type, std::uint32_t index, const std::string& owner) {
    for (const auto& controller : domain_.devices.controllers) {
        if (controller.type != type || controller.index != index) continue;
        if (type == model::Controller::Type::usb && usb_ports(controller) == 0) continue;
        return controller.info.alias;
    }
    problem(Errc::invalid_config,
            fmt::format("{} is on the {} controller {}, which is not there", owner, to_string(type), index));
    return {};
}

void CommandLineBuilder::add_address(json::object& device, const model::DeviceInfo& info, const std::string& owner) {
    if (!info.address) return problem(Errc::internal, owner + " has no address");
    if (const auto* pci = std::get_if<model::PciAddress>(&*info.address)) {
        device["bus"] = bus_name(model::Controller::Type::pci, pci->bus, owner);
        if (pci->multifunction) device["multifunction"] = *pci->multifunction;
        device["addr"] =
            pci->function ? fmt::format("{:#x}.{:#x}", pci->slot, pci->function) : fmt::format("{:#x}", pci->slot);
    } else if (const auto* usb = std::get_if<model::UsbAddress>(&*info.address)) {
        device["bus"] = bus_name(model::Controller::Type::usb, usb->bus, owner) + ".0";
        device["port"] = usb->port;
    } else if (const auto* serial = std::get_if<model::VirtioSerialAddress>(&*info.address)) {
        device["bus"] = bus_name(model::Controller::Type::virtio_serial, serial->controller, owner) + ".0";
        device["nr"] = serial->port.value_or(0);
    } else if (const auto* isa = std::get_if<model::IsaAddress>(&*info.address)) {
        if (isa->iobase) device["iobase"] = *isa->iobase;
        if (isa->irq) device["irq"] = *isa->irq;
    } else {
        problem(Errc::invalid_config, owner + " has an address that does not fit it");
    }
}

Result<CommandLine> CommandLineBuilder::build() {
    check();
    if (problem_) return Failure(*problem_);
    line_.argv.reserve(96);
    add_process();
    add_monitor();
    add_firmware();
    add_machine();
    add_cpu();
    add_memory();
    add_smp();
    add_clock();
    add_power();
    add_boot();
    add_kernel();
    add_pci_controllers();
    add_controllers();
    add_disks();
    add_interfaces();
    add_serials();
    add_characters();
    add_inputs();
    add_graphics();
    add_videos();
    add_rest();
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
}

void CommandLineBuilder::add_process() {
    add(domain_.devices.emulator.empty() ? capabilities_.binary : domain_.devices.emulator);
    add("-name", "guest=" + escape_commas(domain_.name) + ",debug-threads=on");
    add("-uuid", domain_.uuid->to_string());
    add("-S");
    add("-no-user-config");
    add("-nodefaults");
    add("-no-shutdown");
    add("-display", "none");
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

void CommandLineBuilder::add_machine() {
    const auto& features = domain_.features;
    std::string machine = domain_.os.type.machine + ",usb=off,dump-guest-core=off";
    auto switched = [&](std::string_view name, bool on) { machine += fmt::format(",{}={}", name, on ? "on" : "off"); };
    const bool secure = domain_.os.loader && domain_.os.loader->secure == true;
    if (secure && !machine_.q35())
        problem(Errc::invalid_config, "a secure loader needs system management mode, which only q35 machines have");
    if (secure && features.smm == false) problem(Errc::invalid_config, "a secure loader needs <smm state='on'/>");
    if (x86()) {
        if (features.smm || secure) switched("smm", secure || features.smm->on);
        if (features.vmport) switched("vmport", *features.vmport);
        for (const auto& timer : domain_.clock ? domain_.clock->timers : std::vector<model::Timer>())
            if (timer.name == model::Timer::Name::hpet && timer.present) switched("hpet", *timer.present);
    }
    if (!features.acpi) switched("acpi", false);
    if (domain_.os.bios && domain_.os.bios->use_serial == true)
        switched("graphics", false);  // the BIOS speaks on the serial port
    if (resources_.code) machine += ",pflash0=vireo-pflash0-format";
    if (resources_.variables) machine += ",pflash1=vireo-pflash1-format";
    add("-machine", std::move(machine));
    add("-accel", kvm() ? "kvm" : "tcg");
    if (secure) add("-global", "driver=cfi.pflash01,property=secure,value=on");
}

void CommandLineBuilder::add_memory() {
    add("-m", fmt::format("size={}k", domain_.memory / 1024));
    add("-overcommit", "mem-lock=off");
}

void CommandLineBuilder::add_power() {
    if (domain_.pm) {
        const std::string_view chip = machine_.q35() ? "ICH9-LPC" : "PIIX4_PM";
        auto disable = [&](std::optional<bool> enabled, std::string_view state) {
            if (enabled && x86()) add("-global", fmt::format("{}.disable_{}={}", chip, state, *enabled ? 0 : 1));
        };
        disable(domain_.pm->suspend_to_mem, "s3");
        disable(domain_.pm->suspend_to_disk, "s4");
        if (!x86() && (domain_.pm->suspend_to_mem || domain_.pm->suspend_to_disk))
            problem(Errc::unsupported,
                    "<pm> is not supported on machines of the type '" + domain_.os.type.machine + "'");
    }
    using enum model::LifecycleAction;
    if (domain_.on_reboot == destroy || domain_.on_reboot == preserve) add("-action", "reboot=shutdown");
    for (const auto& watchdog : domain_.devices.watchdogs) {
        auto action = watchdog.action.value_or(model::Watchdog::Action::reset);
        if (action == model::Watchdog::Action::dump)
            action = model::Watchdog::Action::pause;  // then the daemon dumps it
        add("-action", fmt::format("watchdog={}", to_string(action)));
    }
}

void CommandLineBuilder::add_boot() {
    std::string boot;
    if (const auto& menu = domain_.os.boot_menu) {
        boot += fmt::format("menu={},", menu->enable ? "on" : "off");
        if (menu->enable && menu->timeout) boot += fmt::format("splash-time={},", *menu->timeout);
    }
    if (domain_.os.bios && domain_.os.bios->reboot_timeout)
        boot += fmt::format("reboot-timeout={},", *domain_.os.bios->reboot_timeout);
    add("-boot", boot + "strict=on");
}

void CommandLineBuilder::add_kernel() {
    const auto& os = domain_.os;
    if (!os.kernel.empty()) add("-kernel", os.kernel);
    if (!os.initrd.empty()) add("-initrd", os.initrd);
    if (!os.cmdline.empty()) add("-append", os.cmdline);
}

}  // namespace vireo::qemu
