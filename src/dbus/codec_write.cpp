// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/codec.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

namespace vireo::dbus {
namespace json = boost::json;

namespace {

using std::string_view_literals::operator""sv;

// The type of a value that has none declared.
const char* inferred(const json::value& value) {
    switch (value.kind()) {
        case json::kind::bool_:
            return "b";
        case json::kind::int64:
            return "x";
        case json::kind::uint64:
            return "t";
        case json::kind::double_:
            return "d";
        case json::kind::string:
            return "s";
        case json::kind::object:
            return "a{sv}";
        case json::kind::null:
            return nullptr;
        case json::kind::array:
            break;
    }
    auto& elements = value.get_array();
    if (elements.empty()) return "av";
    auto kind = elements.front().kind();
    if (!std::ranges::all_of(elements, [kind](const json::value& e) { return e.kind() == kind; })) return "av";
    switch (kind) {
        case json::kind::bool_:
            return "ab";
        case json::kind::int64:
            return "ax";
        case json::kind::uint64:
            return "at";
        case json::kind::double_:
            return "ad";
        case json::kind::string:
            return "as";
        case json::kind::object:
            return "aa{sv}";
        default:
            return "av";
    }
}

// D-Bus carries valid UTF-8 without NUL: what is not becomes U+FFFD. A guest's or a user's odd byte must not make
// a whole answer fail.
std::string printable(std::string_view text) {
    constexpr auto replacement = "\xEF\xBF\xBD"sv;
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        auto byte = static_cast<unsigned char>(text[i]);
        std::size_t length = byte < 0x80                   ? 1
                             : byte >= 0xC2 && byte < 0xE0 ? 2
                             : byte >= 0xE0 && byte < 0xF0 ? 3
                             : byte >= 0xF0 && byte < 0xF5 ? 4
                                                           : 0;
        bool good = byte != 0 && length != 0 && i + length <= text.size();
        for (std::size_t k = 1; good && k < length; ++k)
            good = (static_cast<unsigned char>(text[i + k]) & 0xC0) == 0x80;
        if (good && length >= 3) {  // overlong forms, surrogates, beyond U+10FFFF
            auto second = static_cast<unsigned char>(text[i + 1]);
            good = !(byte == 0xE0 && second < 0xA0) && !(byte == 0xED && second >= 0xA0) &&
                   !(byte == 0xF0 && second < 0x90) && !(byte == 0xF4 && second >= 0x90);
        }
        if (good)
            out.append(text.substr(i, length));
        else
            out.append(replacement);
        i += good ? length : 1;
    }
    return out;
}

class Writer {
public:
    Writer(sd_bus_message* message, std::span<const UniqueFd> fds) : message_(message), fds_(fds) {}
    void value(const json::value& value, const char* signature, const api::DictType* dict);
    void dictionary(const json::object& object, std::span<const api::Field> keys);

private:
    struct Deeper {
        explicit Deeper(Writer& writer) : w(writer) {
            if (++w.containers_ > max_containers)
                throw Error(Errc::limit_exceeded, "the answer is nested too deeply for D-Bus")
                    .with_hint("Ask over JSON-RPC.");
        }
        ~Deeper() { --w.containers_; }
        Deeper(const Deeper&) = delete;
        Deeper& operator=(const Deeper&) = delete;
        Writer& w;
    };
    [[noreturn]] static void misfit(const char* signature) {
        throw Error(Errc::internal, std::string("a value of the answer does not fit its D-Bus type ") + signature);
    }
    void size(std::size_t bytes) {
        if ((bytes_ += bytes) > max_message_bytes)
            throw Error(Errc::limit_exceeded, "the answer is too large for D-Bus")
                .with_hint("Ask over JSON-RPC, or for less.");
    }
    template <class T>
    void append(char type, T v) {
        check(sd_bus_message_append_basic(message_, type, &v), "cannot write a D-Bus message");
    }
    template <class T>
    void number(const json::value& value, char type) {
        boost::system::error_code error;
        auto v = value.to_number<T>(error);
        const char name[] = {type, '\0'};
        if (error || (!std::is_floating_point_v<T> && value.is_double())) misfit(name);
        append(type, v);
    }
    void text(const json::value& value, char type);
    void descriptor(const json::value& value);
    void array(const json::value& value, const char* signature, const api::DictType* dict);
    void entries(const json::object& object, const char* entry, const api::DictType* dict);
    void open(char type, const char* contents) {
        check(sd_bus_message_open_container(message_, type, contents), "cannot write a D-Bus message");
    }
    void close() { check(sd_bus_message_close_container(message_), "cannot write a D-Bus message"); }
    void variant(const json::value& value, const char* signature, const api::DictType* dict) {
        Deeper deeper(*this);
        open(SD_BUS_TYPE_VARIANT, signature);
        this->value(value, signature, dict);
        close();
    }

    sd_bus_message* message_;
    std::span<const UniqueFd> fds_;
    int containers_ = 0;
    std::size_t bytes_ = 0;
};

void Writer::value(const json::value& value, const char* signature, const api::DictType* dict) {
    size(8);
    switch (signature[0]) {
        case SD_BUS_TYPE_BYTE:
            return number<std::uint8_t>(value, 'y');
        case SD_BUS_TYPE_INT16:
            return number<std::int16_t>(value, 'n');
        case SD_BUS_TYPE_UINT16:
            return number<std::uint16_t>(value, 'q');
        case SD_BUS_TYPE_INT32:
            return number<std::int32_t>(value, 'i');
        case SD_BUS_TYPE_UINT32:
            return number<std::uint32_t>(value, 'u');
        case SD_BUS_TYPE_INT64:
            return number<std::int64_t>(value, 'x');
        case SD_BUS_TYPE_UINT64:
            return number<std::uint64_t>(value, 't');
        case SD_BUS_TYPE_DOUBLE:
            return number<double>(value, 'd');
        case SD_BUS_TYPE_BOOLEAN:
            if (!value.is_bool()) misfit(signature);
            return append('b', value.get_bool() ? 1 : 0);
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
            return text(value, signature[0]);
        case SD_BUS_TYPE_UNIX_FD:
            return descriptor(value);
        case SD_BUS_TYPE_VARIANT: {
            auto* type = inferred(value);
            if (!type) misfit("v (null)");
            return variant(value, type, nullptr);
        }
        case SD_BUS_TYPE_ARRAY:
            return array(value, signature, dict);
        default:
            misfit(signature);
    }
}

void Writer::text(const json::value& value, char type) {
    auto* string = value.if_string();
    if (!string) misfit(type == 's' ? "s" : type == 'o' ? "o" : "g");
    size(string->size());
    const char* plain = string->c_str();
    int r = std::strlen(plain) == string->size() ? sd_bus_message_append_basic(message_, type, plain) : -EINVAL;
    if (r == -EINVAL && type == SD_BUS_TYPE_STRING)
        r = sd_bus_message_append_basic(message_, type, printable({string->data(), string->size()}).c_str());
    if (r == -EINVAL) misfit(type == 'o' ? "o" : "g");
    check(r, "cannot write a D-Bus message");
}

void Writer::descriptor(const json::value& value) {
    boost::system::error_code error;
    auto index = value.to_number<std::size_t>(error);
    if (error || index >= fds_.size()) misfit("h");
    append('h', fds_[index].get());  // sd-bus duplicates it
}

void Writer::array(const json::value& value, const char* signature, const api::DictType* dict) {
    Deeper deeper(*this);
    auto* contents = signature + 1;
    if (contents[0] == '{') {
        auto* object = value.if_object();
        if (!object) misfit(signature);
        open(SD_BUS_TYPE_ARRAY, contents);
        entries(*object, contents, dict);
        return close();
    }
    auto* elements = value.if_array();
    if (!elements) misfit(signature);
    open(SD_BUS_TYPE_ARRAY, contents);
    for (auto& element : *elements)
        if (!element.is_null()) this->value(element, contents, dict);
    close();
}

void Writer::entries(const json::object& object, const char* entry, const api::DictType* dict) {
    if (entry == "{sv}"sv) return dictionary(object, dict ? dict->keys : std::span<const api::Field>{});
    std::string pair(entry + 1, std::strlen(entry) - 2);
    if (pair[0] != SD_BUS_TYPE_STRING && pair[0] != SD_BUS_TYPE_OBJECT_PATH) misfit(entry);
    Deeper deeper(*this);
    for (auto& [key, value] : object) {
        if (value.is_null()) continue;
        open(SD_BUS_TYPE_DICT_ENTRY, pair.c_str());
        text(json::string(key), pair[0]);
        this->value(value, pair.c_str() + 1, dict);
        close();
    }
}

void Writer::dictionary(const json::object& object, std::span<const api::Field> keys) {
    Deeper deeper(*this);
    std::size_t likely = 0;  // values usually come in the order in which the keys are declared
    for (auto& [key, value] : object) {
        if (value.is_null()) continue;
        const api::Field* field = nullptr;
        for (std::size_t i = 0; i < keys.size() && !field; ++i) {
            auto& candidate = keys[(likely + i) % keys.size()];
            if (key == candidate.name) {
                field = &candidate;
                likely += i + 1;
            }
        }
        open(SD_BUS_TYPE_DICT_ENTRY, "sv");
        size(key.size());
        if (field)
            check(sd_bus_message_append_basic(message_, 's', field->name), "cannot write a D-Bus message");
        else
            text(json::string(key), 's');
        variant(value, field ? field->signature : inferred(value), field ? field->dict : nullptr);
        close();
    }
}

}  // namespace

void write(sd_bus_message* message, std::span<const api::Field> fields, const json::object& args,
           std::span<const UniqueFd> fds) {
    Writer writer(message, fds);
    for (auto& field : fields) {
        auto* value = args.if_contains(field.name);
        if (!value) throw Error(Errc::internal, std::string("the answer lacks ") + field.name);
        writer.value(*value, field.signature, field.dict);
    }
}

void write_value(sd_bus_message* message, const json::value& value, const char* signature, const api::DictType* dict,
                 std::span<const UniqueFd> fds) {
    Writer(message, fds).value(value, signature, dict);
}

void write_dictionary(sd_bus_message* message, const json::object& args, std::span<const api::Field> fields) {
    check(sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "{sv}"), "cannot write a D-Bus message");
    Writer(message, {}).dictionary(args, fields);
    check(sd_bus_message_close_container(message), "cannot write a D-Bus message");
}

std::string signature_of(std::span<const api::Field> fields) {
    std::string out;
    for (auto& field : fields) out += field.signature;
    return out;
}

}  // namespace vireo::dbus
