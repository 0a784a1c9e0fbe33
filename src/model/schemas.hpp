// SPDX-License-Identifier: LGPL-2.1-or-later
// The schemas that exist: each is the one place that says how its struct looks in XML and JSON. A schema that uses
// another is declared after it or in another file, hence these.
#pragma once
#include "model/domain.hpp"
#include "model/schema.hpp"

// clang-format off: a line each
namespace vireo::model {

// schema_domain.cpp
template <> const Element& schema<Domain>();
template <> const Element& schema<GenerationId>();
template <> const Element& schema<PowerManagement>();
template <> const Element& schema<Devices>();

// schema_features.cpp
template <> const Element& schema<Features>();
template <> const Element& schema<Apic>();
template <> const Element& schema<Hyperv>();
template <> const Element& schema<HypervSpinlocks>();
template <> const Element& schema<HypervTimers>();
template <> const Element& schema<HypervVendor>();
template <> const Element& schema<HypervTlbFlush>();
template <> const Element& schema<Kvm>();
template <> const Element& schema<KvmDirtyRing>();
template <> const Element& schema<Xen>();
template <> const Element& schema<XenPassthrough>();
template <> const Element& schema<Gic>();
template <> const Element& schema<Smm>();
template <> const Element& schema<Hpt>();
template <> const Element& schema<Tcg>();

// schema_clock.cpp
template <> const Element& schema<Clock>();
template <> const Element& schema<Timer>();
template <> const Element& schema<TimerCatchup>();

// schema_cpu.cpp
template <> const Element& schema<Cpu>();
template <> const Element& schema<CpuModel>();
template <> const Element& schema<CpuTopology>();
template <> const Element& schema<CpuFeature>();
template <> const Element& schema<CpuCache>();
template <> const Element& schema<CpuAddressSize>();

// schema_numa.cpp
template <> const Element& schema<Numa>();
template <> const Element& schema<NumaCell>();
template <> const Element& schema<NumaDistance>();
template <> const Element& schema<NumaCache>();
template <> const Element& schema<NumaInterconnects>();
template <> const Element& schema<NumaLatency>();
template <> const Element& schema<NumaBandwidth>();

// schema_memory.cpp
template <> const Element& schema<MaxMemory>();
template <> const Element& schema<MemoryBacking>();
template <> const Element& schema<HugePages>();
template <> const Element& schema<HugePage>();
template <> const Element& schema<MemoryAllocation>();

// schema_processors.cpp
template <> const Element& schema<Vcpu>();
template <> const Element& schema<VcpuState>();
template <> const Element& schema<IoThread>();
template <> const Element& schema<IoThreadPoll>();
template <> const Element& schema<DefaultIoThread>();

// schema_tuning.cpp
template <> const Element& schema<CpuTune>();
template <> const Element& schema<VcpuPin>();
template <> const Element& schema<EmulatorPin>();
template <> const Element& schema<IoThreadPin>();
template <> const Element& schema<VcpuScheduler>();
template <> const Element& schema<IoThreadScheduler>();
template <> const Element& schema<EmulatorScheduler>();
template <> const Element& schema<CacheTune>();
template <> const Element& schema<CacheShare>();
template <> const Element& schema<CacheMonitor>();
template <> const Element& schema<MemoryTune>();
template <> const Element& schema<BandwidthShare>();
template <> const Element& schema<BandwidthMonitor>();
template <> const Element& schema<NumaTune>();
template <> const Element& schema<NumaMemory>();
template <> const Element& schema<NumaNode>();
template <> const Element& schema<MemTune>();
template <> const Element& schema<BlkioTune>();
template <> const Element& schema<BlkioDevice>();
template <> const Element& schema<Resource>();
template <> const Element& schema<PerfEvent>();

// schema_security.cpp
template <> const Element& schema<SecurityLabel>();
template <> const Element& schema<LaunchSecurity>();
template <> const Element& schema<SevLaunch>();
template <> const Element& schema<SevSnpLaunch>();
template <> const Element& schema<S390PvLaunch>();
template <> const Element& schema<TdxLaunch>();
template <> const Element& schema<TdxQuoteService>();
template <> const Element& schema<KeyWrapCipher>();
template <> const Element& schema<IdMap>();
template <> const Element& schema<IdMapEntry>();

// schema_sysinfo.cpp
template <> const Element& schema<SysInfo>();
template <> const Element& schema<SmbiosInfo>();
template <> const Element& schema<SmbiosTable<SmbiosBios>>();
template <> const Element& schema<SmbiosEntry<SmbiosBios>>();
template <> const Element& schema<SmbiosTable<SmbiosSystem>>();
template <> const Element& schema<SmbiosEntry<SmbiosSystem>>();
template <> const Element& schema<SmbiosTable<SmbiosBoard>>();
template <> const Element& schema<SmbiosEntry<SmbiosBoard>>();
template <> const Element& schema<SmbiosTable<SmbiosChassis>>();
template <> const Element& schema<SmbiosEntry<SmbiosChassis>>();
template <> const Element& schema<OemStrings>();
template <> const Element& schema<FwCfgInfo>();
template <> const Element& schema<FwCfgEntry>();

// schema_qemu.cpp
template <> const Element& schema<QemuCommandLine>();
template <> const Element& schema<QemuArgument>();
template <> const Element& schema<QemuEnvironment>();
template <> const Element& schema<QemuCapabilities>();
template <> const Element& schema<QemuCapability>();
template <> const Element& schema<QemuOverride>();
template <> const Element& schema<QemuDeviceOverride>();
template <> const Element& schema<QemuFrontend>();
template <> const Element& schema<QemuProperty>();

// schema_os.cpp
template <> const Element& schema<Os>();
template <> const Element& schema<OsType>();
template <> const Element& schema<AcpiTable>();
template <> const Element& schema<BootMenu>();
template <> const Element& schema<Bios>();

// schema_firmware.cpp
template <> const Element& schema<FirmwareFeature>();
template <> const Element& schema<Loader>();
template <> const Element& schema<Nvram>();
template <> const Element& schema<Varstore>();

// schema_address.cpp
template <> const Element& schema<DeviceInfo>();
template <> const Element& schema<Address>();
template <> const Element& schema<PciAddress>();
template <> const Element& schema<DriveAddress>();
template <> const Element& schema<VirtioSerialAddress>();
template <> const Element& schema<UsbAddress>();
template <> const Element& schema<IsaAddress>();
template <> const Element& schema<CcwAddress>();
template <> const Element& schema<ZpciAddress>();
template <> const Element& schema<CcidAddress>();
template <> const Element& schema<SpaprVioAddress>();
template <> const Element& schema<VirtioS390Address>();
template <> const Element& schema<VirtioMmioAddress>();
template <> const Element& schema<DimmAddress>();
template <> const Element& schema<UnassignedAddress>();
template <> const Element& schema<Rom>();

// schema_shared.cpp
template <> const Element& schema<VirtioOptions>();
template <> const Element& schema<VirtioDriver>();
template <> const Element& schema<DeviceSeclabel>();

// schema_source.cpp
template <> const Element& schema<StorageSource>();
template <> const Element& schema<SourceHost>();
template <> const Element& schema<SourceInitiator>();
template <> const Element& schema<SourceCookie>();
template <> const Element& schema<SourceIdentity>();
template <> const Element& schema<SourceReconnect>();
template <> const Element& schema<HostPciAddress>();
template <> const Element& schema<SourceSlice>();
template <> const Element& schema<Reservations>();
template <> const Element& schema<ReservationsSource>();
template <> const Element& schema<SourceAuth>();
template <> const Element& schema<SecretReference>();
template <> const Element& schema<Encryption>();
template <> const Element& schema<CipherInfo>();
template <> const Element& schema<IvGenerator>();
template <> const Element& schema<MetadataCache>();
template <> const Element& schema<ImageFormat>();
template <> const Element& schema<DataStore>();
template <> const Element& schema<BackingStore>();

// schema_disk.cpp
template <> const Element& schema<Disk>();
template <> const Element& schema<DiskDriver>();
template <> const Element& schema<IoThreadUse>();
template <> const Element& schema<IoThreadQueue>();
template <> const Element& schema<DiskStatistic>();
template <> const Element& schema<DiskGeometry>();
template <> const Element& schema<DiskBlocks>();
template <> const Element& schema<DiskMirror>();
template <> const Element& schema<IoTune>();
template <> const Element& schema<ThrottleFilter>();
template <> const Element& schema<DiskTarget>();
template <> const Element& schema<Transient>();
template <> const Element& schema<Lease>();

// schema_controller.cpp
template <> const Element& schema<Controller>();
template <> const Element& schema<ControllerTarget>();
template <> const Element& schema<ControllerDriver>();

// schema_filesystem.cpp
template <> const Element& schema<Filesystem>();
template <> const Element& schema<FilesystemDriver>();
template <> const Element& schema<FilesystemBinary>();
template <> const Element& schema<FilesystemLock>();
template <> const Element& schema<FilesystemIdMap>();
template <> const Element& schema<FilesystemIds>();
template <> const Element& schema<FilesystemSource>();

// schema_hostdev.cpp
template <> const Element& schema<Hostdev>();
template <> const Element& schema<HostdevSource>();
template <> const Element& schema<HostdevAddress>();
template <> const Element& schema<HostdevDriver>();
template <> const Element& schema<HostdevTeaming>();
template <> const Element& schema<IommuFd>();

// schema_character.cpp
template <> const Element& schema<CharBackend>();
template <> const Element& schema<CharSource>();
template <> const Element& schema<CharLog>();
template <> const Element& schema<Serial>();
template <> const Element& schema<SerialTarget>();
template <> const Element& schema<Parallel>();
template <> const Element& schema<Console>();
template <> const Element& schema<ConsoleTarget>();
template <> const Element& schema<Channel>();
template <> const Element& schema<ChannelTarget>();
template <> const Element& schema<Redirdev>();
template <> const Element& schema<RedirFilter>();
template <> const Element& schema<RedirRule>();
template <> const Element& schema<Smartcard>();

// schema_interface.cpp
template <> const Element& schema<Interface>();
template <> const Element& schema<InterfaceSource>();
template <> const Element& schema<SocketEnd>();
template <> const Element& schema<Reconnect>();
template <> const Element& schema<IpAddress>();
template <> const Element& schema<IpRoute>();
template <> const Element& schema<Vlan>();
template <> const Element& schema<VlanTag>();
template <> const Element& schema<VirtualPort>();
template <> const Element& schema<VirtualPortParameters>();
template <> const Element& schema<Bandwidth>();
template <> const Element& schema<BandwidthRate>();
template <> const Element& schema<PortForward>();
template <> const Element& schema<PortRange>();
template <> const Element& schema<InterfaceDriver>();
template <> const Element& schema<OffloadsHost>();
template <> const Element& schema<OffloadsGuest>();
template <> const Element& schema<InterfaceBackend>();
template <> const Element& schema<InterfaceTarget>();
template <> const Element& schema<FilterReference>();
template <> const Element& schema<FilterParameter>();
template <> const Element& schema<InterfaceTune>();
template <> const Element& schema<Teaming>();
template <> const Element& schema<Coalesce>();
template <> const Element& schema<CoalesceRx>();

// schema_graphics.cpp
template <> const Element& schema<Input>();
template <> const Element& schema<InputSource>();
template <> const Element& schema<Hub>();
template <> const Element& schema<Graphics>();
template <> const Element& schema<SpiceOptions>();
template <> const Element& schema<SpiceChannel>();
template <> const Element& schema<GraphicsListen>();
template <> const Element& schema<GraphicsGl>();
template <> const Element& schema<Video>();
template <> const Element& schema<VideoDriver>();
template <> const Element& schema<VideoModel>();
template <> const Element& schema<VideoAcceleration>();
template <> const Element& schema<VideoResolution>();

// schema_sound.cpp
template <> const Element& schema<Sound>();
template <> const Element& schema<SoundCodec>();
template <> const Element& schema<Audio>();
template <> const Element& schema<AudioDirection>();
template <> const Element& schema<AudioSettings>();

// schema_memory_device.cpp
template <> const Element& schema<Memballoon>();
template <> const Element& schema<MemoryDevice>();
template <> const Element& schema<MemoryDeviceSource>();
template <> const Element& schema<MemoryDeviceTarget>();
template <> const Element& schema<MemoryDeviceLabel>();
template <> const Element& schema<Shmem>();
template <> const Element& schema<ShmemServer>();
template <> const Element& schema<ShmemMsi>();

// schema_devices.cpp
template <> const Element& schema<Watchdog>();
template <> const Element& schema<Panic>();
template <> const Element& schema<Rng>();
template <> const Element& schema<RngRate>();
template <> const Element& schema<RngBackend>();
template <> const Element& schema<RngRandom>();
template <> const Element& schema<RngEgd>();
template <> const Element& schema<RngBuiltin>();
template <> const Element& schema<Crypto>();
template <> const Element& schema<CryptoBackend>();
template <> const Element& schema<Tpm>();
template <> const Element& schema<TpmBackend>();
template <> const Element& schema<TpmSource>();
template <> const Element& schema<TpmProfile>();
template <> const Element& schema<PcrBanks>();
template <> const Element& schema<NvramDevice>();
template <> const Element& schema<Iommu>();
template <> const Element& schema<IommuDriver>();
template <> const Element& schema<IommuGranule>();
template <> const Element& schema<Vsock>();
template <> const Element& schema<VsockCid>();
template <> const Element& schema<Pstore>();

}  // namespace vireo::model
