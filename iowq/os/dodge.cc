// SPDX-License-Identifier: MIT
#include "iowq/os/dodge.h"

#include "iowq/os/thread.h"

namespace iowq {

void dodge::move(uint16_t cpu, const cpu_mask &own) {
    rests_until_ = clock::now() + pause_;
    cpu_mask now = cpu_mask::of_this_thread();
    if (now != own && (off_ == no_cpu || now != own.without(off_))) {
        off_ = no_cpu;
        return;
    }
    bool leaves = this_cpu() == cpu && own.without(cpu).count() > 0;
    cpu_mask wanted = leaves ? own.without(cpu) : own;
    if (now == wanted || move_task(0, wanted) == 0)
        off_ = leaves ? cpu : no_cpu;
}

} // namespace iowq
