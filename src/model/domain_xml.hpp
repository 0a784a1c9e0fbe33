// SPDX-License-Identifier: LGPL-2.1-or-later
// A domain from libvirt's XML and back.
#pragma once
#include "model/domain.hpp"
#include "support/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vireo::model {

struct ParseOptions {
    // What Vireo does not support is kept as it is and reported in the warnings, not refused; the guest goes without.
    // What is malformed is refused all the same.
    bool lenient = false;
};

struct Parsed {
    Domain domain;                      // validated; nothing is filled in that the document does not say
    std::vector<std::string> warnings;  // lenient only: one sentence for each thing that was kept
};

// At most 1 MiB of UTF-8 without a document type; no entities but XML's own five and character references. Fails with
// invalid_config and the line and path of the first fault ("line 12: /domain/devices/disk[2]/driver/@frobnicate is not
// supported"), with a hint when a known name is near. The id of a running domain is read; storing it is up to the
// caller.
Result<Parsed> parse_domain_xml(std::string_view xml, const ParseOptions& options = {});

// libvirt's order of elements, 2 spaces of indentation, single quotes. Parsing it again gives an equal domain.
std::string format_domain_xml(const Domain& domain);

}  // namespace vireo::model
