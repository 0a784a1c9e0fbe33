// SPDX-License-Identifier: LGPL-2.1-or-later
// The command lines against the QEMU of this machine: it comes up, paused, and what it says of its devices is what the
// definition says. Skipped by name where there is no QEMU.
#include "qemu/command_line.hpp"
#include "qemu/probe.hpp"
#include "qemu/qmp_client.hpp"
#include "support/async.hpp"
#include "support/file.hpp"
#include "support/folder.hpp"
#include "support/process.hpp"
#include "support/skip.hpp"
#include "unit/qemu/assign_fixture.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace vireo;
using namespace vireo::qemu;
using namespace vireo::qemu::test;
using vireo::test::Folder;

namespace {

constexpr const char* qemu_path = "/usr/bin/qemu-system-x86_64";
constexpr const char* firmware_code = "/usr/share/OVMF/OVMF_CODE_4M.fd";
constexpr const char* firmware_variables = "/usr/share/OVMF/OVMF_VARS_4M.fd";

bool no_qemu() {
    if (::access(qemu_path, X_OK) == 0) return false;
    vireo::test::skip(std::string("there is no ") + qemu_path);
    return true;
}

Task<Capabilities> real_qemu() {
    ProbeSettings settings;
    auto result = co_await probe_binary(qemu_path, std::move(settings));
    co_return std::move(result.capabilities);
}

sockaddr_un address_of(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    return address;
}

UniqueFd unix_socket(const std::filesystem::path& path, bool listener) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(path);
    const auto* raw = reinterpret_cast<const sockaddr*>(&address);
    if (listener ? ::bind(fd.get(), raw, sizeof address) || ::listen(fd.get(), 1)
                 : ::connect(fd.get(), raw, sizeof address))
        throw system_error(errno, path.string());
    return fd;
}

// A guest whose images are empty files, started by its command line.
struct Guest {
    Folder folder;
    model::Domain domain;
    std::vector<UniqueFd> kept;
    Resources resources;
    std::optional<uid_t> user;
    std::optional<Process> process;
    std::optional<QmpClient> monitor;

    Guest() = default;
    ~Guest() {
        if (process) process->kill(SIGKILL);
    }
    int keep(Result<UniqueFd> fd) { return kept.emplace_back(take(std::move(fd))).get(); }
    int file(const std::string& name, int flags) {
        auto fd = take(open_file(folder / name, O_RDWR | O_CREAT));
        if (::ftruncate(fd.get(), 1 << 20)) throw system_error(errno, name);
        return keep(open_file(folder / name, flags));
    }

    void prepare() {
        for (const auto& disk : domain.devices.disks) {
            auto& chain = resources.disks.emplace_back();
            if (disk.empty()) continue;
            auto& image = chain.emplace_back();
            image.read_only = disk.readonly;
            image.format = model::DiskFormat::raw;
            image.fd = file(disk.target.dev, disk.readonly ? O_RDONLY : O_RDWR);
        }
        for (const auto& channel : domain.devices.channels)
            resources.characters[channel.info.alias].listener = keep(unix_socket(folder / channel.info.alias, true));
        for (const auto& serial : domain.devices.serials)
            if (serial.backend.type == model::CharType::file)
                resources.characters[serial.info.alias].output = file(serial.info.alias, O_WRONLY);
        for (std::size_t i = 0; i < domain.devices.graphics.size(); ++i)
            resources.graphics.emplace_back().socket = (folder / "vnc,1").string();
        resources.monitor = keep(unix_socket(folder / "monitor", true));
    }

    Task<> start(Capabilities capabilities) {
        const auto line = take(build_command_line(domain, capabilities, resources));
        Command command;
        command.argv = line.argv;
        command.fds = line.fds;
        command.fds[2] = file("stderr", O_WRONLY);
        if (user) command.uid = command.gid = *user;
        auto executor = co_await asio::this_coro::executor;
        process = take(Process::start(executor, command));
        kept.clear();  // QEMU has its own copies
        QmpClient::Options options;
        monitor.emplace(executor, unix_socket(folder / "monitor", false), std::move(options));
        std::exception_ptr failure;
        try {
            co_await monitor->ready();
        } catch (...) {
            failure = std::current_exception();
        }
        if (failure) throw current_error(failure).wrap(said());
    }
    std::string said() const {
        auto text = take(read_file(folder / "stderr"));
        return text.substr(0, text.find('\0'));
    }
};

// Where query-pci found the devices with an id: id → "bus:slot.function", with buses numbered as in the definition.
void collect_pci(const json::array& devices, std::uint32_t bus, std::map<std::string, std::string>& found) {
    for (const auto& entry : devices) {
        const auto* device = entry.if_object();
        BOOST_REQUIRE(device);
        const auto* id = device->if_contains("qdev_id");
        const std::string name = id && id->if_string() ? std::string(id->get_string()) : "";
        if (!name.empty())
            found[name] = fmt::format("{:02x}:{:02x}.{:x}", bus, device->at("slot").to_number<int>(),
                                      device->at("function").to_number<int>());
        if (const auto* bridge = device->if_contains("pci_bridge")) {
            const auto* behind = bridge->as_object().if_contains("devices");
            const auto number = name.starts_with("pci.") ? static_cast<std::uint32_t>(std::stoul(name.substr(4))) : 0;
            if (behind) collect_pci(behind->as_array(), number, found);
        }
    }
}

Task<> check_guest(Guest& guest) {
    json::value buses = co_await guest.monitor->execute("query-pci");
    std::map<std::string, std::string> found;
    for (const auto& bus : buses.as_array()) collect_pci(bus.at("devices").as_array(), 0, found);
    std::size_t checked = 0;
    for (auto [alias, place] : places(guest.domain)) {
        place = place.substr(0, place.find(" multifunction"));
        if (!found.contains(alias) || place.find(':') == std::string::npos) continue;
        BOOST_TEST(found.at(alias) == place, alias << " is at " << found.at(alias) << ", not at " << place);
        ++checked;
    }
    BOOST_TEST(checked >= 3u);

    json::value blocks = co_await guest.monitor->execute("query-block");
    std::map<std::string, std::string> images;  // device → the file of its medium
    for (const auto& block : blocks.as_array()) {
        if (!block.as_object().contains("qdev")) continue;
        const auto* inserted = block.as_object().if_contains("inserted");
        images[std::string(block.at("qdev").as_string())] =
            inserted ? std::string(inserted->at("node-name").as_string()) : "";
    }
    std::uint32_t number = 0;
    for (const auto& disk : guest.domain.devices.disks) {
        const auto filters = disk.throttle_filters.size();
        const auto top = filters > 0 ? fmt::format("filter-{}", filters - 1) : "format";
        const auto expected = disk.empty() ? std::string() : fmt::format("vireo-{}-{}", ++number, top);
        const bool there = std::ranges::any_of(images, [&](const auto& image) {
            return image.first.contains(disk.info.alias) && image.second == expected;
        });
        BOOST_TEST(there, disk.info.alias << " has no " << expected);
    }
    json::value status = co_await guest.monitor->execute("query-status");
    BOOST_TEST(status.at("status").as_string() == "prelaunch");
    BOOST_TEST(guest.said() == "");
}

Task<> run_guest(Guest& guest, std::string xml) {
    auto capabilities = co_await real_qemu();
    guest.domain = parse(xml);
    take(complete(guest.domain, capabilities));
    take(assign_aliases(guest.domain));
    guest.prepare();
    co_await guest.start(std::move(capabilities));
    co_await check_guest(guest);
}

}  // namespace

ASYNC_TEST(command_line_real_q35) {
    if (no_qemu()) co_return;
    Guest guest;
    std::string devices(q35_devices);
    devices +=
        "<disk type='file' device='cdrom'><target dev='sdb' bus='usb'/></disk>"
        "<disk type='file' device='disk'><source file='/s'/><target dev='sdc' bus='scsi'/><serial>a b</serial></disk>"
        "<disk type='file' device='disk'><driver name='qemu' type='raw' cache='writethrough' discard='unmap' "
        "detect_zeroes='on'/>"
        "<source file='/s'/><target dev='vdb' bus='virtio'/></disk>"
        "<disk type='file' device='floppy'><source file='/f'/><target dev='fda'/></disk>"
        "<interface type='user'><model type='e1000e'/></interface><interface type='user'><model "
        "type='rtl8139'/></interface>"
        "<watchdog model='i6300esb' action='pause'/><panic model='isa'/><input type='keyboard' bus='virtio'/>"
        "<serial type='file'><source path='/log'/></serial><console type='pty'/><console type='pty'><target "
        "type='virtio'/></console>"
        "<parallel type='null'/>";
    co_await run_guest(guest, document("q35", devices));
}

ASYNC_TEST(command_line_real_pc) {
    if (no_qemu()) co_return;
    Guest guest;
    co_await run_guest(guest, document("pc", std::string(pc_devices)));
}

ASYNC_TEST(command_line_real_pc_with_many_devices) {
    if (no_qemu()) co_return;
    Guest guest;
    std::string devices;
    for (int i = 0; i < 40; ++i) devices += "<rng model='virtio'><backend model='builtin'/></rng>";
    co_await run_guest(guest, document("pc", devices));
}

ASYNC_TEST(command_line_real_ich9_usb_and_conventional_bridges) {
    if (no_qemu()) co_return;
    Guest guest;
    co_await run_guest(guest, document("q35",
                                       "<controller type='usb' index='0' model='ich9-ehci1'/>"
                                       "<controller type='usb' index='0' model='ich9-uhci1'/>"
                                       "<controller type='usb' index='0' model='ich9-uhci2'/>"
                                       "<controller type='usb' index='0' model='ich9-uhci3'/>"
                                       "<controller type='pci' index='1' model='dmi-to-pci-bridge'/>"
                                       "<controller type='pci' index='2' model='pci-bridge'/>"
                                       "<controller type='sata' index='1'/><input type='tablet' bus='usb'/>"
                                       "<interface type='user'><model type='e1000'/></interface>"));
}

ASYNC_TEST(command_line_real_nvme_and_throttle_groups) {
    if (no_qemu()) co_return;
    Guest guest;
    co_await run_guest(
        guest,
        document(
            "q35",
            "<controller type='nvme' index='0'><serial>SN-1</serial></controller>"
            "<disk type='file' device='disk'><source file='/a'/><target dev='nvme0n1' bus='nvme'/></disk>"
            "<disk type='file' device='disk'><source file='/b'/><target dev='nvme0n2' bus='nvme'/>"
            "<throttlefilters><filter group='slow'/></throttlefilters></disk>"
            "<disk type='file' device='disk'><source file='/c'/><target dev='vda' bus='virtio'/>"
            "<throttlefilters><filter group='slow'/><filter group='operations'/></throttlefilters>"
            "</disk><rng model='virtio'><backend model='builtin'/></rng>",
            "<throttlegroups><throttlegroup><group_name>slow</group_name><total_bytes_sec>1000000</total_bytes_sec>"
            "<total_bytes_sec_max>2000000</total_bytes_sec_max></throttlegroup><throttlegroup>"
            "<group_name>operations</group_name><read_iops_sec>300</read_iops_sec>"
            "</throttlegroup></throttlegroups>"));
    const json::object slow{{"path", "/objects/throttle-slow"}, {"property", "limits"}};
    json::value limits = co_await guest.monitor->execute("qom-get", slow);
    BOOST_TEST(limits.at("bps-total").to_number<int>() == 1000000);
    BOOST_TEST(limits.at("bps-total-max").to_number<int>() == 2000000);
    const json::object drive{{"path", "/machine/peripheral/nvme0-0-1"}, {"property", "nsid"}};
    json::value number = co_await guest.monitor->execute("qom-get", drive);
    BOOST_TEST(number.to_number<int>() == 2);
}

ASYNC_TEST(command_line_real_uefi) {
    if (no_qemu()) co_return;
    if (::access(firmware_code, R_OK) != 0) {
        vireo::test::skip(std::string("there is no ") + firmware_code);
        co_return;
    }
    Guest guest;
    std::filesystem::copy_file(firmware_variables, guest.folder / "variables");
    guest.resources.code.emplace().fd = guest.keep(open_file(firmware_code, O_RDONLY));
    guest.resources.code->read_only = true;
    guest.resources.variables.emplace().fd = guest.keep(open_file(guest.folder / "variables", O_RDWR));
    co_await run_guest(guest, document("q35", q35_devices));
    json::value node = co_await guest.monitor->execute("query-named-block-nodes");
    std::map<std::string, bool> read_only;
    for (const auto& entry : node.as_array())
        read_only[std::string(entry.at("node-name").as_string())] = entry.at("ro").as_bool();
    BOOST_TEST(read_only.at("vireo-pflash0-storage"));
    BOOST_TEST(!read_only.at("vireo-pflash1-format"));
    co_await guest.monitor->execute("cont");
    json::value status = co_await guest.monitor->execute("query-status");
    BOOST_TEST(status.at("status").as_string() == "running");
}

// The point of handing descriptors: nothing of the guest's is readable for the user that its QEMU runs as.
ASYNC_TEST(command_line_real_as_a_user_that_may_open_nothing) {
    if (no_qemu()) co_return;
    if (::getuid() != 0) {
        vireo::test::skip("needs root, to run QEMU as somebody else");
        co_return;
    }
    Guest guest;
    guest.user = 65534;
    co_await run_guest(
        guest, document("q35",
                        "<disk type='file' device='disk'><source file='/a'/><target dev='vda' bus='virtio'/></disk>"
                        "<disk type='file' device='cdrom'><source file='/b'/><target dev='sda' bus='sata'/></disk>"
                        "<disk type='file' device='disk'><driver name='qemu' type='raw' cache='writethrough'/>"
                        "<source file='/c'/><target dev='vdb' bus='virtio'/></disk>"
                        "<serial type='file'><source path='/log'/></serial><interface type='user'/>"
                        "<channel type='unix'><target type='virtio' name='a'/></channel>"));
}

// What is outside the devices, as QEMU itself tells it.
ASYNC_TEST(command_line_real_system) {
    if (no_qemu()) co_return;
    Guest guest;
    constexpr std::string_view others =
        "<genid>e9392370-2917-565e-692b-d057f46512d6</genid><maxMemory slots='4' unit='GiB'>2</maxMemory>"
        "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>"
        "<iothreads>2</iothreads><iothreadids><iothread id='4' thread_pool_min='1' thread_pool_max='8'/></iothreadids>"
        "<features><acpi/><apic/><smm state='on'><tseg unit='MiB'>16</tseg></smm><vmcoreinfo/><pmu state='off'/>"
        "<tcg><tb-cache unit='MiB'>64</tb-cache></tcg><vmport state='off'/></features>"
        "<sysinfo type='smbios'><system><entry name='product'>a, b</entry></system></sysinfo>"
        "<sysinfo type='fwcfg'><entry name='opt/com.example/x'>y, z</entry></sysinfo>"
        "<cpu mode='custom' match='exact'><model>qemu64</model>"
        "<topology sockets='1' dies='1' cores='2' threads='1'/><feature policy='disable' name='svm'/>"
        "<numa><cell id='0' cpus='0' memory='262144'><distances><sibling id='1' value='21'/></distances></cell>"
        "<cell id='1' cpus='1' memory='262144'/></numa></cpu>"
        "<clock offset='variable' adjustment='3600'><timer name='rtc' tickpolicy='catchup'/>"
        "<timer name='hpet' present='no'/></clock><pm><suspend-to-mem enabled='no'/></pm>";
    auto xml = document("q35", q35_devices, others);
    xml.insert(xml.find("</os>"), "<smbios mode='sysinfo'/><bios rebootTimeout='5'/>");
    co_await run_guest(guest, xml);
    json::value memory = co_await guest.monitor->execute("query-memdev");
    std::map<std::string, bool> shared;
    for (const auto& object : memory.as_array()) {
        BOOST_TEST(object.at("size").to_number<std::uint64_t>() == 256u << 20);
        shared[std::string(object.at("id").as_string())] = object.at("share").as_bool();
    }
    BOOST_TEST((shared == std::map<std::string, bool>{{"ram-node0", true}, {"ram-node1", true}}));
    json::value threads = co_await guest.monitor->execute("query-iothreads");
    std::set<std::string> names;
    for (const auto& thread : threads.as_array()) names.emplace(thread.at("id").as_string());
    BOOST_TEST((names == std::set<std::string>{"iothread1", "iothread4"}));
    json::value cpus = co_await guest.monitor->execute("query-cpus-fast");
    BOOST_REQUIRE(cpus.as_array().size() == 2u);
    for (const auto& cpu : cpus.as_array())
        BOOST_TEST(cpu.at("props").at("node-id").to_number<int>() == cpu.at("cpu-index").to_number<int>());
    json::value generation = co_await guest.monitor->execute("query-vm-generation-id");
    BOOST_TEST(generation.at("guid").as_string() == "e9392370-2917-565e-692b-d057f46512d6");
    json::value slots = co_await guest.monitor->execute("query-memory-size-summary");
    BOOST_TEST(slots.at("base-memory").to_number<std::uint64_t>() == 512u << 20);
}
