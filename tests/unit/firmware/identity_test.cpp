// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/identity.hpp"

#include "firmware/nvram.hpp"
#include "firmware/resolve.hpp"
#include "model/domain_xml.hpp"
#include "support/async.hpp"
#include "unit/firmware/fixtures.hpp"

#include <sys/stat.h>

using namespace vireo;
using namespace vireo::firmware;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(identity)

namespace {
using model::FirmwareIdentity;
using model::FirmwarePolicy;

struct Fixture : test::Host {
    fs::path plain = code("plain.fd"), v = vars("v.fd"), data = folder / "data";
    model::Domain domain;
    std::shared_ptr<model::Domain> earlier;
    KnownHashes known;

    Fixture() {
        test::put(low / "60-plain.json", test::split(plain, v, {"acpi-s3", "verbose-dynamic"}));
        domain.name = "d";
        domain.uuid = model::Uuid::parse("0b7e2f4c-9d3a-4f11-8a57-6a0c1d2e3f40");
        domain.memory = 64 << 20;
        domain.features.acpi = true;
        domain.os.type.arch = "x86_64";
        domain.os.type.machine = "pc-q35-7.2";
        domain.os.firmware = model::FirmwareType::efi;
    }
    Catalog catalog() const { return Catalog::load(folders()); }
    Result<> define() {
        ResolveOptions options{data};
        options.known = &known;
        options.earlier = earlier;
        return resolve(domain, catalog(), options);
    }
    FirmwareIdentity recorded() const { return take(model::firmware_identity_of(domain)).value(); }
    void policy(FirmwarePolicy policy) {
        auto identity = recorded();
        identity.policy = policy;
        model::set_firmware_identity(domain, identity);
    }
    Result<Decision> start(bool with_template = false, bool accepted = false) {
        DecideOptions options;
        options.data = data;
        options.with_template = with_template;
        options.accepted = accepted;
        return decide(domain, catalog(), options, known);
    }
    // Refused; its error.
    Error refused(bool with_template = false) {
        auto result = start(with_template);
        BOOST_REQUIRE(!result);
        return result.error();
    }
    void update_package(char letter = 'D', std::size_t size = test::code_size) {
        test::put(plain, std::string(size, letter));
    }
};

bool says(const Error& error, std::string_view text) {
    return std::string(error.what()).find(text) != std::string::npos;
}
}  // namespace

BOOST_FIXTURE_TEST_CASE(recorded_when_it_is_defined, Fixture) {
    take(define());
    auto identity = recorded();
    BOOST_TEST(identity.descriptor == low / "60-plain.json");
    BOOST_TEST(identity.features == (std::vector<std::string>{"acpi-s3", "verbose-dynamic"}));
    BOOST_TEST(identity.code->file == plain);
    BOOST_TEST(identity.code->size == test::code_size);
    BOOST_TEST(identity.code->sha256.size() == 64u);
    BOOST_TEST(identity.store_template->file == v);
    BOOST_TEST(identity.store_template->size == test::store_size);
    BOOST_TEST(!identity.policy.has_value());
    auto text = model::format_domain_xml(domain);
    BOOST_TEST((take(model::parse_domain_xml(text)).domain == domain));
}

BOOST_FIXTURE_TEST_CASE(defining_again_accepts_nothing, Fixture) {
    take(define());
    auto before = domain;
    update_package();
    take(define());
    BOOST_TEST((domain == before));
}

BOOST_FIXTURE_TEST_CASE(the_choice_stays_when_the_original_is_defined_again, Fixture) {
    auto original = domain;
    take(define());
    policy(FirmwarePolicy::ask);
    earlier = std::make_shared<model::Domain>(domain);
    test::put(low / "10-new.json", test::split(code("new.fd"), v));
    update_package();
    domain = original;
    take(define());
    BOOST_TEST(domain.os.loader->path == plain);
    BOOST_TEST((domain == *earlier));  // with its policy, and what was recorded before the update
    // What the new definition asks for and the old choice is not goes before it.
    domain = original;
    model::FirmwareFeature wish;
    wish.name = model::FirmwareFeature::Name::verbose_dynamic;
    domain.os.firmware_features.push_back(wish);
    take(define());
    BOOST_TEST(domain.os.loader->path == share / "new.fd");
    BOOST_TEST((recorded().policy == FirmwarePolicy::ask));
    BOOST_TEST(recorded().code->file == share / "new.fd");
}

BOOST_FIXTURE_TEST_CASE(another_loader_is_recorded_anew, Fixture) {
    take(define());
    policy(FirmwarePolicy::pin);
    domain.os.firmware.reset();
    domain.os.loader->path = code("mine.fd");
    take(define());
    BOOST_TEST(recorded().code->file == share / "mine.fd");
    BOOST_TEST(recorded().descriptor.empty());
    BOOST_TEST(recorded().features.empty());
    BOOST_TEST((recorded().policy == FirmwarePolicy::pin));
}

BOOST_FIXTURE_TEST_CASE(guests_without_code_have_none, Fixture) {
    domain.os.firmware = model::FirmwareType::bios;
    take(define());
    BOOST_TEST(domain.metadata.empty());
    FirmwareIdentity wish;
    wish.policy = FirmwarePolicy::pin;
    model::set_firmware_identity(domain, wish);
    auto result = define();
    BOOST_REQUIRE(!result);
    BOOST_TEST(result.error().code() == Errc::invalid_config);
    domain.os.firmware.reset();
    domain.os.loader.emplace().path = code("rom.bin");  // a ROM of one's own
    result = define();
    BOOST_REQUIRE(!result);
    BOOST_TEST(says(result.error(), "pin is for code in flash"));
    policy(FirmwarePolicy::ask);
    take(define());
    BOOST_TEST(recorded().code->file == share / "rom.bin");
}

BOOST_FIXTURE_TEST_CASE(nothing_changed_nothing_to_do, Fixture) {
    take(define());
    for (bool with_template : {false, true}) {
        auto decision = take(start(with_template));
        BOOST_TEST((decision.code.empty() && decision.store_template.empty() && !decision.update));
    }
    auto standing = take(standing_of(domain, data, catalog(), known)).value();
    BOOST_TEST((standing.same() && !standing.update && !standing.code_kept));
}

BOOST_FIXTURE_TEST_CASE(one_stat_when_unchanged, Fixture) {
    take(define());
    KnownHashes hashes;
    BOOST_TEST(!surely_as_recorded(domain, true, hashes));
    auto identity = recorded();
    auto later = identity_of(plain).changed_ns + 2'000'000'000;
    hashes.note(plain, identity_of(plain), identity.code->sha256, later);
    BOOST_TEST(surely_as_recorded(domain, false, hashes));
    BOOST_TEST(!surely_as_recorded(domain, true, hashes));
    hashes.note(v, identity_of(v), identity.store_template->sha256, later);
    BOOST_TEST(surely_as_recorded(domain, true, hashes));
    update_package();
    BOOST_TEST(!surely_as_recorded(domain, false, hashes));
    // What has just been written may be written again within the same tick of the clock.
    hashes.note(plain, identity_of(plain), identity.code->sha256, identity_of(plain).changed_ns + 1);
    BOOST_TEST(!surely_as_recorded(domain, false, hashes));
}

BOOST_FIXTURE_TEST_CASE(follow_takes_a_compatible_update, Fixture) {
    take(define());
    auto before = recorded();
    update_package();
    auto decision = take(start());
    BOOST_REQUIRE(decision.update.has_value());
    BOOST_TEST(decision.update->identity.code->sha256 != before.code->sha256);
    adopt(domain, *decision.update);
    BOOST_TEST(recorded().code->sha256 == decision.update->identity.code->sha256);
    BOOST_TEST((recorded().features == before.features && recorded().store_template == before.store_template));
    BOOST_TEST(!take(start()).update.has_value());
}

BOOST_FIXTURE_TEST_CASE(follow_never_takes_other_features, Fixture) {
    take(define());
    update_package();
    test::put(low / "60-plain.json", test::split(plain, v, {"acpi-s3", "secure-boot", "verbose-dynamic"}));
    auto error = refused();
    BOOST_TEST(error.code() == Errc::needs_confirmation);
    BOOST_TEST(error.needs() == std::vector<std::string>{"firmware-changed"});
    BOOST_TEST(says(error, "it has the feature secure-boot now"));
    test::put(low / "60-plain.json", test::split(plain, v, {"acpi-s3"}));
    BOOST_TEST(says(refused(), "it has no feature verbose-dynamic now"));
    fs::remove(low / "60-plain.json");
    BOOST_TEST(says(refused(), "its descriptor " + (low / "60-plain.json").string() + " is gone"));
    test::put(low / "60-plain.json", test::split(plain, v, {"acpi-s3", "verbose-dynamic"}));
    update_package('E', 3653632);
    BOOST_TEST(says(refused(), "its code has 3653632 bytes now, not 1966080"));
    BOOST_TEST(take(start(false, true)).update.has_value());  // somebody accepts it
    // Without descriptor nothing is known of its features, before and after.
    update_package();
    fs::remove(low / "60-plain.json");
    auto identity = recorded();
    identity.descriptor.clear();
    identity.features.clear();
    model::set_firmware_identity(domain, identity);
    BOOST_TEST(take(start()).update.has_value());
}

BOOST_FIXTURE_TEST_CASE(follow_finds_what_moved, Fixture) {
    take(define());
    fs::remove(plain);
    auto error = refused();
    BOOST_TEST(error.code() == Errc::not_found);
    BOOST_TEST(says(error, plain.string() + " is gone"));
    BOOST_TEST(says(error, "60-plain.json: cannot be used: its firmware file"));
    BOOST_TEST(!start(false, true).has_value());  // there is nothing to accept
    auto moved = code("moved.fd"), other = vars("other.fd");
    test::put(high / "60-plain.json", test::split(moved, other, {"verbose-dynamic", "acpi-s3"}));
    auto decision = take(start(true));
    BOOST_REQUIRE(decision.update.has_value());
    adopt(domain, *decision.update);
    BOOST_TEST(domain.os.loader->path == moved);
    BOOST_TEST(domain.os.nvram->template_path == other);
    BOOST_TEST(recorded().descriptor == high / "60-plain.json");
    take(define());
    test::put(high / "70-else.json", test::split(code("else.fd"), v, {"verbose-dynamic", "acpi-s3"}));
    fs::remove(moved);
    fs::remove(high / "60-plain.json"), fs::remove(low / "60-plain.json");
    error = refused();  // what fits is other firmware: only somebody may accept it
    BOOST_TEST(error.code() == Errc::needs_confirmation);
    BOOST_TEST(says(error, "it is other firmware, of 70-else.json"));
    BOOST_TEST(take(start(false, true)).update->identity.code->file == share / "else.fd");
    domain.os.firmware.reset();  // a loader of one's own is never replaced
    BOOST_TEST(refused().code() == Errc::not_found);
}

BOOST_FIXTURE_TEST_CASE(a_template_counts_when_it_is_used, Fixture) {
    take(define());
    test::put(v, test::volume(test::store_size, 'x'));
    BOOST_TEST(!take(start(false)).update.has_value());
    BOOST_TEST(take(start(true)).update.has_value());
    policy(FirmwarePolicy::ask);
    BOOST_TEST(!take(start(false)).update.has_value());
    BOOST_TEST(says(refused(true), "the variable store template " + v.string() + " is not what was recorded"));
    fs::remove(v);
    BOOST_TEST(!take(start(false)).update.has_value());
}

BOOST_FIXTURE_TEST_CASE(ask_leaves_it_to_a_person, Fixture) {
    take(define());
    policy(FirmwarePolicy::ask);
    BOOST_TEST(!take(start()).update.has_value());
    update_package();
    auto error = refused();
    BOOST_TEST(error.code() == Errc::needs_confirmation);
    BOOST_TEST(says(error, "the guest's policy is ask"));
    BOOST_TEST(error.hint().find("vireo firmware accept") != std::string::npos);
    BOOST_TEST(take(start(false, true)).update.has_value());
}

BOOST_FIXTURE_TEST_CASE(pin_boots_from_its_copy, Fixture) {
    take(define());
    policy(FirmwarePolicy::pin);
    const auto old_code = test::get(plain), old_template = test::get(v);
    take(keep_copies(data, domain));
    take(keep_copies(data, domain));  // again: nothing to do
    auto copy = kept_copy(data, *domain.uuid, recorded().code->sha256);
    BOOST_TEST((test::get(copy) == old_code));
    auto site = site_of(domain, data).value();  // what is done to its store between starts uses them too
    BOOST_TEST(site.code == copy);
    BOOST_TEST(site.template_path == kept_copy(data, *domain.uuid, recorded().store_template->sha256));
    struct stat status{};
    BOOST_REQUIRE(::stat(copy.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777) == 0600u);
    BOOST_REQUIRE(::stat(copy.parent_path().c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777) == 0700u);
    update_package();
    test::put(v, test::volume(test::store_size, 'x'));
    auto decision = take(start(true));
    BOOST_TEST(decision.code == copy);
    BOOST_TEST((test::get(decision.store_template) == old_template));
    BOOST_TEST(!decision.update.has_value());
    fs::remove(plain);
    BOOST_TEST(take(start()).code == copy);
    take(define());  // also when the package is gone
    // Accepted all the same: a copy of the new one, and none of the old.
    update_package();
    auto accepted = take(start(false, true));
    BOOST_REQUIRE(accepted.update.has_value());
    adopt(domain, *accepted.update);
    take(keep_copies(data, domain));
    BOOST_TEST(!fs::exists(copy));
    BOOST_TEST(fs::exists(kept_copy(data, *domain.uuid, recorded().code->sha256)));
    take(drop_copies(data, *domain.uuid));
    take(drop_copies(data, *domain.uuid));
    BOOST_TEST(!fs::exists(data / "nvram" / domain.uuid->to_string()));
}

BOOST_FIXTURE_TEST_CASE(pin_without_a_copy_is_left_to_a_person, Fixture) {
    take(define());
    policy(FirmwarePolicy::pin);
    update_package();
    BOOST_TEST(says(refused(), "no copy of it was kept"));
    auto kept = keep_copies(data, domain);
    BOOST_REQUIRE(!kept);
    BOOST_TEST(kept.error().code() == Errc::conflict);
    std::error_code ignored;
    for (auto& entry : fs::recursive_directory_iterator(data, ignored)) BOOST_TEST(entry.is_directory());
}

BOOST_FIXTURE_TEST_CASE(accepting_other_features_changes_what_follows_from_them, Fixture) {
    take(define());
    update_package();
    test::put(low / "60-plain.json", test::split(plain, v, {"requires-smm", "secure-boot"}));
    auto decision = take(start(false, true));
    adopt(domain, *decision.update);
    BOOST_TEST((domain.features.smm == true && domain.os.loader->secure == true));
    for (auto& feature : domain.os.firmware_features)
        BOOST_TEST(feature.enabled == (feature.name == model::FirmwareFeature::Name::secure_boot));
    take(define());  // and agrees with itself
}

BOOST_FIXTURE_TEST_CASE(files_that_are_no_files, Fixture) {
    BOOST_TEST(record_of(share / "absent", known).error().code() == Errc::not_found);
    BOOST_TEST(record_of(share, known).error().code() == Errc::invalid_config);
    BOOST_REQUIRE(::mkfifo((share / "fifo").c_str(), 0600) == 0);
    BOOST_TEST(record_of(share / "fifo", known).error().code() == Errc::invalid_config);
    fs::create_symlink(plain, share / "link");
    BOOST_TEST(take(record_of(share / "link", known)).sha256 == take(record_of(plain, known)).sha256);
    test::put(share / "empty", "");
    BOOST_TEST(take(record_of(share / "empty", known)).sha256 ==
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

BOOST_AUTO_TEST_SUITE_END()
