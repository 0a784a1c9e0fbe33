// SPDX-License-Identifier: LGPL-2.1-or-later
// LINKS: qemu model
// Whatever is accepted can be completed and turned into a command line, or is refused with an error; completing what is
// complete changes nothing, and what was completed survives being written and read.
#include "model/domain_xml.hpp"
#include "qemu/assign.hpp"
#include "qemu/native.hpp"
#include "qemu/newest_known.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace vireo;

namespace {
void require(bool good, const char* what, const std::string& document) {
    if (good) return;
    std::fprintf(stderr, "%s:\n%s\n", what, document.c_str());
    std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto parsed = model::parse_domain_xml({reinterpret_cast<const char*>(data), size});
    if (!parsed) return 0;
    const auto capabilities = qemu::newest_known(parsed->domain);
    if (!capabilities) return 0;
    auto domain = parsed->domain;
    if (!qemu::complete(domain, *capabilities)) return 0;
    const auto xml = model::format_domain_xml(domain);
    const auto again = model::parse_domain_xml(xml);
    require(again && again->domain == domain, "a completed definition does not survive", xml);
    auto twice = domain;
    require(qemu::complete(twice, *capabilities) && twice == domain, "completing twice is not completing once", xml);
    const auto native = qemu::to_native(domain, *capabilities);
    for (const auto& word : native ? native->line.argv : std::vector<std::string>())
        require(word.find('\0') == word.npos, "an argument has a zero byte", xml);
    return 0;
}
