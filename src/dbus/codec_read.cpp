// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/codec.hpp"

#include <boost/json/array.hpp>

#include <cmath>
#include <cstdint>
#include <fcntl.h>
#include <limits>
#include <string_view>

namespace vireo::dbus {
namespace json = boost::json;

namespace {

[[noreturn]] void refuse(std::string text) {
    throw Error(Errc::invalid_argument, std::move(text));
}

class Reader {
public:
    Reader(sd_bus_message* message, std::vector<UniqueFd>& fds) : message_(message), fds_(fds) {}
    json::value next(json::storage_ptr memory);

private:
    struct Deeper {  // one container further in
        Deeper(Reader& reader, bool visible_in_json) : r(reader), nesting(visible_in_json) {
            if (++r.containers_ > max_containers || (nesting && ++r.nesting_ > max_nesting))
                refuse("the call's arguments are nested too deeply");
        }
        ~Deeper() {
            --r.containers_;
            if (nesting) --r.nesting_;
        }
        Deeper(const Deeper&) = delete;
        Deeper& operator=(const Deeper&) = delete;
        Reader& r;
        bool nesting;
    };
    template <class T>
    T basic(char type) {
        T value{};
        if (sd_bus_message_read_basic(message_, type, &value) <= 0) refuse("the call's arguments cannot be read");
        return value;
    }
    json::value whole_number(std::uint64_t value) {
        // as the JSON parser does, so that both transports hand on the same kind
        if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return static_cast<std::int64_t>(value);
        return value;
    }
    json::value descriptor();
    json::value variant(const char* contents, json::storage_ptr memory);
    json::value array(const char* contents, json::storage_ptr memory);
    json::value dictionary(const char* contents, json::storage_ptr memory);
    bool enter(char type, const char* contents) {
        int r = sd_bus_message_enter_container(message_, type, contents);
        if (r < 0) refuse("the call's arguments cannot be read");
        return r > 0;
    }
    void exit() {
        if (sd_bus_message_exit_container(message_) < 0) refuse("the call's arguments cannot be read");
    }

    sd_bus_message* message_;
    std::vector<UniqueFd>& fds_;
    std::size_t values_ = 0;
    int containers_ = 0, nesting_ = 0;
};

json::value Reader::next(json::storage_ptr memory) {
    if (++values_ > max_values) refuse("the call carries more than " + std::to_string(max_values) + " values");
    char type = 0;
    const char* contents = nullptr;
    if (sd_bus_message_peek_type(message_, &type, &contents) <= 0) refuse("the call's arguments cannot be read");
    switch (type) {
        case SD_BUS_TYPE_BYTE:
            return whole_number(basic<std::uint8_t>(type));
        case SD_BUS_TYPE_BOOLEAN:
            return basic<int>(type) != 0;
        case SD_BUS_TYPE_INT16:
            return basic<std::int16_t>(type);
        case SD_BUS_TYPE_UINT16:
            return whole_number(basic<std::uint16_t>(type));
        case SD_BUS_TYPE_INT32:
            return basic<std::int32_t>(type);
        case SD_BUS_TYPE_UINT32:
            return whole_number(basic<std::uint32_t>(type));
        case SD_BUS_TYPE_INT64:
            return basic<std::int64_t>(type);
        case SD_BUS_TYPE_UINT64:
            return whole_number(basic<std::uint64_t>(type));
        case SD_BUS_TYPE_DOUBLE: {
            auto value = basic<double>(type);
            if (!std::isfinite(value)) refuse("a number in the call is not finite");
            return value;
        }
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
            return json::string(basic<const char*>(type), std::move(memory));
        case SD_BUS_TYPE_UNIX_FD:
            return descriptor();
        case SD_BUS_TYPE_VARIANT:
            return variant(contents, std::move(memory));
        case SD_BUS_TYPE_ARRAY:
            return contents[0] == '{' ? dictionary(contents, std::move(memory)) : array(contents, std::move(memory));
        default:
            refuse(std::string("a value of the D-Bus type '") + type + "' is not accepted here");
    }
}

json::value Reader::descriptor() {
    int borrowed = basic<int>(SD_BUS_TYPE_UNIX_FD);
    UniqueFd own(::fcntl(borrowed, F_DUPFD_CLOEXEC, 3));
    if (!own) throw system_error(errno, "cannot keep a descriptor that came with the call");
    fds_.push_back(std::move(own));
    return whole_number(fds_.size() - 1);
}

json::value Reader::variant(const char* contents, json::storage_ptr memory) {
    Deeper deeper(*this, false);
    enter(SD_BUS_TYPE_VARIANT, contents);
    auto value = next(std::move(memory));
    exit();
    return value;
}

json::value Reader::array(const char* contents, json::storage_ptr memory) {
    Deeper deeper(*this, true);
    json::array out(memory);
    enter(SD_BUS_TYPE_ARRAY, contents);
    for (;;) {
        int end = sd_bus_message_at_end(message_, 0);
        if (end < 0) refuse("the call's arguments cannot be read");
        if (end > 0) break;
        out.push_back(next(memory));
    }
    exit();
    return out;
}

json::value Reader::dictionary(const char* contents, json::storage_ptr memory) {
    // contents is "{kv}", and only valid until we move on
    std::string entry(contents + 1, std::string_view(contents).size() - 2), array_of(contents);
    if (entry[0] != SD_BUS_TYPE_STRING && entry[0] != SD_BUS_TYPE_OBJECT_PATH)
        refuse("a dictionary in the call has keys that are not texts");
    Deeper deeper(*this, true), entries(*this, false);
    json::object out(memory);
    enter(SD_BUS_TYPE_ARRAY, array_of.c_str());
    while (enter(SD_BUS_TYPE_DICT_ENTRY, entry.c_str())) {
        std::string_view key = basic<const char*>(entry[0]);
        auto [it, fresh] = out.emplace(key, nullptr);
        if (!fresh) refuse("the key " + std::string(key) + " is given twice");
        it->value() = next(memory);
        exit();
    }
    exit();
    return out;
}

}  // namespace

json::object read(sd_bus_message* message, std::span<const api::Field> fields, std::vector<UniqueFd>& fds) {
    json::object out;
    Reader reader(message, fds);
    for (auto& field : fields) {
        char type = 0;
        const char* contents = nullptr;
        if (sd_bus_message_peek_type(message, &type, &contents) < 0 || type != field.signature[0])
            refuse(std::string(field.name) + " must have the D-Bus type " + field.signature);
        out.emplace(field.name, reader.next({}));
    }
    if (sd_bus_message_at_end(message, 1) <= 0) refuse("the call carries more arguments than the method has");
    return out;
}

json::value read_value(sd_bus_message* message, std::vector<UniqueFd>& fds) {
    return Reader(message, fds).next({});
}

}  // namespace vireo::dbus
