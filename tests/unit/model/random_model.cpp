// SPDX-License-Identifier: LGPL-2.1-or-later
#include "random_model.hpp"

#include <algorithm>
#include <array>
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
    if (field.scalar == &scalar::text)
        *static_cast<std::string*>(value) = text();
    else if (field.scalar == &scalar::mac)
        *static_cast<std::string*>(value) = "52:54:00:0a:b" + std::to_string(below(10)) + ":ff";
    else if (field.scalar == &scalar::yes_no || field.scalar == &scalar::on_off)
        *static_cast<bool*>(value) = chance(50);
    else if (field.scalar == &scalar::word) {
        const int index = static_cast<int>(below(traits.words.size()));
        std::memcpy(value, &index, sizeof index);
    } else if (field.scalar == &scalar::bytes || field.scalar == &scalar::kib)
        *static_cast<std::uint64_t*>(value) =
            chance(10) ? ~std::uint64_t{0} >> 10 << 10 : below(1u << 30) << below(25) << 10 & ~std::uint64_t{1023};
    else if (field.scalar == &scalar::uuid)
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
    std::uint64_t done = 0;
    for (const auto& field : element.fields) {
        if (done >> field.id & 1) continue;
        done |= std::uint64_t{1} << field.id;
        fill_field(object, field, depth);
    }
    add_kept(object, element);
}

}  // namespace vireo::model::test
