// SPDX-License-Identifier: LGPL-2.1-or-later
// Images for tests: qcow2 headers made by hand, and images made by qemu-img.
#pragma once
#include "support/async.hpp"
#include "support/file.hpp"
#include "support/process.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::test {

// The first 64 KiB of an empty image of 1 MiB, to be spoilt.
class HeaderBytes {
public:
    explicit HeaderBytes(std::uint32_t version = 3) : bytes_(65536, '\0'), used_(version == 3 ? 104 : 72) {
        put32(0, 0x514649fb).put32(4, version).put32(20, 16).put64(24, 1u << 20);
        if (version == 3) put32(96, 4).put32(100, 104);
    }
    HeaderBytes& put32(std::size_t at, std::uint32_t value) {
        for (std::size_t i = 0; i < 4; ++i) bytes_[at + i] = static_cast<char>(value >> (24 - 8 * i));
        return *this;
    }
    HeaderBytes& put64(std::size_t at, std::uint64_t value) {
        return put32(at, static_cast<std::uint32_t>(value >> 32)).put32(at + 4, static_cast<std::uint32_t>(value));
    }
    HeaderBytes& extension(std::uint32_t type, std::string_view data) {
        put32(used_, type).put32(used_ + 4, static_cast<std::uint32_t>(data.size()));
        bytes_.replace(used_ + 8, data.size(), data);
        used_ += 8 + (data.size() + 7) / 8 * 8;
        return *this;
    }
    HeaderBytes& end() { return extension(0, ""); }
    HeaderBytes& backing(std::string_view name) {
        put64(8, used_).put32(16, static_cast<std::uint32_t>(name.size()));
        bytes_.replace(used_, name.size(), name);
        used_ += name.size();
        return *this;
    }
    const std::string& bytes() const { return bytes_; }
    std::size_t used() const { return used_; }

private:
    std::string bytes_;
    std::size_t used_;
};

inline const std::string qemu_img = "/usr/bin/qemu-img";
inline bool have_qemu_img() {
    return std::filesystem::exists(qemu_img);
}

inline Task<> run_qemu_img(std::vector<std::string> arguments) {
    Command command;
    command.argv = std::move(arguments);
    command.argv.insert(command.argv.begin(), qemu_img);
    auto output = co_await run_program(std::move(command));
    if (!output.status.ok()) throw Error(Errc::system_failed, "qemu-img: " + output.err);
}
inline void make_image(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"create", "-q"});
    run(run_qemu_img(std::move(arguments)));
}
inline void put(const std::filesystem::path& path, std::string_view content) {
    take(replace_file(path, content, 0644, Durable::no));
}

}  // namespace vireo::test
