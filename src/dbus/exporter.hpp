// SPDX-License-Identifier: LGPL-2.1-or-later
// Everything of the API's table on one bus connection: methods, properties, introspection, ObjectManager, signals.
// The objects themselves are looked up when they are called: a thousand domains cost nothing here.
#pragma once
#include "api/dispatcher.hpp"
#include "dbus/bus.hpp"
#include "dbus/sessions.hpp"
#include "support/task_group.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace vireo::dbus {

class Exporter;

// A method or a property, as sd-bus hands it to a callback.
struct Entry {
    Exporter* exporter;
    const api::Interface* interface;
    const api::Method* method;   // null for a property
    const api::Field* property;  // null for a method
};

class Exporter {
public:
    static constexpr std::size_t max_calls = 4096;        // under way, of all clients together
    static constexpr std::size_t max_calls_of_one = 256;  // under way, of one client

    // calls outlives this: a change goes on when the bus is lost. Throws when the bus refuses a registration.
    Exporter(std::shared_ptr<Bus> bus, api::Dispatcher& dispatcher, TaskGroup& calls);
    Exporter(const Exporter&) = delete;
    Exporter& operator=(const Exporter&) = delete;
    ~Exporter();

private:
    struct Exported {  // one interface
        Exporter* exporter;
        const api::Interface* interface;
        std::vector<Entry> entries;  // a vtable row's offset leads into this
    };
    void add(const api::Interface& interface);
    void handle(sd_bus_message* message, const Entry& entry, const std::shared_ptr<Peer>& peer);
    const boost::json::object& properties(const api::Interface& interface, const char* path);
    void forward(const api::Event& event);
    void forward_signal(const api::Event& event);
    void forward_properties(const api::Event& event);

    static int on_method(sd_bus_message* message, void* data, sd_bus_error* error);
    static int on_property(sd_bus* bus, const char* path, const char* interface, const char* name,
                           sd_bus_message* reply, void* data, sd_bus_error* error);
    static int find(sd_bus* bus, const char* path, const char* interface, void* data, void** found,
                    sd_bus_error* error);
    static int enumerate(sd_bus* bus, const char* prefix, void* data, char*** nodes, sd_bus_error* error);
    friend class VTable;

    std::shared_ptr<Bus> bus_;
    api::Dispatcher& dispatcher_;
    TaskGroup& calls_;
    std::deque<Exported> exported_;  // sd-bus keeps pointers to these
    std::vector<SlotPtr> slots_;
    Sessions sessions_;
    struct {  // the properties read last: GetAll asks for them one by one
        unsigned long round = 0;
        const api::Interface* interface = nullptr;
        std::string path;
        boost::json::object values;
    } last_;
    api::Events::Handle events_;
};

}  // namespace vireo::dbus
