// SPDX-License-Identifier: LGPL-2.1-or-later
// What is exported is what interfaces/*.xml say.
#include "stage.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

using namespace vireo;
using namespace vireo::test;

namespace {

struct Tag {
    std::string name;  // "/x" for the end of x
    bool empty = false;
    std::map<std::string, std::string> attributes;
};

// Enough of XML for introspection documents.
std::vector<Tag> tags_of(const std::string& text) {
    std::vector<Tag> out;
    for (std::size_t at = 0; (at = text.find('<', at)) != std::string::npos;) {
        if (text.compare(at, 4, "<!--") == 0) {
            at = text.find("-->", at);
            continue;
        }
        auto stop = ++at;
        Tag tag;
        auto word = [&] {
            auto begin = stop;
            while (stop < text.size() && !std::strchr(" \t\n=/>", text[stop])) ++stop;
            return text.substr(begin, stop - begin);
        };
        if (text[stop] == '/') ++stop;
        tag.name = (text[at] == '/' ? "/" : "") + word();
        while (stop < text.size() && text[stop] != '>') {
            if (text[stop] == '/') tag.empty = true;
            if (std::strchr(" \t\n/", text[stop])) {
                ++stop;
                continue;
            }
            auto key = word();
            if (text[stop] != '=') continue;  // a word of <!DOCTYPE>
            char quote = text[++stop];
            auto end = text.find(quote, stop + 1);
            tag.attributes[key] = text.substr(stop + 1, end - stop - 1);
            stop = end + 1;
        }
        at = stop;
        out.push_back(std::move(tag));
    }
    return out;
}

// "method Start(in a{sv} options, out o job)", one line for each member, by interface.
std::map<std::string, std::set<std::string>> members_of(const std::string& text) {
    std::map<std::string, std::set<std::string>> out;
    std::string interface, member;
    auto finish = [&] {
        if (!member.empty()) out[interface].insert(member + ")");
        member.clear();
    };
    for (auto& tag : tags_of(text)) {
        auto get = [&](const char* key) {
            return tag.attributes.contains(key) ? tag.attributes.at(key) : std::string();
        };
        if (tag.name == "interface") {
            interface = get("name");
            out[interface];
        } else if (tag.name == "method" || tag.name == "signal") {
            member = tag.name + " " + get("name") + "(";
            if (tag.empty) finish();
        } else if (tag.name == "/method" || tag.name == "/signal") {
            finish();
        } else if (tag.name == "arg") {
            auto direction = get("direction"), name = get("name");
            std::ranges::replace(name, '-', '_');  // vtable.cpp says why
            member += (direction.empty() ? "" : direction + " ") + get("type") + " " + name + ", ";
        } else if (tag.name == "property") {
            out[interface].insert("property " + get("name") + " " + get("type") + " " + get("access"));
        } else if (tag.name == "annotation" && get("name") != "org.gtk.GDBus.DocString") {
            out[interface].insert("annotation " + get("name") + " " + get("value"));
        }
    }
    return out;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

// The build folder is inside the source tree; elsewhere VIREO_SOURCE_DIR says where that is.
std::filesystem::path interfaces_folder() {
    if (auto* source = std::getenv("VIREO_SOURCE_DIR")) return std::filesystem::path(source) / "interfaces";
    for (auto at = std::filesystem::current_path(); at.has_relative_path(); at = at.parent_path())
        if (std::filesystem::exists(at / "interfaces/org.vireo1.Manager.xml")) return at / "interfaces";
    throw std::runtime_error("cannot find interfaces/: set VIREO_SOURCE_DIR");
}

std::string introspect(Client& client, const char* path) {
    auto answer = client.call(path, "org.freedesktop.DBus.Introspectable", "Introspect");
    return std::string(answer.at(0).as_string());
}

std::vector<std::string> nodes_of(const std::string& text) {
    std::vector<std::string> out;
    for (auto& tag : tags_of(text))
        if (tag.name == "node" && tag.attributes.contains("name")) out.push_back(tag.attributes.at("name"));
    std::ranges::sort(out);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_bus_says_what_the_files_say) {
    Stage stage;
    stage.state.add(3);
    stage.play([&] {
        Client client(stage.bus.address());
        std::map<std::string, std::set<std::string>> exported;
        for (auto* path : {root, first_domain, first_job})
            for (auto& [interface, members] : members_of(introspect(client, path)))
                if (interface.starts_with("org.vireo1.")) exported[interface] = members;
        std::map<std::string, std::set<std::string>> written;
        for (auto& file : std::filesystem::directory_iterator(interfaces_folder()))
            if (file.path().extension() == ".xml") written.merge(members_of(read_file(file.path())));
        BOOST_TEST(written.size() >= 3u);
        for (auto& [interface, members] : written) {
            BOOST_TEST_CONTEXT(interface) {
                BOOST_TEST(!members.empty());
                BOOST_TEST(exported[interface] == members, boost::test_tools::per_element());
            }
        }
        BOOST_TEST(exported.size() == written.size());
        for (auto& interface : api::interfaces()) {  // and what is installed says the same
            auto installed = members_of(std::string(api::introspection(interface.name)));
            BOOST_TEST(installed[interface.name] == exported[interface.name], boost::test_tools::per_element());
        }
    });
}

BOOST_AUTO_TEST_CASE(the_tree_can_be_walked) {
    Stage stage;
    stage.state.add(1000);
    stage.play([&] {
        Client client(stage.bus.address());
        auto top = nodes_of(introspect(client, root));
        BOOST_TEST(top == (std::vector<std::string>{"domain", "job"}), boost::test_tools::per_element());
        auto domains = nodes_of(introspect(client, "/org/vireo1/domain"));
        BOOST_TEST(domains.size() == 1000u);
        BOOST_TEST(domains.front() == std::string(first_domain).substr(19));
        auto standard = members_of(introspect(client, root));
        BOOST_TEST(standard.contains("org.freedesktop.DBus.ObjectManager"));
        BOOST_TEST(members_of(introspect(client, first_domain)).contains("org.freedesktop.DBus.Properties"));
        // an object that is not there has no interface of ours
        BOOST_TEST(client.refused("/org/vireo1/domain/gone", domain_interface, "GetInfo").name ==
                   "org.freedesktop.DBus.Error.UnknownObject");
    });
}
