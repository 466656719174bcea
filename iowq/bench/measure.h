// SPDX-License-Identifier: MIT
// One measurement: a point's pool and its submitter, in a process of their own. So nothing is left
// over from the measurement before: threads, CPU time, the number of threads where a pool takes
// that only once. Called by the single-threaded benchmark program.
#pragma once

#include "cases.h"

#include <optional>

namespace iowq::bench {

// NaN where a case has no such figure.
struct figures {
    double ops_per_s;
    double p50_ns;
    double p99_ns;
    double cpu_ns_per_op; // of the whole process, io_uring's workers included
};

struct outcome {
    std::optional<figures> result;
    std::string error; // one line, when there is no result
};

// Takes about 1.25 x seconds; with a quota, 5 times that. `data` is the file that `read` cases
// read, else -1.
[[nodiscard]] outcome measure(const point &p, double seconds, int data);

constexpr off_t data_bytes = 64 << 20;

} // namespace iowq::bench
