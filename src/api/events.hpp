// SPDX-License-Identifier: LGPL-2.1-or-later
// Events for every transport: numbered, kept for a while, replayed to who comes back.
#pragma once
#include "api/table.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vireo::api {

struct Event {
    enum class Kind {
        signal,              // a signal of interfaces/; numbered and kept
        properties_changed,  // args holds the properties that changed; neither numbered nor kept
        object_added,        // an object of this interface appeared (D-Bus: InterfacesAdded)
        object_removed,
    };
    Kind kind = Kind::signal;
    const Interface* interface = nullptr;
    const SignalType* signal = nullptr;
    ObjectPath object;
    json::object args;
    std::uint64_t sequence = 0;  // signals only
};

class Events {
public:
    explicit Events(std::size_t keep = 10000);
    using Listener = std::function<void(const Event&)>;
    using Handle = std::shared_ptr<void>;  // dropping it ends the listening
    // A listener may drop handles (its own too), listen and emit while it is told. What it throws is logged.
    Handle listen(Listener listener);

    // Gives a signal its number and stamp, then tells every listener, in order. Called by a listener: when the event
    // that it was told has reached everybody.
    void emit(Event event);
    const std::string& epoch() const noexcept { return epoch_; }   // a random UUID for this run
    std::uint64_t sequence() const noexcept { return sequence_; }  // of the last signal; 0 before the first

    struct Missed {
        bool gap = false;
        std::vector<const Event*> events;  // valid until the next emit()
    };
    // What came after this position. gap: another epoch, a position that this epoch has not reached, or so long ago
    // that not everything is still kept.
    Missed since(std::string_view epoch, std::uint64_t sequence) const;

private:
    void tell(const Event& event);

    std::string epoch_;
    std::uint64_t sequence_ = 0;
    std::size_t keep_;
    std::deque<std::shared_ptr<const Event>> kept_, untold_;
    bool telling_ = false;
    std::vector<std::weak_ptr<Listener>> listeners_;
};

}  // namespace vireo::api
