// SPDX-License-Identifier: LGPL-2.1-or-later
// What QEMU 8.0 can make for each kind of guest: names only. The binaries of 7.2 say most of them (qom-list-types,
// query-commands, query-command-line-options); the rest is from QEMU's documentation of what each release added.
#include "qemu/newest_known_names.hpp"

namespace vireo::qemu::newest {

const std::string_view every_arch = R"(
AC97 ES1370 VGA acpi-erst acpi-ged am53c974 ati-vga authz-list authz-list-file authz-simple bochs-display
ccid-card-emulated ccid-card-passthru cfi.pflash01 chardev-braille chardev-dbus chardev-file chardev-gdb
chardev-memory chardev-msmouse chardev-mux chardev-null chardev-parallel chardev-pipe chardev-pty
chardev-qemu-vdagent chardev-ringbuf chardev-serial chardev-socket chardev-spiceport chardev-spicevmc
chardev-stdio chardev-testdev chardev-udp chardev-vc chardev-wctablet cirrus-vga colo-compare cryptodev-backend
cryptodev-backend-builtin cryptodev-backend-lkcf cryptodev-vhost-user ctucan_pci cxl-downstream cxl-rp cxl-type3
cxl-upstream dbus-vmstate dc390 e1000 e1000-82544gc e1000-82545em e1000e edu esp filter-buffer filter-dump
filter-mirror filter-redirector filter-replay filter-rewriter fw_cfg_io fw_cfg_mem generic-sdhci gpex-pcihost
gpio_i2c guest-loader hda-duplex hda-micro hda-output i2c-ddc i6300esb i82550 i82551 i82557a i82557b i82557c
i82558a i82558b i82559a i82559b i82559c i82559er i82562 i82801 i82801b11-bridge ich9-ahci ich9-intel-hda
ich9-usb-ehci1 ich9-usb-ehci2 ich9-usb-uhci1 ich9-usb-uhci2 ich9-usb-uhci3 ich9-usb-uhci4 ich9-usb-uhci5
ich9-usb-uhci6 ide-cd ide-hd igb imx-usdhc imx.usbphy input-barrier input-linux intel-hda ioh3420 iothread
ipoctal232 ivshmem-doorbell ivshmem-plain kvaser_pci kvm-accel loader lsi53c810 lsi53c895a megasas megasas-gen2
main-loop memory-backend-file memory-backend-memfd memory-backend-ram mioe3680_pci
mptsas1068 ne2k_pci nec-usb-xhci nvdimm
nvme nvme-ns nvme-subsys pc-dimm pci-bridge pci-bridge-seat pci-ohci pci-serial pci-serial-2x pci-serial-4x
pci-testdev pcie-pci-bridge pcie-root-port pcm3680_pci pcnet piix3-usb-uhci piix4-usb-uhci pr-manager-helper
ps2-kbd ps2-mouse pvpanic-pci pvrdma pvscsi pxb pxb-cxl pxb-pcie qemu-xhci qxl qxl-vga ramfb rng-builtin rng-egd
rng-random rocker rtl8139 s3c-sdhci scsi-block scsi-cd scsi-generic scsi-hd sd-card sdhci-pci secondary-vga
secret secret_keyring serial serial-mm smbus-eeprom sysbus-ahci sysbus-esp sysbus-ohci sysbus-xhci tcg-accel
thread-context throttle-group tls-creds-anon tls-creds-psk tls-creds-x509 tpci200 tpm-emulator tpm-passthrough
tulip u2f-emulated u2f-passthru ufs ufs-lu usb-audio usb-bot usb-braille usb-ccid usb-ehci usb-host usb-hub
usb-kbd usb-mouse usb-mtp usb-net usb-redir usb-serial usb-storage usb-tablet usb-uas usb-wacom-tablet vfio-pci
vfio-pci-nohotplug vhost-scsi vhost-scsi-pci vhost-scsi-pci-non-transitional vhost-scsi-pci-transitional
vhost-user-backend vhost-user-blk vhost-user-blk-pci vhost-user-blk-pci-non-transitional
vhost-user-blk-pci-transitional vhost-user-fs-device vhost-user-fs-pci vhost-user-gpio-device
vhost-user-gpio-pci vhost-user-gpu vhost-user-gpu-pci vhost-user-i2c-device vhost-user-i2c-pci vhost-user-input
vhost-user-input-pci vhost-user-rng vhost-user-rng-pci vhost-user-scsi vhost-user-scsi-pci
vhost-user-scsi-pci-non-transitional vhost-user-scsi-pci-transitional vhost-user-vsock-device
vhost-user-vsock-pci vhost-user-vsock-pci-non-transitional vhost-vdpa-device vhost-vdpa-device-pci
vhost-vsock-device vhost-vsock-pci vhost-vsock-pci-non-transitional virtconsole virtio-9p-device virtio-9p-pci
virtio-9p-pci-non-transitional virtio-9p-pci-transitional virtio-balloon-device virtio-balloon-pci
virtio-balloon-pci-non-transitional virtio-balloon-pci-transitional virtio-blk-device virtio-blk-pci
virtio-blk-pci-non-transitional virtio-blk-pci-transitional virtio-crypto-device virtio-crypto-pci
virtio-gpu-device virtio-gpu-gl-device virtio-gpu-gl-pci virtio-gpu-pci virtio-input-host-device
virtio-input-host-pci virtio-iommu-device virtio-iommu-pci virtio-keyboard-device virtio-keyboard-pci
virtio-md-pci virtio-mem virtio-mem-pci virtio-mmio virtio-mouse-device virtio-mouse-pci virtio-net-device
virtio-net-pci virtio-net-pci-non-transitional virtio-net-pci-transitional virtio-pmem virtio-pmem-pci
virtio-rng-device virtio-rng-pci virtio-rng-pci-non-transitional virtio-rng-pci-transitional virtio-scsi-device
virtio-scsi-pci virtio-scsi-pci-non-transitional virtio-scsi-pci-transitional virtio-serial-device
virtio-serial-pci virtio-serial-pci-non-transitional virtio-serial-pci-transitional virtio-sound-device
virtio-sound-pci virtio-tablet-device virtio-tablet-pci virtserialport vmcoreinfo vmware-svga vmxnet3
x3130-upstream xio3130-downstream)";

const std::string_view x86 = R"(
AMDVI-PCI ICH9-LPC ICH9-SMB PIIX3 PIIX4_PM acpi-ged-x86 adlib amd-iommu cryptodev-backend cs4231a floppy gus
hpet hv-syndbg hyperv-synic hyperv-testdev i440FX i8042 ib700 intel-iommu ioapic ipmi-bmc-extern ipmi-bmc-sim
isa-applesmc isa-cirrus-vga isa-debug-exit isa-debugcon isa-fdc isa-i8259 isa-ide isa-ipmi-bt isa-ipmi-kcs
isa-parallel isa-pcspk isa-pit isa-serial isa-vga kvm-i8259 kvm-ioapic kvm-pit mc146818rtc mch
memory-backend-epc ne2k_isa pc-testdev pci-ipmi-bt pci-ipmi-kcs piix3-ide piix4-ide pvpanic q35-pcihost sb16
sev-guest sev-snp-guest sga sgx-epc smbus-ipmi tdx-guest tpm-crb tpm-tis vfio-pci-igd-lpc-bridge vhost-user-vga
virtio-vga virtio-vga-gl vmbus vmgenid vmmouse vmport xen-backend xen-platform xen-pvdevice)";

const std::string_view arm = R"(
allwinner-emac arm-confidential-guest arm-gicv2m arm-gicv3 arm-gicv3-its arm-smmuv3 arm_gic at24c-eeprom
cadence_gem cadence_uart cfi.pflash02 ds1338 ftgmac100 gpio-key gpio-pwr imx.enet imx.fec lan9118 led m25p80
nvdimm pl011 pl031 pl061 pl080 pl110 pl111 pl181 pl190 platform-bus-device platform-ehci-usb rme-guest sbsa_gwdt
smc91c111 ssi-sd stellaris_enet tmp105 tmp421 tpm-tis-device unimplemented-device usb-chipidea usb_dwc3
versatile_pci vfio-amd-xgbe vfio-calxeda-xgmac vfio-platform xgmac xlnx.axi-ethernet)";

const std::string_view ppc = R"(
adb-keyboard adb-mouse adlib cs4231a e500-host-bridge e500-pcihost eTSEC escc floppy grackle gus i8042 i82374
i82378 ipmi-bmc-extern ipmi-bmc-sim isa-cirrus-vga isa-cmos isa-debug-exit isa-debugcon isa-fdc isa-i8259
isa-ide isa-ipmi-bt isa-ipmi-kcs isa-parallel isa-pcspk isa-pit isa-serial isa-vga macio-ide macio-newworld
macio-nvram macio-oldworld mc146818rtc mpc8xxx_gpio ne2k_isa pci-ipmi-bt pci-ipmi-kcs pef-guest
platform-bus-device pnv-phb3 pnv-phb3-root-port pnv-phb4 pnv-phb4-root-port ppc4xx-ehci-usb prep-systemio
pvpanic sb16 spapr-nvdimm spapr-nvram spapr-pci-host-bridge spapr-pci-vfio-host-bridge spapr-rng spapr-rtc
spapr-tpm-proxy spapr-vlan spapr-vscsi spapr-vty sungem tpm-spapr u3-agp)";

const std::string_view s390 = R"(
diag288 s390-flic-kvm s390-flic-qemu s390-ipl s390-pcihost s390-pv-guest s390-skeys-qemu sclp-cpu-hotplug
sclpconsole sclplmconsole sclpquiesce terminal3270 vfio-ap vfio-ccw vhost-scsi-ccw vhost-user-blk-ccw
vhost-user-fs-ccw vhost-user-gpio-ccw vhost-user-gpu-ccw vhost-user-i2c-ccw vhost-user-input-ccw
vhost-user-rng-ccw vhost-user-scsi-ccw vhost-user-vsock-ccw vhost-vdpa-device-ccw vhost-vsock-ccw virtio-9p-ccw
virtio-balloon-ccw virtio-blk-ccw virtio-crypto-ccw virtio-gpu-ccw virtio-input-host-ccw virtio-iommu-ccw
virtio-keyboard-ccw virtio-md-ccw virtio-mem-ccw virtio-mouse-ccw virtio-net-ccw virtio-pmem-ccw virtio-rng-ccw
virtio-scsi-ccw virtio-serial-ccw virtio-sound-ccw virtio-tablet-ccw virtual-css-bridge x-terminal3270 zpci)";

const std::string_view riscv = R"(
cadence_gem goldfish_rtc m25p80 platform-bus-device riscv.aclint.mtimer riscv.aclint.swi riscv.aplic riscv.imsic
sifive_gpio sifive_plic sifive_pwm sifive_uart ssi-sd tpm-tis-device)";

const std::string_view loongarch = R"(
loongarch_extioi loongarch_ipi loongarch_pch_msi loongarch_pch_pic ls7a_rtc platform-bus-device tpm-tis-device)";

const std::string_view others = R"(
PIIX4_PM SUNW,fdtwo adlib artist cgthree cmd646-ide cs4231a dp8393x ebus escc esp etraxfs-eth floppy gus i8042
ipmi-bmc-extern ipmi-bmc-sim isa-cirrus-vga isa-cmos isa-debug-exit isa-debugcon isa-fdc isa-i8259 isa-ide
isa-ipmi-bt isa-ipmi-kcs isa-parallel isa-pcspk isa-pit isa-serial isa-vga jazz-ram lance lasi-82596 lasips2
mc146818rtc mipsnet ne2k_isa nubus-macfb opencores_eth pci-ipmi-bt pci-ipmi-kcs piix3-ide piix4-ide piix4-isa
pvpanic q800 sb16 sh_serial sun-mouse sun4uv sunhme swim-floppy sysbus-esp tcx usb-chipidea virtio-mmio
xlnx.axi-ethernet xlnx.xps-ethernetlite)";

const std::string_view x86_cpus = R"(
486 486-v1 Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Broadwell-v1 Broadwell-v2 Broadwell-v3
Broadwell-v4 Cascadelake-Server Cascadelake-Server-noTSX Cascadelake-Server-v1 Cascadelake-Server-v2
Cascadelake-Server-v3 Cascadelake-Server-v4 Cascadelake-Server-v5 Conroe Conroe-v1 Cooperlake Cooperlake-v1
Cooperlake-v2 Denverton Denverton-v1 Denverton-v2 Denverton-v3 Dhyana Dhyana-v1 Dhyana-v2 EPYC EPYC-Genoa
EPYC-Genoa-v1 EPYC-IBPB EPYC-Milan EPYC-Milan-v1 EPYC-Milan-v2 EPYC-Rome EPYC-Rome-v1 EPYC-Rome-v2 EPYC-Rome-v3
EPYC-Rome-v4 EPYC-v1 EPYC-v2 EPYC-v3 EPYC-v4 GraniteRapids GraniteRapids-v1 Haswell Haswell-IBRS Haswell-noTSX
Haswell-noTSX-IBRS Haswell-v1 Haswell-v2 Haswell-v3 Haswell-v4 Icelake-Client Icelake-Client-noTSX
Icelake-Client-v1 Icelake-Client-v2 Icelake-Server Icelake-Server-noTSX Icelake-Server-v1 Icelake-Server-v2
Icelake-Server-v3 Icelake-Server-v4 Icelake-Server-v5 Icelake-Server-v6 IvyBridge IvyBridge-IBRS IvyBridge-v1
IvyBridge-v2 KnightsMill KnightsMill-v1 Nehalem Nehalem-IBRS Nehalem-v1 Nehalem-v2 Opteron_G1 Opteron_G1-v1
Opteron_G2 Opteron_G2-v1 Opteron_G3 Opteron_G3-v1 Opteron_G4 Opteron_G4-v1 Opteron_G5 Opteron_G5-v1 Penryn
Penryn-v1 SandyBridge SandyBridge-IBRS SandyBridge-v1 SandyBridge-v2 SapphireRapids SapphireRapids-v1
Skylake-Client Skylake-Client-IBRS Skylake-Client-noTSX-IBRS Skylake-Client-v1 Skylake-Client-v2
Skylake-Client-v3 Skylake-Client-v4 Skylake-Server Skylake-Server-IBRS Skylake-Server-noTSX-IBRS
Skylake-Server-v1 Skylake-Server-v2 Skylake-Server-v3 Skylake-Server-v4 Skylake-Server-v5 Snowridge Snowridge-v1
Snowridge-v2 Snowridge-v3 Snowridge-v4 Westmere Westmere-IBRS Westmere-v1 Westmere-v2 athlon athlon-v1 core2duo
core2duo-v1 coreduo coreduo-v1 host kvm32 kvm32-v1 kvm64 kvm64-v1 max n270 n270-v1 pentium pentium-v1 pentium2
pentium2-v1 pentium3 pentium3-v1 phenom phenom-v1 qemu32 qemu32-v1 qemu64 qemu64-v1)";

const std::string_view arm_cpus = R"(
a64fx arm1026 arm1136 arm1136-r2 arm1176 arm11mpcore arm926 arm946 cortex-a15 cortex-a35 cortex-a53 cortex-a55
cortex-a57 cortex-a7 cortex-a710 cortex-a72 cortex-a76 cortex-a8 cortex-a9 cortex-m0 cortex-m3 cortex-m33
cortex-m4 cortex-m55 cortex-m7 cortex-r5 cortex-r52 cortex-r5f host max neoverse-n1 neoverse-n2 neoverse-v1
pxa250 pxa255 pxa260 pxa261 pxa262 pxa270 pxa270-a0 pxa270-a1 pxa270-b0 pxa270-b1 pxa270-c0 pxa270-c5 sa1100
sa1110 ti925t)";

const std::string_view ppc_cpus = R"(
7400 7410 7450 750 970 970fx 970mp e500mc e500v1 e500v2 e5500 e6500 g2 g3 g4 host max power10 power10_v2.0
power5+ power5p_v2.1 power7 power7+ power7_v2.3 power8 power8_v2.0 power8e power8nvl power9 power9_v2.0)";

const std::string_view s390_cpus = R"(
gen15a gen15a-base gen15b gen15b-base gen16a gen16a-base gen16b gen16b-base host max qemu z10BC z10BC-base z10EC
z10EC-base z10EC.2 z10EC.2-base z10EC.3 z10EC.3-base z114 z114-base z13 z13-base z13.2 z13.2-base z13s z13s-base
z14 z14-base z14.2 z14.2-base z14ZR1 z14ZR1-base z196 z196-base z196.2 z196.2-base z890 z890-base z890.2
z890.2-base z890.3 z890.3-base z900 z900-base z900.2 z900.2-base z900.3 z900.3-base z990 z990-base z990.2
z990.2-base z990.3 z990.3-base z990.4 z990.4-base z990.5 z990.5-base z9BC z9BC-base z9EC z9EC-base z9EC.2
z9EC.2-base z9EC.3 z9EC.3-base zBC12 zBC12-base zEC12 zEC12-base zEC12.2 zEC12.2-base)";

const std::string_view riscv_cpus = R"(
any host lowrisc-ibex max rv32 rv64 rva22s64 rva22u64 shakti-c sifive-e31 sifive-e34 sifive-e51 sifive-u34
sifive-u54 thead-c906 veyron-v1 x-rv128)";

const std::string_view loongarch_cpus = R"(
host la132 la464 la464-loongarch-cpu max)";

const std::string_view commands = R"(
add-fd add_client announce-self balloon block-commit block-dirty-bitmap-add block-dirty-bitmap-clear
block-dirty-bitmap-disable block-dirty-bitmap-enable block-dirty-bitmap-merge block-dirty-bitmap-remove
block-export-add block-export-del block-job-cancel block-job-complete block-job-dismiss block-job-finalize
block-job-pause block-job-resume block-job-set-speed block-latency-histogram-set block-set-write-threshold
block-stream block_resize block_set_io_throttle blockdev-add blockdev-backup blockdev-change-medium
blockdev-close-tray blockdev-create blockdev-del blockdev-insert-medium blockdev-mirror blockdev-open-tray
blockdev-remove-medium blockdev-reopen blockdev-snapshot blockdev-snapshot-delete-internal-sync
blockdev-snapshot-internal-sync blockdev-snapshot-sync calc-dirty-rate cancel-vcpu-dirty-limit
change-backing-file change-vnc-password chardev-add chardev-change chardev-remove chardev-send-break
client_migrate_info closefd cont device-list-properties device_add device_del display-reload display-update
drive-backup drive-mirror dump-guest-memory dumpdtb eject expire_password getfd human-monitor-command inject-nmi
input-send-event job-cancel job-complete job-dismiss job-finalize job-pause job-resume memsave migrate
migrate-continue migrate-incoming migrate-pause migrate-recover migrate-set-capabilities migrate-set-parameters
migrate-start-postcopy migrate_cancel nbd-server-add nbd-server-remove nbd-server-start nbd-server-stop
netdev_add netdev_del object-add object-del pmemsave qmp_capabilities qom-get qom-list qom-list-properties
qom-list-types qom-set query-acpi-ospm-status query-balloon query-block query-block-exports query-block-jobs
query-blockstats query-chardev query-chardev-backends query-colo-status query-command-line-options
query-commands query-cpu-definitions query-cpu-model-expansion query-cpus-fast query-current-machine
query-dirty-rate query-display-options query-dump query-dump-guest-memory-capability query-fdsets
query-hotpluggable-cpus query-iothreads query-jobs query-kvm query-machines query-memdev query-memory-devices
query-memory-size-summary query-mice query-migrate query-migrate-capabilities query-migrate-parameters
query-name query-named-block-nodes query-pci query-pr-managers query-qmp-schema query-replay query-rocker
query-rocker-of-dpa-flows query-rocker-of-dpa-groups query-rocker-ports query-rx-filter query-sev
query-sev-attestation-report query-sev-capabilities query-sev-launch-measure query-sgx query-sgx-capabilities
query-spice query-stats query-stats-schemas query-status query-target query-tpm query-tpm-models query-tpm-types
query-uuid query-vcpu-dirty-limit query-version query-vm-generation-id query-vnc query-vnc-servers
query-xen-replication-status query-yank quit remove-fd replay-break replay-delete-break replay-seek ringbuf-read
ringbuf-write rtc-reset-reinjection screendump send-key set-action set-numa-node set-vcpu-dirty-limit set_link
set_password sev-inject-launch-secret snapshot-delete snapshot-load snapshot-save stop system_powerdown
system_reset system_wakeup trace-event-get-state trace-event-set-state transaction watchdog-set-action
x-blockdev-amend x-blockdev-change x-blockdev-set-iothread x-colo-lost-heartbeat
x-debug-block-dirty-bitmap-sha256 x-debug-query-block-graph x-exit-preconfig x-query-irq x-query-jit
x-query-numa x-query-opcount x-query-profile x-query-ramblock x-query-rdma x-query-roms x-query-usb
x-query-virtio x-query-virtio-queue-element x-query-virtio-queue-status x-query-virtio-status
x-query-virtio-vhost-queue-status xen-colo-do-checkpoint xen-load-devices-state xen-save-devices-state
xen-set-global-dirty-log xen-set-replication yank)";

const std::string_view options = R"(
accel acpi acpitable action action.panic action.reboot action.shutdown action.watchdog add-fd add-fd.fd
add-fd.opaque add-fd.set append audiodev blockdev boot-opts boot-opts.menu boot-opts.once boot-opts.order
boot-opts.reboot-timeout boot-opts.splash boot-opts.splash-time boot-opts.strict chardev chardev.abstract
chardev.append chardev.backend chardev.chardev chardev.clipboard chardev.cols chardev.debug chardev.delay
chardev.fd chardev.height chardev.host chardev.ipv4 chardev.ipv6 chardev.localaddr chardev.localport
chardev.logappend chardev.logfile chardev.mouse chardev.mux chardev.name chardev.nodelay chardev.path
chardev.port chardev.reconnect chardev.rows chardev.server chardev.signal chardev.size chardev.telnet
chardev.tight chardev.tls-authz chardev.tls-creds chardev.tn3270 chardev.to chardev.wait chardev.websocket
chardev.width compat device display drive drive.aio drive.auto-read-only drive.bus drive.cache.direct
drive.cache.no-flush drive.cache.writeback drive.copy-on-read drive.detect-zeroes drive.discard drive.driver
drive.file drive.force-share drive.format drive.if drive.index drive.media drive.node-name drive.read-only
drive.rerror drive.snapshot drive.stats-account-failed drive.stats-account-invalid drive.throttling.bps-read
drive.throttling.bps-read-max drive.throttling.bps-read-max-length drive.throttling.bps-total
drive.throttling.bps-total-max drive.throttling.bps-total-max-length drive.throttling.bps-write
drive.throttling.bps-write-max drive.throttling.bps-write-max-length drive.throttling.group
drive.throttling.iops-read drive.throttling.iops-read-max drive.throttling.iops-read-max-length
drive.throttling.iops-size drive.throttling.iops-total drive.throttling.iops-total-max
drive.throttling.iops-total-max-length drive.throttling.iops-write drive.throttling.iops-write-max
drive.throttling.iops-write-max-length drive.unit drive.werror fsdev fsdev.dmode fsdev.fmode fsdev.fsdriver
fsdev.multidevs fsdev.path fsdev.readonly fsdev.security_model fsdev.sock_fd fsdev.socket
fsdev.throttling.bps-read fsdev.throttling.bps-read-max fsdev.throttling.bps-read-max-length
fsdev.throttling.bps-total fsdev.throttling.bps-total-max fsdev.throttling.bps-total-max-length
fsdev.throttling.bps-write fsdev.throttling.bps-write-max fsdev.throttling.bps-write-max-length
fsdev.throttling.iops-read fsdev.throttling.iops-read-max fsdev.throttling.iops-read-max-length
fsdev.throttling.iops-size fsdev.throttling.iops-total fsdev.throttling.iops-total-max
fsdev.throttling.iops-total-max-length fsdev.throttling.iops-write fsdev.throttling.iops-write-max
fsdev.throttling.iops-write-max-length fsdev.writeout fw_cfg fw_cfg.file fw_cfg.gen_id fw_cfg.name fw_cfg.string
global global.driver global.property global.value icount icount.align icount.rr icount.rrfile icount.rrsnapshot
icount.shift icount.sleep incoming iothread iscsi iscsi.header-digest iscsi.initiator-name iscsi.password
iscsi.password-secret iscsi.timeout iscsi.user machine machine.accel machine.aes-key-wrap machine.append
machine.dea-key-wrap machine.dt_compatible machine.dtb machine.dump-guest-core machine.dumpdtb machine.firmware
machine.hpet machine.initrd machine.iommu machine.kernel machine.kernel_irqchip machine.kvm_shadow_mem
machine.loadparm machine.mem-merge machine.phandle_start machine.suppress-vmdesc machine.type machine.usb memory
memory.maxmem memory.size memory.slots mon mon.chardev mon.mode mon.pretty msg msg.guest-name msg.timestamp name
name.debug-threads name.guest name.process net netdev nic numa object option-rom option-rom.bootindex
option-rom.romfile overcommit overcommit.cpu-pm overcommit.mem-lock plugin rtc rtc.base rtc.clock rtc.driftfix
run-with sandbox sandbox.elevateprivileges sandbox.enable sandbox.obsolete sandbox.resourcecontrol sandbox.spawn
set smbios smp-opts smp-opts.books smp-opts.clusters smp-opts.cores smp-opts.cpus smp-opts.dies smp-opts.drawers
smp-opts.maxcpus smp-opts.sockets smp-opts.threads spice spice.gl spice.rendernode tpmdev trace trace.enable
trace.events trace.file virtfs virtfs.dmode virtfs.fmode virtfs.fsdriver virtfs.mount_tag virtfs.multidevs
virtfs.path virtfs.readonly virtfs.security_model virtfs.sock_fd virtfs.socket virtfs.writeout vnc vnc.audiodev
vnc.connections vnc.display vnc.head vnc.ipv4 vnc.ipv6 vnc.key-delay-ms vnc.lock-key-sync vnc.lossy
vnc.non-adaptive vnc.password vnc.password-secret vnc.power-control vnc.reverse vnc.sasl vnc.sasl-authz
vnc.share vnc.tls-authz vnc.tls-creds vnc.to vnc.vnc vnc.websocket)";

}  // namespace vireo::qemu::newest
