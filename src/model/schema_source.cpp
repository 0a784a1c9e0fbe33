// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<StorageSource>() {
    static const Element element = Declare<StorageSource>()
        .attribute("type", &StorageSource::type)
        .attribute("file", &StorageSource::file)
        .attribute("fdgroup", &StorageSource::fdgroup)
        .attribute("dev", &StorageSource::dev)
        .attribute("dir", &StorageSource::dir)
        .attribute("protocol", &StorageSource::protocol)
        .attribute("name", &StorageSource::name)
        .attribute("query", &StorageSource::query)
        .attribute("tls", &StorageSource::tls)
        .attribute("tlsHostname", &StorageSource::tls_hostname)
        .attribute("pool", &StorageSource::pool)
        .attribute("volume", &StorageSource::volume)
        .attribute("mode", &StorageSource::mode)
        .attribute("managed", &StorageSource::managed)
        .attribute("namespace", &StorageSource::nvme_namespace).range(1, 0xffffffff)
        .attribute("path", &StorageSource::path)
        .attribute("startupPolicy", &StorageSource::startup_policy)
        .attribute("index", &StorageSource::index)
        .child("host", &StorageSource::hosts)
        .child_attribute("snapshot", "name", &StorageSource::snapshot)
        .child_attribute("config", "file", &StorageSource::config)
        .child("initiator", &StorageSource::initiator)
        .child_attribute("ssl", "verify", &StorageSource::ssl_verify)
        .wrapped("cookies", "cookie", &StorageSource::cookies)
        .child_attribute("readahead", "size", &StorageSource::readahead).range(1, ~std::uint64_t{0})
        .child_attribute("timeout", "seconds", &StorageSource::timeout).range(1, ~std::uint64_t{0})
        .child("identity", &StorageSource::identity)
        .child_attribute("knownHosts", "path", &StorageSource::known_hosts)
        .child("reconnect", &StorageSource::reconnect)
        .child("address", &StorageSource::address)
        .wrapped("slices", "slice", &StorageSource::slices)
        .child("seclabel", &StorageSource::seclabels)
        .child("auth", &StorageSource::auth)
        .child("encryption", &StorageSource::encryption)
        .child("reservations", &StorageSource::reservations)
        .child("dataStore", &StorageSource::data_store)
        .kept(&StorageSource::kept)
        .refuse("privateData", "it is libvirt's own record of a running guest")
        .build();
    return element;
}

template <>
const Element& schema<SourceHost>() {
    static const Element element = Declare<SourceHost>()
        .attribute("transport", &SourceHost::transport)
        .attribute("name", &SourceHost::name)
        .attribute("port", &SourceHost::port).range(0, 65535)
        .attribute("socket", &SourceHost::socket)
        .kept(&SourceHost::kept)
        .build();
    return element;
}

template <>
const Element& schema<SourceInitiator>() {
    static const Element element = Declare<SourceInitiator>()
        .child_attribute("iqn", "name", &SourceInitiator::iqn).required()
        .kept(&SourceInitiator::kept)
        .build();
    return element;
}

template <>
const Element& schema<SourceCookie>() {
    static const Element element = Declare<SourceCookie>()
        .attribute("name", &SourceCookie::name).required()
        .text("value", &SourceCookie::value)
        .kept(&SourceCookie::kept)
        .build();
    return element;
}

template <>
const Element& schema<SourceIdentity>() {
    static const Element element = Declare<SourceIdentity>()
        .attribute("user", &SourceIdentity::user)
        .attribute("group", &SourceIdentity::group)
        .attribute("username", &SourceIdentity::username)
        .attribute("keyfile", &SourceIdentity::keyfile)
        .attribute("agentsock", &SourceIdentity::agent_socket)
        .kept(&SourceIdentity::kept)
        .build();
    return element;
}

template <>
const Element& schema<SourceReconnect>() {
    static const Element element = Declare<SourceReconnect>()
        .attribute("enabled", &SourceReconnect::enabled)
        .attribute("timeout", &SourceReconnect::timeout)
        .attribute("delay", &SourceReconnect::delay)
        .kept(&SourceReconnect::kept)
        .build();
    return element;
}

template <>
const Element& schema<HostPciAddress>() {
    static const Element element = Declare<HostPciAddress>()
        .attribute("domain", &HostPciAddress::domain).hex(4).range(0, 0xffffffff)
        .attribute("bus", &HostPciAddress::bus).hex(2).range(0, 0xff)
        .attribute("slot", &HostPciAddress::slot).hex(2).range(0, 0x1f)
        .attribute("function", &HostPciAddress::function).hex(1).range(0, 7)
        .kept(&HostPciAddress::kept)
        .build();
    return element;
}

template <>
const Element& schema<SourceSlice>() {
    static const Element element = Declare<SourceSlice>()
        .attribute("type", &SourceSlice::type).required()
        .attribute("offset", &SourceSlice::offset).required()
        .attribute("size", &SourceSlice::size).range(1, ~std::uint64_t{0}).required()
        .kept(&SourceSlice::kept)
        .build();
    return element;
}

template <>
const Element& schema<Reservations>() {
    static const Element element = Declare<Reservations>()
        .attribute("enabled", &Reservations::enabled)
        .attribute("managed", &Reservations::managed).required()
        .attribute("migration", &Reservations::migration)
        .child("source", &Reservations::source)
        .kept(&Reservations::kept)
        .build();
    return element;
}

template <>
const Element& schema<ReservationsSource>() {
    static const Element element = Declare<ReservationsSource>()
        .attribute("type", &ReservationsSource::type).required()
        .attribute("path", &ReservationsSource::path).required()
        .attribute("mode", &ReservationsSource::mode)
        .kept(&ReservationsSource::kept)
        .build();
    return element;
}

template <>
const Element& schema<SourceAuth>() {
    static const Element element = Declare<SourceAuth>()
        .attribute("username", &SourceAuth::username).required()
        .child("secret", &SourceAuth::secret).required()
        .kept(&SourceAuth::kept)
        .build();
    return element;
}

template <>
const Element& schema<SecretReference>() {
    static const Element element = Declare<SecretReference>()
        .attribute("type", &SecretReference::type)
        .attribute("uuid", &SecretReference::uuid)
        .attribute("usage", &SecretReference::usage)
        .kept(&SecretReference::kept)
        .build();
    return element;
}

template <>
const Element& schema<Encryption>() {
    static const Element element = Declare<Encryption>()
        .attribute("format", &Encryption::format).required()
        .attribute("engine", &Encryption::engine)
        .child("secret", &Encryption::secrets)
        .child("cipher", &Encryption::cipher)
        .child("ivgen", &Encryption::ivgen)
        .kept(&Encryption::kept)
        .build();
    return element;
}

template <>
const Element& schema<CipherInfo>() {
    static const Element element = Declare<CipherInfo>()
        .attribute("name", &CipherInfo::name).required()
        .attribute("size", &CipherInfo::size)
        .attribute("mode", &CipherInfo::mode)
        .attribute("hash", &CipherInfo::hash)
        .kept(&CipherInfo::kept)
        .build();
    return element;
}

template <>
const Element& schema<IvGenerator>() {
    static const Element element = Declare<IvGenerator>()
        .attribute("name", &IvGenerator::name).required()
        .attribute("hash", &IvGenerator::hash)
        .kept(&IvGenerator::kept)
        .build();
    return element;
}

template <>
const Element& schema<MetadataCache>() {
    static const Element element = Declare<MetadataCache>()
        .child("max_size", &MetadataCache::max_size).bytes().unit<"bytes">().required()
        .kept(&MetadataCache::kept)
        .build();
    return element;
}

template <>
const Element& schema<ImageFormat>() {
    static const Element element = Declare<ImageFormat>()
        .attribute("type", &ImageFormat::type).required()
        .child("metadata_cache", &ImageFormat::metadata_cache)
        .kept(&ImageFormat::kept)
        .build();
    return element;
}

template <>
const Element& schema<DataStore>() {
    static const Element element = Declare<DataStore>()
        .attribute("type", &DataStore::type).required()
        .child("format", &DataStore::format).required()
        .child("source", &DataStore::source).required()
        .kept(&DataStore::kept)
        .build();
    return element;
}

template <>
const Element& schema<BackingStore>() {
    static const Element element = Declare<BackingStore>()
        .attribute("type", &BackingStore::type).decides()
        .attribute("index", &BackingStore::index)
        .child("format", &BackingStore::format)
        .child("source", &BackingStore::source)
        .child("backingStore", &BackingStore::backing_store)
        .kept(&BackingStore::kept)
        .build();
    return element;
}

}  // namespace vireo::model
