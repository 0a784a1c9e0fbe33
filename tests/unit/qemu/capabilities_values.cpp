// SPDX-License-Identifier: LGPL-2.1-or-later
#include "process_fake.hpp"
#include "qemu/capabilities_cache.hpp"
#include "qemu/process_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

using namespace vireo;
using namespace vireo::qemu;

BOOST_AUTO_TEST_SUITE(capabilities_values)

namespace {

MachineType machine(std::string name, std::string alias = {}, bool is_default = false) {
    MachineType m;
    m.name = std::move(name);
    m.alias = std::move(alias);
    m.is_default = is_default;
    m.default_cpu = "qemu64";
    m.cpu_max = 288;
    m.hotpluggable_cpus = true;
    return m;
}

Capabilities sample() {
    Capabilities c;
    c.binary = "/usr/bin/qemu-system-x86_64";
    auto& f = c.files.emplace_back();
    f.path = c.binary;
    f.device = 0xffffffffffffffff;
    f.inode = 12;
    f.size = 13;
    f.modified_nsec = 1'700'000'000'000'000'001;
    f.changed_nsec = -5;
    c.host = "boot";
    c.version = {7, 2, 22};
    c.package = "Debian";
    c.arch = "x86_64";
    c.kvm_present = c.tcg = true;
    c.machines = {machine("microvm"), machine("pc-i440fx-7.2", "pc", true), machine("pc-q35-7.2", "q35")};
    CpuModel cpu;
    cpu.name = "Haswell";
    cpu.usable = true;
    c.cpus.push_back(cpu);
    c.types = NameSet({"virtio-net-pci", "virtio-blk-pci", "virtio-blk-pci", "VGA"});
    c.commands = NameSet({"cont"});
    c.options = NameSet({"sandbox", "sandbox.spawn"});
    return c;
}

}  // namespace

BOOST_AUTO_TEST_CASE(name_set) {
    NameSet empty;
    BOOST_TEST(!empty.contains(""));
    NameSet set({"b", "a", "abc", "b", "", "abd"});
    BOOST_TEST(set.size() == 5u);
    for (auto* name : {"", "a", "b", "abc", "abd"}) BOOST_TEST(set.contains(name), name);
    for (auto* name : {"ab", "c", "abcd", "B"}) BOOST_TEST(!set.contains(name), name);
    BOOST_TEST(set[2] == "abc");
}

BOOST_AUTO_TEST_CASE(questions) {
    auto c = sample();
    BOOST_TEST(c.has_device("virtio-blk-pci"));
    BOOST_TEST(!c.has_device("virtio-blk"));
    BOOST_TEST(c.has_option("sandbox"));
    BOOST_TEST(c.has_option("sandbox", "spawn"));
    BOOST_TEST(!c.has_option("sandbox", "x"));
    BOOST_TEST(c.canonical_machine("q35").value() == "pc-q35-7.2");
    BOOST_TEST(c.canonical_machine("pc-q35-7.2").value() == "pc-q35-7.2");
    BOOST_TEST(c.default_machine()->alias == "pc");
    BOOST_TEST(!c.machine(""));
    BOOST_TEST(c.cpu("Haswell") != nullptr);
    BOOST_TEST(c.cpu("haswell") == nullptr);
    BOOST_TEST(c.has_accelerator(Accelerator::tcg));
    BOOST_TEST(!c.has_accelerator(Accelerator::kvm));
    auto wrong = c.canonical_machine("q53");
    BOOST_REQUIRE(!wrong);
    BOOST_TEST((wrong.error().code() == Errc::unsupported));
    BOOST_TEST(wrong.error().hint().find("'q35'") != std::string::npos);
    auto far = c.canonical_machine("raspberry");
    BOOST_TEST(far.error().hint().find("Did you mean") == std::string::npos);
    BOOST_TEST((QemuVersion{7, 2, 0} < QemuVersion{7, 10, 0}));
    BOOST_TEST(c.version.text() == "7.2.22");
    BOOST_TEST(guest_arch("i386") == "i686");
    BOOST_TEST(qemu_target("armv7l") == "arm");
    BOOST_TEST(guest_arch("riscv64") == "riscv64");
}

BOOST_AUTO_TEST_CASE(document_round_trip) {
    auto c = sample();
    auto text = json::serialize(to_json(c));
    auto back = capabilities_from_json(json::parse(text));
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST(json::serialize(to_json(*back)) == text);
    BOOST_TEST((back->files == c.files));
    BOOST_TEST((back->version == c.version));

    CpuExpansion e;
    e.model = "qemu64";
    e.on = NameSet({"sse2"});
    e.off = NameSet({"avx"});
    e.values = {{"family", "6"}};
    auto again = cpu_expansion_from_json(json::parse(json::serialize(to_json(e))));
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->on.contains("sse2"));
    BOOST_TEST((again->values == e.values));
}

BOOST_AUTO_TEST_CASE(a_damaged_document_is_refused) {
    auto whole = to_json(sample());
    auto keys = std::vector<std::string>();
    for (auto& member : whole) keys.emplace_back(member.key());
    for (auto& key : keys) {
        auto less = whole;
        less.erase(key);
        BOOST_TEST(!capabilities_from_json(less), key);
        auto other = whole;
        other[key] = nullptr;
        BOOST_TEST(!capabilities_from_json(other), key);
    }
    auto newer = whole;
    newer["format"] = 999;
    BOOST_TEST(!capabilities_from_json(newer));
    auto machines = whole;
    machines["machines"].as_array().push_back(3);
    BOOST_TEST(!capabilities_from_json(machines));
    auto files = whole;
    files["files"].as_array().clear();
    BOOST_TEST(!capabilities_from_json(files));
    BOOST_TEST(!capabilities_from_json(json::value("x")));
    BOOST_TEST(!cpu_expansion_from_json(whole));
}

BOOST_AUTO_TEST_CASE(finding_binaries) {
    vireo::test::Folder one, two;
    auto put = [](const std::filesystem::path& path, mode_t mode) { take(replace_file(path, "#!/bin/sh\n", mode)); };
    put(one / "qemu-system-x86_64", 0755);
    put(one / "qemu-system-i386", 0755);
    put(one / "qemu-system-aarch64", 0644);  // may not be run
    put(one / "qemu-system-x86_64-microvm", 0755);
    put(one / "qemu-img", 0755);
    put(two / "qemu-system-x86_64", 0755);
    put(two / "qemu-kvm", 0755);
    std::filesystem::create_directory(two / "qemu-system-arm");
    std::vector<std::filesystem::path> folders{one.path(), two.path(), "/nonexistent"};
    auto all = find_binaries(folders);
    std::vector<QemuBinary> expected{{(one / "qemu-system-i386").string(), "i686"},
                                     {(one / "qemu-system-x86_64").string(), "x86_64"}};
    if (host_arch() == "x86_64") {
        expected.push_back({(two / "qemu-system-x86_64").string(), "x86_64"});
        expected.push_back({(two / "qemu-kvm").string(), "x86_64"});
        BOOST_TEST((all == expected));
    }
    BOOST_TEST(default_binary("x86_64", folders).value() == (one / "qemu-system-x86_64").string());
    auto none = default_binary("s390x", folders);
    BOOST_REQUIRE(!none);
    BOOST_TEST((none.error().code() == Errc::not_found));
    BOOST_TEST(!none.error().hint().empty());
}

BOOST_AUTO_TEST_CASE(last_words_of_a_program) {
    BOOST_TEST(last_words("") == "");
    BOOST_TEST(last_words("\n\n  \r\n") == "");
    BOOST_TEST(last_words("qemu: warning: slow\nqemu: -drive: no such file\n") == "qemu: -drive: no such file");
    BOOST_TEST(last_words("qemu: warning: slow\n") == "qemu: warning: slow");
    BOOST_TEST(last_words("1\n2\n3\n4\n5\n6\n7") == "3; 4; 5; 6; 7");
    BOOST_TEST(last_words("a\x1b[31mb\xff") == "a?[31mb?");
    BOOST_TEST(last_words("Größe") == "Größe");
    BOOST_TEST(last_words(std::string(100000, 'x')).size() == 1024u);
    vireo::test::Folder folder;
    take(replace_file(folder / "log", "old\nnew: it broke\n"));
    auto fd = take(open_file(folder / "log", 0));
    BOOST_TEST(last_words_of(fd.get(), 4) == "new: it broke");
    BOOST_TEST(last_words_of(-1, 0) == "");
}

BOOST_AUTO_TEST_SUITE_END()
