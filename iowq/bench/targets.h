// SPDX-License-Identifier: MIT
// What the figures of all blocks come to: the table of medians, and how the pool stands against its
// targets. Used by the main thread, after the last block.
#pragma once

#include "measure.h"

#include <ostream>

namespace iowq::bench {

// A point's figures, by block; none where a block has none.
struct series {
    point at;
    std::vector<std::optional<figures>> blocks;
};

// The median, and an interval of order statistics that covers the true one in 95 % of all cases or,
// of fewer than 6 values, as often as the widest one does.
struct interval {
    double median;
    double low;
    double high;
};
[[nodiscard]] interval median_interval(std::vector<double> values);

void write_csv(std::ostream &out, const std::vector<series> &all);
void print_targets(std::ostream &out, const std::vector<series> &all);

} // namespace iowq::bench
