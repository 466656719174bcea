// SPDX-License-Identifier: MIT
// Keeps a thread that spins off the CPU of the thread that it spins for. On one CPU neither gets on
// while the other runs; and beside a busy CPU the scheduler sees no reason to part them. Where the
// other sleeps, its CPU is the better one.
#pragma once

#include "iowq/os/clock.h"
#include "iowq/os/topology.h"

namespace iowq {

// One thread's; called by that thread alone, before it spins.
class dodge {
  public:
    // `pause`: between two moves. Where it spins for several threads, one on each of its CPUs,
    // it could move for ever.
    explicit dodge(std::chrono::nanoseconds pause = std::chrono::milliseconds(10))
        : pause_(pause) {}

    // Is there something to do, as the thread that is waited for is on `cpu`? no_cpu: there is no
    // such thread, and this one goes back. No system call.
    [[nodiscard]] bool is_due(uint16_t cpu) const {
        return (off_ == no_cpu ? this_cpu() == cpu : off_ != cpu) && clock::now() >= rests_until_;
    }
    // Leaves `cpu`, if there is another among `own`, the CPUs that the thread was placed on. Once
    // the thread that is waited for has moved, goes back to all of them. A thread that somebody
    // else has placed stays where it is.
    void move(uint16_t cpu, const cpu_mask &own);
    // Goes to `cpu`, as the thread that is waited for sleeps there, if that is among `own`. From
    // there it may be moved to all of them. As above, if somebody else has placed it.
    void come(uint16_t cpu, const cpu_mask &own);
    // Where it has put the thread, which was placed on `own`.
    [[nodiscard]] cpu_mask within(const cpu_mask &own) const {
        return off_ == no_cpu ? own : own.without(off_);
    }

  private:
    [[nodiscard]] bool is_placed(const cpu_mask &now, const cpu_mask &own);

    std::chrono::nanoseconds pause_;
    clock::time_point rests_until_{};
    uint16_t off_ = no_cpu; // the CPU that it keeps off
};

} // namespace iowq
