// SPDX-License-Identifier: LGPL-2.1-or-later
// real_check FOLDER|FILE… [options]: every definition that the QEMU of this machine can run without special hardware
// is really started, paused and emulated, twice and once more with a device added, and QEMU's own answers are compared
// with the definition. What cannot run here is counted by reason.
#include "corpus/figures.hpp"
#include "corpus/real/trial.hpp"
#include "net/tap.hpp"
#include "support/blocking.hpp"
#include "support/folder.hpp"
#include "support/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <iostream>
#include <sched.h>

using namespace vireo;
using namespace vireo::corpus;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view usage = R"(Usage: real_check FOLDER|FILE… [option…]
  --only TEXT      files whose name contains TEXT
  --why            what is not here, what is something else, and what is wrong: by how often, with examples
  --list WHAT      names with details: started, not-here, refused, wrong, out, replaced
  --jobs N         so many definitions at a time (2)
  --at-least FILE  fail when a figure is below what FILE says (name, blank, number per line)
)";

constexpr int skipped = 77;  // CTest's SKIP_RETURN_CODE

struct Arguments {
    std::vector<fs::path> files;
    std::string only, list;
    bool why = false;
    std::size_t jobs = 2;
    fs::path at_least;
};

bool add_files(Arguments& arguments, const fs::path& path) {
    if (!fs::exists(path)) return false;
    if (!fs::is_directory(path)) return arguments.files.push_back(path), true;
    for (const auto& entry : fs::directory_iterator(path))
        if (entry.path().extension() == ".xml") arguments.files.push_back(entry.path());
    return true;
}

enum class Read { good, usage, nothing_there };

Read read_arguments(int argc, char** argv, Arguments& out) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        const auto next = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
        if (word == "--only")
            out.only = next();
        else if (word == "--list")
            out.list = next();
        else if (word == "--why")
            out.why = true;
        else if (word == "--jobs")
            out.jobs = static_cast<std::size_t>(std::stoul(next()));
        else if (word == "--at-least")
            out.at_least = next();
        else if (word.starts_with("-"))
            return Read::usage;
        else if (!add_files(out, word))
            return std::cerr << word << " is not there\n", Read::nothing_there;
    }
    if (out.files.empty() || out.jobs == 0) return Read::usage;
    std::erase_if(out.files, [&](const fs::path& file) { return !file.stem().string().contains(out.only); });
    std::ranges::sort(out.files);
    return Read::good;
}

// ── the run ──
// Nothing of it is on the host's own network: where we may, we are in one that has nothing, and make taps there.
bool can_make_taps() {
    if (::unshare(CLONE_NEWNET) != 0) return false;
    net::TapWish wish;
    wish.name = "vireo%d";
    return net::open_tap(wish).has_value();
}

Task<> worker(Bench& bench, const std::vector<fs::path>& files, std::size_t& next, std::vector<Trial>& trials) {
    while (next < files.size()) {
        const auto at = next++;
        trials[at] = co_await try_definition(bench, files[at]);
    }
}

Task<> try_all(const Arguments& arguments, std::vector<Trial>& trials) {
    const bool taps = can_make_taps();  // before there are threads
    Blocking pool;
    test::Folder folder;
    qemu::CapabilitiesCache capabilities(pool, {});
    ImageTemplates templates(folder.path());
    Bench bench{capabilities, templates, taps, folder.path()};
    std::size_t next = 0;
    co_await scoped([&](TaskGroup& group) -> Task<> {
        for (std::size_t i = 0; i < arguments.jobs; ++i) group.spawn(worker(bench, arguments.files, next, trials));
        co_return;
    });
}

// ── the report ──
class Report {
public:
    explicit Report(std::vector<Trial> trials) : trials_(std::move(trials)) {}

    void summary() {
        std::size_t possible = 0, good = 0, started = 0, devices = 0, right = 0, wrong = 0;
        for (const auto& trial : trials_) {
            possible += trial.not_here.empty();
            started += trial.started;
            good += trial.started && trial.good();
            devices += trial.devices;
            for (const auto& [kind, count] : trial.findings.right) right += count;
            wrong += trial.findings.wrong.size();
        }
        fmt::print("{} definitions, {} cannot run here (--why)\n", trials_.size(), trials_.size() - possible);
        figures_.add("started", started, possible);
        figures_.add("as-defined", good, possible);
        figures_.add("checks", right, right + wrong);
        figures_.count("definitions-started", started);
        figures_.count("devices", devices);
    }

    void why() const {
        Counted not_here, out, replaced, refused, wrong, right;
        for (const auto& trial : trials_) {
            if (!trial.not_here.empty()) not_here.add(general(trial.not_here), trial.name);
            if (!trial.refused.empty()) refused.add(general(trial.refused), trial.name);
            if (!trial.not_here.empty()) continue;
            for (const auto& what : trial.changes.out) out.add("not here: " + what, trial.name);
            for (const auto& what : trial.changes.replaced) replaced.add(what, trial.name);
            for (const auto& one : trial.findings.wrong) wrong.add(one.what, trial.name);
            for (const auto& [kind, count] : trial.findings.right)
                for (std::size_t i = 0; i < count; ++i) right.add(kind, trial.name);
        }
        not_here.print("Definitions that cannot run here");
        out.print("Devices taken out");
        replaced.print("Back ends that are something else");
        right.print("What is as the definition says");
        refused.print("Refused, and should not be");
        wrong.print("Not as the definition says");
    }

    void list(const std::string& what) const {
        for (const auto& trial : trials_) {
            const auto show = [&](std::string_view name, bool wanted, const std::string& detail) {
                if (what == name && wanted) fmt::print("{}: {}\n", trial.name, detail);
            };
            show("started", trial.started, fmt::format("{} devices", trial.devices));
            show("not-here", !trial.not_here.empty(), trial.not_here);
            show("refused", !trial.refused.empty(), trial.refused);
            for (const auto& one : trial.findings.wrong) show("wrong", true, one.what + ": " + one.detail);
            for (const auto& one : trial.changes.out) show("out", true, one);
            for (const auto& one : trial.changes.replaced) show("replaced", true, one);
        }
    }

    bool good() const { return std::ranges::all_of(trials_, &Trial::good); }
    const Figures& figures() const { return figures_; }

private:
    std::vector<Trial> trials_;
    Figures figures_;
};

}  // namespace

int main(int argc, char** argv) {
    Arguments arguments;
    const auto read = read_arguments(argc, argv, arguments);
    if (read == Read::usage) return std::cerr << usage, 2;
    if (read == Read::nothing_there) return skipped;
    if (qemu::find_binaries().empty()) return std::cerr << "there is no QEMU\n", skipped;
    const auto begin = std::chrono::steady_clock::now();
    std::vector<Trial> trials(arguments.files.size());
    asio::io_context loop{1};
    std::exception_ptr failure;
    asio::co_spawn(loop, try_all(arguments, trials), [&](std::exception_ptr e) { failure = e; });
    loop.run();
    if (failure) return std::cerr << current_error(failure).what() << '\n', 1;
    Report report(std::move(trials));
    report.summary();
    if (arguments.why) report.why();
    if (!arguments.list.empty()) report.list(arguments.list);
    if (!report.good() && arguments.list.empty()) {
        report.list("refused");
        report.list("wrong");
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    fmt::print("{:.1f} s\n", took.count());
    const bool enough = arguments.at_least.empty() || report.figures().reach(arguments.at_least);
    return report.good() && enough ? 0 : 1;
}
