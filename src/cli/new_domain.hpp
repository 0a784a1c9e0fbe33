// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain for people who want no XML: from a few words to a definition in JSON form. Touches nothing.
#pragma once
#include "support/error.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::cli {

struct NewDisk {  // --disk PATH | SIZE | key=value,…
    std::string path;
    std::uint64_t size = 0;  // bytes; of one to be made, 0: it must exist
    std::string format;      // raw or qcow2; empty: by the name of the file
    std::string bus;         // empty: by the operating system
};
// "20G", "/srv/a.qcow2", "path=/srv/a.img,size=20G,format=raw,bus=scsi". Failure(invalid_argument).
Result<NewDisk> parse_new_disk(std::string_view text);
// "4 GiB", "4G", "512M", "4096": bytes. A number alone counts MiB, as for virt-install. Failure(invalid_argument).
Result<std::uint64_t> parse_size(std::string_view text);

enum class OsFamily { linux, windows, bsd, other };
struct OsPreset {
    OsFamily family = OsFamily::linux;
    bool tpm = false;    // needs one, and Secure Boot (Windows 11)
    bool virtio = true;  // has virtio drivers out of the box
    std::uint64_t memory = 2ull << 30;
};
// "debian12", "win11", "freebsd14", "linux"; Failure(invalid_argument) lists the families.
Result<OsPreset> os_preset(std::string_view name);

struct NewDomain {
    std::string name;
    std::uint64_t memory = 0;  // bytes; 0: the preset's
    std::uint32_t cpus = 2;
    std::vector<NewDisk> disks;  // their files are there
    std::string cdrom, seed;     // paths; empty: none
    std::string firmware;        // efi, efi-secure, bios; empty: efi where the architecture has it
    std::string network;         // user, none, or bridge=NAME
    std::string graphics;        // none, vnc, spice
    std::string architecture;    // empty: the host's
    std::string host_architecture;
    bool kvm = false;
    OsPreset os;
};
// Failure(invalid_argument).
Result<boost::json::object> definition_of(const NewDomain& domain);

}  // namespace vireo::cli
