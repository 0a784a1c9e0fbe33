// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/document.hpp"

#include "model/xml_text.hpp"

#include <boost/json/array.hpp>

namespace vireo::qemu {
namespace json = boost::json;

std::string Value::text() const {
    if (auto* text = std::get_if<std::string>(&held_)) return *text;
    if (auto* number = std::get_if<std::uint64_t>(&held_)) return std::to_string(*number);
    return std::get<bool>(held_) ? "yes" : "no";
}
json::value Value::json() const {
    return std::visit([](const auto& held) { return json::value(held); }, held_);
}

void Node::enumeration(std::string name, std::vector<std::string> words) {
    auto& child = add(std::move(name));
    child.is_enumeration_ = true;
    child.words_ = std::move(words);
}

void Node::write(std::string& out, std::size_t depth) const {
    const std::string indent(2 * depth, ' ');
    if (is_enumeration_) {
        out += indent + "<enum name='" + name_ + "'";
        if (words_.empty()) return void(out += "/>\n");
        out += ">\n";
        for (auto& word : words_) {
            out += indent + "  <value>";
            model::append_text(out, word);
            out += "</value>\n";
        }
        return void(out += indent + "</enum>\n");
    }
    out += indent + '<' + name_;
    for (auto& [name, value] : attributes_) {
        out += ' ' + name + "='";
        model::append_attribute_value(out, value.text());
        out += '\'';
    }
    if (has_text_) {
        out += '>';
        model::append_text(out, text_.text());
        return void(out += "</" + name_ + ">\n");
    }
    if (children_.empty()) return void(out += "/>\n");
    out += ">\n";
    for (auto& child : children_) child.write(out, depth + 1);
    out += indent + "</" + name_ + ">\n";
}

std::string Node::to_xml() const {
    std::string out;
    write(out, 0);
    return out;
}

json::value Node::json() const {
    if (is_enumeration_) return json::array(words_.begin(), words_.end());
    if (has_text_ && attributes_.empty()) return text_.json();
    if (attributes_.empty() && children_.empty() && !listed_) return true;  // <paging/>: it is there
    json::object object;
    for (auto& [name, value] : attributes_) object[name] = value.json();
    if (has_text_) object["value"] = text_.json();
    for (auto& child : children_) {
        if (!child.listed_) {
            object[child.name_] = child.json();
            continue;
        }
        auto& list = object[child.name_];
        if (!list.is_array()) list = json::array();
        list.get_array().push_back(child.json());
    }
    return object;
}

json::object Node::to_json() const {
    auto value = json();
    return value.is_object() ? std::move(value.get_object()) : json::object();
}

}  // namespace vireo::qemu
