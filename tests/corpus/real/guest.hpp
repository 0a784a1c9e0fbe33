// SPDX-License-Identifier: LGPL-2.1-or-later
// A definition as a paused QEMU of this machine, and what that QEMU says it has.
#pragma once
#include "model/domain.hpp"
#include "qemu/capabilities.hpp"
#include "support/task.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace vireo::corpus {
namespace json = boost::json;

// One device of QEMU's: its QOM type, and those of its properties that say where it is and what is behind it. Links
// are the paths of what they lead to; empty: nowhere.
struct QemuDevice {
    QemuDevice() = default;
    std::string path;  // "/machine/peripheral/net0"
    std::string type;  // "virtio-net-pci"
    json::object properties;

    std::string text(std::string_view property) const;  // empty: it has no such property
    std::optional<std::int64_t> number(std::string_view property) const;
};

struct Answers {
    Answers() = default;
    std::map<std::string, QemuDevice> devices;       // by id: /machine/peripheral
    std::vector<QemuDevice> unnamed;                 // /machine/peripheral-anon
    std::map<std::string, json::value> said;         // by QMP command; missing: this QEMU has no such thing
    std::string tree;                                // "info qtree"
    std::vector<std::vector<std::uint32_t>> images;  // CommandLine::images

    const json::value* get(const std::string& command) const;
};

// Made once for all of a run: empty images, one of each format.
class ImageTemplates {
public:
    explicit ImageTemplates(std::filesystem::path folder) : folder_(std::move(folder)) {}
    // Failure(unsupported): qemu-img cannot make this format.
    Task<Result<std::filesystem::path>> get(model::DiskFormat format);

private:
    std::filesystem::path folder_;
    std::map<model::DiskFormat, Result<std::filesystem::path>> made_;
};

// Makes the files that a runnable definition names and that are not there yet. Formats that cannot be made are raw from
// then on: those are returned, for the report.
Task<std::vector<std::string>> make_files(model::Domain& domain, ImageTemplates& templates);

// For a domain that was completed and has aliases. `folder` holds its sockets. Throws what the command line or QEMU
// says. Nothing is left running.
Task<Answers> start_and_ask(const model::Domain& domain, const qemu::Capabilities& capabilities,
                            std::filesystem::path folder);

}  // namespace vireo::corpus
