// SPDX-License-Identifier: LGPL-2.1-or-later
// QEMU's command line for a domain. QEMU opens no image, firmware or log itself: it is given descriptors, so that it
// can run as a user that may open none of them.
#pragma once
#include "model/domain.hpp"
#include "qemu/capabilities.hpp"
#include "support/error.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vireo::qemu {

// What the start of a domain prepared. Descriptors are ours and borrowed: keep them open until the process was started,
// then close them (a lock on an image lasts as long as any copy of its descriptor). The access mode is matched exactly:
// O_RDONLY where read_only, else O_RDWR; files for output are O_WRONLY.
//
// For display nothing was prepared: descriptors are -1 and `path` is written instead.
struct DiskImage {
    DiskImage() = default;
    int fd = -1;
    std::string path;  // for display
    model::DiskFormat format = model::DiskFormat::raw;
    bool read_only = false;
    bool block_device = false;
};

struct FlashImage {
    FlashImage() = default;
    int fd = -1;
    std::string path;  // for display
    model::FirmwareFormat format = model::FirmwareFormat::raw;
    bool read_only = false;
    bool block_device = false;
};

// For one character device. None given: QEMU itself opens what the definition says, as its own user.
struct CharacterFiles {
    CharacterFiles() = default;
    int listener = -1;  // type unix, mode bind: a listening socket
    int output = -1;    // type file: O_WRONLY, already emptied when it is not to be appended to
    int log = -1;       // <log file=…>: the same
};

struct VncPlace {
    VncPlace() = default;
    std::uint16_t port = 0;       // 5900 …; 0: only by socket, or not at all
    std::uint16_t websocket = 0;  // 0: none
    std::string address;          // where the port is; empty: 127.0.0.1
    std::string socket;           // a path that QEMU makes; instead of a port
};

// For one network card.
struct NetworkFiles {
    NetworkFiles() = default;
    std::vector<int> taps;   // of a tap device, one for each pair of queues
    std::vector<int> vhost;  // of /dev/vhost-net, as many, or none
    int vdpa = -1;           // of the vhost-vdpa device
};

// For one device of the host.
struct HostDeviceFile {
    HostDeviceFile() = default;
    int fd = -1;       // usb: of its node; scsi_host: of /dev/vhost-scsi
    std::string path;  // scsi: its generic node, which QEMU opens: it must see what kind of file it is
};

struct Resources {
    Resources() = default;
    // What a start would prepare, as far as the definition says it, by path: for showing the command line (what
    // libvirt calls domxml-to-native), never for running it. Nothing is opened, looked up or probed.
    static Resources for_display(const model::Domain& domain);
    bool display = false;
    int monitor = -1;                                    // a listening unix socket
    std::vector<std::vector<DiskImage>> disks;           // as devices.disks: the image, then what it lies on;
                                                         // none: a drive without a medium
    std::optional<FlashImage> code, variables;           // firmware in flash
    std::map<std::string, CharacterFiles> characters;    // by alias: "serial0", "channel0"
    std::map<std::string, NetworkFiles> networks;        // by alias: "net0"
    std::map<std::string, HostDeviceFile> host_devices;  // by alias: "hostdev0"
    std::map<std::string, int> auxiliaries;              // by alias: a connection to the process that serves the device
    int vsock = -1;                                      // of /dev/vhost-vsock, with the guest's address set
    std::vector<VncPlace> graphics;                      // as devices.graphics
    std::chrono::system_clock::time_point now;           // for <clock offset='variable'>
    // Where files for the guest's memory are made: on a hugetlbfs, by the size of its pages in bytes (0: the host's
    // default), and on an ordinary file system, for <memoryBacking><source type='file'/>: a folder that QEMU may write.
    std::map<std::uint64_t, std::string> huge_pages;
    int memory_folder = -1;
    int host_tpm = -1, host_tpm_cancel = -1;        // of <tpm> with the host's: the device O_RDWR, "cancel" O_WRONLY
    std::optional<model::NumberSet> advised_nodes;  // for <numatune> with placement='auto'
    std::optional<model::SmbiosInfo> host_smbios;   // for <smbios mode='host'/>
};

struct CommandLine {
    std::vector<std::string> argv;  // argv[0] is the emulator
    std::vector<std::string> env;   // to be added: TZ for <clock offset='timezone'>
    std::map<int, int> fds;         // Command::fds: the monitor first, at 3, then as they are used
    // As Resources::disks: the number of each image, libvirt's <source index=…>. Its block nodes are
    // vireo-NUMBER-storage and vireo-NUMBER-format.
    std::vector<std::vector<std::uint32_t>> images;
};

// For a domain that complete() and assign_aliases() have been through. The same input gives the same output.
// QEMU comes up paused (-S) and, when the guest shuts down, stays (-no-shutdown).
//
// Left to be done over QMP before it runs: link state "down" of an interface (set_link), current_memory below memory
// (balloon), the statistics period of the balloon, an open tray.
//
// Failure(unsupported): the binary lacks what the definition asks for, or Vireo cannot do it; Failure(invalid_config):
// the definition contradicts itself. Both name the element. Failure(internal): Resources do not fit the domain.
Result<CommandLine> build_command_line(const model::Domain& domain, const Capabilities& capabilities,
                                       const Resources& resources);

std::string escape_commas(std::string_view value);  // "a,b" → "a,,b": a value in QEMU's key=value lists

}  // namespace vireo::qemu
