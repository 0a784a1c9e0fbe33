// SPDX-License-Identifier: LGPL-2.1-or-later
// Firmware made by hand for the tests: descriptors, files of code, and templates that are real firmware volumes.
#pragma once
#include "storage/qcow2_image.hpp"
#include "support/file.hpp"
#include "support/folder.hpp"

#include <boost/json.hpp>

#include <cstring>
#include <filesystem>
#include <ostream>
#include <string>

namespace vireo {
inline std::ostream& operator<<(std::ostream& out, Errc code) {
    return out << to_string(code);
}
}  // namespace vireo

namespace vireo::test {

inline void put(const std::filesystem::path& path, std::string_view content) {
    std::filesystem::create_directories(path.parent_path());
    take(replace_file(path, content, 0600, Durable::no));
}

inline std::string get(const std::filesystem::path& path) {
    return take(read_file(path, 80u << 20));
}

// A pristine variable store as EDK2 builds it: a volume header with its checksum, a variable store header, erased
// flash.
inline std::string volume(std::size_t size = 131072, char mark = 0) {
    std::string v(size, '\xff');
    std::memset(v.data(), 0, 16);
    constexpr unsigned char guid[] = {0x8d, 0x2b, 0xf1, 0xff, 0x96, 0x76, 0x8b, 0x4c,
                                      0xa9, 0x85, 0x27, 0x47, 0x07, 0x5b, 0x4f, 0x50};
    std::memcpy(&v[0x10], guid, sizeof guid);
    auto put_number = [&](std::size_t at, std::uint64_t value, std::size_t width) {
        std::memcpy(&v[at], &value, width);
    };
    put_number(0x20, size, 8);
    std::memcpy(&v[0x28], "_FVH", 4);
    put_number(0x2c, 0x4feff, 4);
    put_number(0x30, 0x48, 2);
    put_number(0x32, 0, 2);
    put_number(0x34, 0, 3);
    put_number(0x37, 2, 1);
    put_number(0x38, size / 4096, 4);
    put_number(0x3c, 4096, 4);
    put_number(0x40, 0, 8);
    std::uint16_t sum = 0;
    for (std::size_t i = 0; i < 0x48; i += 2) {
        std::uint16_t word = 0;
        std::memcpy(&word, &v[i], 2);
        sum = static_cast<std::uint16_t>(sum + word);
    }
    put_number(0x32, static_cast<std::uint16_t>(-sum), 2);
    constexpr unsigned char store[] = {0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43,
                                       0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92};
    std::memcpy(&v[0x48], store, sizeof store);
    put_number(0x58, 0xdfb8, 4);
    put_number(0x5c, 0xfe5a, 8);
    if (mark) {  // a variable "M" tells one store from another
        put_number(0x64, 0x3f55aa, 4);
        put_number(0x68, 7, 4);
        std::memset(&v[0x6c], 0, 28);
        put_number(0x88, 4, 4);
        put_number(0x8c, 1, 4);
        std::memcpy(&v[0x90], guid, 16);
        put_number(0xa0, 'M', 4);
        v[0xa4] = mark;
    }
    return v;
}

inline constexpr std::size_t code_size = 1966080;  // OVMF's 2 MiB build …
inline constexpr std::size_t store_size = 131072;  // … and its variables

// A qcow2 image with a pristine store, or whatever, of this size.
inline std::string qcow2(std::uint64_t size) {
    return take(storage::write_qcow2_image(volume(static_cast<std::size_t>(size))));
}

// A host's firmware in a folder: descriptor folders low/ and high/, files in share/.
class Host {
public:
    Folder folder;
    std::filesystem::path low = folder / "low", high = folder / "high", share = folder / "share";
    Host() {
        for (auto& path : {low, high, share}) std::filesystem::create_directories(path);
    }
    std::filesystem::path code(const std::string& name, std::size_t size = code_size) {
        auto path = share / name;
        put(path, std::string(size, 'C'));
        return path;
    }
    std::filesystem::path vars(const std::string& name, std::size_t size = store_size, char mark = 0) {
        auto path = share / name;
        put(path, volume(size, mark));
        return path;
    }
    std::vector<std::filesystem::path> folders() const { return {low, high}; }
};

// A descriptor of a split flash device for q35 and i440fx, to be changed by the test.
inline boost::json::object split(const std::filesystem::path& code, const std::filesystem::path& vars,
                                 boost::json::array features = {}) {
    return {
        {"description", "test"},
        {"interface-types", boost::json::array{"uefi"}},
        {"mapping",
         boost::json::object{{"device", "flash"},
                             {"executable", boost::json::object{{"filename", code.string()}, {"format", "raw"}}},
                             {"nvram-template", boost::json::object{{"filename", vars.string()}, {"format", "raw"}}}}},
        {"targets", boost::json::array{boost::json::object{
                        {"architecture", "x86_64"}, {"machines", boost::json::array{"pc-i440fx-*", "pc-q35-*"}}}}},
        {"features", std::move(features)},
        {"tags", boost::json::array{}}};
}

inline void put(const std::filesystem::path& path, const boost::json::object& object) {
    put(path, boost::json::serialize(object));
}

}  // namespace vireo::test
