// SPDX-License-Identifier: LGPL-2.1-or-later
#include "random_model.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>

namespace vireo::model::test {

std::string RandomModel::text() {
    constexpr std::array<std::string_view, 20> pieces = {"a",    "B",    "7", " ", "\n", "\t",   "\r",
                                                         "<",    ">",    "&", "'", "\"", "]]>",  "&amp;",
                                                         "&#0;", "<!--", "ü", "€", "𝄞",  "/path"};
    std::string out;
    for (auto n = 1 + below(6); n > 0; --n) out += pieces[below(pieces.size())];
    return out;
}

void RandomModel::fill_scalar(void* value, const Field& field) {
    const auto& traits = field.traits;
    const auto number = [&] {
        const auto least = static_cast<std::uint64_t>(traits.min);
        const auto span = traits.max - least;  // as two's complement, also for signed ranges
        switch (below(4)) {
            case 0:
                return least;
            case 1:
                return traits.max;
            case 2:
                return least + below(std::min<std::uint64_t>(span, 300) + 1);
            default:
                return least + (span == ~std::uint64_t{0} ? engine_() : below(span + 1));
        }
    };
    if (!field.scalar->samples.empty()) {
        Fault fault;
        field.scalar->parse(field.scalar->samples[below(field.scalar->samples.size())], value, traits, fault);
    } else if (field.scalar == &scalar::text)
        *static_cast<std::string*>(value) = text();
    else if (field.scalar == &scalar::mac)
        *static_cast<std::string*>(value) = "52:54:00:0a:b" + std::to_string(below(10)) + ":ff";
    else if (field.scalar == &scalar::yes_no || field.scalar == &scalar::on_off)
        *static_cast<bool*>(value) = chance(50);
    else if (field.scalar == &scalar::word) {
        const int index = static_cast<int>(below(traits.words.size()));
        std::memcpy(value, &index, sizeof index);
    } else if (field.scalar == &scalar::bytes || field.scalar == &scalar::kib) {
        const auto step = std::max<std::uint64_t>(traits.size.written.bytes, traits.size.granule);
        const auto most = ~std::uint64_t{0} / step;
        *static_cast<std::uint64_t*>(value) =
            (chance(10) ? most : below(std::min(std::uint64_t{1} << (10 + below(45)), most))) * step;
    } else if (field.scalar == &scalar::number_set) {
        auto& set = *static_cast<NumberSet*>(value);
        set = {};
        for (auto n = 1 + below(4); n > 0; --n) {
            const auto first = static_cast<std::uint32_t>(below(traits.max + 1));
            set.add(first,
                    static_cast<std::uint32_t>(first + below(std::min<std::uint64_t>(traits.max - first, 9) + 1)));
        }
    } else if (field.scalar == &scalar::uuid)
        std::ranges::generate(static_cast<Uuid*>(value)->octets,
                              [this] { return static_cast<std::uint8_t>(engine_()); });
    else if (field.scalar == &scalar::unsigned_32)
        *static_cast<std::uint32_t*>(value) = static_cast<std::uint32_t>(number());
    else if (field.scalar == &scalar::signed_32)
        *static_cast<std::int32_t*>(value) = static_cast<std::int32_t>(number());
    else
        *static_cast<std::uint64_t*>(value) = number();
}

void RandomModel::fill_field(void* object, const Field& field, int depth) {
    void* member = field.member(object);
    if (field.kind == Field::Kind::flag) {
        *static_cast<bool*>(member) = chance(50);
        return;
    }
    if (field.kind == Field::Kind::raw) {
        if (chance(50))
            *static_cast<std::string*>(member) =
                "<a x='&lt;&apos;'>one <b/> two</a><!-- c --><d:e xmlns:d='urn:d'><f/><f>&#32; </f></d:e>";
        return;
    }
    const bool always = field.required || field.slot->count(member) > 0;  // a plain member is always there
    constexpr int deepest = 5;
    if (!always && (depth > deepest || !chance(60))) return;
    for (auto n = field.slot->list ? 1 + below(3) : 1; n > 0; --n) {
        void* value = field.slot->make(member);
        if (field.element)
            fill(value, field.element(), depth + 1);
        else
            fill_scalar(value, field);
    }
}

// What is not written would not come back.
void RandomModel::drop_what_does_not_apply(void* object, const Element& element) {
    for (const auto& field : element.fields) {
        const bool written = std::ranges::any_of(
            element.fields, [&](const Field& other) { return other.id == field.id && other.applies_to(object); });
        void* member = field.member(object);
        if (!written)
            while (field.slot->count(member)) {
                field.slot->drop(member);
                if (!field.slot->list) break;
            }
    }
}

void RandomModel::add_kept(void* object, const Element& element) {
    auto* kept = element.kept_of(object);
    if (!kept || !chance(20)) return;
    auto& items = kept->emplace();
    items.push_back({{}, "unheard-of", text()});
    for (const auto& field : element.fields) {
        const bool flattened =
            (field.kind == Field::Kind::child_text || field.kind == Field::Kind::flag) && !field.slot->list;
        if (flattened && field.count(object) && chance(30))
            items.push_back({std::string(field.name), "unheard-of", text()});
    }
    if (!element.text()) items.push_back({{}, {}, "<unheard-of a='&lt;'><b>t</b><b/></unheard-of>"});
}

void RandomModel::fill(void* object, const Element& element, int depth) {
    if (!element.alternatives.empty()) {
        const auto& chosen = element.alternatives[below(element.alternatives.size())];
        return fill(chosen.emplace(object), chosen.element(), depth);
    }
    // Attributes first: they may decide which children the element can have.
    std::bitset<most_fields> done;
    for (const bool attributes : {true, false}) {
        for (const auto& field : element.fields) {
            if (field.in_attribute() != attributes || done[field.id]) continue;
            done.set(field.id);
            fill_field(object, field, depth);
        }
    }
    drop_what_does_not_apply(object, element);
    add_kept(object, element);
}

}  // namespace vireo::model::test
