// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/varstore_health.hpp"

#include "firmware/firmware_volume.hpp"
#include "firmware/varstore_flash.hpp"

#include <fmt/format.h>

namespace vireo::firmware {
namespace {

const std::string reset_hint = "reset the variable store, or restore a backup of it";
constexpr std::uint64_t roomy = 0x2800;  // bytes; the largest variable of every build

// What of the store's structure is not as in the template that comes with the code; empty when it is the same, or when
// the template is erased flash, which says nothing.
std::string other_structure(std::string_view bytes, std::string_view pristine) {
    auto ours = flash_layout(bytes), theirs = flash_layout(pristine);
    if (!ours || !theirs) return {};
    if (ours->volume != theirs->volume || ours->block != theirs->block)
        return fmt::format("it has {} bytes in blocks of {}, but the firmware's template has {} in blocks of {}",
                           ours->volume, ours->block, theirs->volume, theirs->block);
    if (ours->authenticated != theirs->authenticated)
        return fmt::format("its variables are {} ones, but those of the firmware's template are {}",
                           ours->authenticated ? "authenticated" : "plain",
                           theirs->authenticated ? "authenticated" : "plain");
    return {};
}

std::string mismatch(std::string_view bytes, const Pairing& pairing) {
    if (pairing.code_size)
        if (auto ok = check_pair(pairing.code_size, bytes.size(), pairing.architecture); !ok)
            return ok.error().message();
    return pairing.template_content.empty() ? std::string() : other_structure(bytes, pairing.template_content);
}

Health of_flash(std::string_view bytes, const Pairing& pairing) {
    auto store = read_flash_store(bytes);
    if (!store) {
        auto layout = flash_layout(bytes);  // the same verdict, in its own words
        return layout ? Health{HealthState::not_a_store, store.error().message(), reset_hint, 0, {}} : layout.error();
    }
    if (!store->interrupted())
        if (auto image = inspect_store(bytes.substr(0, head_size), bytes.size(), StoreFormat::raw, Blank::refused);
            image)
            if (auto ok = check_padding(bytes, *image); !ok)
                return {HealthState::wrong_size, ok.error().message(), reset_hint, image->volume, store->statistics()};
    auto health = check_store(*store);
    if (auto why = mismatch(bytes, pairing); !why.empty() && health.usable()) {
        health.state = HealthState::wrong_code;
        health.sentence = "it does not belong to this firmware: " + why;
        health.hint = "migrate the variable store to this firmware, or reset it";
    }
    return health;
}

}  // namespace

Health check_store(const VariableStore& store) {
    Health health;
    auto figures = health.statistics = store.statistics();
    if (auto& damage = store.damage()) {
        health.state = HealthState::torn_record;
        health.offset = damage->offset;
        health.sentence = damage->what;
        health.hint =
            "compact the variable store, which keeps what is readable, or reset it, or restore a backup of it";
        return health;
    }
    auto text = fmt::format("{} variables in {} bytes of {}, {} bytes dead, {} bytes free", store.variables().size(),
                            figures.used, figures.capacity, figures.dead, figures.free);
    if (store.interrupted()) {
        health.state = HealthState::interrupted;
        health.sentence = "the machine stopped while the firmware was rewriting it; nothing is lost so far: " + text;
        health.hint = "compact the variable store, which finishes that";
        return health;
    }
    if (figures.free < figures.capacity / 8 || figures.free < roomy) {
        bool helps = figures.dead + figures.free >= figures.capacity / 8 && figures.dead + figures.free >= roomy;
        health.state = HealthState::clogged;
        health.sentence = "it is nearly full: " + text;
        health.hint = helps ? "compact the variable store" : "remove variables that are not needed, or reset the store";
        return health;
    }
    health.sentence = "it is sound: " + text;
    return health;
}

Health check_store(std::string_view bytes, const Pairing& pairing) {
    auto first = bytes.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || bytes[first] != '{') return of_flash(bytes, pairing);
    auto store = read_json_store(bytes);
    if (!store) return {HealthState::not_a_store, store.error().message(), reset_hint, 0, {}};
    return check_store(*store);
}

}  // namespace vireo::firmware
