// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices of the host, on made-up trees of /sys and /dev.
#include "host/mediated_device.hpp"
#include "host/pci_device.hpp"
#include "host/scsi_device.hpp"
#include "host/usb_device.hpp"
#include "tests/support/async.hpp"
#include "tests/support/host_tree.hpp"

using namespace vireo;
using namespace vireo::host;
using test::HostTree;

namespace {

PciRequest request(std::uint32_t function, bool managed, std::string driver = {}) {
    PciRequest request;
    request.place = {0, 1, 0, function};
    request.managed = managed;
    request.driver = std::move(driver);
    return request;
}

void refused(const auto& result, Errc code, std::initializer_list<std::string_view> words) {
    BOOST_REQUIRE(!result);
    BOOST_TEST_INFO(result.error().what());
    BOOST_CHECK(result.error().code() == code);
    BOOST_TEST(!result.error().hint().empty());
    const auto text = std::string(result.error().what()) + " / " + result.error().hint();
    for (auto word : words) BOOST_TEST(text.find(word) != text.npos, text << " does not say " << word);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(host_devices)

BOOST_AUTO_TEST_CASE(a_pci_device_that_is_missing) {
    HostTree tree;
    refused(plan_pci(request(0, true), {}, tree.root()), Errc::not_found, {"0000:01:00.0", "lspci"});
}

BOOST_AUTO_TEST_CASE(a_bridge) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "pcieport", "0x060400");
    refused(plan_pci(request(0, true), {}, tree.root()), Errc::unsupported, {"0000:01:00.0", "bridge"});
}

BOOST_AUTO_TEST_CASE(without_an_iommu) {
    HostTree tree;
    tree.pci("0000:01:00.0", "", "e1000e");
    tree.text("proc/cpuinfo", "vendor_id\t: GenuineIntel\n");
    refused(plan_pci(request(0, true), {}, tree.root()), Errc::unsupported, {"IOMMU", "off", "intel_iommu=on"});
    tree.text("proc/cpuinfo", "vendor_id\t: AuthenticAMD\n");
    refused(plan_pci(request(0, true), {}, tree.root()), Errc::unsupported, {"AMD-Vi"});
    tree.pci("0000:02:00.0", "1", "");  // it is on, but does not reach that one
    refused(plan_pci(request(0, true), {}, tree.root()), Errc::unsupported, {"does not reach it"});
}

BOOST_AUTO_TEST_CASE(a_driver_of_the_host_has_it) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "e1000e");
    refused(plan_pci(request(0, false), {}, tree.root()), Errc::invalid_state,
            {"0000:01:00.0", "e1000e", "managed='yes'"});
    auto plan = take(plan_pci(request(0, true), {}, tree.root()));
    BOOST_TEST(plan.bind_to == "vfio-pci");
    BOOST_TEST(plan.driver == "e1000e");
    BOOST_TEST(plan.group == "7");
    BOOST_TEST(take(plan_pci(request(0, true, "mlx5_vfio_pci"), {}, tree.root())).bind_to == "mlx5_vfio_pci");
}

BOOST_AUTO_TEST_CASE(with_vfio_already) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "vfio-pci");
    BOOST_TEST(take(plan_pci(request(0, false), {}, tree.root())).bind_to == "");
    tree.pci("0000:01:00.1", "8", "mlx5_vfio_pci");
    tree.folder("sys/bus/pci/devices/0000:01:00.1/vfio-dev/vfio0");
    BOOST_TEST(take(plan_pci(request(1, false), {}, tree.root())).bind_to == "");
    refused(plan_pci(request(1, false, "vfio-pci"), {}, tree.root()), Errc::invalid_state, {"mlx5_vfio_pci"});
}

BOOST_AUTO_TEST_CASE(the_whole_group) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "vfio-pci");
    tree.pci("0000:00:01.0", "7", "pcieport", "0x060400");
    tree.pci("0000:01:00.2", "7", "");
    take(plan_pci(request(0, false), {}, tree.root()));
    tree.pci("0000:01:00.1", "7", "snd_hda_intel");
    refused(plan_pci(request(0, false), {}, tree.root()), Errc::invalid_state,
            {"0000:01:00.1", "snd_hda_intel", "group 7"});
    take(plan_pci(request(0, false), {request(1, true)}, tree.root()));  // it comes along
    refused(plan_pci(request(0, false), {request(1, false)}, tree.root()), Errc::invalid_state, {"snd_hda_intel"});
}

BOOST_AUTO_TEST_CASE(bound_and_given_back) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "e1000e");
    tree.driver("vfio-pci");
    auto plan = take(plan_pci(request(0, true), {}, tree.root()));
    take(bind_pci(plan, tree.root(), tree.kernel()));
    BOOST_TEST(tree.driver_of("0000:01:00.0") == "vfio-pci");
    BOOST_TEST(tree.written() == (std::vector<std::string>{"devices/0000:01:00.0/driver_override=vfio-pci",
                                                           "devices/0000:01:00.0/driver/unbind=0000:01:00.0",
                                                           "drivers_probe=0000:01:00.0"}),
               boost::test_tools::per_element());
    take(release_pci("0000:01:00.0", "vfio-pci", true, tree.root(), tree.kernel()));
    BOOST_TEST(tree.driver_of("0000:01:00.0") == "e1000e");
    const auto writes = tree.written().size();
    take(release_pci("0000:01:00.0", "vfio-pci", true, tree.root(), tree.kernel()));  // again: nothing
    BOOST_TEST(tree.written().size() == writes);
}

BOOST_AUTO_TEST_CASE(a_device_without_a_driver_gets_none_back) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "");
    tree.driver("vfio-pci");
    take(bind_pci(take(plan_pci(request(0, true), {}, tree.root())), tree.root(), tree.kernel()));
    BOOST_TEST(tree.driver_of("0000:01:00.0") == "vfio-pci");
    take(release_pci("0000:01:00.0", "vfio-pci", false, tree.root(), tree.kernel()));
    BOOST_TEST(tree.driver_of("0000:01:00.0") == "");
}

BOOST_AUTO_TEST_CASE(given_back_from_every_step) {
    for (std::size_t fail_at = 0; fail_at < 3; ++fail_at) {
        HostTree tree;
        tree.pci("0000:01:00.0", "7", "e1000e");
        tree.driver("vfio-pci");
        auto plan = take(plan_pci(request(0, true), {}, tree.root()));
        auto bound = bind_pci(plan, tree.root(), tree.kernel(fail_at));
        BOOST_REQUIRE(!bound);
        BOOST_TEST(std::string(bound.error().what()).find("0000:01:00.0 cannot be bound to vfio-pci") !=
                   std::string::npos);
        take(release_pci("0000:01:00.0", "vfio-pci", true, tree.root(), tree.kernel()));
        BOOST_TEST(tree.driver_of("0000:01:00.0") == "e1000e", "after step " << fail_at);
    }
}

BOOST_AUTO_TEST_CASE(what_another_program_did_meanwhile_stays) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "uio_pci_generic");
    tree.text("sys/bus/pci/devices/0000:01:00.0/driver_override", "uio_pci_generic\n");
    take(release_pci("0000:01:00.0", "vfio-pci", true, tree.root(), tree.kernel()));
    BOOST_TEST(tree.written().empty());
    take(release_pci("0000:09:00.0", "vfio-pci", true, tree.root(), tree.kernel()));  // unplugged
}

BOOST_AUTO_TEST_CASE(the_driver_that_is_not_loaded) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "e1000e");
    auto plan = take(plan_pci(request(0, true), {}, tree.root()));
    BOOST_TEST(!has_pci_driver("vfio-pci", tree.root()));
    refused(bind_pci(plan, tree.root(), tree.kernel()), Errc::unsupported, {"modprobe vfio-pci"});
    BOOST_TEST(tree.driver_of("0000:01:00.0") == "e1000e");
}

BOOST_AUTO_TEST_CASE(the_files_of_a_group) {
    HostTree tree;
    refused(vfio_nodes("7", tree.root()), Errc::unsupported, {"/dev/vfio/vfio", "modprobe"});
    tree.text("dev/vfio/vfio", "");
    refused(vfio_nodes("7", tree.root()), Errc::unsupported, {"/dev/vfio/7"});
    tree.text("dev/vfio/7", "");
    BOOST_TEST(take(vfio_nodes("7", tree.root())).size() == 2);
}

BOOST_AUTO_TEST_CASE(virtual_functions) {
    HostTree tree;
    tree.pci("0000:01:00.0", "7", "ixgbe");
    tree.pci("0000:01:10.2", "8", "ixgbevf");
    refused(find_virtual_function("0000:01:10.2", tree.root()), Errc::unsupported,
            {"0000:01:10.2", "SR-IOV", "hostdev"});
    tree.link("sys/bus/pci/devices/0000:01:10.2/physfn", "../0000:01:00.0");
    refused(find_virtual_function("0000:01:10.2", tree.root()), Errc::unsupported, {"0000:01:00.0", "no link"});
    tree.folder("sys/bus/pci/devices/0000:01:00.0/net/eth5");
    tree.link("sys/bus/pci/devices/0000:01:00.0/virtfn0", "../0000:01:10.0");
    refused(find_virtual_function("0000:01:10.2", tree.root()), Errc::unsupported, {"none of the virtual functions"});
    tree.link("sys/bus/pci/devices/0000:01:00.0/virtfn11", "../0000:01:10.2");
    const auto found = take(find_virtual_function("0000:01:10.2", tree.root()));
    BOOST_TEST(found.link == "eth5");
    BOOST_TEST(found.number == 11u);
}

BOOST_AUTO_TEST_CASE(usb_devices) {
    HostTree tree;
    UsbRequest by_name;
    by_name.vendor = 0x046d;
    by_name.product = 0xc52b;
    refused(find_usb_device(by_name, tree.root()), Errc::not_found, {"046d:c52b", "no USB at all"});
    tree.usb("usb1", 1, 1, "1d6b", "0002", "0");
    refused(find_usb_device(by_name, tree.root()), Errc::not_found, {"lsusb"});
    tree.usb("1-2", 1, 4, "046d", "c52b", "2");
    tree.folder("sys/bus/usb/devices/1-2:1.0");
    auto found = take(find_usb_device(by_name, tree.root()));
    BOOST_TEST(found.bus == 1u);
    BOOST_TEST(found.device == 4u);
    BOOST_TEST(found.node == "/dev/bus/usb/001/004");
    tree.usb("2-1.4", 2, 9, "046d", "c52b", "1.4");
    refused(find_usb_device(by_name, tree.root()), Errc::invalid_config, {"bus 1, device 4", "bus 2, device 9"});
    by_name.bus = 2;
    by_name.device = 9;
    BOOST_TEST(take(find_usb_device(by_name, tree.root())).node == "/dev/bus/usb/002/009");
    UsbRequest by_port;
    by_port.bus = 2;
    by_port.port = "1.4";
    BOOST_TEST(take(find_usb_device(by_port, tree.root())).device == 9u);
    by_port.port = "1.5";
    refused(find_usb_device(by_port, tree.root()), Errc::not_found, {"bus 2, port 1.5"});
}

BOOST_AUTO_TEST_CASE(scsi_devices) {
    HostTree tree;
    const ScsiPlace place{2, 0, 1, 5};
    refused(find_scsi_generic(place, tree.root()), Errc::not_found, {"2:0:1:5", "lsscsi"});
    tree.folder("sys/bus/scsi/devices/2:0:1:5");
    refused(find_scsi_generic(place, tree.root()), Errc::unsupported, {"modprobe sg"});
    tree.folder("sys/bus/scsi/devices/2:0:1:5/scsi_generic/sg3");
    BOOST_TEST(take(find_scsi_generic(place, tree.root())) == "/dev/sg3");
    const std::string wwpn = "naa.5001405376e34ea1";
    take(check_vhost_scsi(wwpn, tree.root()));  // it cannot be seen
    tree.folder("sys/kernel/config/target/vhost");
    refused(check_vhost_scsi(wwpn, tree.root()), Errc::not_found, {wwpn, "targetcli"});
    tree.folder("sys/kernel/config/target/vhost/" + wwpn);
    take(check_vhost_scsi(wwpn, tree.root()));
}

BOOST_AUTO_TEST_CASE(mediated_devices) {
    HostTree tree;
    const std::string uuid = "53764d0e-85a0-42b4-af5c-2046b460b1dc";
    refused(find_mediated_device(uuid, "vfio-pci", tree.root()), Errc::not_found, {uuid, "/sys/bus/mdev"});
    tree.folder("sys/bus/mdev/devices");
    refused(find_mediated_device(uuid, "vfio-pci", tree.root()), Errc::not_found, {"mdevctl start"});
    tree.text("sys/bus/mdev/devices/" + uuid + "/mdev_type/device_api", "vfio-ccw\n");
    refused(find_mediated_device(uuid, "vfio-pci", tree.root()), Errc::invalid_config, {"vfio-ccw"});
    refused(find_mediated_device(uuid, "vfio-ccw", tree.root()), Errc::unsupported, {"IOMMU group"});
    tree.link("sys/bus/mdev/devices/" + uuid + "/iommu_group", "../../../../kernel/iommu_groups/12");
    BOOST_TEST(take(find_mediated_device(uuid, "vfio-ccw", tree.root())) == "12");
}

BOOST_AUTO_TEST_SUITE_END()
