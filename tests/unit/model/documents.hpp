// SPDX-License-Identifier: LGPL-2.1-or-later
// Documents that the tests of this folder share.
#pragma once
#include "model/domain_xml.hpp"

#include <string>
#include <string_view>

namespace vireo::model::test {

// As virt-install writes it for a UEFI guest, with what a live dump adds.
extern const std::string_view uefi_guest;
extern const std::string_view small_guest;  // the least that is a domain, with an <os> of q35

// small_guest with one piece of text replaced; the piece must be there.
std::string changed(std::string_view document, std::string_view from, std::string_view to);
// small_guest with something in its <devices>.
std::string with_device(std::string_view xml);

std::string refusal(std::string_view xml, bool lenient = false);  // the message of the error; "" when it was accepted
std::string hint(std::string_view xml);

}  // namespace vireo::model::test
