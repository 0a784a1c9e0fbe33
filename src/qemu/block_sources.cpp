// SPDX-License-Identifier: LGPL-2.1-or-later
// Storage nodes: files, devices and network protocols.
#include "qemu/block_nodes.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace vireo::qemu {
namespace {
using model::NetworkProtocol;
using model::SourceHost;
using model::SourceType;
using model::StorageSource;

std::string port_of(const SourceHost& host, NetworkProtocol protocol) {
    return std::to_string(host.port.value_or(default_port(protocol)));
}

json::object socket_address(const SourceHost& host, NetworkProtocol protocol) {
    json::object address;
    if (host.transport == SourceHost::Transport::unix_) {
        address["type"] = "unix";
        address["path"] = host.socket;
    } else {
        address["type"] = "inet";
        address["host"] = host.name;
        address["port"] = port_of(host, protocol);
    }
    return address;
}
json::object inet_address(const SourceHost& host, NetworkProtocol protocol) {
    json::object address;
    address["host"] = host.name;
    address["port"] = port_of(host, protocol);
    return address;
}
std::string host_and_port(const SourceHost& host, NetworkProtocol protocol) {
    const bool bare = host.name.find(':') != std::string::npos && !host.name.starts_with('[');  // IPv6
    return fmt::format("{}:{}", bare ? "[" + host.name + "]" : host.name, port_of(host, protocol));
}

// "+1000" and plain numbers; a name is the host's to look up.
std::optional<std::uint32_t> number_of(std::string_view id) {
    if (id.starts_with('+')) id.remove_prefix(1);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
    return number;
}

class Network {
public:
    Network(const BlockLayer& layer, const std::string& prefix, std::vector<json::object>& objects)
        : layer_(layer), source_(*layer.source), prefix_(prefix), objects_(objects), protocol_(*source_.protocol) {}

    Result<json::object> node() {
        node_["driver"] = to_string(protocol_);
        switch (protocol_) {
            case NetworkProtocol::nbd:
                nbd();
                break;
            case NetworkProtocol::rbd:
                rbd();
                break;
            case NetworkProtocol::gluster:
                gluster();
                break;
            case NetworkProtocol::iscsi:
                if (auto done = iscsi(); !done) return Failure(done.error());
                break;
            case NetworkProtocol::vxhs:
                tls();
                node_["vdisk-id"] = source_.name;
                node_["server"] = inet_address(source_.hosts.at(0), protocol_);
                break;
            case NetworkProtocol::nfs:
                if (auto done = nfs(); !done) return Failure(done.error());
                break;
            case NetworkProtocol::ssh:
                ssh();
                break;
            case NetworkProtocol::sheepdog:
                return fail(Errc::unsupported, "uses the protocol sheepdog, which QEMU has no more");
            default:
                url();
        }
        return std::move(node_);
    }

private:
    std::string secret(const model::SecretReference& reference, std::string_view what) {
        auto id = fmt::format("{}-{}-secret0", prefix_, what);
        objects_.push_back(secret_object(id, reference));
        return id;
    }
    void user(std::string_view name_key, std::string_view secret_key) {
        if (!layer_.auth) return;
        node_[name_key] = layer_.auth->username;
        if (layer_.auth->secret) node_[secret_key] = secret(*layer_.auth->secret, "auth");
    }
    void tls() {
        if (source_.tls != true) return;
        json::object credentials;
        credentials["qom-type"] = "tls-creds-x509";
        credentials["id"] = "obj" + prefix_ + "_tls0";
        credentials["dir"] = "/etc/pki/qemu";
        credentials["endpoint"] = "client";
        credentials["verify-peer"] = true;
        node_["tls-creds"] = credentials["id"];
        objects_.push_back(std::move(credentials));
    }

    void nbd() {
        node_["server"] = socket_address(source_.hosts.at(0), protocol_);
        if (!source_.name.empty()) node_["export"] = source_.name;
        tls();
        if (!source_.tls_hostname.empty()) node_["tls-hostname"] = source_.tls_hostname;
        if (source_.reconnect && source_.reconnect->delay) node_["reconnect-delay"] = *source_.reconnect->delay;
    }

    void rbd() {  // POOL/IMAGE or POOL/NAMESPACE/IMAGE
        const auto first = source_.name.find('/'), last = source_.name.rfind('/');
        node_["pool"] = source_.name.substr(0, first);
        if (first != last) node_["namespace"] = source_.name.substr(first + 1, last - first - 1);
        node_["image"] = last == std::string::npos ? std::string() : source_.name.substr(last + 1);
        if (!source_.snapshot.empty()) node_["snapshot"] = source_.snapshot;
        if (!source_.config.empty()) node_["conf"] = source_.config;
        json::array servers;
        for (const auto& host : source_.hosts) servers.push_back(inet_address(host, protocol_));
        if (!servers.empty()) node_["server"] = std::move(servers);
        if (layer_.auth) {
            node_["user"] = layer_.auth->username;
            node_["auth-client-required"] = json::array{"cephx", "none"};
            if (layer_.auth->secret) node_["key-secret"] = secret(*layer_.auth->secret, "auth");
        }
        const auto* encryption = layer_.encryption;
        if (!encryption || encryption->engine != model::Encryption::Engine::librbd) return;
        json::object encrypt;  // the image first; those under it are its parents
        for (std::size_t i = encryption->secrets.size(); i-- > 0;) {
            json::object one;
            one["format"] = to_string(encryption->format);
            const auto id = fmt::format("vireo-{}-format-encryption-secret{}", layer_.number, i);
            objects_.push_back(secret_object(id, encryption->secrets[i]));
            one["key-secret"] = id;
            if (!encrypt.empty()) one["parent"] = std::move(encrypt);
            encrypt = std::move(one);
        }
        node_["encrypt"] = std::move(encrypt);
    }

    void gluster() {
        const auto slash = source_.name.find('/');
        node_["volume"] = source_.name.substr(0, slash);
        node_["path"] = slash == std::string::npos ? std::string() : source_.name.substr(slash + 1);
        json::array servers;
        for (const auto& host : source_.hosts) servers.push_back(socket_address(host, protocol_));
        node_["server"] = std::move(servers);
    }

    Result<> iscsi() {  // IQN or IQN/LUN
        const auto slash = source_.name.rfind('/');
        std::uint32_t lun = 0;
        if (slash != std::string::npos) {
            const auto number = number_of(std::string_view(source_.name).substr(slash + 1));
            if (!number) return fail(Errc::invalid_config, "has the iSCSI name '", source_.name, "', which is IQN/LUN");
            lun = *number;
        }
        node_["portal"] = host_and_port(source_.hosts.at(0), protocol_);
        node_["target"] = source_.name.substr(0, slash);
        node_["lun"] = lun;
        node_["transport"] = "tcp";
        user("user", "password-secret");
        if (source_.initiator) node_["initiator-name"] = source_.initiator->iqn;
        return {};
    }

    Result<> nfs() {
        json::object server;
        server["host"] = source_.hosts.at(0).name;
        server["type"] = "inet";
        node_["server"] = std::move(server);
        node_["path"] = source_.name;
        if (!source_.identity) return {};
        const std::pair<std::string_view, const std::string&> ids[] = {{"user", source_.identity->user},
                                                                       {"group", source_.identity->group}};
        for (const auto& [key, id] : ids) {
            if (id.empty()) continue;
            const auto number = number_of(id);
            if (!number)
                return fail(Errc::unsupported, "has the NFS ", key, " '", id, "': give its number, as in '+1000'");
            node_[key] = *number;
        }
        return {};
    }

    void ssh() {
        node_["path"] = source_.name;
        node_["server"] = inet_address(source_.hosts.at(0), protocol_);
        if (source_.identity && !source_.identity->username.empty())
            node_["user"] = source_.identity->username;
        else if (layer_.auth)
            node_["user"] = layer_.auth->username;
    }

    void url() {
        const auto& host = source_.hosts.at(0);
        std::string path = source_.name;
        if (!path.starts_with('/')) path.insert(0, "/");
        auto address = fmt::format("{}://{}{}", to_string(protocol_), host_and_port(host, protocol_), path);
        if (!source_.query.empty()) address += "?" + source_.query;
        node_["url"] = std::move(address);
        user("username", "password-secret");
        if (source_.readahead) node_["readahead"] = *source_.readahead;
        if (source_.timeout) node_["timeout"] = *source_.timeout;
        if (source_.ssl_verify) node_["sslverify"] = *source_.ssl_verify;
        if (source_.cookies.empty()) return;
        std::string cookies;
        for (const auto& cookie : source_.cookies)
            cookies += fmt::format("{}{}={}", cookies.empty() ? "" : "; ", cookie.name, cookie.value);
        json::object object;  // not a secret of the host's: the definition says it
        object["qom-type"] = "secret";
        object["id"] = prefix_ + "-httpcookie-secret0";
        object["format"] = "raw";
        object["data"] = std::move(cookies);
        node_["cookie-secret"] = object["id"];
        objects_.push_back(std::move(object));
    }

    const BlockLayer& layer_;
    const StorageSource& source_;
    const std::string& prefix_;
    std::vector<json::object>& objects_;
    NetworkProtocol protocol_;
    json::object node_;
};

std::string host_address(const model::HostPciAddress& a) {
    return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", a.domain, a.bus, a.slot, a.function);
}

}  // namespace

std::uint32_t default_port(NetworkProtocol protocol) noexcept {
    switch (protocol) {
        case NetworkProtocol::nbd:
            return 10809;
        case NetworkProtocol::rbd:
            return 6789;
        case NetworkProtocol::sheepdog:
            return 7000;
        case NetworkProtocol::gluster:
            return 24007;
        case NetworkProtocol::iscsi:
            return 3260;
        case NetworkProtocol::http:
            return 80;
        case NetworkProtocol::https:
            return 443;
        case NetworkProtocol::ftp:
            return 21;
        case NetworkProtocol::ftps:
            return 990;
        case NetworkProtocol::tftp:
            return 69;
        case NetworkProtocol::vxhs:
            return 9999;
        case NetworkProtocol::nfs:
            return 2049;
        case NetworkProtocol::ssh:
            return 22;
    }
    return 0;
}

json::object secret_object(const std::string& id, const model::SecretReference& secret) {
    json::object object;
    object["qom-type"] = "secret";
    object["id"] = id;
    object["format"] = "raw";
    object["file"] = "/run/vireo/secrets/" +
                     (secret.uuid ? secret.uuid->to_string() : "usage/" + secret.usage);  // never the content
    return object;
}

Result<json::object> storage_node(const BlockLayer& layer, const std::string& prefix,
                                  std::vector<json::object>& objects) {
    json::object node;
    switch (layer.type) {
        case SourceType::file:
        case SourceType::block:
            node["driver"] = layer.optical ? "host_cdrom" : layer.block_device ? "host_device" : "file";
            node["filename"] = layer.file;
            break;
        case SourceType::dir:
            node["driver"] = "vvfat";
            node["dir"] = layer.source->dir;
            node["floppy"] = layer.floppy;
            node["rw"] = false;
            break;
        case SourceType::network:
            return Network(layer, prefix, objects).node();
        case SourceType::nvme:
            node["driver"] = "nvme";
            node["device"] = host_address(*layer.source->address);
            node["namespace"] = layer.source->nvme_namespace.value_or(1);
            break;
        case SourceType::vhostvdpa:
            node["driver"] = "virtio-blk-vhost-vdpa";
            node["path"] = layer.file;
            break;
        case SourceType::volume:
            if (!layer.file.empty()) {
                node["driver"] = "file";
                node["filename"] = layer.file;
                break;
            }
            return fail(Errc::unsupported, "is a volume of the pool '", layer.source->pool,
                        "': storage pools are not served yet, name the file or device itself");
        case SourceType::vhostuser:
            return fail(Errc::internal, "has its storage elsewhere");
    }
    return node;
}

}  // namespace vireo::qemu
