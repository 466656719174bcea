/* SPDX-License-Identifier: GPL-2.0-only */
// pool_stats=: one JSON file a job that says which way its I/Os took.
#pragma once

#include "backend.h"

#include <string>

namespace engine {

// By iowq::ring::direction.
inline constexpr const char *direction_names[] = {"read", "write", "other"};

// Writes PATH.<job>.<number>.json, whole or not at all. Returns 0 or -errno.
[[nodiscard]] int write_stats(const std::string &path, const char *job, unsigned number,
                              const char *offload, unsigned depth, const backend &io);

} // namespace engine
