// SPDX-License-Identifier: LGPL-2.1-or-later
// The variable store's part of a start: what prepare.hpp does with it before QEMU runs. Blocks. Internal to
// prepare.cpp.
//
// In this order: a reset that waits is taken into account; a store that is to be reset, or that is not there, is made
// from the template, with the old one kept beside it until the start has succeeded; one that is there is looked at. A
// store that has not been touched since it was last found sound and had a backup is not even read. Of any other the
// content is read, hashed once and judged; an interrupted write of the firmware is finished here and not left to the
// firmware; what has changed since the last backup is backed up.
#pragma once
#include "firmware/nvram.hpp"
#include "firmware/prepare.hpp"

namespace vireo::firmware {

struct StartedStore {
    UniqueFd fd;  // read-write, locked
    StoreReport report;
    std::shared_ptr<History> unsynchronised;  // a backup that commit() makes durable
};
Result<StartedStore> start_store(const Request& request, std::uint64_t code_size, const Touched& touched);

Site site_of(const Request& request);

}  // namespace vireo::firmware
