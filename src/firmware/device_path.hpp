// SPDX-License-Identifier: LGPL-2.1-or-later
// EFI device paths as text and back. Source: UEFI specification, 10.3 (nodes) and 10.6 (their text).
#pragma once
#include "support/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace vireo::firmware {

// "PciRoot(0x0)/Pci(0x2,0x0)/HD(1,GPT,…,0x800,0x100000)/\EFI\BOOT\BOOTX64.EFI": one text for each path of a list (the
// instances of a console's, or of a load option). A node that is not known, or too short for what it says it is, comes
// as Path(type,subtype,hexadecimal); where a length makes no sense the text ends with "…". GUIDs are lower case.
std::vector<std::string> device_path_texts(std::string_view bytes);
std::string device_path_text(std::string_view bytes);  // the same, joined by ","

// A single path, with its end. Understood: File (also \path alone), HD, CDROM, PciRoot, PcieRoot, Acpi, Pci, Ctrl,
// Sata, Scsi, USB, NVMe, MAC, Vlan, Uri, Fv, FvFile, VenHw, VenMsg, VenMedia, Path. Error: invalid_argument naming the
// node.
Result<std::string> device_path_bytes(std::string_view text);

}  // namespace vireo::firmware
