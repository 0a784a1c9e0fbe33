// SPDX-License-Identifier: LGPL-2.1-or-later
// A small document that is built once and given as XML in libvirt's form and as JSON. In JSON an element is an object,
// its attributes and children are keys of the same names; what can occur several times is an array, an element that is
// only text is its text, an enumeration (<enum name='bus'><value>…) an array of words under its name. Yes and no are
// booleans, numbers are numbers.
#pragma once
#include <boost/json/object.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace vireo::qemu {

// What an attribute or a text is; a bool is yes or no.
class Value {
public:
    Value() = default;
    Value(const char* text) : held_(std::string(text)) {}
    Value(std::string_view text) : held_(std::string(text)) {}
    Value(std::string text) : held_(std::move(text)) {}
    Value(bool yes) : held_(yes) {}
    Value(std::uint64_t number) : held_(number) {}
    Value(unsigned number) : held_(std::uint64_t{number}) {}

    std::string text() const;
    boost::json::value json() const;

private:
    std::variant<std::string, std::uint64_t, bool> held_;
};

class Node {
public:
    explicit Node(std::string name, bool listed = false) : name_(std::move(name)), listed_(listed) {}

    Node& set(std::string attribute, Value value) {
        attributes_.emplace_back(std::move(attribute), std::move(value));
        return *this;
    }
    // A child; the reference holds as long as this node. `add` for what occurs once, `append` for one of several.
    Node& add(std::string name) { return children_.emplace_back(std::move(name)); }
    Node& append(std::string name) { return children_.emplace_back(std::move(name), true); }
    Node& text(std::string name, Value value) {  // <name>value</name>
        auto& child = add(std::move(name));
        child.text_ = std::move(value);
        child.has_text_ = true;
        return child;
    }
    Node& append_text(std::string name, Value value) {
        auto& child = text(std::move(name), std::move(value));
        child.listed_ = true;
        return child;
    }
    // <enum name='…'><value>…</value></enum>
    void enumeration(std::string name, std::vector<std::string> words);

    std::string to_xml() const;
    boost::json::object to_json() const;

private:
    void write(std::string& out, std::size_t depth) const;
    boost::json::value json() const;

    std::string name_;
    bool listed_ = false;
    bool has_text_ = false;
    bool is_enumeration_ = false;
    Value text_;
    std::vector<std::pair<std::string, Value>> attributes_;
    std::vector<std::string> words_;
    std::deque<Node> children_;
};

}  // namespace vireo::qemu
