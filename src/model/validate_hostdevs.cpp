// SPDX-License-Identifier: LGPL-2.1-or-later
// Devices and folders of the host.
#include "model/each_device.hpp"
#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>
#include <type_traits>

namespace vireo::model {
namespace {
using Type = Hostdev::Type;

class HostdevCheck {
public:
    HostdevCheck(const Hostdev& hostdev, const Devices& devices)
        : hostdev_(hostdev), source_(hostdev.source), devices_(devices) {}

    Result<> run() const {
        if (auto good = attributes(); !good) return good;
        if (auto good = place(); !good) return good;
        if (auto good = source_parts(); !good) return good;
        switch (hostdev_.type) {
            case Type::pci:
                return pci();
            case Type::usb:
                return usb();
            case Type::scsi:
                return scsi();
            case Type::scsi_host:
                return scsi_host();
            case Type::mdev:
                return mediated();
        }
        return {};
    }

private:
    Failure wrong(std::string_view what) const {
        return fail(Errc::invalid_config, "hostdev of type ", to_string(hostdev_.type), ": ", what);
    }
    Result<> only(bool given, bool fits, std::string_view what) const {
        if (!given || fits) return {};
        return wrong("it has no " + std::string(what));
    }

    Result<> attributes() const {
        const bool is_scsi = hostdev_.type == Type::scsi, is_mdev = hostdev_.type == Type::mdev;
        for (const auto& good :
             {only(hostdev_.sgio.has_value(), is_scsi, "sgio"), only(hostdev_.rawio.has_value(), is_scsi, "rawio"),
              only(hostdev_.readonly, is_scsi, "readonly"), only(hostdev_.shareable, is_scsi, "shareable"),
              only(hostdev_.display.has_value(), is_mdev, "display"),
              only(hostdev_.ramfb.has_value(), is_mdev, "ramfb"),
              only(hostdev_.model.has_value(), is_mdev || hostdev_.type == Type::scsi_host, "model"),
              only(hostdev_.driver.has_value(), hostdev_.type == Type::pci, "driver"),
              only(hostdev_.teaming.has_value(), hostdev_.type == Type::pci, "teaming"),
              only(hostdev_.info.rom.has_value(), hostdev_.type == Type::pci || is_mdev, "rom")})
            if (!good) return good;
        return {};
    }

    Result<> place() const {
        const auto& info = hostdev_.info;
        if (!info.address) return {};
        const bool on_pci = info.at<PciAddress>(), on_ccw = info.at<CcwAddress>();
        bool fits = false;
        switch (hostdev_.type) {
            case Type::pci:
                fits = on_pci || info.at<UnassignedAddress>();
                break;
            case Type::usb:
                fits = info.at<UsbAddress>();
                break;
            case Type::scsi:
                fits = info.at<DriveAddress>();
                break;
            case Type::scsi_host:
            case Type::mdev:
                fits = on_pci || on_ccw;
                break;
        }
        return fits ? Result<>() : Result<>(wrong("its <address> is of a type that it cannot have"));
    }

    // What belongs to another type would be ignored.
    Result<> source_parts() const {
        using Protocol = HostdevSource::Protocol;
        const bool is_usb = hostdev_.type == Type::usb;
        const bool iscsi = hostdev_.type == Type::scsi && source_.protocol == Protocol::iscsi;
        for (const auto& good :
             {only(source_.startup_policy.has_value(), is_usb, "startupPolicy"),
              only(source_.guest_reset.has_value(), is_usb, "guestReset"),
              only(source_.vendor.has_value(), is_usb, "vendor"), only(source_.product.has_value(), is_usb, "product"),
              only(source_.write_filtering.has_value(), false, "writeFiltering, which is Xen's"),
              only(!source_.adapter.empty(), hostdev_.type == Type::scsi && !iscsi, "adapter"),
              only(!source_.hosts.empty(), iscsi, "host"), only(!source_.name.empty(), iscsi, "name"),
              only(source_.auth.has_value(), iscsi, "auth"), only(source_.initiator.has_value(), iscsi, "initiator"),
              only(!source_.wwpn.empty(), hostdev_.type == Type::scsi_host, "wwpn")})
            if (!good) return good;
        return {};
    }

    Result<> pci() const {
        using Name = HostdevDriver::Name;
        if (!source_.address) return wrong("its source needs an <address>");
        const auto& at = *source_.address;
        constexpr std::uint32_t most_slot = 31, most_function = 7, most_bus = 255;
        if (at.bus.value_or(0) > most_bus || at.slot.value_or(0) > most_slot || at.function.value_or(0) > most_function)
            return wrong("the <address> of its source is none of PCI");
        if (hostdev_.driver && hostdev_.driver->name && hostdev_.driver->name != Name::vfio)
            return wrong("the driver '" + std::string(to_string(*hostdev_.driver->name)) + "' is gone; vfio is there");
        if (hostdev_.teaming && hostdev_.teaming->type != HostdevTeaming::Type::transient)
            return wrong("its <teaming> must be of type transient");
        if (hostdev_.teaming && hostdev_.teaming->persistent.empty())
            return wrong("its <teaming> needs persistent='the alias of the interface that stays'");
        return check_path(hostdev_.info.rom ? hostdev_.info.rom->file : std::string(), "hostdev rom");
    }

    Result<> usb() const {
        const bool by_id = source_.vendor || source_.product;
        if (by_id && !(source_.vendor && source_.product)) return wrong("its source needs both <vendor> and <product>");
        if (by_id && *source_.vendor == 0) return wrong("the <vendor> of its source cannot be 0");
        const bool by_place =
            source_.address && source_.address->bus && (source_.address->device || !source_.address->port.empty());
        if (!by_id && !by_place)
            return wrong(
                "its source needs <vendor> and <product>, or an <address> "
                "with bus and device");
        return {};
    }

    Result<> scsi() const {
        if (hostdev_.sgio == Hostdev::Sgio::unfiltered)
            return wrong("sgio='unfiltered' is possible with no kernel of today; leave it out");
        if (source_.protocol == HostdevSource::Protocol::vhost) return wrong("its protocol is iscsi, or none");
        if (source_.protocol == HostdevSource::Protocol::iscsi) {
            StorageSource source;
            source.protocol = NetworkProtocol::iscsi;
            source.name = source_.name;
            source.hosts = source_.hosts;
            source.auth = source_.auth;
            return check_source(source, SourceType::network, DiskFormat::raw, "hostdev of type scsi");
        }
        if (source_.adapter.empty()) return wrong("its source needs an <adapter>");
        const auto number = source_.adapter.find_first_of("0123456789");
        if (!source_.adapter.starts_with("scsi_host") || number == std::string::npos)
            return wrong("'" + source_.adapter + "' is no adapter: 'scsi_host0' is one");
        if (!source_.address || !source_.address->bus || !source_.address->target || !source_.address->unit)
            return wrong("its source needs an <address> with bus, target and unit");
        return {};
    }

    Result<> scsi_host() const {
        if (source_.protocol != HostdevSource::Protocol::vhost) return wrong("its source needs protocol='vhost'");
        constexpr std::string_view prefix = "naa.";
        constexpr std::size_t digits = 16;
        const std::string_view wwpn = source_.wwpn;
        if (!wwpn.starts_with(prefix) || wwpn.size() != prefix.size() + digits ||
            wwpn.substr(prefix.size()).find_first_not_of("0123456789abcdefABCDEF") != wwpn.npos)
            return wrong("its source needs a wwpn: 'naa.' and 16 hexadecimal digits");
        if (hostdev_.model && *hostdev_.model > Hostdev::Model::virtio_non_transitional)
            return wrong("the model '" + std::string(to_string(*hostdev_.model)) + "' is one of mdev");
        if (hostdev_.boot_order) return wrong("nothing boots from it: it has no <boot order='…'/>");
        return {};
    }

    Result<> mediated() const {
        using Model = Hostdev::Model;
        if (!source_.address || !source_.address->uuid) return wrong("the <address> of its source needs a uuid");
        if (!hostdev_.model) return wrong("it needs a model: vfio-pci, vfio-ccw or vfio-ap");
        if (*hostdev_.model <= Model::virtio_non_transitional)
            return wrong("the model '" + std::string(to_string(*hostdev_.model)) + "' is none of mdev");
        if ((hostdev_.display || hostdev_.ramfb) && hostdev_.model != Model::vfio_pci)
            return wrong("display and ramfb are for the model vfio-pci");
        if (hostdev_.ramfb == true && hostdev_.display != true) return wrong("ramfb='on' needs display='on'");
        if (hostdev_.display == true && devices_.graphics.empty())
            return wrong("display='on' needs a <graphics> to show it");
        if (hostdev_.boot_order && hostdev_.model != Model::vfio_ccw)
            return wrong("nothing boots from the model " + std::string(to_string(*hostdev_.model)));
        const auto& info = hostdev_.info;
        if (hostdev_.model == Model::vfio_ccw && info.address && !info.at<CcwAddress>())
            return wrong("the model vfio-ccw needs an <address> of type ccw");
        if (hostdev_.model == Model::vfio_pci && info.address && !info.at<PciAddress>())
            return wrong("the model vfio-pci needs an <address> of type pci");
        return {};
    }

    const Hostdev& hostdev_;
    const HostdevSource& source_;
    const Devices& devices_;
};

// Do both name one device of the host?
bool same_device(const Hostdev& a, const Hostdev& b) {
    if (a.type != b.type || a.source.protocol != b.source.protocol) return false;
    const auto& one = a.source;
    const auto& two = b.source;
    const auto place = [](const HostdevSource& source) {
        auto address = source.address.value_or(HostdevAddress());
        address.type.reset();
        address.kept.reset();
        address.domain = address.domain.value_or(0);
        return address;
    };
    switch (a.type) {
        case Type::usb:
            if (one.address && two.address) return place(one) == place(two);
            return !one.address && !two.address && one.vendor == two.vendor && one.product == two.product;
        case Type::scsi_host:
            return one.wwpn == two.wwpn;
        case Type::scsi:
            if (one.protocol) return one.name == two.name && one.hosts == two.hosts;
            return one.adapter == two.adapter && place(one) == place(two);
        default:
            return place(one) == place(two);
    }
}

// The same for a network card of the host.
bool same_device(const Hostdev& hostdev, const Interface& interface) {
    if (interface.type != Interface::Type::hostdev || !interface.source || !interface.source->host_device) return false;
    const auto* at = std::get_if<PciAddress>(&*interface.source->host_device);
    if (!at || hostdev.type != Type::pci || !hostdev.source.address) return false;
    const auto& own = *hostdev.source.address;
    return at->domain == own.domain.value_or(0) && at->bus == own.bus.value_or(0) && at->slot == own.slot.value_or(0) &&
           at->function == own.function.value_or(0);
}

class FilesystemCheck {
public:
    FilesystemCheck(const Filesystem& filesystem, const Domain& domain) : fs_(filesystem), domain_(domain) {}

    Result<> run() const {
        using Driver = FilesystemDriver::Type;
        using Access = Filesystem::Access;
        if (fs_.type != Filesystem::Type::mount)
            return wrong("its type is '" + std::string(to_string(fs_.type)) + "'; QEMU has mount only");
        const auto driver = fs_.driver && fs_.driver->type ? *fs_.driver->type : Driver::path;
        if (driver != Driver::path && driver != Driver::handle && driver != Driver::virtiofs)
            return wrong("its driver is '" + std::string(to_string(driver)) + "'; QEMU has path and virtiofs");
        if (fs_.driver && !fs_.driver->format.empty()) return wrong("its driver has no format");
        if (fs_.target.empty()) return wrong("it needs a <target dir=…>, the name by which the guest mounts it");
        if (!fs_.source || (fs_.source->dir.empty() && fs_.source->socket.empty()))
            return wrong("it needs a <source dir=…>");
        const auto& source = *fs_.source;
        if (!source.file.empty() || !source.dev.empty() || !source.name.empty() || !source.pool.empty() ||
            !source.volume.empty() || source.usage)
            return wrong("the source of the type mount is a dir or a socket");
        if (auto good = check_path(source.dir, "filesystem source"); !good) return good;
        if (auto good = check_path(source.socket, "filesystem source"); !good) return good;
        if (fs_.space_hard_limit || fs_.space_soft_limit) return wrong("QEMU cannot limit its space");
        const bool modes = !fs_.fmode.empty() || !fs_.dmode.empty();
        if (modes && fs_.access != Access::mapped) return wrong("fmode and dmode need accessmode='mapped'");
        for (const auto* mode : {&fs_.fmode, &fs_.dmode})
            if (!is_mode(*mode)) return wrong("'" + *mode + "' is no octal mode of files, which is at most 0777");
        if (driver == Driver::handle && fs_.access.value_or(Access::passthrough) != Access::passthrough)
            return wrong("the driver handle needs accessmode='passthrough'");
        return driver == Driver::virtiofs ? virtiofs() : plan9();
    }

private:
    Failure wrong(std::string_view what) const {
        return fail(Errc::invalid_config, "filesystem '", fs_.target, "': ", what);
    }

    static bool is_mode(std::string_view mode) {
        constexpr std::size_t most_digits = 3;
        if (mode.find_first_not_of("01234567") != mode.npos) return false;
        while (mode.starts_with('0')) mode.remove_prefix(1);
        return mode.size() <= most_digits;
    }

    Result<> plan9() const {
        if (!fs_.source->socket.empty()) return wrong("a socket is for the driver virtiofs");
        if (fs_.binary || fs_.idmap) return wrong("<binary> and <idmap> are for the driver virtiofs");
        if (fs_.driver && fs_.driver->queue) return wrong("queue is for the driver virtiofs");
        if (fs_.boot_order) return wrong("nothing boots from it without the driver virtiofs");
        return {};
    }

    Result<> virtiofs() const {
        if (fs_.model) return wrong("virtiofs has no choice of models");
        if (fs_.readonly) return wrong("virtiofs is not possible with <readonly/>: its server cannot");
        if (fs_.access && fs_.access != Filesystem::Access::passthrough)
            return wrong("virtiofs has accessmode='passthrough' only");
        if (fs_.multidevs && fs_.multidevs != Filesystem::MultipleDevices::default_)
            return wrong("multidevs is for 9p");
        if (fs_.driver->write_policy) return wrong("wrpolicy is for 9p");
        if (!fs_.source->socket.empty() && (!fs_.source->dir.empty() || fs_.binary || fs_.idmap))
            return wrong(
                "a server that has its socket already takes neither dir nor "
                "<binary> nor <idmap>");
        if (auto good = need_shared_memory(domain_, "filesystem '" + fs_.target + "': virtiofs"); !good) return good;
        return check_path(fs_.binary ? fs_.binary->path : std::string(), "filesystem binary");
    }

    const Filesystem& fs_;
    const Domain& domain_;
};

Result<> validate_initiators(const Domain& domain) {
    std::string_view wrong_user;
    for_each_device(domain.devices, [&]<class Device>(const Device& device) {
        if constexpr (!std::is_same_v<Device, Hostdev>)
            if (!device.info.acpi_nodes.empty()) wrong_user = "another device";
    });
    for (const auto& hostdev : domain.devices.hostdevs) {
        const auto& nodes = hostdev.info.acpi_nodes;
        if (nodes.empty()) continue;
        if (hostdev.type != Hostdev::Type::pci) wrong_user = to_string(hostdev.type);
        const auto cells = domain.cpu && domain.cpu->numa ? domain.cpu->numa->cells.size() : 0;
        if (nodes.last() >= cells)
            return fail(Errc::invalid_config, "hostdev of type ", to_string(hostdev.type), ": acpi nodeset names cell ",
                        std::to_string(nodes.last()), " of <numa>, which is not there");
    }
    if (!wrong_user.empty())
        return fail(Errc::invalid_config, "acpi nodeset is for a hostdev of type pci, not for ", wrong_user);
    return {};
}

}  // namespace

Result<> validate_hostdevs(const Domain& domain) {
    if (auto good = validate_initiators(domain); !good) return good;
    const auto& devices = domain.devices;
    const auto& hostdevs = devices.hostdevs;
    const auto hostdev = [&](const Hostdev& it) { return HostdevCheck(it, devices).run(); };
    if (auto good = check_each(hostdevs, "hostdev", hostdev); !good) return good;
    std::size_t crypto_adapters = 0, early_screens = 0;
    for (std::size_t i = 0; i < hostdevs.size(); ++i) {
        const auto same = [&](const auto& other) { return same_device(hostdevs[i], other); };
        if (std::any_of(hostdevs.begin(), hostdevs.begin() + static_cast<std::ptrdiff_t>(i), same) ||
            std::ranges::any_of(devices.interfaces, same))
            return fail(Errc::invalid_config, "hostdev of type ", to_string(hostdevs[i].type),
                        ": two of them are the same device of the host");
        crypto_adapters += hostdevs[i].model == Hostdev::Model::vfio_ap;
        early_screens += hostdevs[i].ramfb == true;
    }
    if (crypto_adapters > 1) return fail(Errc::invalid_config, "hostdev of type mdev: only one vfio-ap is possible");
    if (early_screens > 1) return fail(Errc::invalid_config, "hostdev of type mdev: only one can have ramfb='on'");
    std::set<std::string_view> tags;
    for (const auto& filesystem : devices.filesystems) {
        if (auto good = FilesystemCheck(filesystem, domain).run(); !good) return good;
        const bool virtiofs = filesystem.driver && filesystem.driver->type == FilesystemDriver::Type::virtiofs;
        if (virtiofs && !tags.insert(filesystem.target).second)
            return fail(Errc::invalid_config, "filesystem '", filesystem.target, "': two of virtiofs have this tag");
    }
    return {};
}

}  // namespace vireo::model
