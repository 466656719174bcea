/* SPDX-License-Identifier: GPL-2.0-only */
// The only file that includes fio's headers. fio.h is C, and defines min, max and nop as macros;
// its arch.h includes <atomic>. So every C++ standard header that the engine uses comes before it.
#pragma once

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" {
#include "fio.h"
#include "optgroup.h"
#define class class_ // the name of a member
#include "engines/cmdprio.h"
#undef class
}
#undef min
#undef max
#undef nop
