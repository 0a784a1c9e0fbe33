// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/capabilities_cache.hpp"

#include "qemu/host_model.hpp"
#include "support/async_mutex.hpp"
#include "support/file.hpp"
#include "support/log.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <functional>
#include <glob.h>
#include <map>
#include <optional>
#include <sys/stat.h>

namespace vireo::qemu {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t longest_document = 4u << 20;
constexpr std::size_t most_binaries = 256;  // of which something is kept in memory; clients may name any
constexpr std::size_t most_expansions = 256;

// FNV-1a, for a file's name; what the file is about stands inside it.
std::uint64_t hash(std::string_view text) {
    std::uint64_t value = 0xcbf29ce484222325;
    for (char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return value;
}

Result<FileIdentity> identify(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status)) return Failure(system_error(errno, "cannot look at " + path));
    auto nsec = [](const timespec& t) { return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec; };
    FileIdentity id;
    id.path = path;
    id.device = status.st_dev;
    id.inode = status.st_ino;
    id.size = static_cast<std::uint64_t>(status.st_size);
    id.modified_nsec = nsec(status.st_mtim);
    id.changed_nsec = nsec(status.st_ctim);
    return id;
}

// The binary itself, with the words for what a user may have got wrong.
Result<FileIdentity> identify_binary(const std::string& path) {
    if (!path.starts_with('/'))
        return fail(Errc::invalid_argument, "the path of a QEMU binary is absolute, and '", path, "' is not");
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        return fail(Errc::invalid_config, path, " is not a program");
    auto id = identify(path);
    if (!id && id.error().code() == Errc::not_found) {
        Error error(Errc::not_found, "there is no QEMU binary " + path);
        return Failure(error.with_object(path).with_hint(
            "Install QEMU (on Debian: apt install qemu-system-x86), or correct <emulator>."));
    }
    if (id && !(status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH))) {
        Error error(Errc::access_denied, path + " may not be run: nobody has the permission");
        return Failure(error.with_object(path));
    }
    return id;
}

// Where QEMU loads devices and accelerators from; installing one of its packages changes what the binary can do.
std::vector<std::string> module_folders() {
    std::vector<std::string> found;
    for (auto* pattern :
         {"/usr/lib/*/qemu", "/usr/lib/qemu", "/usr/lib64/qemu", "/usr/local/lib/*/qemu", "/usr/local/lib/qemu"}) {
        glob_t matches{};
        if (::glob(pattern, GLOB_ONLYDIR, nullptr, &matches) == 0)
            for (std::size_t i = 0; i < matches.gl_pathc && i < 16; ++i) found.emplace_back(matches.gl_pathv[i]);
        ::globfree(&matches);
    }
    return found;
}

// What else the answers depend on: the running kernel (its KVM), the right to use /dev/kvm, and who asks.
std::string host_fingerprint(const ProbeSettings& settings) {
    auto boot = read_file("/proc/sys/kernel/random/boot_id", 128).value_or("");
    while (!boot.empty() && boot.back() == '\n') boot.pop_back();
    std::string kvm = "none";
    struct stat status{};
    if (::stat("/dev/kvm", &status) == 0)
        kvm = fmt::format("{:o}:{}:{}:{}.{}", status.st_mode, status.st_uid, status.st_gid, status.st_ctim.tv_sec,
                          status.st_ctim.tv_nsec);
    auto text = fmt::format("{} kvm={} uid={} gid={}", boot, kvm, settings.uid ? static_cast<long>(*settings.uid) : -1L,
                            settings.gid ? static_cast<long>(*settings.gid) : -1L);
    for (auto group : settings.groups) text += fmt::format(",{}", group);
    return text;
}

bool still_true(const std::vector<FileIdentity>& files, const std::string& host, const ProbeSettings& settings) {
    for (auto& file : files) {
        auto now = identify(file.path);
        if (!now || *now != file) return false;
    }
    return host == host_fingerprint(settings);
}

std::vector<FileIdentity> files_of(const FileIdentity& binary, const std::string& executable) {
    std::vector<FileIdentity> files{binary};
    auto real = identify(executable);
    if (real && (real->device != binary.device || real->inode != binary.inode)) files.push_back(std::move(*real));
    for (auto& folder : module_folders())
        if (auto id = identify(folder)) files.push_back(std::move(*id));
    return files;
}

std::optional<json::value> load(const fs::path& path) {
    auto text = read_file(path, longest_document);
    if (!text) return std::nullopt;
    boost::system::error_code error;
    auto value = json::parse(*text, error);
    if (error) return std::nullopt;
    return value;
}

// Names of documents and of their places in memory.
std::string expansion_name(const std::string& binary, Accelerator accelerator, const std::string& model) {
    return fmt::format("cpu-{:016x}-{}-{:016x}.json", hash(binary), to_string(accelerator), hash(model));
}
std::string host_model_name(const std::string& binary, Accelerator accelerator) {
    return fmt::format("host-model-{:016x}-{}.json", hash(binary), to_string(accelerator));
}

void require_accelerator(const Capabilities& capabilities, Accelerator accelerator) {
    if (!capabilities.has_accelerator(accelerator))
        throw Error(Errc::unsupported, fmt::format("{} cannot use {} on this host", capabilities.binary,
                                                   accelerator == Accelerator::kvm ? "KVM" : "TCG"));
}

}  // namespace

struct CapabilitiesCache::State {
    State(Blocking& b, fs::path f, ProbeSettings s) : blocking(b), folder(std::move(f)), settings(std::move(s)) {}

    struct Entry {
        AsyncMutex mutex;
        std::uint64_t finished = 0;  // probes, whatever came out
        std::shared_ptr<const Capabilities> known;
        std::optional<Error> failure;  // of the last one
    };
    template <class T>
    struct Remembered {
        AsyncMutex mutex;
        std::shared_ptr<const Capabilities> of;  // what is remembered is as old as what it was made beside
        std::shared_ptr<const T> known;
    };
    template <class T>
    using All = std::map<std::string, std::shared_ptr<Remembered<T>>>;

    Blocking& blocking;
    fs::path folder;
    ProbeSettings settings;
    std::map<std::string, std::shared_ptr<Entry>> entries;
    All<CpuExpansion> expansions;
    All<HostModel> host_models;
    std::size_t probes = 0;
    bool complained = false;

    static Task<std::shared_ptr<const Capabilities>> get(std::shared_ptr<State> self, std::string binary);
    static Task<std::shared_ptr<const CpuExpansion>> expand(std::shared_ptr<State> self, std::string binary,
                                                            Accelerator accelerator, std::string model);
    static Task<std::shared_ptr<const HostModel>> find_host_model(std::shared_ptr<State> self, std::string binary,
                                                                  Accelerator accelerator);
    // From memory, else from disk, else asked. fits: whether it is what the name stands for; names may collide.
    template <class T>
    static Task<std::shared_ptr<const T>> remember(std::shared_ptr<State> self, All<T>& all, std::string name,
                                                   std::shared_ptr<const Capabilities> capabilities,
                                                   Result<T> (*decode)(const json::value&),
                                                   std::function<bool(const T&)> fits, std::function<Task<T>()> ask);
    Task<std::shared_ptr<const Capabilities>> learn(std::string binary, FileIdentity identity);
    Task<bool> valid(std::shared_ptr<const Capabilities> what);
    Task<> store(std::string name, json::object document);
    template <class T>
    static void make_room(std::map<std::string, std::shared_ptr<T>>& all, std::size_t most);
};

// Forgets what nobody is using at the moment; more binaries than this exist in no installation.
template <class T>
void CapabilitiesCache::State::make_room(std::map<std::string, std::shared_ptr<T>>& all, std::size_t most) {
    if (all.size() < most) return;
    std::erase_if(all, [](auto& one) { return one.second.use_count() == 1; });
}

Task<bool> CapabilitiesCache::State::valid(std::shared_ptr<const Capabilities> what) {
    auto look = [what, as = settings](std::stop_token) { return still_true(what->files, what->host, as); };
    co_return co_await blocking.call(std::move(look));
}

Task<> CapabilitiesCache::State::store(std::string name, json::object document) {
    if (folder.empty()) co_return;
    auto write = [path = folder / name, document = std::move(document)](std::stop_token) -> Result<> {
        if (auto made = make_folder(path.parent_path(), 0700); !made) return made;
        return replace_file(path, json::serialize(document), 0600, Durable::no);
    };
    auto written = co_await blocking.call(std::move(write));
    if (!written && !std::exchange(complained, true))
        log::warning("what QEMU can do is not remembered on disk: {}", written.error().what());
}

Task<std::shared_ptr<const Capabilities>> CapabilitiesCache::State::learn(std::string binary, FileIdentity identity) {
    auto name = fmt::format("capabilities-{:016x}.json", hash(binary));
    if (!folder.empty()) {
        auto read = [path = folder / name, binary, identity,
                     as = settings](std::stop_token) -> std::shared_ptr<const Capabilities> {
            auto document = load(path);
            if (!document) return nullptr;
            auto stored = capabilities_from_json(*document);
            if (!stored || stored->binary != binary || stored->files.front() != identity) return nullptr;
            if (!still_true(stored->files, stored->host, as)) return nullptr;
            return std::make_shared<const Capabilities>(std::move(*stored));
        };
        auto stored = co_await blocking.call(std::move(read));
        if (stored) co_return stored;
    }
    // Before the probe: what changes while it runs makes its result old, not wrong.
    auto fingerprint = [as = settings](std::stop_token) { return host_fingerprint(as); };
    auto host = co_await blocking.call(std::move(fingerprint));
    ++probes;
    auto result = co_await probe_binary(binary, settings);
    auto look = [identity, executable = result.executable](std::stop_token) { return files_of(identity, executable); };
    result.capabilities.files = co_await blocking.call(std::move(look));
    result.capabilities.host = std::move(host);
    co_await store(std::move(name), to_json(result.capabilities));
    co_return std::make_shared<const Capabilities>(std::move(result.capabilities));
}

Task<std::shared_ptr<const Capabilities>> CapabilitiesCache::State::get(std::shared_ptr<State> self,
                                                                        std::string binary) {
    make_room(self->entries, most_binaries);
    auto& place = self->entries[binary];
    if (!place) place = std::make_shared<Entry>();
    auto entry = place;
    auto before = entry->finished;
    auto known = entry->known;
    if (known) {
        bool good = co_await self->valid(known);
        if (good) co_return known;
    }
    auto guard = co_await entry->mutex.lock();
    if (entry->finished != before) {  // somebody asked the binary while this one waited
        if (entry->failure) throw *entry->failure;
        co_return entry->known;
    }
    std::optional<Error> failure;
    try {
        auto look = [binary](std::stop_token) { return identify_binary(binary); };
        auto identity = co_await self->blocking.call(std::move(look));
        auto learnt = co_await self->learn(binary, take(std::move(identity)));
        entry->known = learnt;
    } catch (...) {
        failure = current_error(std::current_exception());
    }
    if (failure && failure->code() == Errc::cancelled) throw *failure;  // the next one in the queue asks
    ++entry->finished;
    entry->failure = failure;
    if (failure) {
        entry->known.reset();
        throw *failure;
    }
    co_return entry->known;
}

template <class T>
Task<std::shared_ptr<const T>> CapabilitiesCache::State::remember(
    std::shared_ptr<State> self, All<T>& all, std::string name, std::shared_ptr<const Capabilities> capabilities,
    Result<T> (*decode)(const json::value&), std::function<bool(const T&)> fits, std::function<Task<T>()> ask) {
    make_room(all, most_expansions);
    auto& place = all[name];
    if (!place) place = std::make_shared<Remembered<T>>();
    auto entry = place;
    auto guard = co_await entry->mutex.lock();
    if (entry->known && entry->of == capabilities && fits(*entry->known)) co_return entry->known;

    std::shared_ptr<const T> found;
    if (!self->folder.empty()) {
        auto read = [path = self->folder / name, capabilities, decode](std::stop_token) -> std::shared_ptr<const T> {
            auto document = load(path);
            auto* o = document ? document->if_object() : nullptr;
            auto* files = o ? o->if_contains("files") : nullptr;
            auto* host = o ? o->if_contains("host") : nullptr;
            if (!files || !host || !host->is_string() || host->get_string() != capabilities->host) return nullptr;
            auto identities = files_from_json(*files);
            if (!identities || *identities != capabilities->files) return nullptr;
            auto stored = decode(*document);
            return stored ? std::make_shared<const T>(std::move(*stored)) : nullptr;
        };
        found = co_await self->blocking.call(std::move(read));
    }
    if (!found || !fits(*found)) {
        ++self->probes;
        auto asked = co_await ask();
        auto document = to_json(asked);
        document["files"] = to_json(capabilities->files);
        document["host"] = capabilities->host;
        co_await self->store(name, std::move(document));
        found = std::make_shared<const T>(std::move(asked));
    }
    entry->of = capabilities;
    entry->known = found;
    co_return found;
}

Task<std::shared_ptr<const CpuExpansion>> CapabilitiesCache::State::expand(std::shared_ptr<State> self,
                                                                           std::string binary, Accelerator accelerator,
                                                                           std::string model) {
    auto capabilities = co_await get(self, binary);
    require_accelerator(*capabilities, accelerator);
    if (!capabilities->cpus.empty() && !capabilities->cpu(model))
        throw Error(Errc::unsupported, fmt::format("{} has no CPU model '{}'", binary, model))
            .with_hint(fmt::format("{} -cpu help lists what there is.", binary));
    std::function fits = [model, accelerator](const CpuExpansion& expansion) {
        return expansion.model == model && expansion.accelerator == accelerator;
    };
    std::function ask = [&]() -> Task<CpuExpansion> {
        std::vector<std::string> models{model};
        auto asked = co_await probe_cpus(binary, self->settings, accelerator, std::move(models));
        co_return take(std::move(asked.front()));
    };
    co_return co_await remember<CpuExpansion>(self, self->expansions, expansion_name(binary, accelerator, model),
                                              capabilities, cpu_expansion_from_json, fits, ask);
}

Task<std::shared_ptr<const HostModel>> CapabilitiesCache::State::find_host_model(std::shared_ptr<State> self,
                                                                                 std::string binary,
                                                                                 Accelerator accelerator) {
    auto capabilities = co_await get(self, binary);
    require_accelerator(*capabilities, accelerator);
    if (capabilities->arch != "x86_64" && capabilities->arch != "i686")
        throw Error(Errc::unsupported,
                    fmt::format("{} does not say what its processors of {} could have", binary, capabilities->arch));
    std::function fits = [](const HostModel&) { return true; };  // one for each binary and accelerator
    std::function ask = [&]() -> Task<HostModel> {
        std::vector<std::string> models{std::string(fullest_cpu(accelerator))};
        for (auto& cpu : capabilities->cpus)
            if (is_host_model_candidate(cpu)) models.push_back(cpu.name);
        auto asked = co_await probe_cpus(binary, self->settings, accelerator, std::move(models));
        auto fullest = take(std::move(asked.front()));
        std::vector<CpuExpansion> named;
        for (std::size_t i = 1; i < asked.size(); ++i)
            if (asked[i]) named.push_back(std::move(*asked[i]));
        co_return take(choose_host_model(fullest, named));
    };
    co_return co_await remember<HostModel>(self, self->host_models, host_model_name(binary, accelerator), capabilities,
                                           host_model_from_json, fits, ask);
}

CapabilitiesCache::CapabilitiesCache(Blocking& blocking, fs::path folder, ProbeSettings settings)
    : state_(std::make_shared<State>(blocking, std::move(folder), std::move(settings))) {}
CapabilitiesCache::~CapabilitiesCache() = default;

Task<std::shared_ptr<const Capabilities>> CapabilitiesCache::get(std::string binary) {
    return State::get(state_, std::move(binary));
}

std::shared_ptr<const Capabilities> CapabilitiesCache::known(const std::string& binary) const {
    auto found = state_->entries.find(binary);
    return found == state_->entries.end() ? nullptr : found->second->known;
}

Task<std::shared_ptr<const CpuExpansion>> CapabilitiesCache::expand_cpu(std::string binary, Accelerator accelerator,
                                                                        std::string model) {
    return State::expand(state_, std::move(binary), accelerator, std::move(model));
}

Task<std::shared_ptr<const HostModel>> CapabilitiesCache::host_model(std::string binary, Accelerator accelerator) {
    return State::find_host_model(state_, std::move(binary), accelerator);
}

std::size_t CapabilitiesCache::probes() const noexcept {
    return state_->probes;
}

}  // namespace vireo::qemu
