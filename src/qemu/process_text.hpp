// SPDX-License-Identifier: LGPL-2.1-or-later
// What a program wrote to its standard error before it ended, as part of a sentence for a person.
#pragma once
#include <string>
#include <string_view>

namespace vireo::qemu {

// The last lines that say something, joined by "; ", at most 1 KiB, unprintable bytes replaced; warnings only when
// there is nothing else. Empty when there is nothing.
std::string last_words(std::string_view written);

// The same for the end of a log file, beginning at `from`; empty when it cannot be read (a pipe). Reads at most 16 KiB.
std::string last_words_of(int log_fd, long from);

}  // namespace vireo::qemu
