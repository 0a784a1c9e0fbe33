// SPDX-License-Identifier: LGPL-2.1-or-later
// A set of small numbers (CPUs, NUMA nodes) as its ranges: libvirt's "0-3,^2,8".
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::model {

class NumberSet {
public:
    static constexpr std::uint32_t largest = 16383;  // the most that libvirt's sets of CPUs and nodes hold
    struct Range {
        std::uint32_t first = 0;
        std::uint32_t last = 0;  // at least first
        bool operator==(const Range&) const = default;
    };

    // Numbers and ranges separated by commas; "^N" takes N out of what stands before it. Blanks may stand around each.
    // Nothing: malformed, a number above `most`, or nothing is left.
    static std::optional<NumberSet> parse(std::string_view text, std::uint32_t most = largest);
    static NumberSet of(std::uint32_t first, std::uint32_t last);

    bool empty() const noexcept { return ranges_.empty(); }
    std::size_t count() const noexcept;
    bool contains(std::uint32_t number) const noexcept;
    bool overlaps(const NumberSet& other) const noexcept;
    std::uint32_t last() const noexcept { return ranges_.empty() ? 0 : ranges_.back().last; }
    const std::vector<Range>& ranges() const noexcept { return ranges_; }  // ascending, with gaps between them
    void add(std::uint32_t first, std::uint32_t last);
    void remove(std::uint32_t number);

    void append_to(std::string& out) const;  // "0-1,3,8-15"
    std::string to_string() const;
    bool operator==(const NumberSet&) const = default;

private:
    std::vector<Range> ranges_;
};

}  // namespace vireo::model
