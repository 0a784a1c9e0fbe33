// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/real/trial.hpp"

#include "model/domain_xml.hpp"
#include "model/each_device.hpp"
#include "qemu/aliases.hpp"
#include "qemu/assign.hpp"
#include "qemu/machine.hpp"
#include "support/file.hpp"

#include <fmt/format.h>

namespace vireo::corpus {
namespace {

std::string text(const Error& error) {
    return error.what();
}

void merge(Findings& into, Findings from, std::string_view start) {
    for (const auto& [kind, count] : from.right) into.right[kind] += count;
    for (auto& wrong : from.wrong) into.wrong.push_back({wrong.what, fmt::format("{}: {}", start, wrong.detail)});
}

// By alias; companions of a USB controller have its.
std::map<std::string, std::vector<model::Address>> places_of(const model::Domain& domain) {
    std::map<std::string, std::vector<model::Address>> places;
    model::for_each_device(domain.devices, [&](const auto& device) {
        if (device.info.alias.empty() || !device.info.address) return;
        auto place = *device.info.address;
        // The first function of a slot says that there are others, as soon as there are.
        if (auto* pci = std::get_if<model::PciAddress>(&place)) pci->multifunction.reset();
        places[device.info.alias].push_back(std::move(place));
    });
    return places;
}

// One that every machine has a place for: on PCI or virtio-mmio, else on ISA or the board itself.
void add_a_device(model::Domain& domain) {
    const auto machine = qemu::machine_of(domain);
    if (machine.has_pci() || machine.virtio_mmio()) {
        model::Rng rng;
        rng.backend = model::RngBuiltin();
        domain.devices.rngs.push_back(std::move(rng));
        return;
    }
    model::Serial serial;
    serial.backend.type = model::CharType::null;
    domain.devices.serials.push_back(std::move(serial));
}

class Trying {
public:
    Trying(Bench& bench, const std::filesystem::path& file) : bench_(bench), file_(file) {
        trial_.name = file.stem();
        folder_ = bench.folder / trial_.name;
    }

    Task<Trial> run() {
        std::exception_ptr failure;
        try {
            take(make_folder(folder_));
            trial_.changes.folder = folder_;
            trial_.changes.taps = bench_.taps;
            if (co_await prepare()) co_await start_all();
        } catch (...) {
            failure = std::current_exception();
        }
        if (failure) trial_.refused = text(current_error(failure));
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
        co_return std::move(trial_);
    }

private:
    // Reads and completes it; false: it cannot run here, and the trial says why.
    Task<bool> prepare() {
        domain_ = take(model::parse_domain_xml(take(read_file(file_)))).domain;
        auto arch = domain_.os.type.arch.empty() ? qemu::host_arch() : domain_.os.type.arch;
        const auto binary = qemu::default_binary(arch);
        if (!binary) co_return cannot("other architecture: " + arch);
        capabilities_ = co_await bench_.capabilities.get(*binary);
        use_emulation(domain_, *capabilities_, trial_.changes);
        if (auto done = qemu::complete(domain_, *capabilities_); !done) co_return beyond(done.error());
        make_runnable(domain_, *capabilities_, trial_.changes);
        if (!trial_.changes.impossible.empty()) co_return cannot("not in QEMU: " + trial_.changes.impossible);
        for (auto& changed : co_await make_files(domain_, bench_.templates))
            trial_.changes.replaced.push_back(std::move(changed));
        if (auto done = qemu::assign_aliases(domain_); !done) co_return beyond(done.error());
        co_return true;
    }
    bool cannot(std::string why) {
        trial_.not_here = std::move(why);
        return false;
    }
    // What Vireo itself says that this QEMU lacks.
    bool beyond(const Error& error) {
        if (error.code() != Errc::unsupported) throw error;
        return cannot(fmt::format("not in QEMU {}: {}", capabilities_->version.text(), text(error)));
    }

    Task<> start_all() {
        std::exception_ptr failure;
        Answers first;
        try {
            first = co_await start_and_ask(domain_, *capabilities_, folder_);
        } catch (...) {
            failure = std::current_exception();
        }
        if (failure) {
            const auto error = current_error(failure);
            if (error.code() != Errc::unsupported || text(error).contains("QEMU exited")) throw error;
            beyond(error);
            co_return;
        }
        trial_.started = true;
        trial_.devices = first.devices.size();
        compare(domain_, first, "first start");
        const auto second = co_await start_and_ask(domain_, *capabilities_, folder_);
        const auto other = difference(first, second);
        trial_.findings.check(other.empty(), "two starts", "the second start is other hardware: " + other);
        co_await start_with_more();
    }

    void compare(const model::Domain& domain, const Answers& answers, std::string_view start) {
        merge(trial_.findings, compare_devices(domain, answers), start);
        merge(trial_.findings, compare_backends(domain, answers), start);
        merge(trial_.findings, compare_machine(domain, answers), start);
    }

    // Read again as it was written, with one device more.
    Task<> start_with_more() {
        auto more = take(model::parse_domain_xml(model::format_domain_xml(domain_))).domain;
        add_a_device(more);
        if (auto done = qemu::complete(more, *capabilities_); !done) {
            if (done.error().code() == Errc::limit_exceeded) co_return;  // all its buses are full
            trial_.findings.check(false, "a device added", "it is refused: " + text(done.error()));
            co_return;
        }
        take(qemu::assign_aliases(more));
        const auto before = places_of(domain_), after = places_of(more);
        for (const auto& [alias, place] : before) {
            const auto found = after.find(alias);
            trial_.findings.check(found != after.end() && found->second == place, "place after a device was added",
                                  alias + " is somewhere else");
        }
        std::exception_ptr failure;
        try {
            compare(more, co_await start_and_ask(more, *capabilities_, folder_), "with a device added");
        } catch (...) {
            failure = std::current_exception();
        }
        if (!failure) co_return;
        const auto error = current_error(failure);
        if (error.code() == Errc::limit_exceeded) co_return;
        trial_.findings.check(false, "a device added", "it is not started: " + text(error));
    }

    Bench& bench_;
    std::filesystem::path file_, folder_;
    Trial trial_;
    model::Domain domain_;
    std::shared_ptr<const qemu::Capabilities> capabilities_;
};

}  // namespace

Task<Trial> try_definition(Bench& bench, std::filesystem::path file) {
    Trying trying(bench, file);
    co_return co_await trying.run();
}

}  // namespace vireo::corpus
