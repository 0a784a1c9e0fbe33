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

std::span<const std::byte> Attributes::find(std::uint16_t type) const {
    auto rest = data_;
    while (rest.size() >= sizeof(rtattr)) {
        rtattr attribute;
        std::memcpy(&attribute, rest.data(), sizeof attribute);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > rest.size()) break;
        if ((attribute.rta_type & NLA_TYPE_MASK) == type)
            return rest.subspan(RTA_LENGTH(0), attribute.rta_len - RTA_LENGTH(0));
        rest = rest.subspan(std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), rest.size()));
    }
    return {};
}

std::string Attributes::text(std::uint16_t type) const {
    const auto found = find(type);
    std::string value(reinterpret_cast<const char*>(found.data()), found.size());
    return value.substr(0, value.find('\0'));
}

}  // namespace vireo::net
