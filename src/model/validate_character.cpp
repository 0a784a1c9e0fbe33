// SPDX-License-Identifier: LGPL-2.1-or-later
// Serial ports, parallel ports, consoles, channels, redirected devices and smart cards, and the host's ends of them.
#include "model/validate_parts.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <set>

namespace vireo::model {
namespace {

Failure wrong(std::string what) {
    return fail(Errc::invalid_config, std::move(what));
}

class BackendCheck {
public:
    BackendCheck(const CharBackend& backend, const Domain& domain, std::string_view device)
        : backend_(backend),
          domain_(domain),
          device_(device),
          source_(backend.source() ? *backend.source() : nothing_) {}

    // A channel's unix socket is made by Vireo when it has no path; so is the one of a console that repeats a serial.
    Result<> run(bool path_needed) const {
        for (auto check : {&BackendCheck::type_possible, &BackendCheck::network, &BackendCheck::useless_parts,
                           &BackendCheck::names, &BackendCheck::reconnection})
            if (auto good = (this->*check)(); !good) return good;
        using enum CharType;
        const auto type = backend_.type;
        const bool opens = type == CharType::file || type == dev || type == pipe;
        if (source_.path.empty() && (opens || (type == unix_ && path_needed))) return missing("a source with a path");
        const bool by_spice = type == spicevmc || type == spiceport;
        if (by_spice && std::ranges::find(domain_.devices.graphics, Graphics::Type::spice, &Graphics::type) ==
                            domain_.devices.graphics.end())
            return missing("a <graphics type='spice'>, which carries it");
        if (auto good = check_labels(source_.labels, domain_, device_); !good) return good;
        if (backend_.log)
            if (auto good = check_path(backend_.log->file, std::string(device_) + " log"); !good) return good;
        return check_path(source_.path, std::string(device_) + " source");
    }

private:
    Result<> type_possible() const {
        if (backend_.type == CharType::nmdm) return wrong(start() + "QEMU has no such thing, only bhyve has");
        if (backend_.sources.size() > (backend_.type == CharType::udp ? 2 : 1))
            return wrong(start() + "it has more sources than are possible");
        return {};
    }

    Result<> network() const {
        const bool tcp = backend_.type == CharType::tcp, udp = backend_.type == CharType::udp;
        if (tcp) {
            if (source_.service.empty()) return missing("a source with a service, the port");
            if (source_.host.empty()) return missing("a source with a host");
            return {};
        }
        if (udp) {
            const auto* to = backend_.source(CharSource::Mode::connect);
            if (!to || to->service.empty())
                return missing("a source of mode connect with a service, the port that it sends to");
            return {};
        }
        if (!source_.host.empty()) return useless("host");
        if (!source_.service.empty()) return useless("service");
        if (source_.tls) return useless("tls");
        if (backend_.protocol.value_or(CharBackend::Protocol::raw) != CharBackend::Protocol::raw)
            return useless("protocol other than raw");
        return {};
    }

    Result<> useless_parts() const {
        using enum CharType;
        const auto type = backend_.type;
        const auto is = [type](std::initializer_list<CharType> types) {
            return std::ranges::find(types, type) != types.end();
        };
        if (!source_.path.empty() && !is({CharType::file, unix_, pty, dev, pipe})) return useless("path");
        if (source_.mode && !is({unix_, tcp, udp})) return useless("mode");
        if (source_.append && !is({CharType::file, unix_, pty, dev, pipe})) return useless("append");
        if (!source_.channel.empty() && !is({spiceport, dbus})) return useless("channel");
        if ((source_.clipboard || source_.mouse) && !is({qemu_vdagent})) return useless("clipboard or mouse");
        return {};
    }

    Result<> names() const {
        if (backend_.type != CharType::spiceport && backend_.type != CharType::dbus) return {};
        if (source_.channel.empty()) return missing("a source with a channel, its name");
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
        if (source_.channel.find_first_not_of(letters) != std::string::npos)
            return wrong(start() + "the channel '" + source_.channel +
                         "' has characters other than letters, digits and -_.");
        return {};
    }

    Result<> reconnection() const {
        if (!source_.reconnect) return {};
        const auto& reconnect = *source_.reconnect;
        if (backend_.type != CharType::tcp && backend_.type != CharType::unix_) return useless("reconnect");
        if (reconnect.enabled != true) return {};
        if (source_.mode == CharSource::Mode::bind || (backend_.type == CharType::unix_ && source_.path.empty()))
            return wrong(start() + "only a source of mode connect can reconnect");
        if (!reconnect.timeout) return missing("a timeout, in seconds, in <reconnect>");
        if (*reconnect.timeout == 0) return wrong(start() + "the timeout of <reconnect> cannot be 0");
        return {};
    }

    std::string start() const {
        return std::string(device_) + " of type " + std::string(to_string(backend_.type)) + ": ";
    }
    Failure useless(std::string_view what) const { return wrong(start() + "it has no " + std::string(what)); }
    Failure missing(std::string_view what) const { return wrong(start() + "it needs " + std::string(what)); }

    const CharBackend& backend_;
    const Domain& domain_;
    std::string_view device_;
    const CharSource nothing_;
    const CharSource& source_;
};

// Each model of a serial port belongs to one type of target.
struct SerialModel {
    std::string_view model;
    SerialTarget::Type type;
};
constexpr std::array serial_models{
    SerialModel{"isa-serial", SerialTarget::Type::isa_serial},
    SerialModel{"usb-serial", SerialTarget::Type::usb_serial},
    SerialModel{"pci-serial", SerialTarget::Type::pci_serial},
    SerialModel{"spapr-vty", SerialTarget::Type::spapr_vio_serial},
    SerialModel{"pl011", SerialTarget::Type::system_serial},
    SerialModel{"16550a", SerialTarget::Type::system_serial},
    SerialModel{"sclpconsole", SerialTarget::Type::sclp_serial},
    SerialModel{"sclplmconsole", SerialTarget::Type::sclp_serial},
    SerialModel{"isa-debugcon", SerialTarget::Type::isa_debug},
};

template <class Wanted>
bool fits(const DeviceInfo& info) {
    return !info.address || info.at<Wanted>();
}

Result<> validate_serial(const Serial& serial, const Domain& domain) {
    if (auto good = BackendCheck(serial.backend, domain, "serial").run(true); !good) return good;
    if (serial.backend.type == CharType::spicevmc) return wrong("serial: the type spicevmc is for channels");
    if (!serial.target) return {};
    const auto& target = *serial.target;
    if (!target.model.empty()) {
        const auto known = std::ranges::find(serial_models, target.model, &SerialModel::model);
        if (known == serial_models.end()) return wrong("serial: '" + target.model + "' is no model of a serial port");
        if (target.type && target.type != known->type)
            return wrong("serial: the model '" + target.model + "' needs the target type '" +
                         std::string(to_string(known->type)) + "'");
    }
    using enum SerialTarget::Type;
    const auto type = target.type.value_or(isa_serial);
    const bool good = !target.type || (type == isa_serial         ? fits<IsaAddress>(serial.info)
                                       : type == isa_debug        ? fits<IsaAddress>(serial.info)
                                       : type == usb_serial       ? fits<UsbAddress>(serial.info)
                                       : type == pci_serial       ? fits<PciAddress>(serial.info)
                                       : type == spapr_vio_serial ? fits<SpaprVioAddress>(serial.info)
                                                                  : !serial.info.address);
    if (!good)
        return wrong("serial: the target type '" + std::string(to_string(type)) + "' has another type of address");
    return {};
}

Result<> validate_console(const Console& console, const Domain& domain, bool first) {
    using enum ConsoleTarget::Type;
    const auto type = console.target ? console.target->type.value_or(serial) : serial;
    if (type == xen || type == lxc || type == openvz || type == ConsoleTarget::Type::none)
        return wrong("console: the target type '" + std::string(to_string(type)) + "' is not possible with QEMU");
    if (console.target && console.target->type == serial && !first)
        return wrong("console: only the first console can be of type serial");
    if (console.backend.type == CharType::spicevmc) return wrong("console: the type spicevmc is for channels");
    return BackendCheck(console.backend, domain, "console").run(true);
}

constexpr std::string_view spice_agent = "com.redhat.spice.0";

Result<> validate_channel(const Channel& channel, const Domain& domain) {
    using enum ChannelTarget::Type;
    const auto& target = channel.target;
    const auto type = channel.backend.type;
    if (target.type == xen) return wrong("channel: the target type 'xen' is not possible with QEMU");
    if (target.type == guestfwd) {
        if (target.address.empty() || !target.port)
            return wrong("channel: the target type guestfwd needs an address and a port");
        in_addr bits{};
        if (::inet_pton(AF_INET, target.address.c_str(), &bits) != 1)
            return wrong("channel: the target type guestfwd needs an IPv4 address, and '" + target.address +
                         "' is none");
        if (type == CharType::spicevmc || type == CharType::qemu_vdagent)
            return wrong("channel: the type " + std::string(to_string(type)) + " needs the target type virtio");
    } else if (!target.address.empty() || target.port) {
        return wrong("channel: address and port are for the target type guestfwd");
    } else if (type == CharType::spicevmc && !target.name.empty() && target.name != spice_agent) {
        return wrong("channel: the type spicevmc has the name '" + std::string(spice_agent) + "', not '" + target.name +
                     "'");
    }
    return BackendCheck(channel.backend, domain, "channel").run(target.type == guestfwd);
}

bool is_hex(std::string_view word, std::size_t digits) {
    if (word.starts_with("0x") || word.starts_with("0X")) word.remove_prefix(2);
    return !word.empty() && word.size() <= digits &&
           word.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

Result<> validate_rule(const RedirRule& rule) {
    const auto any = [](const std::string& word) { return word.empty() || word == "-1"; };
    if (!any(rule.device_class) && !is_hex(rule.device_class, 2))
        return wrong("redirfilter: the class '" + rule.device_class + "' is not a hexadecimal number of one byte");
    for (const auto* id : {&rule.vendor, &rule.product})
        if (!any(*id) && !is_hex(*id, 4))
            return wrong("redirfilter: '" + *id + "' is not a hexadecimal number of two bytes");
    if (any(rule.version)) return {};
    const auto dot = rule.version.find('.');
    const auto number = [](std::string_view part) {
        return !part.empty() && part.size() <= 2 && part.find_first_not_of("0123456789") == part.npos;
    };
    const std::string_view version = rule.version;
    if (dot == std::string::npos || !number(version.substr(0, dot)) || !number(version.substr(dot + 1)))
        return wrong("redirfilter: the version '" + rule.version + "' is not of the form 1.10");
    return {};
}

Result<> validate_smartcard(const Smartcard& smartcard, const Domain& domain) {
    using enum Smartcard::Mode;
    const auto mode = smartcard.mode;
    const std::string start = "smartcard of mode " + std::string(to_string(mode)) + ": ";
    const bool connected = smartcard.type || !smartcard.sources.empty() || smartcard.protocol || smartcard.log;
    if (mode != passthrough && connected) return wrong(start + "only passthrough has a type and a source");
    if (mode != host_certificates && (!smartcard.certificates.empty() || !smartcard.database.empty()))
        return wrong(start + "only host-certificates has certificates and a database");
    if (mode == host_certificates) {
        constexpr std::size_t wanted = 3;
        if (smartcard.certificates.size() != wanted) return wrong(start + "it needs exactly three certificates");
        if (std::ranges::any_of(smartcard.certificates, &std::string::empty))
            return wrong(start + "a certificate is empty");
        return check_path(smartcard.database, "smartcard database");
    }
    if (mode == host) return {};
    if (!smartcard.type) return wrong(start + "it needs a type");
    const auto backend = smartcard.backend();
    return BackendCheck(backend, domain, "smartcard").run(true);
}

}  // namespace

CharBackend Smartcard::backend() const {
    CharBackend backend;
    backend.type = type.value_or(CharType::spicevmc);
    backend.sources = sources;
    backend.protocol = protocol;
    backend.log = log;
    return backend;
}

namespace {
// QEMU's readers of smart cards have one slot, and there is one reader.
Result<> validate_smartcards(const Domain& domain) {
    const auto& smartcards = domain.devices.smartcards;
    if (smartcards.size() > 1) return wrong("smartcard: only one is possible");
    for (const auto& smartcard : smartcards) {
        if (const auto* at = smartcard.info.at<CcidAddress>(); at && (at->controller || at->slot.value_or(0)))
            return wrong("smartcard: its place is the controller 0 and the slot 0");
        if (auto good = validate_smartcard(smartcard, domain); !good) return good;
    }
    return {};
}

// The guest knows them by these names.
Result<> validate_channel_names(const std::vector<Channel>& channels) {
    std::set<std::string_view> names;
    for (const auto& channel : channels)
        if (!channel.target.name.empty() && !names.insert(channel.target.name).second)
            return wrong("channel: there are two of the name '" + channel.target.name + "'");
    return {};
}
}  // namespace

Result<> validate_character(const Domain& domain) {
    const auto& devices = domain.devices;
    if (auto good = validate_smartcards(domain); !good) return good;
    const auto serial = [&](const Serial& it) { return validate_serial(it, domain); };
    const auto parallel = [&](const Parallel& it) { return BackendCheck(it.backend, domain, "parallel").run(true); };
    const auto console = [&](const Console& it) {
        return validate_console(it, domain, &it == devices.consoles.data());
    };
    const auto channel = [&](const Channel& it) { return validate_channel(it, domain); };
    if (auto good = check_each(devices.serials, "serial", serial); !good) return good;
    if (auto good = check_each(devices.parallels, "parallel", parallel); !good) return good;
    if (auto good = check_each(devices.consoles, "console", console); !good) return good;
    if (auto good = check_each(devices.channels, "channel", channel); !good) return good;
    if (auto good = validate_channel_names(devices.channels); !good) return good;
    for (const auto& redirdev : devices.redirdevs)
        if (auto good = BackendCheck(redirdev.backend, domain, "redirdev").run(true); !good) return good;
    if (devices.redirfilter)
        for (const auto& rule : devices.redirfilter->rules)
            if (auto good = validate_rule(rule); !good) return good;
    for (const auto& rng : devices.rngs)
        if (const auto* egd = std::get_if<RngEgd>(&rng.backend))
            if (auto good = BackendCheck(egd->backend, domain, "rng").run(true); !good) return good;
    return {};
}

}  // namespace vireo::model
