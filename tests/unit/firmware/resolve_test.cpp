// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/resolve.hpp"

#include "firmware/prepare.hpp"
#include "model/domain_xml.hpp"
#include "support/async.hpp"
#include "unit/firmware/fixtures.hpp"

using namespace vireo;
using namespace vireo::firmware;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(resolve_definition)

namespace {
using model::FirmwareFeature;

struct Fixture : test::Host {
    fs::path plain = code("plain.fd"), secure = code("secure.fd"), v = vars("v.fd");
    fs::path data = folder / "data";
    ResolveOptions options{data};
    model::Domain domain;

    Fixture() {
        test::put(low / "50-secure.json", test::split(secure, v, {"requires-smm", "secure-boot"}));
        test::put(low / "60-plain.json", test::split(plain, v));
        domain.name = "d";
        domain.uuid = model::Uuid::parse("0b7e2f4c-9d3a-4f11-8a57-6a0c1d2e3f40");
        domain.memory = 64 << 20;
        domain.features.acpi = true;
        domain.os.type.arch = "x86_64";
        domain.os.type.machine = "pc-q35-7.2";
        domain.os.firmware = model::FirmwareType::efi;
    }
    fs::path store() const { return data / "nvram" / domain.uuid->to_string() / "VARS.fd"; }
    Result<> run() { return resolve(domain, Catalog::load(folders()), options); }
    model::Loader& loader() { return domain.os.loader ? *domain.os.loader : domain.os.loader.emplace(); }
    model::Nvram& nvram() { return domain.os.nvram ? *domain.os.nvram : domain.os.nvram.emplace(); }
    void wish(FirmwareFeature::Name name, bool enabled) {
        FirmwareFeature feature;
        feature.name = name;
        feature.enabled = enabled;
        domain.os.firmware_features.push_back(feature);
    }
    void manual(const fs::path& file) {
        domain.os.firmware.reset();
        loader().path = file;
        loader().type = model::Loader::Type::pflash;
        loader().readonly = true;
    }
    // Refused with this text among message and causes, and the definition as it was.
    void refused(std::string_view text) {
        auto before = domain;
        auto result = run();
        BOOST_REQUIRE_MESSAGE(!result, "was accepted, not refused with: " << text);
        BOOST_TEST(std::string(result.error().what()).find(text) != std::string::npos,
                   "'" << result.error().what() << "' does not say '" << text << "'");
        BOOST_TEST((domain == before));
        BOOST_TEST(!fs::exists(data));
    }
};
}  // namespace

BOOST_FIXTURE_TEST_CASE(automatic_choice_is_written_down, Fixture) {
    take(run());
    BOOST_TEST(loader().path == secure);
    BOOST_TEST((loader().type == model::Loader::Type::pflash && loader().readonly == true && loader().secure == true));
    BOOST_TEST((domain.features.smm == true));
    BOOST_TEST(nvram().path == store());
    BOOST_TEST(nvram().template_path == v);
    BOOST_REQUIRE(domain.os.firmware_features.size() == 2u);
    BOOST_TEST((domain.os.firmware_features[0].name == FirmwareFeature::Name::enrolled_keys &&
                !domain.os.firmware_features[0].enabled));
    BOOST_TEST((domain.os.firmware_features[1].name == FirmwareFeature::Name::secure_boot &&
                domain.os.firmware_features[1].enabled));
    BOOST_TEST(!fs::exists(data));  // a definition makes no files
}

BOOST_FIXTURE_TEST_CASE(a_later_package_changes_nothing, Fixture) {
    take(run());
    auto before = domain;
    test::put(low / "10-new.json", test::split(code("new.fd"), v));
    take(run());
    BOOST_TEST((domain == before));
    fs::remove(low / "50-secure.json");
    take(run());
    BOOST_TEST((domain == before));
}

BOOST_FIXTURE_TEST_CASE(wishes_decide, Fixture) {
    wish(FirmwareFeature::Name::secure_boot, false);
    take(run());
    BOOST_TEST(loader().path == plain);
    BOOST_TEST((!domain.features.smm && !loader().secure));
    domain.os.firmware_features.clear();
    wish(FirmwareFeature::Name::secure_boot, true);  // the recorded loader cannot do it: never changed in silence
    auto result = run();
    BOOST_REQUIRE(!result);
    BOOST_TEST(std::string(result.error().what()).find("60-plain.json: has no feature secure-boot") !=
               std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(nothing_fits, Fixture) {
    wish(FirmwareFeature::Name::enrolled_keys, true);
    refused("50-secure.json: has no feature enrolled-keys");
    domain.os.firmware_features.clear();
    domain.os.type.machine = "microvm";
    refused("60-plain.json: is not for the machine microvm");
}

BOOST_FIXTURE_TEST_CASE(manual_loader_finds_its_template, Fixture) {
    manual(secure);
    take(run());
    BOOST_TEST(nvram().template_path == v);
    BOOST_TEST(nvram().path == store());
    BOOST_TEST((domain.features.smm == true && loader().secure == true));  // at define, not at some starts only
    BOOST_TEST(domain.os.firmware_features.empty());
}

BOOST_FIXTURE_TEST_CASE(manual_template_wins, Fixture) {
    manual(plain);
    nvram().template_path = vars("mine.fd");
    nvram().path = folder / "my.fd";
    take(run());
    BOOST_TEST(nvram().template_path == share / "mine.fd");
    BOOST_TEST(nvram().path == folder / "my.fd");
    BOOST_TEST(!store_of(domain, data)->own);
}

BOOST_FIXTURE_TEST_CASE(manual_loader_nobody_knows, Fixture) {
    manual(code("strange.fd"));
    refused("no template of a variable store is known for the loader");
    nvram().path = vars("there.fd");  // a store that exists needs no template
    take(run());
    BOOST_TEST(nvram().template_path == "");
    domain.os.nvram.reset();
    loader().stateless = true;
    take(run());
    BOOST_TEST(!domain.os.nvram);
    BOOST_TEST(!store_of(domain, data));
}

BOOST_FIXTURE_TEST_CASE(well_known_pair_without_descriptors, Fixture) {
    if (!fs::exists("/usr/share/OVMF/OVMF_CODE_4M.fd")) {
        BOOST_TEST_MESSAGE("skipped: OVMF is not installed here");
        return;
    }
    manual("/usr/share/OVMF/OVMF_CODE_4M.fd");
    take(run());
    BOOST_TEST(nvram().template_path == "/usr/share/OVMF/OVMF_VARS_4M.fd");
    domain.os.nvram.reset();
    nvram().template_path = "/usr/share/OVMF/OVMF_VARS.fd";
    refused(
        "the code is of a 4 MiB build of the firmware, whose variable store has 540672 bytes, but this one has 131072");
}

BOOST_FIXTURE_TEST_CASE(files_that_cannot_be_right, Fixture) {
    manual(share / "gone.fd");
    nvram().template_path = v;
    refused("gone.fd cannot be used");
    loader().path = "relative.fd";
    refused("is not an absolute path");
    loader().path = plain;
    nvram().template_path = share / "gone.fd";
    refused("the variable store template " + (share / "gone.fd").string() + " cannot be used");
    nvram().template_path = plain;
    refused("not a firmware volume");
    nvram().template_path = vars("large.fd", 540672);
    refused("2 MiB build");
    nvram().template_path = code("odd.fd", 5000);
    refused("not a multiple of 4096");
    nvram().template_path = v;
    nvram().path = "nvram.fd";
    refused("is not absolute");
    nvram().path = v;
    refused("is the template itself");
    nvram().path = plain;
    refused("is the firmware's code");
}

BOOST_FIXTURE_TEST_CASE(stores_that_belong_elsewhere, Fixture) {
    nvram().path = data / "nvram/11111111-2222-4333-8444-555555555555/VARS.fd";
    refused("belongs to another guest");
    nvram().path = folder / "disk.img";
    model::Disk disk;
    disk.source.emplace().file = (folder / "x/../disk.img").string();
    disk.target.dev = "vda";
    domain.devices.disks.push_back(disk);
    refused("is also the disk vda");
}

BOOST_FIXTURE_TEST_CASE(secure_needs_its_machine, Fixture) {
    manual(secure);
    loader().secure = true;
    domain.features.smm = false;
    refused("requires SMM, which the definition turns off");
    domain.features.smm.reset();
    domain.os.type.machine = "pc-i440fx-7.2";
    refused("for q35 machines only, not for pc-i440fx-7.2");
    domain.os.type.machine.clear();
    nvram().template_path = v;
    refused("not for the default machine");
    domain.os.type.arch = "aarch64";
    domain.os.type.machine = "virt-7.2";
    refused("for x86_64 only");
    domain.os.type.arch = "x86_64";
    domain.os.type.machine = "q35";
    loader().path = plain;
    refused("has no feature requires-smm");
}

BOOST_FIXTURE_TEST_CASE(writable_and_rom_loaders, Fixture) {
    manual(plain);
    loader().readonly.reset();
    refused("is shared by all guests");
    loader().path = code("own-copy.fd", 2 << 20);
    take(run());
    BOOST_TEST(!domain.os.nvram);
    BOOST_TEST(request_for(domain, data, false).code_writable);
    nvram().path = folder / "x.fd";
    refused("NVRAM needs readonly='yes'");
    loader().type.reset();
    refused("is a ROM");
    domain.os.nvram.reset();
    take(run());
    BOOST_TEST((request_for(domain, data, false).kind == Request::Kind::rom));
    loader().format = Format::qcow2;
    refused("cannot be run here");
}

BOOST_FIXTURE_TEST_CASE(bios_and_nothing, Fixture) {
    domain.os.firmware = model::FirmwareType::bios;
    take(run());
    BOOST_TEST(!domain.os.loader);  // QEMU's own
    domain.os.type.arch = "aarch64";
    refused("50-secure.json: is not bios firmware");
    domain.os.firmware.reset();
    take(run());
    BOOST_TEST((request_for(domain, data, false).kind == Request::Kind::none));
    domain.os.firmware = model::FirmwareType::bios;
    domain.os.type.arch = "x86_64";
    auto bios = test::split(code("bios.bin", 262144), v);
    bios["interface-types"] = boost::json::array{"bios"};
    bios["mapping"] = boost::json::object{{"device", "memory"}, {"filename", (share / "bios.bin").string()}};
    test::put(low / "10-bios.json", bios);
    take(run());
    BOOST_TEST(loader().path == share / "bios.bin");
    BOOST_TEST((loader().type == model::Loader::Type::rom && !loader().readonly && !domain.os.nvram));
}

BOOST_FIXTURE_TEST_CASE(how_its_descriptor_says_code_is_used, Fixture) {
    auto object = test::split(plain, v);
    object["mapping"].as_object()["mode"] = "combined";
    test::put(low / "60-plain.json", object);
    manual(plain);
    refused("code and variables in one file");
    object["mapping"].as_object()["mode"] = "stateless";
    test::put(low / "60-plain.json", object);
    take(run());
    BOOST_TEST((loader().stateless == true && !domain.os.nvram));
    loader().stateless.reset();
    nvram().path = folder / "my.fd";
    refused("is stateless: it has no variable store");
    domain.os.nvram.reset();
    loader().stateless = false;
    refused("is stateless: it has no variable store");
}

BOOST_FIXTURE_TEST_CASE(variables_in_qemu_are_refused_by_name, Fixture) {
    domain.os.varstore.emplace();
    refused("os/varstore: variables in QEMU's uefi-vars device cannot be run here");
}

BOOST_FIXTURE_TEST_CASE(qcow2_only_where_it_runs, Fixture) {
    auto image = test::qcow2(540672);
    test::put(share / "v.qcow2", image);
    auto object = test::split(code("q.fd", 3653632), share / "v.qcow2");
    object["mapping"].as_object()["nvram-template"].as_object()["format"] = "qcow2";
    test::put(low / "10-q.json", object);
    take(run());
    BOOST_TEST(loader().path == secure);
    domain.os.loader.reset(), domain.os.nvram.reset(), domain.os.firmware_features.clear(), domain.features.smm.reset();
    options.qcow2 = true;
    take(run());
    BOOST_TEST(loader().path == share / "q.fd");
    BOOST_TEST((nvram().template_format == Format::qcow2 && nvram().format == Format::qcow2));
    BOOST_TEST(nvram().path == data / "nvram" / domain.uuid->to_string() / "VARS.qcow2");
}

BOOST_FIXTURE_TEST_CASE(stores_are_told_apart, Fixture) {
    BOOST_TEST(store_key(domain, data) == "");
    take(run());
    BOOST_TEST(store_key(domain, data) == store());
    BOOST_TEST(store_of(domain, data)->own);
    nvram().path = folder / "a/../b.fd";
    BOOST_TEST(store_key(domain, data) == folder / "b.fd");
}

BOOST_FIXTURE_TEST_CASE(what_was_chosen_survives_xml, Fixture) {
    take(run());
    auto parsed = take(model::parse_domain_xml(model::format_domain_xml(domain)));
    BOOST_TEST((parsed.domain.os == domain.os));
    take(resolve(parsed.domain, Catalog(), options));
    BOOST_TEST((parsed.domain.os == domain.os));
}

ASYNC_TEST(off_the_loop) {
    Fixture host;
    Blocking blocking(1);
    CatalogCache cache(blocking, host.folders());
    auto catalog = co_await cache.get();
    auto resolved = co_await resolve(blocking, host.domain, catalog, host.options);
    BOOST_TEST(resolved.os.loader->path == host.secure);
}

BOOST_AUTO_TEST_SUITE_END()
