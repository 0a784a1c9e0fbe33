// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/capabilities.hpp"

#include "domain/complete.hpp"
#include "firmware/choice.hpp"
#include "qemu/host_capabilities.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <algorithm>

namespace vireo::domain {
namespace {

qemu::HostDescription describe_host() {
    qemu::HostDescription host;
    host.architecture = qemu::host_arch();
    host.topology = host::read_topology();
    host.cpu = host::read_cpu_identity();
    host.iommu = host::has_iommu();
    host.sleep_states = host::sleep_states();
    constexpr std::size_t longest = 64;
    if (auto uuid = read_file("/sys/class/dmi/id/product_uuid", longest)) {
        host.uuid = uuid->substr(0, uuid->find('\n'));
        std::ranges::transform(host.uuid, host.uuid.begin(), [](unsigned char c) { return std::tolower(c); });
    }
    return host;
}

void note_offer(qemu::FirmwareOffer& offer, const firmware::Descriptor& descriptor) {
    for (auto& type : descriptor.interface_types) {
        std::string word = type == "uefi" ? "efi" : type;
        if (word != "efi" && word != "bios") continue;
        if (std::ranges::find(offer.types, word) == offer.types.end()) offer.types.push_back(word);
    }
    if (descriptor.device != firmware::Device::flash) return;
    auto& file = descriptor.executable.filename;
    if (std::ranges::find(offer.loaders, file) == offer.loaders.end()) offer.loaders.push_back(file);
    offer.secure |= descriptor.has_feature("requires-smm");
    offer.secure_boot |= descriptor.has_feature("secure-boot");
    offer.enrolled_keys |= descriptor.has_feature("enrolled-keys");
}

CapabilitiesDocument both(const qemu::Node& document) {
    CapabilitiesDocument result;
    result.xml = document.to_xml();
    result.json = document.to_json();
    return result;
}

Task<qemu::FirmwareOffer> firmware_for(Environment& environment, std::string architecture, std::string machine) {
    auto catalog = co_await environment.firmwares.get();
    qemu::FirmwareOffer offer;
    for (auto& entry : catalog->entries()) {
        if (!entry.usable()) continue;
        for (auto& target : entry.descriptor.targets)
            if (firmware::matches(target, architecture, machine)) {
                note_offer(offer, entry.descriptor);
                break;
            }
    }
    co_return offer;
}

}  // namespace

Task<CapabilitiesDocument> HostCapabilities::host() {
    struct Looked {
        qemu::HostDescription host;
        std::vector<qemu::QemuBinary> binaries;
    };
    auto look = [](std::stop_token) { return Looked{describe_host(), qemu::find_binaries()}; };
    auto looked = co_await env_.pool.call(std::move(look));
    if (auto& account = env_.qemu_account) {
        looked.host.user = "+" + std::to_string(account->uid);
        looked.host.group = "+" + std::to_string(account->gid);
    }
    std::vector<std::shared_ptr<const qemu::Capabilities>> known;
    for (auto& binary : looked.binaries) {
        try {
            known.push_back(co_await env_.capabilities.get(binary.path));
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            log::warning("{} is left out of the capabilities: {}", binary.path, error.what());
        }
    }
    co_return both(qemu::host_capabilities(looked.host, known));
}

Task<CapabilitiesDocument> HostCapabilities::domain(DomainCapabilitiesQuestion question) {
    auto binary = co_await emulator_of(env_, question.emulator, question.architecture);
    auto capabilities = co_await env_.capabilities.get(binary);
    if (!question.architecture.empty() && question.architecture != capabilities->arch)
        throw Error(Errc::unsupported,
                    binary + " is for " + capabilities->arch + " guests, not for " + question.architecture);
    if (!question.type.empty() && question.type != "kvm" && question.type != "qemu")
        throw Error(Errc::unsupported, "there is no kind of domain '" + question.type.substr(0, 100) + "' here")
            .with_hint("kvm or qemu");
    if (question.type == "kvm" && !capabilities->kvm_enabled)
        throw Error(Errc::unsupported, binary + " cannot use KVM on this host").with_hint("ask for the type qemu");
    qemu::DomainCapabilitiesRequest request;
    request.kvm = question.type.empty() ? capabilities->kvm_enabled : question.type == "kvm";
    request.machine = question.machine;
    std::string machine;
    if (!question.machine.empty()) machine = take(capabilities->canonical_machine(question.machine));
    if (auto* usual = capabilities->default_machine(); usual && machine.empty()) machine = usual->name;
    if (capabilities->arch == "x86_64" || capabilities->arch == "i686")
        request.host_model = co_await env_.capabilities.host_model(
            binary, request.kvm ? qemu::Accelerator::kvm : qemu::Accelerator::tcg);
    request.firmware = co_await firmware_for(env_, capabilities->arch, machine);
    co_return both(take(qemu::domain_capabilities(*capabilities, request)));
}

}  // namespace vireo::domain
