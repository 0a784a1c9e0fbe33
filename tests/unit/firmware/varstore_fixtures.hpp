// SPDX-License-Identifier: LGPL-2.1-or-later
// Variable stores for the tests: built by hand, of the packages of the host, and written by a real firmware.
#pragma once
#include "firmware/varstore.hpp"
#include "firmware/varstore_bytes.hpp"
#include "unit/firmware/fixtures.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <optional>

namespace vireo::test {

inline constexpr std::size_t big_store_size = 540672;
inline constexpr std::size_t arm_store_size = 64u << 20;

// A pristine store with the fault-tolerant working block, where OVMF's builds have it.
inline std::string flash(std::size_t size = store_size, bool authenticated = true) {
    auto bytes = volume(size);
    firmware::store(bytes, 0x58, size == store_size ? std::uint32_t{0xdfb8} : std::uint32_t{0x3ffb8});
    if (!authenticated) bytes.replace(0x48, 16, firmware::Guid::of("ddcf3616-3275-4164-98b6-fe85707ffe7d").bytes());
    constexpr unsigned char working[] = {0x2b, 0x29, 0x58, 0x9e, 0x68, 0x7c, 0x7d, 0x49, 0xa0, 0xce, 0x65,
                                         0x00, 0xfd, 0x9f, 0x1b, 0x95, 0x2c, 0xaf, 0x2c, 0x64, 0xfe, 0xff,
                                         0xff, 0xff, 0xe0, 0x0f, 0,    0,    0,    0,    0,    0};
    bytes.replace(size == store_size ? 0xf000 : 0x41000, sizeof working, reinterpret_cast<const char*>(working),
                  sizeof working);
    return bytes;
}

// A record as the firmware writes it, not aligned.
inline std::string record(const firmware::Variable& variable, std::uint8_t state = 0x3f, bool authenticated = true) {
    using firmware::append;
    std::string bytes, name = firmware::name_to_ucs2(variable.name).value() + std::string(2, '\0');
    append(bytes, std::uint16_t{0x55aa});
    append(bytes, state);
    append(bytes, std::uint8_t{0});
    append(bytes, variable.attributes);
    if (authenticated) {
        append(bytes, variable.monotonic_count);
        bytes.append(reinterpret_cast<const char*>(variable.time.data()), 16);
        append(bytes, variable.public_key);
    }
    append(bytes, static_cast<std::uint32_t>(name.size()));
    append(bytes, static_cast<std::uint32_t>(variable.data.size()));
    return bytes.append(variable.vendor.bytes()).append(name).append(variable.data);
}

// Puts records into a store, one after the other, from the first place on.
inline std::string with_records(std::string bytes, const std::vector<std::string>& records) {
    std::size_t at = 0x64;
    for (auto& r : records) {
        bytes.replace(at, r.size(), r);
        at = (at + r.size() + 3) & ~std::size_t{3};
    }
    return bytes;
}

// A file of the host's packages; nothing, with a note, when it is not installed.
inline std::optional<std::string> installed(const std::filesystem::path& path) {
    if (std::filesystem::exists(path)) return get(path);
    BOOST_TEST_MESSAGE("skipped: " << path << " is not installed");
    return std::nullopt;
}

// Stores that OVMF wrote when it ran (with disks, a network card, a CD drive), without the erased flash behind.
inline std::string written_by_firmware(std::string_view name, std::size_t size) {
    std::filesystem::path root;
    if (auto* said = std::getenv("VIREO_SOURCE_DIR")) {
        root = said;
    } else {
        root = std::filesystem::read_symlink("/proc/self/exe").parent_path();
        while (!std::filesystem::exists(root / "tests/fuzz/corpus/varstore")) {
            if (!root.has_relative_path()) throw std::runtime_error("cannot find tests/: set VIREO_SOURCE_DIR");
            root = root.parent_path();
        }
    }
    auto bytes = get(root / "tests/fuzz/corpus/varstore" / name), all = flash(size);
    return all.replace(0, bytes.size(), bytes);
}

inline firmware::Variable variable(std::string name, std::string data,
                                   std::uint32_t attributes = firmware::attribute::usual) {
    return {firmware::guids::global, std::move(name), std::move(data), attributes};
}

}  // namespace vireo::test
