// SPDX-License-Identifier: LGPL-2.1-or-later
// Where devices go on machines of every kind, as libvirt places them.
#include "model/each_device.hpp"
#include "qemu/assign_parts.hpp"
#include "qemu/newest_known.hpp"
#include "unit/qemu/assign_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace vireo::qemu::test {
namespace {

std::string definition(std::string_view arch, std::string_view machine, std::string_view devices,
                       std::string_view others = "") {
    return fmt::format(
        "<domain type='qemu'><name>guest</name><uuid>{}</uuid><memory unit='MiB'>512</memory><vcpu>2</vcpu>"
        "<os><type arch='{}' machine='{}'>hvm</type></os>{}<devices>{}</devices></domain>",
        test_uuid, arch, machine, others, devices);
}

model::Domain completed_for(const std::string& xml) {
    auto domain = parse(xml);
    const auto known = newest_known(domain);
    BOOST_REQUIRE(known);
    take(complete(domain, *known));
    auto again = domain;
    take(complete(again, *known));
    BOOST_TEST((again == domain), "completing it again changed it");
    return domain;
}

std::string refusal(const std::string& xml) {
    auto domain = parse(xml);
    return error_of(domain, *newest_known(domain));
}

// Alias → place of every device.
std::map<std::string, std::string> all_places(model::Domain domain) {
    take(assign_aliases(domain));
    std::map<std::string, std::string> all;
    model::for_each_device(domain.devices, [&](const auto& device) {
        if (device.info.address) all.emplace(device.info.alias, text(device.info.address));
    });
    return all;
}

void check(const std::string& xml, const std::map<std::string, std::string>& expected) {
    const auto found = all_places(completed_for(xml));
    for (const auto& [alias, place] : expected) {
        const auto device = found.find(alias);
        BOOST_REQUIRE_MESSAGE(device != found.end(), alias << " is not there");
        BOOST_TEST(device->second == place, alias << " is at " << device->second << ", not at " << place);
    }
}

std::string pci_controller(unsigned index, std::string_view model, std::string_view more = "") {
    return fmt::format("<controller type='pci' index='{}' model='{}'>{}</controller>", index, model, more);
}
constexpr std::string_view nic = "<interface type='user'><model type='virtio'/></interface>";
constexpr std::string_view vga = "<video><model type='vga'/></video>";

}  // namespace

BOOST_AUTO_TEST_CASE(places_pseries) {
    check(definition("ppc64", "pseries",
                     "<controller type='scsi'/><serial type='pty'/>" + std::string(nic) +
                         "<interface type='user'><model type='spapr-vlan'/></interface>"),
          {{"scsi0", "spapr-vio 2000"},
           {"serial0", "spapr-vio 30000000"},
           {"net0", "00:01.0"},
           {"net1", "spapr-vio 1000"},
           {"usb", "00:02.0"},
           {"balloon0", "00:03.0"}});
    const auto domain = completed_for(definition("ppc64", "pseries", pci_controller(1, "pci-root")));
    const auto& root = *find_controller(domain, model::Controller::Type::pci, 1);
    BOOST_TEST(root.target->index.value_or(99) == 1u);
    BOOST_TEST(root.model_name == "spapr-pci-host-bridge");
    BOOST_TEST((domain.devices.panics.size() == 1 && domain.devices.panics[0].model == model::Panic::Model::pseries));
}

BOOST_AUTO_TEST_CASE(places_s390x) {
    check(definition("s390x", "s390-ccw-virtio",
                     disk("vda", "virtio") + std::string(nic) + "<rng model='virtio'><backend model='builtin'/></rng>"),
          {{"virtio-disk0", "ccw fe.0.0000"},
           {"net0", "ccw fe.0.0001"},
           {"balloon0", "ccw fe.0.0002"},
           {"rng0", "ccw fe.0.0003"}});
    check(definition("s390x", "s390-ccw-virtio",
                     disk("vda", "virtio", "<address type='ccw' cssid='0xfe' ssid='0x0' devno='0x0000'/>") +
                         disk("vdb", "virtio")),
          {{"virtio-disk0", "ccw fe.0.0000"}, {"virtio-disk1", "ccw fe.0.0001"}});
}

BOOST_AUTO_TEST_CASE(places_pseries_keeps_host_devices_apart) {
    const std::string host =
        "<hostdev mode='subsystem' type='pci'><source><address domain='0x0001' bus='0x01' "
        "slot='0x{}' function='0x0'/></source></hostdev>";
    std::string devices = "<controller type='usb' model='none'/><memballoon model='none'/>";
    for (const char* slot : {"00", "01"}) devices += fmt::format(fmt::runtime(host), slot);
    check(definition("ppc64", "pseries", devices), {{"hostdev0", "01:01.0"}, {"hostdev1", "02:01.0"}});
}

BOOST_AUTO_TEST_CASE(places_scsi_host_devices_share_the_bus_with_disks) {
    const std::string host =
        "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host0'/>"
        "<address bus='0' target='0' unit='{}'/></source></hostdev>";
    check(definition("x86_64", "pc",
                     disk("sda", "scsi") + fmt::format(fmt::runtime(host), 1) + fmt::format(fmt::runtime(host), 2)),
          {{"scsi0-0-0", "drive 0-0-0-0"}, {"hostdev0", "drive 0-0-0-1"}, {"hostdev1", "drive 0-0-0-2"}});
}

BOOST_AUTO_TEST_CASE(places_zpci) {
    const std::string host =
        "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='{}' slot='0' function='0'/></source>{}"
        "</hostdev>";
    const auto pci = [&](int bus, std::string_view address) { return fmt::format(fmt::runtime(host), bus, address); };
    check(definition(
              "s390x", "s390-ccw-virtio",
              pci(1, "") + pci(2, "<address type='pci'><zpci uid='0x0001' fid='0x00000000'/></address>") + pci(3, "")),
          {{"hostdev0", "00:01.0 uid 2 fid 1"},
           {"hostdev1", "00:02.0 uid 1 fid 0"},
           {"hostdev2", "00:03.0 uid 3 fid 2"},
           {"balloon0", "ccw fe.0.0000"}});
    const auto zpci = "<address type='pci' bus='0' slot='3' function='0'><zpci uid='0x0001'/></address>";
    BOOST_TEST(refusal(definition("x86_64", "pc", pci(1, zpci))).contains("s390x only"));
}

BOOST_AUTO_TEST_CASE(places_arm_and_riscv) {
    for (const char* arch : {"aarch64", "armv7l", "riscv64"}) {
        const auto domain = completed_for(definition(arch, "virt", disk("vda", "virtio") + std::string(nic)));
        const auto found = all_places(domain);
        BOOST_TEST(found.at("net0") == "01:00.0");
        BOOST_TEST(found.at("virtio-disk0") == "02:00.0");
        BOOST_TEST(found.at("pci.1") == "00:01.0 multifunction");
        BOOST_TEST(found.contains("pci.3"));  // the spare one
        BOOST_TEST(!found.contains("usb"));
    }
    // One device on virtio-mmio: then all that do not say.
    check(definition("aarch64", "virt", disk("vda", "virtio", "<address type='virtio-mmio'/>") + std::string(nic)),
          {{"virtio-disk0", "virtio-mmio"}, {"net0", "virtio-mmio"}});
    check(definition("armv7l", "vexpress-a9", disk("vda", "virtio")), {{"virtio-disk0", "virtio-mmio"}});
    BOOST_TEST(refusal(definition("armv7l", "vexpress-a9", "<watchdog model='i6300esb'/>")).contains("needs PCI"));
}

BOOST_AUTO_TEST_CASE(places_microvm) {
    check(definition("x86_64", "microvm", disk("vda", "virtio") + std::string(nic)),
          {{"virtio-disk0", "virtio-mmio"}, {"net0", "virtio-mmio"}});
    BOOST_TEST(refusal(definition("x86_64", "microvm", std::string(vga))).contains("needs PCI"));
}

BOOST_AUTO_TEST_CASE(places_switches_and_expanders) {
    const std::string no_extras = "<controller type='usb' model='none'/><memballoon model='none'/>";
    std::string devices = no_extras;
    for (auto [index, model] : {std::pair{1u, "pcie-root-port"},
                                {2u, "pcie-switch-upstream-port"},
                                {3u, "pcie-switch-downstream-port"},
                                {4u, "pcie-switch-downstream-port"}})
        devices += pci_controller(index, model);
    check(
        definition("x86_64", "q35", devices + std::string(nic)),
        {{"pci.1", "00:01.0"}, {"pci.2", "01:00.0"}, {"pci.3", "02:00.0"}, {"pci.4", "02:01.0"}, {"net0", "03:00.0"}});
    auto domain = completed_for(definition("x86_64", "q35", no_extras + pci_controller(1, "pcie-expander-bus")));
    BOOST_TEST(*find_controller(domain, model::Controller::Type::pci, 1)->target->bus_nr == 254u);
    BOOST_TEST(refusal(definition("x86_64", "q35", pci_controller(1, "pci-expander-bus"))).contains("'pc'"));
    BOOST_TEST(refusal(definition("x86_64", "pc", pci_controller(1, "pcie-expander-bus"))).contains("'q35'"));
    BOOST_TEST(
        refusal(definition("x86_64", "pc", pci_controller(1, "pci-expander-bus", "<target><node>1</node></target>")))
            .contains("cells"));
    BOOST_TEST(refusal(definition("x86_64", "q35",
                                  pci_controller(1, "pcie-root-port") +
                                      pci_controller(2, "dmi-to-pci-bridge",
                                                     "<address type='pci' bus='1' slot='0' function='0'/>")))
                   .contains("does not accept a dmi-to-pci-bridge"));
    BOOST_TEST(refusal(definition("x86_64", "q35", pci_controller(0, "pci-root"))).contains("cannot be a 'pci-root'"));
    BOOST_TEST(
        refusal(definition("x86_64", "pc",
                           pci_controller(1, "pci-bridge", "<address type='pci' bus='2' slot='1' function='0'/>") +
                               pci_controller(2, "pci-bridge")))
            .contains("index must be larger"));
}

BOOST_AUTO_TEST_CASE(places_usb_hubs) {
    std::string inputs;
    for (int i = 0; i < 16; ++i) inputs += "<input type='tablet' bus='usb'/>";
    const auto domain = completed_for(definition("x86_64", "pc", "<controller type='usb' index='0'/>" + inputs));
    BOOST_TEST(domain.devices.hubs.size() == 3u);
    const auto found = all_places(domain);
    BOOST_TEST(found.at("hub0") == "usb 0-1");
    BOOST_TEST(found.at("hub1") == "usb 0-2");
    BOOST_TEST(found.at("hub2") == "usb 0-1.1");
    BOOST_TEST(found.at("input0") == "usb 0-1.2");
    BOOST_TEST(found.at("input15") == "usb 0-2.1");
    BOOST_TEST(refusal(definition("x86_64", "pc",
                                  "<input type='tablet' bus='usb'><address type='usb' bus='0' port='1.2.3'/></input>"))
                   .contains("behind a hub"));
}

BOOST_AUTO_TEST_CASE(places_controllers_without_gaps) {
    const auto domain =
        completed_for(definition("x86_64", "pc",
                                 "<controller type='scsi' index='0' model='virtio-scsi'/>" +
                                     disk("sda", "scsi", "<address type='drive' controller='2' unit='1'/>")));
    for (std::uint32_t index : {0u, 1u, 2u}) BOOST_TEST(find_controller(domain, model::Controller::Type::scsi, index));
}

}  // namespace vireo::qemu::test
