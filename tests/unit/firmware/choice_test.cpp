// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/choice.hpp"

#include "unit/firmware/fixtures.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::firmware;

BOOST_AUTO_TEST_SUITE(choice)

namespace {
Entry entry(std::string name, std::vector<std::string> features = {}) {
    Entry e;
    e.file = "/d/" + name + ".json";
    e.descriptor = take(parse_descriptor(boost::json::serialize(test::split("/c/" + name, "/v/" + name))));
    e.descriptor.features = std::move(features);
    return e;
}

Requirements q35() {
    Requirements wanted;
    wanted.architecture = "x86_64";
    wanted.machine = "pc-q35-7.2";
    return wanted;
}

std::string chosen_name(const Requirements& wanted, const Catalog& catalog) {
    auto choice = choose(wanted, catalog);
    return choice.chosen ? choice.chosen->name() : "";
}

// Why a single candidate does not fit.
std::string reason(const Requirements& wanted, Entry e) {
    return choose(wanted, Catalog({std::move(e)})).candidates.at(0).rejected;
}
}  // namespace

BOOST_AUTO_TEST_CASE(machines_and_architectures) {
    Target target{"x86_64", {"pc-q35-*", "pc-i440fx-7.?"}};
    BOOST_TEST(matches(target, "x86_64", "pc-q35-7.2"));
    BOOST_TEST(matches(target, "x86_64", "q35"));
    BOOST_TEST(matches(target, "x86_64", "pc-i440fx-7.2"));
    BOOST_TEST(!matches(target, "x86_64", "pc-i440fx-7.10"));
    BOOST_TEST(!matches(target, "x86_64", "pc"));  // any version, but not all are taken
    BOOST_TEST(!matches(target, "aarch64", "pc-q35-7.2"));
    BOOST_TEST(!matches(target, "x86_64", ""));
    BOOST_TEST(!matches(target, "x86_64", "microvm"));
    BOOST_TEST(matches({"aarch64", {"virt-*"}}, "aarch64", "virt"));
    BOOST_TEST(matches({"x86_64", {"*"}}, "x86_64", ""));
    BOOST_TEST(matches({"x86_64", {"a*b*c"}}, "x86_64", "axxbyybzc"));
    BOOST_TEST(!matches({"x86_64", {"a*b*c"}}, "x86_64", "axxbyy"));
    BOOST_TEST(!matches({"x86_64", {std::string(2000, '*') + "x"}}, "x86_64", std::string(2000, 'a')));  // and soon
}

BOOST_AUTO_TEST_CASE(the_first_that_fits) {
    Catalog catalog({entry("10", {"requires-smm", "secure-boot"}), entry("20"), entry("30")});
    auto wanted = q35();
    BOOST_TEST(chosen_name(wanted, catalog) == "10.json");
    wanted.smm = false;
    BOOST_TEST(chosen_name(wanted, catalog) == "20.json");
    BOOST_TEST(choose(wanted, catalog).candidates.size() == 3u);
    BOOST_TEST(choose(wanted, catalog).candidates.at(2).fits());
}

BOOST_AUTO_TEST_CASE(every_reason) {
    auto wanted = q35();
    BOOST_TEST(reason(wanted, entry("a")) == "");
    wanted.interface_type = "bios";
    BOOST_TEST(reason(wanted, entry("a")) == "is not bios firmware");
    wanted = q35();
    wanted.architecture = "aarch64";
    BOOST_TEST(reason(wanted, entry("a")) == "is not for the architecture aarch64");
    wanted = q35();
    wanted.machine = "microvm";
    BOOST_TEST(reason(wanted, entry("a")) == "is not for the machine microvm");
    for (auto name :
         {"secure-boot", "enrolled-keys", "acpi-s3", "acpi-s4", "amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx"}) {
        wanted = q35();
        wanted.features = {{name, true}};
        BOOST_TEST(reason(wanted, entry("a")) == std::string("has no feature ") + name);
        BOOST_TEST(reason(wanted, entry("a", {name})) == "");
        wanted.features = {{name, false}};
        BOOST_TEST(reason(wanted, entry("a", {name})) == std::string("has the feature ") + name);
        BOOST_TEST(reason(wanted, entry("a")) == "");
    }
    wanted = q35();
    wanted.smm = false;
    BOOST_TEST(reason(wanted, entry("a", {"requires-smm"})) == "requires SMM, which the definition turns off");
    wanted = q35();
    wanted.secure = true;
    BOOST_TEST(reason(wanted, entry("a")) == "has no feature requires-smm, which secure='yes' needs");
    wanted.secure = false;
    BOOST_TEST(reason(wanted, entry("a", {"requires-smm"})) == "requires SMM, and the definition says secure='no'");
    BOOST_TEST(reason(q35(), entry("a", {"host-uefi-vars"})) ==
               "keeps its variables in QEMU's uefi-vars device, which cannot be run here");
    auto broken = entry("a");
    broken.problem = "its firmware file /c/a does not exist";
    BOOST_TEST(reason(q35(), broken) == "cannot be used: its firmware file /c/a does not exist");
}

BOOST_AUTO_TEST_CASE(devices_modes_formats) {
    auto e = entry("a");
    e.descriptor.mode = FlashMode::combined;
    BOOST_TEST(reason(q35(), e) == "has code and variables in one file, which is only for a loader given by hand");
    e.descriptor.mode = FlashMode::stateless;
    BOOST_TEST(reason(q35(), e) == "is stateless: it has no variable store");
    auto stateless = q35();
    stateless.stateless = true;
    BOOST_TEST(reason(stateless, e) == "");
    BOOST_TEST(reason(stateless, entry("a")) == "has a variable store, and the definition says stateless='yes'");
    e.descriptor.device = Device::memory;
    BOOST_TEST(reason(q35(), e) == "is a ROM: it has no variable store");
    BOOST_TEST(reason(stateless, e) == "");
    stateless.rom = false;
    BOOST_TEST(reason(stateless, e) == "is a ROM, not flash");
    stateless.rom = true;
    BOOST_TEST(reason(stateless, entry("a")) == "is flash, not a ROM");
    e.descriptor.device = Device::kernel;
    BOOST_TEST(reason(q35(), e) == "is loaded as a kernel, which is only for <kernel>");
    e.descriptor.device = Device::igvm;
    BOOST_TEST(reason(q35(), e) == "is an IGVM file, which cannot be run here");

    auto q = entry("a");
    q.descriptor.executable.format = "qcow2";
    BOOST_TEST(reason(q35(), q) == "its code is in the format qcow2, which cannot be run here");
    auto wanted = q35();
    wanted.qcow2 = true;
    BOOST_TEST(reason(wanted, q) == "");
    wanted.executable_format = "raw";
    BOOST_TEST(reason(wanted, q) == "its code is qcow2, not raw");
    q = entry("a");
    q.descriptor.nvram_template->format = "qcow2";
    BOOST_TEST(reason(q35(), q) == "its template is in the format qcow2, which cannot be run here");
    wanted = q35();
    wanted.template_format = "qcow2";
    BOOST_TEST(reason(wanted, entry("a")) == "its template is raw, not qcow2");
    wanted = q35();
    wanted.executable_path = "/mine.fd";
    BOOST_TEST(reason(wanted, entry("a")) == "its code is /c/a");
    wanted.executable_path = "/c/a";
    BOOST_TEST(reason(wanted, entry("a")) == "");
    wanted = q35();
    wanted.template_path = "/mine.fd";
    BOOST_TEST(reason(wanted, entry("a")) == "its template is /v/a");
}

BOOST_AUTO_TEST_CASE(the_error_carries_every_reason) {
    auto broken = entry("30");
    broken.descriptor = {};
    broken.problem = "it is not JSON: syntax error";
    Catalog catalog({entry("10", {"acpi-s3"}), entry("20", {"secure-boot"}), broken});
    auto wanted = q35();
    wanted.features = {{"secure-boot", true}, {"acpi-s4", true}};
    auto result = chosen(wanted, choose(wanted, catalog));
    BOOST_REQUIRE(!result);
    BOOST_TEST(result.error().code() == Errc::unsupported);
    BOOST_TEST(result.error().message() ==
               "there is no UEFI firmware for pc-q35-7.2 on x86_64, with secure-boot, with acpi-s4");
    auto causes = result.error().causes();
    BOOST_REQUIRE(causes.size() == 3u);
    BOOST_TEST(causes[0] == "10.json: has no feature secure-boot");
    BOOST_TEST(causes[1] == "20.json: has no feature acpi-s4");
    BOOST_TEST(causes[2] == "30.json: cannot be used: it is not JSON: syntax error");
    BOOST_TEST(!result.error().hint().empty());
    auto none = chosen(wanted, choose(wanted, Catalog()));
    BOOST_TEST(none.error().hint().find("ovmf") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(requirements_of_a_definition) {
    model::Domain domain;
    domain.os.firmware = model::FirmwareType::efi;
    domain.os.type.arch = "x86_64";
    domain.os.type.machine = "pc-q35-7.2";
    domain.features.smm = true;
    domain.pm.emplace().suspend_to_mem = true;
    domain.os.loader.emplace().secure = true;
    model::FirmwareFeature keys;
    keys.name = model::FirmwareFeature::Name::enrolled_keys;
    keys.enabled = true;
    domain.os.firmware_features.push_back(keys);
    auto wanted = requirements_of(domain);
    BOOST_TEST(wanted.interface_type == "uefi");
    BOOST_TEST((wanted.smm == true && wanted.secure == true && !wanted.stateless && !wanted.rom));
    BOOST_REQUIRE(wanted.features.size() == 3u);
    BOOST_TEST(wanted.features[0].name == "enrolled-keys");
    BOOST_TEST(wanted.features[1].name == "secure-boot");  // without it keys mean nothing
    BOOST_TEST(wanted.features[2].name == "acpi-s3");
    domain.os.firmware_features.clear(), domain.pm.reset(), domain.os.loader.reset();
    auto names = [&] {
        std::string all;
        for (auto& asked : requirements_of(domain).features) all += asked.name + (asked.enabled ? " " : "! ");
        return all;
    };
    model::SevLaunch sev;
    domain.launch_security = sev;
    BOOST_TEST(names() == "amd-sev ");
    sev.policy = 0x7;
    domain.launch_security = sev;
    BOOST_TEST(names() == "amd-sev amd-sev-es ");
    BOOST_TEST(!requirements_of(domain).sealed);
    domain.launch_security = model::SevSnpLaunch();
    BOOST_TEST(names() == "amd-sev-snp ");
    domain.launch_security = model::TdxLaunch();
    BOOST_TEST(names() == "intel-tdx ");
    BOOST_TEST(requirements_of(domain).sealed);
    auto rom = entry("rom", {"intel-tdx"});  // has no store to be lost
    rom.descriptor.device = Device::memory;
    rom.descriptor.nvram_template.reset();
    BOOST_TEST(reason(requirements_of(domain), rom) == "");
    domain.os.loader.emplace().stateless = false;
    BOOST_TEST(reason(requirements_of(domain), rom) == "is a ROM: it has no variable store");
    domain.launch_security.reset();
    domain.os.firmware = model::FirmwareType::bios;
    domain.os.type.arch.clear();
    BOOST_TEST(requirements_of(domain).interface_type == "bios");
    BOOST_TEST(requirements_of(domain).architecture == host_architecture());
}

BOOST_AUTO_TEST_CASE(what_is_known_about_a_file) {
    auto enrolled = entry("10", {"secure-boot", "enrolled-keys", "requires-smm"});
    auto plain = entry("20", {"secure-boot", "requires-smm"});
    plain.descriptor.executable = enrolled.descriptor.executable;  // as Fedora does: one code, two templates
    Catalog catalog({enrolled, plain});
    auto about = q35();
    about.executable_path = "/c/10";
    BOOST_TEST(describe(about, catalog).entry->name() == "10.json");
    about.template_path = "/v/20";
    BOOST_TEST(describe(about, catalog).entry->name() == "20.json");
    about.features = {{"enrolled-keys", true}};
    BOOST_TEST(describe(about, catalog).contradiction == "20.json: has no feature enrolled-keys");
    about.template_path = "/my/own.fd";
    BOOST_TEST(describe(about, catalog).entry->name() == "10.json");
    about.features = {{"secure-boot", false}};
    BOOST_TEST(describe(about, catalog).contradiction == "10.json: has the feature secure-boot");
    about.executable_path = "/c/unknown";
    BOOST_TEST((!describe(about, catalog).entry && describe(about, catalog).contradiction.empty()));
}

BOOST_AUTO_TEST_CASE(the_descriptors_of_debian) {
    auto catalog = Catalog::load({"/usr/share/qemu/firmware"});
    auto known = [&](std::string_view name) {
        return std::ranges::any_of(catalog.entries(), [&](auto& e) { return e.usable() && e.name() == name; });
    };
    if (!known("40-edk2-x86_64-secure-enrolled.json") || !known("60-edk2-x86_64.json")) {
        BOOST_TEST_MESSAGE("skipped: Debian's package ovmf is not installed here");
        return;
    }
    auto wanted = q35();
    BOOST_TEST(chosen_name(wanted, catalog) == "40-edk2-x86_64-secure-enrolled.json");
    wanted.features = {{"enrolled-keys", false}};
    BOOST_TEST(chosen_name(wanted, catalog) == "50-edk2-x86_64-secure.json");
    wanted.features = {{"secure-boot", false}};
    BOOST_TEST(chosen_name(wanted, catalog) == "60-edk2-x86_64.json");
    wanted = q35();
    wanted.machine = "pc-i440fx-7.2";
    BOOST_TEST(chosen_name(wanted, catalog) == "60-edk2-x86_64.json");
    wanted.features = {{"secure-boot", true}};
    BOOST_TEST(chosen_name(wanted, catalog) == "");
}

BOOST_AUTO_TEST_SUITE_END()
