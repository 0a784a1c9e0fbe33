// SPDX-License-Identifier: LGPL-2.1-or-later
// What a lenient parse keeps of an element without honouring it, so that a dump gives it back; and a pointer that
// copies, for the parts of a definition that are rare or recursive.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vireo::model {

// A T on the heap that behaves as a value: copies are deep, comparison looks at the T. Empty until set.
template <class T>
class Box {
public:
    Box() = default;
    explicit Box(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Box(const Box& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Box(Box&&) noexcept = default;
    Box& operator=(const Box& other) {
        if (this != &other) value_ = other.value_ ? std::make_unique<T>(*other.value_) : nullptr;
        return *this;
    }
    Box& operator=(Box&&) noexcept = default;
    ~Box() = default;

    explicit operator bool() const noexcept { return static_cast<bool>(value_); }
    bool has_value() const noexcept { return static_cast<bool>(value_); }
    T& operator*() const noexcept { return *value_; }
    T* operator->() const noexcept { return value_.get(); }
    T& emplace() { return *(value_ = std::make_unique<T>()); }
    void reset() noexcept { value_.reset(); }
    friend bool operator==(const Box& a, const Box& b) {
        return a.value_ && b.value_ ? *a.value_ == *b.value_ : !a.value_ && !b.value_;
    }

private:
    std::unique_ptr<T> value_;
};

// One thing that was kept. An attribute has a name and its value; with `element` it belongs to that child, one that
// the model flattens (<mac type='static'/>). A whole child element has no name; its text is its XML.
struct KeptItem {
    std::string element;
    std::string attribute;
    std::string text;
    bool operator==(const KeptItem&) const = default;
};
using Kept = Box<std::vector<KeptItem>>;  // a pointer's size in each element, nothing in nearly all

}  // namespace vireo::model
