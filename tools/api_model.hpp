// SPDX-License-Identifier: LGPL-2.1-or-later
// The API as interfaces/*.xml tells it, read and checked. What is wrong is collected, each with its file and line, so
// that one run of the build shows all of it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace api_gen {

struct Origin {  // where something is written
    std::string file;
    int line = 0;
};
struct Field {  // an argument, a dictionary's key or a property
    std::string name, signature, type, doc;
    bool required = false;  // keys; arguments: see Api::may_be_left_out()
    bool out = false;
    Origin origin;
};
struct Value {
    std::string name, doc;
    Origin origin;
};
struct Enum {
    std::string name, doc;
    std::vector<Value> values;
    Origin origin;
};
struct Dict {
    std::string name, doc;
    std::vector<Field> keys;
    Origin origin;
};
struct ErrorName {
    std::string name, doc;
    Origin origin;
};
struct Action {
    std::string name, doc, otherwise;  // otherwise: polkit's answer when no rule says anything
    Origin origin;
};
struct Method {
    std::string name, doc, action;
    std::vector<std::string> errors;
    std::vector<Field> in, out;
    bool read = false;  // vireo:kind="read"
    bool job = false;   // vireo:job="true"
    Origin origin;
};
struct Signal {
    std::string name, doc;
    std::vector<Field> args;
    Origin origin;
};
struct Interface {
    std::string name, brief, object;  // org.vireo1.Domain.Firmware, Domain.Firmware, domain
    std::string id;                   // DomainFirmware: in names of C++
    std::vector<Method> methods;
    std::vector<Signal> signals;
    std::vector<Field> properties;
    Origin origin;
};

// What is wrong with the files, as the compiler would say it: "file:line: error: …".
class Problems {
public:
    void add(const Origin& origin, std::string_view what);
    bool any() const { return !lines_.empty(); }
    const std::vector<std::string>& lines() const { return lines_; }

private:
    std::vector<std::string> lines_;
};

struct Api {
    std::vector<Interface> interfaces;
    std::vector<Dict> dicts;  // after check(): each after those it uses
    std::vector<Enum> enums;
    std::vector<ErrorName> errors;
    std::vector<Action> actions;

    const Dict* dict(std::string_view name) const;
    const Enum* enumeration(std::string_view name) const;
    bool may_be_left_out(const Field& argument) const;  // an argument whose dictionary has no required key
};

void read(const std::string& file, Api& api, Problems& problems);
void check(Api& api, Problems& problems);  // names, types and references across all files; sorts the dictionaries

std::string_view core(std::string_view signature);  // aa{sv} → a{sv}, a{ss} → s
std::string snake(std::string_view name);           // GetXML → get_xml, new-name → new_name, default → default_
std::string replace_all(std::string text, std::string_view what, std::string_view by);

}  // namespace api_gen
