// SPDX-License-Identifier: LGPL-2.1-or-later
// What may be said of one storage source: its type and protocol decide.
#include "model/validate_parts.hpp"

#include <algorithm>
#include <set>

namespace vireo::model {
namespace {
using enum NetworkProtocol;

constexpr bool is_http(NetworkProtocol p) {
    return p == http || p == https;
}
constexpr bool is_curl(NetworkProtocol p) {
    return is_http(p) || p == ftp || p == ftps;
}

bool printable(std::string_view text, std::string_view without) {
    return std::ranges::all_of(
        text, [&](char c) { return c > 0x20 && c < 0x7f && without.find(c) == std::string_view::npos; });
}

class SourceCheck {
public:
    SourceCheck(const StorageSource& source, SourceType type, DiskFormat format, std::string_view what)
        : source_(source), type_(type), format_(format), what_(what) {}

    Result<> run() const {
        if (auto good = paths(); !good) return good;
        if (auto good = foreign(); !good) return good;
        if (type_ == SourceType::network)
            if (auto good = network(); !good) return good;
        if (auto good = by_type(); !good) return good;
        if (auto good = storage_parts(); !good) return good;
        if (source_.auth)
            if (auto good = auth(*source_.auth); !good) return good;
        return source_.encryption ? encryption(*source_.encryption) : Result<>();
    }

    Result<> auth(const SourceAuth& auth) const {
        if (type_ != SourceType::network && type_ != SourceType::volume)
            return wrong("<auth> is for sources of type network and volume");
        const auto protocol = source_.protocol;
        if (type_ == SourceType::network && protocol != rbd && protocol != iscsi && protocol != ssh &&
            !is_curl(*protocol))
            return wrong("<auth> is not possible with the protocol " + std::string(to_string(*protocol)));
        if (!auth.secret) return {};
        if (!auth.secret->type) return wrong("<auth>: the secret needs a type: iscsi or ceph");
        using Secret = SecretReference::Type;
        const auto wanted = protocol == rbd ? Secret::ceph : Secret::iscsi;
        if (type_ == SourceType::network && (protocol == rbd || protocol == iscsi) && auth.secret->type != wanted)
            return wrong("<auth>: a secret of type '" + std::string(to_string(*auth.secret->type)) +
                         "' is not for the protocol " + std::string(to_string(*protocol)) + ": it needs '" +
                         std::string(to_string(wanted)) + "'");
        return reference(*auth.secret, "<auth>");
    }

    Result<> encryption(const Encryption& encryption) const {
        using Format = Encryption::Format;
        const bool by_rbd = encryption.engine == Encryption::Engine::librbd;
        if (encryption.cipher || encryption.ivgen)
            return wrong("<encryption>: cipher and ivgen are for making an image; an existing one says them itself");
        if (by_rbd && (type_ != SourceType::network || source_.protocol != rbd))
            return wrong("<encryption>: the engine librbd is for the protocol rbd only");
        if (!by_rbd && (encryption.format == Format::luks2 || encryption.format == Format::luks_any))
            return wrong("<encryption>: the format " + std::string(to_string(encryption.format)) +
                         " needs engine='librbd'");
        if (encryption.format == Format::qcow) return wrong("<encryption>: the format qcow is not safe; use luks");
        if (!by_rbd && format_ != DiskFormat::raw && format_ != DiskFormat::qcow2)
            return wrong("<encryption> is possible with the formats raw and qcow2, not with " +
                         std::string(to_string(format_)));
        if (encryption.secrets.empty() && encryption.format != Format::default_)
            return wrong("<encryption>: a <secret> is missing");
        if (encryption.secrets.size() > 1 && !by_rbd)
            return wrong("<encryption>: only the engine librbd takes several secrets");
        for (const auto& secret : encryption.secrets) {
            if (secret.type != SecretReference::Type::passphrase)
                return wrong("<encryption>: the secret must be of type passphrase");
            if (auto good = reference(secret, "<encryption>"); !good) return good;
        }
        return {};
    }

private:
    Failure wrong(std::string text) const { return fail(Errc::invalid_config, what_, ": ", text); }

    Result<> reference(const SecretReference& secret, std::string_view of) const {
        if (secret.uuid.has_value() == !secret.usage.empty())
            return wrong(std::string(of) + ": a secret is named by uuid or by usage, one of both");
        return {};
    }

    Result<> paths() const {
        const std::pair<const std::string&, std::string_view> all[] = {
            {source_.file, "file"},   {source_.dev, "dev"},       {source_.dir, "dir"},
            {source_.path, "socket"}, {source_.config, "config"}, {source_.known_hosts, "knownHosts"}};
        for (const auto& [path, name] : all)
            if (auto good = check_path(path, std::string(what_) + " " + std::string(name)); !good) return good;
        for (const auto& host : source_.hosts)
            if (auto good = check_path(host.socket, std::string(what_) + " host"); !good) return good;
        return {};
    }

    // What belongs to another type would be ignored.
    Result<> foreign() const {
        using enum SourceType;
        struct Part {
            bool given;
            std::string_view name;
            bool fits;
        };
        const bool net = type_ == network;
        const Part parts[] = {
            {!source_.file.empty(), "file", type_ == file},
            {!source_.fdgroup.empty(), "fdgroup", type_ == file},
            {!source_.dev.empty(), "dev", type_ == block || type_ == vhostvdpa},
            {!source_.dir.empty(), "dir", type_ == dir},
            {source_.protocol.has_value(), "protocol", net},
            {!source_.name.empty(), "name", net},
            {!source_.query.empty(), "query", net},
            {source_.tls.has_value(), "tls", net},
            {!source_.hosts.empty(), "host", net},
            {!source_.pool.empty(), "pool", type_ == volume},
            {!source_.volume.empty(), "volume", type_ == volume},
            {source_.mode.has_value(), "mode", type_ == volume},
            {source_.address.has_value(), "address", type_ == nvme},
            {source_.nvme_namespace.has_value(), "namespace", type_ == nvme},
            {source_.managed.has_value(), "managed", type_ == nvme},
            {!source_.path.empty(), "path", type_ == vhostuser},
            {source_.type.has_value(), "type", type_ == nvme || type_ == vhostuser},
        };
        for (const auto& part : parts)
            if (part.given && !part.fits)
                return wrong("a source of type " + std::string(to_string(type_)) + " has no " + std::string(part.name));
        return {};
    }

    Result<> by_type() const {
        using enum SourceType;
        switch (type_) {
            case volume:
                if (source_.pool.empty() != source_.volume.empty())
                    return wrong("a source of type volume needs pool and volume");
                return {};
            case nvme:
                if (source_.type && source_.type != StorageSource::Transport::pci)
                    return wrong("a source of type nvme has type='pci'");
                if (!source_.address || !source_.nvme_namespace)
                    return wrong("a source of type nvme needs a namespace and the <address> of the controller");
                return {};
            case vhostuser:
                if (source_.path.empty()) return wrong("a source of type vhostuser needs the path of a socket");
                if (source_.type != StorageSource::Transport::unix_)
                    return wrong("a source of type vhostuser needs type='unix'");
                if (source_.reconnect && source_.reconnect->enabled == true && !source_.reconnect->timeout)
                    return wrong("<reconnect enabled='yes'> needs a timeout");
                return {};
            case vhostvdpa:
                return source_.dev.empty() ? Result<>(wrong("a source of type vhostvdpa needs dev")) : Result<>();
            case dir:
                if (format_ != DiskFormat::fat)
                    return wrong("a source of type dir is shown as a drive of the format fat");
                return {};
            default:
                return {};
        }
    }

    Result<> network() const {
        if (!source_.protocol) return wrong("a source of type network needs a protocol");
        const auto p = *source_.protocol;
        const std::string name(to_string(p));
        if (p == sheepdog) return wrong("QEMU has no sheepdog any more");
        if (source_.name.empty() && p != nbd && !is_http(p))
            return wrong("the protocol " + name + " needs a name of what is to be opened");
        if (auto good = hosts(p, name); !good) return good;
        const auto only = [&](bool given, bool fits, std::string_view part, std::string_view who) -> Result<> {
            if (!given || fits) return {};
            return wrong(std::string(part) + " is for " + std::string(who) + ", not for the protocol " + name);
        };
        for (const auto& good :
             {only(!source_.snapshot.empty(), p == rbd, "<snapshot>", "rbd"),
              only(!source_.config.empty(), p == rbd, "<config>", "rbd"),
              only(source_.initiator.has_value(), p == iscsi, "<initiator>", "iscsi"),
              only(source_.ssl_verify.has_value(), p == https || p == ftps, "<ssl>", "https and ftps"),
              only(!source_.cookies.empty(), is_http(p), "<cookies>", "http and https"),
              only(source_.readahead.has_value(), is_curl(p), "<readahead>", "http, https, ftp and ftps"),
              only(source_.timeout.has_value(), is_curl(p), "<timeout>", "http, https, ftp and ftps"),
              only(source_.identity.has_value(), p == nfs || p == ssh, "<identity>", "nfs and ssh"),
              only(!source_.known_hosts.empty(), p == ssh, "<knownHosts>", "ssh"),
              only(source_.reconnect.has_value(), p == nbd, "<reconnect>", "nbd"),
              only(!source_.query.empty(), is_http(p), "query", "http and https"),
              only(source_.tls == true, p == nbd || p == vxhs, "tls", "nbd and vxhs"),
              only(!source_.tls_hostname.empty(), p == nbd, "tlsHostname", "nbd")})
            if (!good) return good;
        return cookies();
    }

    Result<> hosts(NetworkProtocol p, const std::string& name) const {
        using Transport = SourceHost::Transport;
        for (const auto& host : source_.hosts) {
            const auto transport = host.transport.value_or(Transport::tcp);
            if (transport == Transport::unix_) {
                if (host.socket.empty()) return wrong("<host transport='unix'> needs a socket");
                if (!host.name.empty() || host.port) return wrong("<host transport='unix'> has neither name nor port");
                if (p != nbd && p != gluster) return wrong("the protocol " + name + " has no transport unix");
                continue;
            }
            if (!host.socket.empty()) return wrong("<host>: a socket is for transport='unix'");
            if (host.name.empty()) return wrong("<host> needs a name");
            if (transport == Transport::rdma && p != gluster)
                return wrong("the protocol " + name + " has no transport rdma");
        }
        const auto count = source_.hosts.size();
        if (count == 0 && p != rbd) return wrong("the protocol " + name + " needs a <host>");
        if (count > 1 && p != rbd && p != gluster) return wrong("the protocol " + name + " takes one <host>");
        const auto slash = source_.name.find('/');
        if (p == gluster && (slash == std::string::npos || slash == 0))
            return wrong("the name of a gluster source is VOLUME/IMAGE, not '" + source_.name + "'");
        if (p == rbd && (slash == 0 || slash + 1 == source_.name.size()))
            return wrong("the name of an rbd source is POOL/IMAGE, not '" + source_.name + "'");
        return {};
    }

    Result<> cookies() const {
        std::set<std::string_view> names;
        for (const auto& cookie : source_.cookies) {
            if (cookie.name.empty() || !printable(cookie.name, "\",;\\/()<>@:[]?={}"))
                return wrong("<cookies>: '" + cookie.name + "' is no possible name of a cookie");
            std::string_view value = cookie.value;
            if (value.size() > 1 && value.starts_with('"') && value.ends_with('"'))
                value = value.substr(1, value.size() - 2);
            if (!printable(value, "\",;\\"))
                return wrong("<cookies>: the value of '" + cookie.name + "' has characters that no cookie can have");
            if (!names.insert(cookie.name).second) return wrong("<cookies>: '" + cookie.name + "' comes twice");
        }
        return {};
    }

    Result<> storage_parts() const {
        if (source_.slices.size() > 1) return wrong("<slices>: one slice of type storage is possible");
        if (!source_.slices.empty() && type_ == SourceType::vhostuser)
            return wrong("<slices> are not possible with a source of type vhostuser");
        if (source_.reservations) {
            const auto& reservations = *source_.reservations;
            if (type_ != SourceType::block && type_ != SourceType::file)
                return wrong("<reservations> are for block devices");
            if (!reservations.managed && reservations.enabled != false && !reservations.source)
                return wrong("<reservations managed='no'> need the <source> of a helper");
            if (reservations.managed && reservations.source)
                return wrong("<reservations managed='yes'> have no <source>: the helper is started");
            if (reservations.source)
                if (auto good = check_path(reservations.source->path, std::string(what_) + " reservations"); !good)
                    return good;
        }
        if (!source_.data_store) return {};
        if (format_ != DiskFormat::qcow2) return wrong("<dataStore> is for images of the format qcow2");
        const auto& store = *source_.data_store;
        return SourceCheck(store.source, store.type, store.format.type, std::string(what_) + " dataStore").run();
    }

    const StorageSource& source_;
    SourceType type_;
    DiskFormat format_;
    std::string what_;
};

}  // namespace

Result<> check_source(const StorageSource& source, SourceType type, DiskFormat format, std::string_view what) {
    return SourceCheck(source, type, format, what).run();
}

Result<> check_auth(const SourceAuth& auth, const StorageSource& source, SourceType type, std::string_view what) {
    if (source.auth)
        return fail(Errc::invalid_config, what, ": <auth> is given twice, in the disk and in its <source>");
    return SourceCheck(source, type, DiskFormat::raw, what).auth(auth);
}

Result<> check_encryption(const Encryption& encryption, const StorageSource& source, SourceType type, DiskFormat format,
                          std::string_view what) {
    if (source.encryption)
        return fail(Errc::invalid_config, what, ": <encryption> is given twice, in the disk and in its <source>");
    return SourceCheck(source, type, format, what).encryption(encryption);
}

Result<> check_format(DiskFormat format, std::string_view what) {
    switch (format) {
        case DiskFormat::iso:
        case DiskFormat::dir:
            return Failure(Error(Errc::invalid_config, std::string(what) + ": QEMU does not read the format '" +
                                                           std::string(to_string(format)) + "'")
                               .with_hint("Use type='raw': what lies in the image does not matter to the drive."));
        case DiskFormat::cow:
        case DiskFormat::vhd:
            return fail(Errc::invalid_config, what, ": QEMU does not read the format '", to_string(format), "'");
        default:
            return {};
    }
}

}  // namespace vireo::model
