// SPDX-License-Identifier: LGPL-2.1-or-later
// LINKS: firmware
// Whatever a file holds: a store or an error; what was read is written byte for byte, and after a change it can be read
// again and is what the model says. Inputs may leave out the erased flash at their end.
#include "firmware/firmware_volume.hpp"
#include "firmware/varstore_bytes.hpp"
#include "firmware/varstore_decode.hpp"
#include "firmware/varstore_health.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdlib>

using namespace vireo::firmware;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

// To the length that the volume's header promises.
std::string padded(std::string_view input) {
    std::string bytes(input);
    if (bytes.size() < 0x48 || bytes.substr(0x28, 4) != "_FVH") return bytes;
    auto length = std::min<std::uint64_t>(load<std::uint64_t>(bytes, 0x20), 1u << 20);
    if (length > bytes.size()) bytes.resize(static_cast<std::size_t>(length), '\xff');
    return bytes;
}

void check_same(const VariableStore& store) {
    auto bytes = store.write();
    auto again = read_store(bytes);
    require(again && !again->damage() && again->variables() == store.variables() && again->write() == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    auto bytes = padded({reinterpret_cast<const char*>(data), size});
    auto health = check_store(bytes);
    require(!health.sentence.empty());
    auto store = read_store(bytes);
    if (!store) {
        require(!store.error().message().empty() && health.state != HealthState::valid);
        return 0;
    }
    require(store->write() == bytes);
    for (auto& variable : store->variables()) {
        require(boost::json::parse(boost::json::serialize(to_json(variable))).is_object());
        describe(variable);
    }
    auto before = store->variables();
    store->compact();
    require(store->variables() == before);
    check_same(*store);
    if (!before.empty()) require(store->unset(before.front().vendor, before.front().name).value_or(false));
    Variable added(guids::global, "Fuzz", std::string(100, 'x'));
    if (store->set(added)) require(store->find(guids::global, "Fuzz")->data == added.data);
    check_same(*store);
    return 0;
}
