// SPDX-License-Identifier: LGPL-2.1-or-later
#include "qemu/host_model.hpp"

#include "model/domain_xml.hpp"

#include <boost/test/unit_test.hpp>

#include <fmt/format.h>

BOOST_AUTO_TEST_SUITE(host_model)

using namespace vireo;
using namespace vireo::qemu;

namespace {

CpuExpansion expansion(std::string model, Accelerator accelerator, std::vector<std::string> on,
                       std::string vendor = "GenuineIntel", std::string chip = "85") {
    CpuExpansion e;
    e.model = std::move(model);
    e.accelerator = accelerator;
    e.on = NameSet(std::move(on));
    e.values = {{"family", "6"}, {"model", std::move(chip)}, {"vendor", std::move(vendor)}};
    return e;
}

model::Domain with_cpu(std::string_view cpu) {
    return model::parse_domain_xml(fmt::format("<domain type='qemu'><name>a</name><memory>65536</memory><os><type "
                                               "arch='x86_64' machine='q35'>hvm</type></os>{}</domain>",
                                               cpu))
        .value()
        .domain;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_same_chip_comes_first_then_the_fewest_differences) {
    const auto host = expansion("host", Accelerator::kvm, {"sse2", "aes", "avx", "lahf-lm", "lahf_lm", "kvm-pv-ipi"});
    const std::vector named{expansion("Old", Accelerator::kvm, {"sse2", "aes", "avx"}, "GenuineIntel", "15"),
                            expansion("Chip-v2", Accelerator::kvm, {"sse2", "hle"}),
                            expansion("Chip", Accelerator::kvm, {"sse2", "hle"}),
                            expansion("Other", Accelerator::kvm, {"sse2", "aes", "avx", "lahf-lm"}, "AuthenticAMD")};
    const auto chosen = choose_host_model(host, named).value();
    BOOST_TEST(chosen.model == "Chip");
    BOOST_TEST(chosen.vendor == "Intel");
    BOOST_TEST((chosen.required == std::vector<std::string>{"aes", "avx", "lahf-lm"}));  // each under one name
    BOOST_TEST((chosen.disabled == std::vector<std::string>{"hle"}));
}

BOOST_AUTO_TEST_CASE(an_emulated_processor_is_of_no_vendor) {
    const auto most = expansion("max", Accelerator::tcg, {"sse2", "aes", "avx"}, "AuthenticAMD");
    const std::vector named{expansion("Near", Accelerator::tcg, {"sse2", "aes"}),
                            expansion("Far", Accelerator::tcg, {"sse2"}, "AuthenticAMD")};
    BOOST_TEST(choose_host_model(most, named)->model == "Near");
}

BOOST_AUTO_TEST_CASE(a_host_of_an_unknown_vendor_has_none) {
    const auto host = expansion("host", Accelerator::kvm, {"sse2"}, "SomebodyElse");
    const std::vector named{expansion("Near", Accelerator::kvm, {"sse2"})};
    const auto chosen = choose_host_model(host, named);
    BOOST_TEST(!chosen);
    BOOST_TEST((chosen.error().code() == Errc::unsupported));
}

BOOST_AUTO_TEST_CASE(written_into_a_definition_it_is_a_custom_processor) {
    auto domain = with_cpu(
        "<cpu mode='host-model'><topology sockets='1' cores='1' threads='1'/>"
        "<feature policy='disable' name='aes'/></cpu>");
    BOOST_TEST(needs_host_model(domain));
    HostModel host;
    host.model = "Chip";
    host.vendor = "Intel";
    host.required = {"aes", "lahf-lm", "pclmulqdq"};
    host.disabled = {"hle"};
    expand_host_model(domain, host);
    BOOST_TEST(!needs_host_model(domain));
    const auto xml = model::format_domain_xml(domain);
    for (std::string_view line :
         {"<cpu mode='custom' match='exact' check='partial'>", "<model fallback='forbid'>Chip</model>",
          "<vendor>Intel</vendor>", "<topology sockets='1'", "<feature policy='disable' name='aes'/>",
          "<feature policy='require' name='lahf_lm'/>", "<feature policy='require' name='pclmuldq'/>",
          "<feature policy='disable' name='hle'/>"})
        BOOST_TEST(xml.find(line) != xml.npos, line);
    BOOST_TEST(xml.find("policy='require' name='aes'") == xml.npos);
}

BOOST_AUTO_TEST_CASE(who_needs_one) {
    BOOST_TEST(!needs_host_model(with_cpu("")));
    BOOST_TEST(!needs_host_model(with_cpu("<cpu mode='maximum'/>")));
    BOOST_TEST(!needs_host_model(with_cpu("<cpu mode='custom' match='exact'><model>Nehalem</model></cpu>")));
    BOOST_TEST(needs_host_model(with_cpu("<cpu mode='custom' match='minimum'><model>Nehalem</model></cpu>")));
}

BOOST_AUTO_TEST_SUITE_END()
