// SPDX-License-Identifier: LGPL-2.1-or-later
// A made-up machine: the files of /sys and /dev that say which devices it has, and the kernel's part in what is
// written there.
#pragma once
#include "host/sysfs.hpp"
#include "support/file.hpp"
#include "tests/support/folder.hpp"

#include <map>
#include <string>
#include <vector>

namespace vireo::test {

class HostTree {
public:
    const std::filesystem::path& root() const { return folder_.path(); }

    void folder(const std::string& path) { std::filesystem::create_directories(root() / path); }
    void text(const std::string& path, const std::string& content) {
        std::filesystem::create_directories((root() / path).parent_path());
        take(replace_file(root() / path, content, 0600, Durable::no));
    }
    void link(const std::string& path, const std::string& target) {
        std::filesystem::create_directories((root() / path).parent_path());
        std::filesystem::remove(root() / path);
        std::filesystem::create_symlink(target, root() / path);
    }

    void driver(const std::string& name) { folder("sys/bus/pci/drivers/" + name); }
    // A device with this driver (empty: none), in this IOMMU group (empty: in none).
    void pci(const std::string& place, const std::string& group, const std::string& driver_name,
             const std::string& kind = "0x020000") {
        const auto device = "sys/bus/pci/devices/" + place;
        text(device + "/class", kind + "\n");
        text(device + "/driver_override", "(null)\n");
        if (!group.empty()) {
            link(device + "/iommu_group", "../../../../kernel/iommu_groups/" + group);
            link("sys/kernel/iommu_groups/" + group + "/devices/" + place, "../../../../bus/pci/devices/" + place);
        }
        own_[place] = driver_name;
        if (!driver_name.empty()) bind(place, driver_name);
    }
    void usb(const std::string& name, int bus, int device, const std::string& vendor, const std::string& product,
             const std::string& port) {
        const auto at = "sys/bus/usb/devices/" + name;
        text(at + "/busnum", std::to_string(bus) + "\n");
        text(at + "/devnum", std::to_string(device) + "\n");
        text(at + "/idVendor", vendor + "\n");
        text(at + "/idProduct", product + "\n");
        text(at + "/devpath", port + "\n");
    }
    std::string driver_of(const std::string& place) const {
        return host::link_name(root() / "sys/bus/pci/devices" / place / "driver");
    }

    // What happens to what is written; the write with this number fails.
    host::AttributeWriter kernel(std::size_t fail_at = ~std::size_t(0)) {
        auto count = std::make_shared<std::size_t>(0);
        return [this, fail_at, count](const std::filesystem::path& file, std::string_view value) -> Result<> {
            if ((*count)++ == fail_at) return fail(Errc::system_failed, "the kernel refused");
            return took(file, std::string(value));
        };
    }
    const std::vector<std::string>& written() const { return written_; }  // "devices/…/driver_override=vfio-pci"

private:
    void bind(const std::string& place, const std::string& name) {
        driver(name);
        link("sys/bus/pci/devices/" + place + "/driver", "../../../../bus/pci/drivers/" + name);
    }

    Result<> took(const std::filesystem::path& file, const std::string& value) {
        const auto name = file.lexically_relative(root() / "sys/bus/pci").string();
        written_.push_back(name + "=" + value);
        if (name.ends_with("driver_override")) {
            take(replace_file(file, value == "\n" ? "(null)\n" : value + "\n", 0600, Durable::no));
        } else if (name.ends_with("unbind")) {
            std::filesystem::remove(file.parent_path());
        } else if (name == "drivers_probe") {
            const auto device = root() / "sys/bus/pci/devices" / value;
            const auto wanted = host::read_text(device / "driver_override");
            if (driver_of(value).empty()) {
                if (wanted != "(null)")
                    bind(value, wanted);
                else if (!own_[value].empty())
                    bind(value, own_[value]);
            }
        }
        return {};
    }

    Folder folder_;
    std::map<std::string, std::string> own_;  // the driver that the kernel chooses for a device
    std::vector<std::string> written_;
};

}  // namespace vireo::test
