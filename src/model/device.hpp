// SPDX-License-Identifier: LGPL-2.1-or-later
// The devices of a domain, as plain values; see domain.hpp for what absence means.
#pragma once
#include "model/character.hpp"
#include "model/controller.hpp"
#include "model/disk.hpp"
#include "model/filesystem.hpp"
#include "model/graphics.hpp"
#include "model/hostdev.hpp"
#include "model/input.hpp"
#include "model/interface.hpp"
#include "model/memory_device.hpp"
#include "model/platform_device.hpp"
#include "model/redirection.hpp"
#include "model/rng.hpp"
#include "model/sound.hpp"
#include "model/tpm.hpp"
#include "model/video.hpp"
#include "model/watchdog.hpp"
