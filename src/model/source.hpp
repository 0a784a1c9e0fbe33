// SPDX-License-Identifier: LGPL-2.1-or-later
// Where bytes of a disk (or of anything else that is stored) come from: libvirt's <source>, its network protocols,
// encryption and authentication, and the images that lie under it. Which of a StorageSource's members a document may
// have depends on its SourceType, an attribute of the element around it.
#pragma once
#include "model/device_seclabel.hpp"
#include "model/kept.hpp"
#include "model/names.hpp"
#include "model/uuid.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vireo::model {

enum class SourceType { file, block, dir, network, volume, nvme, vhostuser, vhostvdpa };
template <>
inline constexpr auto names<SourceType> =
    words("file", "block", "dir", "network", "volume", "nvme", "vhostuser", "vhostvdpa");

// The formats libvirt has words for. QEMU does not read all of them, see validate_disks.cpp.
enum class DiskFormat { raw, qcow2, dir, bochs, cloop, dmg, iso, vpc, vdi, fat, vhd, ploop, cow, qcow, qed, vmdk };
template <>
inline constexpr auto names<DiskFormat> = words("raw", "qcow2", "dir", "bochs", "cloop", "dmg", "iso", "vpc", "vdi",
                                                "fat", "vhd", "ploop", "cow", "qcow", "qed", "vmdk");

enum class NetworkProtocol { nbd, rbd, sheepdog, gluster, iscsi, http, https, ftp, ftps, tftp, vxhs, nfs, ssh };
template <>
inline constexpr auto names<NetworkProtocol> =
    words("nbd", "rbd", "sheepdog", "gluster", "iscsi", "http", "https", "ftp", "ftps", "tftp", "vxhs", "nfs", "ssh");

struct SecretReference {  // which secret, never the secret itself: by one of both
    enum class Type { iscsi, ceph, passphrase, tls, volume, vtpm, password };
    std::optional<Type> type;
    std::optional<Uuid> uuid;
    std::string usage;
    Kept kept;
    bool operator==(const SecretReference&) const = default;
};
template <>
inline constexpr auto names<SecretReference::Type> =
    words("iscsi", "ceph", "passphrase", "tls", "volume", "vtpm", "password");

struct SourceAuth {
    std::string username;
    std::optional<SecretReference> secret;
    Kept kept;
    bool operator==(const SourceAuth&) const = default;
};

struct CipherInfo {
    std::string name;                   // "aes"
    std::optional<std::uint32_t> size;  // bits
    std::string mode;                   // "cbc"
    std::string hash;                   // "sha256"
    Kept kept;
    bool operator==(const CipherInfo&) const = default;
};

struct IvGenerator {
    std::string name;  // "plain64", "essiv"
    std::string hash;
    Kept kept;
    bool operator==(const IvGenerator&) const = default;
};

struct Encryption {
    enum class Format { default_, qcow, luks, luks2, luks_any };
    enum class Engine { qemu, librbd };
    Format format = Format::luks;
    std::optional<Engine> engine;          // who decrypts; qemu when absent
    std::vector<SecretReference> secrets;  // several only with librbd: one for each layered image
    std::optional<CipherInfo> cipher;      // for an image that is yet to be made
    std::optional<IvGenerator> ivgen;
    Kept kept;
    bool operator==(const Encryption&) const = default;
};
template <>
inline constexpr auto names<Encryption::Format> = words("default", "qcow", "luks", "luks2", "luks-any");
template <>
inline constexpr auto names<Encryption::Engine> = words("qemu", "librbd");

struct SourceHost {
    enum class Transport { tcp, unix_, rdma };
    std::optional<Transport> transport;  // tcp when absent
    std::string name;                    // a name or address; not for unix
    std::optional<std::uint32_t> port;   // 0 … 65535; the protocol's own when absent
    std::string socket;                  // absolute path; unix only
    Kept kept;
    bool operator==(const SourceHost&) const = default;
};
template <>
inline constexpr auto names<SourceHost::Transport> = words("tcp", "unix", "rdma");

struct SourceInitiator {  // iscsi: under which name we come
    std::string iqn;
    Kept kept;
    bool operator==(const SourceInitiator&) const = default;
};

struct SourceCookie {  // http, https
    std::string name;
    std::string value;
    Kept kept;
    bool operator==(const SourceCookie&) const = default;
};

struct SourceIdentity {    // nfs: user and group, as names or "+NUMBER"; ssh: a user with a key or an agent
    std::string user;      // nfs
    std::string group;     // nfs
    std::string username;  // ssh
    std::string keyfile;   // ssh
    std::string agent_socket;
    Kept kept;
    bool operator==(const SourceIdentity&) const = default;
};

struct SourceReconnect {
    std::optional<bool> enabled;           // vhostuser
    std::optional<std::uint32_t> timeout;  // vhostuser: seconds between attempts
    std::optional<std::uint32_t> delay;    // nbd: seconds for which requests wait for the server to come back
    Kept kept;
    bool operator==(const SourceReconnect&) const = default;
};

struct HostPciAddress {  // of a device of the host
    std::uint32_t domain = 0;
    std::uint32_t bus = 0;
    std::uint32_t slot = 0;
    std::uint32_t function = 0;
    Kept kept;
    bool operator==(const HostPciAddress&) const = default;
};

struct SourceSlice {  // a part of the file or device that is all there is
    enum class Type { storage };
    Type type = Type::storage;
    std::uint64_t offset = 0;  // bytes
    std::uint64_t size = 0;    // bytes
    Kept kept;
    bool operator==(const SourceSlice&) const = default;
};
template <>
inline constexpr auto names<SourceSlice::Type> = words("storage");

struct ReservationsSource {  // where the helper listens
    enum class Type { unix_ };
    enum class Mode { client };
    Type type = Type::unix_;
    std::string path;
    std::optional<Mode> mode;
    Kept kept;
    bool operator==(const ReservationsSource&) const = default;
};
template <>
inline constexpr auto names<ReservationsSource::Type> = words("unix");
template <>
inline constexpr auto names<ReservationsSource::Mode> = words("client");

struct Reservations {             // SCSI persistent reservations, through a privileged helper
    std::optional<bool> enabled;  // an older spelling of libvirt's; true when absent
    bool managed = false;         // Vireo starts the helper; else source says where it is
    std::optional<bool> migration;
    std::optional<ReservationsSource> source;
    Kept kept;
    bool operator==(const Reservations&) const = default;
};

struct MetadataCache {           // of a qcow2 image
    std::uint64_t max_size = 0;  // bytes
    Kept kept;
    bool operator==(const MetadataCache&) const = default;
};

struct ImageFormat {  // <format>, of images below the first
    DiskFormat type = DiskFormat::raw;
    std::optional<MetadataCache> metadata_cache;
    Kept kept;
    bool operator==(const ImageFormat&) const = default;
};

struct DataStore;

struct StorageSource {
    enum class Transport { pci, unix_ };
    enum class Mode { host, direct };
    enum class StartupPolicy { mandatory, requisite, optional };
    std::string file;                             // file: absolute path; empty: a drive without a medium
    std::string fdgroup;                          // file: descriptors that a client passed under this name
    std::string dev;                              // block, vhostvdpa: absolute path
    std::string dir;                              // dir: absolute path of the folder shown as a FAT drive
    std::optional<NetworkProtocol> protocol;      // network, and with it:
    std::string name;                             // what the server calls it: "pool/image", "iqn…/1", a path
    std::string query;                            // http, https: behind the '?', still escaped
    std::optional<bool> tls;                      //
    std::string tls_hostname;                     // whom the server's certificate must name, when not the host
    std::string pool;                             // volume
    std::string volume;                           // volume
    std::optional<Mode> mode;                     // volume of an iSCSI pool: through the host or by QEMU itself
    std::optional<Transport> type;                // nvme: pci; vhostuser: unix
    std::optional<bool> managed;                  // nvme: taken from the host's driver and given back
    std::optional<std::uint64_t> nvme_namespace;  // nvme: 1 …
    std::string path;                             // vhostuser: a socket
    std::optional<StartupPolicy> startup_policy;  // cdrom and floppy: what to do when the file is missing
    std::optional<std::uint32_t> index;           // a running domain's number of this image
    std::vector<SourceHost> hosts;                // network
    std::string snapshot;                         // rbd
    std::string config;                           // rbd: absolute path
    Box<SourceInitiator> initiator;               // iscsi
    std::optional<bool> ssl_verify;               // https, ftps; true when absent
    std::vector<SourceCookie> cookies;            // http, https
    std::optional<std::uint64_t> readahead;       // http(s), ftp(s): bytes
    std::optional<std::uint64_t> timeout;         // http(s), ftp(s): seconds
    Box<SourceIdentity> identity;                 // nfs, ssh
    std::string known_hosts;                      // ssh: absolute path
    Box<SourceReconnect> reconnect;               // vhostuser, nbd
    std::optional<HostPciAddress> address;        // nvme
    std::vector<SourceSlice> slices;              // at most one of each type
    std::vector<DeviceSeclabel> seclabels;        //
    Box<SourceAuth> auth;                         // network
    Box<Encryption> encryption;                   //
    Box<Reservations> reservations;               //
    Box<DataStore> data_store;                    // a qcow2 image whose data are in a file of their own
    Kept kept;
    bool operator==(const StorageSource&) const = default;
};
template <>
inline constexpr auto names<StorageSource::Mode> = words("host", "direct");
template <>
inline constexpr auto names<StorageSource::Transport> = words("pci", "unix");
template <>
inline constexpr auto names<StorageSource::StartupPolicy> = words("mandatory", "requisite", "optional");

// Does it name anything? (A drive without a medium may have an empty <source/>.)
bool empty(const StorageSource& source, SourceType type) noexcept;

struct DataStore {
    SourceType type = SourceType::file;
    ImageFormat format;
    StorageSource source;
    Kept kept;
    bool operator==(const DataStore&) const = default;
};

// What lies under an overlay. Information: the image's own header decides what QEMU opens. Without a type it ends the
// chain (<backingStore/>).
struct BackingStore {
    std::optional<SourceType> type;
    std::optional<std::uint32_t> index;
    std::optional<ImageFormat> format;
    std::optional<StorageSource> source;
    Box<BackingStore> backing_store;
    Kept kept;
    bool operator==(const BackingStore&) const = default;
};

}  // namespace vireo::model
