// SPDX-License-Identifier: LGPL-2.1-or-later
// The documents of the cache folder. They are ours, but a disk may have eaten half of one: every step is checked.
#include "qemu/capabilities.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>

namespace vireo::qemu {
namespace {

constexpr std::int64_t format = 1;            // of all documents; raise it with each change of what is in them
constexpr std::size_t most_entries = 20'000;  // of any list

// Reads the members of one object; any that is missing or of another type makes the whole document useless.
struct Reader {
    const json::object* object = nullptr;
    bool good = true;

    const json::value* at(std::string_view key) {
        auto* found = object ? object->if_contains(key) : nullptr;
        good &= found != nullptr;
        return found;
    }
    void read(std::string_view key, std::string& out) {
        auto* v = at(key);
        auto* s = v ? v->if_string() : nullptr;
        if (s)
            out = *s;
        else
            good = false;
    }
    void read(std::string_view key, bool& out) {
        auto* v = at(key);
        if (v && v->is_bool())
            out = v->get_bool();
        else
            good = false;
    }
    template <class Integer>
    void read(std::string_view key, Integer& out) {
        auto* v = at(key);
        boost::system::error_code error;
        if (v && v->is_number()) out = v->to_number<Integer>(error);
        good &= v && v->is_number() && !error;
    }
    const json::array* array(std::string_view key) {
        auto* v = at(key);
        auto* a = v ? v->if_array() : nullptr;
        good &= a && a->size() <= most_entries;
        return good ? a : nullptr;
    }
    void read(std::string_view key, NameSet& out) {
        std::vector<std::string> names;
        if (auto* a = array(key))
            for (auto& one : *a) {
                if (auto* s = one.if_string())
                    names.emplace_back(*s);
                else
                    good = false;
            }
        out = NameSet(std::move(names));
    }
};

json::array names(const NameSet& set) {
    json::array all;
    all.reserve(set.size());
    for (std::size_t i = 0; i < set.size(); ++i) all.emplace_back(set[i]);
    return all;
}

Failure useless() {
    return fail(Errc::invalid_config, "the cached document is damaged or of another version");
}

bool of_this_format(Reader& reader) {
    std::int64_t found = 0;
    reader.read("format", found);
    return reader.good && found == format;
}

json::object to_json(const MachineType& m) {
    json::object o;
    o["name"] = m.name;
    o["alias"] = m.alias;
    o["default-cpu"] = m.default_cpu;
    o["default-ram-id"] = m.default_ram_id;
    o["cpu-max"] = m.cpu_max;
    o["default"] = m.is_default;
    o["deprecated"] = m.deprecated;
    o["hotpluggable-cpus"] = m.hotpluggable_cpus;
    o["numa-mem"] = m.numa_mem;
    return o;
}

bool read(const json::value& value, MachineType& m) {
    Reader r{value.if_object()};
    r.read("name", m.name);
    r.read("alias", m.alias);
    r.read("default-cpu", m.default_cpu);
    r.read("default-ram-id", m.default_ram_id);
    r.read("cpu-max", m.cpu_max);
    r.read("default", m.is_default);
    r.read("deprecated", m.deprecated);
    r.read("hotpluggable-cpus", m.hotpluggable_cpus);
    r.read("numa-mem", m.numa_mem);
    return r.good;
}

}  // namespace

json::array to_json(const std::vector<FileIdentity>& files) {
    json::array all;
    for (auto& f : files) {
        json::object o;
        o["path"] = f.path;
        o["device"] = f.device;
        o["inode"] = f.inode;
        o["size"] = f.size;
        o["modified-nsec"] = f.modified_nsec;
        o["changed-nsec"] = f.changed_nsec;
        all.push_back(std::move(o));
    }
    return all;
}

Result<std::vector<FileIdentity>> files_from_json(const json::value& value) {
    auto* array = value.if_array();
    if (!array || array->size() > 100) return useless();
    std::vector<FileIdentity> files;
    for (auto& one : *array) {
        Reader r{one.if_object()};
        auto& f = files.emplace_back();
        r.read("path", f.path);
        r.read("device", f.device);
        r.read("inode", f.inode);
        r.read("size", f.size);
        r.read("modified-nsec", f.modified_nsec);
        r.read("changed-nsec", f.changed_nsec);
        if (!r.good) return useless();
    }
    return files;
}

json::object to_json(const Capabilities& c) {
    json::object o;
    o["format"] = format;
    o["binary"] = c.binary;
    o["files"] = to_json(c.files);
    o["host"] = c.host;
    json::array version;
    for (int part : {c.version.major, c.version.minor, c.version.micro}) version.emplace_back(part);
    o["version"] = std::move(version);
    o["package"] = c.package;
    o["arch"] = c.arch;
    o["kvm-present"] = c.kvm_present;
    o["kvm-enabled"] = c.kvm_enabled;
    o["tcg"] = c.tcg;
    o["sandbox"] = c.sandbox;
    json::array machines, cpus;
    for (auto& m : c.machines) machines.push_back(to_json(m));
    for (auto& cpu : c.cpus) {
        json::object one;
        one["name"] = cpu.name;
        one["usable"] = cpu.usable;
        one["deprecated"] = cpu.deprecated;
        cpus.push_back(std::move(one));
    }
    o["machines"] = std::move(machines);
    o["cpus"] = std::move(cpus);
    o["types"] = names(c.types);
    o["commands"] = names(c.commands);
    o["options"] = names(c.options);
    return o;
}

Result<Capabilities> capabilities_from_json(const json::value& value) {
    Reader r{value.if_object()};
    if (!of_this_format(r)) return useless();
    Capabilities c;
    r.read("binary", c.binary);
    r.read("host", c.host);
    r.read("package", c.package);
    r.read("arch", c.arch);
    r.read("kvm-present", c.kvm_present);
    r.read("kvm-enabled", c.kvm_enabled);
    r.read("tcg", c.tcg);
    r.read("sandbox", c.sandbox);
    r.read("types", c.types);
    r.read("commands", c.commands);
    r.read("options", c.options);
    auto *version = r.array("version"), *machines = r.array("machines"), *cpus = r.array("cpus");
    auto* files = r.at("files");
    if (!r.good || version->size() != 3) return useless();
    int* parts[] = {&c.version.major, &c.version.minor, &c.version.micro};
    for (std::size_t i = 0; i < 3; ++i) {
        if (!(*version)[i].is_int64()) return useless();
        *parts[i] = static_cast<int>((*version)[i].get_int64());
    }
    auto identities = files_from_json(*files);
    if (!identities || identities->empty()) return useless();
    c.files = std::move(*identities);
    c.machines.resize(machines->size());
    for (std::size_t i = 0; i < machines->size(); ++i)
        if (!read((*machines)[i], c.machines[i])) return useless();
    c.cpus.resize(cpus->size());
    for (std::size_t i = 0; i < cpus->size(); ++i) {
        Reader one{(*cpus)[i].if_object()};
        one.read("name", c.cpus[i].name);
        one.read("usable", c.cpus[i].usable);
        one.read("deprecated", c.cpus[i].deprecated);
        if (!one.good) return useless();
    }
    return c;
}

json::object to_json(const CpuExpansion& e) {
    json::object o;
    o["format"] = format;
    o["model"] = e.model;
    o["accelerator"] = to_string(e.accelerator);
    o["on"] = names(e.on);
    o["off"] = names(e.off);
    json::object values;
    for (auto& [name, text] : e.values) values[name] = text;
    o["values"] = std::move(values);
    return o;
}

Result<CpuExpansion> cpu_expansion_from_json(const json::value& value) {
    Reader r{value.if_object()};
    if (!of_this_format(r)) return useless();
    CpuExpansion e;
    std::string accelerator;
    r.read("model", e.model);
    r.read("accelerator", accelerator);
    r.read("on", e.on);
    r.read("off", e.off);
    auto* values = r.at("values");
    auto* all = values ? values->if_object() : nullptr;
    if (!r.good || !all || (accelerator != "kvm" && accelerator != "tcg")) return useless();
    e.accelerator = accelerator == "kvm" ? Accelerator::kvm : Accelerator::tcg;
    for (auto& [name, text] : *all) {
        if (!text.is_string()) return useless();
        e.values.emplace_back(name, text.get_string());
    }
    return e;
}

json::object to_json(const HostModel& host) {
    json::object o;
    o["format"] = format;
    o["model"] = host.model;
    o["vendor"] = host.vendor;
    o["required"] = json::value_from(host.required);
    o["disabled"] = json::value_from(host.disabled);
    return o;
}

Result<HostModel> host_model_from_json(const json::value& value) {
    Reader r{value.if_object()};
    if (!of_this_format(r)) return useless();
    HostModel host;
    NameSet required, disabled;
    r.read("model", host.model);
    r.read("vendor", host.vendor);
    r.read("required", required);
    r.read("disabled", disabled);
    if (!r.good || host.model.empty()) return useless();
    for (std::size_t i = 0; i < required.size(); ++i) host.required.emplace_back(required[i]);
    for (std::size_t i = 0; i < disabled.size(); ++i) host.disabled.emplace_back(disabled[i]);
    return host;
}

}  // namespace vireo::qemu
