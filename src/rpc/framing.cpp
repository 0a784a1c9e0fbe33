// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rpc/framing.hpp"

#include <algorithm>
#include <cstring>

namespace vireo::rpc {
namespace {

constexpr std::size_t small = 4u << 10, ordinary = 64u << 10;

}  // namespace

void LineBuffer::resize(std::size_t capacity) {
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    if (end_ > begin_) std::memcpy(bytes.get(), bytes_.get() + begin_, end_ - begin_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
    base_ += begin_;
    scanned_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
}

std::span<char> LineBuffer::room() {
    if (begin_ == end_) {
        base_ += begin_;
        begin_ = scanned_ = end_ = 0;
        if (capacity_ > ordinary) resize(small);
    }
    if (!capacity_) resize(small);
    if (end_ == capacity_) {
        // more than half is used up already: moving is enough, else the client sends more than fits
        if (begin_ > capacity_ / 2)
            resize(capacity_);
        else
            resize(std::min(capacity_ * 2, std::max(ordinary, longest_ + ordinary)));
    }
    return {bytes_.get() + end_, capacity_ - end_};
}

void LineBuffer::filled(std::size_t count) {
    end_ += count;
    // a reader that filled all of a small buffer has more to say: the next room() is larger
    if (end_ == capacity_ && capacity_ < ordinary && begin_ < end_) resize(ordinary);
}

std::optional<std::string_view> LineBuffer::take(std::size_t length, std::size_t skip) {
    if (length > longest_) {
        overlong_ = true;
        return {};
    }
    std::string_view line(bytes_.get() + begin_, length);
    begin_ += length + skip;
    scanned_ = begin_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::optional<std::string_view> LineBuffer::next() {
    while (!overlong_ && scanned_ < end_) {
        auto* from = bytes_.get() + scanned_;
        auto* found = static_cast<const char*>(std::memchr(from, '\n', end_ - scanned_));
        if (!found) {
            scanned_ = end_;
            overlong_ = end_ - begin_ > longest_;
            break;
        }
        auto line = take(static_cast<std::size_t>(found - bytes_.get()) - begin_, 1);
        if (line && line->empty()) continue;
        return line;
    }
    return {};
}

std::optional<std::string_view> LineBuffer::rest() {
    if (overlong_ || begin_ == end_) return {};
    auto line = take(end_ - begin_, 0);
    if (line && line->empty()) return {};
    return line;
}

}  // namespace vireo::rpc
