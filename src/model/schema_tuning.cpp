// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {

template <>
const Element& schema<CpuTune>() {
    static const Element element = Declare<CpuTune>()
        .child("shares", &CpuTune::shares).live()
        .child("period", &CpuTune::period).live().range(0, 1000000)
        .child("quota", &CpuTune::quota).live()
        .child("global_period", &CpuTune::global_period).live().range(0, 1000000)
        .child("global_quota", &CpuTune::global_quota).live()
        .child("emulator_period", &CpuTune::emulator_period).live().range(0, 1000000)
        .child("emulator_quota", &CpuTune::emulator_quota).live()
        .child("iothread_period", &CpuTune::iothread_period).live().range(0, 1000000)
        .child("iothread_quota", &CpuTune::iothread_quota).live()
        .child("vcpupin", &CpuTune::vcpu_pins)
        .child("emulatorpin", &CpuTune::emulator_pin)
        .child("iothreadpin", &CpuTune::iothread_pins)
        .child("vcpusched", &CpuTune::vcpu_schedulers)
        .child("iothreadsched", &CpuTune::iothread_schedulers)
        .child("emulatorsched", &CpuTune::emulator_scheduler)
        .child("cachetune", &CpuTune::cache_tunes)
        .child("memorytune", &CpuTune::memory_tunes)
        .kept(&CpuTune::kept)
        .build();
    return element;
}

template <>
const Element& schema<VcpuPin>() {
    static const Element element = Declare<VcpuPin>()
        .attribute("vcpu", &VcpuPin::vcpu).required()
        .attribute("cpuset", &VcpuPin::cpus).required().live()
        .kept(&VcpuPin::kept)
        .build();
    return element;
}

template <>
const Element& schema<EmulatorPin>() {
    static const Element element = Declare<EmulatorPin>()
        .attribute("cpuset", &EmulatorPin::cpus).required().live()
        .kept(&EmulatorPin::kept)
        .build();
    return element;
}

template <>
const Element& schema<IoThreadPin>() {
    static const Element element = Declare<IoThreadPin>()
        .attribute("iothread", &IoThreadPin::iothread).required()
        .attribute("cpuset", &IoThreadPin::cpus).required().live()
        .kept(&IoThreadPin::kept)
        .build();
    return element;
}

template <>
const Element& schema<VcpuScheduler>() {
    static const Element element = Declare<VcpuScheduler>()
        .attribute("vcpus", &VcpuScheduler::vcpus).required()
        .attribute("scheduler", &VcpuScheduler::scheduler).required()
        .attribute("priority", &VcpuScheduler::priority).range(1, 99)
        .kept(&VcpuScheduler::kept)
        .build();
    return element;
}

template <>
const Element& schema<IoThreadScheduler>() {
    static const Element element = Declare<IoThreadScheduler>()
        .attribute("iothreads", &IoThreadScheduler::iothreads).required()
        .attribute("scheduler", &IoThreadScheduler::scheduler).required()
        .attribute("priority", &IoThreadScheduler::priority).range(1, 99)
        .kept(&IoThreadScheduler::kept)
        .build();
    return element;
}

template <>
const Element& schema<EmulatorScheduler>() {
    static const Element element = Declare<EmulatorScheduler>()
        .attribute("scheduler", &EmulatorScheduler::scheduler).required()
        .attribute("priority", &EmulatorScheduler::priority).range(1, 99)
        .kept(&EmulatorScheduler::kept)
        .build();
    return element;
}

template <>
const Element& schema<CacheTune>() {
    static const Element element = Declare<CacheTune>()
        .attribute("id", &CacheTune::id)
        .attribute("vcpus", &CacheTune::vcpus).required()
        .child("cache", &CacheTune::caches)
        .child("monitor", &CacheTune::monitors)
        .kept(&CacheTune::kept)
        .build();
    return element;
}

template <>
const Element& schema<CacheShare>() {
    static const Element element = Declare<CacheShare>()
        .attribute("id", &CacheShare::id).required()
        .attribute("level", &CacheShare::level).required()
        .attribute("type", &CacheShare::type).required()
        .attribute("size", &CacheShare::size).bytes().required()
        .kept(&CacheShare::kept)
        .build();
    return element;
}

template <>
const Element& schema<CacheMonitor>() {
    static const Element element = Declare<CacheMonitor>()
        .attribute("level", &CacheMonitor::level).required()
        .attribute("vcpus", &CacheMonitor::vcpus).required()
        .kept(&CacheMonitor::kept)
        .build();
    return element;
}

template <>
const Element& schema<MemoryTune>() {
    static const Element element = Declare<MemoryTune>()
        .attribute("vcpus", &MemoryTune::vcpus).required()
        .child("node", &MemoryTune::nodes)
        .child("monitor", &MemoryTune::monitors)
        .kept(&MemoryTune::kept)
        .build();
    return element;
}

template <>
const Element& schema<BandwidthShare>() {
    static const Element element = Declare<BandwidthShare>()
        .attribute("id", &BandwidthShare::id).required()
        .attribute("bandwidth", &BandwidthShare::bandwidth).required()
        .kept(&BandwidthShare::kept)
        .build();
    return element;
}

template <>
const Element& schema<BandwidthMonitor>() {
    static const Element element = Declare<BandwidthMonitor>()
        .attribute("vcpus", &BandwidthMonitor::vcpus).required()
        .kept(&BandwidthMonitor::kept)
        .build();
    return element;
}

template <>
const Element& schema<NumaTune>() {
    static const Element element = Declare<NumaTune>()
        .child("memory", &NumaTune::memory)
        .child("memnode", &NumaTune::nodes)
        .kept(&NumaTune::kept)
        .build();
    return element;
}

template <>
const Element& schema<NumaMemory>() {
    static const Element element = Declare<NumaMemory>()
        .attribute("mode", &NumaMemory::mode)
        .attribute("placement", &NumaMemory::placement)
        .attribute("nodeset", &NumaMemory::nodes).live()
        .kept(&NumaMemory::kept)
        .build();
    return element;
}

template <>
const Element& schema<NumaNode>() {
    static const Element element = Declare<NumaNode>()
        .attribute("cellid", &NumaNode::cell).required()
        .attribute("mode", &NumaNode::mode)
        .attribute("nodeset", &NumaNode::nodes).required()
        .kept(&NumaNode::kept)
        .build();
    return element;
}

template <>
const Element& schema<MemTune>() {
    static const Element element = Declare<MemTune>()
        .child("hard_limit", &MemTune::hard_limit).bytes().live()
        .child("soft_limit", &MemTune::soft_limit).bytes().live()
        .child("min_guarantee", &MemTune::min_guarantee).bytes().live()
        .child("swap_hard_limit", &MemTune::swap_hard_limit).bytes().live()
        .kept(&MemTune::kept)
        .build();
    return element;
}

template <>
const Element& schema<BlkioTune>() {
    static const Element element = Declare<BlkioTune>()
        .child("weight", &BlkioTune::weight).live()
        .child("device", &BlkioTune::devices)
        .kept(&BlkioTune::kept)
        .build();
    return element;
}

template <>
const Element& schema<BlkioDevice>() {
    static const Element element = Declare<BlkioDevice>()
        .child("path", &BlkioDevice::path).required()
        .child("weight", &BlkioDevice::weight).live()
        .child("read_iops_sec", &BlkioDevice::read_iops).live()
        .child("write_iops_sec", &BlkioDevice::write_iops).live()
        .child("read_bytes_sec", &BlkioDevice::read_bytes).live()
        .child("write_bytes_sec", &BlkioDevice::write_bytes).live()
        .kept(&BlkioDevice::kept)
        .build();
    return element;
}

template <>
const Element& schema<Resource>() {
    static const Element element = Declare<Resource>()
        .child("partition", &Resource::partition)
        .child_attribute("fibrechannel", "appid", &Resource::app_id)
        .kept(&Resource::kept)
        .build();
    return element;
}

template <>
const Element& schema<PerfEvent>() {
    static const Element element = Declare<PerfEvent>()
        .attribute("name", &PerfEvent::name).required()
        .attribute("enabled", &PerfEvent::enabled).required().live()
        .kept(&PerfEvent::kept)
        .build();
    return element;
}

}  // namespace vireo::model
