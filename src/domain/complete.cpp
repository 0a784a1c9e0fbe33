// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/complete.hpp"

#include "domain/store_facts.hpp"
#include "firmware/disposal_note.hpp"
#include "firmware/identity.hpp"
#include "firmware/resolve.hpp"
#include "model/domain_xml.hpp"
#include "model/validate.hpp"
#include "qemu/assign.hpp"
#include "support/clock.hpp"
#include "support/log.hpp"

#include <chrono>

namespace vireo::domain {

Task<std::string> emulator_of(Environment& environment, std::string emulator, std::string architecture) {
    if (!emulator.empty()) co_return emulator;
    if (architecture.empty()) architecture = qemu::host_arch();
    if (auto known = environment.default_emulators.find(architecture); known != environment.default_emulators.end())
        co_return known->second;
    auto look = [architecture](std::stop_token) { return qemu::default_binary(architecture); };
    auto found = take(co_await environment.pool.call(std::move(look)));
    environment.default_emulators[architecture] = found;
    co_return found;
}

Task<std::string> complete(Environment& environment, model::Domain& definition,
                           std::shared_ptr<const std::string> earlier) {
    auto binary = co_await emulator_of(environment, definition.devices.emulator, definition.os.type.arch);
    auto capabilities = co_await environment.capabilities.get(binary);
    take(qemu::complete(definition, *capabilities));
    auto catalog = co_await environment.firmwares.get();
    firmware::ResolveOptions options(environment.layout.data);
    options.qcow2 = true;
    if (earlier)
        if (auto parsed = model::parse_domain_xml(*earlier, model::ParseOptions{.lenient = true}))
            options.earlier = std::make_shared<const model::Domain>(std::move(parsed->domain));
    auto hashes = environment.hashes;
    options.known = &hashes;
    definition =
        co_await firmware::resolve(environment.pool, std::move(definition), std::move(catalog), std::move(options));
    environment.hashes = std::move(hashes);
    take(model::validate(definition));
    co_return model::format_domain_xml(definition);
}

namespace {

// The copy of the code that a pinned guest boots, unless it went to the trash with the store.
Task<> drop_kept_code(Environment& environment, model::Uuid guest) {
    auto work = [data = environment.layout.data, guest](std::stop_token) { return firmware::drop_copies(data, guest); };
    take(co_await environment.pool.call(std::move(work)));
}

std::shared_ptr<firmware::DisposalRequest> disposal_request(const Environment& environment,
                                                            const model::Domain& definition, NvramDisposal how) {
    if (how == NvramDisposal::keep) return nullptr;
    auto store = firmware::store_of(definition, environment.layout.data);
    if (!store) return nullptr;
    auto request = std::make_shared<firmware::DisposalRequest>();
    request->store = std::move(*store);
    request->how = how == NvramDisposal::remove ? firmware::Disposal::remove : firmware::Disposal::trash;
    request->trash = environment.layout.data / "trash";
    request->folder = environment.layout.nvram / definition.uuid->to_string();
    request->guest = *definition.uuid;
    request->time_usec = static_cast<std::int64_t>(now_usec());
    return request;
}

}  // namespace

Task<> plan_nvram_disposal(Environment& environment, const model::Domain& definition, NvramDisposal how, bool in_use) {
    auto request = disposal_request(environment, definition, how);
    if (!request) co_return;
    auto work = [request, in_use](std::stop_token) -> Result<> {
        if (!in_use)
            if (auto possible = firmware::check_disposal(*request); !possible) return possible;
        return firmware::write_note(*request);
    };
    take(co_await environment.pool.call(std::move(work)));
}

Task<> dispose_of_nvram(Environment& environment, model::Domain definition, NvramDisposal how, const Domain& domain,
                        std::string who) {
    if (how == NvramDisposal::keep) co_return;
    auto request = disposal_request(environment, definition, how);
    if (!request) {
        co_await drop_kept_code(environment, *definition.uuid);
        co_return;
    }
    auto work = [request](std::stop_token) {
        auto place = firmware::dispose(*request);
        if (place)
            if (auto done = firmware::remove_note(*request); !done) log::warning("{}", done.error().what());
        return place;
    };
    auto place = take(co_await environment.pool.call(std::move(work)));
    co_await drop_kept_code(environment, *definition.uuid);
    bool trashed = how == NvramDisposal::trash;
    if (trashed && place.empty()) co_return;  // there was none
    StoreEvent event(trashed ? StoreEvent::What::trashed : StoreEvent::What::removed, std::move(who));
    if (trashed) event.sentence = "it is at " + place.string();
    environment.observer.store_changed(domain, event);
}

}  // namespace vireo::domain
