// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine as a whole: its type with all options, the accelerator, what protects it from the host.
#include "qemu/command_line_builder.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace vireo::qemu {
using model::Timer;

namespace {

constexpr std::uint64_t mebibyte = 1u << 20;
constexpr std::string_view guard = "lsec0";  // the object that encrypts the guest

class Options {  // "name=on,name=off" behind a first word
public:
    explicit Options(std::string first) : text_(std::move(first)) {}
    void set(std::string_view name, std::string_view value) {
        text_.append(",").append(name).append("=").append(value);
    }
    void set(std::string_view name, const char* value) { set(name, std::string_view(value)); }
    void set(std::string_view name, bool on) { set(name, on ? std::string_view("on") : "off"); }
    void set(std::string_view name, const std::optional<bool>& on) {
        if (on) set(name, *on);
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

void add_pseries(Options& options, const model::Features& features) {
    if (features.hpt) {
        if (features.hpt->resizing) options.set("resize-hpt", to_string(*features.hpt->resizing));
        if (features.hpt->max_page_size)
            options.set("cap-hpt-max-page-size", fmt::format("{}k", *features.hpt->max_page_size / 1024));
    }
    options.set("cap-htm", features.htm);
    options.set("cap-nested-hv", features.nested_hv);
    options.set("cap-ccf-assist", features.ccf_assist);
    if (features.cfpc) options.set("cap-cfpc", to_string(*features.cfpc));
    if (features.sbbc) options.set("cap-sbbc", to_string(*features.sbbc));
    if (features.ibs) options.set("cap-ibs", to_string(*features.ibs));
}

// What the machine has to be told of its devices.
void set_for_devices(Options& options, const model::Devices& devices) {
    const auto whole_machine = [](const model::Iommu& iommu) {
        return iommu.model == model::Iommu::Model::smmuv3 && !(iommu.driver && iommu.driver->pci_bus);
    };
    if (std::ranges::any_of(devices.iommus, whole_machine)) options.set("iommu", "smmuv3");
    using Model = model::MemoryDevice::Model;
    if (std::ranges::any_of(devices.memory_devices, [](const auto& of) { return of.model == Model::nvdimm; }))
        options.set("nvdimm", true);
    std::size_t number = 0;
    for (const auto& device : devices.memory_devices) {
        if (device.model != Model::sgx_epc) continue;
        options.set(fmt::format("sgx-epc.{}.memdev", number), fmt::format("mem{}", device.info.alias));
        if (device.target.node)
            options.set(fmt::format("sgx-epc.{}.node", number), std::to_string(*device.target.node));
        ++number;
    }
}

std::string upper_case(std::string text) {  // what the guest's loader compares with
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

// Which entry of its boot menu an s390x guest takes: what the device says that it boots from first.
std::string loadparm(const model::Devices& devices) {
    for (const auto& disk : devices.disks)
        if (disk.boot_order == 1u && !disk.loadparm.empty()) return disk.loadparm;
    for (const auto& interface : devices.interfaces)
        if (interface.boot_order == 1u && !interface.boot_loadparm.empty()) return interface.boot_loadparm;
    return {};
}

}  // namespace

void CommandLineBuilder::add_machine() {
    const auto& features = domain_.features;
    const bool secure = domain_.os.loader && domain_.os.loader->secure == true;
    if (secure && !machine_.q35())
        problem(Errc::invalid_config, "a secure loader needs system management mode, which only q35 machines have");
    if (secure && features.smm == false) problem(Errc::invalid_config, "a secure loader needs <smm state='on'/>");
    Options options(domain_.os.type.machine);
    options.set("usb", false);
    if (x86()) {
        options.set("vmport", features.vmport);
        if (features.smm || secure) options.set("smm", secure || features.smm->on);
        if (features.ioapic)
            options.set("kernel_irqchip", *features.ioapic == model::IoapicDriver::qemu ? "split" : "on");
        if (features.ps2) options.set("i8042", *features.ps2);
    }
    for (const auto& cipher : domain_.key_wrap)
        options.set(cipher.name == model::KeyWrapCipher::Name::aes ? "aes-key-wrap" : "dea-key-wrap", cipher.on);
    if (machine_.arm_virt()) options.set("gic-version", gic_version());
    options.set("ras", features.ras);
    if (features.aia) options.set("aia", to_string(*features.aia));
    options.set("dump-guest-core", domain_.dump_core.value_or(false));
    if (domain_.memory_backing && domain_.memory_backing->no_share_pages) options.set("mem-merge", false);
    set_for_devices(options, domain_.devices);
    if (machine_.pseries()) add_pseries(options, features);
    if (!main_memory_.empty()) options.set("memory-backend", main_memory_);
    if (const auto parameter = loadparm(domain_.devices); machine_.ccw() && !parameter.empty())
        options.set("loadparm", escape_commas(upper_case(parameter)));
    if (machine_.pseries() && domain_.cpu && domain_.cpu->mode == model::Cpu::Mode::host_model && domain_.cpu->model &&
        !domain_.cpu->model->name.empty())
        options.set("max-cpu-compat", domain_.cpu->model->name);
    if (resources_.code) options.set("pflash0", "vireo-pflash0-format");
    if (resources_.variables) options.set("pflash1", "vireo-pflash1-format");
    if (domain_.launch_security) options.set("confidential-guest-support", guard);
    if (has_hmat()) options.set("hmat", true);
    if (x86())
        for (const auto& timer : domain_.clock ? domain_.clock->timers : std::vector<Timer>())
            if (timer.name == Timer::Name::hpet) options.set("hpet", timer.present);
    if (!features.acpi && (x86() || machine_.arm_virt() || machine_.loongarch())) options.set("acpi", false);
    if (domain_.os.bios && domain_.os.bios->use_serial == true)
        options.set("graphics", false);  // the BIOS speaks on the serial port
    add("-machine", options.take());
    add_accelerator();
    if (secure) add("-global", "driver=cfi.pflash01,property=secure,value=on");
    if (features.smm && features.smm->tseg)
        add("-global", fmt::format("mch.extended-tseg-mbytes={}", *features.smm->tseg / mebibyte));
}

// GICv2 is what the emulation does best (its GICv3 has no MSI before QEMU 8), but has room for eight CPUs only; with
// KVM it is the host's that works.
std::string_view CommandLineBuilder::gic_version() const {
    if (domain_.features.gic && domain_.features.gic->version) return to_string(*domain_.features.gic->version);
    constexpr std::uint32_t most_with_v2 = 8;
    if (kvm()) return "host";
    return domain_.vcpu.count > most_with_v2 ? "3" : "2";
}

void CommandLineBuilder::add_accelerator() {
    const auto& features = domain_.features;
    std::string accelerator = kvm() ? "kvm" : "tcg";
    if (kvm() && features.kvm && features.kvm->dirty_ring && features.kvm->dirty_ring->on)
        accelerator += fmt::format(",dirty-ring-size={}", features.kvm->dirty_ring->size.value_or(0));
    if (!kvm() && features.tcg && features.tcg->tb_cache)
        accelerator += fmt::format(",tb-size={}", *features.tcg->tb_cache / mebibyte);
    add("-accel", std::move(accelerator));
    if (features.async_teardown) add_async_teardown(*features.async_teardown);
}

void CommandLineBuilder::add_async_teardown(bool on) {
    if (capabilities_.has_option("run-with", "async-teardown"))
        add("-run-with", fmt::format("async-teardown={}", on ? "on" : "off"));
    else if (on && capabilities_.has_option("async-teardown"))
        add("-async-teardown");
    else if (on)
        problem(Errc::unsupported, capabilities_.binary + " cannot do <async-teardown>");
}

// ── encrypted guests ──
void CommandLineBuilder::add_launch_security() {
    if (!domain_.launch_security) return;
    auto object = [&](std::string_view type) {
        if (!capabilities_.has_object(type))
            problem(Errc::unsupported,
                    fmt::format("{} has no object '{}', which <launchSecurity> needs", capabilities_.binary, type));
        json::object made;
        made["qom-type"] = type;
        made["id"] = guard;
        return made;
    };
    const auto& security = *domain_.launch_security;
    json::object made;
    if (const auto* sev = std::get_if<model::SevLaunch>(&security)) {
        made = object("sev-guest");
        add_sev(made, *sev);
    } else if (const auto* snp = std::get_if<model::SevSnpLaunch>(&security)) {
        made = object("sev-snp-guest");
        add_sev_snp(made, *snp);
    } else if (const auto* tdx = std::get_if<model::TdxLaunch>(&security)) {
        made = object("tdx-guest");
        add_tdx(made, *tdx);
    } else {
        made = object("s390-pv-guest");
    }
    add("-object", made);
}

void CommandLineBuilder::add_sev(json::object& object, const model::SevLaunch& sev) {
    // Where neither the definition nor a probe says it: what all AMD processors with SEV have had so far.
    constexpr std::uint32_t usual_cbitpos = 47, usual_reduction = 1;
    object["cbitpos"] = sev.cbitpos.value_or(usual_cbitpos);
    object["reduced-phys-bits"] = sev.reduced_phys_bits.value_or(usual_reduction);
    object["policy"] = sev.policy;
    if (!sev.dh_cert.empty()) object["dh-cert-file"] = launch_file("dh_cert.base64");
    if (!sev.session.empty()) object["session-file"] = launch_file("session.base64");
    if (sev.kernel_hashes) object["kernel-hashes"] = *sev.kernel_hashes;
}

// QEMU reads these from files that a start makes.
std::string CommandLineBuilder::launch_file(std::string_view name) {
    if (!resources_.display)
        problem(Errc::unsupported, "<launchSecurity> with dhCert or session cannot be started yet",
                "Leave them out: the guest then starts without attestation of its owner");
    return fmt::format("/run/vireo/qemu/{}/{}", domain_.name, name);
}

void CommandLineBuilder::add_sev_snp(json::object& object, const model::SevSnpLaunch& snp) {
    constexpr std::uint32_t usual_cbitpos = 51, usual_reduction = 1;
    object["cbitpos"] = snp.cbitpos.value_or(usual_cbitpos);
    object["reduced-phys-bits"] = snp.reduced_phys_bits.value_or(usual_reduction);
    if (snp.kernel_hashes) object["kernel-hashes"] = *snp.kernel_hashes;
    if (snp.author_key) object["author-key-enabled"] = *snp.author_key;
    if (snp.vcek) object["vcek-disabled"] = !*snp.vcek;
    object["policy"] = snp.policy;
    auto text = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) object[name] = value;
    };
    text("guest-visible-workarounds", snp.guest_visible_workarounds);
    text("id-block", snp.id_block);
    text("id-auth", snp.id_auth);
    text("host-data", snp.host_data);
}

void CommandLineBuilder::add_tdx(json::object& object, const model::TdxLaunch& tdx) {
    constexpr std::string_view usual_socket = "/var/run/tdx-qgs/qgs.socket";
    if (tdx.policy) object["attributes"] = *tdx.policy;
    auto text = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) object[name] = value;
    };
    text("mrconfigid", tdx.mr_config_id);
    text("mrowner", tdx.mr_owner);
    text("mrownerconfig", tdx.mr_owner_config);
    if (!tdx.quote_service) return;
    json::object socket;
    socket["type"] = "unix";
    socket["path"] = tdx.quote_service->path.empty() ? std::string(usual_socket) : tdx.quote_service->path;
    object["quote-generation-socket"] = std::move(socket);
}

}  // namespace vireo::qemu
