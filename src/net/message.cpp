// SPDX-License-Identifier: LGPL-2.1-or-later
#include "net/message.hpp"

#include <algorithm>

namespace vireo::net {

Request& Request::bytes(std::uint16_t type, std::span<const std::byte> data) {
    const auto at = bytes_.size();
    bytes_.resize(at + RTA_SPACE(data.size()));
    auto* attribute = reinterpret_cast<rtattr*>(bytes_.data() + at);
    attribute->rta_type = type;
    attribute->rta_len = static_cast<unsigned short>(RTA_LENGTH(data.size()));
    if (!data.empty()) std::memcpy(RTA_DATA(attribute), data.data(), data.size());
    seal();
    return *this;
}

Request& Request::text(std::uint16_t type, std::string_view value) {
    const std::string ended(value);
    return bytes(type, std::as_bytes(std::span(ended.c_str(), ended.size() + 1)));
}

Attributes::Attribute Attributes::take(std::span<const std::byte>& rest) {
    Attribute taken;
    rtattr head{};
    if (rest.size() >= sizeof head) std::memcpy(&head, rest.data(), sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > rest.size()) {
        rest = {};
        return taken;
    }
    taken.type = head.rta_type & NLA_TYPE_MASK;
    taken.data = rest.subspan(RTA_LENGTH(0), head.rta_len - RTA_LENGTH(0));
    rest = rest.subspan(std::min<std::size_t>(RTA_ALIGN(head.rta_len), rest.size()));
    return taken;
}

std::span<const std::byte> Attributes::find(std::uint16_t type) const {
    for (auto rest = data_; !rest.empty();)
        if (const auto first = take(rest); first.type == type) return first.data;
    return {};
}

std::string Attributes::text(std::uint16_t type) const {
    const auto found = find(type);
    std::string value(reinterpret_cast<const char*>(found.data()), found.size());
    return value.substr(0, value.find('\0'));
}

}  // namespace vireo::net
