// SPDX-License-Identifier: LGPL-2.1-or-later
// What the readers of XML and JSON share: where they are, what is wrong, what is kept. A reader's functions return
// false once a fault is set.
#pragma once
#include "model/schema.hpp"
#include "support/error.hpp"

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tinyxml2 {
class XMLElement;
}

namespace vireo::model {

struct Frame {  // one step of a path, on the stack; the text is made when something is wrong
    const Frame* parent = nullptr;
    std::string_view name;
    const tinyxml2::XMLElement* xml = nullptr;  // null: JSON
    std::optional<std::size_t> index;           // JSON: in its array
};

using Seen = std::bitset<most_fields>;  // the fields of one element that were met, by Field::id

class Reading {
public:
    explicit Reading(bool lenient) : lenient_(lenient) {}
    Error error() const { return fault_->error; }
    std::vector<std::string> take_warnings() { return std::move(warnings_); }

protected:
    static bool first_time(Seen& seen, const Field& field) {
        const bool before = seen[field.id];
        seen.set(field.id);
        return !before;
    }

    // `attribute` may be empty; a line of 0 means the element's own.
    bool refuse(const Frame& at, std::string_view attribute, Fault fault, int line = 0);
    bool malformed(const Frame& at, std::string_view attribute, std::string_view what, int line = 0);
    // An attribute, child or key that the element does not have. kept = true: the caller keeps it and goes on.
    bool unknown(const Frame& at, const Element& element, std::string_view name, bool is_attribute, int line,
                 bool can_keep, bool& kept);
    bool finish(const Frame& at, const Element& element, void* object,
                const Seen& seen);  // what is required and missing

    void keep(const Element& element, void* object, KeptItem item);  // the element keeps things
    void warn(std::string_view what);
    // May what is at fault be kept instead? Then the fault becomes a warning. False when a document has too many of
    // them.
    bool forgive();
    // Takes over another reader's warnings and fault. False when it had one.
    bool adopt(Reading&& other);
    bool lenient() const noexcept { return lenient_; }

private:
    std::string place(const Frame& at, std::string_view attribute, int line) const;

    struct Found {
        Error error;
        std::string text;
        bool unsupported;
    };
    bool lenient_;
    std::optional<Found> fault_;
    std::vector<std::string> warnings_;
};

}  // namespace vireo::model
