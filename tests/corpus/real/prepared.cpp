// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/real/prepared.hpp"

#include "corpus/real/runnable.hpp"
#include "net/tap.hpp"
#include "qemu/machine.hpp"
#include "support/file.hpp"

#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace vireo::corpus {
namespace {
using model::CharSource;
using model::CharType;

// Arm's flash has one size; x86 takes any that ends below 4 GiB.
std::uint64_t flash_size(const model::Domain& domain) {
    constexpr std::uint64_t mebibyte = 1u << 20;
    return qemu::machine_of(domain).x86() ? mebibyte : 64 * mebibyte;
}

}  // namespace

Prepared::Prepared(const model::Domain& domain, std::filesystem::path folder)
    : domain_(domain), folder_(std::move(folder)) {
    monitor_ = take(qemu::MonitorSocket::create(folder_ / "monitor"));
    resources_.monitor = monitor_->fd();
    resources_.now = std::chrono::system_clock::now();
    resources_.memory_folder = keep(open_file(folder_, O_RDONLY | O_DIRECTORY));
    disks();
    flash();
    taps();
    characters();
    for (const auto& graphics : domain_.devices.graphics) {
        auto& place = resources_.graphics.emplace_back();
        place.socket = folder_ / fmt::format("{}{}", to_string(graphics.type), resources_.graphics.size());
        ::unlink(place.socket.c_str());
    }
}

Prepared::~Prepared() {
    for (auto& server : servers_) server.kill(SIGKILL);
    for (const auto& shmem : domain_.devices.shmems) ::unlink(("/dev/shm/" + shmem.name).c_str());
}

void Prepared::disks() {
    const auto open = [&](std::vector<qemu::DiskImage>& chain, const model::StorageSource& source,
                          model::DiskFormat format, bool read_only) {
        auto& image = chain.emplace_back();
        image.format = format;
        image.read_only = read_only;
        image.fd = keep(open_file(source.file, read_only ? O_RDONLY : O_RDWR));
    };
    for (const auto& disk : domain_.devices.disks) {
        auto& chain = resources_.disks.emplace_back();
        if (disk.empty() || disk.type != model::SourceType::file) continue;  // the others are not QEMU's own
        open(chain, *disk.source, disk.format(), disk.readonly || disk.device == model::Disk::Device::cdrom);
        for (auto* below = &disk.backing_store; *below && (*below)->type; below = &(*below)->backing_store)
            open(chain, *(*below)->source, (*below)->format ? (*below)->format->type : model::DiskFormat::raw, true);
    }
}

void Prepared::flash() {
    const auto& os = domain_.os;
    const bool efi = os.firmware == model::FirmwareType::efi;
    if (!efi && !(os.loader && os.loader->type == model::Loader::Type::pflash)) return;
    const auto make = [&](const char* name, bool read_only) {
        const auto fd = take(open_file(folder_ / name, O_RDWR | O_CREAT));
        if (::ftruncate(fd.get(), static_cast<off_t>(flash_size(domain_)))) throw system_error(errno, name);
        qemu::FlashImage image;
        image.fd = keep(open_file(folder_ / name, read_only ? O_RDONLY : O_RDWR));
        image.read_only = read_only;
        return image;
    };
    resources_.code = make("code", true);
    const bool stateless = os.loader && os.loader->stateless == true;
    if (os.nvram || (efi && !stateless)) resources_.variables = make("variables", false);
}

void Prepared::taps() {
    for (const auto& interface : domain_.devices.interfaces) {
        if (!has_tap(interface)) continue;
        net::TapWish wish;
        wish.name = "vireo%d";
        wish.vnet_header = interface.is_virtio();
        if (interface.is_virtio() && interface.driver) wish.queues = interface.driver->queues.value_or(1);
        for (auto& queue : take(net::open_tap(wish)).queues)
            resources_.networks[interface.info.alias].taps.push_back(keep(std::move(queue)));
    }
}

void Prepared::character(const std::string& alias, const model::CharBackend& backend) {
    const auto& source = backend.source() ? *backend.source() : CharSource();
    if (backend.log)
        resources_.characters[alias].log = keep(open_file(backend.log->file, O_WRONLY | O_CREAT | O_APPEND));
    if (backend.type == CharType::file)
        resources_.characters[alias].output = keep(open_file(source.path, O_WRONLY | O_CREAT));
    if (backend.type != CharType::unix_) return;
    auto& socket = sockets_.emplace_back(take(qemu::MonitorSocket::create(source.path)));
    if (source.mode.value_or(CharSource::Mode::bind) == CharSource::Mode::bind)
        resources_.characters[alias].listener = socket.fd();
}

void Prepared::characters() {
    const auto& devices = domain_.devices;
    const auto each = [&](const auto& several) {
        for (const auto& device : several) character(device.info.alias, device.backend);
    };
    each(devices.serials);
    each(devices.parallels);
    each(devices.channels);
    each(devices.redirdevs);
    for (const auto& console : devices.consoles)
        if (!resources_.characters.contains(console.info.alias)) character(console.info.alias, console.backend);
    for (const auto& card : devices.smartcards) character(card.info.alias, card.backend());
    for (const auto& rng : devices.rngs)
        if (const auto* egd = std::get_if<model::RngEgd>(&rng.backend)) character(rng.info.alias, egd->backend);
}

// Returns when the socket is there.
Task<> Prepared::serve(std::vector<std::string> argv, std::filesystem::path socket) {
    ::unlink(socket.c_str());
    Command command;
    command.argv = std::move(argv);
    command.dies_with_us = true;
    const auto executor = co_await asio::this_coro::executor;
    auto& server = servers_.emplace_back(take(Process::start(executor, command)));
    constexpr int attempts = 1000;
    for (int i = 0; i < attempts && !std::filesystem::exists(socket); ++i) {
        if (server.ended()) throw Error(Errc::unavailable, command.argv.front() + " ended");
        co_await sleep_for(std::chrono::milliseconds(10));
    }
}

Task<> Prepared::start_servers() {
    for (const auto& tpm : domain_.devices.tpms) {
        const std::string socket = tpm.backend.source->path, state = socket + "-state";
        take(make_folder(state));
        co_await serve(
            {swtpm, "socket", "--tpm2", "--tpmstate", "dir=" + state, "--ctrl", "type=unixio,path=" + socket}, socket);
    }
    for (const auto& filesystem : domain_.devices.filesystems) {
        if (!filesystem.virtiofs()) continue;
        const auto socket = filesystem.source->socket, shared = socket + "-folder";
        take(make_folder(shared));
        co_await serve({virtiofsd, "--socket-path=" + socket, "-o", "source=" + shared}, socket);
    }
    for (const auto& disk : domain_.devices.disks) {
        if (disk.type != model::SourceType::vhostuser || disk.empty()) continue;
        const auto socket = disk.source->path, file = socket + "-image";
        const auto fd = take(open_file(file, O_RDWR | O_CREAT));
        if (::ftruncate(fd.get(), 1 << 20)) throw system_error(errno, file);
        co_await serve(
            {storage_daemon, "--blockdev", "driver=file,node-name=image,filename=" + file, "--export",
             "type=vhost-user-blk,id=export,node-name=image,writable=on,num-queues=16,addr.type=unix,addr.path=" +
                 socket},
            socket);
    }
}

}  // namespace vireo::corpus
