// SPDX-License-Identifier: LGPL-2.1-or-later
// How a struct looks in XML and JSON, as data: an Element is a list of Fields in libvirt's order, built once by a
// Declare<T> chain (schema_*.cpp). Readers and writers walk it without templates, so a new element costs a declaration.
#pragma once
#include "model/kept.hpp"
#include "model/namespaces.hpp"
#include "model/scalar.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace vireo::model {

constexpr std::size_t most_fields = 192;  // members of one element
class Element;
template <class T>
const Element& schema();  // specialised in schema_*.cpp for each struct that is an element

// How a member holds its values: T itself, std::optional<T>, Box<T> or std::vector<T>.
struct Slot {
    std::size_t (*count)(const void* member);
    const void* (*at)(const void* member, std::size_t index);
    void* (*make)(void* member);  // a fresh value to read into: appended, emplaced, or the member itself
    void (*drop)(void* member);   // undoes make()
    bool list;
};

struct Field {
    enum class Kind {
        attribute,        // name='…'
        text,             // the element's own text
        flag,             // <name/>
        child_text,       // <name>…</name>
        child_attribute,  // <name inner='…'/>; neighbours of the same name share the element
        beside,           // <name inner='…'>: an attribute of the child_text before it
        element,          // <name>, with a schema of its own
        wrapped,          // <name><inner/><inner/></name>: a list with an element around it
        raw,              // <name>any XML</name>
    };
    Kind kind{};
    std::string_view name;
    std::string_view inner;
    std::string_view key;   // in JSON
    std::string_view unit;  // a size: the attribute beside it that names its unit
    std::uint8_t id = 0;    // fields of one member share it
    bool required = false;  // must be in the document
    bool decides = false;   // when its value is not supported, the element as a whole is not
    bool bare = false;      // element: an empty one is `true` in JSON
    // A running guest can take another value; of a list: items can come and go. What is in an element, but not in the
    // items of a list, is live with it.
    bool live = false;
    std::string_view identity;  // of a list: where an item's JSON says which one it is: "target.dev", "type index"
    NamespaceId space = 0;      // of name
    std::size_t offset = 0;
    std::size_t base = 0;  // of the struct that `applies` is about: not 0 when it was included
    const Slot* slot = nullptr;
    const Scalar* scalar = nullptr;
    Traits traits;
    std::string_view implied;                // child_attribute: the value when the attribute is left out
    const Element& (*element)() = nullptr;   // a function, for elements that contain themselves
    bool (*applies)(const void*) = nullptr;  // written only when true, and read where several have this name

    const void* member(const void* object) const { return static_cast<const std::byte*>(object) + offset; }
    void* member(void* object) const { return static_cast<std::byte*>(object) + offset; }
    std::size_t count(const void* object) const {
        if (kind == Kind::flag) return *static_cast<const bool*>(member(object));
        return applies_to(object) ? slot->count(member(object)) : 0;
    }
    bool applies_to(const void* object) const {
        return !applies || applies(static_cast<const std::byte*>(object) + base);
    }
    const void* at(const void* object, std::size_t index) const { return slot->at(member(object), index); }
    bool in_attribute() const { return kind == Kind::attribute; }
    bool in_child() const { return kind != Kind::attribute && kind != Kind::text && kind != Kind::beside; }
};

// An element whose attribute `discriminator` chooses among structs (a std::variant).
struct Alternative {
    std::string_view word;
    const Element& (*element)();
    void* (*emplace)(void* variant);
    const void* (*get)(const void* variant);
};

class Element {
public:
    struct Refusal {
        std::string_view name;
        std::string_view why;  // may be empty
    };
    std::vector<Field> fields;        // in the order in which they are written
    std::vector<Refusal> later;       // attributes and children that libvirt has and Vireo does not yet
    std::optional<std::size_t> kept;  // offset of the member `kept`
    std::string_view discriminator;   // variants only, with what follows
    std::vector<Alternative> alternatives;
    std::size_t (*alternative_of)(const void*) = nullptr;

    // Of several fields with one name the first that applies to the object, else the first of all.
    const Field* attribute(std::string_view name, const void* object = nullptr) const noexcept;
    const Field* text(const void* object = nullptr) const noexcept;
    const Field* child(std::string_view name, const void* object = nullptr) const noexcept;
    const Field* by_key(std::string_view key, const void* object = nullptr) const noexcept;
    const Field* beside(const Field& child, std::string_view attribute) const noexcept;
    const Refusal* refusal(std::string_view name) const noexcept;
    const Alternative* alternative(std::string_view word) const noexcept;
    Kept* kept_of(void* object) const;  // null: it keeps nothing
    const Kept* kept_of(const void* object) const;
};

// ── declaring ──
template <class M>
struct Held {
    using type = M;
};
template <class T>
struct Held<std::optional<T>> {
    using type = T;
};
template <class T>
struct Held<Box<T>> {
    using type = T;
};
template <class T>
struct Held<std::vector<T>> {
    using type = T;
};

template <class M>
inline constexpr Slot slot_of = {
    [](const void* m) -> std::size_t {
        if constexpr (std::same_as<M, std::string> || std::same_as<M, NumberSet>)
            return !static_cast<const M*>(m)->empty();
        return 1;
    },
    [](const void* m, std::size_t) { return m; }, [](void* m) { return m; },
    [](void* m) {
        if constexpr (!ScalarType<M> || std::same_as<M, std::string> || std::same_as<M, NumberSet>)
            *static_cast<M*>(m) = M();
    },
    false};
template <class T>
inline constexpr Slot slot_of<std::optional<T>> = {
    [](const void* m) -> std::size_t { return static_cast<const std::optional<T>*>(m)->has_value(); },
    [](const void* m, std::size_t) -> const void* { return &**static_cast<const std::optional<T>*>(m); },
    [](void* m) -> void* { return &static_cast<std::optional<T>*>(m)->emplace(); },
    [](void* m) { static_cast<std::optional<T>*>(m)->reset(); }, false};
template <class T>
inline constexpr Slot slot_of<Box<T>> = {
    [](const void* m) -> std::size_t { return static_cast<const Box<T>*>(m)->has_value(); },
    [](const void* m, std::size_t) -> const void* { return &**static_cast<const Box<T>*>(m); },
    [](void* m) -> void* { return &static_cast<Box<T>*>(m)->emplace(); },
    [](void* m) { static_cast<Box<T>*>(m)->reset(); }, false};
template <class T>
inline constexpr Slot slot_of<std::vector<T>> = {
    [](const void* m) { return static_cast<const std::vector<T>*>(m)->size(); },
    [](const void* m, std::size_t i) -> const void* { return &(*static_cast<const std::vector<T>*>(m))[i]; },
    [](void* m) -> void* { return &static_cast<std::vector<T>*>(m)->emplace_back(); },
    [](void* m) { static_cast<std::vector<T>*>(m)->pop_back(); }, true};

// Declare<Disk>().attribute("type", &Disk::type).decides().child("driver", &Disk::driver)….build(). What follows a
// field (required, range, hex …) is about that field.
template <class T>
class Declare {
public:
    template <class M>
    Declare& attribute(std::string_view name, M T::* member) {
        return add(Field::Kind::attribute, name, member);
    }
    template <class M>
    Declare& text(std::string_view key, M T::* member) {
        return add(Field::Kind::text, {}, member).key(key);
    }
    Declare& flag(std::string_view name, bool T::* member) { return add(Field::Kind::flag, name, member); }
    template <class M>
    Declare& child(std::string_view name, M T::* member) {
        if constexpr (ScalarType<typename Held<M>::type>) {
            return add(Field::Kind::child_text, name, member);
        } else {
            return add(Field::Kind::element, name, member);
        }
    }
    template <class M>
    Declare& child_attribute(std::string_view name, std::string_view attribute, M T::* member) {
        add(Field::Kind::child_attribute, name, member);
        last().inner = attribute;
        return *this;
    }
    // An attribute of the child before it, which is text: <memory dumpCore='off'>4194304</memory>. A key of its own in
    // JSON.
    template <class M>
    Declare& beside(std::string_view attribute, M T::* member) {
        const auto child = last().name;
        add(Field::Kind::beside, attribute, member);
        last().name = child;
        last().inner = attribute;
        return *this;
    }
    template <class I>
    Declare& wrapped(std::string_view name, std::string_view item, std::vector<I> T::* member) {
        add(Field::Kind::wrapped, name, member);
        last().inner = item;
        return *this;
    }
    Declare& raw(std::string_view name, std::string T::* member) { return add(Field::Kind::raw, name, member); }
    // The fields of a member struct, as if they were this one's.
    template <class M>
    Declare& include(M T::* member) {
        const auto base = offset_of(member);
        for (Field field : schema<M>().fields) {
            field.offset += base;
            field.base += base;
            field.id = 0;
            push(field);
        }
        for (const auto& refusal : schema<M>().later) element_.later.push_back(refusal);
        return *this;
    }
    Declare& kept(Kept T::* member) {
        element_.kept = offset_of(member);
        return *this;
    }
    // What libvirt has here and Vireo does not do yet.
    template <class... Name>
    Declare& later(const Name&... name) {
        (element_.later.push_back({name, {}}), ...);
        return *this;
    }
    Declare& refuse(std::string_view name, std::string_view why) {
        element_.later.push_back({name, why});
        return *this;
    }

    Declare& required() { return last().required = true, *this; }
    Declare& decides() { return last().decides = true, *this; }
    Declare& key(std::string_view json_key) { return last().key = json_key, *this; }
    Declare& implied(std::string_view word) { return last().implied = word, *this; }
    Declare& on_off() { return last().scalar = &scalar::on_off, *this; }
    // A size with a unit in the attribute `unit` beside it: "KiB" when it does not say, written in KiB, rounded up.
    Declare& bytes() {
        last().scalar = &scalar::bytes;
        last().unit = "unit";
        last().traits.size = size_traits<"KiB", "KiB">;
        return *this;
    }
    // Another unit when written, and when read without one. Written = "": the largest that divides the size. A size is
    // rounded up to whole KiB unless it is written in bytes or in the largest unit.
    template <Literal Written, Literal Read = Written>
    Declare& unit() {
        last().traits.size = size_traits<Written, Read>;
        return *this;
    }
    Declare& unit_in(std::string_view attribute) { return last().unit = attribute, *this; }
    Declare& bare() { return last().bare = true, *this; }
    Declare& live() { return last().live = true, *this; }
    Declare& identified_by(std::string_view paths) { return last().identity = paths, *this; }
    Declare& kib() { return last().scalar = &scalar::kib, *this; }
    Declare& mac() { return last().scalar = &scalar::mac, *this; }
    Declare& range(std::int64_t min, std::uint64_t max) {
        last().traits.min = min;
        last().traits.max = max;
        return *this;
    }
    Declare& hex(std::uint8_t digits, std::uint8_t input_base = 0) {  // written 0x…, with at least so many digits
        last().traits.hex_digits = digits;
        last().traits.input_base = input_base;
        return *this;
    }
    template <bool (*Condition)(const T&)>
    Declare& only_if() {
        last().applies = [](const void* object) { return Condition(*static_cast<const T*>(object)); };
        return *this;
    }

    Element build() { return std::move(element_); }

private:
    template <class M>
    static std::size_t offset_of(M T::* member) {
        static const T sample{};
        return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&(sample.*member)) -
                                        reinterpret_cast<const std::byte*>(&sample));
    }
    template <class M>
    Declare& add(Field::Kind kind, std::string_view name, M T::* member) {
        using Value = Held<M>::type;
        Field field;
        field.kind = kind;
        field.name = field.key = name;
        field.offset = offset_of(member);
        field.slot = &slot_of<M>;
        if constexpr (ScalarType<Value>) {
            field.scalar = &scalar_of<Value>();
            field.traits = traits_of<Value>();
        } else {
            field.element = &schema<Value>;
        }
        return push(field);
    }
    Declare& push(Field field) {
        field.id = ids_;
        for (const auto& other : element_.fields)
            if (other.offset == field.offset) field.id = other.id;
        if (field.id == ids_) ++ids_;
        assert(field.id < most_fields);
        if (field.in_child()) field.space = namespace_of_name(field.name);
        element_.fields.push_back(field);
        return *this;
    }
    Field& last() { return element_.fields.back(); }

    Element element_;
    std::uint8_t ids_ = 0;
};

template <class Variant>
class DeclareChoice {
public:
    explicit DeclareChoice(std::string_view discriminator) {
        element_.discriminator = discriminator;
        element_.alternative_of = [](const void* v) { return static_cast<const Variant*>(v)->index(); };
    }
    // In the order of the variant's alternatives.
    template <class T>
    DeclareChoice& when(std::string_view word) {
        element_.alternatives.push_back(
            {word, &schema<T>, [](void* v) -> void* { return &static_cast<Variant*>(v)->template emplace<T>(); },
             [](const void* v) -> const void* { return &std::get<T>(*static_cast<const Variant*>(v)); }});
        return *this;
    }
    // For elements without the discriminator.
    template <class T>
    DeclareChoice& otherwise() {
        return when<T>("");
    }
    template <class... Name>
    DeclareChoice& later(const Name&... name) {
        (element_.later.push_back({name, {}}), ...);
        return *this;
    }
    Element build() { return std::move(element_); }

private:
    Element element_;
};

}  // namespace vireo::model
