// SPDX-License-Identifier: LGPL-2.1-or-later
// corpus_check FOLDER [options]: how Vireo does on libvirt's own test data (FOLDER/accept/*.xml with *.argv,
// FOLDER/reject/*.xml with *.err): what is accepted and refused, what survives a round trip, and what the guest sees.
#include "corpus/arguments.hpp"
#include "corpus/compare.hpp"
#include "corpus/figures.hpp"
#include "corpus/older.hpp"
#include "corpus/trees.hpp"
#include "model/domain_json.hpp"
#include "model/domain_xml.hpp"
#include "qemu/aliases.hpp"
#include "qemu/assign.hpp"
#include "qemu/command_line.hpp"
#include "qemu/newest_known.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

using namespace vireo;
using namespace vireo::corpus;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view usage = R"(Usage: corpus_check FOLDER [option…]
  --only TEXT        files whose name contains TEXT
  --diff NAME        all about one file: the error, what is lost, both command lines, each difference
  --list WHAT        names with what is wrong: refused, accepted, lost, unstable, different, properties, machine,
                     backends, older; of reject/: passed, caught
  --why              reasons of refusals in accept/, by how often
  --kinds WHAT       kinds of difference (devices, properties, machine, backends, older), by how often, with examples
  --at-least FILE    fail when a figure is below what FILE says (name, blank, number per line)
)";

struct Arguments {
    fs::path folder;
    std::string only, diff, list, kinds;
    bool why = false;
    fs::path at_least;
};

struct Outcome {
    std::string name;
    std::string refused;  // the stage and the message; empty: accepted
    std::string libvirts_error;
    std::vector<std::string> lost, unstable;
    std::vector<std::string> argv, libvirts;
    bool host_cpu = false;
    Comparison comparison;
};

std::string contents(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return std::move(out).str();
}

std::string refusal(std::string_view stage, const Error& error) {
    return fmt::format("{}: {}", stage, error.message());
}

// What a round trip changes, through XML and through JSON.
void check_round_trips(const std::string& xml, const model::Domain& domain, Outcome& outcome) {
    const auto formatted = model::format_domain_xml(domain);
    outcome.lost = lost(xml, formatted);
    const auto again = model::parse_domain_xml(formatted);
    if (!again)
        outcome.unstable.push_back("what is written is refused: " + again.error().message());
    else if (again->domain != domain)
        outcome.unstable.push_back("what is written is read as another domain");
    else if (model::format_domain_xml(again->domain) != formatted)
        outcome.unstable.push_back("it is written in two ways");
    const auto text = boost::json::serialize(model::format_domain_json(domain));
    const auto from_json = model::parse_domain_json(boost::json::parse(text).as_object());
    if (!from_json)
        outcome.unstable.push_back("its JSON is refused: " + from_json.error().message());
    else if (from_json->domain != domain)
        outcome.unstable.push_back("its JSON is another domain");
}

void judge(const std::string& xml, Outcome& outcome) {
    auto parsed = model::parse_domain_xml(xml);
    if (!parsed) return void(outcome.refused = refusal("parse", parsed.error()));
    auto& domain = parsed->domain;
    check_round_trips(xml, domain, outcome);
    using Cpu = model::Cpu;
    outcome.host_cpu =
        domain.cpu && (domain.cpu->mode == Cpu::Mode::host_model || domain.cpu->match == Cpu::Match::minimum);
    const auto capabilities = qemu::newest_known(domain);
    if (!capabilities) return void(outcome.refused = "complete: no QEMU runs the architecture " + domain.os.type.arch);
    if (auto done = qemu::complete(domain, *capabilities); !done)
        return void(outcome.refused = refusal("complete", done.error()));
    const auto completed = model::format_domain_xml(domain);
    const auto again = model::parse_domain_xml(completed);
    if (!again)
        outcome.unstable.push_back("the complete definition is refused: " + again.error().message());
    else if (again->domain != domain)
        outcome.unstable.push_back("the complete definition is read as another domain");
    auto twice = domain;
    if (auto done = qemu::complete(twice, *capabilities); !done || twice != domain)
        outcome.unstable.push_back("completing it again changes it");
    if (auto done = qemu::assign_aliases(domain); !done)
        return void(outcome.refused = refusal("aliases", done.error()));
    auto line = qemu::build_command_line(domain, *capabilities, qemu::Resources::for_display(domain));
    if (!line) return void(outcome.refused = refusal("command line", line.error()));
    outcome.argv = std::move(line->argv);
}

Outcome check(const fs::path& path) {
    Outcome outcome;
    outcome.name = path.stem();
    try {
        judge(contents(path), outcome);
    } catch (const std::exception& error) {
        outcome.refused = std::string("exception: ") + error.what();
    }
    auto other = path;
    outcome.libvirts_error = contents(other.replace_extension(".err"));
    if (!outcome.libvirts_error.empty() && outcome.libvirts_error.back() == '\n') outcome.libvirts_error.pop_back();
    outcome.libvirts = split_shell(contents(other.replace_extension(".argv")));
    if (!outcome.argv.empty() && !outcome.libvirts.empty())
        outcome.comparison = compare(outcome.argv, outcome.libvirts, outcome.host_cpu);
    return outcome;
}

std::vector<Outcome> check_all(const fs::path& folder, const std::string& only) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().extension() == ".xml" && entry.path().stem().string().contains(only))
            files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<Outcome> outcomes;
    for (const auto& file : files) outcomes.push_back(check(file));
    return outcomes;
}

// ── figures ──
class Report {
public:
    Report(std::vector<Outcome> accept, std::vector<Outcome> reject)
        : accept_(std::move(accept)), reject_(std::move(reject)) {}

    void summary() {
        const auto accepted = count(accept_, [](const Outcome& o) { return o.refused.empty(); });
        const auto read = count(accept_, [](const Outcome& o) { return !o.refused.starts_with("parse:"); });
        const auto good = count(accept_, [](const Outcome& o) {
            return !o.refused.starts_with("parse:") && o.lost.empty() && o.unstable.empty();
        });
        const auto caught = count(reject_, [](const Outcome& o) { return !o.refused.empty(); });
        figures_.add("accepted", accepted, accept_.size());
        const auto unsupported = count(reject_, [](const Outcome& o) { return o.refused.contains("not supported"); });
        const auto pretended =
            count(reject_, [](const Outcome& o) { return o.refused.empty() && is_pretended(o.libvirts_error); });
        figures_.add(
            "refused", caught, reject_.size() - pretended,
            fmt::format(", {} of them as not supported; {} more that only an older QEMU or a made-up host lacks",
                        unsupported, pretended));
        figures_.add("stable-and-lossless", good, read);
        tally("devices", &Comparison::devices);
        tally("device-properties", &Comparison::properties);
        tally("machine", &Comparison::machine);
        tally("back-ends", &Comparison::backends);
    }
    const Figures& figures() const { return figures_; }

    void list(const std::string& what) const {
        for (const auto& o : what == "passed" || what == "caught" ? reject_ : accept_) {
            const auto show = [&](bool wanted, const std::string& detail) {
                if (wanted) fmt::print("{}: {}\n", o.name, detail);
            };
            show(what == "refused", o.refused);
            show(what == "accepted" && o.refused.empty(), "accepted");
            show(what == "passed" && o.refused.empty(),
                 o.libvirts_error +
                     (is_pretended(o.libvirts_error) ? "   [only an older QEMU's or made-up host's]" : ""));
            show(what == "caught" && !o.refused.empty(), o.refused + "   [" + o.libvirts_error + "]");
            for (const auto& text : o.lost) show(what == "lost", text);
            for (const auto& text : o.unstable) show(what == "unstable", text);
            for (const auto& [name, list] : lists(o.comparison))
                for (const auto& difference : *list) show(what == name, difference.detail);
        }
    }

    void kinds(const std::string& what) const {
        Counted found;
        for (const auto& o : accept_)
            for (const auto& [name, list] : lists(o.comparison))
                if (what == name)
                    for (const auto& difference : *list) found.add(difference.what, o.name);
        found.print();
    }

    void why() const {
        Counted found;
        for (const auto& o : accept_)
            if (!o.refused.empty()) found.add(general(o.refused), o.name);
        found.print();
    }

    static void everything(const Outcome& o) {
        fmt::print("── {}\n", o.name);
        if (!o.refused.empty()) fmt::print("refused at {}\n", o.refused);
        if (!o.libvirts_error.empty()) fmt::print("libvirt says: {}\n", o.libvirts_error);
        for (const auto& text : o.lost) fmt::print("lost: {}\n", text);
        for (const auto& text : o.unstable) fmt::print("unstable: {}\n", text);
        print_line("ours", o.argv);
        print_line("libvirt's", o.libvirts);
        for (const auto& [name, list] : lists(o.comparison))
            for (const auto& difference : *list) fmt::print("{}: {}\n", name, difference.detail);
    }
    void everything(const std::string& name) const {
        for (const auto* outcomes : {&accept_, &reject_})
            for (const auto& o : *outcomes)
                if (o.name == name) everything(o);
    }

private:
    using Lists = std::vector<std::pair<std::string, const std::vector<Difference>*>>;
    static Lists lists(const Comparison& c) {
        return {{"different", &c.devices.differences},     {"devices", &c.devices.differences},
                {"properties", &c.properties.differences}, {"machine", &c.machine.differences},
                {"backends", &c.backends.differences},     {"older", &c.devices.older_ones},
                {"older", &c.machine.older_ones},          {"older", &c.backends.older_ones}};
    }
    static void print_line(std::string_view whose, const std::vector<std::string>& argv) {
        fmt::print("{}:\n", whose);
        for (std::size_t i = 0; i < argv.size(); ++i) {
            const bool value = i + 1 < argv.size() && argv[i].starts_with('-') && !argv[i + 1].starts_with('-');
            fmt::print("  {}{}\n", argv[i], value ? " " + argv[i + 1] : "");
            i += value;
        }
    }
    template <class Condition>
    static std::size_t count(const std::vector<Outcome>& outcomes, Condition condition) {
        return static_cast<std::size_t>(std::ranges::count_if(outcomes, condition));
    }
    void tally(const std::string& name, Tally Comparison::* member) {
        std::size_t same = 0, different = 0, older = 0;
        for (const auto& o : accept_) {
            same += (o.comparison.*member).same;
            different += (o.comparison.*member).different;
            older += (o.comparison.*member).older;
        }
        figures_.add(name, same, same + different, older ? fmt::format(", {} more are an older QEMU's", older) : "");
    }

    std::vector<Outcome> accept_, reject_;
    Figures figures_;
};

std::optional<Arguments> arguments(int argc, char** argv) {
    Arguments out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto next = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
        if (word == "--only")
            out.only = next();
        else if (word == "--diff")
            out.diff = next();
        else if (word == "--list")
            out.list = next();
        else if (word == "--kinds")
            out.kinds = next();
        else if (word == "--why")
            out.why = true;
        else if (word == "--at-least")
            out.at_least = next();
        else if (word.starts_with("-") || !out.folder.empty())
            return std::nullopt;
        else
            out.folder = word;
    }
    if (out.folder.empty()) return std::nullopt;
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    const auto asked = arguments(argc, argv);
    if (!asked) {
        std::cerr << usage;
        return 2;
    }
    if (!fs::is_directory(asked->folder / "accept")) {
        std::cerr << asked->folder << " has no folder accept\n";
        return 77;  // skipped
    }
    const auto begin = std::chrono::steady_clock::now();
    const auto only = asked->diff.empty() ? asked->only : asked->diff;
    Report report(check_all(asked->folder / "accept", only), check_all(asked->folder / "reject", only));
    if (!asked->diff.empty()) return report.everything(asked->diff), 0;
    if (!asked->list.empty()) return report.list(asked->list), 0;
    if (!asked->kinds.empty()) return report.kinds(asked->kinds), 0;
    if (asked->why) return report.why(), 0;
    report.summary();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    fmt::print("{:.1f} s\n", took.count());
    return asked->at_least.empty() || report.figures().reach(asked->at_least) ? 0 : 1;
}
