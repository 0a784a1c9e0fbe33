// SPDX-License-Identifier: LGPL-2.1-or-later
// Any value of any struct that has a schema, made by walking the schema: what is declared is tested.
#pragma once
#include "model/schema.hpp"

#include <random>
#include <string>

namespace vireo::model::test {

class RandomModel {
public:
    explicit RandomModel(std::uint32_t seed) : engine_(seed) {}
    void fill(void* object, const Element& element, int depth = 0);

private:
    std::uint64_t below(std::uint64_t n) { return n ? engine_() % n : 0; }
    bool chance(unsigned percent) { return below(100) < percent; }
    std::string text();
    void fill_field(void* object, const Field& field, int depth);
    void fill_scalar(void* value, const Field& field);
    static void drop_what_does_not_apply(void* object, const Element& element);
    void add_kept(void* object, const Element& element);

    std::mt19937_64 engine_;
};

}  // namespace vireo::model::test
