// SPDX-License-Identifier: MIT
#include "iowq/os/dodge.h"

#include "iowq/os/thread.h"

namespace iowq {

void dodge::move(uint16_t cpu, const cpu_mask &own) {
    rests_until_ = clock::now() + pause_;
    cpu_mask now = cpu_mask::of_this_thread();
    if (is_placed(now, own))
        return;
    bool leaves = this_cpu() == cpu && own.without(cpu).count() > 0;
    cpu_mask wanted = leaves ? own.without(cpu) : own;
    if (now == wanted || move_task(0, wanted) == 0)
        off_ = leaves ? cpu : no_cpu;
}

void dodge::come(uint16_t cpu, const cpu_mask &own) {
    rests_until_ = clock::now() + pause_;
    if (!own.has(cpu) || is_placed(cpu_mask::of_this_thread(), own))
        return;
    off_ = no_cpu;
    (void)move_task(0, cpu_mask::only(cpu));
    if (move_task(0, own) != 0)
        (void)move_task(0, cpu_mask::all()); // its cpuset has just changed
}

// By somebody else? Then what was done here is over.
bool dodge::is_placed(const cpu_mask &now, const cpu_mask &own) {
    bool placed = now != own && (off_ == no_cpu || now != own.without(off_));
    if (placed)
        off_ = no_cpu;
    return placed;
}

} // namespace iowq
