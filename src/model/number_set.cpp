// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/number_set.hpp"

#include <algorithm>
#include <charconv>

namespace vireo::model {
namespace {

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = text.find_first_not_of(blanks);
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<std::uint32_t> number(std::string_view text, std::uint32_t most) {
    text = trim(text);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
    return value;
}

}  // namespace

NumberSet NumberSet::of(std::uint32_t first, std::uint32_t last) {
    NumberSet set;
    set.add(first, last);
    return set;
}

std::optional<NumberSet> NumberSet::parse(std::string_view text, std::uint32_t most) {
    NumberSet set;
    for (bool more = true; more;) {
        const auto comma = text.find(',');
        auto part = trim(text.substr(0, comma));
        more = comma != text.npos;
        if (more) text.remove_prefix(comma + 1);
        if (part.starts_with('^')) {
            const auto out = number(part.substr(1), most);
            if (!out) return std::nullopt;
            set.remove(*out);
            continue;
        }
        const auto dash = part.find('-');
        const auto first = number(part.substr(0, dash), most);
        const auto last = dash == part.npos ? first : number(part.substr(dash + 1), most);
        if (!first || !last || *last < *first) return std::nullopt;
        set.add(*first, *last);
    }
    if (set.empty()) return std::nullopt;
    return set;
}

void NumberSet::add(std::uint32_t first, std::uint32_t last) {
    std::vector<Range> merged;
    merged.reserve(ranges_.size() + 1);
    std::size_t i = 0;
    while (i < ranges_.size() && std::uint64_t{ranges_[i].last} + 1 < first) merged.push_back(ranges_[i++]);
    for (; i < ranges_.size() && ranges_[i].first <= std::uint64_t{last} + 1; ++i) {
        first = std::min(first, ranges_[i].first);
        last = std::max(last, ranges_[i].last);
    }
    merged.push_back({first, last});
    merged.insert(merged.end(), ranges_.begin() + static_cast<std::ptrdiff_t>(i), ranges_.end());
    ranges_ = std::move(merged);
}

void NumberSet::remove(std::uint32_t number) {
    const auto found = std::ranges::find_if(
        ranges_, [number](const Range& range) { return range.first <= number && number <= range.last; });
    if (found == ranges_.end()) return;
    const Range range = *found;
    const auto at = ranges_.erase(found);
    std::vector<Range> left;
    if (range.first < number) left.push_back({range.first, number - 1});
    if (number < range.last) left.push_back({number + 1, range.last});
    ranges_.insert(at, left.begin(), left.end());
}

std::size_t NumberSet::count() const noexcept {
    std::size_t count = 0;
    for (const auto& range : ranges_) count += range.last - range.first + 1;
    return count;
}

bool NumberSet::contains(std::uint32_t number) const noexcept {
    return std::ranges::any_of(ranges_,
                               [number](const Range& range) { return range.first <= number && number <= range.last; });
}

bool NumberSet::overlaps(const NumberSet& other) const noexcept {
    return std::ranges::any_of(ranges_, [&other](const Range& a) {
        return std::ranges::any_of(other.ranges_,
                                   [&a](const Range& b) { return a.first <= b.last && b.first <= a.last; });
    });
}

void NumberSet::append_to(std::string& out) const {
    for (const auto& range : ranges_) {
        if (&range != ranges_.data()) out += ',';
        out += std::to_string(range.first);
        if (range.last != range.first) out.append("-").append(std::to_string(range.last));
    }
}

std::string NumberSet::to_string() const {
    std::string out;
    append_to(out);
    return out;
}

}  // namespace vireo::model
