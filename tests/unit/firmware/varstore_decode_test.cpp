// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore_decode.hpp"

#include "firmware/device_path.hpp"
#include "firmware/load_option.hpp"
#include "firmware/signature_list.hpp"
#include "unit/firmware/varstore_fixtures.hpp"

#include <boost/json.hpp>

#include <random>

using namespace vireo;
using namespace vireo::firmware;
using test::variable;
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(varstore_decode)

namespace {

const std::string pem = R"(-----BEGIN CERTIFICATE-----
MIIBnTCCAUOgAwIBAgIUJBFFBS96sPXv/2Gk7tS+ELZhvSowCgYIKoZIzj0EAwIw
IzEOMAwGA1UECgwFVmlyZW8xETAPBgNVBAMMCFRlc3QgS2V5MCAXDTI2MTEyMzA3
Mzg1NFoYDzIwODEwODI2MDczODU0WjAjMQ4wDAYDVQQKDAVWaXJlbzERMA8GA1UE
AwwIVGVzdCBLZXkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARtIpBos36H5LlM
3MwENZpBajjkbqo/krcDxNoGqBqRxCbbNGIYls/btXWEBQDRkbS3c12hauCFC3Fi
AZOd3AMZo1MwUTAdBgNVHQ4EFgQUXk71lmPBmYlv4TPGbMdvDFeQpAQwHwYDVR0j
BBgwFoAUXk71lmPBmYlv4TPGbMdvDFeQpAQwDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiEArgbAF9IyzMkm2Z8y6tDBprLM0qWThwwLyL+35gYtFhEC
IFv8eGdpqALbX4i1TNgyS7egFUHiHUPIsnsjwdjwvLD4
-----END CERTIFICATE-----
)";

std::string described(const VariableStore& store, std::string_view name) {
    auto* found = store.find(guids::global, name);
    return found ? describe(*found) : "(none)";
}

std::string hex(std::string_view text) {
    return from_hex(text).value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(guids_as_text) {
    constexpr std::string_view text = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
    BOOST_CHECK_EQUAL(guids::global.to_string(), text);
    BOOST_CHECK_EQUAL(to_hex(guids::global.bytes()), "61dfe48bca93d211aa0d00e098032b8c");
    BOOST_CHECK(Guid::parse("8BE4DF61-93CA-11D2-AA0D-00E098032B8C") == guids::global);
    BOOST_CHECK(!Guid::parse("8be4df6193ca11d2aa0d00e098032b8c"));
    BOOST_CHECK(!Guid::parse("8be4df61-93ca-11d2-aa0d-00e098032b8g"));
    BOOST_CHECK(guid_of("global") == guids::global);
    BOOST_CHECK_EQUAL(well_known_name(guids::shim), "shim");
    BOOST_CHECK(!guid_of("nonsense"));
}

BOOST_AUTO_TEST_CASE(texts_there_and_back) {
    for (std::string text : {"", "plain", "Grüße", "\U0001f600", "a/b"}) {
        BOOST_CHECK_EQUAL(text_from_ucs2(text_to_ucs2(text).value()), text);
        BOOST_CHECK_EQUAL(name_from_ucs2(name_to_ucs2(text).value()), text);
    }
    BOOST_CHECK_EQUAL(text_from_ucs2(hex("4100d8000000ff")), "A\u00d8");
    BOOST_CHECK_EQUAL(text_from_ucs2(hex("00d84100")), "\ufffdA");
    BOOST_CHECK_EQUAL(name_from_ucs2(hex("00d84100")), "\\ud800A");
    for (std::string bad : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xf8"}) {
        BOOST_CHECK(!text_to_ucs2(bad));
        BOOST_CHECK(!name_to_ucs2(bad));
    }
    BOOST_CHECK(!from_hex("0"));
    BOOST_CHECK(!from_hex("0g"));
}

BOOST_AUTO_TEST_CASE(device_paths_there_and_back) {
    for (std::string text : {
             "PciRoot(0x0)/Pci(0x2,0x0)",
             "PcieRoot(0x1)/Pci(0x1f,0x2)/Sata(0x0,0xffff,0x0)",
             "PciRoot(0x0)/Pci(0x5,0x0)/Scsi(0x1,0x2)",
             "PciRoot(0x0)/Pci(0x14,0x0)/USB(0x3,0x0)",
             "PciRoot(0x0)/Pci(0x1,0x0)/NVMe(0x1,01-23-45-67-89-ab-cd-ef)",
             "PciRoot(0x0)/Pci(0x3,0x0)/MAC(525400123456,0x1)/Vlan(7)",
             "Uri(http://boot.example/a,b/(c).efi)",
             "Acpi(PNP0C02,0x1)",
             "HD(1,GPT,8be4df61-93ca-11d2-aa0d-00e098032b8c,0x800,0x100000)/\\EFI\\debian\\shimx64.efi",
             "HD(2,MBR,0x1234abcd,0x3f,0x1000)/\\a/b",
             "CDROM(0x0,0x20,0x1000)",
             "Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503-836e-8ab6f4662331)",
             "VenHw(8be4df61-93ca-11d2-aa0d-00e098032b8c,0102)",
             "VenMedia(8be4df61-93ca-11d2-aa0d-00e098032b8c)",
             "Path(3,99,0a0b)",
             "Path(6,1)",
         }) {
        auto bytes = device_path_bytes(text);
        BOOST_REQUIRE_MESSAGE(bytes, text);
        BOOST_CHECK_EQUAL(device_path_text(*bytes), text);
    }
    BOOST_CHECK_EQUAL(device_path_text(take(device_path_bytes("File(\\x.efi)"))), "\\x.efi");
    for (std::string bad :
         {"", "x", "Pci(0x2)", "Pci(0x2,0x0,0x0)", "Pci(0x20,0x0)", "Nonsense(1)", "HD(1,GPT,x,0,0)", "HD(1,RDB,0,0,0)",
          "MAC(00,0x1)", "Path(127,255)", "Fv()", "Pci(0x1,0x2", "NVMe(1,2)", "PciRoot(0x0)//Pci(0x1,0x0)"}) {
        auto bytes = device_path_bytes(bad);
        BOOST_REQUIRE_MESSAGE(!bytes, bad);
        BOOST_CHECK(!bytes.error().message().empty());
    }
    BOOST_CHECK(!device_path_bytes("\\" + std::string(70000, 'a')));
}

BOOST_AUTO_TEST_CASE(device_paths_for_reading_only) {
    auto text = [](std::string_view bytes) { return device_path_text(hex(bytes)); };
    BOOST_CHECK_EQUAL(text("030c1b000000000000000000000000000000000000000000000000"  // IPv4, zeroes
                           "7fff0400"),
                      "IPv4(0.0.0.0,0x0,DHCP,0.0.0.0,0.0.0.0,0.0.0.0)");
    BOOST_CHECK_EQUAL(text("030e130000000000"
                           "00c2010000000000"
                           "080101"
                           "030a14005347c1e0bef9d2119a0c0090273fc14d7fff0400"),
                      "Uart(115200,8,N,1)/VenPcAnsi()");
    BOOST_CHECK_EQUAL(text("050109000200000041"), "BBS(HD,A,0x0)");
    BOOST_CHECK_EQUAL(text("0105080001000000"
                           "7f010400"
                           "01050800020000007fff0400"),
                      "Ctrl(0x1),Ctrl(0x2)");
    // Too short for what it says it is; a length that makes no sense; no end.
    BOOST_CHECK_EQUAL(text("010105000a"), "Path(1,1,0a)");
    BOOST_CHECK_EQUAL(text("0105080001000000010103"), "Ctrl(0x1)…");
    BOOST_CHECK_EQUAL(text("01010300"), "…");
    BOOST_CHECK_EQUAL(text("0105ffff"), "…");
    BOOST_CHECK_EQUAL(text(""), "");
}

BOOST_AUTO_TEST_CASE(what_a_firmware_wrote_in_words) {
    auto store = take(read_store(test::written_by_firmware("written-4m", test::big_store_size)));
    BOOST_CHECK_EQUAL(described(store, "BootOrder"), "Boot0001 Boot0000 Boot0002");
    BOOST_CHECK_EQUAL(described(store, "Boot0001"), "UEFI Misc Device: PciRoot(0x0)/Pci(0x2,0x0)");
    BOOST_CHECK_EQUAL(described(store, "Boot0000"),
                      "UiApp: Fv(7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1)/FvFile(462caa21-7614-4503-836e-8ab6f4662331)");
    BOOST_CHECK_EQUAL(described(store, "Timeout"), "0 s");
    BOOST_CHECK_EQUAL(described(store, "Lang"), "eng");
    BOOST_CHECK_EQUAL(described(store, "Key0000"), "Boot0000");
    BOOST_CHECK_EQUAL(described(store, "ConOut"),
                      "PciRoot(0x0)/Pci(0x1,0x0)/AcpiAdr(0x80010100), "
                      "PciRoot(0x0)/Pci(0x1f,0x0)/Serial(0x0)/Uart(115200,8,N,1)/VenPcAnsi()");
    // Everything survives export and import into an empty store.
    auto exported = export_variables(store);
    auto text = json::serialize(exported);
    auto fresh = take(read_store(test::flash(test::big_store_size)));
    take(import_variables(fresh, json::parse(text)));
    BOOST_CHECK(fresh.variables() == store.variables());
    BOOST_CHECK(export_variables(fresh) == exported);
    // So do boot entries whose bytes are left out.
    for (auto& item : exported)
        if (auto& object = item.as_object(); object.at("name").as_string().starts_with("Boot")) object.erase("data");
    auto again = take(read_store(test::flash(test::big_store_size)));
    take(import_variables(again, exported));
    BOOST_CHECK(again.variables() == store.variables());
}

BOOST_AUTO_TEST_CASE(signature_databases) {
    auto der = take(certificate_der(pem));
    BOOST_CHECK(take(certificate_der(der)) == der);
    BOOST_CHECK(!certificate_der("nonsense"));
    BOOST_CHECK(!certificate_der("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"));
    BOOST_CHECK(!certificate_list(guids::microsoft, "nonsense"));
    auto bytes = take(certificate_list(guids::microsoft, der)) +
                 take(hash_list(guids::shim, {std::string(32, 'a'), std::string(32, 'b')}));
    BOOST_CHECK(!hash_list(guids::shim, {"short"}));
    auto database = read_signatures(bytes);
    BOOST_REQUIRE_EQUAL(database.certificates.size(), 1u);
    auto& certificate = database.certificates[0];
    BOOST_CHECK(certificate.owner == guids::microsoft);
    BOOST_CHECK_EQUAL(certificate.subject, "CN=Test Key,O=Vireo");
    BOOST_CHECK_EQUAL(certificate.issuer, "CN=Test Key,O=Vireo");
    BOOST_CHECK_EQUAL(certificate.not_after.substr(0, 10), "2081-08-26");
    BOOST_CHECK_EQUAL(certificate.sha256.size(), 64u);
    BOOST_CHECK_EQUAL(database.sha256_hashes, 2u);
    BOOST_CHECK(database.complete);
    Variable db(guids::image_security, "db", bytes, 0x27);
    BOOST_CHECK_EQUAL(describe(db), "CN=Test Key,O=Vireo until 2081-08-26; 2 hashes");
    // Cut anywhere it is told, and nothing else happens.
    for (std::size_t size = 1; size < bytes.size(); ++size)
        if (size != bytes.size() - 28 - 96)
            BOOST_CHECK(!read_signatures(std::string_view(bytes).substr(0, size)).complete);
    bytes[28 + 16] ^= 1;
    BOOST_CHECK(!read_signatures(bytes).certificates.at(0).readable);
    BOOST_CHECK_EQUAL(describe(Variable(guids::image_security, "db", bytes)), "unreadable certificate; 2 hashes");
}

BOOST_AUTO_TEST_CASE(keys_of_microsoft) {
    auto bytes = test::installed("/usr/share/OVMF/OVMF_VARS_4M.ms.fd");
    if (!bytes) return;
    auto store = take(read_store(*bytes));
    auto* db = store.find(guids::image_security, "db");
    BOOST_REQUIRE(db);
    auto decoded = decode(*db).value();
    BOOST_CHECK_NE(json::serialize(decoded).find("CN=Microsoft Corporation UEFI CA 2011"), std::string::npos);
    BOOST_CHECK(decoded.at("complete").as_bool());
    BOOST_CHECK_EQUAL(decode(*store.find(guids::image_security, "dbx")).value().at("sha256-hashes").to_number<int>(),
                      1);
    // All of it, with times, goes through JSON into a pristine store.
    auto fresh = take(read_store(test::flash(test::big_store_size)));
    take(import_variables(fresh, export_variables(store)));
    BOOST_CHECK(fresh.variables() == store.variables());
}

BOOST_AUTO_TEST_CASE(decoded_forms_are_stored) {
    auto stored = [](std::string_view text) {
        auto v = variable_from_json(json::parse(text));
        return v ? to_hex(v->data) : v.error().what();
    };
    BOOST_CHECK_EQUAL(stored(R"({"guid":"global","name":"BootOrder","decoded":{"order":["Boot000A","Boot0001"]}})"),
                      "0a000100");
    BOOST_CHECK_EQUAL(stored(R"({"guid":"global","name":"BootNext","decoded":{"option":"Boot0003"}})"), "0300");
    BOOST_CHECK_EQUAL(stored(R"({"guid":"global","name":"Timeout","decoded":{"seconds":5}})"), "0500");
    BOOST_CHECK_EQUAL(stored(R"({"guid":"global","name":"PlatformLang","decoded":{"text":"en"}})"), "656e00");
    BOOST_CHECK_EQUAL(stored(R"({"guid":"systemd","name":"LoaderEntryDefault","decoded":{"text":"a"}})"), "61000000");
    BOOST_CHECK_EQUAL(stored(R"({"guid":"secure-boot-enable","name":"SecureBootEnable","decoded":{"enabled":true}})"),
                      "01");
    BOOST_CHECK_EQUAL(stored(R"({"guid":"global","name":"Timeout","data":"0100","decoded":{"seconds":5}})"), "0100");
    BOOST_CHECK_EQUAL(
        take(variable_from_json(json::parse(R"({"guid":"secure-boot-enable","name":"SecureBootEnable","data":"01"})")))
            .attributes,
        3u);
    auto entry = take(variable_from_json(json::parse(
        R"({"guid":"global","name":"Boot0009","decoded":{"description":"Grüße","device-path":"\\EFI\\a.efi",
            "attributes":["active","hidden"],"optional-data":"ff"}})")));
    auto option = take(read_load_option(entry.data));
    BOOST_CHECK_EQUAL(option.attributes, 9u);
    BOOST_CHECK_EQUAL(option.description, "Grüße");
    BOOST_CHECK_EQUAL(device_path_text(option.paths), "\\EFI\\a.efi");
    BOOST_CHECK_EQUAL(option.optional_data, "\xff");
    for (std::string bad :
         {R"([])", R"({"guid":"global","data":"00"})", R"({"guid":"x","name":"A","data":"00"})",
          R"({"name":"A","data":"00"})", R"({"guid":"global","name":"A","data":"0"})",
          R"({"guid":"global","name":"A"})", R"({"guid":"global","name":"A","data":"00","attributes":["x"]})",
          R"({"guid":"global","name":"A","data":"00","attributes":7})",
          R"({"guid":"global","name":"A","data":"00","time":"00"})",
          R"({"guid":"global","name":"A","decoded":{"text":"x"}})",
          R"({"guid":"global","name":"BootOrder","decoded":{"order":[]}})",
          R"({"guid":"global","name":"BootOrder","decoded":{"order":["Boot1"]}})",
          R"({"guid":"global","name":"BootNext","decoded":{"option":"Driver0001"}})",
          R"({"guid":"global","name":"Timeout","decoded":{"seconds":70000}})",
          R"({"guid":"global","name":"Boot0001","decoded":{"description":"x"}})",
          R"({"guid":"global","name":"Boot0001","decoded":{"description":"x","device-path":"y"}})",
          R"({"guid":"global","name":"PK","decoded":{}})"}) {
        auto v = variable_from_json(json::parse(bad));
        BOOST_CHECK_MESSAGE(!v, bad);
    }
}

BOOST_AUTO_TEST_CASE(import_is_all_or_nothing) {
    auto store = take(read_store(test::flash()));
    take(store.set(variable("A", "1")));
    auto before = store.write();
    auto bad = json::parse(R"([{"guid":"global","name":"B","data":"00"},{"guid":"global","name":"C","data":"x"}])");
    BOOST_CHECK(!import_variables(store, bad));
    BOOST_CHECK(store.write() == before);
    BOOST_CHECK(!import_variables(store, json::parse("{}")));
    auto good = json::parse(R"([{"guid":"global","name":"B","data":"00"}])");
    take(import_variables(store, good));
    BOOST_CHECK_EQUAL(store.variables().size(), 2u);
    take(import_variables(store, good, Import::replace));
    BOOST_CHECK_EQUAL(store.variables().size(), 1u);
    BOOST_CHECK_EQUAL(store.variables()[0].name, "B");
}

BOOST_AUTO_TEST_CASE(whatever_a_variable_holds) {
    std::mt19937 random(5);
    for (std::string name :
         {"Boot0000", "BootOrder", "BootNext", "Timeout", "Lang", "SecureBoot", "PK", "ConOut", "Key0001"}) {
        for (int i = 0; i < 400; ++i) {
            std::string data(1 + random() % 200, '\0');
            for (auto& c : data) c = static_cast<char>(random() % 3 ? random() % 8 : random());
            auto v = variable(name, data);
            auto text = json::serialize(to_json(v));
            BOOST_CHECK(json::parse(text).is_object());
            describe(v);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
