// SPDX-License-Identifier: LGPL-2.1-or-later
// A lenient parse keeps what is not supported, says so, and gives it back.
#include "documents.hpp"
#include "model/domain_json.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::model;
using namespace vireo::model::test;

namespace {
const ParseOptions leniently{.lenient = true};

// Kept through XML and JSON; refused by name when not lenient.
Parsed kept(const std::string& xml) {
    BOOST_TEST(!refusal(xml).empty());
    auto parsed = take(parse_domain_xml(xml, leniently));
    const auto out = format_domain_xml(parsed.domain);
    BOOST_TEST((take(parse_domain_xml(out, leniently)).domain == parsed.domain), out);
    const auto object = format_domain_json(parsed.domain);
    const auto again = parse_domain_json(object, leniently);
    BOOST_TEST((take(again).domain == parsed.domain), out);
    BOOST_TEST(!parse_domain_json(object).has_value());
    return parsed;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(lenient)

BOOST_AUTO_TEST_CASE(nothing_to_keep_means_no_warnings) {
    const auto parsed = take(parse_domain_xml(uefi_guest, leniently));
    BOOST_TEST(parsed.warnings.empty());
    BOOST_TEST((parsed.domain == take(parse_domain_xml(uefi_guest)).domain));
}

BOOST_AUTO_TEST_CASE(devices_and_elements_are_kept_whole) {
    const auto parsed =
        kept(with_device("<gadget model='one'><part type='a' version='2.0'/></gadget>\n"
                         "<disk type='tape'><source protocol='nbd' name='x'><host name='h'/></source></disk>\n"
                         "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>"));
    BOOST_TEST(parsed.warnings.size() == 2u);
    BOOST_TEST(parsed.warnings.at(1).starts_with("line 14: /domain/devices/disk[1]/@type: 'tape' is not supported"));
    BOOST_TEST(parsed.warnings.at(1).ends_with("; it is kept but not honoured"));
    BOOST_TEST(parsed.domain.devices.disks.size() == 1u);
    const auto out = format_domain_xml(parsed.domain);
    BOOST_TEST(out.contains("    <gadget model='one'>\n      <part type='a' version='2.0'/>\n    </gadget>\n"));
}

BOOST_AUTO_TEST_CASE(attributes_are_kept_where_they_were) {
    const auto parsed =
        kept(changed(with_device("<disk device='cdrom'><driver name='qemu' frob='a&apos;b' cache='wild'/>"
                                 "<target dev='sda'/></disk>\n<interface type='user'>"
                                 "<mac address='52:54:00:00:00:01' colour='red'/></interface>"),
                     "<acpi/>", "<acpi mode='x'/>"));
    const auto out = format_domain_xml(parsed.domain);
    BOOST_TEST(out.contains("<driver name='qemu' frob='a&apos;b' cache='wild'/>"));
    BOOST_TEST(out.contains("<mac address='52:54:00:00:00:01' colour='red'/>"));
    BOOST_TEST(out.contains("<acpi mode='x'/>"));
    BOOST_TEST(parsed.warnings.size() == 4u);
}

BOOST_AUTO_TEST_CASE(attributes_of_a_child_that_has_no_others_are_kept) {
    const auto parsed = kept(with_device("<interface type='user'><mac colour='red'/></interface>"));
    BOOST_TEST(format_domain_xml(parsed.domain).contains("<mac colour='red'/>"));
}

BOOST_AUTO_TEST_CASE(a_child_kept_whole_is_not_honoured_as_well) {
    const auto parsed =
        kept(changed(small_guest, "<acpi/>", "<acpi/><vmport state='on' x='y'><frob>48</frob></vmport>"));
    BOOST_TEST(!parsed.domain.features.vmport);
}

BOOST_AUTO_TEST_CASE(a_flattened_child_with_an_unsupported_value_is_kept_whole) {
    const auto parsed = kept(with_device("<interface type='user'><link state='sideways' speed='9'/></interface>"));
    BOOST_TEST(!parsed.domain.devices.interfaces.at(0).link);
    BOOST_TEST(format_domain_xml(parsed.domain).contains("<link state='sideways' speed='9'/>"));
}

BOOST_AUTO_TEST_CASE(the_qemu_namespace) {
    const auto parsed =
        kept(changed(changed(small_guest, "<domain", "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"),
                     "</domain>", "<qemu:frob value='-s'/></domain>"));
    BOOST_TEST(parsed.warnings.size() == 1u);  // a namespace's declaration alone changes nothing
    BOOST_TEST(format_domain_xml(parsed.domain).contains("qemu:frob"));
}

BOOST_AUTO_TEST_CASE(what_is_malformed_is_refused_all_the_same) {
    BOOST_TEST(refusal(changed(small_guest, "<vcpu>1", "<vcpu>many"), true).contains("'many' is not a whole number"));
    BOOST_TEST(refusal(changed(small_guest, "hvm", "linux"), true).contains("'linux' is not supported"));
    BOOST_TEST(
        refusal(with_device("<rng model='virtio'><backend model='builtin'/><address type='pci' slot='99'/></rng>"),
                true)
            .contains("out of range"));
    BOOST_TEST(
        refusal(with_device("<memballoon model='none'/><memballoon model='xen'/>"), true).contains("is given twice"));
}

BOOST_AUTO_TEST_CASE(json_cannot_smuggle_what_xml_refuses) {
    auto object = format_domain_json(take(parse_domain_xml(small_guest)).domain);
    const auto refused = [&object](json::object item) -> std::string {
        object["kept"] = json::array{std::move(item)};
        const auto parsed = parse_domain_json(object, leniently);
        return parsed ? "" : parsed.error().message();
    };
    BOOST_TEST(refused({{"xml", "<name>other</name>"}}).contains("is given twice"));
    BOOST_TEST(refused({{"attribute", "type"}, {"value", "kvm"}}).contains("is given twice"));
    BOOST_TEST(refused({{"attribute", "a b='c' d"}, {"value", "x"}}).contains("must be the name of an attribute"));
    BOOST_TEST(refused({{"element", "title"}, {"attribute", "x"}, {"value", "y"}})
                   .contains("must name a child that is there"));
    BOOST_TEST(refused({{"element", "os"}, {"attribute", "x"}, {"value", "y"}})
                   .contains("must name a child without an object"));
    BOOST_TEST(refused({{"xml", "<a/><b/>"}}).contains("must be exactly one element"));
    BOOST_TEST(refused({{"xml", "<a>"}}).contains("must be XML"));
    BOOST_TEST(
        refused({{"attribute", "x"}, {"value", std::string("\0", 1)}}).contains("cannot be the value of an attribute"));
}

BOOST_AUTO_TEST_SUITE_END()
