// SPDX-License-Identifier: MIT
// What decides at each point of choice, from one schedule to the next.
//
// A schedule is written as what was decided other than by default: `412>2` at step 412 thread 2
// went on, `611-1` the load at step 611 read the store before the newest, `700=1` the scenario's
// own choice was 1. By default the thread that runs goes on, and loads read the newest store.
#pragma once

#include "iowq/explore/seen.h"
#include "iowq/explore/view.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace explore {

struct decision {
    uint64_t step;
    char kind; // '>', '-' or '='
    unsigned value;
};

using schedule = std::vector<decision>;
[[nodiscard]] EXPLORE_API std::string written(const schedule &s);
[[nodiscard]] EXPLORE_API std::optional<schedule> read_schedule(const std::string &text);

// Of all threads and memory, as a number; and those threads, a bit each, that are late: what they
// would do next has been tried, and since then nobody has done anything that it matters to.
struct situation {
    uint64_t state;
    uint32_t late;
};

class search {
  public:
    virtual ~search() = default;
    // Is there another schedule? `grown`: locations were found to be shared that had not been, so
    // that there are more points than the last schedule had.
    [[nodiscard]] virtual bool next(bool grown) = 0;
    // Which of the threads goes on. `forced`: the one that ran cannot, or has yielded; else it is
    // the first, and another one preempts it. nothing_new: all that follows has been tried, or is
    // about to be.
    static constexpr unsigned nothing_new = ~0u;
    [[nodiscard]] virtual unsigned thread(uint64_t step, std::span<const thread_id> threads,
                                          bool forced, const situation &now) = 0;
    // Whether the first of them has been tried when another one is.
    [[nodiscard]] virtual bool has_tried_the_first() const { return false; }
    // How much older than the newest, at most `n`, a load reads.
    [[nodiscard]] virtual unsigned stale(uint64_t step, unsigned n) = 0;
    // One of n things.
    [[nodiscard]] virtual unsigned value(uint64_t step, unsigned n) = 0;
};

// Every schedule with so many preemptions and stale loads, depth first. One that comes to a state
// from which all has been tried, with as many of them left, is not followed any further. Nor does
// one go on with a thread that was preempted, if it might as well have gone on then. `whole`: every
// schedule, all the same.
[[nodiscard]] EXPLORE_API std::unique_ptr<search>
exhaustive(unsigned preemptions, unsigned stale_loads, bool whole = false);
// `count` schedules that switch, and read stale values, now and then.
[[nodiscard]] EXPLORE_API std::unique_ptr<search> at_random(uint64_t seed, uint64_t count,
                                                            bool stale_loads);
// `count` schedules in which the thread with the highest priority goes on, until at `changes` steps
// its priority falls below all others. Source: Burckhardt et al., A Randomized Scheduler with
// Probabilistic Guarantees of Finding Bugs (ASPLOS 2010).
[[nodiscard]] EXPLORE_API std::unique_ptr<search> by_priorities(uint64_t seed, uint64_t count,
                                                                unsigned changes);
// This one.
[[nodiscard]] EXPLORE_API std::unique_ptr<search> replay(schedule s);

} // namespace explore
