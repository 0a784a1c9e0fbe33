// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/reading.hpp"

#include <tinyxml2.h>

#include <algorithm>

namespace vireo::model {
namespace {

// Among brothers of the same name an element says which one it is.
std::optional<std::size_t> position(const tinyxml2::XMLElement& element) {
    std::size_t index = 1;
    for (const auto* brother = element.PreviousSiblingElement(element.Name()); brother;
         brother = brother->PreviousSiblingElement(element.Name()))
        ++index;
    if (index == 1 && !element.NextSiblingElement(element.Name())) return std::nullopt;
    return index;
}

void append_path(std::string& out, const Frame& at) {
    if (at.parent) append_path(out, *at.parent);
    out.append("/").append(at.name);
    const auto index = at.xml ? position(*at.xml) : at.index;
    if (index) out.append("[").append(std::to_string(*index)).append("]");
}

std::string hint_for(const Element& element, std::string_view name, bool is_attribute) {
    const auto* other = is_attribute ? element.child(name) : element.attribute(name);
    if (other) return is_attribute ? "Here it is a child element." : "Here it is an attribute.";
    std::vector<std::string_view> known;
    for (const auto& field : element.fields)
        if (is_attribute ? field.in_attribute() : field.in_child()) known.push_back(field.name);
    const auto near = nearest(name, known);
    return near.empty() ? std::string() : "Did you mean '" + std::string(near) + "'?";
}

}  // namespace

std::string Reading::place(const Frame& at, std::string_view attribute, int line) const {
    std::string out;
    if (at.xml) out.append("line ").append(std::to_string(line ? line : at.xml->GetLineNum())).append(": ");
    append_path(out, at);
    if (!attribute.empty()) out.append(at.xml ? "/@" : "/").append(attribute);
    return out;
}

bool Reading::refuse(const Frame& at, std::string_view attribute, Fault fault, int line) {
    auto text = place(at, attribute, line);
    // "line 4: /domain/memory: 'x' is not a size", but "line 4: /domain/frob is not supported"
    text.append(fault.text.starts_with('\'') ? ": " : " ").append(fault.text);
    Error error(Errc::invalid_config, text);
    if (!fault.hint.empty()) error = error.with_hint(std::move(fault.hint));
    fault_ = {std::move(error), std::move(text), fault.unsupported};
    return false;
}

bool Reading::malformed(const Frame& at, std::string_view attribute, std::string_view what, int line) {
    return refuse(at, attribute, {.text = std::string(what), .hint = {}, .unsupported = false}, line);
}

bool Reading::unknown(const Frame& at, const Element& element, std::string_view name, bool is_attribute, int line,
                      bool can_keep, bool& kept) {
    Fault fault{.text = "is not supported", .hint = {}, .unsupported = true};
    if (const auto* refusal = element.refusal(name)) {
        fault.text = "is not supported yet";
        if (!refusal->why.empty()) fault.text.append(": ").append(refusal->why);
    } else {
        fault.hint = hint_for(element, name, is_attribute);
    }
    if (is_attribute) {
        refuse(at, name, std::move(fault), line);
    } else {
        const Frame child{&at, name, nullptr, {}};
        auto text = place(at, {}, line) + "/" + std::string(child.name) + " " + fault.text;
        Error error(Errc::invalid_config, text);
        if (!fault.hint.empty()) error = error.with_hint(fault.hint);
        fault_ = {std::move(error), std::move(text), true};
    }
    kept = can_keep && forgive();
    return kept;
}

bool Reading::finish(const Frame& at, const Element& element, void* object, const Seen& seen) {
    for (const auto& field : element.fields) {
        if (!field.required) continue;
        if (!field.applies_to(object)) continue;
        if (seen[field.id] && field.slot->count(field.member(object)) > 0) continue;
        const bool was_there = seen[field.id];
        std::string what = was_there ? "must not be empty" : "is missing";
        if (field.kind == Field::Kind::text) return malformed(at, {}, was_there ? what : "has no text");
        if (field.in_attribute()) return malformed(at, field.name, what);
        return malformed(at, {},
                         "needs the element <" + std::string(field.name) + ">" +
                             (field.inner.empty() ? "" : " with the attribute " + std::string(field.inner)) +
                             (was_there ? ", not empty" : ""));
    }
    return true;
}

void Reading::keep(const Element& element, void* object, KeptItem item) {
    // In the order in which a dump writes them, so that reading the dump gives the same.
    const auto rank = [&element](const KeptItem& of) {
        if (of.attribute.empty()) return element.fields.size() + 1;
        if (of.element.empty()) return std::size_t{0};
        return static_cast<std::size_t>(element.child(of.element) - element.fields.data()) + 1;
    };
    auto& kept = *element.kept_of(object);
    if (!kept.has_value()) kept.emplace();
    const auto place = std::ranges::upper_bound(*kept, rank(item), {}, rank);
    kept->insert(place, std::move(item));
}

void Reading::warn(std::string_view what) {
    warnings_.push_back(std::string(what) + "; it is kept but not honoured");
}

bool Reading::forgive() {
    constexpr std::size_t most_warnings = 1000;
    if (!lenient_ || !fault_ || !fault_->unsupported || warnings_.size() >= most_warnings) return false;
    warn(fault_->text);
    fault_.reset();
    return true;
}

bool Reading::adopt(Reading&& other) {
    for (auto& warning : other.warnings_) warnings_.push_back(std::move(warning));
    if (other.fault_) fault_ = std::move(other.fault_);
    return !fault_;
}

}  // namespace vireo::model
