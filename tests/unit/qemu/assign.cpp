// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/assign.hpp"

#include "unit/qemu/assign_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace vireo;
using namespace vireo::qemu;
using namespace vireo::qemu::test;

namespace {

using Places = std::map<std::string, std::string>;

void check_places(const Places& found, const Places& expected) {
    for (const auto& [alias, place] : expected) {
        BOOST_TEST_CONTEXT(alias) {
            BOOST_REQUIRE(found.contains(alias));
            BOOST_TEST(found.at(alias) == place);
        }
    }
    for (const auto& [alias, place] : found)
        BOOST_TEST(expected.contains(alias), alias << " at " << place << " was not expected");
}

std::string pci(unsigned bus, unsigned slot, unsigned function, std::string_view more = "") {
    return fmt::format("<address type='pci' domain='0x0000' bus='{:#x}' slot='{:#x}' function='{:#x}' {}/>", bus, slot,
                       function, more);
}
constexpr std::string_view no_extras = "<controller type='usb' model='none'/><memballoon model='none'/>";

}  // namespace

BOOST_AUTO_TEST_CASE(assign_q35_as_libvirt_does) {
    const auto domain = completed("q35", q35_devices);
    check_places(places(domain), {{"net0", "01:00.0"},
                                  {"usb", "02:00.0"},
                                  {"virtio-serial0", "03:00.0"},
                                  {"virtio-disk0", "04:00.0"},
                                  {"balloon0", "05:00.0"},
                                  {"rng0", "06:00.0"},
                                  {"video0", "00:01.0"},
                                  {"ide", "00:1f.2"},
                                  {"sata0-0-0", "drive 0-0-0-0"},
                                  {"channel0", "port 0-1"},
                                  {"input0", "usb 0-1"},
                                  {"pci.1", "00:02.0 multifunction"},
                                  {"pci.2", "00:02.1"},
                                  {"pci.3", "00:02.2"},
                                  {"pci.4", "00:02.3"},
                                  {"pci.5", "00:02.4"},
                                  {"pci.6", "00:02.5"},
                                  {"pci.7", "00:02.6"}});  // the spare one
    BOOST_TEST(domain.os.type.machine == "pc-q35-7.2");
    BOOST_TEST(domain.devices.emulator == "/usr/bin/qemu-system-x86_64");
    BOOST_TEST(domain.devices.inputs.size() == 3u);
    BOOST_REQUIRE(domain.devices.consoles.size() == 1u);
    BOOST_TEST((domain.devices.consoles[0].target->type == model::ConsoleTarget::Type::serial));
    BOOST_TEST(domain.devices.disks[1].readonly);
    BOOST_TEST((domain.os.boot == std::vector{model::BootDevice::hd}));
    BOOST_TEST(*domain.devices.graphics[0].autoport);
    for (const auto& controller : domain.devices.controllers) {
        if (controller.model != model::Controller::Model::pcie_root_port) continue;
        BOOST_TEST(*controller.target->chassis == *controller.index);
        BOOST_TEST(*controller.target->port == 0x10u + *controller.index - 1);
        BOOST_TEST(controller.model_name == "pcie-root-port");
    }
}

BOOST_AUTO_TEST_CASE(assign_pc_as_libvirt_does) {
    const auto domain = completed("pc", pc_devices);
    check_places(places(domain), {{"ide0-0-0", "drive 0-0-0-0"},
                                  {"scsi0-0-0-0", "drive 0-0-0-0"},
                                  {"usb-disk1", "usb 0-1"},
                                  {"fdc0-0-0", "drive 0-0-0-0"},
                                  {"ide", "00:01.1"},
                                  {"usb", "00:01.2"},
                                  {"video0", "00:02.0"},
                                  {"net0", "00:03.0"},
                                  {"scsi0", "00:04.0"},
                                  {"balloon0", "00:05.0"}});
    BOOST_TEST(domain.os.type.machine == "pc-i440fx-7.2");
}

BOOST_AUTO_TEST_CASE(assign_what_is_complete_stays_as_it_is) {
    for (auto [machine, devices] :
         {std::pair{"q35", q35_devices}, {"pc", pc_devices}, {"q35", std::string_view()}, {"q35", no_extras}}) {
        const auto once = completed(machine, devices);
        auto twice = once;
        take(complete(twice, made_up_qemu()));
        BOOST_TEST((once == twice));
        auto read_again = parse(model::format_domain_xml(once));
        take(complete(read_again, made_up_qemu()));
        BOOST_TEST(model::format_domain_xml(read_again) == model::format_domain_xml(once));
    }
}

BOOST_AUTO_TEST_CASE(assign_a_new_device_moves_no_other) {
    for (auto [machine, devices] : {std::pair{"q35", q35_devices}, {"pc", pc_devices}}) {
        auto domain = completed(machine, devices);
        const auto before = places(domain);
        auto& nic = domain.devices.interfaces.emplace_back();
        nic.model = "virtio";
        domain.devices.disks.emplace_back(parse(document("q35", disk("vdc", "virtio"))).devices.disks[0]);
        domain.devices.disks.insert(domain.devices.disks.begin(),
                                    parse(document("q35", disk("sdx", "scsi"))).devices.disks[0]);
        domain.devices.rngs.insert(domain.devices.rngs.begin(), model::Rng());
        take(complete(domain, made_up_qemu()));
        auto after = places(domain);
        for (const auto& [alias, place] : before)
            if (alias != "rng0")
                BOOST_TEST(after.at(alias) == place, alias << " moved from " << place << " to " << after.at(alias));
        BOOST_TEST(after.contains("virtio-disk2"));
        BOOST_TEST(after.contains("scsi1-0-0-9"));
        auto again = domain;
        take(complete(again, made_up_qemu()));
        BOOST_TEST((again == domain));
    }
}

BOOST_AUTO_TEST_CASE(assign_a_spare_port_comes_with_the_first_ones) {
    auto domain = completed("q35", no_extras);
    BOOST_TEST(!places(domain).contains("pci.1"));  // nothing uses PCI Express: no ports at all
    domain.devices.rngs.emplace_back();
    take(complete(domain, made_up_qemu()));
    BOOST_TEST(places(domain).at("rng0") == "01:00.0");
    BOOST_TEST(places(domain).contains("pci.2"));
    domain.devices.rngs.emplace_back();
    take(complete(domain, made_up_qemu()));
    BOOST_TEST(places(domain).at("rng1") == "02:00.0");
    BOOST_TEST(!places(domain).contains("pci.3"));  // as in libvirt: the ports are in the definition now
}

BOOST_AUTO_TEST_CASE(assign_more_ports_than_fit_into_one_slot) {
    std::string devices(no_extras);
    for (int i = 0; i < 20; ++i) devices += "<interface type='user'><model type='virtio'/></interface>";
    const auto found = places(completed("q35", devices));
    BOOST_TEST(found.at("pci.8") == "00:01.7");
    BOOST_TEST(found.at("pci.9") == "00:02.0 multifunction");
    BOOST_TEST(found.at("pci.21") == "00:03.4");
    BOOST_TEST(found.at("net19") == "14:00.0");
    std::set<std::string> macs;
    for (const auto& nic : completed("q35", devices).devices.interfaces) {
        BOOST_TEST(nic.mac.starts_with("52:54:00:"));
        BOOST_TEST(macs.insert(nic.mac).second);
    }
}

BOOST_AUTO_TEST_CASE(assign_conventional_devices_get_a_bridge) {
    const auto found =
        places(completed("q35", std::string(no_extras) + "<watchdog model='i6300esb'/>"
                                                         "<interface type='user'><model type='e1000'/></interface>"));
    BOOST_TEST(found.at("pci.1") == "00:01.0 multifunction");
    BOOST_TEST(found.at("pci.2") == "01:00.0");
    BOOST_TEST(found.at("net0") == "02:01.0");
    BOOST_TEST(found.at("watchdog0") == "02:02.0");
    BOOST_TEST(found.at("pci.3") == "00:01.1");
}

BOOST_AUTO_TEST_CASE(assign_pc_bridges_when_the_root_bus_is_full) {
    std::string devices(no_extras);
    for (int i = 0; i < 40; ++i) devices += "<interface type='user'><model type='virtio'/></interface>";
    auto found = places(completed("pc", devices));
    BOOST_TEST(found.at("pci.1") == "00:02.0");
    BOOST_TEST(found.at("net0") == "00:03.0");
    BOOST_TEST(found.at("net28") == "00:1f.0");
    BOOST_TEST(found.at("net29") == "01:01.0");
    BOOST_TEST(!found.contains("pci.2"));
}

BOOST_AUTO_TEST_CASE(assign_ich9_usb_2) {
    auto found = completed(
        "q35",
        "<controller type='usb' index='0' model='ich9-ehci1'/><controller type='usb' index='0' model='ich9-uhci1'/>"
        "<controller type='usb' index='0' model='ich9-uhci2'/><controller type='usb' index='0' model='ich9-uhci3'/>");
    std::vector<std::string> at;
    for (const auto& controller : found.devices.controllers)
        if (controller.type == model::Controller::Type::usb) at.push_back(text(controller.info.address));
    BOOST_TEST((at == std::vector<std::string>{"00:1d.7", "00:1d.0 multifunction", "00:1d.1", "00:1d.2"}));
}

BOOST_AUTO_TEST_CASE(assign_two_devices_at_one_place_are_both_named) {
    auto domain = parse(document("q35", disk("vda", "virtio", pci(0, 5, 0)) + disk("vdb", "virtio")));
    domain.devices.disks[1].info.address = domain.devices.disks[0].info.address;
    BOOST_TEST(error_of(domain) == "the disk 'vda' and the disk 'vdb' are both at the PCI address 0000:00:05.0");
    BOOST_TEST(error_of(document("q35", disk("vda", "virtio", pci(0, 0x1f, 0)))) ==
               "the disk 'vda' and the chipset's ISA bridge are both at the PCI address 0000:00:1f.0");
    BOOST_TEST(error_of(document("q35", disk("vda", "virtio", pci(0, 0x1f, 2))))
                   .contains("the disk 'vda' and the sata controller 0"));
    BOOST_TEST(error_of(document("pc", disk("vda", "virtio", pci(0, 1, 1))))
                   .contains("the disk 'vda' and the chipset's IDE controller"));
    domain = parse(document("q35", disk("sda", "sata") + disk("sdb", "sata")));
    for (auto& disk : domain.devices.disks) disk.info.address = model::DriveAddress();
    BOOST_TEST(error_of(domain).contains("the disk 'sda' and the disk 'sdb' are both at controller 0"));
    domain = parse(document("q35", disk("sda", "usb") + "<input type='tablet' bus='usb'/>"));
    domain.devices.disks[0].info.address = domain.devices.inputs[0].info.address = model::UsbAddress{0, "2", {}};
    BOOST_TEST(error_of(domain).contains("the disk 'sda' and the input device 'tablet' are both at port 2"));
    domain = parse(document("q35",
                            "<channel type='unix'><target type='virtio' name='a'/></channel>"
                            "<channel type='unix'><target type='virtio' name='b'/></channel>"));
    for (auto& channel : domain.devices.channels) channel.info.address = model::VirtioSerialAddress{0, 0, 1, {}};
    BOOST_TEST(error_of(domain).contains("the channel 'a' and the channel 'b'"));
}

BOOST_AUTO_TEST_CASE(assign_shared_slots) {
    auto found = places(completed("q35", disk("vda", "virtio", pci(0, 5, 0)) + disk("vdb", "virtio", pci(0, 5, 1))));
    BOOST_TEST(found.at("virtio-disk0") == "00:05.0 multifunction");
    // What is said is kept, though QEMU will not start it (command_line_refuses_what_qemu_does).
    found = places(completed(
        "q35", disk("vda", "virtio", pci(0, 5, 0, "multifunction='off'")) + disk("vdb", "virtio", pci(0, 5, 1))));
    BOOST_TEST(found.at("virtio-disk0") == "00:05.0");
}

BOOST_AUTO_TEST_CASE(assign_places_that_do_not_exist) {
    BOOST_TEST(error_of(document("q35", "<controller type='pci' index='1' model='pcie-root-port'/>" +
                                            disk("vda", "virtio", pci(1, 4, 0))))
                   .contains("bus 1 has the slots 00 to 00"));
    BOOST_TEST(error_of(document("q35", disk("sda", "sata",
                                             "<address type='drive' controller='0' bus='0' target='0' unit='6'/>")))
                   .contains("cannot be at controller 0"));
    BOOST_TEST(
        error_of(document("q35", disk("sda", "usb", "<address type='usb' bus='0' port='16'/>"))).contains("has 4"));
    BOOST_TEST(error_of(document("q35", disk("sda", "usb", "<address type='usb' bus='0' port='1.2'/>")))
                   .contains("behind a hub"));
    BOOST_TEST(error_of(document("q35", disk("sda", "usb", "<address type='usb' bus='3' port='1'/>")))
                   .contains("which is not there"));
    auto without_usb = parse(document("q35", "<controller type='usb' model='none'/>" + disk("vda", "virtio")));
    without_usb.devices.disks[0].target.bus = model::DiskBus::usb;
    BOOST_TEST(error_of(without_usb).contains("needs USB"));
    BOOST_TEST(error_of(document("q35", disk("hda", "ide"))).contains("ide bus"));
    BOOST_TEST(error_of(document("pc", "<controller type='pci' index='1' model='pcie-root-port'/>"))
                   .contains("no PCI Express"));
    // Buses that are not there are made, with all below them; but a root bus has no room for that many ports.
    auto found = places(completed("q35", std::string(no_extras) + disk("vda", "virtio", pci(20, 0, 0))));
    BOOST_TEST(found.at("pci.20") == "00:03.3");
    BOOST_TEST(found.at("pci.1") == "00:01.0 multifunction");
    BOOST_TEST(error_of(document("q35", std::string(no_extras) + disk("vda", "virtio", pci(255, 0, 0))))
                   .contains("no PCI bus has a place"));
}

BOOST_AUTO_TEST_CASE(assign_drives_by_name_and_else_where_there_is_room) {
    auto found = places(completed("q35", disk("sdc", "sata") + disk("sdi", "sata") + disk("sdb", "scsi") +
                                             disk("sdh", "scsi") + disk("sdq", "scsi")));
    BOOST_TEST(found.at("sata0-0-2") == "drive 0-0-0-2");
    BOOST_TEST(found.at("sata1-0-2") == "drive 1-0-0-2");
    BOOST_TEST(found.at("scsi0-0-0-1") == "drive 0-0-0-1");
    BOOST_TEST(found.at("scsi0-0-0-8") == "drive 0-0-0-8");  // unit 7 is the controller
    BOOST_TEST(found.at("scsi1-0-0-1") == "drive 1-0-0-1");
    BOOST_TEST(found.contains("sata1"));
    BOOST_TEST(found.contains("scsi1"));
    found = places(completed("q35", disk("hda", "sata") + disk("sda", "sata")));
    BOOST_TEST(found.at("sata0-0-1") == "drive 0-0-0-1");
}

BOOST_AUTO_TEST_CASE(assign_consoles) {
    auto domain = completed("q35", "<console type='pty'/><console type='pty'><target type='virtio'/></console>");
    BOOST_REQUIRE(domain.devices.serials.size() == 1u);
    BOOST_TEST((domain.devices.serials[0].target->type == model::SerialTarget::Type::isa_serial));
    BOOST_TEST(text(domain.devices.consoles[1].info.address) == "port 0-0");
    domain = completed("q35", "<serial type='file'><source path='/log'/></serial><console type='pty'/>");
    BOOST_TEST((domain.devices.consoles[0].backend.type == model::CharType::file));
    domain = completed("q35", "<console type='pty'><target type='virtio'/></console>");
    BOOST_TEST(domain.devices.serials.empty());
}

BOOST_AUTO_TEST_CASE(assign_machines_and_architectures) {
    auto machine_of = [](const std::string& xml) { return completed(xml).os.type.machine; };
    auto xml = document("q35", "");
    BOOST_TEST(machine_of(xml.replace(xml.find(" machine='q35'"), 14, "")) == "pc-i440fx-7.2");

    BOOST_TEST(error_of(document("pc-q35-99.9", "")) != "accepted");
    auto other = parse(document("q35", ""));
    other.os.type.arch = "aarch64";
    BOOST_TEST(error_of(other).contains("architecture x86_64, not aarch64"));
}
