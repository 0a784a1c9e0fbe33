// SPDX-License-Identifier: LGPL-2.1-or-later
// rtnetlink messages, built and read (Linux, Documentation/userspace-api/netlink/intro.rst, rtnetlink(7)). No socket
// here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vireo::net {

class Request {
public:
    template <class Header>
    Request(std::uint16_t type, std::uint16_t flags, const Header& header) {
        bytes_.resize(NLMSG_LENGTH(sizeof header));
        auto& start = head();
        start.nlmsg_type = type;
        start.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
        std::memcpy(NLMSG_DATA(&start), &header, sizeof header);
        seal();
    }
    Request& bytes(std::uint16_t type, std::span<const std::byte> data);
    Request& text(std::uint16_t type, std::string_view value);  // ends with a NUL
    template <class T>
    Request& value(std::uint16_t type, const T& v) {
        return bytes(type, std::as_bytes(std::span(&v, 1)));
    }
    template <class F>
    Request& nest(std::uint16_t type, F inner) {  // inner(Request&) adds what is in it
        const auto at = bytes_.size();
        bytes(type, {});
        inner(*this);
        reinterpret_cast<rtattr*>(bytes_.data() + at)->rta_len = static_cast<unsigned short>(bytes_.size() - at);
        return *this;
    }
    void number(std::uint32_t sequence) { head().nlmsg_seq = sequence; }
    std::span<const std::byte> data() const { return bytes_; }

private:
    nlmsghdr& head() { return *reinterpret_cast<nlmsghdr*>(bytes_.data()); }
    void seal() { head().nlmsg_len = static_cast<std::uint32_t>(bytes_.size()); }
    std::vector<std::byte> bytes_;
};

// The attributes of a message or of a nest; what is malformed ends them.
class Attributes {
public:
    explicit Attributes(std::span<const std::byte> data) : data_(data) {}
    std::span<const std::byte> find(std::uint16_t type) const;  // empty when there is none
    std::string text(std::uint16_t type) const;                 // without its NUL
    template <class T>
    std::optional<T> value(std::uint16_t type) const {
        const auto found = find(type);
        if (found.size() < sizeof(T)) return std::nullopt;
        T v;
        std::memcpy(&v, found.data(), sizeof v);
        return v;
    }
    Attributes nest(std::uint16_t type) const { return Attributes(find(type)); }
    template <class F>
    void each(std::uint16_t type, F one) const {  // one(Attributes) for every nest of this type
        for (auto rest = data_; !rest.empty();) {
            const auto first = take(rest);
            if (first.type == type) one(Attributes(first.data));
        }
    }

private:
    struct Attribute {
        int type = -1;  // none: the rest is malformed
        std::span<const std::byte> data;
    };
    static Attribute take(std::span<const std::byte>& rest);  // the first; rest is what follows, empty at the end

    std::span<const std::byte> data_;
};

}  // namespace vireo::net
