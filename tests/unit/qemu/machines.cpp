// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/capabilities.hpp"
#include "qemu/machine.hpp"
#include "qemu/newest_known.hpp"
#include "qemu/numa.hpp"

#include <boost/test/unit_test.hpp>

namespace vireo::qemu {

BOOST_AUTO_TEST_CASE(machines_by_name_and_architecture) {
    struct Case {
        const char *arch, *name;
        MachineKind kind;
        bool pcie, pci, isa;
    };
    for (const auto& c : {Case{"x86_64", "pc-q35-8.0", MachineKind::q35, true, false, true},
                          Case{"i686", "pc", MachineKind::i440fx, false, true, true},
                          Case{"x86_64", "pc-1.2", MachineKind::i440fx, false, true, true},
                          Case{"x86_64", "isapc", MachineKind::isapc, false, false, true},
                          Case{"x86_64", "microvm", MachineKind::microvm, false, false, true},
                          Case{"aarch64", "virt-7.2", MachineKind::virt, true, false, false},
                          Case{"armv7l", "vexpress-a9", MachineKind::vexpress, false, false, false},
                          Case{"armv6l", "versatilepb", MachineKind::versatilepb, false, true, false},
                          Case{"riscv64", "virt", MachineKind::virt, true, false, false},
                          Case{"ppc64", "pseries-7.2", MachineKind::pseries, false, true, false},
                          Case{"ppc", "g3beige", MachineKind::ppc, false, true, false},
                          Case{"s390x", "s390-ccw-virtio", MachineKind::ccw, false, true, false},
                          Case{"sparc", "SS-5", MachineKind::board, false, true, false},
                          Case{"x86_64", "virt", MachineKind::board, false, false, true},
                          Case{"s390x", "q35", MachineKind::board, false, false, false}}) {
        const auto machine = machine_of(c.arch, c.name);
        BOOST_TEST_CONTEXT(c.arch << ' ' << c.name) {
            BOOST_TEST((machine.kind == c.kind));
            BOOST_TEST(machine.pcie_root() == c.pcie);
            BOOST_TEST(machine.pci_root() == c.pci);
            BOOST_TEST(machine.has_isa() == c.isa);
        }
    }
    BOOST_TEST((machine_of("x86_64", "pc-q35-2.3").version == MachineVersion{2, 3}));
    BOOST_TEST(machine_of("x86_64", "pc-q35-2.3").builtin_fdc());
    BOOST_TEST(!machine_of("x86_64", "pc-q35-2.4").builtin_fdc());
    BOOST_TEST(!machine_of("x86_64", "q35").builtin_fdc());
    BOOST_TEST(!machine_of("x86_64", "pc-q35-rhel8.6.0").version.has_value());
}

BOOST_AUTO_TEST_CASE(machines_which_binary_runs_what) {
    BOOST_TEST(runs("x86_64", "i686"));
    BOOST_TEST(!runs("i686", "x86_64"));
    BOOST_TEST(runs("armv7l", "armv6l"));
    BOOST_TEST(runs("ppc64", "ppc64le"));
    BOOST_TEST(runs("aarch64", "armv7l"));
    BOOST_TEST(!runs("x86_64", "aarch64"));
}

BOOST_AUTO_TEST_CASE(newest_known_has_what_each_architecture_has) {
    const auto x86 = newest_known("x86_64");
    BOOST_REQUIRE(x86);
    BOOST_TEST(x86->has_device("virtio-blk-pci"));
    BOOST_TEST(x86->has_device("isa-serial"));
    BOOST_TEST(!x86->has_device("virtio-blk-ccw"));
    BOOST_TEST(x86->has_object("memory-backend-memfd"));
    BOOST_TEST(take(x86->canonical_machine("q35")) == "pc-q35-8.0");
    BOOST_TEST(take(x86->canonical_machine("pc")) == "pc-i440fx-8.0");
    BOOST_TEST(x86->default_machine()->alias == "pc");
    BOOST_TEST(x86->machine("pc-i440fx-2.12"));
    BOOST_TEST(!x86->machine("pc-i440fx-2.13"));
    BOOST_TEST(x86->cpu("Haswell"));
    const auto s390 = newest_known("s390x");
    BOOST_REQUIRE(s390);
    BOOST_TEST(s390->has_device("virtio-blk-ccw"));
    BOOST_TEST(s390->has_device("zpci"));
    BOOST_TEST(!s390->has_device("isa-serial"));
    const auto arm = newest_known("aarch64");
    BOOST_REQUIRE(arm);
    BOOST_TEST(!arm->default_machine());  // QEMU for arm chooses none
    BOOST_TEST(arm->machine("raspi3b"));
    BOOST_TEST(newest_known("ppc64le")->has_device("spapr-vscsi"));
    BOOST_TEST(newest_known("armv6l")->machine("versatilepb"));
    BOOST_TEST(newest_known(""));
    BOOST_TEST(!newest_known("pdp11"));
}

BOOST_AUTO_TEST_CASE(newest_known_takes_machines_that_could_be) {
    BOOST_TEST(newest_known("x86_64", "pc-q35-rhel9.2.0")->machine("pc-q35-rhel9.2.0"));
    BOOST_TEST(newest_known("x86_64", "pc-q35-99.1")->machine("pc-q35-99.1"));
    BOOST_TEST(newest_known("i686", "pc-0.13")->machine("pc-0.13"));
    BOOST_TEST(newest_known("aarch64", "virt-9.1")->machine("virt-9.1"));
    for (const char* wrong : {"q36", "pc-q35-", "pc-q35-8.0,x=y", "virt-7.2", "pc-q35-8.0 "})
        BOOST_TEST(!newest_known("x86_64", wrong)->machine(wrong), wrong);
}

BOOST_AUTO_TEST_CASE(machines_have_places_on_virtio_mmio) {
    BOOST_TEST(machine_of("armv7l", "vexpress-a9").virtio_mmio_transports() == 4u);
    BOOST_TEST(machine_of("aarch64", "virt").virtio_mmio_transports() == 32u);
    BOOST_TEST(machine_of("x86_64", "q35").virtio_mmio_transports() == 0u);
}

BOOST_AUTO_TEST_CASE(memory_modules_are_whole) {
    constexpr std::uint64_t mebibyte = 1u << 20;
    model::Domain domain;
    domain.os.type.arch = "x86_64";
    domain.os.type.machine = "pc-q35-7.2";
    model::MemoryDevice device;
    device.target.size = 511 * mebibyte;
    BOOST_TEST(module_memory(domain, device) == 512 * mebibyte);
    domain.os.type.arch = "ppc64";
    domain.os.type.machine = "pseries-7.2";
    device.target.size = 513 * mebibyte;
    BOOST_TEST(module_memory(domain, device) == 768 * mebibyte);
    device.model = model::MemoryDevice::Model::nvdimm;  // what is left beside the label and whole parts is not used
    device.target.label.emplace().size = mebibyte / 8;
    BOOST_TEST(module_memory(domain, device) == 512 * mebibyte + mebibyte / 8);
}

}  // namespace vireo::qemu
