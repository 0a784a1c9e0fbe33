// SPDX-License-Identifier: LGPL-2.1-or-later
#include "storage/qcow2_image.hpp"

#include "support/file.hpp"
#include "support/folder.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>

using namespace vireo;
using namespace vireo::storage;
namespace fs = std::filesystem;

BOOST_AUTO_TEST_SUITE(qcow2_image)

namespace {
constexpr std::uint64_t limit = 64u << 20;

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < size / 2; ++i) bytes[i] = static_cast<char>((state = state * 1103515245 + 12345) >> 16);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(size * 3 / 4), bytes.end(), '\xff');
    return bytes;
}

struct Tool {
    test::Folder folder;
    bool here = std::system("qemu-img --version >/dev/null 2>&1") == 0;

    bool run(const std::string& command) const {
        return std::system(("cd " + (folder / "").string() + " && " + command + " >/dev/null 2>&1").c_str()) == 0;
    }
    void put(const std::string& name, std::string_view content) const {
        take(replace_file(folder / name, content, 0600, Durable::no));
    }
    std::string get(const std::string& name) const { return take(read_file(folder / name, 80u << 20)); }
    // Not every version of the tool knows every option: a test says what it could not do.
    bool made(const std::string& command) const {
        bool ok = here && run(command);
        if (!ok) BOOST_TEST_MESSAGE("skipped: cannot run " << command);
        return ok;
    }
};

void refused(std::string_view file, Errc code, std::string_view text) {
    auto read = read_qcow2_image(file, limit);
    BOOST_REQUIRE(!read);
    BOOST_TEST((read.error().code() == code), read.error().what());
    BOOST_TEST(read.error().message().find(text) != std::string::npos, read.error().what());
}
}  // namespace

BOOST_AUTO_TEST_CASE(what_is_written_is_read) {
    for (std::size_t size :
         {std::size_t{0}, std::size_t{512}, std::size_t{131072}, std::size_t{540672}, std::size_t{64} << 20}) {
        auto content = pattern(size);
        auto file = take(write_qcow2_image(content));
        auto read = take(read_qcow2_image(file, limit));
        BOOST_TEST((read.bytes == content), size);
        BOOST_TEST(read.snapshots == 0u);
    }
    auto sparse = take(write_qcow2_image(std::string(64u << 20, '\0')));
    BOOST_TEST(sparse.size() == 5u << 16);
    BOOST_TEST(!write_qcow2_image(std::string(100, 'x')));
}

BOOST_FIXTURE_TEST_CASE(the_tool_finds_no_fault, Tool) {
    for (std::size_t size : {131072u, 540672u}) {
        auto content = pattern(size);
        put("written.qcow2", take(write_qcow2_image(content)));
        if (!made("qemu-img check written.qcow2")) return;
        BOOST_TEST(run("qemu-img convert -O raw written.qcow2 back.raw"));
        BOOST_TEST((get("back.raw") == content));
    }
}

BOOST_FIXTURE_TEST_CASE(images_of_the_tool, Tool) {
    auto content = pattern(540672);
    put("in.raw", content);
    for (std::string options : {"", "-o compat=0.10", "-o cluster_size=512", "-o cluster_size=2M", "-c",
                                "-c -o compression_type=zstd", "-c -o cluster_size=4k",
                                "-c -o compression_type=zstd,cluster_size=512", "-o extended_l2=on,cluster_size=128k",
                                "-o lazy_refcounts=on", "-o preallocation=metadata", "-o refcount_bits=1"}) {
        if (!made("qemu-img convert -O qcow2 " + options + " in.raw out.qcow2")) continue;
        auto read = take(read_qcow2_image(get("out.qcow2"), limit));
        BOOST_TEST((read.bytes == content), options);
    }
    if (!made("qemu-io -f qcow2 -c 'write -z 0 64k' -c 'discard 64k 64k' -c 'write -P 7 128k 1k' out.qcow2")) return;
    BOOST_REQUIRE(run("qemu-img convert -O raw out.qcow2 back.raw"));
    BOOST_TEST((take(read_qcow2_image(get("out.qcow2"), limit)).bytes == get("back.raw")));
    BOOST_REQUIRE(run("qemu-img convert -O qcow2 in.raw out.qcow2"));
    BOOST_REQUIRE(run("qemu-img snapshot -c one out.qcow2 && qemu-io -f qcow2 -c 'write -P 9 0 64k' out.qcow2"));
    auto read = take(read_qcow2_image(get("out.qcow2"), limit));
    BOOST_TEST(read.snapshots == 1u);
    BOOST_TEST((read.bytes.substr(0, 65536) == std::string(65536, '\x09')));
}

BOOST_FIXTURE_TEST_CASE(what_does_not_stand_for_itself_is_refused_by_name, Tool) {
    if (!made("qemu-img create -f qcow2 base.qcow2 1M && qemu-img create -f qcow2 -F qcow2 -b base.qcow2 over.qcow2"))
        return;
    refused(get("over.qcow2"), Errc::unsupported, "overlay");
    if (made("qemu-img create -f qcow2 -o data_file=data.raw external.qcow2 1M"))
        refused(get("external.qcow2"), Errc::unsupported, "another file");
    if (made("qemu-img create -f qcow2 --object secret,id=s,data=x -o encrypt.format=luks,encrypt.key-secret=s,"
             "encrypt.iter-time=1 luks.qcow2 1M"))
        refused(get("luks.qcow2"), Errc::unsupported, "encrypted");
    if (made("qemu-img create -f qcow2 large.qcow2 65M")) refused(get("large.qcow2"), Errc::limit_exceeded, "68157440");
}

BOOST_AUTO_TEST_CASE(damage_is_an_error_or_a_content_never_more) {
    auto file = take(write_qcow2_image(pattern(262144)));
    refused("", Errc::invalid_config, "is not a qcow2 image");
    refused(file.substr(0, 60), Errc::invalid_config, "cut off");
    refused(file.substr(0, 3u << 16), Errc::invalid_config, "cut off");
    refused(file.substr(0, 5u << 16), Errc::invalid_config, "cut off");
    auto with = [&](std::size_t at, char value) {
        auto changed = file;
        changed[at] = value;
        return changed;
    };
    refused(with(79, 2), Errc::invalid_config, "corrupt");
    refused(with(76, 1), Errc::unsupported, "not known");
    refused(with(39, 0), Errc::invalid_config, "too short");
    refused(with((3u << 16) + 6, 2), Errc::invalid_config, "which cannot be");
    refused(with((3u << 16) + 2, 1), Errc::invalid_config, "which cannot be");
    refused(with((4u << 16) + 2, 1), Errc::invalid_config, "are missing");
    auto compressed = file;
    compressed[4u << 16] = 0x40;  // points at bytes that are no compressed stream
    refused(compressed, Errc::invalid_config, "cannot be unpacked");
    for (std::size_t at = 0; at < file.size(); at += at < 120 ? 1 : 977)
        for (int value : {0x00, 0x01, 0x7f, 0xff}) {
            auto read = read_qcow2_image(with(at, static_cast<char>(value)), limit);
            BOOST_TEST((!read || read->bytes.size() <= limit));
        }
}

BOOST_AUTO_TEST_CASE(an_empty_one_shows_what_lies_under_it) {
    Tool tool;
    for (std::uint64_t size : {512ull, 3ull << 20, (1ull << 32) + 512, 40ull << 40}) {
        auto file = take(empty_qcow2_image(size));
        BOOST_TEST(file.size() < 1u << 20);
        if (!tool.here) continue;
        tool.put("empty.qcow2", file);
        BOOST_TEST(tool.run("qemu-img check empty.qcow2"));
        BOOST_TEST(tool.run("qemu-img info empty.qcow2 | grep -q '(" + std::to_string(size) + " bytes)'"));
    }
    auto small = take(read_qcow2_image(take(empty_qcow2_image(1000)), limit));
    BOOST_TEST(small.bytes == std::string(1024, '\0'));
    BOOST_CHECK(empty_qcow2_image(1ull << 51).error().code() == Errc::limit_exceeded);
}

BOOST_AUTO_TEST_SUITE_END()
