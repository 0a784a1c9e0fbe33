// SPDX-License-Identifier: LGPL-2.1-or-later
#include "storage/image_chain.hpp"

#include "support/folder.hpp"
#include "support/skip.hpp"
#include "unit/storage/images.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace vireo;
using namespace vireo::storage;
using model::DiskFormat;
using test::Folder;
using test::HeaderBytes;
using test::put;

namespace {

ImageRequest request(const std::filesystem::path& path, DiskFormat format, bool read_only = false) {
    ImageRequest request;
    request.path = path.string();
    request.format = format;
    request.read_only = read_only;
    return request;
}

int access_mode(const ImageLayer& layer) {
    return ::fcntl(layer.fd.get(), F_GETFL) & O_ACCMODE;
}

void check_refused(const ImageRequest& asked, Errc code, std::string_view part, std::string_view hint = {}) {
    auto opened = open_image_chain(asked);
    BOOST_REQUIRE_MESSAGE(!opened, "opened where '" << part << "' was expected");
    BOOST_TEST_CONTEXT(opened.error().what() << " / " << opened.error().hint()) {
        BOOST_TEST((opened.error().code() == code));
        BOOST_TEST(std::string_view(opened.error().what()).contains(part));
        BOOST_TEST(opened.error().hint().contains(hint));
    }
}

std::string header_on(std::string_view backing, std::string_view format = "raw") {
    HeaderBytes header;
    if (!format.empty()) header.extension(0xe2792aca, format);
    return header.end().backing(backing).bytes();
}

}  // namespace

BOOST_AUTO_TEST_CASE(raw_image_is_opened_for_writing) {
    Folder folder;
    put(folder / "a.img", std::string(4096, 'x'));
    auto chain = take(open_image_chain(request(folder / "a.img", DiskFormat::raw)));
    BOOST_TEST(chain.size() == 1u);
    BOOST_TEST(chain[0].size == 4096u);
    BOOST_TEST(chain[0].virtual_size == 4096u);
    BOOST_TEST(access_mode(chain[0]) == O_RDWR);
    BOOST_TEST((::fcntl(chain[0].fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
    BOOST_TEST((::fcntl(chain[0].fd.get(), F_GETFL) & O_NONBLOCK) == 0);
    BOOST_TEST(!chain[0].block_device);
    chain = take(open_image_chain(request(folder / "a.img", DiskFormat::raw, true)));
    BOOST_TEST(access_mode(chain[0]) == O_RDONLY);
}

BOOST_AUTO_TEST_CASE(chain_made_by_qemu_img) {
    if (!test::have_qemu_img()) return test::skip("qemu-img is not installed");
    Folder folder;
    std::filesystem::create_directory(folder / "base");
    put(folder / "base/root.img", std::string(1 << 20, '\0'));
    test::make_image({"-f", "qcow2", "-F", "raw", "-b", "root.img", (folder / "base/mid.qcow2").string()});
    test::make_image({"-f", "qcow2", "-o", "compat=0.10", "-F", "qcow2", "-b", "base/mid.qcow2",
                      (folder / "top.qcow2").string(), "2M"});
    auto chain = take(open_image_chain(request(folder / "top.qcow2", DiskFormat::qcow2)));
    BOOST_REQUIRE(chain.size() == 3u);
    BOOST_TEST(chain[0].virtual_size == 2u << 20);
    BOOST_TEST(chain[1].virtual_size == 1u << 20);
    BOOST_TEST(chain[1].path == (folder / "base/mid.qcow2").string());
    BOOST_TEST(chain[2].path == (folder / "base/root.img").string());
    BOOST_TEST((chain[2].format == DiskFormat::raw));
    BOOST_TEST(access_mode(chain[0]) == O_RDWR);
    BOOST_TEST(access_mode(chain[1]) == O_RDONLY);
    BOOST_TEST(access_mode(chain[2]) == O_RDONLY);
    BOOST_TEST(!chain[0].read_only);
    BOOST_TEST(chain[1].read_only);
}

BOOST_AUTO_TEST_CASE(qcow2_content_of_a_raw_disk_is_data) {
    Folder folder;
    put(folder / "guest.img", header_on("/etc/shadow"));
    auto chain = take(open_image_chain(request(folder / "guest.img", DiskFormat::raw)));
    BOOST_TEST(chain.size() == 1u);
    BOOST_TEST(chain[0].virtual_size == 65536u);
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_no_image_is_refused) {
    Folder folder;
    check_refused(request(folder / "none.img", DiskFormat::raw), Errc::not_found, "none.img", "qemu-img create");
    check_refused(request(folder / "no/such/folder.img", DiskFormat::raw), Errc::not_found, "folder.img");
    check_refused(request(folder.path(), DiskFormat::raw), Errc::invalid_config, "is a folder");
    check_refused(request("/dev/null", DiskFormat::raw), Errc::invalid_config,
                  "neither a regular file nor a block device");
    BOOST_REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
    check_refused(request(folder / "pipe", DiskFormat::raw), Errc::invalid_config, "neither");
    put(folder / "raw.img", std::string(4096, 'x'));
    check_refused(request(folder / "raw.img", DiskFormat::qcow2), Errc::invalid_config, "is not a qcow2 image",
                  "type='raw'");
    put(folder / "empty.img", "");
    check_refused(request(folder / "empty.img", DiskFormat::qcow2), Errc::invalid_config, "is not a qcow2 image");
    put(folder / "half.qcow2", HeaderBytes().bytes().substr(0, 90));
    check_refused(request(folder / "half.qcow2", DiskFormat::qcow2), Errc::invalid_config, "half.qcow2 is cut off");
}

BOOST_AUTO_TEST_CASE(what_qcow2_may_ask_for_and_vireo_does_not_do_is_refused_by_name) {
    Folder folder;
    auto with = [&](const HeaderBytes& header) {
        put(folder / "i.qcow2", header.bytes());
        return request(folder / "i.qcow2", DiskFormat::qcow2);
    };
    check_refused(with(HeaderBytes().put64(72, 4).extension(0x44415441, "data.raw").end()), Errc::unsupported,
                  "'data.raw'");
    check_refused(with(HeaderBytes().put32(32, 2)), Errc::unsupported, "is encrypted");
    check_refused(with(HeaderBytes().put64(72, 1ULL << 40)), Errc::unsupported, "0x10000000000");
    check_refused(with(HeaderBytes().put64(72, 2)), Errc::invalid_config, "corrupt", "qemu-img check");
    put(folder / "i.qcow2", HeaderBytes().put64(72, 2).bytes());
    BOOST_TEST(open_image_chain(request(folder / "i.qcow2", DiskFormat::qcow2, true)).has_value());
}

BOOST_AUTO_TEST_CASE(backing_files_that_no_chain_may_have) {
    Folder folder;
    put(folder / "base.img", "base");
    const auto top = request(folder / "top.qcow2", DiskFormat::qcow2);
    auto on = [&](std::string_view backing, std::string_view format = "raw") {
        put(folder / "top.qcow2", header_on(backing, format));
    };
    on("base.img", "");
    check_refused(top, Errc::invalid_config, "without saying", "qemu-img rebase -u -F");
    on("base.img", "vmdk");
    check_refused(top, Errc::unsupported, "'vmdk'");
    on("json:{\"driver\":\"file\"}");
    check_refused(top, Errc::unsupported, "json:");
    on("nbd://host/export");
    check_refused(top, Errc::unsupported, "nbd://host/export");
    on("top.qcow2", "qcow2");
    check_refused(top, Errc::invalid_config, "lies on itself");
    on("gone.img");
    check_refused(top, Errc::not_found, "gone.img");
    check_refused(top, Errc::not_found, "what the image");
    std::filesystem::create_symlink("base.img", folder / "link.img");
    on("link.img");
    check_refused(top, Errc::access_denied, "symbolic link", "<backingStore>");
    on("/proc/self/fd/0");
    check_refused(top, Errc::access_denied, "/proc/self/fd/0");
    on("/dev/zero");
    check_refused(top, Errc::invalid_config, "/dev/zero is neither");
    on("./a:b");  // a colon behind a slash is part of a name
    check_refused(top, Errc::not_found, "a:b");
}

BOOST_AUTO_TEST_CASE(the_definition_says_what_lies_below) {
    Folder folder;
    put(folder / "base.img", "base");
    std::filesystem::create_symlink("base.img", folder / "link.img");
    put(folder / "top.qcow2", header_on("link.img", ""));
    auto asked = request(folder / "top.qcow2", DiskFormat::qcow2);
    asked.backing.emplace_back().path = (folder / "link.img").string();
    check_refused(asked, Errc::invalid_config, "without saying");
    asked.backing[0].format = DiskFormat::raw;
    auto chain = take(open_image_chain(asked));
    BOOST_REQUIRE(chain.size() == 2u);
    BOOST_TEST(chain[1].size == 4u);
    asked.backing[0].path = "/elsewhere.img";
    check_refused(asked, Errc::invalid_config, "but the image itself says");
    asked.backing[0] = BackingWish();
    asked.backing[0].ends = true;
    BOOST_TEST(take(open_image_chain(asked)).size() == 1u);
}

BOOST_AUTO_TEST_CASE(links_that_the_definition_names_are_followed) {
    Folder folder;
    std::filesystem::create_directory(folder / "pool");
    put(folder / "pool/top.qcow2", header_on("base.img"));
    put(folder / "base.img", "the one beside the link");
    put(folder / "pool/base.img", "the other");
    std::filesystem::create_symlink("pool/top.qcow2", folder / "disk");
    auto chain = take(open_image_chain(request(folder / "disk", DiskFormat::qcow2)));
    BOOST_REQUIRE(chain.size() == 2u);
    BOOST_TEST(chain[1].path == (folder / "base.img").string());  // relative to the name, as QEMU does it
    std::filesystem::create_symlink("loop", folder / "loop");
    check_refused(request(folder / "loop", DiskFormat::raw), Errc::access_denied, "loop");
    check_refused(request("/proc/self/fd/0", DiskFormat::raw), Errc::access_denied, "link");
}

BOOST_AUTO_TEST_CASE(deep_chains_end) {
    Folder folder;
    auto name = [](std::size_t i) { return "i" + std::to_string(i); };
    for (std::size_t i = 0; i < deepest_chain; ++i) put(folder / name(i), header_on(name(i + 1), "qcow2"));
    put(folder / name(deepest_chain), HeaderBytes().bytes());
    BOOST_TEST(take(open_image_chain(request(folder / name(1), DiskFormat::qcow2))).size() == deepest_chain);
    check_refused(request(folder / name(0), DiskFormat::qcow2), Errc::limit_exceeded, "more than 63");
    put(folder / name(40), header_on(name(20), "qcow2"));
    check_refused(request(folder / name(5), DiskFormat::qcow2), Errc::invalid_config, "lies on itself");
}

BOOST_AUTO_TEST_CASE(a_hostile_header_never_opens_anything) {
    Folder folder;
    put(folder / "base.img", "base");
    const auto whole = header_on("base.img");
    for (std::size_t at = 4; at < 136; ++at) {
        for (char value : {'\0', '\x7f', '\xff'}) {
            auto bytes = whole;
            bytes[at] = value;
            put(folder / "top.qcow2", bytes);
            auto opened = open_image_chain(request(folder / "top.qcow2", DiskFormat::qcow2));
            if (!opened) BOOST_TEST(std::string_view(opened.error().what()).contains("top.qcow2"));
        }
    }
}

BOOST_AUTO_TEST_CASE(without_permission) {
    if (::getuid() != 0) return test::skip("needs root, to become somebody without permission");
    Folder folder;
    put(folder / "a.img", "content");
    ::chmod(folder.path().c_str(), 0755);
    ::chmod((folder / "a.img").c_str(), 0444);
    const pid_t child = ::fork();
    if (child == 0) {  // in the child, because a user cannot be changed back
        if (::setresgid(65534, 65534, 65534) || ::setresuid(65534, 65534, 65534)) ::_exit(2);
        auto writing = open_image_chain(request(folder / "a.img", DiskFormat::raw));
        auto reading = open_image_chain(request(folder / "a.img", DiskFormat::raw, true));
        const bool right = !writing && writing.error().code() == Errc::access_denied &&
                           writing.error().hint().contains("permission") && reading.has_value();
        ::_exit(right ? 0 : 1);
    }
    int status = -1;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(request_of_a_disk) {
    model::Disk disk;
    disk.device = model::Disk::Device::cdrom;
    disk.driver.emplace().type = DiskFormat::qcow2;
    disk.source.emplace().file = "/a";
    auto& below = disk.backing_store.emplace();
    below.type = model::SourceType::file;
    below.format.emplace().type = DiskFormat::raw;
    below.source.emplace().file = "/b";
    below.backing_store.emplace();
    auto asked = request_of(disk);
    BOOST_TEST(asked.path == "/a");
    BOOST_TEST(asked.read_only);
    BOOST_TEST((asked.format == DiskFormat::qcow2));
    BOOST_REQUIRE(asked.backing.size() == 2u);
    BOOST_TEST(asked.backing[0].path == "/b");
    BOOST_TEST(!asked.backing[0].ends);
    BOOST_TEST(asked.backing[1].ends);
}
