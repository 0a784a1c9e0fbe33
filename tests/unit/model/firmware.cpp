// SPDX-License-Identifier: LGPL-2.1-or-later
// The firmware's identity among the metadata, and <varstore>.
#include "documents.hpp"
#include "model/domain_json.hpp"
#include "model/firmware_identity.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::model;
using namespace vireo::model::test;

namespace {
const std::string digest(64, 'a');

std::string with_metadata(std::string_view inside) {
    return changed(small_guest, "<memory", "<metadata>" + std::string(inside) + "</metadata><memory");
}
std::string ours(std::string_view attributes, std::string_view inside = {}) {
    return "<vireo:firmware xmlns:vireo='urn:vireo:domain:1' " + std::string(attributes) + ">" + std::string(inside) +
           "</vireo:firmware>";
}
void expect(const std::string& message, std::string_view part) {
    BOOST_TEST(message.contains(part), "'" << message << "' says nothing of '" << part << "'");
}
FirmwareIdentity everything() {
    FirmwareIdentity identity;
    identity.policy = FirmwarePolicy::pin;
    identity.descriptor = "/usr/share/qemu/firmware/60-a&b.json";
    identity.features = {"acpi-s3", "secure-boot"};
    identity.code = FirmwareRecord{"/code's \"file\".fd", 3653632, digest};
    identity.store_template = FirmwareRecord{"/vars.fd", 540672, digest};
    return identity;
}
}  // namespace

BOOST_AUTO_TEST_SUITE(firmware)

BOOST_AUTO_TEST_CASE(an_identity_is_metadata) {
    const std::string foreign = "<x:y xmlns:x='u'>one <b>two</b></x:y>";
    auto domain = take(parse_domain_xml(with_metadata(foreign + "<!-- c -->"))).domain;
    BOOST_TEST(!take(firmware_identity_of(domain)).has_value());
    set_firmware_identity(domain, everything());
    BOOST_TEST((take(firmware_identity_of(domain)) == everything()));
    BOOST_TEST(domain.metadata.starts_with(foreign));
    auto text = format_domain_xml(domain);
    auto again = take(parse_domain_xml(text)).domain;
    BOOST_TEST((again == domain));
    BOOST_TEST(format_domain_xml(again) == text);
    BOOST_TEST((take(parse_domain_json(format_domain_json(domain))).domain == domain));
    // Replaced where it is, removed when it is empty.
    auto other = everything();
    other.policy = FirmwarePolicy::ask;
    domain.metadata += "<z/>";
    set_firmware_identity(domain, other);
    BOOST_TEST((take(firmware_identity_of(domain)) == other));
    BOOST_TEST(domain.metadata.ends_with("<z/>"));
    set_firmware_identity(domain, {});
    BOOST_TEST(domain.metadata == foreign + "<!-- c --><z/>");
}

BOOST_AUTO_TEST_CASE(an_identity_by_any_prefix) {
    auto prefixed =
        changed(with_metadata("<f:firmware policy='pin'/>"), "<domain ", "<domain xmlns:f='urn:vireo:domain:1' ");
    BOOST_TEST((take(firmware_identity_of(take(parse_domain_xml(prefixed)).domain))->policy == FirmwarePolicy::pin));
    auto standard = with_metadata("<firmware xmlns='urn:vireo:domain:1' policy='ask'/>");
    BOOST_TEST((take(firmware_identity_of(take(parse_domain_xml(standard)).domain))->policy == FirmwarePolicy::ask));
    auto foreign = with_metadata("<vireo:firmware xmlns:vireo='urn:else' policy='x'/>");
    BOOST_TEST(!take(firmware_identity_of(take(parse_domain_xml(foreign)).domain)).has_value());
}

BOOST_AUTO_TEST_CASE(identities_that_are_none) {
    const std::string code = "<vireo:code file='/c' size='1' sha256='" + digest + "'/>";
    BOOST_TEST(refusal(with_metadata(ours("", code))).empty());
    expect(refusal(with_metadata(ours("") + ours(""))), "metadata/vireo:firmware is given twice");
    expect(refusal(with_metadata(ours("policy='never'"))), "@policy: 'never' is not supported");
    expect(refusal(with_metadata(ours("colour='red'"))), "@colour is not supported");
    expect(refusal(with_metadata(ours("", "<vireo:colour/>"))), "/vireo:colour is not supported");
    expect(refusal(with_metadata(ours("descriptor='d'", code))), "must be an absolute path");
    expect(refusal(with_metadata(ours("descriptor='/d'"))), "incomplete without its code");
    expect(refusal(with_metadata(ours("", "<vireo:feature name='x'/>"))), "incomplete without its code");
    expect(refusal(with_metadata(ours("", code + "<vireo:feature/>"))), "vireo:feature needs a name");
    expect(refusal(with_metadata(ours("", code + code))), "vireo:code is given twice");
    expect(refusal(with_metadata(ours("", changed(code, "'/c'", "'c'")))), "'c' must be an absolute path");
    expect(refusal(with_metadata(ours("", changed(code, "'1'", "'-1'")))), "'-1' is not a number of bytes");
    for (std::string bad : {"'../../etc/passwd'", "''", "'AAAA'"})
        expect(refusal(with_metadata(ours("", changed(code, "'" + digest + "'", bad)))), "64 lower-case hexadecimal");
}

BOOST_AUTO_TEST_CASE(variables_in_qemu) {
    const auto with_os = [](std::string_view attributes, std::string_view inside) {
        auto xml = changed(small_guest, "<os>", "<os" + std::string(attributes) + ">");
        xml = changed(xml, "</os>", std::string(inside) + "</os>");
        return refusal(xml.contains("<acpi/>") ? xml
                                               : changed(xml, "<devices>", "<features><acpi/></features><devices>"));
    };
    const std::string efi = " firmware='efi'";
    BOOST_TEST(with_os(efi, "<varstore path='/v.json'/>").empty());
    BOOST_TEST(with_os("", "<loader type='rom'>/c</loader><varstore template='/t' path='/v.json'/>").empty());
    expect(with_os(efi, "<nvram/><varstore/>"), "either <nvram> or <varstore>");
    expect(with_os(" firmware='bios'", "<varstore/>"), "has no variable store");
    expect(with_os("", "<varstore/>"), "a variable store without firmware");
    expect(with_os("", "<loader type='pflash'>/c</loader><varstore/>"), "one of type pflash has <nvram>");
    expect(with_os(efi, "<loader stateless='yes'/><varstore/>"), "not possible when the loader is stateless");
    expect(with_os(efi, "<varstore template='/t'/>"), "chosen together with the firmware");
    expect(with_os(efi, "<varstore path='v'/>"), "'v' must be an absolute path");
}

BOOST_AUTO_TEST_CASE(sources_of_variables) {
    const auto document = [](std::string_view nvram) {
        return changed(small_guest, "</os>",
                       "<loader readonly='yes' type='pflash'>/f</loader>" + std::string(nvram) + "</os>");
    };
    const auto place = [&](std::string_view nvram) {
        auto domain = take(parse_domain_xml(document(nvram))).domain;
        auto text = format_domain_xml(domain);
        BOOST_TEST((take(parse_domain_xml(text)).domain == domain));
        BOOST_TEST((take(parse_domain_json(format_domain_json(domain))).domain == domain));
        return domain.os.nvram->place();
    };
    BOOST_TEST(place("<nvram>/v.fd</nvram>") == "/v.fd");
    BOOST_TEST(place("<nvram template='/t' templateFormat='qcow2' format='raw'/>").empty());
    BOOST_TEST(place("<nvram type='file' format='qcow2'><source file='/v.qcow2'/></nvram>") == "/v.qcow2");
    BOOST_TEST(place("<nvram type='block'><source dev='/dev/vars'/></nvram>") == "/dev/vars");
    BOOST_TEST(place("<nvram type='network'><source protocol='nbd' name='bar'><host name='example.org' port='6000'/>"
                     "</source></nvram>")
                   .empty());
    const auto refused = [&](std::string_view nvram) { return refusal(document(nvram)); };
    expect(refused("<nvram type='file'/>"), "os/nvram: type='file' needs <source file='…'/>");
    expect(refused("<nvram type='block'><source file='/v'/></nvram>"), "needs <source dev='…'/>");
    expect(refused("<nvram type='network'/>"), "needs <source protocol='…'/>");
    for (std::string_view type : {"dir", "volume", "nvme", "vhostuser"})
        expect(refused("<nvram type='" + std::string(type) + "'><source/></nvram>"),
               "variables cannot be in a source of type '" + std::string(type) + "'");
    expect(refused("<nvram type='paper'/>"), "'paper' is not");
    expect(refused("<nvram type='file'><source file='v'/></nvram>"), "must be an absolute path");
    const std::string begin = "<nvram type='file'><source file='/v'>", end = "</source></nvram>";
    expect(refused(begin + "<slices><slice type='storage' offset='0' size='4096'/></slices>" + end),
           "os/nvram/source/slices is not possible");
    expect(refused(begin + "<reservations managed='yes'/>" + end), "os/nvram/source/reservations is not possible");
    BOOST_TEST(!refused("<nvram type='file'>/v</nvram>").empty());
}

BOOST_AUTO_TEST_CASE(wishes_against_the_rest) {
    const auto wish = [](std::string_view name, std::string_view enabled, std::string_view loader = {},
                         std::string_view features = "<acpi/>", std::string_view more = {}) {
        auto xml = changed(small_guest, "<os>", "<os firmware='efi'>");
        xml = changed(xml, "</os>",
                      "<firmware><feature name='" + std::string(name) + "' enabled='" + std::string(enabled) +
                          "'/></firmware>" + std::string(loader) + "</os>");
        return refusal(changed(changed(xml, "<acpi/>", features), "<devices>", std::string(more) + "<devices>"));
    };
    for (std::string_view name : {"acpi-s3", "acpi-s4", "amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx",
                                  "requires-smm", "verbose-dynamic", "verbose-static", "host-uefi-vars"})
        for (std::string_view enabled : {"yes", "no"}) BOOST_TEST(wish(name, enabled).empty());
    const std::string s3 = "<pm><suspend-to-mem enabled='yes'/></pm>", s4 = "<pm><suspend-to-disk enabled='yes'/></pm>";
    BOOST_TEST(wish("acpi-s3", "yes", "", "<acpi/>", s3).empty());
    expect(wish("acpi-s3", "no", "", "<acpi/>", s3), "'acpi-s3' is ruled out, but pm says suspend-to-mem");
    expect(wish("acpi-s4", "no", "", "<acpi/>", s4), "'acpi-s4' is ruled out, but pm says suspend-to-disk");
    expect(wish("requires-smm", "no", "<loader secure='yes'/>"), "'requires-smm' is ruled out, but the loader");
    expect(wish("requires-smm", "yes", "", "<acpi/><smm state='off'/>"), "'requires-smm' is wished for, but features");
    expect(wish("host-uefi-vars", "yes", "<nvram/>"), "<nvram> is for variables in flash");
    expect(
        refusal(changed(small_guest, "</os>", "<loader type='pflash' readonly='no' stateless='yes'>/f</loader></os>")),
        "is not stateless");
}

BOOST_AUTO_TEST_SUITE_END()
