// SPDX-License-Identifier: LGPL-2.1-or-later
#include "firmware/boot_entries.hpp"

#include "firmware/device_path.hpp"
#include "firmware/load_option.hpp"
#include "firmware/varstore_bytes.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace vireo::firmware {
namespace {

constexpr std::string_view prefix = "Boot";
using Numbers = std::vector<std::uint16_t>;

Numbers order_of(const VariableStore& store) {
    Numbers numbers;
    if (auto* order = store.find(guids::global, "BootOrder"))
        for (std::size_t at = 0; at + 2 <= order->data.size(); at += 2)
            numbers.push_back(load<std::uint16_t>(order->data, at));
    return numbers;
}

Result<> put_order(VariableStore& store, const Numbers& numbers) {
    if (numbers.empty()) {  // a variable without content is none
        auto gone = store.unset(guids::global, "BootOrder");
        return gone ? Result<>() : Failure(gone.error());
    }
    std::string bytes;
    for (auto number : numbers) append(bytes, number);
    auto* old = store.find(guids::global, "BootOrder");
    return store.set(Variable(guids::global, "BootOrder", bytes, old ? old->attributes : attribute::usual));
}

Result<std::uint16_t> number_of(std::string_view name) {
    std::string text(name.substr(0, 64));
    for (std::size_t i = prefix.size(); i < text.size(); ++i)
        if (text[i] >= 'a' && text[i] <= 'f') text[i] = static_cast<char>(text[i] - 'a' + 'A');
    if (text.starts_with("boot")) text[0] = 'B';
    if (auto number = option_number(text, prefix)) return *number;
    return fail(Errc::invalid_argument, "'", text, "' is no boot entry's name; they are like Boot0001");
}

// The variable of an entry. Its name may be written in lower case in the store, as some firmware does.
const Variable* find_entry(const VariableStore& store, std::uint16_t number) {
    for (auto& variable : store.variables())
        if (variable.vendor == guids::global && option_number(variable.name, prefix) == number) return &variable;
    return nullptr;
}

Failure no_entry(std::uint16_t number) {
    return Failure(Error(Errc::not_found, "there is no boot entry " + option_name(prefix, number))
                       .with_hint("see the list: vireo nvram boot list DOMAIN"));
}

BootEntry entry_of(const Variable& variable, std::uint16_t number) {
    BootEntry entry;
    entry.name = option_name(prefix, number);
    auto option = read_load_option(variable.data);
    if (!option) {
        entry.problem = option.error().what();
        return entry;
    }
    entry.description = option->description;
    entry.device_path = device_path_text(option->paths);
    entry.active = option->attributes & LoadOption::active;
    entry.hidden = option->attributes & LoadOption::hidden;
    entry.optional_data = option->optional_data;
    return entry;
}

}  // namespace

BootSettings boot_settings(const VariableStore& store) {
    BootSettings settings;
    auto order = order_of(store);
    for (auto number : order) settings.order.push_back(option_name(prefix, number));
    std::vector<std::pair<std::size_t, BootEntry>> all;
    for (auto& variable : store.variables()) {
        auto number = option_number(variable.name, prefix);
        if (variable.vendor != guids::global || !number) continue;
        auto entry = entry_of(variable, *number);
        auto at = std::ranges::find(order, *number);
        if (at != order.end()) entry.position = static_cast<std::size_t>(at - order.begin());
        all.emplace_back(entry.position.value_or(order.size() + *number), std::move(entry));
    }
    std::ranges::sort(all, {}, [](auto& one) { return one.first; });
    for (auto& [place, entry] : all) settings.entries.push_back(std::move(entry));
    auto number_in = [&](std::string_view name) -> std::optional<std::uint16_t> {
        auto* variable = store.find(guids::global, name);
        if (!variable || variable->data.size() != 2) return std::nullopt;
        return load<std::uint16_t>(variable->data, 0);
    };
    if (auto next = number_in("BootNext")) settings.next = option_name(prefix, *next);
    settings.timeout = number_in("Timeout");
    return settings;
}

Result<> set_boot_order(VariableStore& store, const std::vector<std::string>& names) {
    Numbers numbers;
    std::set<std::uint16_t> seen;
    for (auto& name : names) {
        auto number = number_of(name);
        if (!number) return Failure(number.error());
        if (!find_entry(store, *number)) return no_entry(*number);
        if (!seen.insert(*number).second)
            return fail(Errc::invalid_argument, option_name(prefix, *number), " is in the order twice");
        numbers.push_back(*number);
    }
    return put_order(store, numbers);
}

Result<> set_boot_next(VariableStore& store, std::string_view name) {
    if (name.empty()) {
        auto gone = store.unset(guids::global, "BootNext");
        return gone ? Result<>() : Failure(gone.error());
    }
    auto number = number_of(name);
    if (!number) return Failure(number.error());
    if (!find_entry(store, *number)) return no_entry(*number);
    std::string bytes;
    append(bytes, *number);
    return store.set(Variable(guids::global, "BootNext", bytes));
}

Result<std::string> add_boot_entry(VariableStore& store, const NewBootEntry& entry) {
    auto path = device_path_bytes(entry.device_path);
    if (!path) return Failure(path.error().wrap("the device path '" + entry.device_path.substr(0, 300) + "'"));
    LoadOption option;
    option.attributes = entry.active ? LoadOption::active : 0;
    option.description = entry.description;
    option.paths = std::move(*path);
    option.optional_data = entry.optional_data;
    auto bytes = write_load_option(option);
    if (!bytes) return Failure(bytes.error());
    auto order = order_of(store);
    std::set<std::uint16_t> taken(order.begin(), order.end());  // also numbers whose entries are gone
    for (auto& variable : store.variables())
        if (auto number = option_number(variable.name, prefix); number && variable.vendor == guids::global)
            taken.insert(*number);
    std::uint32_t number = 0;
    while (taken.contains(static_cast<std::uint16_t>(number)) && number <= 0xffff) ++number;
    if (number > 0xffff) return fail(Errc::limit_exceeded, "every number of a boot entry is taken");
    auto name = option_name(prefix, static_cast<std::uint16_t>(number));
    if (auto ok = store.set(Variable(guids::global, name, *bytes)); !ok) return Failure(ok.error());
    auto place = std::min(entry.position.value_or(order.size()), order.size());
    order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), static_cast<std::uint16_t>(number));
    if (auto ok = put_order(store, order); !ok) return Failure(ok.error());
    return name;
}

Result<> remove_boot_entry(VariableStore& store, std::string_view name) {
    auto number = number_of(name);
    if (!number) return Failure(number.error());
    auto* found = find_entry(store, *number);
    if (!found) return no_entry(*number);
    auto written = found->name;
    if (auto gone = store.unset(guids::global, written); !gone) return Failure(gone.error());
    auto order = order_of(store);
    if (std::erase(order, *number))
        if (auto ok = put_order(store, order); !ok) return ok;
    auto* next = store.find(guids::global, "BootNext");
    if (next && next->data.size() == 2 && load<std::uint16_t>(next->data, 0) == *number)
        if (auto gone = store.unset(guids::global, "BootNext"); !gone) return Failure(gone.error());
    return {};
}

Result<> set_boot_entry_active(VariableStore& store, std::string_view name, bool active) {
    auto number = number_of(name);
    if (!number) return Failure(number.error());
    auto* found = find_entry(store, *number);
    if (!found) return no_entry(*number);
    auto changed = *found;
    if (changed.data.size() < 4)
        return fail(Errc::invalid_state, option_name(prefix, *number), " cannot be understood: it is too short");
    auto bits = load<std::uint32_t>(changed.data, 0);
    // firmware::store(), not the parameter: only this bit changes, whatever else the entry holds
    vireo::firmware::store(changed.data, 0, active ? bits | LoadOption::active : bits & ~LoadOption::active);
    return store.set(std::move(changed));
}

}  // namespace vireo::firmware
