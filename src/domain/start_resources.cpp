// SPDX-License-Identifier: LGPL-2.1-or-later
// What a start prepares before QEMU runs: everything that QEMU is given as a descriptor.
#include "domain/auxiliary.hpp"
#include "domain/domains.hpp"
#include "domain/folders.hpp"
#include "domain/nvram.hpp"
#include "domain/ports.hpp"
#include "domain/start.hpp"
#include "domain/tuning.hpp"
#include "host/huge_pages.hpp"
#include "support/clock.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace vireo::domain {

Task<> Start::firmware(Rollback& rollback) {
    co_await settle_firmware();
    auto request = firmware::request_for(live_, env_.layout.data, request_.reset_nvram != nullptr);
    if (!decision_.code.empty()) request.code = decision_.code;
    if (!decision_.store_template.empty()) request.template_path = decision_.store_template;
    if (request_.reset_nvram) {
        request.reset_classes = request_.reset_nvram->classes;
        request.reset_keep = request_.reset_nvram->keep;
    }
    request.compact_above = env_.compact_nvram_above;
    request.who = request_.who;
    request.time_usec = static_cast<std::int64_t>(now_usec());
    std::exception_ptr failure;
    try {
        firmware_ = co_await firmware::prepare(env_.pool, std::move(request), rollback);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) {
        if (current_error(failure).code() != Errc::cancelled) co_await look_at_store();
        std::rethrow_exception(failure);
    }
    run_->status.firmware = firmware::to_string(firmware_.outcome);
}

// Why the firmware's stage failed is the start's to say; that the store is damaged is told as an event too.
Task<> Start::look_at_store() {
    try {
        co_await Nvram(domain_.shared_from_this(), request_.who).look();
    } catch (const Error& error) {
        log::debug("domain {}: {}", domain_.name(), error.what());
    }
}

// What the firmware's stage did to the variable store, once the start has succeeded.
void Start::tell_firmware() {
    auto& report = firmware_.report;
    if (report.outcome == firmware::StoreOutcome::not_applicable) return;
    auto& facts = domain_.store_;
    facts.health = report.health.state;
    facts.seen_usec = now_usec();
    if (report.pending) facts.pending.reset();
    auto tell = [&](StoreEvent::What what, const std::string& who) {
        StoreEvent event(what, who);
        event.template_sha256 = report.template_sha256;
        if (report.backup) event.backup = report.backup->id;
        domain_.tell(event);
    };
    if (report.compacted) tell(StoreEvent::What::compacted, "");
    if (report.outcome == firmware::StoreOutcome::created) tell(StoreEvent::What::created, request_.who);
    if (report.outcome == firmware::StoreOutcome::reset)
        tell(StoreEvent::What::reset, report.pending && !request_.reset_nvram ? report.pending->who : request_.who);
}

Task<> Start::disks() {
    co_await env_.domains->check_files(live_);  // links may lead elsewhere than when it was defined
    auto requests = std::make_shared<std::vector<std::optional<storage::ImageRequest>>>();
    auto optional = std::make_shared<std::vector<bool>>();
    std::vector<std::filesystem::path> overlays;  // of transient disks; else empty
    for (auto& disk : live_.devices.disks) {
        auto& request = requests->emplace_back();
        const bool opened_here = disk.type == model::SourceType::file || disk.type == model::SourceType::block;
        if (opened_here && !disk.empty()) request = storage::request_of(disk);
        auto& overlay = overlays.emplace_back();
        if (request && disk.transient) {
            overlay = overlay_folder(env_, domain_.uuid()) / (disk.target.dev + ".qcow2");
            request->read_only = true;
        }
        optional->push_back(disk.source &&
                            disk.source->startup_policy == model::StorageSource::StartupPolicy::optional);
    }
    auto work = [requests, optional,
                 overlays](std::stop_token) -> Result<std::vector<std::vector<storage::ImageLayer>>> {
        std::vector<std::vector<storage::ImageLayer>> chains;
        for (auto& request : *requests) {
            chains.emplace_back();
            if (!request) continue;
            auto chain = storage::open_image_chain(*request);
            if (!chain && (*optional)[chains.size() - 1] && chain.error().code() == Errc::not_found)
                continue;  // the drive starts without a medium
            if (!chain) return Failure(chain.error());
            chains.back() = std::move(*chain);
            auto& overlay = overlays[chains.size() - 1];
            if (overlay.empty()) continue;
            auto made = storage::make_overlay(overlay, chains.back().front().virtual_size);
            if (!made) return Failure(made.error());
            chains.back().insert(chains.back().begin(), std::move(*made));
        }
        return chains;
    };
    images_ = take(co_await env_.pool.call(std::move(work)));
    for (std::size_t i = 0; i < images_.size(); ++i)
        if ((*requests)[i] && images_[i].empty()) live_.devices.disks[i].source.reset();
}

Task<> Start::runtime() {
    co_await memory_files();
    auto folder = run_folder(env_, domain_.uuid());
    auto socket = monitor_path(env_, domain_.uuid());
    auto log = log_path(env_, domain_.uuid());
    struct Made {
        std::optional<qemu::MonitorSocket> monitor;
        UniqueFd log;
    };
    auto work = [folder, socket, log](std::stop_token) -> Result<Made> {
        if (auto made = make_folder(folder, 0700); !made) return Failure(made.error());
        auto monitor = qemu::MonitorSocket::create(socket);
        if (!monitor) return Failure(monitor.error());
        auto opened = open_log(log);
        if (!opened) return Failure(opened.error());
        Made made;
        made.monitor = std::move(*monitor);
        made.log = std::move(*opened);
        return made;
    };
    auto made = take(co_await env_.pool.call(std::move(work)));
    take(open_characters(folder));
    monitor_ = std::move(made.monitor);
    log_ = std::move(made.log);
}

namespace {

constexpr const char* usual_partition = "/machine";  // libvirt's: where guests are when nobody says

std::string partition_of(const model::Domain& domain) {
    if (!domain.resource || domain.resource->partition == usual_partition) return {};
    return domain.resource->partition;
}

bool memory_is_file(const model::Domain& domain) {
    return domain.memory_backing && domain.memory_backing->source == model::MemorySource::file;
}

}  // namespace

// Fibre Channel adapters tag what this group sends. Linux, Documentation/ABI/testing/sysfs-class-fc.
Result<> Start::set_app_id() const {
    if (!live_.resource || live_.resource->app_id.empty()) return {};
    const std::string path = "/sys/class/fc/fc_udev_device/appid_store";
    auto fd = open_file(path, O_WRONLY);
    struct stat status{};
    if (!fd || !cgroup_.unified || ::fstat(cgroup_.unified.get(), &status))
        return fail(Errc::unsupported, "resource/fibrechannel/@appid: this host has ",
                    fd ? "no unified control groups for guests" : "no Fibre Channel adapter that can be told");
    return write_all(fd->get(), fmt::format("{:X}:{}", status.st_ino, live_.resource->app_id), path);
}

// A folder for the files that are the guest's memory; it goes with the run.
Task<> Start::memory_files() {
    if (!memory_is_file(live_)) co_return;
    auto folder = memory_folder(env_, domain_.uuid());
    auto work = [folder, account = account_](std::stop_token) -> Result<UniqueFd> {
        if (auto made = make_folder(folder, 0700); !made) return Failure(made.error());
        if (account && ::lchown(folder.c_str(), account->uid, account->gid))
            return Failure(system_error(errno, "cannot give " + folder.string() + " to " + account->name));
        return open_file(folder, O_RDONLY | O_DIRECTORY);
    };
    memory_folder_ = take(co_await env_.pool.call(std::move(work)));
}

Task<> Start::cgroup() {
    const auto uuid = domain_.uuid();
    auto find = [cgroups = &env_.cgroups,
                 partition = partition_of(live_)](std::stop_token) -> Result<std::vector<std::filesystem::path>> {
        if (partition.empty()) return cgroups->parents();
        return cgroups->partition(partition);
    };
    auto parents = take(co_await env_.pool.call(std::move(find)));
    for (auto& parent : parents) run_->status.cgroup_folders.push_back((parent / uuid).string());
    take(env_.statuses.save(run_->status));  // elsewhere than usual nobody would look for it
    auto work = [cgroups = &env_.cgroups, uuid, parents](std::stop_token) { return cgroups->make(uuid, parents); };
    cgroup_ = take(co_await env_.pool.call(std::move(work)));
    take(set_app_id());
    auto limits = limits_of(live_);
    if (limits.empty()) co_return;
    auto apply = [folders = cgroup_.folders, limits = std::move(limits)](std::stop_token) {
        return host::apply_limits(folders, limits);
    };
    take(co_await env_.pool.call(std::move(apply)));
}

// Files and listening sockets of serial ports and channels; other back ends QEMU opens itself.
Result<> Start::open_character(const std::string& alias, model::CharBackend& backend,
                               const std::filesystem::path& usual) {
    auto& files = characters_[alias];
    auto output = [&](const std::string& path, bool append, int& number) -> Result<> {
        auto fd = open_file(path, O_WRONLY | O_CREAT | O_NOCTTY | (append ? O_APPEND : O_TRUNC), 0600);
        if (!fd) return Failure(fd.error().wrap("device " + alias));
        number = fd->get();
        character_fds_.push_back(std::move(*fd));
        return {};
    };
    if (backend.log)
        if (auto opened = output(backend.log->file, backend.log->append.value_or(false), files.log); !opened)
            return opened;
    const auto* given = backend.source();
    if (backend.type == model::CharType::file && given)
        return output(given->path, given->append.value_or(false), files.output);
    const bool listens = backend.type == model::CharType::unix_ &&
                         (!given || given->path.empty() || given->mode == model::CharSource::Mode::bind);
    if (!listens) return {};
    auto& source = backend.ensure_source();
    if (source.path.empty()) source.path = usual;
    source.mode = model::CharSource::Mode::bind;
    auto socket = qemu::MonitorSocket::create(source.path);
    if (!socket) return Failure(socket.error().wrap("device " + alias));
    character_fds_.emplace_back(::fcntl(socket->fd(), F_DUPFD_CLOEXEC, 0));
    files.listener = character_fds_.back().get();
    return {};
}

Result<> Start::open_characters(const std::filesystem::path& folder) {
    auto& devices = live_.devices;
    auto each = [&](auto& list) -> Result<> {
        for (auto& device : list)
            if (!device.info.alias.empty())
                if (auto opened = open_character(device.info.alias, device.backend, folder / device.info.alias);
                    !opened)
                    return opened;
        return {};
    };
    if (auto done = each(devices.serials); !done) return done;
    if (auto done = each(devices.parallels); !done) return done;
    if (auto done = each(devices.channels); !done) return done;
    for (auto& console : devices.consoles) {  // one that is a serial port seen again has nothing of its own
        bool own = console.target && console.target->type == model::ConsoleTarget::Type::virtio;
        if (!own) continue;
        if (auto opened = open_character(console.info.alias, console.backend, folder / console.info.alias); !opened)
            return opened;
    }
    return {};
}

namespace {
bool uses_huge_pages(const model::Domain& domain) {
    if (domain.memory_backing && domain.memory_backing->huge_pages) return true;
    return std::ranges::any_of(domain.devices.memory_devices,
                               [](const auto& device) { return device.source && device.source->page_size; });
}
}  // namespace

// The command line, with the descriptors that the stages before opened.
Command Start::command() {
    qemu::Resources resources;
    resources.monitor = monitor_->fd();
    for (auto& chain : images_) {
        auto& images = resources.disks.emplace_back();
        for (auto& layer : chain) {
            auto& image = images.emplace_back();
            image.fd = layer.fd.get();
            image.format = layer.format;
            image.read_only = layer.read_only;
            image.block_device = layer.block_device;
        }
    }
    auto flash = [](int fd, firmware::Format format, bool read_only) {
        qemu::FlashImage image;
        image.fd = fd;
        image.format = format == firmware::Format::qcow2 ? model::FirmwareFormat::qcow2 : model::FirmwareFormat::raw;
        image.read_only = read_only;
        struct stat status{};
        image.block_device = ::fstat(fd, &status) == 0 && S_ISBLK(status.st_mode);
        return image;
    };
    if (firmware_.code) resources.code = flash(firmware_.code.get(), firmware_.code_format, !firmware_.code_writable);
    if (firmware_.nvram)
        resources.variables = flash(firmware_.nvram->get(), firmware::flash_format(firmware_.nvram_format), false);
    resources.characters = characters_;
    files_.lend(resources, live_.devices);
    for (auto& [alias, fd] : auxiliary_fds_) resources.auxiliaries[alias] = fd.get();
    for (auto& graphics : live_.devices.graphics) {
        auto& place = resources.graphics.emplace_back();
        place.socket = graphics.socket;
        for (auto& listen : graphics.listens)
            if (listen.type == model::GraphicsListen::Type::socket && place.socket.empty())
                place.socket = listen.socket;
        if (!listens_on_network(graphics)) continue;
        place.address = listen_address(graphics);
        place.port = static_cast<std::uint16_t>(graphics.port.value_or(0));
        place.websocket = static_cast<std::uint16_t>(std::max(graphics.websocket.value_or(0), 0));
    }
    resources.memory_folder = memory_folder_.get();
    resources.host_tpm = host_tpm_.get();
    resources.host_tpm_cancel = host_tpm_cancel_.get();
    resources.advised_nodes = advised_nodes_;
    resources.now = std::chrono::system_clock::now();
    if (uses_huge_pages(live_)) resources.huge_pages = host::huge_page_folders();
    auto line = take(qemu::build_command_line(live_, *capabilities_, resources));
    for (std::size_t i = 0; i < line.images.size(); ++i)
        if (auto& disk = live_.devices.disks[i]; !line.images[i].empty() && disk.source)
            disk.source->index = line.images[i].front();

    Command command;
    command.argv = std::move(line.argv);
    prepare_command(command, cgroup_.unified.get(), account_);
    command.env.insert(command.env.end(), line.env.begin(), line.env.end());
    command.fds = std::move(line.fds);
    command.fds[1] = command.fds[2] = log_.get();
    if (binds_process(live_)) command.memory_nodes = numbers_of(*live_.numa_tune->memory->nodes);
    command.before_exec = [this](pid_t pid, std::uint64_t start_time) { return note_process(pid, start_time); };
    return command;
}

}  // namespace vireo::domain
