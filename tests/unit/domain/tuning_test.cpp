// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/tuning.hpp"

#include "domain/servable.hpp"
#include "model/domain_xml.hpp"
#include "tests/support/async.hpp"

using namespace vireo;
using namespace vireo::domain;

namespace {

model::Domain with(const std::string& more, const std::string& devices = {}) {
    auto xml = "<domain type='qemu'><name>a</name><memory>1024</memory>" + more +
               "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>" + devices + "</devices></domain>";
    return take(model::parse_domain_xml(xml)).domain;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(domain_tuning)

BOOST_AUTO_TEST_CASE(limits_are_the_definitions) {
    auto limits = limits_of(
        with("<blkiotune><weight>300</weight></blkiotune><memtune><hard_limit unit='MiB'>64</hard_limit></memtune>"
             "<vcpu>1</vcpu><cputune><shares>512</shares><global_quota>20000</global_quota></cputune>"));
    BOOST_TEST((limits.cpu_weight == 512u));
    BOOST_TEST((limits.cpu_quota == 20000));
    BOOST_TEST((limits.memory_hard == 64u << 20));
    BOOST_TEST((limits.io_weight == 300u));
    BOOST_TEST(limits_of(with("")).empty());
    BOOST_TEST(!tunes_threads(with("")));
}

BOOST_AUTO_TEST_CASE(each_thread_gets_what_is_its_own) {
    auto domain = with(
        "<vcpu cpuset='0-3'>2</vcpu><iothreads>1</iothreads><cputune><vcpupin vcpu='1' cpuset='2'/>"
        "<emulatorpin cpuset='0'/><iothreadpin iothread='1' cpuset='3'/>"
        "<vcpusched vcpus='0' scheduler='fifo' priority='5'/></cputune>");
    BOOST_TEST(tunes_threads(domain));
    Threads threads;
    threads.process = 10;
    threads.all = {10, 11, 12, 13, 14};
    threads.vcpus = {{0, 12}, {1, 13}};
    threads.iothreads = {{1, 14}};
    std::map<pid_t, std::vector<unsigned>> cpus;
    int scheduled = 0;
    for (auto& setting : thread_settings(domain, threads)) {
        if (!setting.cpus.empty()) cpus[setting.thread] = setting.cpus;
        if (!setting.policy) continue;
        ++scheduled;
        BOOST_TEST(setting.thread == 12);
        BOOST_TEST(setting.priority == 5);
    }
    BOOST_TEST(scheduled == 1);
    using List = std::vector<unsigned>;
    BOOST_TEST(cpus[10] == List{0}, boost::test_tools::per_element());
    BOOST_TEST(cpus[11] == List{0}, boost::test_tools::per_element());
    BOOST_TEST(cpus[12] == (List{0, 1, 2, 3}), boost::test_tools::per_element());
    BOOST_TEST(cpus[13] == List{2}, boost::test_tools::per_element());
    BOOST_TEST(cpus[14] == List{3}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(quotas_are_of_groups_of_threads) {
    auto domain = with(
        "<vcpu>2</vcpu><iothreads>1</iothreads><cputune><period>50000</period><quota>20000</quota>"
        "<emulator_quota>30000</emulator_quota><iothread_quota>-1</iothread_quota></cputune>");
    BOOST_TEST(tunes_threads(domain));
    Threads threads;
    threads.all = {10, 11, 12, 13, 14};
    threads.vcpus = {{0, 12}, {1, 13}};
    threads.iothreads = {{1, 14}};
    auto limits = thread_limits(domain, threads);
    BOOST_REQUIRE_EQUAL(limits.size(), 3u);
    BOOST_TEST(limits[0].name == "emulator");
    BOOST_TEST(limits[0].threads == (std::vector<pid_t>{10, 11}), boost::test_tools::per_element());
    BOOST_TEST(!limits[0].period.has_value());
    BOOST_TEST(limits[2].name == "vcpu1");
    BOOST_TEST(limits[2].threads == std::vector<pid_t>{13}, boost::test_tools::per_element());
    BOOST_TEST((limits[2].period == 50000u));
    BOOST_TEST(limits[2].quota == 20000);
}

BOOST_AUTO_TEST_CASE(an_advised_place_is_for_all_threads) {
    auto domain = with("<vcpu placement='auto'>1</vcpu>");
    BOOST_TEST(asks_for_advice(domain));
    BOOST_TEST(!asks_for_advice(with("<vcpu>1</vcpu>")));
    Threads threads;
    threads.all = {10, 11};
    auto settings = thread_settings(domain, threads, {2, 3});
    BOOST_REQUIRE_EQUAL(settings.size(), 2u);
    BOOST_TEST(settings[1].cpus == (std::vector<unsigned>{2, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(threads_of_this_process_can_be_pinned) {
    auto threads = host::threads_of(::getpid());
    BOOST_REQUIRE(!threads.empty());
    BOOST_CHECK(host::pin_thread(threads.front(), {}).error().code() == Errc::invalid_argument);
    BOOST_CHECK(host::pin_thread(threads.front(), {16000}).error().code() == Errc::invalid_argument);
    BOOST_TEST(host::threads_of(0x7ffffff0).empty());
}

BOOST_AUTO_TEST_CASE(what_is_not_served_is_refused_by_its_path) {
    const auto refused = [](const model::Domain& domain, std::string_view path) {
        auto served = check_servable(domain);
        BOOST_REQUIRE(!served);
        BOOST_CHECK(served.error().code() == Errc::unsupported);
        BOOST_TEST(served.error().message().find(path) != std::string::npos, served.error().message());
    };
    BOOST_TEST(check_servable(with("<vcpu>1</vcpu>", "<interface type='user'/>")).has_value());
    refused(with("", "<interface type='user'/><interface type='network'><source network='default'/></interface>"),
            "devices/interface[2]");
    refused(with("<perf><event name='cmt' enabled='yes'/></perf>"), "perf");
    refused(with("",
                 "<tpm model='tpm-crb'><backend type='emulator' version='2.0'><encryption "
                 "secret='11111111-2222-3333-4444-555555555555'/></backend></tpm>"),
            "devices/tpm[1]/backend/encryption");
    refused(with("<seclabel type='dynamic' model='smack'/>"), "seclabel[1]");
    refused(with("", "<disk type='volume'><source pool='p' volume='v'/><target dev='vda' bus='virtio'/></disk>"),
            "devices/disk[1]");
}

BOOST_AUTO_TEST_SUITE_END()
