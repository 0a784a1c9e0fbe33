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
template <> const Element& schema<Vcpu>();
template <> const Element& schema<PowerManagement>();
template <> const Element& schema<Devices>();

// schema_features.cpp
template <> const Element& schema<Features>();

// schema_clock.cpp
template <> const Element& schema<Clock>();
template <> const Element& schema<Timer>();

// schema_cpu.cpp
template <> const Element& schema<Cpu>();
template <> const Element& schema<CpuModel>();
template <> const Element& schema<CpuTopology>();
template <> const Element& schema<CpuFeature>();

// schema_os.cpp
template <> const Element& schema<Os>();
template <> const Element& schema<OsType>();
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

// schema_devices.cpp
template <> const Element& schema<Interface>();
template <> const Element& schema<Input>();
template <> const Element& schema<Graphics>();
template <> const Element& schema<GraphicsListen>();
template <> const Element& schema<Video>();
template <> const Element& schema<VideoModel>();
template <> const Element& schema<Watchdog>();
template <> const Element& schema<Memballoon>();
template <> const Element& schema<Rng>();
template <> const Element& schema<RngRate>();
template <> const Element& schema<RngBackend>();
template <> const Element& schema<Panic>();

}  // namespace vireo::model
