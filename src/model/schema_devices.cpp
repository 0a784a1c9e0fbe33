// SPDX-License-Identifier: LGPL-2.1-or-later
// The smaller devices.
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<Watchdog>() {
    static const Element element = Declare<Watchdog>()
        .attribute("model", &Watchdog::model).required().decides()
        .attribute("action", &Watchdog::action)
        .include(&Watchdog::info)
        .kept(&Watchdog::kept)
        .build();
    return element;
}

template <>
const Element& schema<Panic>() {
    static const Element element = Declare<Panic>()
        .attribute("model", &Panic::model).decides()
        .include(&Panic::info)
        .kept(&Panic::kept)
        .build();
    return element;
}

template <>
const Element& schema<Rng>() {
    static const Element element = Declare<Rng>()
        .attribute("model", &Rng::model).required().decides()
        .child("rate", &Rng::rate)
        .child("backend", &Rng::backend).required()
        .child("driver", &Rng::driver)
        .include(&Rng::info)
        .kept(&Rng::kept)
        .build();
    return element;
}

template <>
const Element& schema<RngRate>() {
    static const Element element = Declare<RngRate>()
        .attribute("bytes", &RngRate::bytes).range(1, 0xffffffff).required()
        .attribute("period", &RngRate::period).range(1, 0xffffffff)
        .kept(&RngRate::kept)
        .build();
    return element;
}

template <>
const Element& schema<RngBackend>() {
    static const Element element = DeclareChoice<RngBackend>("model")
        .when<RngRandom>("random")
        .when<RngEgd>("egd")
        .when<RngBuiltin>("builtin")
        .build();
    return element;
}

template <>
const Element& schema<RngRandom>() {
    static const Element element = Declare<RngRandom>()
        .text("path", &RngRandom::path)
        .kept(&RngRandom::kept)
        .build();
    return element;
}

template <>
const Element& schema<RngEgd>() {
    static const Element element = Declare<RngEgd>()
        .include(&RngEgd::backend)
        .kept(&RngEgd::kept)
        .build();
    return element;
}

template <>
const Element& schema<RngBuiltin>() {
    static const Element element = Declare<RngBuiltin>()
        .kept(&RngBuiltin::kept)
        .build();
    return element;
}

template <>
const Element& schema<Crypto>() {
    static const Element element = Declare<Crypto>()
        .attribute("model", &Crypto::model).required().decides()
        .attribute("type", &Crypto::type).required().decides()
        .child("backend", &Crypto::backend).required()
        .child("driver", &Crypto::driver)
        .include(&Crypto::info)
        .kept(&Crypto::kept)
        .build();
    return element;
}

template <>
const Element& schema<CryptoBackend>() {
    static const Element element = Declare<CryptoBackend>()
        .attribute("model", &CryptoBackend::model).required().decides()
        .attribute("queues", &CryptoBackend::queues)
        .kept(&CryptoBackend::kept)
        .build();
    return element;
}

template <>
const Element& schema<Tpm>() {
    static const Element element = Declare<Tpm>()
        .attribute("model", &Tpm::model).decides()
        .child("backend", &Tpm::backend).required()
        .include(&Tpm::info)
        .kept(&Tpm::kept)
        .build();
    return element;
}

template <>
const Element& schema<TpmBackend>() {
    static const Element element = Declare<TpmBackend>()
        .attribute("type", &TpmBackend::type).required().decides()
        .attribute("version", &TpmBackend::version)
        .attribute("persistent_state", &TpmBackend::persistent_state)
        .attribute("debug", &TpmBackend::debug)
        .child_attribute("device", "path", &TpmBackend::device)
        .child("source", &TpmBackend::source)
        .child_attribute("encryption", "secret", &TpmBackend::encryption)
        .child("profile", &TpmBackend::profile)
        .child("active_pcr_banks", &TpmBackend::active_pcr_banks)
        .kept(&TpmBackend::kept)
        .build();
    return element;
}

template <>
const Element& schema<TpmSource>() {
    static const Element element = Declare<TpmSource>()
        .attribute("type", &TpmSource::type).required().decides()
        .attribute("path", &TpmSource::path)
        .attribute("mode", &TpmSource::mode)
        .kept(&TpmSource::kept)
        .build();
    return element;
}

template <>
const Element& schema<TpmProfile>() {
    static const Element element = Declare<TpmProfile>()
        .attribute("source", &TpmProfile::source)
        .attribute("removeDisabled", &TpmProfile::remove_disabled)
        .attribute("name", &TpmProfile::name)
        .kept(&TpmProfile::kept)
        .build();
    return element;
}

template <>
const Element& schema<PcrBanks>() {
    static const Element element = Declare<PcrBanks>()
        .flag("sha1", &PcrBanks::sha1)
        .flag("sha256", &PcrBanks::sha256)
        .flag("sha384", &PcrBanks::sha384)
        .flag("sha512", &PcrBanks::sha512)
        .kept(&PcrBanks::kept)
        .build();
    return element;
}

template <>
const Element& schema<NvramDevice>() {
    static const Element element = Declare<NvramDevice>()
        .include(&NvramDevice::info)
        .kept(&NvramDevice::kept)
        .build();
    return element;
}

template <>
const Element& schema<Iommu>() {
    static const Element element = Declare<Iommu>()
        .attribute("model", &Iommu::model).required().decides()
        .child("driver", &Iommu::driver)
        .include(&Iommu::info)
        .kept(&Iommu::kept)
        .build();
    return element;
}

template <>
const Element& schema<IommuDriver>() {
    static const Element element = Declare<IommuDriver>()
        .attribute("intremap", &IommuDriver::intremap).on_off()
        .attribute("caching_mode", &IommuDriver::caching_mode).on_off()
        .attribute("eim", &IommuDriver::eim).on_off()
        .attribute("iotlb", &IommuDriver::iotlb).on_off()
        .attribute("aw_bits", &IommuDriver::aw_bits)
        .attribute("dma_translation", &IommuDriver::dma_translation).on_off()
        .attribute("passthrough", &IommuDriver::passthrough).on_off()
        .attribute("xtsup", &IommuDriver::xtsup).on_off()
        .attribute("pciBus", &IommuDriver::pci_bus)
        .child("granule", &IommuDriver::granule)
        .kept(&IommuDriver::kept)
        .build();
    return element;
}

template <>
const Element& schema<IommuGranule>() {
    static const Element element = Declare<IommuGranule>()
        .attribute("size", &IommuGranule::size).bytes()
        .attribute("mode", &IommuGranule::mode)
        .kept(&IommuGranule::kept)
        .build();
    return element;
}

template <>
const Element& schema<Vsock>() {
    static const Element element = Declare<Vsock>()
        .attribute("model", &Vsock::model)
        .child("cid", &Vsock::cid)
        .child("driver", &Vsock::driver)
        .include(&Vsock::info)
        .kept(&Vsock::kept)
        .build();
    return element;
}

template <>
const Element& schema<VsockCid>() {
    static const Element element = Declare<VsockCid>()
        .attribute("auto", &VsockCid::automatic)
        .attribute("address", &VsockCid::address)
        .kept(&VsockCid::kept)
        .build();
    return element;
}

template <>
const Element& schema<Pstore>() {
    static const Element element = Declare<Pstore>()
        .attribute("backend", &Pstore::backend).required().decides()
        .child("path", &Pstore::path)
        .child("size", &Pstore::size).bytes().required()
        .include(&Pstore::info)
        .kept(&Pstore::kept)
        .build();
    return element;
}

}  // namespace vireo::model
