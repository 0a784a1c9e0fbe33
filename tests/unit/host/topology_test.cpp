// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host/topology.hpp"

#include "support/file.hpp"
#include "tests/support/async.hpp"
#include "tests/support/folder.hpp"

using namespace vireo;
using namespace vireo::host;

namespace {

// A machine of two NUMA nodes with two cores of two threads each, as its sysfs would show it.
struct Machine {
    Machine() {
        put("sys/devices/system/cpu/online", "0-7\n");
        put("sys/devices/system/node/online", "0-1\n");
        for (unsigned cpu = 0; cpu < 8; ++cpu) {
            auto base = "sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/";
            auto first = cpu / 2 * 2;
            put(base + "topology/physical_package_id", std::to_string(cpu / 4));
            put(base + "topology/die_id", "0");
            put(base + "topology/core_id", std::to_string(cpu % 4 / 2));
            put(base + "topology/thread_siblings_list", std::to_string(first) + "-" + std::to_string(first + 1));
            put(base + "cache/index3/id", std::to_string(cpu / 4));
            put(base + "cache/index3/level", "3");
            put(base + "cache/index3/type", "Unified");
            put(base + "cache/index3/size", "8192K");
            put(base + "cache/index3/shared_cpu_list", cpu < 4 ? "0-3" : "4-7");
        }
        for (unsigned node = 0; node < 2; ++node) {
            auto base = "sys/devices/system/node/node" + std::to_string(node) + "/";
            put(base + "meminfo", "Node 0 MemTotal:       4194304 kB\nNode 0 MemFree: 1 kB\n");
            put(base + "cpulist", node ? "4-7\n" : "0-3\n");
            put(base + "distance", node ? "21 10\n" : "10 21\n");
            put(base + "hugepages/hugepages-2048kB/nr_hugepages", "16\n");
        }
    }
    void put(const std::string& name, const std::string& content) {
        take(make_folder((root.path() / name).parent_path()));
        take(replace_file(root.path() / name, content, 0600, Durable::no));
    }
    test::Folder root;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(host_topology)

BOOST_AUTO_TEST_CASE(two_nodes) {
    Machine machine;
    auto topology = read_topology(machine.root.path());
    BOOST_REQUIRE(topology.nodes.size() == 2u);
    auto& second = topology.nodes[1];
    BOOST_TEST(second.memory == 4194304ull * 1024);
    BOOST_REQUIRE(second.cpus.size() == 4u);
    BOOST_TEST(second.cpus[1].id == 5u);
    BOOST_TEST(second.cpus[1].socket == 1u);
    BOOST_TEST(second.cpus[1].siblings == "4-5");
    BOOST_REQUIRE(second.distances.size() == 2u);
    BOOST_TEST(second.distances[0].value == 21u);
    BOOST_REQUIRE(second.pages.size() == 2u);
    BOOST_TEST(second.pages[1].size == 2048u * 1024);
    BOOST_TEST(second.pages[1].count == 16u);
    BOOST_TEST(topology.sockets == 2u);
    BOOST_TEST(topology.dies == 1u);
    BOOST_TEST(topology.cores == 2u);
    BOOST_TEST(topology.threads == 2u);
    BOOST_REQUIRE(topology.caches.size() == 2u);
    BOOST_TEST(topology.caches[1].size == 8192u * 1024);
    BOOST_TEST(topology.caches[1].cpus == "4-7");
}

BOOST_AUTO_TEST_CASE(a_machine_without_numa_is_one_node) {
    Machine machine;
    std::filesystem::remove_all(machine.root.path() / "sys/devices/system/node");
    machine.put("proc/meminfo", "MemTotal:        1000 kB\n");
    auto topology = read_topology(machine.root.path());
    BOOST_REQUIRE(topology.nodes.size() == 1u);
    BOOST_TEST(topology.nodes[0].memory == 1000u * 1024);
    BOOST_TEST(topology.nodes[0].cpus.size() == 8u);
}

BOOST_AUTO_TEST_CASE(this_machine_and_an_empty_one) {
    BOOST_TEST(!read_topology().nodes.at(0).cpus.empty());
    test::Folder nothing;
    auto topology = read_topology(nothing.path());
    BOOST_REQUIRE(topology.nodes.size() == 1u);
    BOOST_TEST(topology.nodes[0].memory == 0u);
    BOOST_TEST(read_cpu_identity(nothing.path()).flags.empty());
    BOOST_TEST(!has_iommu(nothing.path()));
}

BOOST_AUTO_TEST_CASE(lists_of_processors) {
    using List = std::vector<unsigned>;
    BOOST_TEST(parse_cpu_list("0-2,5\n") == (List{0, 1, 2, 5}), boost::test_tools::per_element());
    BOOST_TEST(parse_cpu_list("").empty());
    BOOST_TEST(parse_cpu_list("7-3").empty());
    BOOST_TEST(parse_cpu_list("1,x,2") == List{1}, boost::test_tools::per_element());
    BOOST_TEST(parse_cpu_list("0-99999999").empty());
}

BOOST_AUTO_TEST_CASE(the_processor) {
    Machine machine;
    machine.put("proc/cpuinfo",
                "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: A CPU\n"
                "stepping\t: 7\nmicrocode\t: 0x5003\nflags\t\t: fpu vme  sse\n\nprocessor\t: 1\nflags\t\t: other\n");
    auto cpu = read_cpu_identity(machine.root.path());
    BOOST_TEST(cpu.vendor == "GenuineIntel");
    BOOST_TEST(cpu.model == "A CPU");
    BOOST_TEST((cpu.signature_model == 85u));
    BOOST_TEST((cpu.microcode == 0x5003u));
    BOOST_TEST(cpu.flags == (std::vector<std::string>{"fpu", "vme", "sse"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
