// SPDX-License-Identifier: LGPL-2.1-or-later
// Block nodes of every kind of source, the devices on top of them, and what is done to them over QMP.
#include "qemu/block_nodes.hpp"

#include "model/read_xml.hpp"
#include "model/schemas.hpp"
#include "qemu/disk_throttle.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <tinyxml2.h>

using namespace vireo;
using namespace vireo::qemu;

namespace {

model::Disk disk_of(const std::string& xml) {
    tinyxml2::XMLDocument document;
    BOOST_REQUIRE_MESSAGE(document.Parse(xml.data(), xml.size()) == tinyxml2::XML_SUCCESS, xml);
    model::Disk disk;
    model::XmlReader reader(false);
    const model::Frame at{nullptr, "disk", document.RootElement(), {}};
    if (!reader.read(*document.RootElement(), &disk, model::schema<model::Disk>(), at))
        BOOST_FAIL(reader.error().what() << "\n" << xml);
    return disk;
}

// The storage node of a network disk with this <source>.
std::string network(const std::string& source) {
    const auto disk = disk_of("<disk type='network'>" + source + "<target dev='vda'/></disk>");
    BlockLayer layer;
    layer.number = 1;
    layer.type = disk.type;
    layer.source = &*disk.source;
    layer.auth = disk.authentication();
    layer.encryption = disk.image_encryption();
    std::vector<json::object> objects;
    const auto node = storage_node(layer, "vireo-1-storage", objects);
    if (!node) return std::string(node.error().message());
    std::string out = json::serialize(*node);
    for (const auto& object : objects) out += "\n" + json::serialize(object);
    return out;
}

std::string all(const BlockNodes& nodes) {
    std::string out;
    for (const auto& object : nodes.objects) out += json::serialize(object) + "\n";
    for (const auto& node : nodes.nodes) out += json::serialize(node) + "\n";
    return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(block_nodes_of_network_protocols) {
    BOOST_TEST(
        network("<source protocol='nbd' name='disk'><host name='h'/><reconnect delay='5'/></source>") ==
        R"({"driver":"nbd","server":{"type":"inet","host":"h","port":"10809"},"export":"disk","reconnect-delay":5})");
    BOOST_TEST(network("<source protocol='nbd'><host transport='unix' socket='/s'/></source>") ==
               R"({"driver":"nbd","server":{"type":"unix","path":"/s"}})");
    BOOST_TEST(
        network("<source protocol='rbd' name='pool/space/image'><host name='m' port='3300'/><snapshot name='s'/>"
                "<config file='/c'/></source>") ==
        R"({"driver":"rbd","pool":"pool","namespace":"space","image":"image","snapshot":"s","conf":"/c","server":[{"host":"m","port":"3300"}]})");
    BOOST_TEST(
        network("<source protocol='iscsi' name='iqn.2020-01.org.example:x/3'><host name='::1'/></source>") ==
        R"({"driver":"iscsi","portal":"[::1]:3260","target":"iqn.2020-01.org.example:x","lun":3,"transport":"tcp"})");
    BOOST_TEST(network("<source protocol='iscsi' name='iqn.x/abc'><host name='h'/></source>").contains("IQN/LUN"));
    BOOST_TEST(
        network("<source protocol='https' name='a b.iso' query='x=1'><host name='h' port='8443'/><ssl verify='no'/>"
                "<readahead size='4096'/><timeout seconds='3'/></source>") ==
        R"({"driver":"https","url":"https://h:8443/a b.iso?x=1","readahead":4096,"timeout":3,"sslverify":false})");
    BOOST_TEST(
        network("<source protocol='nfs' name='/export/a'><host name='h'/><identity user='+0' group='7'/></source>") ==
        R"({"driver":"nfs","server":{"host":"h","type":"inet"},"path":"/export/a","user":0,"group":7})");
    BOOST_TEST(network("<source protocol='nfs' name='/a'><host name='h'/><identity user='root'/></source>")
                   .contains("give its number"));
}

BOOST_AUTO_TEST_CASE(block_nodes_name_secrets_and_never_hold_them) {
    const auto text = network(
        "<source protocol='rbd' name='p/i'><auth username='u'><secret type='ceph' "
        "uuid='1b4e28ba-2fa1-11d2-883f-0016d3cca427'/></auth></source>");
    BOOST_TEST(text.contains(
        R"("user":"u","auth-client-required":["cephx","none"],"key-secret":"vireo-1-storage-auth-secret0")"));
    BOOST_TEST(text.contains(R"({"qom-type":"secret","id":"vireo-1-storage-auth-secret0")"));
    BOOST_TEST(!text.contains("\"data\""));
}

BOOST_AUTO_TEST_CASE(block_nodes_of_a_chain) {
    model::DiskDriver driver;
    driver.cache = model::DiskDriver::Cache::none;
    driver.copy_on_read = true;
    std::vector<BlockLayer> layers(2);
    layers[0].number = 1;
    layers[0].file = "/top";
    layers[0].format = model::DiskFormat::qcow2;
    layers[0].metadata_cache = 4096;
    layers[1].number = 2;
    layers[1].file = "/dev/base";
    layers[1].block_device = true;
    layers[1].read_only = true;
    layers[1].ends = true;  // formats that cannot have a backing file are not told that there is none
    layers[1].format = model::DiskFormat::vdi;
    BOOST_TEST(!all(take(block_nodes(layers, {}, "cor"))).contains("\"backing\":null"));
    layers[1].format = model::DiskFormat::qcow2;
    BOOST_TEST(all(take(block_nodes(layers, {}, "cor"))).contains("\"backing\":null"));
    layers[1].format = model::DiskFormat::raw;
    const auto nodes = block_nodes(layers, driver, "cor");
    BOOST_REQUIRE(nodes.has_value());
    BOOST_TEST(nodes->top == "cor");
    BOOST_TEST(
        all(*nodes) ==
        R"({"driver":"host_device","filename":"/dev/base","node-name":"vireo-2-storage","read-only":true,"discard":"unmap","cache":{"direct":true,"no-flush":false}})"
        "\n"
        R"({"node-name":"vireo-2-format","read-only":true,"cache":{"direct":true,"no-flush":false},"driver":"raw","file":"vireo-2-storage"})"
        "\n"
        R"({"driver":"file","filename":"/top","node-name":"vireo-1-storage","read-only":false,"discard":"unmap","cache":{"direct":true,"no-flush":false}})"
        "\n"
        R"({"node-name":"vireo-1-format","read-only":false,"cache":{"direct":true,"no-flush":false},"driver":"qcow2","cache-size":4096,"file":"vireo-1-storage","backing":"vireo-2-format"})"
        "\n"
        R"({"driver":"copy-on-read","node-name":"cor","file":"vireo-1-format"})"
        "\n");
}

BOOST_AUTO_TEST_CASE(block_nodes_of_parts_of_an_image) {
    const auto disk = disk_of(
        "<disk type='file'><source file='/i'><slices><slice type='storage' offset='512' size='1024'/></slices>"
        "<encryption format='luks'><secret type='passphrase' usage='a'/></encryption></source>"
        "<target dev='vda'/></disk>");
    std::vector<BlockLayer> layers(1);
    layers[0].number = 7;
    layers[0].file = "/i";
    layers[0].source = &*disk.source;
    auto nodes = block_nodes(layers, model::DiskDriver(), "");
    BOOST_REQUIRE(nodes.has_value());
    BOOST_TEST(all(*nodes).contains(
        R"({"node-name":"vireo-7-format","read-only":false,"driver":"raw","offset":512,"size":1024,"file":"vireo-7-storage"})"));
    layers[0].encryption = disk.image_encryption();
    nodes = block_nodes(layers, model::DiskDriver(), "");
    BOOST_REQUIRE(nodes.has_value());
    BOOST_TEST(all(*nodes).contains(
        R"("driver":"luks","key-secret":"vireo-7-format-encryption-secret0","file":"vireo-7-slice")"));
}

BOOST_AUTO_TEST_CASE(disk_limits_are_set_over_qmp) {
    auto disk = disk_of(
        "<disk type='file'><source file='/i'/><target dev='vda'/><iotune><total_bytes_sec>1000</total_bytes_sec>"
        "<read_iops_sec>5</read_iops_sec><read_iops_sec_max>9</read_iops_sec_max>"
        "<read_iops_sec_max_length>2</read_iops_sec_max_length><group_name>g</group_name></iotune></disk>");
    disk.info.alias = "virtio-disk0";
    const auto arguments = throttle_arguments(disk);
    BOOST_REQUIRE(arguments.has_value());
    BOOST_TEST(
        json::serialize(*arguments) ==
        R"({"id":"/machine/peripheral/virtio-disk0/virtio-backend","bps":1000,"bps_rd":0,"bps_wr":0,"iops":0,"iops_rd":5,"iops_wr":0,"iops_rd_max":9,"iops_rd_max_length":2,"group":"g"})");
    disk.iotune.reset();
    BOOST_TEST(!throttle_arguments(disk));
}

BOOST_AUTO_TEST_CASE(throttle_groups_are_objects) {
    model::IoTune group;
    group.group_name = "g";
    group.total_bytes = 1000;
    group.read_iops = 5;
    group.read_iops_max = 9;
    group.read_iops_length = 2;
    group.size_iops = 4096;
    BOOST_TEST(
        json::serialize(throttle_group(group)) ==
        R"({"qom-type":"throttle-group","id":"throttle-g","limits":{"bps-total":1000,"iops-read":5,"iops-read-max":9,"iops-read-max-length":2,"iops-size":4096}})");
}
