// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/exporter.hpp"

#include "dbus/codec.hpp"
#include "dbus/reply.hpp"
#include "dbus/vtable.hpp"
#include "support/log.hpp"

#include <boost/json/monotonic_resource.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace vireo::dbus {
namespace json = boost::json;

namespace {

// The rest of a call that could not be answered at once. Refers to nothing that goes with the connection.
Task<> answer(std::weak_ptr<Bus> bus, api::Dispatcher& dispatcher, MessagePtr message, api::Target target,
              api::Call call, api::ObjectPath object, json::object params, std::shared_ptr<Peer> peer) {
    std::optional<Error> failure;
    try {
        auto result = co_await dispatcher.call(target, call, std::move(object), std::move(params));
        reply(message.get(), *target.method, result, call);
    } catch (...) {
        failure = current_error(std::current_exception());
    }
    if (failure) reply_error(message.get(), *failure);
    --peer->in_flight;
    if (auto connection = bus.lock()) connection->kick();
}

std::string prefix_of(const api::Interface& interface) {
    std::string out = api::root_path;
    if (interface.object) out.append("/").append(interface.object);
    return out;
}

// All interfaces of the objects that have this one, as sd-bus wants to be told them.
std::vector<char*> interfaces_beside(const api::Interface& interface) {
    std::vector<char*> names;
    for (auto& other : api::interfaces())
        if (interface.object && other.object && std::string_view(other.object) == interface.object)
            names.push_back(const_cast<char*>(other.name));
    if (names.empty()) names.push_back(const_cast<char*>(interface.name));
    names.push_back(nullptr);
    return names;
}

int set_error(sd_bus_error* error, std::exception_ptr exception) noexcept {
    auto e = current_error(std::move(exception));
    return sd_bus_error_set(error, error_name(e).c_str(), error_text(e).c_str());
}

}  // namespace

Exporter::Exporter(std::shared_ptr<Bus> bus, api::Dispatcher& dispatcher, TaskGroup& calls)
    : bus_(std::move(bus)),
      dispatcher_(dispatcher),
      calls_(calls),
      sessions_(
          *bus_, [this](sd_bus_message* m, const Entry& e, const std::shared_ptr<Peer>& p) { handle(m, e, p); },
          [](sd_bus_message* m, const Error& e) { reply_error(m, e); }) {
    sd_bus_slot* slot = nullptr;
    check(sd_bus_add_object_manager(bus_->raw(), &slot, api::root_path), "cannot offer the object manager");
    slots_.emplace_back(slot);
    for (auto& interface : api::interfaces()) add(interface);
    events_ = dispatcher_.events().listen([this](const api::Event& event) { forward(event); });
}

Exporter::~Exporter() = default;

void Exporter::add(const api::Interface& interface) {
    auto& exported = exported_.emplace_back(Exported{this, &interface, {}});
    for (auto& method : interface.methods) exported.entries.push_back({this, &interface, &method, nullptr});
    for (auto& property : interface.properties) exported.entries.push_back({this, &interface, nullptr, &property});
    auto prefix = prefix_of(interface);
    auto* rows = VTable::of(interface).rows();
    sd_bus_slot* slot = nullptr;
    if (!interface.object) {
        check(
            sd_bus_add_object_vtable(bus_->raw(), &slot, prefix.c_str(), interface.name, rows, exported.entries.data()),
            "cannot offer an interface on the bus");
        slots_.emplace_back(slot);
        return;
    }
    check(sd_bus_add_fallback_vtable(bus_->raw(), &slot, prefix.c_str(), interface.name, rows, find, &exported),
          "cannot offer an interface on the bus");
    slots_.emplace_back(slot);
    // An object that has several interfaces is listed once.
    if (std::ranges::any_of(exported_, [&](auto& other) {
            return other.interface != &interface && other.interface->object &&
                   std::string_view(other.interface->object) == interface.object;
        }))
        return;
    check(sd_bus_add_node_enumerator(bus_->raw(), &slot, prefix.c_str(), enumerate, &exported),
          "cannot offer objects on the bus");
    slots_.emplace_back(slot);
}

int Exporter::find(sd_bus*, const char* path, const char*, void* data, void** found, sd_bus_error*) {
    auto& exported = *static_cast<Exported*>(data);
    try {
        if (!exported.interface->exists(exported.exporter->dispatcher_.services(), path)) return 0;
    } catch (const std::exception&) {
        return 0;
    }
    *found = exported.entries.data();
    return 1;
}

int Exporter::enumerate(sd_bus*, const char*, void* data, char*** nodes, sd_bus_error*) {
    auto& exported = *static_cast<Exported*>(data);
    try {
        auto objects = exported.interface->objects(exported.exporter->dispatcher_.services());
        auto** list = static_cast<char**>(std::calloc(objects.size() + 1, sizeof(char*)));  // sd-bus frees it
        if (!list) return -ENOMEM;
        for (std::size_t i = 0; i < objects.size(); ++i) {
            list[i] = ::strdup(objects[i].value.c_str());
            if (list[i]) continue;
            while (i > 0) std::free(list[--i]);
            std::free(list);
            return -ENOMEM;
        }
        *nodes = list;
        return 0;
    } catch (const std::exception&) {
        return -EIO;
    }
}

int Exporter::on_method(sd_bus_message* message, void* data, sd_bus_error*) {
    auto& entry = *static_cast<Entry*>(data);
    try {
        entry.exporter->sessions_.receive(message, entry);
    } catch (...) {
        reply_error(message, current_error(std::current_exception()));
    }
    return 1;
}

void Exporter::handle(sd_bus_message* message, const Entry& entry, const std::shared_ptr<Peer>& peer) {
    try {
        if (peer->in_flight >= max_calls_of_one || calls_.size() >= max_calls)
            throw Error(Errc::limit_exceeded, "too many calls at once from " + peer->session->origin())
                .with_hint("Wait for the answers to earlier ones.");
        api::Call call(peer->session);
        call.interactive = sd_bus_message_get_allow_interactive_authorization(message) > 0;
        json::object params;
        if (!entry.method->in.empty()) {
            std::vector<UniqueFd> fds;
            params = read(message, entry.method->in, fds);
            if (!fds.empty()) call.incoming() = std::move(fds);
        }
        api::Target target{entry.interface, entry.method};
        api::ObjectPath object(entry.interface->object ? sd_bus_message_get_path(message) : api::root_path);
        unsigned char buffer[4096];
        json::monotonic_resource memory(buffer, sizeof buffer);
        json::object result(&memory);
        if (dispatcher_.call_now(target, call, object, params, result)) {
            reply(message, *entry.method, result, call);
            return;
        }
        ++peer->in_flight;
        calls_.spawn(answer(bus_, dispatcher_, share(message), target, std::move(call), std::move(object),
                            std::move(params), peer));
    } catch (...) {
        reply_error(message, current_error(std::current_exception()));
    }
}

const json::object& Exporter::properties(const api::Interface& interface, const char* path) {
    if (last_.interface != &interface || last_.round != bus_->round() || last_.path != path) {
        last_.interface = nullptr;
        last_.values.clear();
        interface.read_properties(dispatcher_.services(), api::ObjectPath(path), last_.values);
        last_.path = path;
        last_.round = bus_->round();
        last_.interface = &interface;
    }
    return last_.values;
}

int Exporter::on_property(sd_bus*, const char* path, const char*, const char*, sd_bus_message* reply, void* data,
                          sd_bus_error* error) {
    auto& entry = *static_cast<Entry*>(data);
    try {
        auto& values = entry.exporter->properties(*entry.interface, path);
        auto* value = values.if_contains(entry.property->name);
        if (!value) throw Error(Errc::internal, std::string("the property ") + entry.property->name + " has no value");
        write_value(reply, *value, entry.property->signature, entry.property->dict, {});
        return 1;
    } catch (...) {
        return set_error(error, std::current_exception());
    }
}

void Exporter::forward(const api::Event& event) {
    last_.interface = nullptr;  // something changed
    try {
        auto names = interfaces_beside(*event.interface);
        switch (event.kind) {
            case api::Event::Kind::signal:
                forward_signal(event);
                break;
            case api::Event::Kind::properties_changed:
                forward_properties(event);
                break;
            case api::Event::Kind::object_added:
                check(sd_bus_emit_interfaces_added_strv(bus_->raw(), event.object.value.c_str(), names.data()),
                      "InterfacesAdded");
                break;
            case api::Event::Kind::object_removed:
                check(sd_bus_emit_interfaces_removed_strv(bus_->raw(), event.object.value.c_str(), names.data()),
                      "InterfacesRemoved");
                break;
        }
    } catch (const std::exception& e) {
        log::debug("cannot send a signal about {}: {}", event.object.value, e.what());
    }
    last_.interface = nullptr;
    bus_->kick();
}

void Exporter::forward_signal(const api::Event& event) {
    auto* path = event.object.value.empty() ? api::root_path : event.object.value.c_str();
    sd_bus_message* signal = nullptr;
    check(sd_bus_message_new_signal(bus_->raw(), &signal, path, event.interface->name, event.signal->name),
          event.signal->name);
    MessagePtr owner(signal);
    write(signal, event.signal->args, event.args, {});
    check(sd_bus_send(bus_->raw(), signal, nullptr), event.signal->name);
}

void Exporter::forward_properties(const api::Event& event) {
    auto* path = event.object.value.empty() ? api::root_path : event.object.value.c_str();
    sd_bus_message* signal = nullptr;
    check(sd_bus_message_new_signal(bus_->raw(), &signal, path, "org.freedesktop.DBus.Properties", "PropertiesChanged"),
          "PropertiesChanged");
    MessagePtr owner(signal);
    check(sd_bus_message_append_basic(signal, 's', event.interface->name), "PropertiesChanged");
    write_dictionary(signal, event.args, event.interface->properties);
    check(sd_bus_message_append(signal, "as", 0), "PropertiesChanged");
    check(sd_bus_send(bus_->raw(), signal, nullptr), "PropertiesChanged");
}

}  // namespace vireo::dbus
