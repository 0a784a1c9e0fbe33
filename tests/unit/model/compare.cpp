// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/compare.hpp"

#include "documents.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace vireo;
using namespace vireo::model;
using namespace vireo::model::test;

namespace {

constexpr std::string_view before_xml = R"(<domain type='qemu'>
  <name>a</name>
  <memory>1048576</memory>
  <vcpu>2</vcpu>
  <os><type>hvm</type><boot dev='hd'/><boot dev='cdrom'/></os>
  <devices>
    <disk type='file' device='disk'><source file='/a.img'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='disk'><source file='/b.img'/><target dev='vdb' bus='virtio'/></disk>
    <interface type='user'><mac address='52:54:00:00:00:01'/></interface>
  </devices>
</domain>)";

std::vector<std::string> changes(std::string_view from, std::string_view to) {
    auto after = std::string(before_xml);
    if (!from.empty()) after = changed(after, from, to);
    std::vector<std::string> out;
    for (const auto& change : compare(take(parse_domain_xml(before_xml)).domain, take(parse_domain_xml(after)).domain))
        out.push_back(std::string(to_string(change.kind)) + " " + change.path + " " +
                      boost::json::serialize(change.before) + " " + boost::json::serialize(change.after) + " " +
                      std::string(to_string(change.effect)));
    return out;
}
std::string only(std::string_view from, std::string_view to) {
    const auto all = changes(from, to);
    BOOST_REQUIRE_MESSAGE(all.size() == 1, all.size() << " changes");
    return all.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparison)

BOOST_AUTO_TEST_CASE(the_same_is_the_same) {
    BOOST_TEST(changes("", "").empty());
    BOOST_TEST(changes("<domain type='qemu'>", "<domain type='qemu' id='7'>").empty());
    BOOST_TEST(changes("<memory>1048576", "<memory unit='GiB'>1").empty());
}

BOOST_AUTO_TEST_CASE(values_that_come_go_and_change) {
    BOOST_TEST(only("<vcpu>2", "<vcpu>3") == "changed /domain/vcpu 2 3 next-boot");
    BOOST_TEST(only("<name>a</name>", "<name>a</name><description>t</description>") == "added /domain/description null \"t\" live");
    BOOST_TEST(only("<boot dev='hd'/><boot dev='cdrom'/>", "<boot dev='cdrom'/><boot dev='hd'/>") ==
               R"(changed /domain/os/boot/@dev ["hd","cdrom"] ["cdrom","hd"] next-boot)");
}

BOOST_AUTO_TEST_CASE(items_are_known_by_what_tells_them_apart) {
    BOOST_TEST(only("/b.img", "/c.img") ==
               "changed /domain/devices/disk[vdb]/source/@file \"/b.img\" \"/c.img\" next-boot");
    const auto removed =
        only("<disk type='file' device='disk'><source file='/a.img'/><target dev='vda' bus='virtio'/></disk>", "");
    BOOST_TEST(removed.starts_with("removed /domain/devices/disk[vda] {"));
    BOOST_TEST(removed.ends_with(" live"));
    const auto added =
        only("<interface type='user'>",
             "<interface type='user'><mac address='52:54:00:00:00:02'/></interface><interface type='user'>");
    BOOST_TEST(added.starts_with("added /domain/devices/interface[52:54:00:00:00:02] null {"));
    BOOST_TEST(changes("<target dev='vda' bus='virtio'/>", "<target dev='vdc' bus='virtio'/>").size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
