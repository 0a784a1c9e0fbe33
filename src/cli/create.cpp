// SPDX-License-Identifier: LGPL-2.1-or-later
#include "cli/create.hpp"

#include "cli/common.hpp"
#include "cli/new_domain.hpp"
#include "cli/seed.hpp"
#include "model/uuid.hpp"
#include "support/file.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace vireo::cli {
namespace fs = std::filesystem;
namespace {

const Option options[] = {
    {"name", "NAME", Kind::text, "Without FILE: the new domain's name."},
    {"memory", "SIZE", Kind::text, "Its memory: 4G, 512M; a number alone counts MiB."},
    {"cpus", "N", Kind::number, "Its processors; 2 by default."},
    {"disk", "DISK", Kind::file,
     "A disk: a file that exists, a size (20G: made for it), or path=FILE,size=20G,format=qcow2,bus=virtio. May be "
     "given several times."},
    {"cdrom", "FILE", Kind::file, "An image in its CD-ROM drive, such as an installer."},
    {"firmware", "KIND", Kind::text, "efi, efi-secure (Secure Boot with the usual keys) or bios."},
    {"os", "NAME", Kind::text, "What it runs: debian12, win11, freebsd14, generic …; chooses its hardware."},
    {"cloud-init", "SEED", Kind::text,
     "A seed for cloud-init: user=NAME,ssh-key=FILE,password-file=FILE,hostname=NAME,user-data=FILE,meta-data=FILE,"
     "network-config=FILE."},
    {"network", "NETWORK", Kind::text, "user (the default), bridge=NAME or none."},
    {"graphics", "KIND", Kind::text, "vnc (the default), spice or none."},
    {"arch", "ARCH", Kind::text, "Its architecture; the host's by default."},
    {"dry-run", nullptr, Kind::none, "Print the definition; make nothing."},
    {"no-start", nullptr, Kind::none, "Define it and leave it off."},
};

// The files that were made for a domain, gone again unless it was defined.
class MadeFiles {
public:
    MadeFiles() = default;
    MadeFiles(const MadeFiles&) = delete;
    MadeFiles& operator=(const MadeFiles&) = delete;
    ~MadeFiles() {
        std::error_code ignored;
        for (auto& file : files_) fs::remove(file, ignored);
    }
    void add(fs::path file) { files_.push_back(std::move(file)); }
    void keep() { files_.clear(); }

private:
    std::vector<fs::path> files_;
};

fs::path images_folder(api::Scope scope) {
    if (scope == api::Scope::system) return "/var/lib/vireo/images";
    auto* data = std::getenv("XDG_DATA_HOME");
    if (data && *data == '/') return fs::path(data) / "vireo/images";
    auto* home = std::getenv("HOME");
    if (!home) throw Error(Errc::invalid_config, "neither XDG_DATA_HOME nor HOME says where images are kept");
    return fs::path(home) / ".local/share/vireo/images";
}

void make_image(const fs::path& path, const std::string& format, std::uint64_t size) {
    if (fs::exists(path))
        throw Error(Errc::already_exists, path.string() + " exists already")
            .with_object(path.string())
            .with_hint("leave out size= to use it as it is, or choose another path");
    const std::string bytes = std::to_string(size);
    std::vector<std::string> words{"qemu-img", "create", "-q", "-f", format, "--", path.string(), bytes};
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = 0;
    if (int error = ::posix_spawnp(&child, "qemu-img", nullptr, nullptr, arguments.data(), environ))
        throw system_error(error, "cannot run qemu-img").with_hint("install the package qemu-utils");
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw Error(Errc::system_failed, "qemu-img could not make " + path.string()).with_object(path.string());
}

// Where the domain's own file goes, so that two domains never share one.
fs::path own_file(const fs::path& folder, const std::string& name, const std::string& suffix) {
    take(make_folder(folder, 0711));
    return folder / (name + suffix);
}

void place_disk(NewDisk& disk, std::size_t number, const std::string& name, const fs::path& folder, bool dry_run,
                MadeFiles& made) {
    if (disk.format.empty()) disk.format = disk.path.empty() || disk.path.ends_with(".qcow2") ? "qcow2" : "raw";
    if (disk.path.empty()) {
        auto suffix = (number ? fmt::format("-{}.", number + 1) : ".") + disk.format;
        disk.path = dry_run ? (folder / (name + suffix)).string() : own_file(folder, name, suffix).string();
    }
    disk.path = fs::absolute(disk.path).lexically_normal().string();
    if (dry_run) return;
    if (disk.size) {
        make_image(disk.path, disk.format, disk.size);
        made.add(disk.path);
    } else if (!fs::exists(disk.path)) {
        throw Error(Errc::not_found, "the disk " + disk.path + " does not exist")
            .with_object(disk.path)
            .with_hint("give size=20G to have it made");
    }
}

NewDomain wishes_of(Context& context, const api::HostInfo& host) {
    NewDomain domain;
    auto& arguments = context.arguments;
    domain.name = arguments.value("name").value_or("");
    if (domain.name.empty()) throw UsageError{"create needs a FILE, or --name and more options", arguments.verb()};
    domain.os = take(os_preset(arguments.value("os").value_or("linux")));
    if (auto memory = arguments.value("memory")) domain.memory = take(parse_size(*memory));
    constexpr std::uint64_t most_cpus = 4096;
    auto cpus = arguments.number("cpus").value_or(domain.cpus);
    if (cpus == 0 || cpus > most_cpus) throw UsageError{"--cpus must be from 1 to 4096", arguments.verb()};
    domain.cpus = static_cast<std::uint32_t>(cpus);
    for (auto& text : arguments.all("disk")) domain.disks.push_back(take(parse_new_disk(text)));
    if (auto cdrom = arguments.value("cdrom")) {
        domain.cdrom = fs::absolute(*cdrom).lexically_normal().string();
        if (!fs::exists(domain.cdrom)) throw Error(Errc::not_found, "there is no file " + domain.cdrom);
    }
    domain.firmware = arguments.value("firmware").value_or("");
    domain.network = arguments.value("network").value_or("");
    domain.graphics = arguments.value("graphics").value_or("");
    domain.architecture = arguments.value("arch").value_or("");
    domain.host_architecture = host.architecture;
    return domain;
}

// Does KVM work here, for the account that guests run as? /dev/kvm alone does not say.
bool kvm_works(api::ManagerClient& manager, const std::string& architecture) {
    for (auto& hypervisor : manager.list_hypervisors())
        if (hypervisor.architecture == architecture && hypervisor.kvm.value_or(false)) return true;
    return false;
}

}  // namespace

std::span<const Option> new_domain_options() {
    return options;
}

std::string define_new_domain(Context& context) {
    api::ManagerClient manager(context.connection());
    auto host = manager.get_host_info();
    auto domain = wishes_of(context, host);
    domain.kvm = host.kvm && kvm_works(manager, host.architecture);
    const bool dry_run = context.has("dry-run");
    const auto uuid = model::Uuid::random().to_string();
    const auto folder = images_folder(host.scope);
    MadeFiles made;
    for (std::size_t i = 0; i < domain.disks.size(); ++i)
        place_disk(domain.disks[i], i, domain.name, folder, dry_run, made);
    if (auto wishes = context.arguments.value("cloud-init")) {
        auto seed = take(parse_seed(*wishes, domain.name, uuid));
        domain.seed = (folder / (domain.name + "-seed.iso")).string();
        if (!dry_run) {
            take(write_seed(own_file(folder, domain.name, "-seed.iso"), seed));
            made.add(domain.seed);
        }
    }
    auto definition = take(definition_of(domain));
    definition["uuid"] = uuid;
    api::DefineOptions how;
    how.dry_run = context.flag("dry-run");
    auto result = manager.define_domain(definition, how);
    if (dry_run) {
        if (context.json())
            context.print_json(definition);
        else
            context.print(result.xml.value_or(""));
        return {};
    }
    made.keep();
    if (!context.json()) context.say("Domain '" + result.name + "' defined");
    return result.name;
}

}  // namespace vireo::cli
