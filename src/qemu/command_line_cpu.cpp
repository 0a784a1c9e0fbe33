// SPDX-License-Identifier: LGPL-2.1-or-later
// The guest's processors: model, features, what Hyper-V and KVM give them, and how many there are.
#include "qemu/command_line_builder.hpp"
#include "qemu/cpu_names.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Cpu;
using model::CpuFeature;
using model::Timer;

namespace {

// What QEMU's list of features cannot be broken with.
bool is_word(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.' || c == '+';
    });
}

// "power9_v2.0" → "POWER9", the name that does not tie a guest to one revision of the chip.
std::string power_model(const std::string& model) {
    if (!model.starts_with("power")) return model;
    auto name = model.substr(0, model.find('_'));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return name;
}

bool is_vector_length(std::string_view feature) {  // "sve512", but not "sve2"
    return feature.starts_with("sve") && feature.size() >= 6 &&
           std::ranges::all_of(feature.substr(3), [](char c) { return c >= '0' && c <= '9'; });
}

Cpu::Mode mode_of(const model::Domain& domain) {
    return domain.cpu ? domain.cpu->mode.value_or(Cpu::Mode::custom) : Cpu::Mode::custom;
}

// What somebody may have meant who wrote this model.
std::string other_cpu(const Capabilities& capabilities, std::string_view written) {
    std::vector<std::string_view> known;
    for (const auto& cpu : capabilities.cpus) known.push_back(cpu.name);
    const auto near = model::nearest(written, known);
    return (near.empty() ? "" : fmt::format("Did you mean '{}'? ", near)) + "Its models: " + capabilities.binary +
           " -cpu help";
}

}  // namespace

std::string CommandLineBuilder::cpu_model() {
    const auto* machine = capabilities_.machine(domain_.os.type.machine);
    std::string cpu = machine ? machine->default_cpu : std::string();
    // virt's own default is a 32-bit processor.
    if (domain_.os.type.arch == "aarch64" && machine_.virt()) cpu = kvm() ? "host" : "cortex-a57";
    if (machine_.s390() && kvm()) cpu = "host";
    if (machine_.pseries()) cpu = power_model(cpu);
    const bool named = domain_.cpu && domain_.cpu->model && !domain_.cpu->model->name.empty();
    switch (mode_of(domain_)) {
        case Cpu::Mode::custom:
            if (named) cpu = domain_.cpu->model->name;
            if (!named && machine_.arch == Arch::i686) cpu = "qemu32";
            if (named && (!is_word(cpu) || !knows_cpu(capabilities_, cpu)))
                problem(Errc::unsupported, fmt::format("{} knows no CPU model '{}'", capabilities_.binary, cpu),
                        other_cpu(capabilities_, cpu));
            break;
        case Cpu::Mode::host_model:
        case Cpu::Mode::host_passthrough:
            cpu = kvm() ? "host" : "max";
            break;  // TCG has no host to pass through
        case Cpu::Mode::maximum:
            cpu = "max";
            break;
    }
    return cpu;
}

void CommandLineBuilder::add_cpu() {
    auto cpu = cpu_model();
    cpu_ = {};
    if (domain_.cpu) add_cpu_details(*domain_.cpu);
    add_cpu_timers();
    add_cpu_features();
    if (cpu.empty() && !cpu_.empty())
        return problem(Errc::invalid_config,
                       "this machine has no default CPU, and its features need one: <cpu><model>");
    if (!cpu.empty()) add("-cpu", cpu + cpu_);
}

void CommandLineBuilder::set_cpu(std::string_view name, std::string_view value) {
    cpu_.append(",").append(name).append("=").append(value);
}
void CommandLineBuilder::set_cpu(std::string_view name, bool on) {
    set_cpu(name, on ? std::string_view("on") : "off");
}

void CommandLineBuilder::add_cpu_details(const Cpu& cpu) {
    const auto mode = mode_of(domain_);
    if (cpu.migratable && kvm() && x86()) set_cpu("migratable", *cpu.migratable);
    if (cpu.model && !cpu.model->vendor_id.empty()) set_cpu("vendor", escape_commas(cpu.model->vendor_id));
    bool vectors = true, lengths = false;
    for (const auto& feature : cpu.features) {
        if (!is_word(feature.name))
            return problem(Errc::invalid_config, fmt::format("'{}' is not the name of a CPU feature", feature.name));
        const auto policy = feature.policy.value_or(CpuFeature::Policy::require);
        const bool on = policy != CpuFeature::Policy::disable && policy != CpuFeature::Policy::forbid;
        // The processor never has it: nothing to switch off, and QEMU does not know the word.
        if (x86() && is_beyond_qemu(feature.name)) {
            const bool needed = policy == CpuFeature::Policy::require && mode == Cpu::Mode::custom;
            if (needed && cpu.check == Cpu::Check::full)
                problem(Errc::unsupported, fmt::format("QEMU cannot give a guest the CPU feature '{}'", feature.name));
            continue;
        }
        set_cpu(x86() ? qemu_feature(feature.name) : feature.name, on);
        if (feature.name == "sve") vectors = false;
        lengths = lengths || (machine_.arm() && on && is_vector_length(feature.name));
    }
    if (vectors && lengths) set_cpu("sve", true);  // goes without saying
}

void CommandLineBuilder::add_cpu_timers() {
    for (const auto& timer : domain_.clock ? domain_.clock->timers : std::vector<Timer>()) {
        if (timer.name == Timer::Name::kvmclock && timer.present && x86()) set_cpu("kvmclock", *timer.present);
        if (timer.name == Timer::Name::hypervclock && timer.present == true) set_cpu("hv-time", true);
        if (timer.name == Timer::Name::tsc && timer.frequency)
            set_cpu("tsc-frequency", std::to_string(*timer.frequency));
        if (timer.name == Timer::Name::armvtimer && timer.tick_policy)
            set_cpu("kvm-no-adjvtime", timer.tick_policy == Timer::TickPolicy::discard);
    }
}

void CommandLineBuilder::add_cpu_features() {
    const auto& features = domain_.features;
    if (features.apic && features.apic->eoi && x86()) set_cpu("kvm-pv-eoi", *features.apic->eoi);
    if (features.pvspinlock) set_cpu("kvm-pv-unhalt", *features.pvspinlock);
    if (features.hyperv) add_hyperv(*features.hyperv);
    for (const auto& panic : domain_.devices.panics)
        if (panic.model == model::Panic::Model::hyperv) set_cpu("hv-crash", true);
    if (features.kvm) {
        const auto& kvm = *features.kvm;
        if (kvm.hidden == true) set_cpu("kvm", false);
        if (kvm.hint_dedicated == true) set_cpu("kvm-hint-dedicated", true);
        if (kvm.poll_control == true) set_cpu("kvm-poll-control", true);
        if (kvm.pv_ipi == false) set_cpu("kvm-pv-ipi", false);
    }
    if (features.pmu) set_cpu("pmu", *features.pmu);
    if (domain_.cpu) add_cpu_sizes(*domain_.cpu);
}

void CommandLineBuilder::add_hyperv(const model::Hyperv& hyperv) {
    if (hyperv.mode == model::Hyperv::Mode::passthrough) return set_cpu("hv-passthrough", true);
    // The model of the host is what QEMU finds there; what the definition says comes after it and prevails.
    const bool host = hyperv.mode == model::Hyperv::Mode::host_model;
    if (host) set_cpu("hv-passthrough", true);
    auto on = [&](std::string_view name, const std::optional<bool>& state) {
        if (state == true || (host && state)) set_cpu(name, *state);
    };
    on("hv-relaxed", hyperv.relaxed);
    on("hv-vapic", hyperv.vapic);
    if (hyperv.spinlocks && hyperv.spinlocks->on)
        set_cpu("hv-spinlocks", fmt::format("{:#x}", hyperv.spinlocks->retries.value_or(0)));
    on("hv-vpindex", hyperv.vpindex);
    on("hv-runtime", hyperv.runtime);
    on("hv-synic", hyperv.synic);
    if (hyperv.stimer && hyperv.stimer->on) {
        set_cpu("hv-stimer", true);
        on("hv-stimer-direct", hyperv.stimer->direct);
    }
    on("hv-reset", hyperv.reset);
    if (hyperv.vendor_id && hyperv.vendor_id->on) set_cpu("hv-vendor-id", escape_commas(hyperv.vendor_id->value));
    on("hv-frequencies", hyperv.frequencies);
    on("hv-reenlightenment", hyperv.reenlightenment);
    if (hyperv.tlbflush && hyperv.tlbflush->on) {
        set_cpu("hv-tlbflush", true);
        on("hv-tlbflush-direct", hyperv.tlbflush->direct);
        on("hv-tlbflush-ext", hyperv.tlbflush->extended);
    }
    on("hv-ipi", hyperv.ipi);
    on("hv-evmcs", hyperv.evmcs);
    on("hv-avic", hyperv.avic);
    on("hv-emsr-bitmap", hyperv.emsr_bitmap);
    on("hv-xmm-input", hyperv.xmm_input);
}

// What CPUID says about caches and addresses.
void CommandLineBuilder::add_cpu_sizes(const Cpu& cpu) {
    const auto mode = mode_of(domain_);
    const bool of_host = mode == Cpu::Mode::host_passthrough || mode == Cpu::Mode::maximum;
    if (cpu.cache) {
        switch (cpu.cache->mode) {
            case model::CpuCache::Mode::emulate:
                set_cpu("l3-cache", true);
                if (of_host) set_cpu("host-cache-info", false);
                break;
            case model::CpuCache::Mode::passthrough:
                set_cpu("host-cache-info", true);
                if (of_host) set_cpu("l3-cache", false);
                break;
            case model::CpuCache::Mode::disable:
                set_cpu("l3-cache", false);
                if (of_host) set_cpu("host-cache-info", false);
                break;
        }
    }
    if (!cpu.address_size) return;
    const auto& size = *cpu.address_size;
    if (size.mode == model::CpuAddressSize::Mode::emulate) {
        if (size.bits) set_cpu("phys-bits", std::to_string(*size.bits));
    } else {
        set_cpu("host-phys-bits", true);
        if (size.limit) set_cpu("host-phys-bits-limit", std::to_string(*size.limit));
    }
}

// Those that are plugged in before the guest runs are not counted here.
std::uint32_t CommandLineBuilder::cpus_at_start() const {
    if (domain_.vcpus.empty()) return domain_.vcpu.current.value_or(domain_.vcpu.count);
    return static_cast<std::uint32_t>(std::ranges::count_if(
        domain_.vcpus, [](const auto& vcpu) { return vcpu.enabled && vcpu.hotpluggable != true; }));
}

void CommandLineBuilder::add_smp() {
    const auto most = domain_.vcpu.count, now = cpus_at_start();
    std::string smp = std::to_string(now);
    if (now != most) smp += fmt::format(",maxcpus={}", most);
    model::CpuTopology topology;
    topology.sockets = most;
    if (domain_.cpu && domain_.cpu->topology) topology = *domain_.cpu->topology;
    smp += fmt::format(",sockets={}", topology.sockets);
    if (topology.dies != 1) smp += fmt::format(",dies={}", topology.dies);
    if (topology.clusters.value_or(1) != 1) smp += fmt::format(",clusters={}", *topology.clusters);
    smp += fmt::format(",cores={},threads={}", topology.cores, topology.threads);
    add("-smp", std::move(smp));
}

}  // namespace vireo::qemu
