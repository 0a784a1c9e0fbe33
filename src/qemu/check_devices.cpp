// SPDX-License-Identifier: LGPL-2.1-or-later
// Which devices a machine can have at all.
#include "qemu/assign_parts.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace vireo::qemu {
namespace {

class DeviceCheck {
public:
    explicit DeviceCheck(const Assignment& assignment)
        : machine_(assignment.machine), domain_(assignment.domain), devices_(assignment.domain.devices) {}

    Result<> run() const {
        for (auto check : {&DeviceCheck::iommu, &DeviceCheck::panics, &DeviceCheck::watchdogs, &DeviceCheck::sounds,
                           &DeviceCheck::tpms, &DeviceCheck::memory, &DeviceCheck::interfaces,
                           &DeviceCheck::controllers, &DeviceCheck::videos, &DeviceCheck::others})
            if (auto good = (this->*check)(); !good) return good;
        return {};
    }

private:
    Failure only(const std::string& what, std::string_view where) const {
        return fail(Errc::invalid_config, what, " is possible on ", where, " only, not on machines of the type '",
                    domain_.os.type.machine, "'");
    }

    Result<> iommu() const {
        for (const auto& iommu : devices_.iommus) {
            using enum model::Iommu::Model;
            const auto name = describe(iommu);
            if ((iommu.model == intel || iommu.model == amd) && !machine_.q35()) return only(name, "q35");
            if (iommu.model == smmuv3 && !machine_.arm_virt()) return only(name, "ARM's virt");
            if (iommu.model == model::Iommu::Model::virtio && !machine_.q35() && !machine_.arm_virt())
                return only(name, "q35 and ARM's virt");
        }
        return {};
    }

    Result<> panics() const {
        for (const auto& panic : devices_.panics) {
            using enum model::Panic::Model;
            const auto name = describe(panic);
            if (panic.model == model::Panic::Model::pseries && !machine_.pseries()) return only(name, "pseries");
            if (panic.model == s390 && !machine_.s390()) return only(name, "s390x");
            if ((panic.model == isa || panic.model == hyperv) && !machine_.x86()) return only(name, "x86");
            if (std::ranges::count(devices_.panics, panic.model, &model::Panic::model) > 1)
                return fail(Errc::invalid_config, "panic: there are two of the model '", to_string(*panic.model), "'");
        }
        return {};
    }

    Result<> watchdogs() const {
        for (const auto& watchdog : devices_.watchdogs) {
            using enum model::Watchdog::Model;
            const auto name = describe(watchdog);
            if (watchdog.model == ib700 && !machine_.i440fx()) return only(name + " 'ib700'", "pc");
            if (watchdog.model == diag288 && !machine_.s390()) return only(name, "s390x");
            if (watchdog.model == itco && !machine_.q35()) return only(name, "q35");
        }
        return {};
    }

    Result<> sounds() const {
        for (const auto& sound : devices_.sounds) {
            using enum model::Sound::Model;
            if ((sound.model == sb16 || sound.model == pcspk) && !machine_.has_isa())
                return only(describe(sound), "machines with an ISA bus");
        }
        return {};
    }

    Result<> tpms() const {
        for (const auto& tpm : devices_.tpms) {
            using enum model::Tpm::Model;
            const auto name = describe(tpm);
            if ((tpm.model == spapr || tpm.model == spapr_proxy) && !machine_.pseries()) return only(name, "pseries");
            if (tpm.model == crb && !machine_.x86()) return only(name, "x86");
            if (tpm.model == tis && !machine_.x86() && !machine_.arm_virt()) return only(name, "x86 and ARM's virt");
            if (tpm.backend.version == model::TpmBackend::Version::v1_2 && !machine_.x86())
                return only(name + " of version 1.2", "x86");
        }
        return {};
    }

    Result<> memory() const {
        for (const auto& memory : devices_.memory_devices) {
            using enum model::MemoryDevice::Model;
            const auto name = describe(memory);
            if (memory.model == sgx_epc) {
                if (!machine_.x86()) return only(name, "x86");
                continue;
            }
            if (memory.model == virtio_pmem && !machine_.x86() && !machine_.s390()) return only(name, "x86");
            if (!machine_.hotpluggable_memory()) return only(name, "x86, pseries and ARM's virt");
            if (memory.uuid && !machine_.ppc64()) return only("a uuid of " + name, "pseries");
            if (memory.model == nvdimm && machine_.pseries() && !memory.target.label)
                return fail(Errc::invalid_config, name, " needs a label on pseries");
        }
        return {};
    }

    // What needs virtio, when the machine's usual card is another one.
    Result<> interfaces() const {
        for (const auto& interface : devices_.interfaces) {
            if (interface.type == model::Interface::Type::hostdev || interface.is_virtio()) continue;
            const auto no = [&](std::string_view what) {
                return fail(Errc::invalid_config, describe(interface), ": ", what,
                            " needs <model type='virtio'/>, not '", interface.model, "'");
            };
            if (interface.type == model::Interface::Type::vhostuser) return no("the type vhostuser");
            if (interface.teaming && interface.teaming->type == model::Teaming::Type::persistent)
                return no("teaming type='persistent'");
            if (interface.driver && interface.driver->virtio != model::VirtioOptions())
                return no("an option of iommu, ats, packed and page_per_vq");
        }
        return {};
    }

    Result<> controllers() const {
        for (const auto& controller : devices_.controllers) {
            using enum model::Controller::Model;
            const auto name = describe(controller);
            const bool root = controller.model == pci_root || controller.model == pcie_root;
            const auto* target = controller.target ? &*controller.target : nullptr;
            if (root && target && target->index && !machine_.pseries())
                return only("a target index of " + name, "pseries");
            if (controller.pci_hole_64 && !machine_.i440fx() && !machine_.q35())
                return only("a pcihole64 of " + name, "q35 and pc");
            const bool built_in = controller.model == ncr53c90;
            if (built_in && (!machine_.builtin_esp() || controller.index.value_or(0) != 0))
                return fail(Errc::invalid_config, name,
                            ": the model ncr53c90 is that of the controller 0 of boards that have it built in");
        }
        return {};
    }

    Result<> videos() const {
        using Type = model::VideoModel::Type;
        for (const auto& video : devices_.videos) {
            const auto type = video.model.kind();
            const bool possible = type == Type::virtio || type == Type::none || type == Type::default_;
            if (machine_.s390() && !possible)
                return fail(Errc::invalid_config, "video of type ", to_string(type),
                            ": machines of s390x have virtio only");
        }
        return {};
    }

    Result<> others() const {
        if (devices_.nvram && !machine_.pseries()) return only(describe(*devices_.nvram), "pseries");
        if (devices_.pstore && !machine_.x86() && !machine_.arm_virt())
            return only(describe(*devices_.pstore), "x86 and ARM's virt");
        for (const auto& interface : devices_.interfaces)
            if (!interface.boot_loadparm.empty() && !machine_.s390())
                return only("a loadparm of " + describe(interface), "s390x");
        return {};
    }

    const Machine& machine_;
    const model::Domain& domain_;
    const model::Devices& devices_;
};

}  // namespace

Result<> check_devices(const Assignment& assignment) {
    if (auto good = check_machine(assignment); !good) return good;
    return DeviceCheck(assignment).run();
}

}  // namespace vireo::qemu
