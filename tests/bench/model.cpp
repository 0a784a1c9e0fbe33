// SPDX-License-Identifier: LGPL-2.1-or-later
// What reading and writing a definition costs, without a daemon.
//   bench_model FILE [ROUNDS]
// Prints one JSON object: for each measurement the microseconds per definition of its rounds, and the seconds in which
// 10,000 of them are read.
#include "model/compare.hpp"
#include "model/domain_json.hpp"
#include "model/domain_xml.hpp"
#include "qemu/native.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>

using namespace vireo;
namespace json = boost::json;

namespace {

double seconds(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

json::array rounds(int count, int repeats, const std::function<void()>& work) {
    json::array out;
    for (int i = 0; i < count; ++i)
        out.push_back(1e6 / repeats * seconds([&] {
                          for (int n = 0; n < repeats; ++n) work();
                      }));
    return out;
}

std::string contents(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return std::move(out).str();
}

}  // namespace

int main(int argc, char** argv) {
    const auto xml = argc > 1 ? contents(argv[1]) : std::string();
    const auto parsed = model::parse_domain_xml(xml);
    if (!parsed) {
        std::fprintf(stderr, "bench_model: %s\n", parsed.error().what());
        return 1;
    }
    const int count = argc > 2 ? std::atoi(argv[2]) : 9;
    constexpr int repeats = 200, many = 10000;
    std::size_t written = 0;  // so that nothing is left out
    json::object out;
    out["parse_format"] = rounds(
        count, repeats, [&] { written += model::format_domain_xml(model::parse_domain_xml(xml)->domain).size(); });
    out["json"] = rounds(count, repeats, [&] {
        const auto object = model::format_domain_json(parsed->domain);
        written += model::parse_domain_json(object)->domain.name.size();
    });
    out["compare"] = rounds(count, repeats, [&] { written += model::compare(parsed->domain, parsed->domain).size(); });
    out["native"] = rounds(count, repeats, [&] {
        const auto native = qemu::to_native(parsed->domain);
        written += native ? native->line.argv.size() : 0;
    });
    json::array loads;
    for (int i = 0; i < count; ++i)
        loads.push_back(seconds([&] {
            for (int n = 0; n < many; ++n) written += model::parse_domain_xml(xml)->domain.name.size();
        }));
    out["load_10000_seconds"] = std::move(loads);
    std::printf("%s\n", json::serialize(out).c_str());
    return written ? 0 : 1;
}
