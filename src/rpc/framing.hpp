// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes in, lines out; no I/O. A line ends with \n (a \r before it is dropped); empty lines are passed over. Memory is
// bounded by the longest line and given back when a long one is done with.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace vireo::rpc {

class LineBuffer {
public:
    explicit LineBuffer(std::size_t longest) : longest_(longest) {}

    std::span<char> room();                  // where to read to; never empty; ends the life of what next() gave
    void filled(std::size_t count);          // so many bytes of room() were written
    std::optional<std::string_view> next();  // the next whole line, valid until room()
    std::optional<std::string_view> rest();  // at the end of the stream: the line that was not ended
    bool overlong() const noexcept { return overlong_; }  // a line is over the limit: next() gives nothing from now on
    std::uint64_t position() const noexcept { return base_ + begin_; }  // in the stream: where the next line begins
    std::uint64_t received() const noexcept { return base_ + end_; }    // in the stream: how far it was read
    std::size_t held() const noexcept { return capacity_; }

private:
    std::optional<std::string_view> take(std::size_t length, std::size_t skip);
    void resize(std::size_t capacity);

    std::size_t longest_;
    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0, begin_ = 0, scanned_ = 0, end_ = 0;  // begin_ ≤ scanned_ ≤ end_ ≤ capacity_
    std::uint64_t base_ = 0;                                        // position in the stream of bytes_[0]
    bool overlong_ = false;
};

}  // namespace vireo::rpc
