// SPDX-License-Identifier: MIT
// A block device to test with: a loop device on a file in the build's folder.
#pragma once

#include <cstdint>
#include <string>

inline constexpr uint64_t loop_device_size = 1 << 20;

// One for the whole test program, gone with it. nullptr: there is none to be had, and `why` says
// so.
const char *loop_device(std::string &why);
