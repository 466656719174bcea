// SPDX-License-Identifier: MIT
// The results of all blocks: the table of medians, and the pool's targets: met, missed, or open
// where the interval lies across. Used by the main thread, after the last block.
#pragma once

#include "measure.h"

#include <ostream>

namespace iowq::bench {

// A point's figures, by block; nullopt where its measurement failed.
struct series {
    point at;
    std::vector<std::optional<figures>> blocks;
};

// The median, and an interval between two of the values that covers the true median in 95 % of all
// cases. Of fewer than 6 values it is the widest interval, which covers it less often.
struct interval {
    double median;
    double low;
    double high;
};
[[nodiscard]] interval median_interval(std::vector<double> values);

void write_csv(std::ostream &out, const std::vector<series> &all);
void print_targets(std::ostream &out, const std::vector<series> &all);

} // namespace iowq::bench
