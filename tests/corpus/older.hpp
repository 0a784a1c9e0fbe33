// SPDX-License-Identifier: LGPL-2.1-or-later
// What libvirt's tests expect of a QEMU that is older than any that Vireo runs (they leave out what such a binary did
// not have), told by rules about the kind of difference, never by the name of a test.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace vireo::corpus {

// Was it written for a QEMU without JSON in -device (before 6.2)? Then its capabilities are a hand-made few.
bool is_old_style(const std::vector<std::string>& argv);

// Does libvirt refuse a definition only because the test's binary or host lacks something? The newest QEMU has it.
bool is_pretended(std::string_view error);

// `what` as in Difference.
bool is_older(std::string_view what, bool old_style);

}  // namespace vireo::corpus
