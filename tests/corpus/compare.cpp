// SPDX-License-Identifier: LGPL-2.1-or-later
#include "corpus/compare.hpp"

#include "corpus/arguments.hpp"
#include "corpus/older.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

namespace vireo::corpus {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::ranges::find(words, word) != words.end();
}

// One of the two command lines, with what its references lead to.
class Side {
public:
    explicit Side(const std::vector<std::string>& argv) : options_(parse_arguments(argv)) {
        for (const auto& option : options_) {
            const auto id = option.name == "blockdev" ? option.get("node-name") : option.get("id");
            if (option.name == "blockdev" || option.name == "drive")
                nodes_[id] = &option;
            else if (one_of(option.name, {"chardev", "netdev", "object", "fsdev", "audiodev", "tpmdev"}))
                backends_[option.name + " " + id] = option.get(kind_key(option.name));
        }
    }

    std::vector<const Option*> all(std::string_view name) const {
        std::vector<const Option*> found;
        for (const auto& option : options_)
            if (option.name == name) found.push_back(&option);
        return found;
    }
    const Option* one(std::string_view name) const {
        const auto found = all(name);
        return found.empty() ? nullptr : found.front();
    }
    std::string kind_of(const std::string& option, const std::string& id) const {
        if (option == "blockdev") return node_kind(id);
        const auto found = backends_.find(option + " " + id);
        return found == backends_.end() ? "(missing)" : found->second;
    }
    static bool kind_is_secret(const Option& option) {
        return option.name == "object" && option.get(kind_key("object")) == "secret";
    }
    static std::string kind_key(std::string_view option) {
        return option == "chardev"    ? "backend"
               : option == "object"   ? "qom-type"
               : option == "fsdev"    ? "fsdriver"
               : option == "audiodev" ? "driver"
                                      : "type";
    }

private:
    // "qcow2(file) over raw(nbd)": the drivers from the top down.
    std::string node_kind(const std::string& name, int depth = 0) const {
        const auto found = nodes_.find(name);
        constexpr int deepest = 300;
        if (found == nodes_.end() || depth > deepest) return "(missing)";
        const auto& node = *found->second;
        if (node.name == "drive") return "drive";
        auto kind = node.get("driver");
        if (const auto file = node.get("file"); !file.empty())
            kind += "(" + node_kind(file, depth + 1) + ")";
        else if (const auto nested = node.get("file.driver"); !nested.empty())
            kind += "(" + nested + ")";
        if (const auto backing = node.get("backing"); !backing.empty() && backing != "null")
            kind += " over " + node_kind(backing, depth + 1);
        return kind;
    }

    std::vector<Option> options_;
    std::map<std::string, const Option*> nodes_;
    std::map<std::string, std::string> backends_;
};

// Which option makes what a device's property names; empty: none.
std::string_view referred(std::string_view property) {
    if (one_of(property, {"drive"})) return "blockdev";
    if (one_of(property, {"chardev", "netdev", "audiodev", "fsdev", "tpmdev"})) return property;
    if (one_of(property, {"rng", "memdev", "cryptodev", "prealloc-memdev"})) return "object";
    return {};
}

bool is_place(std::string_view property) {
    return one_of(property, {"driver",        "id",        "bus",     "addr",       "unit",   "port",      "nr",
                             "scsi-id",       "lun",       "channel", "reg",        "devno",  "iobase",    "irq",
                             "index",         "slot",      "chassis", "chassis_nr", "bus_nr", "masterbus", "firstport",
                             "multifunction", "addr-type", "hostbus", "hostaddr"});
}

// Host's side: numbers of descriptors, names that each program chooses for itself, what changes nothing for the guest.
bool is_hosts(std::string_view property) {
    return property.ends_with("fd") || property.ends_with("fds") ||
           one_of(property, {"device_id", "host", "filename", "share-rw", "vhost", "fd", "vhostfd"});
}

class Comparer {
public:
    Comparer(const Side& ours, const Side& libvirts, bool old_style, bool host_cpu)
        : ours_(ours), theirs_(libvirts), old_(old_style), host_cpu_(host_cpu) {}

    Comparison run() {
        devices();
        machine();
        backends();
        return std::move(out_);
    }

private:
    void record(Tally& tally, const std::vector<Difference>& found) {
        if (found.empty()) {
            ++tally.same;
            return;
        }
        const bool older = std::ranges::all_of(found, [&](const Difference& d) { return is_older(d.what, old_); });
        ++(older ? tally.older : tally.different);
        auto& list = older ? tally.older_ones : tally.differences;
        list.insert(list.end(), found.begin(), found.end());
    }

    static std::string label(const Option& device) {
        const auto id = device.get("id");
        return "device " + (id.empty() ? device.get("driver") : id);
    }

    // ── devices ──
    const Option* partner(const Option& of, const std::vector<const Option*>& among, std::set<const Option*>& taken) {
        for (const auto* candidate : among) {
            if (taken.contains(candidate)) continue;
            const bool same = of.get("id").empty() || candidate->get("id").empty()
                                  ? of.get("driver") == candidate->get("driver")
                                  : of.get("id") == candidate->get("id");
            if (!same) continue;
            taken.insert(candidate);
            return candidate;
        }
        return nullptr;
    }

    void devices() {
        const auto mine = ours_.all("device");
        std::set<const Option*> taken;
        for (const auto* theirs : theirs_.all("device")) {
            const auto* found = partner(*theirs, mine, taken);
            if (!found) {
                const Difference missing{"device " + theirs->get("driver") + ": missing",
                                         label(*theirs) + " (" + theirs->get("driver") + ") is missing"};
                record(out_.devices, {missing});
                record(out_.properties, {missing});
                continue;
            }
            record(out_.devices, differences(*found, *theirs, true));
            record(out_.properties, differences(*found, *theirs, false));
        }
        for (const auto* device : mine) {
            if (taken.contains(device)) continue;
            const Difference more{"device " + device->get("driver") + ": too many",
                                  label(*device) + " (" + device->get("driver") + ") is not in libvirt's"};
            record(out_.devices, {more});
            record(out_.properties, {more});
        }
    }

    static std::string value(const Side& side, const Option& option, const std::string& key) {
        const auto found = option.properties.find(key);
        if (found == option.properties.end()) return "(nothing)";
        const auto reference = referred(key);
        return reference.empty() ? normal(found->second) : "a " + side.kind_of(std::string(reference), found->second);
    }

    std::vector<Difference> differences(const Option& mine, const Option& theirs, bool places_only) {
        std::set<std::string> keys;
        for (const auto* option : {&mine, &theirs})
            for (const auto& [key, value] : option->properties) keys.insert(key);
        std::vector<Difference> found;
        for (const auto& key : keys) {
            if (is_hosts(key) || (places_only && !is_place(key) && referred(key).empty())) continue;
            const auto a = value(ours_, mine, key), b = value(theirs_, theirs, key);
            if (a == b || (key == "id" && (a == "(nothing)" || b == "(nothing)"))) continue;
            const auto what =
                key == "driver" ? "device " + b + ": is " + a + " here" : "device " + theirs.get("driver") + ": " + key;
            found.push_back(
                {what, label(theirs) + " (" + theirs.get("driver") + "): " + key + " is " + a + ", libvirt's " + b});
        }
        return found;
    }

    // ── the machine ──
    void thing(const std::string& name, const std::string& mine, const std::string& theirs) {
        if (mine == theirs)
            record(out_.machine, {});
        else
            record(out_.machine, {{name + (theirs == "(nothing)" ? ": too many"
                                           : mine == "(nothing)" ? ": missing"
                                                                 : ""),
                                   name + " is " + mine + ", libvirt's " + theirs}});
    }

    static std::uint64_t size_in_bytes(std::string_view text) {
        if (text.empty()) return 0;
        constexpr std::string_view units = "bkmgt";
        const auto last = static_cast<char>(std::tolower(static_cast<unsigned char>(text.back())));
        auto power = units.find(last);
        if (power == units.npos) power = 2;
        std::uint64_t size = 0;
        for (const char c : text)
            if (c >= '0' && c <= '9') size = size * 10 + static_cast<std::uint64_t>(c - '0');
        return size << (10 * power);
    }

    // The properties of an option that is there once, as one text, without those that are the program's own business.
    static std::string joined(const Option* option, std::initializer_list<std::string_view> without) {
        if (!option) return "(nothing)";
        std::string out;
        for (const auto& [key, value] : option->properties)
            if (!one_of(key, without)) out += (out.empty() ? "" : ",") + key + "=" + normal(value);
        return out;
    }

    Properties machine_properties(const Side& side) const {
        Properties out;
        if (const auto* option = side.one("machine")) out = option->properties;
        if (side.one("no-acpi")) out["acpi"] = "off";
        if (side.one("no-hpet")) out["hpet"] = "off";
        for (const auto* key : {"memory-backend", "memory-encryption", "confidential-guest-support"})
            if (out.contains(key)) out[key] = side.kind_of("object", out[key]);
        for (const auto* key : {"pflash0", "pflash1"})
            if (out.contains(key)) out[key] = side.kind_of("blockdev", out[key]);
        for (const auto* drive : side.all("drive"))
            if (drive->get("if") == "pflash")
                out["pflash" + (drive->get("unit").empty() ? "0" : drive->get("unit"))] = "-drive";
        for (const auto* key : {"usb", "dump-guest-core", "accel"}) out.erase(key);
        return out;
    }

    void machine_option() {
        auto mine = machine_properties(ours_), theirs = machine_properties(theirs_);
        thing("machine type", machine_name(mine["type"], theirs["type"]), theirs["type"]);
        std::set<std::string> keys;
        for (const auto* side : {&mine, &theirs})
            for (const auto& [key, value] : *side) keys.insert(key);
        for (const auto& key : keys)
            if (key != "type")
                thing("machine " + key, mine.contains(key) ? normal(mine[key]) : "(nothing)",
                      theirs.contains(key) ? normal(theirs[key]) : "(nothing)");
    }

    // An alias of libvirt's stays one where its capabilities know no versions.
    static std::string machine_name(const std::string& mine, const std::string& theirs) {
        const bool alias = (theirs == "pc" && mine.starts_with("pc-i440fx-")) ||
                           (theirs == "q35" && mine.starts_with("pc-q35-")) ||
                           (one_of(theirs, {"virt", "pseries", "s390-ccw-virtio"}) && mine.starts_with(theirs + "-"));
        return alias ? theirs : mine;
    }

    static std::string cpu(const Option* option) {
        if (!option) return "(nothing)";
        Properties features;  // +x and x=on are one
        for (const auto& [key, value] : option->properties) {
            const bool sign = key.starts_with('+') || key.starts_with('-');
            if (key != "model")
                features[sign ? key.substr(1) : key] = sign ? key[0] == '+' ? "on" : "off" : normal(value);
        }
        std::string out = option->get("model");
        for (const auto& [key, value] : features) out += "," + key + "=" + value;
        return out;
    }

    void list(const std::string& name, const std::function<std::string(const Side&, const Option&)>& shown) {
        std::multiset<std::string> mine, theirs;
        for (const auto* option : ours_.all(name)) mine.insert(shown(ours_, *option));
        for (const auto* option : theirs_.all(name)) theirs.insert(shown(theirs_, *option));
        for (const auto& text : theirs) {
            const auto found = mine.find(text);
            if (found == mine.end()) {
                record(out_.machine, {{"-" + name, "-" + name + " " + text + " is missing"}});
            } else {
                mine.erase(found);
                record(out_.machine, {});
            }
        }
        for (const auto& text : mine)
            record(out_.machine, {{"-" + name, "-" + name + " " + text + " is not in libvirt's"}});
    }

    void machine() {
        machine_option();
        thing("accelerator", joined(ours_.one("accel"), {}), joined(theirs_.one("accel"), {}));
        thing(host_cpu_ ? "cpu of the host" : "cpu", cpu(ours_.one("cpu")), cpu(theirs_.one("cpu")));
        const auto memory = [](const Side& side) {
            const auto* m = side.one("m");
            if (!m) return std::string("(nothing)");
            auto text = std::to_string(size_in_bytes(m->get("size")));
            if (!m->get("maxmem").empty())
                text += " of " + std::to_string(size_in_bytes(m->get("maxmem"))) + " in " + m->get("slots") + " slots";
            return text;
        };
        thing("memory", memory(ours_), memory(theirs_));
        const auto processors = [](const Side& side) {
            const auto* smp = side.one("smp");  // one die is the usual
            return smp && smp->get("dies") == "1" ? joined(smp, {"dies"}) : joined(smp, {});
        };
        thing("smp", processors(ours_), processors(theirs_));
        const auto bite = [](const Side& side) {  // two ways to say it
            const auto* action = side.one("action");
            const auto* older = side.one("watchdog-action");
            return action && !action->get("watchdog").empty() ? action->get("watchdog") : older ? older->value : "";
        };
        thing("watchdog's action", bite(ours_), bite(theirs_));
        thing("clock", joined(ours_.one("rtc"), {}), joined(theirs_.one("rtc"), {}));
        thing("boot", joined(ours_.one("boot"), {}), joined(theirs_.one("boot"), {}));
        list("numa", [](const Side& side, const Option& option) {
            std::string out;
            for (const auto& [key, value] : option.properties)
                out += (out.empty() ? "" : ",") + key + "=" +
                       (key == "memdev" ? side.kind_of("object", value) : normal(value));
            return out;
        });
        const auto whole = [](const Side&, const Option& option) { return option.value; };
        for (const auto* name : {"kernel", "initrd", "append", "dtb", "bios", "usb", "soundhw", "acpitable"})
            list(name, whole);
        const auto properties = [](const Side&, const Option& option) { return joined(&option, {"file", "fd"}); };
        for (const auto* name : {"smbios", "fw_cfg", "global", "compat"}) list(name, properties);
        list("serial", whole);
    }

    // ── back ends ──
    // A disk's secret is called after the number of its image, and numbers are everybody's own.
    void secrets() {
        const auto count = [](const Side& side) {
            return std::ranges::count_if(side.all("object"), [](const Option* option) {
                return Side::kind_is_secret(*option) && option->get("id") != "masterKey0";
            });
        };
        const auto mine = count(ours_), theirs = count(theirs_);
        for (auto i = std::min(mine, theirs); i > 0; --i) record(out_.backends, {});
        for (auto i = mine; i < theirs; ++i) record(out_.backends, {{"object secret: missing", "a secret is missing"}});
        for (auto i = theirs; i < mine; ++i)
            record(out_.backends, {{"object secret: too many", "a secret is not in libvirt's"}});
    }

    void backends() {
        secrets();
        for (const std::string name : {"object", "netdev", "chardev", "fsdev", "audiodev", "tpmdev"}) {
            std::map<std::string, const Option*> mine;
            for (const auto* option : ours_.all(name))
                if (option->get("id") != "charmonitor" && !Side::kind_is_secret(*option))
                    mine[option->get("id")] = option;
            for (const auto* theirs : theirs_.all(name)) {
                const auto id = theirs->get("id");
                if (id == "charmonitor" || Side::kind_is_secret(*theirs)) continue;
                const auto kind = theirs->get(Side::kind_key(name));
                const auto found = mine.find(id);
                if (found == mine.end()) {
                    record(out_.backends,
                           {{name + " " + kind + ": missing", name + " " + id + " (" + kind + ") is missing"}});
                    continue;
                }
                record(out_.backends, backend(name, *found->second, *theirs));
                mine.erase(found);
            }
            for (const auto& [id, option] : mine) {
                const auto kind = option->get(Side::kind_key(name));
                record(out_.backends,
                       {{name + " " + kind + ": too many", name + " " + id + " (" + kind + ") is not in libvirt's"}});
            }
        }
        for (const std::string name : {"vnc", "spice", "display"}) {
            const auto mine = ours_.all(name).size(), theirs = theirs_.all(name).size();
            if (mine == theirs)
                record(out_.backends, {});
            else
                record(out_.backends, {{"-" + name, "-" + name + " " + std::to_string(mine) + " times, libvirt's " +
                                                        std::to_string(theirs)}});
        }
    }

    static std::vector<Difference> backend(const std::string& name, const Option& mine, const Option& theirs) {
        std::vector<Difference> found;
        const auto kind_key = Side::kind_key(name);
        const auto kind = theirs.get(kind_key);
        const bool memory = kind.starts_with("memory-backend");
        for (const std::string& key : {kind_key, std::string("size"), std::string("share"), std::string("policy"),
                                       std::string("host-nodes"), std::string("host-nodes.0"), std::string("prealloc"),
                                       std::string("discard-data"), std::string("hugetlb")}) {
            if (key != kind_key && !memory) continue;
            const auto a = normal(mine.get(key)), b = normal(theirs.get(key));
            if (a != b)
                found.push_back({name + " " + kind + ": " + key, name + " " + theirs.get("id") + ": " + key + " is '" +
                                                                     a + "', libvirt's '" + b + "'"});
        }
        return found;
    }

    const Side& ours_;
    const Side& theirs_;
    bool old_, host_cpu_;
    Comparison out_;
};

}  // namespace

Comparison compare(const std::vector<std::string>& ours, const std::vector<std::string>& libvirts, bool host_cpu) {
    const Side mine(ours), theirs(libvirts);
    return Comparer(mine, theirs, is_old_style(libvirts), host_cpu).run();
}

}  // namespace vireo::corpus
