// SPDX-License-Identifier: LGPL-2.1-or-later
// What a start makes of the devices of the host that a definition names, on made-up machines.
#include "domain/host_devices.hpp"

#include "domain/servable.hpp"
#include "model/domain_xml.hpp"
#include "tests/support/async.hpp"
#include "tests/support/host_tree.hpp"

#include <unistd.h>

using namespace vireo;
using namespace vireo::domain;
using test::HostTree;

namespace {

constexpr auto uuid = "53764d0e-85a0-42b4-af5c-2046b460b1dc";

model::Domain with(const std::string& devices) {
    auto xml =
        "<domain type='qemu'><name>a</name><memory unit='MiB'>1024</memory><vcpu>1</vcpu>"
        "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices>" +
        devices + "</devices></domain>";
    auto domain = take(model::parse_domain_xml(xml)).domain;
    int number = 0;
    for (auto& hostdev : domain.devices.hostdevs) hostdev.info.alias = "hostdev" + std::to_string(number++);
    for (auto& interface : domain.devices.interfaces) interface.info.alias = "net" + std::to_string(number++);
    return domain;
}

std::string pci(int slot, bool managed = true) {
    return std::string("<hostdev mode='subsystem' type='pci' managed='") + (managed ? "yes" : "no") +
           "'><source><address domain='0' bus='1' slot='" + std::to_string(slot) +
           "' function='0'/></source></hostdev>";
}
std::string usb(const std::string& policy = {}) {
    return "<hostdev mode='subsystem' type='usb'><source" + (policy.empty() ? "" : " startupPolicy='" + policy + "'") +
           "><vendor id='0x046d'/><product id='0xc52b'/></source></hostdev>";
}
std::string scsi(bool shared = false) {
    return std::string(
               "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host2'/>"
               "<address bus='0' target='1' unit='5'/></source>") +
           (shared ? "<shareable/>" : "") + "</hostdev>";
}
std::string mediated() {
    return std::string("<hostdev mode='subsystem' type='mdev' model='vfio-pci'><source><address uuid='") + uuid +
           "'/></source></hostdev>";
}

std::string refusal(const std::string& devices, const HostTree& tree) {
    auto plan = plan_host_devices(with(devices).devices, tree.root());
    BOOST_REQUIRE_MESSAGE(!plan, "accepted: " << devices);
    BOOST_TEST(!plan.error().hint().empty(), "no hint: " << plan.error().what());
    return std::string(plan.error().what()) + " / " + plan.error().hint();
}

void says(const std::string& text, std::initializer_list<std::string_view> words) {
    for (auto word : words) BOOST_TEST(text.find(word) != text.npos, text << " does not say " << word);
}

bool has(const HostDevicePlan& plan, const Taken& taken) {
    return std::ranges::find(plan.taken, taken) != plan.taken.end();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(domain_host_devices)

BOOST_AUTO_TEST_CASE(each_error_says_where_and_what) {
    HostTree tree;
    says(refusal(usb() + pci(0), tree), {"devices/hostdev[2]", "PCI device 0000:01:00.0", "not on this host"});
    says(refusal(usb(), tree), {"devices/hostdev[1]", "046d:c52b"});
    says(refusal(scsi(), tree), {"devices/hostdev[1]", "2:0:1:5"});
    says(refusal(mediated(), tree), {"devices/hostdev[1]", uuid});
    says(refusal("<hostdev mode='subsystem' type='scsi_host'><source protocol='vhost' wwpn='naa.5001405376e34ea1'/>"
                 "</hostdev>",
                 tree),
         {"devices/hostdev[1]", "/dev/vhost-scsi", "modprobe vhost_scsi"});
    says(refusal("<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>", tree),
         {"devices/interface[1]", "/dev/vhost-vdpa-0", "vdpa"});
    says(refusal("<interface type='hostdev'><source><address type='pci' domain='0' bus='1' slot='2' function='0'/>"
                 "</source></interface>",
                 tree),
         {"devices/interface[1]", "0000:01:02.0"});
    says(refusal("<disk type='nvme' device='disk'><driver name='qemu' type='raw'/><source type='pci' managed='no' "
                 "namespace='1'><address domain='0' bus='1' slot='3' function='0'/></source>"
                 "<target dev='vda' bus='virtio'/></disk>",
                 tree),
         {"devices/disk[1]", "0000:01:03.0"});
    tree.usb("1-2", 1, 4, "046d", "c52b", "2");
    says(refusal(usb(), tree), {"devices/hostdev[1]", "/dev/bus/usb/001/004"});
    auto vsock = open_vsock(model::Vsock(), tree.root());
    BOOST_REQUIRE(!vsock);
    says(std::string(vsock.error().what()) + vsock.error().hint(), {"devices/vsock", "/dev/vhost-vsock", "modprobe"});
}

BOOST_AUTO_TEST_CASE(a_machine_that_has_it_all) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "e1000e");
    tree.pci("0000:01:01.0", "7", "snd_hda_intel");
    tree.pci("0000:01:02.0", "8", "vfio-pci");
    tree.usb("1-2", 1, 4, "046d", "c52b", "2");
    tree.text("dev/bus/usb/001/004", "");
    tree.folder("sys/bus/scsi/devices/2:0:1:5/scsi_generic/sg3");
    tree.text("dev/sg3", "");
    tree.link(std::string("sys/bus/mdev/devices/") + uuid + "/iommu_group", "../../../../kernel/iommu_groups/12");
    const auto domain = with(pci(0) + pci(1) + pci(2, false) + usb() + scsi(true) + mediated());
    auto plan = take(plan_host_devices(domain.devices, tree.root()));
    using Kind = Taken::Kind;
    BOOST_TEST(has(plan, Taken(Kind::pci, "0000:01:00.0", "e1000e", "vfio-pci")));
    BOOST_TEST(has(plan, Taken(Kind::pci, "0000:01:01.0", "snd_hda_intel", "vfio-pci")));
    BOOST_TEST(has(plan, Taken(Kind::pci, "0000:01:02.0", "vfio-pci", "")));  // nothing is changed
    BOOST_TEST(has(plan, Taken(Kind::usb, "001/004")));
    BOOST_TEST(has(plan, Taken(Kind::mediated, uuid)));
    Taken shared(Kind::scsi, "2:0:1:5");
    shared.shared = true;
    BOOST_TEST(has(plan, shared));
    BOOST_TEST(plan.groups == (std::set<std::string>{"12", "7", "8"}), boost::test_tools::per_element());
    BOOST_TEST(plan.usb.at("hostdev3").device == 4u);
    BOOST_TEST(plan.opened_by_qemu.at("hostdev4").path == "/dev/sg3");

    BOOST_TEST(missing_drivers(plan, tree.root()).empty());  // one is bound to it already
    take(bind_host_devices(plan, tree.root(), tree.kernel()));
    BOOST_TEST(tree.driver_of("0000:01:00.0") == "vfio-pci");
    BOOST_TEST(tree.driver_of("0000:01:01.0") == "vfio-pci");
    BOOST_TEST(!nodes_for_qemu(plan, tree.root()));  // not there yet
    for (auto name : {"vfio", "7", "8", "12"}) tree.text(std::string("dev/vfio/") + name, "");
    BOOST_TEST(take(nodes_for_qemu(plan, tree.root())).size() == 5u);
    auto opened = take(open_host_devices(plan, tree.root()));
    BOOST_TEST(opened.size() == 1u);
    BOOST_TEST((opened.at("hostdev3").get() >= 0));

    // As the status document keeps it, and as it is given back.
    state::Status status;
    add_taken(status, plan.taken);
    BOOST_TEST((taken_of(status) == plan.taken));
    for (const auto& taken : taken_of(status))
        if (taken.kind == Kind::pci && !taken.now.empty())
            take(host::release_pci(taken.name, taken.now, !taken.before.empty(), tree.root(), tree.kernel()));
    BOOST_TEST(tree.driver_of("0000:01:00.0") == "e1000e");
    BOOST_TEST(tree.driver_of("0000:01:01.0") == "snd_hda_intel");
    BOOST_TEST(tree.driver_of("0000:01:02.0") == "vfio-pci");
}

BOOST_AUTO_TEST_CASE(a_usb_device_that_may_be_missing) {
    HostTree tree;
    for (auto policy : {"mandatory", "requisite"}) says(refusal(usb(policy), tree), {"046d:c52b"});
    auto plan = take(plan_host_devices(with(usb("optional")).devices, tree.root()));
    BOOST_TEST(plan.missing.contains("hostdev0"));
    BOOST_TEST(plan.taken.empty());
    BOOST_TEST(!plan.empty());
    tree.usb("1-2", 1, 4, "046d", "c52b", "2");
    tree.usb("1-3", 1, 5, "046d", "c52b", "3");
    says(refusal(usb("optional"), tree), {"2 USB devices", "device 4", "device 5"});
}

BOOST_AUTO_TEST_CASE(a_virtual_function_of_a_network_card) {
    HostTree tree;
    const auto card = [](const std::string& more) {
        return "<interface type='hostdev' managed='yes'><mac address='52:54:00:12:34:56'/><source><address type='pci' "
               "domain='0' bus='1' slot='16' function='2'/></source>" +
               more + "</interface>";
    };
    tree.pci("0000:01:00.0", "7", "ixgbe");
    tree.pci("0000:01:10.2", "8", "ixgbevf");
    says(refusal(card(""), tree), {"devices/interface[1]", "0000:01:10.2", "SR-IOV"});
    tree.link("sys/bus/pci/devices/0000:01:10.2/physfn", "../0000:01:00.0");
    tree.folder("sys/bus/pci/devices/0000:01:00.0/net/eth5");
    tree.link("sys/bus/pci/devices/0000:01:00.0/virtfn1", "../0000:01:10.2");
    const auto plan = take(plan_host_devices(with(card("<vlan><tag id='42'/></vlan>")).devices, tree.root()));
    BOOST_REQUIRE(plan.functions.size() == 1u);
    BOOST_TEST(plan.functions[0].of.link == "eth5");
    BOOST_TEST(plan.functions[0].of.number == 1u);
    BOOST_TEST(net::to_string(plan.functions[0].setting) == "52:54:00:12:34:56 42");
}

BOOST_AUTO_TEST_CASE(one_device_is_one_guests) {
    using Kind = Taken::Kind;
    const std::vector<Taken> others{Taken(Kind::pci, "0000:01:00.0", "e1000e", "vfio-pci"),
                                    Taken(Kind::iommu_group, "7"),
                                    Taken(Kind::node, "/dev/vfio/7", "0:0", "64055:64055")};
    auto refused = check_free({Taken(Kind::pci, "0000:01:00.0")}, others, "web");
    BOOST_REQUIRE(!refused);
    BOOST_CHECK(refused.error().code() == Errc::invalid_state);
    says(refused.error().what(), {"PCI device 0000:01:00.0", "domain web"});
    BOOST_TEST(!check_free({Taken(Kind::iommu_group, "7")}, others, "web"));
    take(check_free({Taken(Kind::pci, "0000:01:00.1"), Taken(Kind::node, "/dev/vfio/7")}, others, "web"));
    Taken mine(Kind::scsi, "2:0:1:5"), theirs(Kind::scsi, "2:0:1:5");
    theirs.shared = true;
    BOOST_TEST(!check_free({mine}, {theirs}, "web"));
    mine.shared = true;
    take(check_free({mine}, {theirs}, "web"));
}

BOOST_AUTO_TEST_CASE(what_an_unknown_daemon_wrote_is_left_alone) {
    state::Status status;
    status.extra["taken"] = boost::json::array{boost::json::object{{"kind", "quantum-link"}, {"name", "x"}}, 7,
                                               boost::json::object{{"kind", "usb"}, {"name", "001/002"}}};
    BOOST_TEST((taken_of(status) == std::vector<Taken>{Taken(Taken::Kind::usb, "001/002")}));
}

BOOST_AUTO_TEST_CASE(files_change_hands_and_back) {
    if (::geteuid()) return;
    test::Folder folder;
    take(replace_file(folder / "node", "", 0600, Durable::no));
    host::Account account;
    account.uid = 12345;
    account.gid = 12346;
    const auto path = (folder / "node").string();
    auto changes = owners_to_change({"/dev/vfio/vfio", path}, account);
    BOOST_REQUIRE(changes.size() == 1u);
    BOOST_TEST(changes[0].before == "0:0");
    BOOST_TEST(changes[0].now == "12345:12346");
    take(change_owners(changes, account));
    BOOST_TEST(owner_of(path) == "12345:12346");
    BOOST_TEST(owners_to_change({path}, account).empty());
}

BOOST_AUTO_TEST_CASE(memory_that_devices_write_to) {
    BOOST_TEST(!locked_memory(with(usb() + scsi())).has_value());
    BOOST_TEST(locked_memory(with(pci(0))).value() == (1ull << 30) + (1ull << 30));
    BOOST_TEST(locked_memory(with("<interface type='vdpa'><source dev='/dev/vhost-vdpa-0'/></interface>")).has_value());
}

BOOST_AUTO_TEST_CASE(what_stays_refused_is_refused_by_name) {
    for (auto& [devices, word] : std::vector<std::pair<std::string, std::string>>{
             {"<hostdev mode='subsystem' type='pci' managed='yes'><driver name='vfio' iommufd='yes'/><source>"
              "<address domain='0' bus='1' slot='0' function='0'/></source></hostdev>",
              "iommufd"},
             {"<interface type='network'><source network='default'/></interface>", "virtual networks"},
             {"<interface type='direct'><source dev='eth0'/><virtualport type='802.1Qbh'><parameters "
              "profileid='web'/></virtualport></interface>",
              "802.1Qbh"},
             {"<interface type='direct'><source dev='eth0' mode='passthrough'/><vlan><tag id='7'/></vlan></interface>",
              "vlan"},
             {"<interface type='bridge'><source bridge='br0'/><filterref filter='clean-traffic'/></interface>",
              "filterref"},
             {"<interface type='bridge'><source bridge='br0'/><script path='/bin/true'/></interface>", "script"}}) {
        auto refused = check_devices_servable(with(devices).devices);
        BOOST_REQUIRE_MESSAGE(!refused, devices);
        BOOST_CHECK(refused.error().code() == Errc::unsupported);
        says(refused.error().what(), {word, "devices/"});
    }
    take(check_devices_servable(with(pci(0) + usb() + scsi() + mediated() +
                                     "<interface type='bridge'><source bridge='br0'/></interface>"
                                     "<interface type='direct'><source dev='eth0' mode='vepa'/></interface>"
                                     "<interface type='ethernet'><script path='/bin/true'/></interface>"
                                     "<interface type='bridge'><source bridge='br0'/><vlan><tag id='7'/></vlan>"
                                     "<virtualport type='openvswitch'/></interface>"
                                     "<vsock><cid auto='yes'/></vsock>")
                                    .devices));
}

BOOST_AUTO_TEST_SUITE_END()
