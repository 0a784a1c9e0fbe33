// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/compare.hpp"

#include "model/schemas.hpp"
#include "model/write_json.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace vireo::model {
namespace json = boost::json;
namespace {

struct Item {
    json::value value;
    const void* object;
    std::string name;  // what tells it apart; empty: nothing does
    bool paired = false;
};

// The value at "target.dev" in an item's JSON; several paths separated by a blank must all be there.
std::string identity(const json::value& item, std::string_view paths) {
    std::string out;
    while (!paths.empty()) {
        auto path = paths.substr(0, paths.find(' '));
        paths.remove_prefix(std::min(paths.size(), path.size() + 1));
        const json::value* at = &item;
        while (at && !path.empty()) {
            const auto step = path.substr(0, path.find('.'));
            path.remove_prefix(std::min(path.size(), step.size() + 1));
            const auto* object = at->if_object();
            at = object ? object->if_contains(step) : nullptr;
        }
        if (!at) return {};
        if (!out.empty()) out += ' ';
        if (const auto* text = at->if_string())
            out += *text;
        else
            out += json::serialize(*at);
    }
    return out;
}

class Comparison {
public:
    std::vector<Change> changes;

    void elements(const void* before, const void* after, const Element& element, const std::string& path, bool live) {
        if (!element.alternatives.empty()) return variants(before, after, element, path, live);
        for (const auto& field : element.fields) {
            if (field.slot->list)
                lists(before, after, field, path, live || field.live);
            else
                singles(before, after, field, path, live || field.live);
        }
    }

private:
    void add(std::string path, json::value before, json::value after, bool live) {
        Change change;
        change.path = std::move(path);
        change.kind = before.is_null()  ? Change::Kind::added
                      : after.is_null() ? Change::Kind::removed
                                        : Change::Kind::changed;
        change.effect = live ? Change::Effect::live : Change::Effect::next_boot;
        change.before = std::move(before);
        change.after = std::move(after);
        changes.push_back(std::move(change));
    }

    static std::string step(const std::string& path, const Field& field) {
        const std::string name(field.name), inner(field.inner);
        switch (field.kind) {
            case Field::Kind::attribute:
                return path + "/@" + name;
            case Field::Kind::text:
                return path;
            case Field::Kind::child_attribute:
            case Field::Kind::beside:
                return path + "/" + name + "/@" + inner;
            case Field::Kind::wrapped:
                return path + "/" + name + "/" + inner;
            default:
                return path + "/" + name;
        }
    }

    static json::value value_of(const void* object, const Field& field, std::size_t index) {
        const void* value = field.at(object, index);
        if (field.element) return write_json(value, field.element());
        if (field.kind == Field::Kind::flag) return true;
        return field.scalar->to_json(value, field.traits);
    }

    void singles(const void* before, const void* after, const Field& field, const std::string& path, bool live) {
        const bool had = field.count(before) > 0, has = field.count(after) > 0;
        if (!had && !has) return;
        // A part that is always there counts as there when it is not written because it says nothing.
        const auto exists = [&field](const void* object) { return field.slot->count(field.member(object)) > 0; };
        if (field.element && exists(before) && exists(after))
            return elements(field.at(before, 0), field.at(after, 0), field.element(), step(path, field), live);
        auto old = had ? value_of(before, field, 0) : json::value();
        auto now = has ? value_of(after, field, 0) : json::value();
        if (old == now) return;
        // An element that comes or goes may take effect at once as a whole only when all in it may.
        add(step(path, field), std::move(old), std::move(now), live);
    }

    void variants(const void* before, const void* after, const Element& element, const std::string& path, bool live) {
        const auto old = element.alternative_of(before), now = element.alternative_of(after);
        const auto& chosen = element.alternatives[now];
        if (old == now)
            return elements(element.alternatives[old].get(before), chosen.get(after), chosen.element(), path, live);
        add(path, write_json(before, element), write_json(after, element), live);
    }

    static std::vector<Item> items_of(const void* object, const Field& field) {
        std::vector<Item> items;
        for (std::size_t i = 0; i < field.count(object); ++i) {
            auto value = value_of(object, field, i);
            auto name = identity(value, field.identity);
            items.push_back({std::move(value), field.at(object, i), std::move(name)});
        }
        return items;
    }

    template <class Same>
    static Item* partner(const Item& of, std::vector<Item>& among, Same same) {
        const auto found =
            std::ranges::find_if(among, [&](const Item& item) { return !item.paired && same(item, of); });
        return found == among.end() ? nullptr : &*found;
    }

    // Of words and numbers the order counts (<boot dev=…/>): the list is one value.
    void words(const void* before, const void* after, const Field& field, const std::string& path, bool live) {
        const auto all = [&field](const void* object) -> json::value {
            json::array values;
            for (std::size_t i = 0; i < field.count(object); ++i) values.push_back(value_of(object, field, i));
            return values.empty() ? json::value() : json::value(std::move(values));
        };
        auto old = all(before), now = all(after);
        if (old != now) add(step(path, field), std::move(old), std::move(now), live);
    }

    void lists(const void* before, const void* after, const Field& field, const std::string& path, bool live) {
        if (!field.element) return words(before, after, field, path, live);
        auto old = items_of(before, field), now = items_of(after, field);
        const auto at = step(path, field);
        const auto pair = [&](auto same) {
            for (std::size_t i = 0; i < old.size(); ++i) {
                if (old[i].paired) continue;
                auto* other = partner(old[i], now, same);
                if (!other) continue;
                old[i].paired = other->paired = true;
                if (old[i].value != other->value) items(old[i], *other, i, field, at);
            }
        };
        pair([](const Item& a, const Item& b) { return a.value == b.value; });
        pair([](const Item& a, const Item& b) { return !a.name.empty() && a.name == b.name; });
        pair([](const Item& a, const Item& b) { return a.name.empty() || b.name.empty(); });
        for (std::size_t i = 0; i < old.size(); ++i)
            if (!old[i].paired) add(at + place(old[i], i), std::move(old[i].value), {}, live);
        for (std::size_t i = 0; i < now.size(); ++i)
            if (!now[i].paired) add(at + place(now[i], i), {}, std::move(now[i].value), live);
    }

    static std::string place(const Item& item, std::size_t index) {
        return "[" + (item.name.empty() ? std::to_string(index + 1) : item.name) + "]";
    }

    // That an item can come and go while the guest runs does not mean that it can be changed.
    void items(const Item& before, const Item& after, std::size_t index, const Field& field, const std::string& at) {
        elements(before.object, after.object, field.element(), at + place(before, index), false);
    }
};

}  // namespace

std::string_view to_string(Change::Kind kind) noexcept {
    switch (kind) {
        case Change::Kind::added:
            return "added";
        case Change::Kind::removed:
            return "removed";
        case Change::Kind::changed:
            break;
    }
    return "changed";
}

std::string_view to_string(Change::Effect effect) noexcept {
    return effect == Change::Effect::live ? "live" : "next-boot";
}

std::vector<Change> compare(const Domain& before, const Domain& after) {
    Comparison comparison;
    comparison.elements(&before, &after, schema<Domain>(), "/domain", false);
    std::erase_if(comparison.changes, [](const Change& change) { return change.path == "/domain/@id"; });
    return std::move(comparison.changes);
}

}  // namespace vireo::model
