// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/vtable.hpp"

#include "dbus/codec.hpp"
#include "dbus/exporter.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

namespace vireo::dbus {
namespace {

sd_bus_vtable row(int type, std::uint64_t flags) {
    sd_bus_vtable out;
    std::memset(&out, 0, sizeof out);  // sd-bus asks for zeroes in what a row does not use
    out.type = static_cast<std::uint8_t>(type);
    out.flags = flags & ((1ULL << 56) - 1);
    return out;
}

// "one\0two\0": sd-bus walks it along the signature. It refuses a whole interface when a name is no identifier, so
// new-name is new_name on the bus, where arguments have places and their names only document them.
std::string names_of(std::span<const api::Field> fields) {
    std::string out;
    for (auto& field : fields) out.append(field.name).push_back('\0');
    std::ranges::replace(out, '-', '_');
    return out;
}

}  // namespace

const VTable& VTable::of(const api::Interface& interface) {
    static std::map<const api::Interface*, std::unique_ptr<const VTable>> made;
    auto& slot = made[&interface];
    if (!slot) slot.reset(new VTable(interface));
    return *slot;
}

const char* VTable::keep(std::string text) {
    return texts_.emplace_back(std::move(text)).c_str();
}

VTable::VTable(const api::Interface& interface) {
    std::size_t offset = 0;
    auto start = row(_SD_BUS_VTABLE_START, 0);
    start.x.start.element_size = sizeof(sd_bus_vtable);
    start.x.start.features = _SD_BUS_VTABLE_PARAM_NAMES;
    start.x.start.vtable_format_reference = &sd_bus_object_vtable_format;
    rows_.push_back(start);
    for (auto& method : interface.methods) {
        // unprivileged: sd-bus lets everybody call, the dispatcher authorizes
        auto r = row(_SD_BUS_VTABLE_METHOD, SD_BUS_VTABLE_UNPRIVILEGED);
        r.x.method.member = method.name;
        r.x.method.signature = keep(signature_of(method.in));
        r.x.method.result = keep(signature_of(method.out));
        r.x.method.names = keep(names_of(method.in) + names_of(method.out));
        r.x.method.handler = Exporter::on_method;
        r.x.method.offset = offset;
        offset += sizeof(Entry);
        rows_.push_back(r);
    }
    for (auto& signal : interface.signals) {
        auto r = row(_SD_BUS_VTABLE_SIGNAL, 0);
        r.x.signal.member = signal.name;
        r.x.signal.signature = keep(signature_of(signal.args));
        r.x.signal.names = keep(names_of(signal.args));
        rows_.push_back(r);
    }
    for (auto& property : interface.properties) {
        auto r = row(_SD_BUS_VTABLE_PROPERTY, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE);
        r.x.property.member = property.name;
        r.x.property.signature = property.signature;
        r.x.property.get = Exporter::on_property;
        r.x.property.offset = offset;
        offset += sizeof(Entry);
        rows_.push_back(r);
    }
    rows_.push_back(row(_SD_BUS_VTABLE_END, 0));
}

}  // namespace vireo::dbus
