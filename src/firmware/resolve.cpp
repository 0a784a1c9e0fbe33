// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/resolve.hpp"

#include "firmware/firmware_file.hpp"
#include "firmware/identity.hpp"
#include "firmware/prepare.hpp"

#include <algorithm>
#include <array>

namespace vireo::firmware {
namespace fs = std::filesystem;
namespace {

using model::FirmwareFeature;
using model::FirmwareType;
using model::Loader;

// Code and the template that belongs to it where no descriptor says so: what distributions have installed for years.
struct Pair {
    std::string_view code, vars;
};
constexpr std::array well_known{
    Pair{"/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
    Pair{"/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.fd"},
    Pair{"/usr/share/OVMF/OVMF_CODE.ms.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"},
    Pair{"/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
    Pair{"/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"},
    Pair{"/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
    Pair{"/usr/share/OVMF/OVMF_CODE_4M.snakeoil.fd", "/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd"},
    Pair{"/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"},
    Pair{"/usr/share/AAVMF/AAVMF32_CODE.fd", "/usr/share/AAVMF/AAVMF32_VARS.fd"},
    Pair{"/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"},
    Pair{"/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"},
    Pair{"/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw", "/usr/share/edk2/aarch64/vars-template-pflash.raw"},
    Pair{"/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
    Pair{"/usr/share/edk2/x64/OVMF_CODE.secboot.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"},
    Pair{"/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"},
    Pair{"/usr/share/qemu/ovmf-x86_64-ms-code.bin", "/usr/share/qemu/ovmf-x86_64-ms-vars.bin"},
};

std::string_view well_known_template(std::string_view code) {
    auto found = std::ranges::find(well_known, code, &Pair::code);
    return found == well_known.end() ? std::string_view() : found->vars;
}

bool is_x86(std::string_view architecture) {
    return architecture == "x86_64" || architecture == "i686" || architecture == "i386";
}

bool is_inside(const fs::path& path, const fs::path& folder) {
    auto relative = path.lexically_normal().lexically_relative(folder.lexically_normal());
    return !relative.empty() && *relative.begin() != ".." && *relative.begin() != ".";
}

class Resolver {
public:
    Resolver(model::Domain& domain, const Catalog& catalog, const ResolveOptions& options)
        : domain_(domain), catalog_(catalog), options_(options), wanted_(requirements_of(domain)) {
        wanted_.qcow2 = options.qcow2;
    }

    Result<> run() {
        auto& os = domain_.os;
        bool given = os.loader && !os.loader->path.empty();
        if (!given && !os.firmware) return {};
        if (os.varstore)
            return Failure(
                Error(Errc::unsupported, "os/varstore: variables in QEMU's uefi-vars device cannot be run here")
                    .with_hint("leave <varstore> out: the variables are then kept in flash"));
        auto chosen = given ? keep() : os.firmware == FirmwareType::bios ? choose_bios() : choose_efi();
        if (!chosen) return chosen;
        if (auto ok = check_secure(); !ok) return ok;
        if (auto ok = check_store_path(); !ok) return ok;
        if (!boots_from_copy())
            if (auto ok = check(request_for(domain_, options_.data, false)); !ok) return ok;
        return record();
    }

private:
    Loader& loader() { return domain_.os.loader ? *domain_.os.loader : domain_.os.loader.emplace(); }
    model::Nvram& nvram() { return domain_.os.nvram ? *domain_.os.nvram : domain_.os.nvram.emplace(); }

    Result<> record() {
        KnownHashes nothing;
        return record_identity(domain_, described_, options_.earlier.get(), options_.known ? *options_.known : nothing);
    }

    // A pinned guest goes on with the code that it has booted with, also when the package is gone.
    bool boots_from_copy() {
        auto identity = model::firmware_identity_of(domain_);
        if (!identity || !*identity || (*identity)->policy != model::FirmwarePolicy::pin) return false;
        if (!(*identity)->code || !domain_.os.loader || (*identity)->code->file != domain_.os.loader->path)
            return false;
        std::error_code ignored;
        return !fs::exists(loader().path, ignored) &&
               fs::exists(kept_copy(options_.data, *domain_.uuid, (*identity)->code->sha256), ignored);
    }

    // ── chosen by Vireo ──
    // What was chosen for the definition before stays the choice while it fits: its variables belong to it.
    const Entry* chosen_before(const Choice& choice) const {
        auto* earlier = options_.earlier.get();
        if (!earlier || !earlier->os.loader || earlier->os.loader->path.empty()) return nullptr;
        for (std::size_t i = 0; i < choice.candidates.size(); ++i) {
            auto& entry = catalog_.entries()[i];
            auto& store = entry.descriptor.nvram_template;
            if (choice.candidates[i].fits() && entry.descriptor.executable.filename == earlier->os.loader->path &&
                (store ? store->filename : "") == (earlier->os.nvram ? earlier->os.nvram->template_path : ""))
                return &entry;
        }
        return nullptr;
    }

    Result<> choose_efi() {
        if (domain_.os.loader && domain_.os.loader->readonly == false)
            return fail(Errc::invalid_config,
                        "a loader that is not read-only cannot be chosen automatically: give its path");
        auto choice = choose(wanted_, catalog_);
        if (auto* before = chosen_before(choice)) choice.chosen = *before;
        return adopt_chosen(std::move(choice));
    }

    Result<> adopt_chosen(Choice choice) {
        auto entry = chosen(wanted_, std::move(choice));
        if (!entry) return Failure(entry.error());
        adopt(entry->descriptor);
        for (auto& known : catalog_.entries())
            if (known.file == entry->file) described_ = &known;
        return {};
    }

    // QEMU brings its own BIOS for x86; few distributions describe it.
    Result<> choose_bios() {
        auto choice = choose(wanted_, catalog_);
        if (!choice.chosen && is_x86(wanted_.architecture) && wanted_.features.empty()) return {};
        if (auto* before = chosen_before(choice)) choice.chosen = *before;
        return adopt_chosen(std::move(choice));
    }

    void adopt(const Descriptor& descriptor) {
        bool flash = descriptor.device == Device::flash;
        loader().path = descriptor.executable.filename;
        loader().type = flash ? Loader::Type::pflash : Loader::Type::rom;
        if (flash) loader().readonly = true;
        set_format(loader().format, descriptor.executable.format);
        if (descriptor.nvram_template && flash) {
            nvram().template_path = descriptor.nvram_template->filename;
            set_format(nvram().template_format, descriptor.nvram_template->format);
            place_store();
        }
        adopt_smm(descriptor);
        if (domain_.os.firmware == FirmwareType::efi) record_features(descriptor);
    }

    // raw is what absence means: only what differs is written down.
    static void set_format(std::optional<Format>& to, std::string_view name) {
        auto format = model::from_string<Format>(name).value_or(Format::raw);
        if (to || format != Format::raw) to = format;
    }

    void adopt_smm(const Descriptor& descriptor) {
        if (!descriptor.has_feature("requires-smm")) return;
        if (!domain_.features.smm) domain_.features.smm = true;
        if (!loader().secure) loader().secure = true;
    }

    void record_features(const Descriptor& descriptor) {
        for (auto name : {FirmwareFeature::Name::enrolled_keys, FirmwareFeature::Name::secure_boot}) {
            auto& features = domain_.os.firmware_features;
            if (std::ranges::find(features, name, &FirmwareFeature::name) != features.end()) continue;
            FirmwareFeature feature;
            feature.name = name;
            feature.enabled = descriptor.has_feature(model::to_string(name));
            features.push_back(std::move(feature));
        }
    }

    void place_store() {
        auto& store = nvram();
        if (store.template_format && !store.format) store.format = store.template_format;
        if (!store.type && store.path.empty())
            store.path = default_store(options_.data, *domain_.uuid, store_format(store.format.value_or(Format::raw)));
    }

    // ── given by the user, or recorded earlier ──
    Result<> keep() {
        auto& given = loader();
        if (!fs::path(given.path).is_absolute())
            return fail(Errc::invalid_config, "the loader '", given.path, "' is not an absolute path");
        if (given.format == Format::qcow2 && !options_.qcow2)
            return fail(Errc::unsupported, "the loader ", given.path,
                        " is in the format qcow2, which cannot be run here");
        if (given.type != Loader::Type::pflash) return keep_rom();
        if (given.readonly != true) return keep_writable();
        auto described = describe();
        if (!described) return Failure(described.error());
        described_ = *described;
        if (described_) {
            if (auto ok = check_mode(described_->descriptor); !ok) return ok;
            adopt_smm(described_->descriptor);
            if (domain_.os.firmware == FirmwareType::efi) record_features(described_->descriptor);
        }
        if (given.stateless == true) return {};
        return find_template(described_);
    }

    // What its descriptor says of how the code is used.
    Result<> check_mode(const Descriptor& descriptor) {
        auto& given = loader();
        if (descriptor.mode == FlashMode::combined)
            return Failure(Error(Errc::invalid_config, "the loader " + given.path +
                                                           " holds code and variables in one file, which a guest "
                                                           "needs a copy of its own of")
                               .with_object(given.path)
                               .with_hint("copy it, name the copy, and say readonly='no'"));
        if (descriptor.mode != FlashMode::stateless || given.stateless == true) return {};
        if (given.stateless == false || domain_.os.nvram)
            return Failure(
                Error(Errc::invalid_config, "the loader " + given.path + " is stateless: it has no variable store")
                    .with_object(given.path)
                    .with_hint("say stateless='yes' and leave <nvram> out"));
        given.stateless = true;
        return {};
    }

    Result<> keep_rom() {
        if (domain_.os.nvram)
            return fail(Errc::invalid_config, "NVRAM needs a loader of type pflash; ", loader().path, " is a ROM");
        return {};
    }

    Result<> keep_writable() {
        auto& path = loader().path;
        if (domain_.os.nvram)
            return Failure(Error(
                Errc::invalid_config,
                "the loader " + path + " is writable, so it holds its own variables; NVRAM needs readonly='yes'"));
        bool shared = std::ranges::any_of(catalog_.entries(),
                                          [&](auto& entry) { return entry.descriptor.executable.filename == path; });
        if (!shared && well_known_template(path).empty()) return {};
        return Failure(Error(Errc::invalid_config,
                             "the loader " + path + " is shared by all guests, so this one must not write to it")
                           .with_object(path)
                           .with_hint("say readonly='yes', or give the guest its own copy of the file"));
    }

    // What is known about this file of code; null when nothing is. Several descriptors may name it with different
    // templates: with a template given the ones with that template count.
    Result<const Entry*> describe() {
        auto about = wanted_;
        about.executable_path = loader().path;
        if (about.secure == false) about.secure.reset();  // flash without the guard works, if not as safely
        auto found = firmware::describe(about, catalog_);
        if (found.entry || found.contradiction.empty()) return found.entry;
        return Failure(
            Error(Errc::invalid_config, "the definition contradicts its loader " + loader().path,
                  Error(Errc::invalid_config, found.contradiction))
                .with_object(loader().path)
                .with_hint("leave out <loader> and <nvram> to have firmware chosen that fits; a variable store is kept "
                           "only when it is named"));
    }

    Result<> find_template(const Entry* described) {
        auto& store = nvram();
        if (store.template_path.empty() && described && described->descriptor.nvram_template) {
            store.template_path = described->descriptor.nvram_template->filename;
            set_format(store.template_format, described->descriptor.nvram_template->format);
        }
        if (store.template_path.empty()) store.template_path = well_known_template(loader().path);
        place_store();
        std::error_code ignored;
        if (!store.template_path.empty() || store.on_network() || fs::exists(store.place(), ignored)) return {};
        return Failure(
            Error(Errc::invalid_config, "no template of a variable store is known for the loader " + loader().path)
                .with_object(loader().path)
                .with_hint("name one with <nvram template='…'>, or say stateless='yes' in <loader>"));
    }

    // ── what needs knowledge of the whole ──
    Result<> check_secure() {
        if (!domain_.os.loader || domain_.os.loader->secure != true) return {};
        if (wanted_.architecture != "x86_64")
            return fail(Errc::invalid_config, "secure='yes' in <loader> is for x86_64 only, not for ",
                        wanted_.architecture);
        auto& machine = wanted_.machine;
        if (machine != "q35" && !machine.starts_with("pc-q35-"))
            return fail(Errc::invalid_config, "secure='yes' in <loader> is for q35 machines only, not for ",
                        machine.empty() ? "the default machine" : machine);
        if (domain_.features.smm == false)
            return fail(Errc::invalid_config, "secure='yes' in <loader> needs SMM, which <features> turns off");
        domain_.features.smm = true;
        return {};
    }

    Result<> check_store_path() {
        if (!domain_.os.nvram || domain_.os.nvram->place().empty()) return {};
        fs::path path = domain_.os.nvram->place();
        if (!path.is_absolute())
            return fail(Errc::invalid_config, "the NVRAM path '", path.string(), "' is not absolute");
        auto& store = *domain_.os.nvram;
        if (store.format == Format::qcow2 && !options_.qcow2)
            return fail(Errc::unsupported, "NVRAM in the format qcow2 cannot be run here");
        auto stores = options_.data / "nvram";
        if (is_inside(path, stores) && !is_inside(path, stores / domain_.uuid->to_string()))
            return Failure(
                Error(Errc::invalid_config, "the NVRAM path " + path.string() + " belongs to another guest")
                    .with_hint("leave out the path in <nvram>: each guest gets a variable store of its own"));
        for (auto& disk : domain_.devices.disks)
            if (disk.source && !disk.source->file.empty() &&
                fs::path(disk.source->file).lexically_normal() == path.lexically_normal())
                return fail(Errc::invalid_config, "the NVRAM path ", path.string(), " is also the disk ",
                            disk.target.dev);
        return {};
    }

    model::Domain& domain_;
    const Catalog& catalog_;
    const ResolveOptions& options_;
    Requirements wanted_;
    const Entry* described_ = nullptr;  // what is known about the code; null: nothing
};

}  // namespace

Result<> resolve(model::Domain& domain, const Catalog& catalog, const ResolveOptions& options) {
    if (!domain.uuid) return fail(Errc::internal, "firmware is to be chosen for a definition without a UUID");
    auto filled = domain;
    auto ok = Resolver(filled, catalog, options).run();
    if (ok) domain = std::move(filled);
    return ok;
}

Task<model::Domain> resolve(Blocking& blocking, model::Domain domain, std::shared_ptr<const Catalog> catalog,
                            ResolveOptions options) {
    auto job = [&domain, &catalog, &options](std::stop_token) { return resolve(domain, *catalog, options); };
    auto done = co_await blocking.call(std::move(job));
    take(std::move(done));
    co_return std::move(domain);
}

fs::path default_store(const fs::path& data, const model::Uuid& uuid, StoreFormat format) {
    constexpr std::array names{"VARS.fd", "VARS.qcow2", "VARS.json"};
    return data / "nvram" / uuid.to_string() / names[static_cast<std::size_t>(format)];
}

std::optional<StoreSpec> store_of(const model::Domain& domain, const fs::path& data) {
    auto& os = domain.os;
    if (os.varstore && domain.uuid) {
        auto own = default_store(data, *domain.uuid, StoreFormat::json);
        StoreSpec spec(os.varstore->path.empty() ? own : fs::path(os.varstore->path), false);
        spec.format = StoreFormat::json;
        spec.own = spec.path.lexically_normal() == own.lexically_normal();
        return spec;
    }
    bool flash =
        os.loader && !os.loader->path.empty() && os.loader->type == Loader::Type::pflash && os.loader->readonly == true;
    if (!flash || os.loader->stateless == true || !os.nvram || !domain.uuid) return std::nullopt;
    StoreSpec spec;
    spec.format = store_format(os.nvram->format.value_or(Format::raw));
    auto own = default_store(data, *domain.uuid, spec.format);
    if (os.nvram->on_network()) {
        auto& source = *os.nvram->source;
        spec.kind = StoreKind::network;
        spec.path = std::string(model::to_string(*source.protocol)) + ":" + source.name;  // for messages only
        for (auto& host : source.hosts) spec.path += "@" + host.name;
        spec.own = false;
        return spec;
    }
    if (os.nvram->type == model::SourceType::block) spec.kind = StoreKind::block;
    spec.path = os.nvram->place().empty() ? own : fs::path(os.nvram->place());
    spec.own = spec.path.lexically_normal() == own.lexically_normal();
    spec.journal = own.parent_path();
    return spec;
}

std::string store_key(const model::Domain& domain, const fs::path& data) {
    auto spec = store_of(domain, data);
    return spec ? spec->path.lexically_normal().string() : std::string();
}

}  // namespace vireo::firmware
