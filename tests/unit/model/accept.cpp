// SPDX-License-Identifier: LGPL-2.1-or-later
// What is accepted, what becomes of it, and that it comes out as it went in.
#include "documents.hpp"
#include "model/domain_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::model;
using namespace vireo::model::test;

BOOST_AUTO_TEST_SUITE(accepted)

BOOST_AUTO_TEST_CASE(a_canonical_document_comes_out_as_it_went_in) {
    BOOST_TEST(format_domain_xml(take(parse_domain_xml(uefi_guest)).domain) == uefi_guest);
    BOOST_TEST(format_domain_xml(take(parse_domain_xml(small_guest)).domain) == small_guest);
}

BOOST_AUTO_TEST_CASE(every_part_is_where_the_structs_say) {
    const auto domain = take(parse_domain_xml(uefi_guest)).domain;
    BOOST_TEST((domain.type == DomainType::kvm));
    BOOST_TEST(domain.id.value() == 3u);
    BOOST_TEST(domain.uuid->to_string() == "63840878-0deb-4095-97e6-fc444d9bc9fa");
    BOOST_TEST(domain.title == "Fedora & friends");
    BOOST_TEST(domain.description == "Two lines,\nthe second with <markup>");
    BOOST_TEST(domain.memory == 4ull << 30);
    BOOST_TEST(domain.current_memory.value() == 2ull << 30);
    BOOST_TEST(domain.vcpu.count == 4u);
    BOOST_TEST((domain.os.firmware == FirmwareType::efi));
    BOOST_TEST(domain.os.firmware_features.size() == 2u);
    BOOST_TEST(domain.os.loader->secure.value());
    BOOST_TEST(domain.os.bios->reboot_timeout.value() == -1);
    BOOST_TEST((domain.cpu->features[0].policy == CpuFeature::Policy::disable));
    BOOST_TEST(domain.clock->adjustment.value().seconds == -3600);
    BOOST_TEST((domain.on_crash == CrashAction::coredump_destroy));
    const auto& disk = domain.devices.disks.at(0);
    BOOST_TEST(disk.source->file == "/var/lib/vireo/images/it's \"big\".qcow2");
    BOOST_TEST((disk.format() == DiskFormat::qcow2));
    BOOST_TEST(!disk.backing_store->backing_store->type);
    BOOST_TEST(std::get<PciAddress>(*disk.info.address).bus == 4u);
    BOOST_TEST(domain.devices.disks.at(1).empty());
    BOOST_TEST(domain.devices.controllers.at(6).target->port.value() == 0x10u);
    BOOST_TEST(std::get<UsbAddress>(*domain.devices.serials.at(1).info.address).port == "1.2");
    BOOST_TEST(domain.devices.videos.at(0).model.ram.value() == 64ull << 20);
}

BOOST_AUTO_TEST_CASE(json_says_the_same) {
    const auto domain = take(parse_domain_xml(uefi_guest)).domain;
    const auto text = json::serialize(format_domain_json(domain));
    const auto again = take(parse_domain_json(json::parse(text).as_object())).domain;
    BOOST_TEST((again == domain));
    BOOST_TEST(format_domain_xml(again) == uefi_guest);
}

BOOST_AUTO_TEST_CASE(json_as_a_person_writes_it) {
    const auto parsed = parse_domain_json(json::parse(R"({
        "name": "vm", "memory": "2 GiB", "vcpu": {"count": 2},
        "os": {"firmware": "efi", "type": {"machine": "q35", "kind": "hvm"},
               "firmwareFeatures": [{"name": "secure-boot", "enabled": false}]},
        "features": {"acpi": true, "smm": {"state": true}},
        "devices": {"disk": [{"device": "cdrom", "target": {"dev": "sda", "bus": "sata"}, "readonly": true}]}
    })")
                                              .as_object());
    const auto domain = take(parsed).domain;
    BOOST_TEST(domain.memory == 2ull << 30);
    BOOST_TEST(domain.features.acpi);
    BOOST_TEST(domain.features.smm.value().on);
    BOOST_TEST((domain.devices.disks.at(0).device == Disk::Device::cdrom));
}

BOOST_AUTO_TEST_CASE(spellings_of_other_writers) {
    const auto domain_of = [](std::string_view xml) { return take(parse_domain_xml(xml)).domain; };
    BOOST_TEST(domain_of(changed(small_guest, "unit='KiB'>65536", "unit='MiB'> 64 ")).memory == 64u << 20);
    BOOST_TEST(domain_of(changed(small_guest, " unit='KiB'>65536", ">65536")).memory == 64u << 20);
    BOOST_TEST(domain_of(changed(small_guest, "unit='KiB'>65536", "unit='GB'>1")).memory ==
               (1000000000u + 1023) / 1024 * 1024);
    BOOST_TEST(domain_of(changed(small_guest, "unit='KiB'>65536", "unit='b'>1025")).memory == 2048u);
    BOOST_TEST(domain_of(changed(small_guest, "<acpi/>", "<acpi></acpi><smm/>")).features.smm.value().on);
    BOOST_TEST(domain_of(changed(small_guest, "small<", "<![CDATA[sm]]>all<!-- c --><")).name == "small");
    const auto prologue =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- written by hand -->\n" + std::string(small_guest);
    BOOST_TEST((domain_of(prologue) == domain_of(small_guest)));
    // hexadecimal, decimal and octal, as libvirt takes them
    const auto pci =
        domain_of(with_device("<rng model='virtio'><backend model='builtin'/>"
                              "<address type='pci' bus='10' slot='0x0A' function='0'/></rng>"));
    BOOST_TEST(std::get<PciAddress>(*pci.devices.rngs[0].info.address).bus == 10u);
    BOOST_TEST(std::get<PciAddress>(*pci.devices.rngs[0].info.address).slot == 10u);
    // upper case in a MAC address
    const auto nic = domain_of(with_device("<interface type='user'><mac address='52:54:00:AB:CD:EF'/></interface>"));
    BOOST_TEST(nic.devices.interfaces[0].mac == "52:54:00:ab:cd:ef");
    // an NVRAM given as a source
    const auto nvram = domain_of(changed(
        small_guest, "<os>", "<os firmware='efi'><nvram type='file' format='raw'><source file='/n/V.fd'/></nvram>"));
    BOOST_TEST(nvram.os.nvram->place() == "/n/V.fd");
    BOOST_TEST(format_domain_xml(nvram).contains("<source file='/n/V.fd'/>"));
}

BOOST_AUTO_TEST_CASE(characters_that_need_escaping_survive) {
    auto domain = take(parse_domain_xml(small_guest)).domain;
    domain.title = "  <&>'\"\t ]]> ü €";
    domain.description = " \r\n ";
    domain.devices.emulator = "/a\n\t'<&>\" b";
    const auto again = parse_domain_xml(format_domain_xml(domain));
    BOOST_TEST((take(again).domain == domain));
}

BOOST_AUTO_TEST_CASE(foreign_metadata_is_kept_whole) {
    const std::string foreign =
        "<a:b xmlns:a='urn:x' v='&lt;&#10;'>one <i>two</i>, <![CDATA[<3>]]><!-- four --></a:b><c><d/><e/></c>";
    const auto domain =
        take(parse_domain_xml(changed(small_guest, "<memory", "<metadata>" + foreign + "</metadata><memory"))).domain;
    BOOST_TEST(domain.metadata == foreign);
    const auto out = format_domain_xml(domain);
    BOOST_TEST(out.contains("    <c>\n      <d/>\n      <e/>\n    </c>\n"));
    BOOST_TEST((take(parse_domain_xml(out)).domain == domain));
}

BOOST_AUTO_TEST_SUITE_END()
