// SPDX-License-Identifier: LGPL-2.1-or-later
// tools/api_gen on small files: each thing that it refuses, with file and line; and that it leaves alone what stays the
// same.
#include "tests/support/folder.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sys/wait.h>

namespace {

namespace fs = std::filesystem;

struct Outcome {
    int status = -1;
    std::string said;
};

class Generator {
public:
    Outcome run(const std::string& interface_xml, const std::string& types_xml = types) {
        write("a.xml", interface_xml);
        write("types.xml", types_xml);
        auto program = fs::read_symlink("/proc/self/exe").parent_path() / "api_gen";
        auto command = "cd " + folder.path().string() + " && " + program.string() + " out a.xml types.xml >said 2>&1";
        auto status = std::system(command.c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read("said")};
    }
    std::string read(const std::string& name) {
        std::ifstream file(folder / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    vireo::test::Folder folder;

    static constexpr const char* types = R"(<node xmlns:vireo="urn:vireo:api:1">
<vireo:error name="Internal" vireo:doc="A fault."/>
<vireo:error name="Busy" vireo:doc="Busy."/>
<vireo:action name="org.vireo1.read" vireo:doc="Read" vireo:default="yes"/>
<vireo:enum name="Colour" vireo:doc="A colour."><vireo:value name="red" vireo:doc="Red."/></vireo:enum>
<vireo:dict name="Paint" vireo:doc="Paint."><vireo:key name="colour" type="s" vireo:type="Colour" vireo:doc="Which."/></vireo:dict>
<vireo:dict name="EventStamp" vireo:doc="When."><vireo:key name="sequence" type="t" required="true" vireo:doc="Number."/></vireo:dict>
</node>)";

private:
    void write(const std::string& name, const std::string& text) { std::ofstream(folder / name) << text; }
};

std::string document(const std::string& inside) {
    return "<node xmlns:vireo=\"urn:vireo:api:1\">\n" + inside + "\n</node>";
}
std::string interface(const std::string& inside) {
    return document("<interface name=\"org.vireo1.Thing\" vireo:object=\"thing\">\n" + inside + "\n</interface>");
}
const std::string good = R"(vireo:doc="D." vireo:action="org.vireo1.read" vireo:errors="")";
std::string method(const std::string& inside) {
    return interface("<method name=\"Do\" " + good + ">" + inside + "</method>");
}
std::string argument(const std::string& attributes) {
    return method("<arg name=\"x\" direction=\"in\" vireo:doc=\"D.\" " + attributes + "/>");
}

// The place (file and line), then what is said of it.
void refused(const std::string& xml, const std::string& said) {
    Generator generator;
    auto outcome = generator.run(xml);
    BOOST_TEST(outcome.status == 1);
    BOOST_TEST(outcome.said.find(said) != std::string::npos, "wanted: " << said << "\nsaid: " << outcome.said);
    BOOST_TEST(!fs::exists(generator.folder / "out"));  // nothing is written
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_good_file_makes_everything_and_the_second_time_nothing) {
    auto xml = interface("<method name=\"Paint\" vireo:job=\"true\" " + good + R"(>
<arg name="how" type="a{sv}" vireo:type="Paint" direction="in" vireo:doc="How."/>
<arg name="job" type="o" direction="out" vireo:doc="Job."/></method>
<signal name="Painted" vireo:doc="It is."><arg name="stamp" type="a{sv}" vireo:type="EventStamp" vireo:doc="When."/></signal>
<property name="VCPUCount" type="u" access="read" vireo:doc="&lt;N&gt;."/>)");
    Generator generator;
    auto outcome = generator.run(xml);
    BOOST_TEST(outcome.said == "");
    BOOST_REQUIRE(outcome.status == 0);
    for (auto* name : {"api/types.hpp", "api/service.hpp", "api/dispatch.cpp", "api/proxies.hpp", "api/proxies.cpp",
                       "api/documents.cpp", "doc/openrpc.json", "doc/api.md", "doc/summary.txt",
                       "doc/org.vireo1.policy", "doc/introspection/org.vireo1.Thing.xml"})
        BOOST_TEST(fs::exists(generator.folder / "out" / name), name);
    auto service = generator.read("out/api/service.hpp");
    BOOST_TEST(service.find("virtual Task<ObjectPath> paint(Call call, ObjectPath thing, Paint how) = 0;") !=
               service.npos);
    BOOST_TEST(service.find("std::uint32_t vcpu_count{};") != service.npos);
    BOOST_TEST(generator.read("out/doc/introspection/org.vireo1.Thing.xml").find("value=\"&lt;N&gt;.\"") !=
               std::string::npos);

    auto types = generator.folder / "out/api/types.hpp", reference = generator.folder / "out/doc/api.md";
    auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(1);
    fs::last_write_time(types, long_ago);
    fs::last_write_time(reference, long_ago);
    auto changed = xml;
    changed.replace(changed.find("It is."), 6, "It was.");
    BOOST_TEST(generator.run(changed).status == 0);
    BOOST_CHECK(fs::last_write_time(types) == long_ago);  // the same text: nobody compiles again
    BOOST_CHECK(fs::last_write_time(reference) > long_ago);
}

BOOST_AUTO_TEST_CASE(what_lacks_its_documentation_is_refused) {
    refused(interface("\n<method name=\"Do\" vireo:action=\"org.vireo1.read\" vireo:errors=\"\"/>"),
            "a.xml:4: error: <method name=\"Do\"> needs vireo:doc\n");
    refused(method(R"(<arg name="x" type="s" direction="in"/>)"), "a.xml:3: error: <arg name=\"x\"> needs vireo:doc\n");
    refused(interface(R"(<property name="P" type="s" access="read" vireo:doc="  "/>)"),
            "<property name=\"P\"> needs vireo:doc");
    refused(interface(
                R"(<signal name="S"><arg name="stamp" type="a{sv}" vireo:type="EventStamp" vireo:doc="D."/></signal>)"),
            "<signal name=\"S\"> needs vireo:doc");
    refused(document(R"(<vireo:dict name="D" vireo:doc="D."><vireo:key name="k" type="s"/></vireo:dict>)"),
            "a.xml:2: error: <vireo:key name=\"k\"> needs vireo:doc");
    refused(document(R"(<vireo:enum name="E" vireo:doc="D."><vireo:value name="v"/></vireo:enum>)"),
            "<vireo:value name=\"v\"> needs vireo:doc");
}

BOOST_AUTO_TEST_CASE(a_method_needs_its_action_and_errors_and_they_must_exist) {
    refused(interface(R"(<method name="Do" vireo:doc="D." vireo:errors=""/>)"),
            "a.xml:3: error: <method name=\"Do\"> needs vireo:action");
    refused(interface(R"(<method name="Do" vireo:doc="D." vireo:action="org.vireo1.read"/>)"),
            "<method name=\"Do\"> needs vireo:errors");
    refused(interface(R"(<method name="Do" vireo:doc="D." vireo:action="org.vireo1.raed" vireo:errors=""/>)"),
            "a.xml:3: error: method 'Do': there is no action 'org.vireo1.raed'");
    refused(interface(R"(<method name="Do" vireo:doc="D." vireo:action="org.vireo1.read" vireo:errors="Busy Bussy"/>)"),
            "a.xml:3: error: method 'Do': there is no error 'Bussy'");
}

BOOST_AUTO_TEST_CASE(types_must_be_known_and_named) {
    refused(argument(R"(type="z")"), "a.xml:3: error: 'x': 'z' is not a type");
    refused(argument(R"(type="ss")"), "'ss' is not a type");
    refused(argument(R"(type="a")"), "'' is not a type");
    refused(argument("type=\"(si)\""), "'x': '(si)' is a positional struct");
    refused(argument("type=\"a(si)\""), "is a positional struct");
    refused(argument(R"(type="a{us}")"), "the keys of a dictionary must be of type s");
    refused(argument(R"(type="ah")"), "a descriptor (h) must be an argument of a method, by itself");
    refused(interface(R"(<property name="P" type="h" access="read" vireo:doc="D."/>)"), "a descriptor (h)");
    refused(argument(R"(type="s" vireo:type="Color")"), "a.xml:3: error: 'x': there is no vireo:type 'Color'");
    refused(argument(R"(type="u" vireo:type="Colour")"), "Colour is an enumeration, so the type must be s");
    refused(argument(R"(type="s" vireo:type="Paint")"), "Paint is a dictionary, so the type must be a{sv}");
    refused(
        document(
            R"(<vireo:dict name="A" vireo:doc="D."><vireo:key name="b" type="a{sv}" vireo:type="B" vireo:doc="D."/></vireo:dict>
<vireo:dict name="B" vireo:doc="D."><vireo:key name="a" type="aa{sv}" vireo:type="A" vireo:doc="D."/></vireo:dict>)"),
        "contains itself");
}

BOOST_AUTO_TEST_CASE(names_must_not_clash) {
    auto two = [](const std::string& a, const std::string& b) {
        return interface("<method name=\"" + a + "\" " + good + "/>\n<method name=\"" + b + "\" " + good + "/>");
    };
    refused(two("Do", "Do"), "a.xml:4: error: method 'Do' clashes with 'Do'");
    refused(two("GetXML", "GetXml"), "method 'GetXml' clashes with 'GetXML'");
    refused(two("Do", "Resolve"), "method 'Resolve': the service class has a function of this name already");
    refused(method(R"(<arg name="thing" type="s" direction="in" vireo:doc="D."/>)"),
            "an argument is named 'thing', which names the object");
    refused(
        method(
            R"(<arg name="x" type="s" direction="in" vireo:doc="D."/><arg name="x" type="s" direction="in" vireo:doc="D."/>)"),
        "argument 'x' clashes with 'x'");
    refused(document(R"(<vireo:dict name="Event" vireo:doc="D."/>)"),
            "dictionary 'Event': src/api has a type of this name");
    refused(document(R"(<vireo:dict name="Colour" vireo:doc="D."/>)"), "clashes with 'Colour'");
    refused(document(R"(<vireo:dict name="ThingService" vireo:doc="D."/><interface name="org.vireo1.Thing"/>)"),
            "clashes with 'ThingService'");
    refused(document("<vireo:error name=\"Busy\" vireo:doc=\"D.\"/>"), "error 'Busy' clashes with 'Busy'");
    refused(document("<interface name=\"org.vireo1.Thing\"/>\n<interface name=\"org.vireo1.Thing\"/>"),
            "a.xml:3: error: interface 'org.vireo1.Thing' is there twice");
}

BOOST_AUTO_TEST_CASE(names_follow_the_rules) {
    refused(interface("<method name=\"doIt\" " + good + "/>"), "method 'doIt' must be named LikeThis");
    refused(method(R"(<arg name="new_name" type="s" direction="in" vireo:doc="D."/>)"),
            "argument 'new_name' must be named like-this");
    refused(document("<interface name=\"com.example.Thing\"/>"),
            "interface 'com.example.Thing' must be named org.vireo1.LikeThis");
    refused(document("<interface name=\"org.vireo1.Thing.\"/>"), "must be named org.vireo1.LikeThis");
    refused(document("<interface name=\"org.vireo1.Thing.part\"/>"), "must be named org.vireo1.LikeThis");
    refused(document(R"(<vireo:enum name="E" vireo:doc="D."><vireo:value name="Red" vireo:doc="D."/></vireo:enum>)"),
            "value 'Red' must be named like-this");
    refused(document("<vireo:action name=\"org.other\" vireo:doc=\"D.\" vireo:default=\"maybe\"/>"),
            "must begin with org.vireo1.");
    refused(document("<vireo:action name=\"org.vireo1.x\" vireo:doc=\"D.\" vireo:default=\"maybe\"/>"),
            "'maybe' is no answer of polkit's");
}

BOOST_AUTO_TEST_CASE(jobs_signals_and_properties_have_their_forms) {
    refused(interface("<method name=\"Do\" vireo:job=\"true\" " + good + "/>"),
            "its last result must be 'job' of type o");
    refused(interface("<method name=\"Do\" vireo:job=\"true\" vireo:kind=\"read\" " + good + "/>"),
            "it cannot be of vireo:kind read");
    refused(interface("<method name=\"Do\" vireo:kind=\"raed\" " + good + "/>"),
            "vireo:kind must be read, or left out");
    refused(interface("<signal name=\"S\" vireo:doc=\"D.\"/>"), "signal 'S': the last argument must be 'stamp'");
    refused(interface(R"(<property name="P" type="s" access="readwrite" vireo:doc="D."/>)"), "access must be read");
    refused(method(R"(<arg name="x" type="s" vireo:doc="D."/>)"), "needs direction: in or out");
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_not_passed_over) {
    refused(interface("<method name=\"Do\" vireo:jobb=\"true\" " + good + "/>"),
            "has an attribute that is not known: vireo:jobb");
    refused(interface("<methd name=\"Do\"/>"), "may not hold <methd>");
    refused(document("<vireo:dcit name=\"D\"/>"), "<node> may not hold <vireo:dcit>");
    refused("<nodes/>", "the document must be a <node>");
    refused("<node", "a.xml:1: error: ");
    refused("", "a.xml:0: error: ");
}

BOOST_AUTO_TEST_CASE(every_fault_is_told_in_one_run) {
    Generator generator;
    auto said = generator.run(interface("<method name=\"a\"/>\n<signal name=\"S\"/>")).said;
    BOOST_TEST(std::count(said.begin(), said.end(), '\n') >= 5);
}
