// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/schemas.hpp"

// clang-format off: one line, one element or attribute
namespace vireo::model {
namespace {
constexpr std::uint64_t most_vcpus = 16384;
}  // namespace

template <>
const Element& schema<Vcpu>() {
    static const Element element = Declare<Vcpu>()
        .attribute("placement", &Vcpu::placement)
        .attribute("cpuset", &Vcpu::host_cpus).live()
        .attribute("current", &Vcpu::current).range(1, most_vcpus).live()
        .text("count", &Vcpu::count).range(1, most_vcpus).required()
        .kept(&Vcpu::kept)
        .build();
    return element;
}

template <>
const Element& schema<VcpuState>() {
    static const Element element = Declare<VcpuState>()
        .attribute("id", &VcpuState::id).range(0, most_vcpus - 1).required()
        .attribute("enabled", &VcpuState::enabled).required()
        .attribute("hotpluggable", &VcpuState::hotpluggable)
        .attribute("order", &VcpuState::order).range(1, most_vcpus)
        .kept(&VcpuState::kept)
        .build();
    return element;
}

template <>
const Element& schema<IoThread>() {
    static const Element element = Declare<IoThread>()
        .attribute("id", &IoThread::id).range(1, 0xffffffff).required()
        .attribute("thread_pool_min", &IoThread::pool_min).range(0, 0x7fffffff).live()
        .attribute("thread_pool_max", &IoThread::pool_max).range(0, 0x7fffffff).live()
        .child("poll", &IoThread::poll)
        .kept(&IoThread::kept)
        .build();
    return element;
}

template <>
const Element& schema<IoThreadPoll>() {
    static const Element element = Declare<IoThreadPoll>()
        .attribute("max", &IoThreadPoll::most).range(0, 0x7fffffffffffffff).live()
        .attribute("grow", &IoThreadPoll::grow).range(0, 0x7fffffffffffffff).live()
        .attribute("shrink", &IoThreadPoll::shrink).range(0, 0x7fffffffffffffff).live()
        .kept(&IoThreadPoll::kept)
        .build();
    return element;
}

template <>
const Element& schema<DefaultIoThread>() {
    static const Element element = Declare<DefaultIoThread>()
        .attribute("thread_pool_min", &DefaultIoThread::pool_min).range(0, 0x7fffffff)
        .attribute("thread_pool_max", &DefaultIoThread::pool_max).range(0, 0x7fffffff)
        .kept(&DefaultIoThread::kept)
        .build();
    return element;
}

}  // namespace vireo::model
