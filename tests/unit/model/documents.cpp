// SPDX-License-Identifier: LGPL-2.1-or-later
#include "documents.hpp"

#include <boost/test/unit_test.hpp>

namespace vireo::model::test {

const std::string_view small_guest = R"(<domain type='qemu'>
  <name>small</name>
  <memory unit='KiB'>65536</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
  </os>
  <features>
    <acpi/>
  </features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
  </devices>
</domain>
)";

const std::string_view uefi_guest = R"(<domain type='kvm' id='3'>
  <name>fedora-workstation</name>
  <uuid>63840878-0deb-4095-97e6-fc444d9bc9fa</uuid>
  <title>Fedora &amp; friends</title>
  <description>Two lines,
the second with &lt;markup&gt;</description>
  <metadata>
    <libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>
      <libosinfo:os id='http://fedoraproject.org/fedora/40'/>
    </libosinfo:libosinfo>
    <note>kept  as <b>it</b> is</note>
  </metadata>
  <memory unit='KiB'>4194304</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <vcpu placement='static' current='2'>4</vcpu>
  <os firmware='efi'>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <firmware>
      <feature enabled='yes' name='enrolled-keys'/>
      <feature enabled='yes' name='secure-boot'/>
    </firmware>
    <loader secure='yes'/>
    <nvram>/var/lib/vireo/nvram/63840878-0deb-4095-97e6-fc444d9bc9fa/VARS.fd</nvram>
    <bootmenu enable='no' timeout='3000'/>
    <bios useserial='yes' rebootTimeout='-1'/>
  </os>
  <features>
    <acpi/>
    <apic/>
    <pae/>
    <pmu state='off'/>
    <vmport state='off'/>
    <smm state='on'/>
  </features>
  <cpu mode='custom' match='exact' check='partial'>
    <model fallback='allow'>Haswell-noTSX</model>
    <vendor>Intel</vendor>
    <topology sockets='1' dies='1' cores='2' threads='2'/>
    <feature policy='disable' name='pcid'/>
    <feature policy='require' name='x2apic'/>
  </cpu>
  <clock offset='variable' adjustment='-3600' basis='localtime'>
    <timer name='rtc' tickpolicy='catchup' track='wall'/>
    <timer name='pit' tickpolicy='delay'/>
    <timer name='hpet' present='no'/>
  </clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>coredump-destroy</on_crash>
  <pm>
    <suspend-to-mem enabled='no'/>
    <suspend-to-disk enabled='yes'/>
  </pm>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' error_policy='stop' rerror_policy='report' io='native' discard='unmap' detect_zeroes='unmap'/>
      <source file='/var/lib/vireo/images/it&apos;s "big".qcow2' index='2'/>
      <backingStore type='file' index='3'>
        <format type='raw'/>
        <source file='/var/lib/vireo/images/base.raw'/>
        <backingStore/>
      </backingStore>
      <target dev='vda' bus='virtio'/>
      <serial>disk-1</serial>
      <boot order='1'/>
      <alias name='virtio-disk0'/>
      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>
    </disk>
    <disk type='file' device='cdrom'>
      <driver name='qemu' type='raw'/>
      <target dev='sda' bus='sata' tray='open'/>
      <readonly/>
      <serial>cd-1</serial>
      <boot order='2'/>
      <address type='drive' controller='0' bus='0' target='0' unit='0'/>
    </disk>
    <controller type='sata' index='0'>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x1f' function='0x2'/>
    </controller>
    <controller type='virtio-serial' index='0' ports='31' vectors='4'/>
    <controller type='usb' index='0' model='qemu-xhci' ports='15'/>
    <controller type='usb' index='1' model='ich9-ehci1'/>
    <controller type='usb' index='1' model='ich9-uhci1'>
      <master startport='0'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x1d' function='0x0' multifunction='on'/>
    </controller>
    <controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' index='1' model='pcie-root-port'>
      <model name='pcie-root-port'/>
      <target chassis='1' port='0x10' hotplug='off'/>
      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0' multifunction='on'/>
    </controller>
    <interface type='user'>
      <mac address='52:54:00:9a:e6:c6'/>
      <model type='virtio'/>
      <link state='down'/>
      <boot order='3'/>
      <alias name='net0'/>
      <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
    </interface>
    <serial type='pty'>
      <source path='/dev/pts/3'/>
      <log file='/var/log/vireo/console.log' append='off'/>
      <target type='isa-serial' port='0'>
        <model name='isa-serial'/>
      </target>
      <alias name='serial0'/>
      <address type='isa' iobase='0x3f8' irq='0x4'/>
    </serial>
    <serial type='tcp'>
      <source mode='bind' host='127.0.0.1' service='2445'/>
      <protocol type='telnet'/>
      <target type='usb-serial' port='1'/>
      <address type='usb' bus='0' port='1.2'/>
    </serial>
    <parallel type='file'>
      <source path='/tmp/printed' append='on'/>
      <target port='0'/>
    </parallel>
    <console type='pty' tty='/dev/pts/3'>
      <source path='/dev/pts/3'/>
      <target type='serial' port='0'/>
      <alias name='serial0'/>
    </console>
    <console type='null'>
      <target type='virtio' port='1'/>
    </console>
    <channel type='unix'>
      <source mode='bind' path='/run/vireo/agent.sock'/>
      <target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>
      <address type='virtio-serial' controller='0' bus='0' port='1'/>
    </channel>
    <input type='tablet' bus='usb'/>
    <input type='keyboard' bus='ps2'/>
    <graphics type='vnc' port='5900' autoport='no' websocket='-1' listen='127.0.0.1' keymap='en-us' sharePolicy='force-shared'>
      <listen type='address' address='127.0.0.1'/>
    </graphics>
    <video>
      <model type='qxl' ram='65536' vram='65536' vgamem='16384' heads='2' primary='yes'/>
      <address type='ccw' cssid='0xfe' ssid='0x0' devno='0x0001'/>
    </video>
    <watchdog model='i6300esb' action='inject-nmi'/>
    <memballoon model='virtio' autodeflate='on' freePageReporting='on'>
      <stats period='10'/>
    </memballoon>
    <rng model='virtio'>
      <rate bytes='1024' period='2000'/>
      <backend model='random'>/dev/urandom</backend>
    </rng>
    <panic model='isa'>
      <address type='isa' iobase='0x505'/>
    </panic>
  </devices>
</domain>
)";

std::string changed(std::string_view document, std::string_view from, std::string_view to) {
    std::string out(document);
    const auto at = out.find(from);
    BOOST_REQUIRE_MESSAGE(at != out.npos, "the document does not hold " << from);
    return out.replace(at, from.size(), to);
}

std::string with_device(std::string_view xml) {
    return changed(small_guest, "  </devices>", std::string(xml) + "\n  </devices>");
}

std::string refusal(std::string_view xml, bool lenient) {
    const auto parsed = parse_domain_xml(xml, {.lenient = lenient});
    if (parsed) return {};
    BOOST_TEST((parsed.error().code() == Errc::invalid_config));
    return parsed.error().message();
}

std::string hint(std::string_view xml) {
    const auto parsed = parse_domain_xml(xml);
    return parsed ? "accepted" : parsed.error().hint();
}

}  // namespace vireo::model::test
