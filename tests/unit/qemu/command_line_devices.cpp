// SPDX-License-Identifier: LGPL-2.1-or-later
// The command line of interfaces, characters, graphics, sound and the smaller devices, as the newest QEMU takes it.
#include "model/domain_xml.hpp"
#include "qemu/aliases.hpp"
#include "qemu/assign.hpp"
#include "qemu/command_line.hpp"
#include "qemu/newest_known.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace vireo;
using namespace vireo::qemu;

namespace {

std::string document(std::string_view arch, std::string_view machine, std::string_view devices) {
    const std::string_view split = devices.contains("intremap='on'") ? "<ioapic driver='qemu'/>" : "";
    return "<domain type='kvm'><name>a</name><uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>"
           "<memory unit='MiB'>256</memory><vcpu>1</vcpu><os><type arch='" +
           std::string(arch) + "' machine='" + std::string(machine) + "'>hvm</type></os>" +
           (arch == "aarch64" ? "" : "<features><acpi/>" + std::string(split) + "</features>") + "<devices>" +
           std::string(devices) + "</devices></domain>";
}

// The command line; on failure the message.
std::vector<std::string> shown(std::string_view machine, std::string_view devices, std::string_view arch = "x86_64") {
    auto parsed = model::parse_domain_xml(document(arch, machine, devices));
    if (!parsed) return {parsed.error().what()};
    auto domain = std::move(parsed->domain);
    const auto capabilities = newest_known(domain);
    BOOST_REQUIRE(capabilities);
    if (auto done = complete(domain, *capabilities); !done) return {done.error().what()};
    if (auto done = assign_aliases(domain); !done) return {done.error().what()};
    auto line = build_command_line(domain, *capabilities, Resources::for_display(domain));
    if (!line) return {line.error().what()};
    return line->argv;
}

// As it runs, with these descriptors and files.
std::vector<std::string> running(std::string_view devices, const Resources& resources) {
    auto domain = take(model::parse_domain_xml(document("x86_64", "q35", devices))).domain;
    const auto capabilities = newest_known(domain);
    take(complete(domain, *capabilities));
    take(assign_aliases(domain));
    auto line = build_command_line(domain, *capabilities, resources);
    if (!line) return {line.error().what()};
    return line->argv;
}

void expect(const std::vector<std::string>& line, std::initializer_list<std::string_view> parts) {
    for (const auto part : parts) {
        const bool found = std::ranges::any_of(line, [&](const std::string& word) { return word.contains(part); });
        std::string all;
        for (const auto& word : line) all += word + "\n";
        BOOST_TEST(found, "nothing has '" << part << "' in\n" << all);
    }
}

void expect_none(const std::vector<std::string>& line, std::string_view part) {
    BOOST_TEST(std::ranges::none_of(line, [&](const std::string& word) { return word.contains(part); }), part);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_devices)

BOOST_AUTO_TEST_CASE(interfaces_of_each_type) {
    expect(shown("pc",
                 "<interface type='user'><mac address='52:54:00:00:00:01'/><ip address='172.17.2.0' prefix='24'/>"
                 "<ip address='2001:db8::' family='ipv6' prefix='64'/><model type='e1000'/></interface>"),
           {R"({"type":"user","net":"172.17.2.0/24","ipv6-prefix":"2001:db8::","ipv6-prefixlen":64,"id":"hostnet0"})",
            R"("driver":"e1000")"});
    expect(shown("pc",
                 "<interface type='bridge'><source bridge='br0'/><target dev='tap9'/><model type='virtio'/>"
                 "<driver name='vhost' queues='4'/></interface>"),
           {R"("type":"tap")", R"("ifname":"tap9")", R"("vhost":true)", R"("queues":4)", R"("mq":true,"vectors":10)"});
    expect(
        shown("pc",
              "<interface type='vhostuser'><source type='unix' path='/a,b' mode='server'/>"
              "<model type='virtio'/></interface>"),
        {"socket,id=charnet0,path=/a,,b,server=on", R"({"type":"vhost-user","chardev":"charnet0","id":"hostnet0"})"});
    expect(shown("pc",
                 "<interface type='udp'><source address='10.0.0.1' port='5'><local address='10.0.0.2' "
                 "port='6'/></source><model type='rtl8139'/></interface>"),
           {R"("udp":"10.0.0.1:5","localaddr":"10.0.0.2:6")"});
    expect(shown("pc",
                 "<interface type='hostdev' managed='yes'><source><address type='pci' bus='3' slot='7' "
                 "function='1'/></source></interface>"),
           {R"("driver":"vfio-pci")", R"("host":"0000:03:07.1")", R"("id":"hostdev0")"});
    expect(shown("s390-ccw-virtio", "<interface type='user'/>", "s390x"), {R"("driver":"virtio-net-ccw")"});
}

BOOST_AUTO_TEST_CASE(virtio_interfaces_have_their_options) {
    expect(shown("q35",
                 "<interface type='user'><model type='virtio'/><driver txmode='iothread' ioeventfd='on' "
                 "event_idx='off' rx_queue_size='512' rss='on' rss_hash_report='on' iommu='on' ats='on'>"
                 "<host csum='off' mrg_rxbuf='on'/><guest tso4='off'/></driver><mtu size='9000'/></interface>"),
           {"an <mtu> is not possible"});
    expect(shown("q35",
                 "<interface type='ethernet'><model type='virtio'/><driver txmode='iothread' ioeventfd='on' "
                 "event_idx='off' rx_queue_size='512' rss='on' rss_hash_report='on' iommu='on' ats='on'>"
                 "<host csum='off' mrg_rxbuf='on'/><guest tso4='off'/></driver><mtu size='9000'/></interface>"),
           {R"("iommu_platform":true,"ats":true,"tx":"bh","ioeventfd":true,"event_idx":false,"csum":false)",
            R"("mrg_rxbuf":true,"guest_tso4":false,"rx_queue_size":512,"rss":true,"hash":true)", R"("host_mtu":9000)"});
}

BOOST_AUTO_TEST_CASE(characters_with_each_back_end) {
    expect(shown("pc",
                 "<serial type='udp'><source mode='bind' host='127.0.0.1' service='1111'/>"
                 "<source mode='connect' host='127.0.0.1' service='2222'/></serial>"),
           {"udp,id=charserial0,host=127.0.0.1,port=2222,localaddr=127.0.0.1,localport=1111"});
    expect(shown("pc", "<serial type='tcp'><source mode='connect' host='h' service='1' tls='yes'/></serial>"),
           {R"("qom-type":"tls-creds-x509","id":"objcharserial0_tls0")", "tls-creds=objcharserial0_tls0"});
    expect(shown("pc",
                 "<parallel type='dev'><source path='/dev/parport0'/></parallel><serial type='dev'><source "
                 "path='/dev/ttyS2'/></serial>"),
           {"parallel,id=charparallel0,path=/dev/parport0", "serial,id=charserial0,path=/dev/ttyS2"});
    expect(shown("pc", "<channel type='spicevmc'><target type='virtio'/></channel><graphics type='spice'/>"),
           {"spicevmc,id=charchannel0,name=vdagent", R"("name":"com.redhat.spice.0")"});
    expect(shown("pc",
                 "<channel type='pipe'><source path='/p'/><target type='guestfwd' address='10.0.2.1' "
                 "port='4600'/></channel>"),
           {R"("guestfwd":[{"str":"tcp:10.0.2.1:4600-chardev:charchannel0"}],"id":"channel0")"});
    expect(shown("virt", "<console type='pty'/>", "aarch64"), {"chardev:charserial0"});
    expect(shown("pseries", "<serial type='pty'><target type='isa-serial'/></serial>", "ppc64"),
           {R"("driver":"spapr-vty")"});
    expect(shown("s390-ccw-virtio", "<serial type='pty'/><console type='pty'/>", "s390x"),
           {R"("driver":"sclpconsole","id":"serial0","chardev":"charserial0")"});
    expect(shown("pc",
                 "<graphics type='spice'/><redirdev bus='usb' type='spicevmc'/><redirfilter><usbdev class='0x08' "
                 "vendor='0x15e1' "
                 "product='0x2007' version='1.09' allow='yes'/><usbdev allow='no'/></redirfilter>"),
           {R"("filter":"0x08:0x15E1:0x2007:0x0109:1|-1:-1:-1:-1:0")", "spicevmc,id=charredir0,name=usbredir"});
}

BOOST_AUTO_TEST_CASE(graphics_and_sound) {
    const auto spice = shown("q35",
                             "<graphics type='spice' port='5903' tlsPort='5904' autoport='no' "
                             "defaultMode='secure' listen='::1'><channel name='main' mode='insecure'/>"
                             "<image compression='auto_glz'/><filetransfer enable='no'/></graphics>"
                             "<sound model='ich9'/>");
    expect(spice, {"port=5903,tls-port=5904,addr=::1", "tls-channel=default,plaintext-channel=main",
                   "image-compression=auto_glz,disable-agent-file-xfer=on,seamless-migration=on",
                   R"({"id":"audio1","driver":"spice"})", R"("driver":"ich9-intel-hda","id":"sound0")",
                   R"({"driver":"hda-duplex","id":"sound0-codec0","bus":"sound0.0","cad":0,"audiodev":"audio1"})"});
    expect(shown("pc", "<graphics type='dbus'><gl enable='yes' rendernode='/dev/dri/r'/></graphics>"),
           {"dbus,gl=on,rendernode=/dev/dri/r"});
    expect(shown("pc", "<video><model type='qxl' vgamem='8192'/></video>"),
           {R"("driver":"qxl-vga","id":"video0","max_outputs":1,"ram_size":67108864,"vram_size":67108864)",
            R"("vram64_size_mb":0,"vgamem_mb":8)"});
    expect(shown("virt", "<graphics type='vnc'/>", "aarch64"), {R"("driver":"virtio-gpu-pci")"});
    expect(
        shown("pc",
              "<audio id='1' type='pulseaudio' serverName='s'><input mixingEngine='yes' "
              "fixedSettings='yes' voices='1'>"
              "<settings frequency='44100' channels='2' format='s16'/></input></audio>"),
        {R"({"id":"audio1","driver":"pa","server":"s","in":{"mixing-engine":true,"fixed-settings":true,"voices":1)"});
    expect(shown("pc", "<input type='evdev'><source dev='/dev/input/event1' grab='all' grabToggle='alt-alt'/></input>"),
           {R"({"qom-type":"input-linux","id":"input0","evdev":"/dev/input/event1","grab_all":true)"});
}

BOOST_AUTO_TEST_CASE(iommus) {
    expect(shown("q35", "<iommu model='amd'><driver intremap='on' passthrough='off' xtsup='on' iotlb='on'/></iommu>"),
           {R"({"driver":"AMDVI-PCI","id":"iommu0","bus":"pcie.0")",
            R"({"driver":"amd-iommu","pci-id":"iommu0","intremap":"on","pt":false,"xtsup":true,"device-iotlb":true})"});
    expect(shown("q35", "<iommu model='virtio'><driver><granule size='64' unit='KiB'/></driver></iommu>"),
           {R"("driver":"virtio-iommu","id":"iommu0","granule":"64k")"});
    expect(shown("virt",
                 "<controller type='pci' index='1' model='pcie-expander-bus'/>"
                 "<iommu model='smmuv3'><driver pciBus='0'/></iommu><iommu model='smmuv3'><driver pciBus='1'/></iommu>",
                 "aarch64"),
           {R"({"driver":"arm-smmuv3","id":"iommu0","primary-bus":"pcie.0"})",
            R"({"driver":"arm-smmuv3","id":"iommu1","primary-bus":"pci.1"})"});
}

BOOST_AUTO_TEST_CASE(nvme_disks) {
    const auto line =
        shown("q35",
              "<disk type='file'><source file='/a'/><target dev='nvme1n2' bus='nvme'/><serial>S1</serial></disk>"
              "<controller type='nvme' index='0'><serial>C0</serial></controller>");
    expect(line, {R"({"driver":"nvme","id":"nvme0","serial":"C0","bus":"pci.)",
                  R"({"driver":"nvme","id":"nvme1","serial":"S1","bus":"pci.)",
                  R"({"driver":"nvme-ns","id":"nvme1-0-1","bus":"nvme1","nsid":2,"drive":"vireo-1-format")"});
}

BOOST_AUTO_TEST_CASE(the_smaller_devices) {
    expect(shown("q35",
                 "<tpm model='tpm-crb'><backend type='emulator'/></tpm><iommu model='intel'><driver "
                 "intremap='on' iotlb='on'/></iommu>"),
           {"emulator,id=tpm-tpm0,chardev=chrtpm", R"({"driver":"tpm-crb","id":"tpm0","tpmdev":"tpm-tpm0"})",
            R"({"driver":"intel-iommu","id":"iommu0","intremap":"on","device-iotlb":true})"});
    expect(shown("pc", "<shmem name='s'><size unit='M'>4</size></shmem><vsock><cid auto='no' address='4'/></vsock>"),
           {R"("mem-path":"/dev/shm/s","size":4194304,"share":true)", R"("driver":"ivshmem-plain","id":"shmem0")",
            R"("driver":"vhost-vsock-pci","id":"vsock0","guest-cid":4)"});
    expect(shown("pc",
                 "<rng model='virtio'><rate bytes='5'/><backend model='egd' type='tcp'><source mode='connect' "
                 "host='h' service='1'/></backend></rng>"),
           {"socket,id=charrng0,host=h,port=1", R"({"qom-type":"rng-egd","id":"objrng0","chardev":"charrng0"})",
            R"("max-bytes":5,"period":1000)"});
    expect(shown("q35", "<watchdog model='itco' action='pause'/>"), {"ICH9-LPC.noreboot=off"});
    expect_none(shown("pc", "<panic model='isa'/>"), R"("ioport")");
}

BOOST_AUTO_TEST_CASE(what_redirection_takes) {
    expect(shown("q35",
                 "<redirdev bus='usb' type='pty'/><redirfilter><usbdev class='0x08' vendor='0x15E1' product='0x2007' "
                 "version='9.4' allow='yes'/><usbdev version='1.09' allow='no'/></redirfilter>"),
           {R"("filter":"0x08:0x15E1:0x2007:0x0940:1|-1:-1:-1:0x0109:0")"});
}

BOOST_AUTO_TEST_CASE(usb_drives_keep_their_model) {
    const auto cd = [](std::string_view model) {
        return "<disk type='file' device='cdrom'" + std::string(model) +
               "><source file='/c'/><target dev='sda' bus='usb'/></disk>";
    };
    expect(shown("q35", cd("")), {R"({"driver":"usb-bot","id":"usb-disk0-bridge")", R"({"driver":"scsi-cd")"});
    expect(shown("q35", cd(" model='usb-storage'")), {R"({"driver":"usb-storage","id":"usb-disk0")"});
    expect(shown("q35", "<disk type='file'><source file='/c'/><target dev='sda' bus='usb'/></disk>"),
           {R"({"driver":"usb-storage","id":"usb-disk0")"});
}

// As libvirt keeps them, whatever their order in the document.
BOOST_AUTO_TEST_CASE(disks_are_placed_by_their_names) {
    expect(shown("pc",
                 "<disk type='file'><source file='/b'/><target dev='vdb' bus='virtio'/></disk>"
                 "<disk type='file'><source file='/a'/><target dev='vda' bus='virtio'/></disk>"),
           {R"("id":"virtio-disk0","bus":"pci.0","addr":"0x2")", R"("id":"virtio-disk1","bus":"pci.0","addr":"0x3")"});
}

BOOST_AUTO_TEST_CASE(a_remote_display_needs_no_other) {
    expect(shown("pc", ""), {"-display"});
    expect_none(shown("pc", "<graphics type='vnc'/>"), "-display");
    expect_none(shown("pc", "<graphics type='spice'/>"), "-display");
}

BOOST_AUTO_TEST_CASE(secure_channels_have_a_port) {
    expect(shown("pc", "<graphics type='spice' port='5905' tlsPort='5910'/>"), {"port=5905,tls-port=5910,"});
    expect(shown("pc", "<graphics type='spice' port='5905' defaultMode='secure'/>"), {"port=5905,tls-port=5906,"});
    expect(shown("pc", "<graphics type='spice' autoport='yes'><channel name='main' mode='secure'/></graphics>"),
           {"port=5900,tls-port=5901,"});
    expect(shown("pc", "<graphics type='spice' port='5905' tlsPort='-1'/>"), {"port=5905,tls-port=5906,"});
    expect_none(shown("pc", "<graphics type='spice' port='5905'/>"), "tls-port");
    expect_none(shown("pc", "<graphics type='spice' port='-1' tlsPort='-1' autoport='yes'/>"), "tls-port");
}

BOOST_AUTO_TEST_CASE(what_a_machine_cannot_have) {
    expect(shown("pc", "<iommu model='intel'/>"), {"q35 only"});
    expect(shown("virt", "<serial type='pty'><target type='sclp-serial'/></serial>", "aarch64"),
           {"cannot be of the type"});
    expect(shown("q35", "<watchdog model='diag288'/>"), {"s390x only"});
    expect(shown("virt", "<panic model='isa'/>", "aarch64"), {"x86 only"});
    expect(shown("q35", "<nvram><address type='spapr-vio'/></nvram>"), {"pseries only"});
}

BOOST_AUTO_TEST_CASE(links_and_devices_of_the_host_are_handed_over) {
    constexpr auto devices =
        "<interface type='bridge'><source bridge='br0'/><target dev='tap9'/><model type='virtio'/></interface>"
        "<interface type='direct'><source dev='eth0' mode='vepa'/><model type='virtio'/><driver "
        "queues='2'/></interface>"
        "<interface type='ethernet'><model type='e1000e'/></interface>"
        "<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>"
        "<interface type='user'><backend type='passt'/></interface>"
        "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1'/><product id='0x2'/></source></hostdev>"
        "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host2'/>"
        "<address bus='0' target='1' unit='5'/></source></hostdev>"
        "<hostdev mode='subsystem' type='scsi_host'><source protocol='vhost' wwpn='naa.5001405376e34ea1'/></hostdev>"
        "<vsock><cid auto='no' address='4'/></vsock>";
    Resources resources;
    resources.monitor = 50;
    resources.auxiliaries["net4"] = 62;
    resources.networks["net0"].taps = {51};
    resources.networks["net0"].vhost = {52};
    resources.networks["net1"].taps = {53, 54};
    resources.networks["net1"].vhost = {55, 56};
    resources.networks["net2"].taps = {57};
    resources.networks["net3"].vdpa = 58;
    resources.host_devices["hostdev0"].fd = 59;
    resources.host_devices["hostdev1"].path = "/dev/sg3";
    resources.host_devices["hostdev2"].fd = 60;
    resources.vsock = 61;
    const auto line = running(devices, resources);
    expect(line, {R"({"type":"tap","fd":"4","vhost":true,"vhostfd":"5","id":"hostnet0"})",
                  R"({"type":"tap","fds":"6:7","vhost":true,"vhostfds":"8:9","id":"hostnet1"})",
                  R"({"type":"tap","fd":"10","id":"hostnet2"})",
                  R"({"type":"vhost-vdpa","vhostdev":"/dev/fdset/11","id":"hostnet3"})",
                  R"({"type":"stream","addr":{"type":"fd","str":"12"},"server":false,"id":"hostnet4"})",
                  R"("driver":"usb-host","id":"hostdev0","hostdevice":"/dev/fdset/13")",
                  R"({"driver":"host_device","filename":"/dev/sg3")", R"("wwpn":"naa.5001405376e34ea1","vhostfd":"14")",
                  R"("guest-cid":4,"vhostfd":"15")"});
    expect_none(line, "tap9");
    resources.networks.erase("net1");
    expect(running(devices, resources), {"was not prepared"});
}

BOOST_AUTO_TEST_SUITE_END()
