/* SPDX-License-Identifier: GPL-2.0-only */
// Which way a job's I/Os took: as a JSON file for each job (pool_stats=), and as a line of fio's
// output. Used by the job's thread, at its end.
#pragma once

#include "sampler.h"

#include <string>

namespace engine {

// By iowq::ring::direction.
inline constexpr const char *direction_names[] = {"read", "write", "other"};

// A job at its end.
struct job_stats {
    const char *name;
    unsigned number;
    const char *offload;
    unsigned depth;
    const backend &io;
    const sampler *threads;     // has been stopped; nullptr: there was none
    const std::string &buffers; // the buffers' pages on each node, as JSON; or empty
};

// Writes PATH.<job>.<number>.json, whole or not at all. Returns 0 or -errno.
[[nodiscard]] int write_stats(const char *path, const job_stats &job);

// One line for fio's output, such as "  iowq: job: offload=punt: read 12 inline, 3 missed, 3
// pooled; threads at most 2; engine 0.1.0+…".
[[nodiscard]] std::string summary(const job_stats &job);

} // namespace engine
