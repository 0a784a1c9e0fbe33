// SPDX-License-Identifier: LGPL-2.1-or-later
// What is not supported is refused by name, with line and path; what is malformed says how.
#include "documents.hpp"
#include "model/domain_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::model;
using namespace vireo::model::test;

BOOST_AUTO_TEST_SUITE(refuse)

BOOST_AUTO_TEST_CASE(unknown_attributes_and_elements_by_name_and_line) {
    const auto disk = with_device(
        "    <disk type='file' device='cdrom'>\n      <target dev='sda'/>\n    </disk>\n"
        "    <disk type='file' device='cdrom'>\n      <driver name='qemu'\n"
        "        frobnicate='yes'/>\n      <target dev='sdb'/>\n    </disk>");
    BOOST_TEST(refusal(disk) == "line 18: /domain/devices/disk[2]/driver/@frobnicate is not supported");
    BOOST_TEST(refusal(with_device("<frob/>")) == "line 13: /domain/devices/frob is not supported");
    BOOST_TEST(refusal(changed(small_guest, "<acpi/>", "<acpi mode='x'/>")) ==
               "line 9: /domain/features/acpi/@mode is not supported");
    BOOST_TEST(refusal(changed(small_guest, "<name>", "<name lang='x'>")) ==
               "line 2: /domain/name/@lang is not supported");
    BOOST_TEST(refusal(changed(small_guest, "small<", "<b>small</b><")) == "line 2: /domain/name/b is not supported");
}

BOOST_AUTO_TEST_CASE(the_nearest_name_is_suggested) {
    BOOST_TEST(hint(with_device("<dsik/>")) == "Did you mean 'disk'?");
    BOOST_TEST(hint(with_device("<disk devcie='cdrom'><target dev='sda'/></disk>")) == "Did you mean 'device'?");
    BOOST_TEST(hint(with_device("<disk><target dev='sda' bus='stata'/></disk>")) == "Did you mean 'sata'?");
    BOOST_TEST(hint(with_device("<memballoon model='none' stats='x'/>")) == "Here it is a child element.");
    BOOST_TEST(hint(with_device("<completely-different/>")) == "");
}

BOOST_AUTO_TEST_CASE(what_libvirt_has_and_we_do_not_yet) {
    BOOST_TEST(refusal(with_device("<interface type='user'><guest dev='eth0'/></interface>"))
                   .contains("/domain/devices/interface/guest is not supported yet: it is for containers"));
    BOOST_TEST(refusal(changed(small_guest, "<vcpu>", "<bootloader/><vcpu>")) ==
               "line 4: /domain/bootloader is not supported yet: it is for Xen's paravirtual guests");
    BOOST_TEST(
        refusal(with_device("<disk type='tape'/>"))
            .starts_with("line 13: /domain/devices/disk/@type: 'tape' is not supported (supported: file, block"));
    BOOST_TEST(!refusal(with_device("<graphics type='sdl' passwd='secret'/>")).contains("secret"));
    BOOST_TEST(refusal(changed(small_guest, "type='qemu'", "type='xen'")) ==
               "line 1: /domain/@type: 'xen' is not supported (supported: qemu, kvm)");
    BOOST_TEST(refusal(changed(small_guest, "hvm", "linux"))
                   .contains("/domain/os/type: 'linux' is not supported (supported: hvm)"));
}

BOOST_AUTO_TEST_CASE(sizes_and_numbers) {
    const auto memory = [](std::string_view unit, std::string_view value) {
        return refusal(
            changed(small_guest, "unit='KiB'>65536", "unit='" + std::string(unit) + "'>" + std::string(value)));
    };
    BOOST_TEST(memory("KiB", "-1").contains("line 3: /domain/memory: '-1 KiB' is negative"));
    BOOST_TEST(memory("KiB", "lots").contains("is not a size"));
    BOOST_TEST(memory("KiB", "").contains("is not a size"));
    BOOST_TEST(memory("parsec", "1").contains("'parsec' is not a unit of size"));
    BOOST_TEST(memory("KiB", "99999999999999999999").contains("is too large"));
    BOOST_TEST(memory("EiB", "16").contains("is too large"));
    BOOST_TEST(memory("b", "18446744073709551615").contains("is too large"));
    BOOST_TEST(memory("KiB", "0").contains("needs memory: <memory> is not there, or 0"));
    BOOST_TEST(refusal(changed(small_guest, "<vcpu>1", "<vcpu>0")) ==
               "line 4: /domain/vcpu: '0' is out of range (1 to 16384)");
    BOOST_TEST(refusal(changed(small_guest, "<vcpu>1", "<vcpu>1.5")).contains("'1.5' is not a whole number"));
    BOOST_TEST(refusal(changed(small_guest, "<vcpu>1", "<vcpu>4294967297")).contains("is out of range"));
    const auto slot = [](std::string_view value) {
        return refusal(with_device("<rng model='virtio'><backend model='builtin'/><address type='pci' slot='" +
                                   std::string(value) + "'/></rng>"));
    };
    BOOST_TEST(slot("0x20") == "line 13: /domain/devices/rng/address/@slot: '0x20' is out of range (0 to 31)");
    BOOST_TEST(slot("0x").contains("is not a whole number"));
    BOOST_TEST(slot("09").contains("is not a whole number"));
    BOOST_TEST(slot("").contains("is not a whole number"));
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_twice) {
    BOOST_TEST(refusal(changed(small_guest, "<name>small</name>", "")) == "line 1: /domain needs the element <name>");
    BOOST_TEST(refusal(changed(small_guest, "small<", "<")).contains("/domain needs the element <name>, not empty"));
    BOOST_TEST(refusal(changed(small_guest, "<vcpu>1</vcpu>", "<vcpu/>")) == "line 4: /domain/vcpu has no text");
    BOOST_TEST(refusal(changed(small_guest, "</name>", "</name><name>x</name>")) ==
               "line 2: /domain/name[2] is given twice");
    BOOST_TEST(refusal(with_device("<disk type='file'/>")) ==
               "line 13: /domain/devices/disk needs the element <target>");
    BOOST_TEST(refusal(with_device("<interface type='user'><link/></interface>")) ==
               "line 13: /domain/devices/interface/link/@state is missing");
    BOOST_TEST(refusal(with_device("<rng model='virtio'><backend model='builtin'/><address/></rng>"))
                   .contains("address/@type is missing"));
    BOOST_TEST(refusal(with_device("stray words")) == "line 11: /domain/devices holds text where only elements belong");
    BOOST_TEST(refusal(changed(small_guest, "<acpi/>", "<acpi>yes</acpi>"))
                   .contains("/features/acpi holds text where none belongs"));
    BOOST_TEST(refusal(changed(small_guest, "<os>", "<os firmware='efi'><nvram>/a<source file='/b'/></nvram>"))
                   .contains("os/nvram: <source> needs the attribute type"));
    BOOST_TEST(
        refusal(changed(small_guest, "<acpi/>", "<pmu state='maybe'/>")).contains("'maybe' is neither 'on' nor 'off'"));
    BOOST_TEST(refusal(with_device("<interface type='user'><mac address='52:54:00'/></interface>"))
                   .contains("'52:54:00' is not a MAC address"));
    BOOST_TEST(refusal(changed(small_guest, "<memory", "<uuid>12</uuid><memory")).contains("'12' is not a UUID"));
}

BOOST_AUTO_TEST_CASE(what_is_not_the_xml_we_take) {
    BOOST_TEST(refusal("") == "line 0: the document is empty");
    BOOST_TEST(refusal("<network/>") == "the document is not a domain: its element is <network>");
    BOOST_TEST(refusal(std::string(small_guest) + "<domain/>") == "line 15: a document has one element only");
    BOOST_TEST(refusal(small_guest.substr(0, 200)).contains("line"));
    BOOST_TEST(refusal("<!DOCTYPE domain [<!ENTITY a 'b'>]>" + std::string(small_guest)) ==
               "line 1: a document type or entity declaration is not allowed");
    BOOST_TEST(refusal(changed(small_guest, "small<", "&xxe;<")) ==
               "line 2: the entity &xxe; is not allowed; only XML's own five are");
    BOOST_TEST(refusal(changed(small_guest, "small<", "a & b<")).contains("line 2: '&' must be written &amp;"));
    BOOST_TEST(refusal(changed(small_guest, "small<", "a&#0;b<")) == "line 2: &#0; is not a character");
    BOOST_TEST(refusal(changed(small_guest, "small<", "a&#xD800;b<")) == "line 2: &#xD800; is not a character");
    BOOST_TEST(refusal(changed(small_guest, "small<", "\xff<")) == "line 2: the document is not UTF-8");
    BOOST_TEST(refusal(changed(small_guest, "small<", "\xc0\x80<")) == "line 2: the document is not UTF-8");
    BOOST_TEST(refusal(changed(small_guest, "small<", std::string("a\0b<", 4))) ==
               "line 2: a control character is not allowed in XML");
    BOOST_TEST(refusal(changed(small_guest, "type='qemu'", "type='<'")).contains("must be written &lt;"));
    BOOST_TEST(
        refusal(changed(small_guest, "type='qemu'", "type='qemu' type='kvm'")).contains("malformed or given twice"));
    BOOST_TEST(refusal(std::string((1 << 20) + 1, ' ')).contains("more than the 1048576 allowed"));
}

BOOST_AUTO_TEST_CASE(hostile_documents_cost_little) {
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += "<a>";
    BOOST_TEST(refusal(deep) == "line 1: elements are nested too deeply");
    std::string wide = "<domain";
    for (int i = 0; i < 100000; ++i) wide += " a" + std::to_string(i) + "=''";
    BOOST_TEST(refusal(wide + "/>") == "line 1: an element has too many attributes");
    std::string many;
    for (int i = 0; i < 50000; ++i) many += "<x/>";
    BOOST_TEST(refusal(with_device(many), true).contains("is not supported"));
    std::string nested = "<metadata>";
    for (int i = 0; i < 20; ++i) nested += "<a>";
    BOOST_TEST(!refusal(changed(small_guest, "<memory", nested + "<memory")).empty());
}

BOOST_AUTO_TEST_CASE(json_is_checked_alike) {
    const auto refused = [](std::string_view text) -> std::string {
        const auto parsed = parse_domain_json(json::parse(text).as_object());
        return parsed ? "" : parsed.error().message();
    };
    BOOST_TEST(refused("{}") == "/domain needs the element <name>");
    BOOST_TEST(refused(R"({"nmae": "x"})") == "/domain/nmae is not supported");
    BOOST_TEST(refused(R"({"name": 5})") == "/domain/name must be a string, not int64");
    BOOST_TEST(refused(R"({"name": "a\u0000b"})") == "/domain/name contains a control character");
    BOOST_TEST(refused(R"({"memory": -1})").contains("/domain/memory must be a number of bytes"));
    BOOST_TEST(refused(R"({"memory": 1.5})").contains("/domain/memory must be a number of bytes"));
    BOOST_TEST(refused(R"({"devices": {"disk": {}}})") == "/domain/devices/disk must be an array");
    BOOST_TEST(refused(R"({"devices": {"disk": [{}, 3]}})") == "/domain/devices/disk[1] needs the element <target>");
    BOOST_TEST(refused(R"({"devices": {"hostdevs": []}})").contains("/domain/devices/hostdevs is not supported"));
    BOOST_TEST(refused(R"({"devices": {"rng": [{"model": "virtio", "address": {"type": "moon"}}]}})") ==
               "/domain/devices/rng[1]/address/type: 'moon' is not supported");
    BOOST_TEST(refused(R"({"metadata": "<a>"})").contains("/domain/metadata must be XML"));
    BOOST_TEST(refused(R"({"metadata": "</x><b/><x>"})").contains("/domain/metadata must be XML"));
    BOOST_TEST(refused(R"({"features": {"acpi": "yes"}})") ==
               "/domain/features/acpi must be true or false, not string");
    BOOST_TEST(refused(R"({"vcpu": {"count": 99999}})") == "/domain/vcpu/count: '99999' is out of range (1 to 16384)");
}

BOOST_AUTO_TEST_SUITE_END()
