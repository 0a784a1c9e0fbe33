// SPDX-License-Identifier: LGPL-2.1-or-later
// What is outside the devices: read, written, and refused where it contradicts itself.
#include "documents.hpp"
#include "model/taints.hpp"

#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::model;
using namespace vireo::model::test;

namespace {

std::string with(std::string_view elements, std::string_view vcpu = "<vcpu>4</vcpu>") {
    const auto document = changed(small_guest, "<vcpu>1</vcpu>", std::string(vcpu) + std::string(elements));
    return changed(document, "<domain type", "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' type");
}
std::string with_features(std::string_view elements) {
    return changed(small_guest, "<acpi/>", "<acpi/>" + std::string(elements));
}

// It is accepted, and comes back as it was.
void keeps(const std::string& document, std::string_view element) {
    const auto parsed = parse_domain_xml(document);
    BOOST_REQUIRE_MESSAGE(parsed, parsed.error().message());
    const auto out = format_domain_xml(parsed->domain);
    std::string flat;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (out[i] == '\n') {
            while (i + 1 < out.size() && out[i + 1] == ' ') ++i;
            continue;
        }
        flat += out[i];
    }
    BOOST_TEST(flat.contains(element), element << "\nis not in\n" << out);
}
void keeps(std::string_view element, std::string_view vcpu = "<vcpu>4</vcpu>") {
    keeps(with(element, vcpu), element);
}

void refuses(const std::string& document, std::string_view why) {
    const auto message = refusal(document);
    BOOST_TEST(message.contains(why), "'" << message << "' does not contain '" << why << "'");
}

constexpr std::string_view two_cells =
    "<cpu><numa><cell id='0' cpus='0-1' memory='32768' unit='KiB'/>"
    "<cell id='1' cpus='2-3' memory='32768' unit='KiB'/></numa></cpu>";

}  // namespace

BOOST_AUTO_TEST_SUITE(outside_the_devices)

BOOST_AUTO_TEST_CASE(comes_back_as_it_was) {
    keeps("<genid>e9392370-2917-565e-692b-d057f46512d6</genid>");
    keeps("<genid/>");
    keeps(changed(small_guest, "<memory unit='KiB'>", "<memory unit='KiB' dumpCore='off'>"),
          "<memory unit='KiB' dumpCore='off'>65536</memory>");
    keeps("<memtune><hard_limit unit='KiB'>9007199254740991</hard_limit></memtune>");
    keeps(
        "<blkiotune><weight>800</weight><device><path>/dev/sda</path><weight>400</weight>"
        "<read_iops_sec>20</read_iops_sec></device></blkiotune>");
    keeps(
        "<memoryBacking><hugepages><page size='2048' unit='KiB'/></hugepages><nosharepages/><locked/>"
        "<source type='memfd'/><access mode='shared'/><allocation mode='immediate' threads='8'/>"
        "<discard/></memoryBacking>");
    keeps(
        "<iothreads>2</iothreads><iothreadids><iothread id='5' thread_pool_min='1' thread_pool_max='4'/>"
        "<iothread id='7'><poll max='100' grow='2'/></iothread></iothreadids>"
        "<defaultiothread thread_pool_max='8'/>");
    const std::string_view tuned =
        "<cputune><shares>0</shares><period>1000000</period><quota>-1</quota><vcpupin vcpu='0' cpuset='0-1,9'/>"
        "<emulatorpin cpuset='1'/><vcpusched vcpus='0-1' scheduler='fifo' priority='2'/>"
        "<emulatorsched scheduler='idle'/><cachetune vcpus='0-1'><cache id='0' level='3' type='both' size='3' "
        "unit='KiB'/><monitor level='3' vcpus='0'/></cachetune><memorytune vcpus='2-3'>"
        "<node id='0' bandwidth='20'/></memorytune></cputune>";
    keeps(changed(with(tuned, "<vcpu>4</vcpu>"), "type='qemu'", "type='kvm'"), tuned);
    keeps("<numatune><memory mode='preferred' nodeset='3'/></numatune>");
    keeps("<resource><partition>/virtualmachines</partition><fibrechannel appid='my'/></resource>");
    keeps("<idmap><uid start='0' target='1000' count='10'/><gid start='0' target='1000' count='10'/></idmap>");
    keeps("<perf><event name='cmt' enabled='yes'/><event name='mbmt' enabled='no'/></perf>");
    keeps("<seclabel type='static' model='dac' relabel='no'><label>+0:+0</label></seclabel>");
    keeps("<keywrap><cipher name='aes' state='off'/></keywrap>");
    keeps(
        "<launchSecurity type='sev' kernelHashes='yes'><cbitpos>47</cbitpos><reducedPhysBits>1</reducedPhysBits>"
        "<policy>0x0001</policy><session>AQ==</session></launchSecurity>");
    keeps("<launchSecurity type='s390-pv'/>");
    keeps("<on_lockfailure>poweroff</on_lockfailure>");
    keeps(
        "<qemu:commandline><qemu:arg value='-s'/><qemu:env name='A' value='b'/><qemu:env name='C'/>"
        "</qemu:commandline><qemu:capabilities><qemu:add capability='x'/></qemu:capabilities>"
        "<qemu:override><qemu:device alias='ua-d'><qemu:frontend><qemu:property name='p' type='remove'/>"
        "</qemu:frontend></qemu:device></qemu:override><qemu:deprecation behavior='crash'/>");
    keeps(
        "<sysinfo type='smbios'><bios><entry name='vendor'>LENOVO</entry></bios><oemStrings><entry>a, b</entry>"
        "</oemStrings></sysinfo><sysinfo type='fwcfg'><entry name='opt/com.example/name'>value</entry></sysinfo>");
    keeps(with(two_cells), two_cells);
    keeps("<clock offset='utc' adjustment='reset'><timer name='tsc' frequency='3504000000' mode='auto'/></clock>");
}

BOOST_AUTO_TEST_CASE(memory_and_cells) {
    refuses(with("<maxMemory>65536</maxMemory>"), "maxMemory needs slots");
    refuses(with("<maxMemory slots='1'>1024</maxMemory>"), "is less than the memory");
    refuses(with("<memoryBacking><hugepages><page size='5' unit='MiB'/></hugepages></memoryBacking>"),
            "pages of 5120 KiB do not exist");
    refuses(with("<memoryBacking><hugepages><page size='2' unit='MiB'/><page size='1' unit='GiB'/></hugepages>"
                 "</memoryBacking>"),
            "are for all cells that have no other");
    refuses(with("<memoryBacking><hugepages><page size='2' unit='MiB' nodeset='1'/></hugepages></memoryBacking>"),
            "has no NUMA cell 1");
    refuses(with("<memoryBacking><hugepages/><source type='anonymous'/></memoryBacking>"), "contradict");
    refuses(with("<cpu><numa><cell id='1' cpus='0-1' memory='1'/><cell id='2' cpus='2-3' memory='1'/></numa></cpu>"),
            "numbered from 0 to 1");
    refuses(with("<cpu><numa><cell cpus='0-1' memory='1'/><cell cpus='1-3' memory='1'/></numa></cpu>"),
            "another cell has some of its CPUs");
    refuses(with("<cpu><numa><cell cpus='0-7' memory='1'/></numa></cpu>"), "CPUs that are not there");
    refuses(with("<cpu><numa><cell cpus='0' memory='1'><distances><sibling id='0' value='20'/></distances></cell>"
                 "</numa></cpu>"),
            "the distance 10");
    refuses(with("<numatune><memory mode='strict'/></numatune>"), "needs a nodeset");
    refuses(with("<numatune><memory mode='strict' nodeset='0,^0'/></numatune>"), "/@nodeset");
    refuses(with("<numatune><memnode cellid='0' mode='strict' nodeset='0'/></numatune>"), "has no NUMA cells");
    refuses(with("<numatune><memory mode='restrictive' nodeset='0'/>"
                 "<memnode cellid='0' mode='strict' nodeset='0'/></numatune>" +
                 std::string(two_cells)),
            "the mode restrictive");
    refuses(with("<numatune><memory mode='strict' placement='auto'/>"
                 "<memnode cellid='0' mode='strict' nodeset='0'/></numatune>" +
                 std::string(two_cells)),
            "contradicts the automatic placement");
}

BOOST_AUTO_TEST_CASE(processors) {
    refuses(with("<cputune><vcpusched vcpus='0-2' scheduler='batch'/><vcpusched vcpus='2' scheduler='idle'/>"
                 "</cputune>"),
            "for the same threads");
    refuses(with("<cputune><vcpusched vcpus='0' scheduler='rr'/></cputune>"), "need a priority");
    refuses(with("<iothreads>1</iothreads><cputune><iothreadsched iothreads='2' scheduler='batch'/></cputune>"),
            "there is no iothread 2");
    refuses(with("<cputune><quota>999</quota></cputune>"), "a quota has");
    refuses(with("<vcpus><vcpu id='0' enabled='no'/></vcpus>"), "the guest boots on it");
    refuses(with("<vcpus><vcpu id='9' enabled='yes'/></vcpus>"), "there are 4 of them");
    refuses(with("<iothreadids><iothread id='2'/><iothread id='2'/></iothreadids>"), "is given twice");
    refuses(with("<cpu><cache level='2' mode='emulate'/></cpu>"), "level='3' only");
    refuses(with("<cpu mode='maximum'><cache level='3' mode='passthrough'/></cpu>"), "leave level out");
    refuses(with("<cpu><maxphysaddr mode='emulate'/></cpu>"), "needs bits");
    refuses(with("<cpu mode='maximum'><maxphysaddr mode='passthrough' bits='40'/></cpu>"), "use limit");
    refuses(with("<clock offset='utc'><timer name='pit' frequency='1'/></clock>"), "for the timer tsc");
    refuses(with("<clock offset='utc'><timer name='platform'/></clock>"), "not one of QEMU's");
}

BOOST_AUTO_TEST_CASE(features) {
    keeps(with_features("<apic eoi='on'/>"), "<apic eoi='on'/>");
    keeps(with_features("<apic/>"), "<apic/>");
    keeps(with_features("<hyperv mode='custom'><relaxed state='on'/><spinlocks state='on' retries='8191'/>"
                        "<stimer state='on'><direct state='on'/></stimer></hyperv>"),
          "<stimer state='on'><direct state='on'/></stimer>");
    keeps(with_features("<kvm><hidden state='on'/><dirty-ring state='on' size='4096'/></kvm>"),
          "<kvm><hidden state='on'/><dirty-ring state='on' size='4096'/></kvm>");
    keeps(with_features("<smm state='on'><tseg unit='MiB'>48</tseg></smm>"), "<tseg unit='MiB'>48</tseg>");
    keeps(with_features("<async-teardown/>"), "<async-teardown enabled='yes'/>");
    keeps(with_features("<gic version='3'/>"), "<gic version='3'/>");
    keeps(with_features("<tcg><tb-cache unit='MiB'>128</tb-cache></tcg>"), "<tb-cache unit='KiB'>131072</tb-cache>");
    refuses(with_features("<hyperv><spinlocks state='on'/></hyperv>"), "it needs retries");
    refuses(with_features("<hyperv><vendor_id state='on' value='a,b'/></hyperv>"), "cannot have a comma");
    refuses(with_features("<kvm><dirty-ring state='on' size='100'/></kvm>"), "a power of two");
    refuses(with_features("<smm state='on'><tseg unit='KiB'>1025</tseg></smm>"), "a multiple of 1 MiB");
    refuses(with_features("<gic version='none'/>"), "'none' is not supported");
    keeps(with_features("<hap/>"), "<hap");
    refuses(with_features("<hap state='off'/>"), "cannot be switched off");
    refuses(with_features("<capabilities/>"), "they are for containers");
}

BOOST_AUTO_TEST_CASE(system_and_security) {
    refuses(with("<sysinfo type='smbios'><system><entry name='uuid'>c7a5fdbd-edaf-9455-926a-d65c16db1809</entry>"
                 "</system></sysinfo><uuid>12345678-edaf-9455-926a-d65c16db1809</uuid>"),
            "is not the domain's");
    refuses(with("<sysinfo type='smbios'><bios><entry name='date'>today</entry></bios></sysinfo>"), "mm/dd/yyyy");
    refuses(with("<sysinfo type='fwcfg'><entry name='etc/x'>v</entry></sysinfo>"), "begins with 'opt/'");
    refuses(changed(small_guest, "</os>", "<smbios mode='sysinfo'/></os>"), "needs <sysinfo type='smbios'>");
    refuses(with("<seclabel type='static' model='selinux'/>"), "needs a <label>");
    refuses(with("<seclabel model='selinux'/><seclabel model='selinux'/>"), "two of them are for the model");
    refuses(with("<seclabel/><seclabel model='dac'/>"), "each needs a model");
    refuses(with("<keywrap><cipher name='aes' state='on'/><cipher name='aes' state='on'/></keywrap>"), "given twice");
    refuses(with("<launchSecurity type='sgx'/>"), "'sgx' is not supported");
    refuses(with("<idmap><uid start='1' target='1000' count='10'/><gid start='0' target='1000' count='10'/></idmap>"),
            "must be mapped");
    refuses(with("<idmap><uid start='0' target='1000' count='10'/></idmap>"), "or neither");
    refuses(with("<qemu:commandline><qemu:env name='A=B'/></qemu:commandline>"), "environment variable");
    refuses(with("<qemu:override><qemu:device alias='x'><qemu:frontend><qemu:property name='p' type='unsigned' "
                 "value='-1'/></qemu:frontend></qemu:device></qemu:override>"),
            "is not a value of the type 'unsigned'");
}

BOOST_AUTO_TEST_CASE(what_taints) {
    const auto parsed = parse_domain_xml(
        with("<qemu:commandline><qemu:arg value='-s'/></qemu:commandline><qemu:deprecation behavior='crash'/>"));
    BOOST_REQUIRE(parsed);
    BOOST_TEST((taints(parsed->domain) == std::vector{Taint::custom_argv, Taint::deprecated_config}));
    BOOST_TEST(taints(parse_domain_xml(small_guest)->domain).empty());
}

BOOST_AUTO_TEST_SUITE_END()
