// SPDX-License-Identifier: LGPL-2.1-or-later
// Reading: XML to the structures of api_model.hpp. What needs all files is checked in api_check.cpp.
#include "api_model.hpp"

#include <tinyxml2.h>

#include <algorithm>
#include <cctype>
#include <initializer_list>

namespace api_gen {
namespace {

using tinyxml2::XMLElement;

constexpr std::string_view name_prefix = "org.vireo1.";

class Reader {
public:
    Reader(std::string file, Api& api, Problems& problems) : file_(std::move(file)), api_(api), problems_(problems) {}
    void document(const XMLElement& root);

private:
    Origin at(const XMLElement& e) const { return {file_, e.GetLineNum()}; }
    void refuse(const XMLElement& e, const std::string& what) { problems_.add(at(e), what); }
    static std::string attribute(const XMLElement& e, const char* name) {
        auto* value = e.Attribute(name);
        return value ? value : "";
    }
    std::string need(const XMLElement& e, const char* name);
    std::string doc(const XMLElement& e);
    void attributes(const XMLElement& e, std::initializer_list<std::string_view> known);
    bool flag(const XMLElement& e, const char* name);
    template <class Each>
    void children(const XMLElement& e, std::string_view name, Each each);
    static std::string title(const XMLElement& e);

    Field field(const XMLElement& e);
    void enumeration(const XMLElement& e);
    void dict(const XMLElement& e);
    void interface(const XMLElement& e);
    Method method(const XMLElement& e);
    Signal signal(const XMLElement& e);
    Field property(const XMLElement& e);

    std::string file_;
    Api& api_;
    Problems& problems_;
};

std::string Reader::title(const XMLElement& e) {
    auto* name = e.Attribute("name");
    return std::string("<") + e.Name() + (name ? std::string(" name=\"") + name + "\">" : std::string(">"));
}

std::string Reader::need(const XMLElement& e, const char* name) {
    auto value = attribute(e, name);
    if (value.empty()) refuse(e, title(e) + " needs " + name);
    return value;
}

// One line of text, and a sentence: it ends up in comments, tables and tool tips.
std::string Reader::doc(const XMLElement& e) {
    auto raw = need(e, "vireo:doc");
    std::string text;
    for (unsigned char c : raw) {
        if (!std::isspace(c))
            text += static_cast<char>(c);
        else if (!text.empty() && text.back() != ' ')
            text += ' ';
    }
    while (text.ends_with(' ')) text.pop_back();
    if (text.empty() && !raw.empty()) refuse(e, title(e) + " needs vireo:doc");
    if (text.ends_with('\\')) refuse(e, title(e) + ": vireo:doc ends in a backslash, which would continue a comment");
    return text;
}

void Reader::attributes(const XMLElement& e, std::initializer_list<std::string_view> known) {
    for (auto* a = e.FirstAttribute(); a; a = a->Next())
        if (std::find(known.begin(), known.end(), a->Name()) == known.end())
            refuse(e, title(e) + " has an attribute that is not known: " + a->Name());
}

bool Reader::flag(const XMLElement& e, const char* name) {
    auto value = attribute(e, name);
    if (!value.empty() && value != "true" && value != "false")
        refuse(e, title(e) + ": " + name + " must be true or false");
    return value == "true";
}

template <class Each>
void Reader::children(const XMLElement& e, std::string_view name, Each each) {
    for (auto* child = e.FirstChildElement(); child; child = child->NextSiblingElement()) {
        if (child->Name() == name)
            each(*child);
        else
            refuse(*child, title(e) + " may not hold <" + child->Name() + ">");
    }
}

Field Reader::field(const XMLElement& e) {
    Field f;
    f.name = need(e, "name");
    f.signature = need(e, "type");
    f.type = attribute(e, "vireo:type");
    f.doc = doc(e);
    f.origin = at(e);
    return f;
}

void Reader::enumeration(const XMLElement& e) {
    attributes(e, {"name", "vireo:doc"});
    Enum result{need(e, "name"), doc(e), {}, at(e)};
    children(e, "vireo:value", [&](const XMLElement& v) {
        attributes(v, {"name", "vireo:doc"});
        result.values.push_back({need(v, "name"), doc(v), at(v)});
    });
    if (result.values.empty()) refuse(e, title(e) + " has no value");
    api_.enums.push_back(std::move(result));
}

void Reader::dict(const XMLElement& e) {
    attributes(e, {"name", "vireo:doc"});
    Dict result{need(e, "name"), doc(e), {}, at(e)};
    children(e, "vireo:key", [&](const XMLElement& k) {
        attributes(k, {"name", "type", "vireo:type", "vireo:doc", "required"});
        result.keys.push_back(field(k));
        result.keys.back().required = flag(k, "required");
    });
    api_.dicts.push_back(std::move(result));
}

Method Reader::method(const XMLElement& e) {
    attributes(e, {"name", "vireo:doc", "vireo:action", "vireo:errors", "vireo:kind", "vireo:job"});
    Method m;
    m.name = need(e, "name");
    m.doc = doc(e);
    m.action = need(e, "vireo:action");
    m.origin = at(e);
    m.job = flag(e, "vireo:job");
    auto kind = attribute(e, "vireo:kind");
    m.read = kind == "read";
    if (!kind.empty() && !m.read) refuse(e, title(e) + ": vireo:kind must be read, or left out");
    if (!e.Attribute("vireo:errors"))
        refuse(e, title(e) + " needs vireo:errors: the names of what it may fail with, or an empty text");
    auto errors = attribute(e, "vireo:errors") + " ";
    for (std::size_t begin = 0, end; (end = errors.find(' ', begin)) != errors.npos; begin = end + 1)
        if (end > begin) m.errors.push_back(errors.substr(begin, end - begin));
    children(e, "arg", [&](const XMLElement& a) {
        attributes(a, {"name", "type", "direction", "vireo:type", "vireo:doc"});
        auto argument = field(a);
        auto direction = attribute(a, "direction");
        argument.out = direction == "out";
        if (direction != "in" && direction != "out") refuse(a, title(a) + " needs direction: in or out");
        (argument.out ? m.out : m.in).push_back(std::move(argument));
    });
    return m;
}

Signal Reader::signal(const XMLElement& e) {
    attributes(e, {"name", "vireo:doc"});
    Signal s{need(e, "name"), doc(e), {}, at(e)};
    children(e, "arg", [&](const XMLElement& a) {
        attributes(a, {"name", "type", "vireo:type", "vireo:doc"});
        s.args.push_back(field(a));
    });
    return s;
}

Field Reader::property(const XMLElement& e) {
    attributes(e, {"name", "type", "access", "vireo:type", "vireo:doc"});
    if (attribute(e, "access") != "read")
        refuse(e, title(e) + ": access must be read; what changes something is a method");
    return field(e);
}

void Reader::interface(const XMLElement& e) {
    attributes(e, {"name", "vireo:object"});
    Interface result;
    result.name = need(e, "name");
    result.brief = result.name.substr(std::min(result.name.size(), name_prefix.size()));
    result.id = replace_all(result.brief, ".", "");
    result.object = attribute(e, "vireo:object");
    result.origin = at(e);
    for (auto* child = e.FirstChildElement(); child; child = child->NextSiblingElement()) {
        std::string_view name = child->Name();
        if (name == "method")
            result.methods.push_back(method(*child));
        else if (name == "signal")
            result.signals.push_back(signal(*child));
        else if (name == "property")
            result.properties.push_back(property(*child));
        else
            refuse(*child, title(e) + " may not hold <" + child->Name() + ">");
    }
    api_.interfaces.push_back(std::move(result));
}

void Reader::document(const XMLElement& root) {
    if (std::string_view(root.Name()) != "node") return refuse(root, "the document must be a <node>");
    for (auto* e = root.FirstChildElement(); e; e = e->NextSiblingElement()) {
        std::string_view name = e->Name();
        if (name == "vireo:enum")
            enumeration(*e);
        else if (name == "vireo:dict")
            dict(*e);
        else if (name == "interface")
            interface(*e);
        else if (name == "vireo:error") {
            attributes(*e, {"name", "vireo:doc"});
            api_.errors.push_back({need(*e, "name"), doc(*e), at(*e)});
        } else if (name == "vireo:action") {
            attributes(*e, {"name", "vireo:doc", "vireo:default"});
            api_.actions.push_back({need(*e, "name"), doc(*e), need(*e, "vireo:default"), at(*e)});
        } else
            refuse(*e, std::string("<node> may not hold <") + e->Name() + ">");
    }
}

}  // namespace

void Problems::add(const Origin& origin, std::string_view what) {
    lines_.push_back(origin.file + ":" + std::to_string(origin.line) + ": error: " + std::string(what));
}

void read(const std::string& file, Api& api, Problems& problems) {
    tinyxml2::XMLDocument document;
    if (document.LoadFile(file.c_str()) != tinyxml2::XML_SUCCESS)
        return problems.add({file, document.ErrorLineNum()}, document.ErrorStr());
    Reader(file, api, problems).document(*document.RootElement());
}

}  // namespace api_gen
