// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/command_line.hpp"

#include "unit/qemu/assign_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace vireo;
using namespace vireo::qemu;
using namespace vireo::qemu::test;

namespace {

// As the start of a domain would prepare it, with numbers in place of descriptors.
Resources prepared(const model::Domain& domain) {
    Resources resources;
    resources.monitor = 100;
    int next = 200;
    for (const auto& disk : domain.devices.disks) {
        auto& chain = resources.disks.emplace_back();
        if (disk.empty()) continue;
        auto& image = chain.emplace_back();
        image.fd = next++;
        image.format = disk.format();
        image.read_only = disk.readonly;
    }
    for (const auto& channel : domain.devices.channels) resources.characters[channel.info.alias].listener = 300;
    std::uint16_t port = 5900;
    for (std::size_t i = 0; i < domain.devices.graphics.size(); ++i) resources.graphics.emplace_back().port = port++;
    return resources;
}

model::Domain live(std::string_view machine, std::string_view devices) {
    auto domain = completed(machine, devices);
    take(assign_aliases(domain));
    return domain;
}

CommandLine built(const model::Domain& domain) {
    return take(build_command_line(domain, made_up_qemu(), prepared(domain)));
}

std::string refusal(const model::Domain& domain) {
    auto line = build_command_line(domain, made_up_qemu(), prepared(domain));
    return line ? "built" : line.error().message();
}

// All values of an option.
std::vector<std::string> values(const CommandLine& line, std::string_view option) {
    std::vector<std::string> found;
    for (std::size_t i = 0; i + 1 < line.argv.size(); ++i)
        if (line.argv[i] == option) found.push_back(line.argv[i + 1]);
    return found;
}
std::string value(const CommandLine& line, std::string_view option) {
    auto found = values(line, option);
    BOOST_REQUIRE_MESSAGE(found.size() == 1, option << " comes " << found.size() << " times");
    return found.front();
}
std::string device(const CommandLine& line, std::string_view id) {
    for (const auto& text : values(line, "-device"))
        if (text.contains(fmt::format("\"id\":\"{}\"", id))) return text;
    return "";
}
bool has(const CommandLine& line, std::string_view argument) {
    return std::ranges::find(line.argv, argument) != line.argv.end();
}

void check_equal(const std::vector<std::string>& found, const std::vector<std::string>& expected) {
    for (std::size_t i = 0; i < std::max(found.size(), expected.size()); ++i)
        BOOST_TEST((i < found.size() ? found[i] : "(missing)") == (i < expected.size() ? expected[i] : "(nothing)"));
}

}  // namespace

BOOST_AUTO_TEST_CASE(command_line_of_a_q35_uefi_guest) {
    const auto domain = live("q35", q35_devices);
    auto resources = prepared(domain);
    resources.code.emplace().fd = 400;
    resources.code->read_only = true;
    resources.variables.emplace().fd = 401;
    DiskImage base;
    base.fd = 500;
    base.read_only = true;
    resources.disks[0].push_back(std::move(base));
    const auto line = take(build_command_line(domain, made_up_qemu(), resources));
    check_equal(
        line.argv,
        {
            "/usr/bin/qemu-system-x86_64",
            "-name",
            "guest=guest,debug-threads=on",
            "-uuid",
            "c7a5fdbd-edaf-9455-926a-d65c16db1809",
            "-S",
            "-no-user-config",
            "-nodefaults",
            "-no-shutdown",
            "-msg",
            "timestamp=on",
            "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-chardev",
            "socket,id=charmonitor,fd=3,server=on,wait=off",
            "-mon",
            "chardev=charmonitor,id=monitor,mode=control",
            "-add-fd",
            "set=4,fd=4,opaque=pflash0",
            "-blockdev",
            R"({"driver":"file","filename":"/dev/fdset/4","node-name":"vireo-pflash0-storage","read-only":true})",
            "-blockdev",
            R"({"node-name":"vireo-pflash0-format","read-only":true,"driver":"raw","file":"vireo-pflash0-storage"})",
            "-add-fd",
            "set=5,fd=5,opaque=pflash1",
            "-blockdev",
            R"({"driver":"file","filename":"/dev/fdset/5","node-name":"vireo-pflash1-storage","read-only":false})",
            "-blockdev",
            R"({"node-name":"vireo-pflash1-format","read-only":false,"driver":"raw","file":"vireo-pflash1-storage"})",
            "-machine",
            "pc-q35-7.2,usb=off,dump-guest-core=off,pflash0=vireo-pflash0-format,pflash1=vireo-pflash1-format",
            "-accel",
            "tcg",
            "-cpu",
            "qemu64",
            "-m",
            "size=524288k",
            "-overcommit",
            "mem-lock=off",
            "-smp",
            "2,sockets=2,cores=1,threads=1",
            "-rtc",
            "base=utc",
            "-boot",
            "strict=on",
            "-device",
            R"({"driver":"pcie-root-port","id":"pci.1","port":16,"chassis":1,"bus":"pcie.0","multifunction":true,"addr":"0x2"})",
            "-device",
            R"({"driver":"pcie-root-port","id":"pci.2","port":17,"chassis":2,"bus":"pcie.0","addr":"0x2.0x1"})",
            "-device",
            R"({"driver":"pcie-root-port","id":"pci.3","port":18,"chassis":3,"bus":"pcie.0","addr":"0x2.0x2"})",
            "-device",
            R"({"driver":"pcie-root-port","id":"pci.4","port":19,"chassis":4,"bus":"pcie.0","addr":"0x2.0x3"})",
            "-device",
            R"({"driver":"pcie-root-port","id":"pci.5","port":20,"chassis":5,"bus":"pcie.0","addr":"0x2.0x4"})",
            "-device",
            R"({"driver":"pcie-root-port","id":"pci.6","port":21,"chassis":6,"bus":"pcie.0","addr":"0x2.0x5"})",
            "-device",
            R"({"driver":"pcie-root-port","id":"pci.7","port":22,"chassis":7,"bus":"pcie.0","addr":"0x2.0x6"})",
            "-device",
            R"({"driver":"qemu-xhci","id":"usb","bus":"pci.2","addr":"0x0"})",
            "-device",
            R"({"driver":"virtio-serial-pci","id":"virtio-serial0","bus":"pci.3","addr":"0x0"})",
            "-add-fd",
            "set=6,fd=6,opaque=the disk 'vda' image 2",
            "-add-fd",
            "set=7,fd=7,opaque=the disk 'vda' image 1",
            "-blockdev",
            R"({"driver":"file","filename":"/dev/fdset/6","node-name":"vireo-2-storage","read-only":true,"discard":"unmap"})",
            "-blockdev",
            R"({"node-name":"vireo-2-format","read-only":true,"driver":"raw","file":"vireo-2-storage"})",
            "-blockdev",
            R"({"driver":"file","filename":"/dev/fdset/7","node-name":"vireo-1-storage","read-only":false,"discard":"unmap"})",
            "-blockdev",
            R"({"node-name":"vireo-1-format","read-only":false,"discard":"unmap","driver":"qcow2","file":"vireo-1-storage","backing":"vireo-2-format"})",
            "-device",
            R"({"driver":"virtio-blk-pci","id":"virtio-disk0","bus":"pci.4","addr":"0x0","drive":"vireo-1-format","bootindex":1})",
            "-add-fd",
            "set=8,fd=8,opaque=the disk 'sda' image 3",
            "-blockdev",
            R"({"driver":"file","filename":"/dev/fdset/8","node-name":"vireo-3-storage","read-only":true,"discard":"unmap"})",
            "-blockdev",
            R"({"node-name":"vireo-3-format","read-only":true,"driver":"raw","file":"vireo-3-storage"})",
            "-device",
            R"({"driver":"ide-cd","id":"sata0-0-0","bus":"ide.0","drive":"vireo-3-format"})",
            "-netdev",
            R"({"type":"user","id":"hostnet0"})",
            "-device",
            R"({"driver":"virtio-net-pci","id":"net0","netdev":"hostnet0","mac":"52:54:00:12:34:56","bus":"pci.1","addr":"0x0"})",
            "-chardev",
            "pty,id=charserial0",
            "-device",
            R"({"driver":"isa-serial","id":"serial0","chardev":"charserial0","index":0})",
            "-chardev",
            "socket,id=charchannel0,fd=9,server=on,wait=off",
            "-device",
            R"({"driver":"virtserialport","id":"channel0","chardev":"charchannel0","name":"org.qemu.guest_agent.0","bus":"virtio-serial0.0","nr":1})",
            "-device",
            R"({"driver":"usb-tablet","id":"input0","bus":"usb.0","port":"1"})",
            "-audiodev",
            R"({"id":"audio1","driver":"none"})",
            "-vnc",
            "127.0.0.1:0,audiodev=audio1",
            "-device",
            R"({"driver":"VGA","id":"video0","vgamem_mb":16,"bus":"pcie.0","addr":"0x1"})",
            "-device",
            R"({"driver":"virtio-balloon-pci","id":"balloon0","bus":"pci.5","addr":"0x0"})",
            "-object",
            R"({"qom-type":"rng-random","id":"objrng0","filename":"/dev/urandom"})",
            "-device",
            R"({"driver":"virtio-rng-pci","id":"rng0","rng":"objrng0","bus":"pci.6","addr":"0x0"})",
        });
    BOOST_TEST((line.fds == std::map<int, int>{{3, 100}, {4, 400}, {5, 401}, {6, 500}, {7, 200}, {8, 201}, {9, 300}}));
    BOOST_TEST((line.images == std::vector<std::vector<std::uint32_t>>{{1, 2}, {3}}));
    const auto again = take(build_command_line(domain, made_up_qemu(), resources));
    BOOST_TEST((again.argv == line.argv));
    BOOST_TEST((again.fds == line.fds));
}

BOOST_AUTO_TEST_CASE(command_line_of_a_pc_bios_guest) {
    const auto line = built(live("pc", pc_devices));
    BOOST_TEST(value(line, "-machine") == "pc-i440fx-7.2,usb=off,dump-guest-core=off");
    BOOST_TEST(device(line, "usb") == R"({"driver":"piix3-usb-uhci","id":"usb","bus":"pci.0","addr":"0x1.0x2"})");
    BOOST_TEST(device(line, "ide0-0-0") ==
               R"({"driver":"ide-hd","id":"ide0-0-0","bus":"ide.0","unit":0,"drive":"vireo-1-format","bootindex":1})");
    BOOST_TEST(device(line, "scsi0") == R"({"driver":"virtio-scsi-pci","id":"scsi0","bus":"pci.0","addr":"0x4"})");
    BOOST_TEST(
        device(line, "scsi0-0-0-0") ==
        R"({"driver":"scsi-hd","id":"scsi0-0-0-0","bus":"scsi0.0","channel":0,"scsi-id":0,"lun":0,"device_id":"drive-scsi0-0-0-0","drive":"vireo-2-format"})");
    BOOST_TEST(
        device(line, "usb-disk1") ==
        R"({"driver":"usb-storage","id":"usb-disk1","bus":"usb.0","port":"1","drive":"vireo-3-format","removable":false})");
    BOOST_TEST(device(line, "fdc0-0-0") == R"({"driver":"floppy","id":"fdc0-0-0","unit":0,"drive":"vireo-4-format"})");
    BOOST_TEST(
        device(line, "net0") ==
        R"({"driver":"e1000","id":"net0","netdev":"hostnet0","mac":"52:54:00:12:34:56","bus":"pci.0","addr":"0x3"})");
}

BOOST_AUTO_TEST_CASE(command_line_keeps_hostile_text_in_its_place) {
    auto domain = live("q35", q35_devices);
    domain.name = "a,b=c,-drive file=/etc/shadow\n-monitor stdio";
    domain.os.kernel = "/boot/k,snapshot=on";
    domain.os.cmdline = "root=/dev/vda1 -monitor stdio,x";
    domain.devices.channels[0].target.name = "x\",\"driver\":\"vfio-pci";
    domain.devices.serials[0].backend.type = model::CharType::file;
    domain.devices.serials[0].backend.ensure_source().path = "/a,logfile=/etc/passwd";
    domain.devices.disks[0].serial = "S\",\"x\":\"";
    const auto line = built(domain);
    BOOST_TEST(value(line, "-name") == "guest=a,,b=c,,-drive file=/etc/shadow\n-monitor stdio,debug-threads=on");
    BOOST_TEST(value(line, "-kernel") == "/boot/k,snapshot=on");
    BOOST_TEST(value(line, "-append") == "root=/dev/vda1 -monitor stdio,x");
    BOOST_TEST(device(line, "channel0").contains(R"("name":"x\",\"driver\":\"vfio-pci")"));
    BOOST_TEST(device(line, "virtio-disk0").contains(R"("serial":"S\",\"x\":\"")"));
    BOOST_TEST(has(line, "file,id=charserial0,path=/a,,logfile=/etc/passwd,append=off"));
    BOOST_TEST(!has(line, "-drive"));
    BOOST_TEST(!has(line, "-monitor"));
    domain.os.cmdline = std::string("quiet\0init=/bin/sh", 18);
    BOOST_TEST(refusal(domain).contains("zero byte"));
}

BOOST_AUTO_TEST_CASE(command_line_refuses_what_could_name_another_device) {
    auto domain = live("q35", q35_devices);
    domain.devices.interfaces[0].model = "isa-debug-exit";
    BOOST_TEST(refusal(domain).contains("'isa-debug-exit'"));
    domain = live("q35", q35_devices);
    domain.devices.serials[0].target->model = "isa-debugcon";
    BOOST_TEST(refusal(domain).contains("'isa-debugcon'"));
    domain = live("q35", q35_devices);
    for (auto& controller : domain.devices.controllers)
        if (controller.index == 3u) controller.model_name = "vfio-pci";
    BOOST_TEST(refusal(domain).contains("'vfio-pci'"));
    domain = live("q35", q35_devices);
    domain.cpu.emplace().model.emplace().name = "max,hv-passthrough=on";
    BOOST_TEST(refusal(domain).contains("no CPU model 'max,hv-passthrough=on'"));
    domain.cpu->model->name = "Haswell";
    domain.cpu->features.emplace_back().name = "avx,enforce";
    BOOST_TEST(refusal(domain).contains("'avx,enforce' is not"));
}

BOOST_AUTO_TEST_CASE(command_line_names_what_the_binary_lacks) {
    auto domain = live("q35", std::string(q35_devices) + "<watchdog model='i6300esb'/>");
    auto capabilities = made_up_qemu();
    capabilities.types =
        NameSet({"pcie-root-port", "pcie-pci-bridge", "qemu-xhci", "virtio-serial-pci", "virtio-blk-pci"});
    auto line = build_command_line(domain, capabilities, prepared(domain));
    BOOST_REQUIRE(!line.has_value());
    BOOST_TEST((line.error().code() == Errc::unsupported));
    BOOST_TEST(line.error().message() ==
               "/usr/bin/qemu-system-x86_64 has no device 'ide-cd', which the disk 'sda' needs");
    domain.type = model::DomainType::kvm;
    line = build_command_line(domain, made_up_qemu(), prepared(domain));
    BOOST_REQUIRE(!line.has_value());
    BOOST_TEST(line.error().hint().contains("type='qemu'"));
}

BOOST_AUTO_TEST_CASE(command_line_of_processors) {
    auto cpu_of = [](std::string_view elements, model::DomainType type = model::DomainType::qemu) {
        auto domain = completed(document("q35", "", elements));
        domain.type = type;
        take(assign_aliases(domain));
        auto capabilities = made_up_qemu();
        capabilities.kvm_present = capabilities.kvm_enabled = true;
        capabilities.cpus.insert(capabilities.cpus.begin(), {"host", true, false});
        std::ranges::sort(capabilities.cpus, {}, &CpuModel::name);
        return value(take(build_command_line(domain, capabilities, prepared(domain))), "-cpu");
    };
    using enum model::DomainType;
    BOOST_TEST(cpu_of("<cpu mode='host-model'/>") == "max");
    BOOST_TEST(cpu_of("<cpu mode='host-model'/>", kvm) == "host");
    BOOST_TEST(cpu_of("<cpu mode='maximum'/>") == "max");
    BOOST_TEST(cpu_of("<cpu match='exact'><model>Haswell</model><feature name='avx2' policy='disable'/><feature "
                      "name='aes'/></cpu>") == "Haswell,avx2=off,aes=on");
    BOOST_TEST(cpu_of("<features><pmu state='off'/></features>") == "qemu64,pmu=off");
    auto domain = completed("q35", "");
    domain.cpu.emplace().topology = model::CpuTopology{1, 1, 2, 2, {}, {}};
    domain.vcpu.count = 4;
    domain.vcpu.current = 1;
    take(assign_aliases(domain));
    BOOST_TEST(value(built(domain), "-smp") == "1,maxcpus=4,sockets=1,cores=2,threads=2");
}

BOOST_AUTO_TEST_CASE(command_line_of_time_and_power) {
    auto domain = completed(document("q35", "",
                                     "<clock offset='variable' adjustment='-86400'/><on_reboot>destroy</on_reboot>"
                                     "<pm><suspend-to-mem enabled='no'/></pm>"));
    take(assign_aliases(domain));
    auto resources = prepared(domain);
    resources.now = std::chrono::system_clock::from_time_t(1700000000);
    auto line = take(build_command_line(domain, made_up_qemu(), resources));
    BOOST_TEST(value(line, "-rtc") == "base=2023-11-13T22:13:20");
    BOOST_TEST(value(line, "-action") == "reboot=shutdown");
    BOOST_TEST(value(line, "-global") == "ICH9-LPC.disable_s3=1");
    BOOST_TEST(value(line, "-machine").ends_with(",acpi=off"));
    domain.clock->offset = model::Clock::Offset::timezone;
    domain.clock->timezone = "Europe/Paris";
    line = built(domain);
    BOOST_TEST(value(line, "-rtc") == "base=localtime");
    BOOST_TEST((line.env == std::vector<std::string>{"TZ=Europe/Paris"}));
}

BOOST_AUTO_TEST_CASE(command_line_of_boot) {
    auto boots = [](std::string_view os_more, std::string_view devices) {
        auto xml = document("q35", devices);
        xml.insert(xml.find("</os>"), os_more);
        auto domain = completed(xml);
        take(assign_aliases(domain));
        return built(domain);
    };
    auto line = boots("<boot dev='network'/><boot dev='cdrom'/><boot dev='hd'/><bootmenu enable='yes' timeout='3000'/>",
                      q35_devices);
    BOOST_TEST(device(line, "net0").contains("\"bootindex\":1"));
    BOOST_TEST(device(line, "sata0-0-0").contains("\"bootindex\":2"));
    BOOST_TEST(device(line, "virtio-disk0").contains("\"bootindex\":3"));
    BOOST_TEST(value(line, "-boot") == "menu=on,splash-time=3000,strict=on");
    line = boots("", "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><boot order='4'/></disk>");
    BOOST_TEST(device(line, "sata0-0-0") == R"({"driver":"ide-cd","id":"sata0-0-0","bus":"ide.0","bootindex":4})");
    line = boots("<loader readonly='yes' type='rom'>/usr/share/seabios/bios.bin</loader>", "");
    BOOST_TEST(value(line, "-bios") == "/usr/share/seabios/bios.bin");
}

BOOST_AUTO_TEST_CASE(command_line_of_secure_firmware) {
    auto domain = live("q35", "");
    domain.os.loader.emplace().secure = true;
    domain.os.loader->type = model::Loader::Type::pflash;
    BOOST_TEST(refusal(domain).contains("was not prepared"));
    auto resources = prepared(domain);
    resources.code.emplace().fd = 1;
    auto line = take(build_command_line(domain, made_up_qemu(), resources));
    BOOST_TEST(value(line, "-machine").contains(",smm=on,"));
    BOOST_TEST(value(line, "-global") == "driver=cfi.pflash01,property=secure,value=on");
    domain.features.smm = false;
    BOOST_TEST(build_command_line(domain, made_up_qemu(), resources).error().message().contains("<smm state='on'/>"));
}

BOOST_AUTO_TEST_CASE(command_line_of_disks_drivers) {
    auto domain = live("q35",
                       "<disk type='file' device='disk'><driver name='qemu' type='raw' cache='none' io='native' "
                       "error_policy='enospace' "
                       "discard='unmap' detect_zeroes='unmap'/><source file='/a'/><target dev='vda' "
                       "bus='virtio'/><shareable/></disk>");
    auto line = built(domain);
    BOOST_TEST(has(
        line,
        R"({"driver":"file","filename":"/dev/fdset/4","node-name":"vireo-1-storage","read-only":false,"discard":"unmap","aio":"native","cache":{"direct":true,"no-flush":false}})"));
    BOOST_TEST(has(
        line,
        R"({"node-name":"vireo-1-format","read-only":false,"discard":"unmap","detect-zeroes":"unmap","cache":{"direct":true,"no-flush":false},"driver":"raw","file":"vireo-1-storage"})"));
    BOOST_TEST(device(line, "virtio-disk0").contains(R"("share-rw":true,"write-cache":"on","werror":"enospc")"));
    BOOST_TEST(!device(line, "virtio-disk0").contains("rerror"));
    domain.devices.disks[0].driver->cache.reset();
    // What several guests write is not kept by the host, unless somebody says so.
    BOOST_TEST(has(
        built(domain),
        R"({"node-name":"vireo-1-format","read-only":false,"discard":"unmap","detect-zeroes":"unmap","cache":{"direct":true,"no-flush":false},"driver":"raw","file":"vireo-1-storage"})"));
    domain.devices.disks[0].shareable = false;
    BOOST_TEST(refusal(domain).contains("cache='none'"));
    auto resources = prepared(domain);
    domain.devices.disks[0].driver->io.reset();
    resources.disks[0][0].block_device = true;
    BOOST_TEST(has(
        take(build_command_line(domain, made_up_qemu(), resources)),
        R"({"driver":"host_device","filename":"/dev/fdset/4","node-name":"vireo-1-storage","read-only":false,"discard":"unmap"})"));
    resources.disks.clear();
    BOOST_TEST((build_command_line(domain, made_up_qemu(), resources).error().code() == Errc::internal));
}

// A definition may say these, as in libvirt; a start says why they cannot be.
BOOST_AUTO_TEST_CASE(command_line_refuses_what_qemu_does) {
    const std::string two =
        "<disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/><address type='pci' "
        "domain='0' bus='0' slot='5' function='0' multifunction='off'/></disk><disk type='file' device='disk'><source "
        "file='/b'/><target dev='vdb' bus='virtio'/><address type='pci' domain='0' bus='0' slot='5' "
        "function='1'/></disk>";
    BOOST_TEST(refusal(live("q35", two)).contains("the disk 'vda' and the disk 'vdb' share the slot 05 of PCI bus 0"));
    BOOST_TEST(refusal(live("pc",
                            "<disk type='file' device='disk'><source file='/a'/><target dev='hdc' bus='ide'/><address "
                            "type='drive' controller='0' bus='0' target='0' unit='2'/></disk>"))
                   .contains("the disk 'hdc' is unit 2 of the IDE channel 0"));
}

BOOST_AUTO_TEST_CASE(command_line_of_character_devices) {
    auto domain =
        live("q35",
             "<serial type='file'><source path='/log,1'/><log file='/copy' append='off'/></serial>"
             "<serial type='unix'><source mode='connect' path='/s'/></serial>"
             "<serial type='tcp'><source mode='bind' host='::1' service='9999'/><protocol type='telnet'/></serial>"
             "<parallel type='null'/>");
    auto line = built(domain);
    BOOST_TEST(has(line, "file,id=charserial0,path=/log,,1,append=off,logfile=/copy,logappend=off"));
    BOOST_TEST(has(line, "socket,id=charserial1,path=/s"));
    BOOST_TEST(has(line, "socket,id=charserial2,host=::1,port=9999,telnet=on,server=on,wait=off"));
    BOOST_TEST(has(line, "null,id=charparallel0"));
    auto resources = prepared(domain);
    resources.characters["serial0"].output = 7;
    resources.characters["serial0"].log = 8;
    line = take(build_command_line(domain, made_up_qemu(), resources));
    BOOST_TEST(has(line, "file,id=charserial0,path=/dev/fdset/4,append=on,logfile=/dev/fdset/5,logappend=on"));
    BOOST_TEST((line.fds == std::map<int, int>{{3, 100}, {4, 7}, {5, 8}}));
}

BOOST_AUTO_TEST_CASE(command_line_of_graphics) {
    auto domain = live("q35", "<graphics type='vnc' port='-1' sharePolicy='force-shared' keymap='de'/>");
    auto vnc = [&](VncPlace place) {
        auto resources = prepared(domain);
        resources.graphics[0] = std::move(place);
        return value(take(build_command_line(domain, made_up_qemu(), resources)), "-vnc");
    };
    VncPlace place;
    BOOST_TEST(vnc(place) == "none,share=force-shared,audiodev=audio1");
    place.port = 5903;
    place.address = "::1";
    place.websocket = 5700;
    BOOST_TEST(vnc(place) == "[::1]:3,websocket=5700,share=force-shared,audiodev=audio1");
    place = VncPlace();
    place.socket = "/run/a,b.sock";
    BOOST_TEST(vnc(place) == "vnc=unix:/run/a,,b.sock,share=force-shared,audiodev=audio1");
    BOOST_TEST(value(built(domain), "-k") == "de");
}
