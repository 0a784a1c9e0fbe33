// SPDX-License-Identifier: LGPL-2.1-or-later
#include "domain/complete.hpp"

#include "firmware/disposal.hpp"
#include "firmware/identity.hpp"
#include "firmware/resolve.hpp"
#include "model/domain_xml.hpp"
#include "model/validate.hpp"
#include "qemu/assign.hpp"
#include "support/clock.hpp"

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
Task<> drop_kept_code(Environment& environment, model::Uuid guest) {
    auto work = [data = environment.layout.data, guest](std::stop_token) { return firmware::drop_copies(data, guest); };
    take(co_await environment.pool.call(std::move(work)));
}
}  // namespace

Task<> dispose_of_nvram(Environment& environment, model::Domain definition, NvramDisposal how) {
    if (how == NvramDisposal::keep) co_return;
    auto store = firmware::store_of(definition, environment.layout.data);
    if (!store) {
        co_await drop_kept_code(environment, *definition.uuid);
        co_return;
    }
    auto request = std::make_shared<firmware::DisposalRequest>();
    request->store = std::move(*store);
    request->how = how == NvramDisposal::remove ? firmware::Disposal::remove : firmware::Disposal::trash;
    request->trash = environment.layout.data / "trash";
    request->guest = *definition.uuid;
    request->time_usec = static_cast<std::int64_t>(now_usec());
    auto work = [request](std::stop_token) { return firmware::dispose(*request); };
    take(co_await environment.pool.call(std::move(work)));
    co_await drop_kept_code(environment, *definition.uuid);  // unless it went to the trash with the store
}

}  // namespace vireo::domain
