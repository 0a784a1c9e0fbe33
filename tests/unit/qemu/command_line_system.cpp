// SPDX-License-Identifier: LGPL-2.1-or-later
// The command line of what is outside the devices, for the newest QEMU that is known, by paths.
#include "qemu/command_line.hpp"
#include "qemu/cpu_check.hpp"
#include "qemu/newest_known.hpp"
#include "unit/qemu/assign_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fmt/ranges.h>

using namespace vireo;
using namespace vireo::qemu;
using namespace vireo::qemu::test;

namespace {

struct Guest {
    std::string type = "kvm", arch = "x86_64", machine = "pc", os, features, rest, vcpu = "<vcpu>4</vcpu>";
    std::string xml() const {
        return fmt::format(
            "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' "
            "type='{}'><name>guest</name><uuid>{}</uuid>"
            "<memory unit='KiB'>219100</memory>{}<os><type arch='{}' machine='{}'>hvm</type>{}</os>"
            "<features>{}{}</features>{}<devices><emulator>/usr/bin/qemu</emulator>"
            "<memballoon model='none'/></devices></domain>",
            type, test_uuid, vcpu, arch, machine, os, arch == "x86_64" ? "<acpi/>" : "", features, rest);
    }
};

Result<CommandLine> try_line(const Guest& guest) {
    auto parsed = model::parse_domain_xml(guest.xml());
    if (!parsed) return Failure(parsed.error());
    auto domain = std::move(parsed->domain);
    const auto qemu = newest_known(domain);
    if (auto done = complete(domain, *qemu); !done) return Failure(done.error());
    take(assign_aliases(domain));
    return build_command_line(domain, *qemu, Resources::for_display(domain));
}

std::vector<std::string> values(const Guest& guest, std::string_view option) {
    const auto line = take(try_line(guest));
    std::vector<std::string> found;
    for (std::size_t i = 0; i + 1 < line.argv.size(); ++i)
        if (line.argv[i] == option) found.push_back(line.argv[i + 1]);
    return found;
}

void has(const Guest& guest, std::string_view option, std::string_view expected) {
    const auto found = values(guest, option);
    const bool there = std::ranges::find(found, expected) != found.end();
    BOOST_TEST(there, option << " has no\n" << expected << "\nbut\n" << fmt::format("{}", fmt::join(found, "\n")));
}
void holds(const Guest& guest, std::string_view option, std::string_view piece) {
    const auto found = values(guest, option);
    BOOST_TEST(std::ranges::any_of(found, [&](const auto& value) { return value.contains(piece); }),
               option << " does not hold " << piece << ": " << fmt::format("{}", fmt::join(found, "\n")));
}
void refuses(const Guest& guest, std::string_view why) {
    const auto line = try_line(guest);
    BOOST_REQUIRE(!line);
    BOOST_TEST(line.error().message().contains(why), line.error().message());
}

Guest with(std::string rest) {
    Guest guest;
    guest.rest = std::move(rest);
    return guest;
}
Guest with_features(std::string features) {
    Guest guest;
    guest.features = std::move(features);
    return guest;
}
Guest on(std::string arch, std::string machine, std::string features = {}) {
    Guest guest;
    guest.arch = std::move(arch);
    guest.machine = std::move(machine);
    guest.features = std::move(features);
    guest.type = "qemu";
    return guest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_of_the_system)

BOOST_AUTO_TEST_CASE(machines) {
    holds(with_features("<vmport state='off'/><ioapic driver='qemu'/>"), "-machine",
          ",usb=off,vmport=off,kernel_irqchip=split,dump-guest-core=off,memory-backend=pc.ram");
    holds(with("<memoryBacking><nosharepages/></memoryBacking>"), "-machine", ",mem-merge=off");
    holds(on("aarch64", "virt"), "-machine", ",gic-version=2,");
    holds(on("aarch64", "virt", "<gic version='3'/>"), "-machine", ",gic-version=3,");
    holds(on("ppc64", "pseries", "<hpt resizing='required'/><htm state='on'/><ibs value='fixed-ccd'/>"), "-machine",
          ",resize-hpt=required,cap-htm=on,cap-ibs=fixed-ccd");
    auto s390 = on("s390x", "s390-ccw-virtio");
    s390.rest = "<keywrap><cipher name='aes' state='off'/></keywrap><launchSecurity type='s390-pv'/>";
    holds(s390, "-machine", ",aes-key-wrap=off,");
    holds(s390, "-machine", ",confidential-guest-support=lsec0");
    has(s390, "-object", R"({"qom-type":"s390-pv-guest","id":"lsec0"})");
    has(with_features("<kvm><dirty-ring state='on' size='4096'/></kvm>"), "-accel", "kvm,dirty-ring-size=4096");
    auto tcg = with_features("<tcg><tb-cache unit='MiB'>100</tb-cache></tcg>");
    tcg.type = "qemu";
    has(tcg, "-accel", "tcg,tb-size=100");
    auto q35 = with_features("<smm state='on'><tseg unit='MiB'>48</tseg></smm>");
    q35.machine = "q35";
    has(q35, "-global", "mch.extended-tseg-mbytes=48");
    has(with("<launchSecurity type='sev'><cbitpos>47</cbitpos><reducedPhysBits>1</reducedPhysBits>"
             "<policy>0x1</policy></launchSecurity>"),
        "-object", R"({"qom-type":"sev-guest","id":"lsec0","cbitpos":47,"reduced-phys-bits":1,"policy":1})");
    refuses(with_features("<gic version='3'/>"), "features/gic does not exist");
    refuses(with_features("<htm state='on'/>"), "features/htm does not exist");
    refuses(with_features("<smm state='on'><tseg unit='MiB'>48</tseg></smm>"), "");
    refuses(with("<keywrap><cipher name='aes' state='on'/></keywrap>"), "keywrap does not exist");
}

BOOST_AUTO_TEST_CASE(processors) {
    has(with("<cpu mode='host-passthrough'/>"), "-cpu", "host");
    has(with("<cpu mode='custom' match='exact'><model>Haswell</model><feature policy='require' name='ds_cpl'/>"
             "<feature policy='disable' name='pclmuldq'/></cpu>"),
        "-cpu", "Haswell,ds-cpl=on,pclmulqdq=off");
    has(with("<cpu mode='host-passthrough'><cache level='3' mode='emulate'/><maxphysaddr mode='emulate' bits='42'/>"
             "</cpu>"),
        "-cpu", "host,l3-cache=on,host-cache-info=off,phys-bits=42");
    has(with_features("<apic eoi='off'/><pvspinlock state='on'/><pmu state='off'/>"), "-cpu",
        "qemu64,kvm-pv-eoi=off,kvm-pv-unhalt=on,pmu=off");
    has(with_features("<hyperv><relaxed state='on'/><vapic state='off'/><spinlocks state='on' retries='12287'/>"
                      "<stimer state='on'><direct state='on'/></stimer><vendor_id state='on' value='KVM Hv'/></hyperv>"
                      "<kvm><hidden state='on'/><pv-ipi state='off'/></kvm>"),
        "-cpu",
        "qemu64,hv-relaxed=on,hv-spinlocks=0x2fff,hv-stimer=on,hv-stimer-direct=on,hv-vendor-id=KVM Hv,kvm=off,"
        "kvm-pv-ipi=off");
    has(with("<clock offset='utc'><timer name='tsc' frequency='4567890'/><timer name='kvmclock' present='no'/>"
             "<timer name='hypervclock' present='yes'/></clock>"),
        "-cpu", "qemu64,tsc-frequency=4567890,kvmclock=off,hv-time=on");
    Guest plugged = with(
        "<cpu><topology sockets='1' dies='2' clusters='1' cores='2' threads='1'/></cpu>"
        "<vcpus><vcpu id='0' enabled='yes' hotpluggable='no'/>"
        "<vcpu id='1' enabled='yes' hotpluggable='yes'/></vcpus>");
    plugged.vcpu = "<vcpu current='2'>4</vcpu>";
    has(plugged, "-smp", "1,maxcpus=4,sockets=1,dies=2,cores=2,threads=1");
    auto arm = on("aarch64", "virt");
    arm.rest =
        "<cpu mode='maximum'><feature name='sve' policy='disable'/><feature name='sve256' policy='require'/></cpu>";
    refuses(arm, "the feature sve is disabled");
    arm.rest = "<cpu mode='maximum'><feature name='vmx'/></cpu>";
    refuses(arm, "no feature 'vmx'");
}

BOOST_AUTO_TEST_CASE(memory) {
    has(Guest(), "-object", R"({"qom-type":"memory-backend-ram","id":"pc.ram","size":224395264})");
    has(Guest(), "-m", "size=219136k");
    has(with("<numatune><memory mode='strict' nodeset='0'/></numatune>"), "-object",
        R"({"qom-type":"memory-backend-ram","id":"pc.ram","size":224395264,"host-nodes":[0],"policy":"bind"})");
    has(with("<memoryBacking><locked/></memoryBacking>"), "-overcommit", "mem-lock=on");
    const Guest numa = with(
        "<maxMemory slots='16' unit='GiB'>1</maxMemory>"
        "<memoryBacking><hugepages><page size='2' unit='MiB' nodeset='1'/></hugepages><source type='memfd'/>"
        "<access mode='shared'/><allocation mode='immediate' threads='8'/></memoryBacking>"
        "<numatune><memnode cellid='1' mode='preferred' nodeset='3'/></numatune>"
        "<cpu><numa><cell id='0' cpus='0,3' memory='65536'><distances><sibling id='1' value='21'/></distances></cell>"
        "<cell id='1' cpus='1-2' memory='65536' memAccess='private'/></numa></cpu>");
    has(numa, "-m", "size=131072k,slots=16,maxmem=1048576k");
    has(numa, "-numa", "node,nodeid=0,cpus=0,cpus=3,memdev=ram-node0");
    has(numa, "-numa", "dist,src=1,dst=0,val=21");
    has(numa, "-numa", "dist,src=1,dst=1,val=10");
    has(numa, "-object",
        R"({"qom-type":"memory-backend-memfd","id":"ram-node0","share":true,"prealloc":true,"prealloc-threads":8,"size":67108864})");
    has(numa, "-object", R"({"qom-type":"thread-context","id":"tc-ram-node1","node-affinity":[3]})");
    has(numa, "-object",
        R"({"qom-type":"memory-backend-memfd","id":"ram-node1","hugetlb":true,"hugetlbsize":2097152,"share":false,)"
        R"("prealloc":true,"prealloc-threads":8,"size":67108864,"host-nodes":[3],"policy":"preferred",)"
        R"("prealloc-context":"tc-ram-node1"})");
    const Guest hmat = with(
        "<cpu><numa><cell id='0' cpus='0-3' memory='65536'><cache level='1' associativity='direct' policy='writeback'>"
        "<size value='10' unit='KiB'/><line value='8' unit='B'/></cache></cell><cell id='1' memory='65536'/>"
        "<interconnects><latency initiator='0' target='0' type='access' value='5'/>"
        "<bandwidth initiator='0' target='0' cache='1' type='access' value='208896' unit='KiB'/></interconnects>"
        "</numa></cpu>");
    holds(hmat, "-machine", ",hmat=on");
    has(hmat, "-numa", "node,nodeid=1,initiator=0,memdev=ram-node1");
    has(hmat, "-numa", "hmat-lb,initiator=0,target=0,hierarchy=memory,data-type=access-latency,latency=5");
    has(hmat, "-numa",
        "hmat-lb,initiator=0,target=0,hierarchy=first-level,data-type=access-bandwidth,bandwidth=208896K");
    has(hmat, "-numa", "hmat-cache,node-id=0,size=10K,level=1,associativity=direct,policy=write-back,line=8");
    refuses(with("<maxMemory slots='16' unit='GiB'>1</maxMemory>"), "needs NUMA cells");
}

BOOST_AUTO_TEST_CASE(what_the_guest_is_told) {
    Guest smbios = with(
        "<sysinfo type='smbios'><system><entry name='product'>a, b</entry>"
        "<entry name='manufacturer'>Fedora</entry></system><oemStrings><entry>x</entry></oemStrings>"
        "</sysinfo><sysinfo type='fwcfg'><entry name='opt/a'>b,c</entry></sysinfo>");
    smbios.os = "<smbios mode='sysinfo'/><acpi><table type='slic'>/s.dat</table></acpi>";
    has(smbios, "-smbios", "type=1,manufacturer=Fedora,product=a,, b");
    has(smbios, "-smbios", "type=11,value=x");
    has(smbios, "-fw_cfg", "name=opt/a,string=b,,c");
    has(smbios, "-acpitable", "sig=SLIC,file=/s.dat");
    has(with("<genid>e9392370-2917-565e-692b-d057f46512d6</genid>"), "-device",
        R"({"driver":"vmgenid","guid":"e9392370-2917-565e-692b-d057f46512d6","id":"vmgenid0"})");
    has(with_features("<vmcoreinfo state='on'/>"), "-device", R"({"driver":"vmcoreinfo"})");
    has(with("<clock offset='absolute' start='253402300799'/>"), "-rtc", "base=9999-12-31T23:59:59");
    has(with("<clock offset='utc'><timer name='rtc' track='realtime' tickpolicy='catchup'/></clock>"), "-rtc",
        "base=utc,clock=rt,driftfix=slew");
    const Guest threads = with(
        "<iothreads>3</iothreads><iothreadids><iothread id='2' thread_pool_min='1' thread_pool_max='4'/></iothreadids>"
        "<defaultiothread thread_pool_max='8'/>");
    has(threads, "-object", R"({"qom-type":"iothread","id":"iothread2","thread-pool-min":1,"thread-pool-max":4})");
    has(threads, "-object", R"({"qom-type":"iothread","id":"iothread3"})");
    has(threads, "-object", R"({"qom-type":"main-loop","id":"main-loop","thread-pool-max":8})");
}

BOOST_AUTO_TEST_CASE(past_the_definition) {
    const Guest extra = with(
        "<genid>e9392370-2917-565e-692b-d057f46512d6</genid>"
        "<qemu:commandline><qemu:arg value='-unknown'/><qemu:arg value='parameter'/><qemu:env name='NS' value='ns'/>"
        "<qemu:env name='BAR'/></qemu:commandline><qemu:override><qemu:device alias='vmgenid0'><qemu:frontend>"
        "<qemu:property name='a' type='unsigned' value='7'/><qemu:property name='guid' type='remove'/>"
        "</qemu:frontend></qemu:device></qemu:override><qemu:deprecation behavior='crash'/>");
    has(extra, "-unknown", "parameter");
    has(extra, "-device", R"({"driver":"vmgenid","id":"vmgenid0","a":7})");
    has(extra, "-compat", R"({"deprecated-output":"hide","deprecated-input":"crash"})");
    const auto line = take(try_line(extra));
    BOOST_TEST((line.env == std::vector<std::string>{"NS=ns", "BAR="}));
    refuses(with("<qemu:override><qemu:device alias='nobody'/></qemu:override>"), "no device with the alias 'nobody'");
    refuses(with("<genid/><qemu:capabilities><qemu:del capability='vmgenid'/></qemu:capabilities>"),
            "has no device 'vmgenid'");
}

BOOST_AUTO_TEST_CASE(what_an_accelerator_can_give) {
    CpuExpansion available, model;
    available.on = NameSet({"sse2", "aes"});
    available.off = NameSet({"avx512f"});
    model.on = NameSet({"sse2", "avx512f", "hypervisor-only"});
    auto domain =
        parse(with("<cpu mode='custom' check='full'><model>Haswell</model><feature name='aes'/></cpu>").xml());
    BOOST_TEST((cpu_checks(domain) == CpuChecks::everything));
    BOOST_TEST(check_cpu(domain, available, nullptr).has_value());
    BOOST_TEST(check_cpu(domain, available, &model).error().message().contains("the features avx512f"));
    domain.cpu->features[0].name = "avx512f";
    BOOST_TEST(check_cpu(domain, available, nullptr).error().message().contains("the features avx512f"));
    domain.cpu->features[0] = {model::CpuFeature::Policy::forbid, "aes", {}};
    BOOST_TEST(check_cpu(domain, available, nullptr).error().message().contains("'aes' is forbidden"));
    domain.cpu->check = model::Cpu::Check::none;
    domain.cpu->features.clear();
    BOOST_TEST((cpu_checks(domain) == CpuChecks::none));
}

BOOST_AUTO_TEST_SUITE_END()
